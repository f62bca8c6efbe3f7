"""Commands that ask: one a question, each a call of the library."""

import contextlib
import math
from pathlib import Path
from typing import Any

import click

from everytouch.cli.scope import AS_JSON, open_scope, scoped
from everytouch.cli.show import Column, console, dump, percent, rate, show
from everytouch.errors import NotEnoughDataError
from everytouch.metrics.api import BY, By, most_asked, turns
from everytouch.trails.api import Trail
from everytouch.workspace import open_workspace


@click.command()
@click.option(
    "--adjusted", is_flag=True,
    help="Adjust effects for who meets the problems, too: takes longer, may raise grades.",
)  # fmt: skip
@AS_JSON
@click.pass_obj
def findings(workspace: Path, adjusted: bool, as_json: bool) -> None:
    """The ranked list of what to improve."""
    opened = open_workspace(workspace).pin()
    effects = None
    with contextlib.suppress(NotEnoughDataError):  # then the regression stays
        effects = opened.effects() if adjusted else None
    result = opened.findings(effects=effects)
    money = result.currency
    columns: list[Column] = [
        ("problem", _problem),
        ("parties a year", lambda r: r.parties),
        ("lowers score by", lambda r: r.lowers),
        ("overall gain", lambda r: r.overall),
        (f"worth a year, {money}", lambda r: _money(r.worth)),
    ]
    show(result, columns, "What to improve first", as_json=as_json)
    if not as_json:
        for refusal in result.refused:
            console().print(f"  [yellow]{refusal}[/yellow]", soft_wrap=True)


def _problem(row: Any) -> str:
    tied = f"\ncannot be told apart from {', '.join(row.tied)}" if row.tied else ""
    return f"{row.rank}. {row.problem}\n{row.name}\ngrade: {row.grade}{tied}"


def _money(worth: Any) -> str:
    if worth is None:
        return "cannot be said"
    return f"{worth.value:,.0f} ({worth.low:,.0f} to {worth.high:,.0f})"


@click.command()
@click.argument("finding")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@AS_JSON
@click.pass_obj
def moments(workspace: Path, finding: str, limit: int, as_json: bool) -> None:
    """The newest moments behind FINDING, as late:parcel_delivered."""
    result = open_workspace(workspace).moments_behind(finding, limit)
    _show_trail(result, f"Behind {finding}", as_json)


@click.command()
@click.argument("identifier")
@AS_JSON
@click.pass_obj
def trail(workspace: Path, identifier: str, as_json: bool) -> None:
    """Everything one party lived through; IDENTIFIER is namespace:value. Audited."""
    result = open_workspace(workspace).trail(identifier)
    _show_trail(result, f"Trail of {identifier}", as_json)


def _show_trail(result: Trail, title: str, as_json: bool) -> None:
    columns: list[Column] = [
        ("time (UTC)", lambda m: m.occurred_at),
        ("moment", lambda m: m.label),
        ("channel", lambda m: m.channel or "–"),
        ("outcome", lambda m: m.outcome),
        ("due (UTC)", lambda m: m.due_at),
        ("days late", lambda m: m.days_late),
        ("amount", lambda m: m.amount),
        ("score", lambda m: m.score),
        ("text", lambda m: m.text),
        ("seen as", lambda m: m.identifier),
    ]
    show(result, columns, title, as_json=as_json)


@click.command()
@click.option("--by", type=click.Choice(BY), default="all", show_default=True)
@scoped
@click.pass_obj
def perception(workspace: Path, /, by: By, as_json: bool, **part: Any) -> None:
    """What people state that they feel: NPS, CSAT, CES, scores."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        (by, lambda c: c.label),
        ("asked with", lambda c: c.instrument),
        ("n", lambda c: c.n),
        ("metric", lambda c: c.metric.split(":")[0]),
        ("value", lambda c: c.headline),
        ("score 0–100", lambda c: c.score),
    ]
    result = opened.perception(by, scope)
    if any(cell.shrunk.method != cell.score.method for cell in result.rows):
        columns.append(("to rank by", lambda c: c.shrunk))
    if any(not math.isnan(cell.q) for cell in result.rows):
        columns.append(("differs, q", lambda c: rate(c.q)))
    show(result, columns, f"Perception by {by}", as_json=as_json)
    if by == "month" and not as_json:
        for sentence in turns(result, most_asked(result)):
            console().print(f"  {sentence}", soft_wrap=True)


@click.command()
@scoped
@click.pass_obj
def promises(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """Promises kept and broken, and how the journeys felt."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("touchpoint", lambda p: p.label),
        ("checked", lambda p: p.interactions),
        ("broken", lambda p: p.broken),
        ("n kept", lambda p: p.score_kept.n),
        ("score kept", lambda p: p.score_kept),
        ("mean kept", lambda p: _three(p.mean_kept)),
        ("n broken", lambda p: p.score_broken.n),
        ("score broken", lambda p: p.score_broken),
        ("mean broken", lambda p: _three(p.mean_broken)),
    ]
    show(opened.promises(scope), columns, "Promises", as_json=as_json)


def _three(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


@click.command()
@scoped
@click.pass_obj
def drivers(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """What the score goes with: shares of its variance, sign, grade."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("driver", lambda r: r.label),
        (
            "share of variance",
            lambda r: percent(r.share),
        ),
        ("Johnson's weight", lambda r: percent(r.weight)),
        ("points for one more", lambda r: r.effect),
        ("one more is", lambda r: r.unit),
        ("answers with it", lambda r: r.affected),
        ("grade", lambda r: r.grade),
    ]
    show(opened.drivers(scope), columns, "Drivers", as_json=as_json)
    if not as_json:
        for leak in opened.leaks(scope).rows:
            console().print(f"  [yellow]{leak.sentence}[/yellow]", soft_wrap=True)


@click.command()
@AS_JSON
@click.pass_obj
def worth(workspace: Path, as_json: bool) -> None:
    """Spend, return and cost to serve by past experience."""
    result = open_workspace(workspace).worth()
    if as_json:
        dump(result)
        return
    columns: list[Column] = [
        ("past experience", lambda r: f"{r.level} ({r.low:.0f}–{r.high:.0f})"),
        ("parties", lambda r: r.parties),
        ("bought", lambda r: r.buyers),
        ("spend each", lambda r: r.spend),
        ("bought again", lambda r: percent(r.repeat)),
        ("cost to serve each", lambda r: r.cost),
    ]
    show(result, columns, "Worth", as_json=False)
    out = console()
    for sentence in result.sentences:
        out.print(f"  {sentence}", soft_wrap=True)
    for refusal in result.refusals:
        out.print(f"  [yellow]{refusal}[/yellow]", soft_wrap=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("report.html"))
@click.option(
    "--full",
    is_flag=True,
    help="With the newest moments behind each finding and every count as it is: not for those who "
    "may not see single people.",
)
@click.pass_obj
def report(workspace: Path, file: Path, full: bool) -> None:
    """Write the findings to FILE: one HTML file, or a PDF if it ends in .pdf.

    It may be sent: figures of a few people are withheld, and counts are rounded down.
    """
    written = open_workspace(workspace).report(file, full=full)
    click.echo(f"The report is at {written.resolve().as_uri()}")


COMMANDS: tuple[click.Command, ...] = (
    findings,
    moments,
    trail,
    perception,
    promises,
    drivers,
    worth,
    report,
)
