"""Commands that ask about journeys: what follows what, who goes on, who comes back."""

import math
from pathlib import Path
from typing import Any

import click

from everytouch.cli.compare import show_compared
from everytouch.cli.numbers import Finite
from everytouch.cli.scope import open_scope, scope_in, scoped, unit_option
from everytouch.cli.show import Column, console, grid, percent, show, show_basis
from everytouch.journeys.api import (
    COUNTING,
    ORDERS,
    Counting,
    Order,
    Returned,
    Unit,
)
from everytouch.results import duration
from everytouch.trails.api import EVERY, Every


@click.command()
@click.option("--top", type=click.IntRange(1), default=20, show_default=True)
@scoped
@click.pass_obj
def graph(workspace: Path, /, top: int, as_json: bool, **part: Any) -> None:
    """Which touchpoint directly follows which, how often, how long after."""
    opened, scope = open_scope(workspace, **part)
    result = opened.graph(scope)
    if not as_json:
        result = type(result)(result.basis, result.rows[:top], result.nodes)
    columns: list[Column] = [
        ("from", lambda e: e.source),
        ("to", lambda e: e.target),
        ("count", lambda e: e.count),
        ("share", lambda e: f"{e.share:.1%}"),
        ("mean", lambda e: duration(e.mean_s)),
        ("median", lambda e: duration(e.median_s)),
        ("90th percentile", lambda e: duration(e.p90_s)),
    ]
    show(result, columns, "Directly follows", as_json=as_json)


@click.command()
@unit_option("party")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True)
@scoped
@click.pass_obj
def paths(workspace: Path, /, unit: Unit, top: int, as_json: bool, **part: Any) -> None:
    """The most frequent paths."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("path", lambda p: " → ".join(p.touchpoints)),
        ("count", lambda p: p.count),
        ("share", lambda p: f"{p.share:.1%}"),
        ("together", lambda p: f"{p.coverage:.1%}"),
    ]
    show(opened.paths(scope, unit=unit, top=top), columns, "Paths", as_json=as_json)


@click.command()
@click.argument("steps", nargs=-1, required=True)
@click.option("--window-days", type=Finite(0, 36_500), default=30.0, show_default=True)
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    default="ordered",
    show_default=True,
    help="ordered: others may lie between; strict: none may; unordered: how many of the steps.",
)
@click.option("--without", multiple=True, metavar="TOUCHPOINT", help="It ends a way; repeatable.")
@click.option("--versus", metavar="SEGMENT", help="Compare with the parties of this segment.")
@scoped
@click.pass_obj
def funnel(
    workspace: Path,
    /,
    steps: tuple[str, ...],
    window_days: float,
    order: Order,
    without: tuple[str, ...],
    versus: str | None,
    as_json: bool,
    **part: Any,
) -> None:
    """How many parties take STEPS (touchpoints), in this order, within a time."""
    opened, scope = open_scope(workspace, **part)
    asked = {"window_days": window_days, "order": order, "without": without}
    result = opened.funnel(steps, scope, **asked)
    if versus is not None:
        other = scope_in(opened, **{**part, "segment": versus})
        names = part["segment"] or "all", versus
        show_compared(result, opened.funnel(steps, other, **asked), names, as_json=as_json)
        return
    columns: list[Column] = [
        ("step", lambda s: s.touchpoint),
        ("parties", lambda s: s.parties),
        ("share of the first", lambda s: percent(s.share)),
        ("median time from the first", lambda s: duration(s.median_s)),
    ]
    show(result, columns, "Funnel", as_json=as_json)


@click.command()
@scoped
@click.pass_obj
def sessions(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """Sessions: interactions with no longer silence between them."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("sessions", lambda s: s.sessions),
        ("parties", lambda s: s.parties),
        ("interactions", lambda s: s.interactions),
        ("a session", lambda s: s.interactions_per_session),
        ("mean length", lambda s: duration(s.mean_s)),
        ("median length", lambda s: duration(s.median_s)),
    ]
    show(opened.sessions(scope), columns, "Sessions", as_json=as_json)


@click.command()
@click.option("--every", type=click.Choice(EVERY), default="month", show_default=True)
@click.option("--start", metavar="TOUCHPOINT", help="What makes one of a cohort; else anything.")
@click.option("--back", metavar="TOUCHPOINT", help="What counts as coming back; else anything.")
@click.option(
    "--how",
    type=click.Choice(COUNTING),
    default="first",
    show_default=True,
    help="first: by the period of the first start; recurring: in every period with a start; "
    "rolling: who comes back later still counts.",
)
@click.option("--periods", type=click.IntRange(1, 400), default=12, show_default=True)
@scoped
@click.pass_obj
def retention(
    workspace: Path,
    /,
    every: Every,
    start: str | None,
    back: str | None,
    how: Counting,
    periods: int,
    as_json: bool,
    **part: Any,
) -> None:
    """Cohorts: of those who came in a period, how many come back in the ones after."""
    opened, scope = open_scope(workspace, **part)
    asked = {"every": every, "start": start, "back": back, "how": how, "periods": periods}
    result = opened.retention(scope, **asked)
    if as_json:
        click.echo(result.to_json())
        return
    longest = max((row.after for row in result.rows), default=0)
    names = [f"{every} of", "parties", *(f"+{after}" for after in range(1, longest + 1))]
    out = console()
    out.print(grid(names, [_cohort(rows, longest) for rows in result.cohorts], "Retention"))
    show_basis(out, result.basis)


def _cohort(rows: list[Returned], longest: int) -> list[str]:
    shares = [f"{row.share.value:.0%}" for row in rows]
    return [rows[0].cohort, f"{rows[0].size:,}", *shares, *[""] * (longest - len(rows))]


@click.command()
@click.option("--every", type=click.Choice(EVERY), default="month", show_default=True)
@scoped
@click.pass_obj
def lifecycle(workspace: Path, /, every: Every, as_json: bool, **part: Any) -> None:
    """Who is new, comes back, goes dormant, is revived; how often people come."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        (every, lambda r: r.period),
        ("active", lambda r: r.active),
        ("new", lambda r: r.new),
        ("returning", lambda r: r.returning),
        ("revived", lambda r: r.revived),
        ("gone dormant", lambda r: r.dormant),
        ("kept of the one before", lambda r: percent(r.kept)),
        ("days seen", lambda r: "–" if math.isnan(r.stickiness) else f"{r.stickiness:.1%}"),
    ]
    show(opened.lifecycle(scope, every=every), columns, "Lifecycle", as_json=as_json)


@click.command()
@click.option("--days", type=Finite(0, 36_500), help="7, or as it is set, if left out.")
@scoped
@click.pass_obj
def repeats(workspace: Path, /, days: float | None, as_json: bool, **part: Any) -> None:
    """How often people come to a touchpoint again: repeated contact, resolution, loops."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("touchpoint", lambda r: r.touchpoint),
        ("interactions", lambda r: r.interactions),
        ("again", lambda r: r.again),
        ("resolved at the first", lambda r: percent(r.resolved)),
        ("directly again", lambda r: r.directly),
        ("there and back", lambda r: r.there_and_back),
    ]
    show(opened.repeats(scope, days=days), columns, "Coming again", as_json=as_json)


@click.command("drop-off")
@scoped
@click.pass_obj
def drop_off(workspace: Path, /, as_json: bool, **part: Any) -> None:
    """Flow of parties through the stages: who goes on, who stops."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("stage", lambda s: s.stage),
        ("parties", lambda s: s.parties),
        ("went on", lambda s: s.went_on),
        ("drop-off", lambda s: percent(s.drop_off)),
        ("trail ends there", lambda s: s.ended),
    ]
    show(opened.drop_off(scope), columns, "Stages", as_json=as_json)


COMMANDS: tuple[click.Command, ...] = (
    graph,
    paths,
    funnel,
    sessions,
    retention,
    lifecycle,
    repeats,
    drop_off,
)
