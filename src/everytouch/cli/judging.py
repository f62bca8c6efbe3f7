"""Commands whose figures have a model behind them: everybody, causes, worth from now on."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from everytouch.cli.scope import AS_JSON, open_scope, scoped
from everytouch.cli.show import Column, console, percent, rate, show
from everytouch.errors import EverytouchError
from everytouch.metrics.api import POPULATION_BY, WEIGHTS, PopulationBy, Weights, validated
from everytouch.perception.api import PERS, Per
from everytouch.workspace import open_workspace


@click.command()
@click.option("--by", type=click.Choice(POPULATION_BY), default="all", show_default=True)
@click.option(
    "--per", type=click.Choice(PERS), default="journey", show_default=True,
    help="What an experience is: what names one order or case, or all of a party.",
)  # fmt: skip
@click.option(
    "--weights", type=click.Choice(WEIGHTS), default="chance", show_default=True,
    help="Answers by their chance to be given, or raked to everybody's margins.",
)  # fmt: skip
@scoped
@click.pass_obj
def population(
    workspace: Path, /, by: PopulationBy, per: Per, weights: Weights, as_json: bool, **part: Any
) -> None:
    """Everybody beside those who answered: weighted, and predicted of the silent."""
    opened, scope = open_scope(workspace, **part)
    result = opened.population(by, scope, per=per, weights=weights)
    columns: list[Column] = [
        (by, lambda r: r.label),
        ("experiences", lambda r: r.experiences),
        ("asked", lambda r: r.asked),
        ("answered", lambda r: r.answered),
        ("respondents", lambda r: r.respondents),
        ("weighted" if weights == "chance" else "raked", lambda r: r.weighted),
        ("worth answers", lambda r: f"{r.effective_n:,.0f}"),
        ("population", lambda r: r.population),
        ("score, respondents", lambda r: r.score_respondents),
        ("score, population", lambda r: r.score_population),
    ]
    show(result, columns, f"{result.instrument}: respondents and everybody", as_json=as_json)
    if as_json:
        return
    _say(validated(result), result.refused)


def _say(sentences: tuple[str, ...], refusals: tuple[str, ...] = ()) -> None:
    out = console()
    for sentence in sentences:
        out.print(f"  {sentence}", soft_wrap=True)
    for refusal in refusals:
        out.print(f"  [yellow]{refusal}[/yellow]", soft_wrap=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--per", type=click.Choice(PERS), default="party", show_default=True)
@click.pass_obj
def predict(workspace: Path, file: Path, per: Per) -> None:
    """Write a score for every party or journey, stated or predicted, to FILE (Parquet). Audited."""
    table = _written(file, lambda: open_workspace(workspace).predictions(per=per))
    stated = len(table) - table["stated"].null_count
    click.echo(f"{len(table):,} rows at {file}, {stated:,} of them stated")


def _written(file: Path, make: Callable[[], pa.Table]) -> pa.Table:
    if not os.access(file.parent, os.W_OK):  # the models take their time: said before
        raise EverytouchError(f"{file.parent} cannot be written to", "give another place")
    table = make()
    try:
        pq.write_table(table, file)
    except OSError as error:
        raise EverytouchError(f"{file} cannot be written: {error}", "give another place") from error
    return table


@click.command()
@scoped
@click.pass_obj
def consistency(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """How far the same party feels differently across departments, channels and time."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("across", lambda r: r.dimension),
        ("pairs alike", lambda r: r.alike),
        ("pairs apart", lambda r: r.apart),
        ("chance, points", lambda r: r.chance),
        ("spread beyond chance", lambda r: r.spread),
        ("consistency 0–100", lambda r: r.consistency),
    ]
    show(opened.consistency(scope), columns, "Consistency", as_json=as_json)


@click.command("peak-end")
@click.option(
    "--per", type=click.Choice(PERS),
    help="What an experience is; left out: a journey, where enough rate its touchpoints.",
)  # fmt: skip
@scoped
@click.pass_obj
def peak_end(workspace: Path, /, per: Per | None, as_json: bool, **part: Any) -> None:
    """The experience score by plain mean and by peak and end, and which is nearer to the whole."""
    opened, scope = open_scope(workspace, **part)
    result = opened.remembered(scope, per=per)
    columns: list[Column] = [
        (f"of a {result.per}", lambda r: r.way),
        ("experience score", lambda r: r.score),
        ("whole foretold, off by", lambda r: r.error),
        ("nearer than the mean by", lambda r: r.nearer),
        ("correlation", lambda r: "–" if math.isnan(r.correlation) else f"{r.correlation:.2f}"),
    ]
    show(result, columns, "Peak and end", as_json=as_json)
    if not as_json:
        _say((result.sentence,) if result.sentence else (), result.refused)


@click.command()
@scoped
@click.pass_obj
def emotions(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """Emotions that were named, and the Net Emotional Value."""
    opened, scope = open_scope(workspace, **part)
    result = opened.emotions(scope)
    columns: list[Column] = [
        ("emotion", lambda r: r.emotion),
        ("does what", lambda r: r.cluster),
        ("named", lambda r: r.n),
        ("share", lambda r: percent(r.share)),
    ]
    show(result, columns, "Emotions", as_json=as_json)
    if not as_json and not result.nev.hidden:
        net = result.nev
        _say((f"Net Emotional Value {net.value:+.1f} ({net.low:+.1f} to {net.high:+.1f}).",))


@click.command("promise-gap")
@scoped
@click.pass_obj
def promise_gap(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """How the steps of maps were meant to feel, less how they do."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("step", lambda r: f"{r.label} ({r.map})"),
        ("journeys", lambda r: r.walks),
        ("meant", lambda r: r.intended),
        ("feels", lambda r: r.perceived),
        ("gap", lambda r: r.gap),
        ("", lambda r: "broken" if r.broken else ""),
    ]
    show(opened.promise_gaps(scope), columns, "Promise gap", as_json=as_json)


@click.command()
@click.option("--only", metavar="PROBLEM", help="One problem, as late:parcel_delivered.")
@scoped
@click.pass_obj
def effects(workspace: Path, /, only: str | None, as_json: bool, **part: Any) -> None:
    """What problems do to the score, adjusted for who meets them, and how far to trust it."""
    opened, scope = open_scope(workspace, **part)
    result = opened.effects(scope, only=only)
    columns: list[Column] = [
        ("problem", lambda r: f"{r.label}: {r.problem}\n{r.name}"),
        ("answers", lambda r: r.answers),
        ("with it", lambda r: r.with_it),
        ("raw difference", lambda r: r.raw),
        ("adjusted", lambda r: r.effect),
        ("the other way", lambda r: r.second),
        ("E-value", lambda r: f"{r.e_value:.1f} ({r.e_bound:.1f})"),
        ("grade", lambda r: r.grade),
    ]
    show(result, columns, "Effects on the score", as_json=as_json)
    if not as_json:
        for row in result.rows:
            _say((f"{row.name}: {row.sentence}",), tuple(f"  {said}" for said in row.warnings))


@click.command()
@scoped
@click.pass_obj
def interactions(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """Drivers that do more, or less, together than each alone."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("both at once", lambda r: r.label),
        ("answers with both", lambda r: r.both),
        ("points on top", lambda r: r.effect),
        ("false-discovery rate", lambda r: rate(r.q)),
    ]
    show(opened.interactions(scope), columns, "Drivers together", as_json=as_json)


@click.command()
@scoped
@click.pass_obj
def aspects(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """What ratings of single touchpoints, senses and values punish, and what they delight."""
    opened, scope = open_scope(workspace, **part)
    result = opened.aspects(scope)
    columns: list[Column] = [
        ("aspect", lambda r: f"{r.label} ({r.kind})"),
        ("rated by", lambda r: r.rated),
        ("score 0–100", lambda r: r.score),
        ("weight", lambda r: f"{r.weight:.1%}"),
        ("penalty", lambda r: r.penalty),
        ("reward", lambda r: r.reward),
        ("class", lambda r: r.kano),
    ]
    show(result, columns, "What punishes, what delights", as_json=as_json)


@click.command()
@scoped
@click.pass_obj
def staying(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """How long parties stay, by their past experience."""
    opened, scope = open_scope(workspace, **part)
    result = opened.staying(scope)
    columns: list[Column] = [
        ("past experience", lambda r: f"{r.level} ({r.low:.0f}–{r.high:.0f})"),
        ("parties", lambda r: r.parties),
        ("left", lambda r: r.left),
        ("there after 90 days", lambda r: percent(r.after[0])),
        ("180 days", lambda r: percent(r.after[1])),
        ("365 days", lambda r: percent(r.after[2])),
    ]
    show(result, columns, "Staying", as_json=as_json)
    if not as_json:
        _say(result.sentences, result.refusals)


@click.command()
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FILE",
    help="Write each party's value to FILE (Parquet) instead. Audited.",
)  # fmt: skip
@scoped
@click.pass_obj
def lifetime(workspace: Path, /, to: Path | None, as_json: bool, **part: Any) -> None:
    """What parties will bring in the time to come."""
    opened, scope = open_scope(workspace, **part)
    if to is not None:
        table = _written(to, lambda: opened.lifetime_values(scope))
        click.echo(f"{len(table):,} rows at {to}")
        return
    result = opened.lifetimes(scope)
    columns: list[Column] = [
        ("experience", lambda r: r.level),
        ("parties", lambda r: r.parties),
        ("there still", lambda r: "–" if r.value.hidden else f"{r.alive:.0%}"),
        ("purchases each", lambda r: r.purchases),
        ("amount of one", lambda r: r.amount),
        (f"value each, {result.currency}", lambda r: r.value),
        ("together", lambda r: r.total),
    ]
    show(result, columns, "Lifetime value", as_json=as_json)
    if not as_json:
        _say(result.sentences)


@click.command()
@scoped
@click.pass_obj
def money(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """Money by touchpoint, reconciled over parties and months to the last unit."""
    opened, scope = open_scope(workspace, **part)
    result = opened.money(scope)
    columns: list[Column] = [
        ("touchpoint", lambda r: r.label),
        ("interactions", lambda r: r.moments),
        ("paying", lambda r: r.paying),
        (f"received, {result.currency}", lambda r: f"{r.received:,.2f}"),
        ("of it returned", lambda r: f"{r.returned:,.2f}"),
        ("cost", lambda r: f"{r.cost:,.2f}"),
    ]
    show(result, columns, "Money", as_json=as_json)
    if not as_json:
        word = "agree" if result.reconciled else "do NOT agree"
        said = (
            f"Received {result.received:,.2f} by touchpoint, {result.by_parties:,.2f} by party "
            f"({result.parties:,}), {result.by_months:,.2f} by month: the three {word}."
        )
        _say((said,) if result.reconciled else (), () if result.reconciled else (said,))


@click.command("what-if")
@click.argument("finding")
@click.option(
    "--removed", type=click.IntRange(1, 100), default=100, show_default=True,
    help="Per cent of the problem that goes.",
)  # fmt: skip
@click.option("--as-it-is", is_flag=True, help="By the regression, not by the adjusted effect.")
@AS_JSON
@click.pass_obj
def what_if(workspace: Path, finding: str, removed: int, as_it_is: bool, as_json: bool) -> None:
    """What changes when FINDING goes, as late:parcel_delivered: score, spend, leaving, cost."""
    result = open_workspace(workspace).what_if(
        finding, removed=removed / 100, adjusted=not as_it_is
    )
    columns: list[Column] = [
        ("what", lambda r: r.measure),
        ("unit", lambda r: r.unit),
        ("change", lambda r: r.change),
        ("5 %", lambda r: r.quantiles[0]),
        ("25 %", lambda r: r.quantiles[1]),
        ("75 %", lambda r: r.quantiles[3]),
        ("95 %", lambda r: r.quantiles[4]),
        ("for the better", lambda r: f"{r.better:.0%}"),
        ("evidence", lambda r: r.grade),
    ]
    show(result, columns, f"{removed} % of it gone: {result.problem}", as_json=as_json)
    if not as_json:
        _say((), result.refused)


@click.command()
@AS_JSON
@click.pass_obj
def verdicts(workspace: Path, as_json: bool) -> None:
    """Did it work: a verdict on each initiative of the catalogue."""
    result = open_workspace(workspace).verdicts()
    columns: list[Column] = [
        ("initiative", lambda r: f"{r.label}\n{r.name}"),
        ("compared by", lambda r: r.kind),
        ("metric", lambda r: r.metric),
        ("effect", lambda r: r.effect),
        ("verdict", lambda r: r.verdict),
        ("grade", lambda r: r.grade),
    ]
    show(result, columns, "Did it work", as_json=as_json)
    if not as_json:
        for row in result.rows:
            _say((row.sentence, *(f"  {check}" for check in row.checks)))
        if not result.rows:
            _say((), ("No initiative is in the catalogue: name one, with metric and start.",))


COMMANDS: tuple[click.Command, ...] = (
    population,
    predict,
    consistency,
    peak_end,
    emotions,
    promise_gap,
    effects,
    interactions,
    aspects,
    staying,
    lifetime,
    money,
    what_if,
    verdicts,
)
