"""Commands about patterns: what goes with what, what comes next, which kinds of journeys."""

from pathlib import Path
from typing import Any

import click

from everytouch.cli.scope import open_scope, scoped, unit_option
from everytouch.cli.show import Column, dump, percent, rate, show
from everytouch.journeys.api import DIRECTIONS, FROM, Direction, From, Mark, Unit
from everytouch.results import duration


@click.command()
@click.argument("touchpoint")
@click.option("--direction", type=click.Choice(DIRECTIONS), default="after", show_default=True)
@click.option("--places", type=click.IntRange(1, 50), default=3, show_default=True)
@click.option("--top", type=click.IntRange(1), default=5, show_default=True, help="Of each place.")
@scoped
@click.pass_obj
def around(
    workspace: Path,
    /,
    touchpoint: str,
    direction: Direction,
    places: int,
    top: int,
    as_json: bool,
    **part: Any,
) -> None:
    """What comes after (or before) a party's first interaction at TOUCHPOINT, place by place."""
    opened, scope = open_scope(workspace, **part)
    result = opened.around(touchpoint, scope, places=places, direction=direction)
    if not as_json:
        ranks = [[r for r in result.rows if r.place == n + 1][:top] for n in range(places)]
        result = type(result)(result.basis, tuple(row for rank in ranks for row in rank))
    columns: list[Column] = [
        (f"place {direction}", lambda r: r.place),
        ("touchpoint", lambda r: r.touchpoint),
        ("parties", lambda r: r.parties),
        ("share", lambda r: percent(r.share)),
        ("median time between", lambda r: duration(r.median_s)),
    ]
    title = f"{direction.capitalize()} {touchpoint}"
    show(result, columns, title, as_json=as_json)


@click.command("goes-with")
@click.argument("touchpoint")
@unit_option("correlation")
@scoped
@click.pass_obj
def goes_with(workspace: Path, /, touchpoint: str, unit: Unit, as_json: bool, **part: Any) -> None:
    """Which touchpoints go with reaching TOUCHPOINT, and with a better or worse score."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("passing", lambda r: r.touchpoint),
        ("journeys", lambda r: r.walks),
        (f"reach {touchpoint} more or less", lambda r: percent(r.reached)),
        ("false discovery", lambda r: rate(r.reached_q)),
        ("points more or less", lambda r: r.score),
        ("false discovery", lambda r: rate(r.score_q)),
    ]
    result = opened.goes_with(touchpoint, scope, unit=unit)
    show(result, columns, f"What goes with {touchpoint}", as_json=as_json)


@click.command()
@click.argument("first")
@click.argument("second")
@unit_option("party")
@click.option(
    "--from",
    "from_",
    type=click.Choice(FROM),
    default="first",
    show_default=True,
    help="Where FIRST comes several times before SECOND: from which of them.",
)
@scoped
@click.pass_obj
def between(
    workspace: Path,
    /,
    first: str,
    second: str,
    unit: Unit,
    from_: From,
    as_json: bool,
    **part: Any,
) -> None:
    """The time from FIRST to the next SECOND (touchpoints or instruments), month by month."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("month", lambda r: r.period),
        (first, lambda r: r.starts),
        (f"then {second}", lambda r: percent(r.reached)),
        ("mean", lambda r: duration(r.mean_s)),
        ("10 % within", lambda r: duration(r.p10_s)),
        ("half within", lambda r: duration(r.median_s)),
        ("90 % within", lambda r: duration(r.p90_s)),
        ("99 % within", lambda r: duration(r.p99_s)),
    ]
    result = opened.between(first, second, scope, unit=unit, from_=from_)
    show(result, columns, f"From {first} to {second}", as_json=as_json)


@click.command()
@click.argument("after", nargs=-1)
@unit_option("correlation")
@click.option("--top", type=click.IntRange(1), default=3, show_default=True)
@scoped
@click.pass_obj
def foresee(
    workspace: Path,
    /,
    after: tuple[str, ...],
    unit: Unit,
    top: int,
    as_json: bool,
    **part: Any,
) -> None:
    """What comes next in a journey that went AFTER (touchpoints), and what time is left.

    Says how often it was right on later journeys. Without AFTER: for every touchpoint.
    """
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("after", lambda r: r.after),
        ("next", lambda r: r.touchpoint),
        ("share", lambda r: percent(r.share)),
        ("mean time left", lambda r: duration(r.remaining_s)),
    ]
    found = opened.foresight(after, scope, unit=unit, top=top)
    show(found, columns, "What comes next", as_json=as_json)
    if not as_json:
        off, plain = duration(found.off_s.value), duration(found.off_by_mean_s.value)
        click.echo(
            f"\n  On later journeys the likeliest was right {percent(found.right)} of the time, one"
            f"\n  of three {percent(found.right_of_three)}; always the most frequent "
            f"{percent(found.most_frequent)}.\n  The time left was off by {off}; by {plain} where "
            "the mean is always said."
        )


@click.command()
@unit_option("correlation")
@click.option("--most", type=click.IntRange(2, 50), default=8, show_default=True)
@scoped
@click.pass_obj
def kinds(workspace: Path, /, unit: Unit, most: int, as_json: bool, **part: Any) -> None:
    """Kinds of journeys: those that pass much the same touchpoints."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("journeys", lambda r: r.name),
        ("count", lambda r: r.journeys),
        ("share", lambda r: f"{r.share:.1%}"),
        ("pass (others)", lambda r: "\n".join(map(_mark, r.marks[:3]))),
        ("median length", lambda r: duration(r.median_s)),
        ("score", lambda r: r.score),
        ("typical path", lambda r: " → ".join(r.typical)),
    ]
    show(
        opened.journey_kinds(scope, unit=unit, most=most),
        columns,
        "Kinds of journeys",
        as_json=as_json,
    )


@click.command("export-log")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@unit_option("party")
@scoped
@click.pass_obj
def export_log(workspace: Path, /, file: Path, unit: Unit, as_json: bool, **part: Any) -> None:
    """Write journeys as an event log for tools of process mining. Audited.

    FILE ends in .xes or .xes.gz (XES), .jsonocel or .sqlite (OCEL 2.0). It names nobody: parties,
    orders and cases are keys.
    """
    opened, scope = open_scope(workspace, **part)
    written = opened.export_log(file, scope, unit=unit)
    if as_json:
        dump({**vars(written), "path": str(written.path)})
    else:
        click.echo(f"{written.path}: {written.journeys:,} journeys, {written.events:,} events")


def _mark(mark: Mark) -> str:
    return f"{mark.touchpoint} {mark.inside:.0%} ({mark.outside:.0%})"


COMMANDS: tuple[click.Command, ...] = (
    around,
    goes_with,
    between,
    foresee,
    kinds,
    export_log,
)
