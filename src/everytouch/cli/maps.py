"""Maps on the command line: kept, shown, and held against what people live through."""

from pathlib import Path
from typing import Any

import click

from everytouch.catalogue.api import dump_map, from_bpmn
from everytouch.cli.files import FILE, text_of
from everytouch.cli.scope import open_scope, scoped
from everytouch.cli.show import Column, console, grid, percent, show, show_basis, text
from everytouch.journeys.api import Against, Deviation, StepTaken
from everytouch.stats.intervals import Estimate
from everytouch.workspace import open_workspace


@click.group("map")
def maps() -> None:
    """Maps: the journeys that were meant, in versions."""


@maps.command("list")
@click.pass_obj
def list_maps(workspace: Path) -> None:
    """The maps there are."""
    opened = open_workspace(workspace)
    names = opened.map_names()
    if not names:
        click.echo("There is no map yet: everytouch map save NAME FILE")
        return
    found = [opened.journey_map(name) for name in names]
    cells = [[one.name, one.label, str(len(one.steps)), str(one.version)] for one in found]
    console().print(grid(["map", "label", "steps", "version"], cells))


@maps.command("show")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="An older one; the newest if left out.")
@click.pass_obj
def show_map(workspace: Path, name: str, version: int | None) -> None:
    """Print the map NAME as YAML."""
    click.echo(open_workspace(workspace).map_text(name, version), nl=False)


@maps.command("from-bpmn")
@click.argument("file", type=FILE)
def bpmn(file: Path) -> None:
    """Print the first process of FILE (BPMN 2.0) as a map, to be edited and saved.

    A task's touchpoint is its name in small letters: put the catalogue's in its place.
    """
    found = from_bpmn(text_of(file), "process")
    click.echo(dump_map(found), nl=False)


@maps.command("save")
@click.argument("name")
@click.argument("file", type=FILE)
@click.pass_obj
def save_map(workspace: Path, name: str, file: Path) -> None:
    """Check FILE (YAML) and keep it as the newest version of the map NAME."""
    saved = open_workspace(workspace).save_map(name, text_of(file))
    click.echo(f"{saved.label}: {len(saved.steps)} steps, version {saved.version}")


@maps.command("diff")
@click.argument("name")
@click.option("--from", "first", type=click.IntRange(1), help="The last but one if left out.")
@click.option("--to", "second", type=click.IntRange(1), help="The newest if left out.")
@click.pass_obj
def diff(workspace: Path, name: str, first: int | None, second: int | None) -> None:
    """Print what is otherwise between two versions of the map NAME."""
    opened = open_workspace(workspace)
    versions = opened.map_versions(name)
    lines = opened.map_changes(name, first or versions[-2:][0], second or versions[-1])
    click.echo("\n".join(lines) or "Nothing is otherwise.")


@maps.command("undo")
@click.argument("name")
@click.option("--to", "version", type=click.IntRange(1), help="The last but one if left out.")
@click.pass_obj
def undo(workspace: Path, name: str, version: int | None) -> None:
    """Save an older version of the map NAME as its newest."""
    saved = open_workspace(workspace).undo_map(name, version)
    click.echo(f"{saved.label}: version {saved.version}")


@click.command()
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Of the map; the newest if left out.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True)
@scoped
@click.pass_obj
def against(
    workspace: Path, /, name: str, version: int | None, top: int, as_json: bool, **part: Any
) -> None:
    """Hold every real journey against the map NAME: what is skipped, added, late …, priced."""
    opened, scope = open_scope(workspace, **part)
    result: Against = opened.against(name, scope, version=version)
    if as_json:
        click.echo(result.to_json())
        return
    out = console()
    out.print(grid(_STEPS, [_step(step) for step in result.steps], "The map, step by step"))
    columns: list[Column] = [
        ("deviation", lambda d: d.deviation),
        ("journeys", lambda d: d.walks),
        ("of all", lambda d: f"{d.share.value:.1%}"),
        ("points lower or higher", lambda d: d.score),
        (f"{opened.settings.currency} after", lambda d: d.spend),
        ("leave", _leaving),
    ]
    cells = [[text(read(row)) for _, read in columns] for row in result.rows[:top]]
    out.print(grid([name for name, _ in columns], cells, "Deviations and what they go with"))
    out.print(
        f"  {percent(result.fitting)} of {result.walks:,} journeys are as the map says; "
        f"mean fitness {text(result.fitness)}",
        soft_wrap=True,
    )
    show_basis(out, result.basis)


_STEPS = ["step", "touched by", "late", "meant to feel", "feels"]


def _step(one: StepTaken) -> list[str]:
    late = "–" if one.late is None or one.late.hidden else f"{one.late.value:.1%}"
    meant = "–" if one.intended is None else f"{one.intended:g}"
    return [one.step, f"{one.share.value:.1%}", late, meant, text(one.score)]


def _leaving(one: Deviation) -> str:
    found: Estimate = one.leaving
    return percent(found)


@click.command()
@click.argument("name")
@click.argument("deviation")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@scoped
@click.pass_obj
def behind(
    workspace: Path, /, name: str, deviation: str, limit: int, as_json: bool, **part: Any
) -> None:
    """The newest journeys that deviate from the map NAME by DEVIATION, as late:delivered."""
    opened, scope = open_scope(workspace, **part)
    columns: list[Column] = [
        ("path", lambda j: " → ".join(j.touchpoints)),
        ("begun (UTC)", lambda j: j.begun),
        ("ended (UTC)", lambda j: j.ended),
    ]
    result = opened.journeys_with(name, deviation, scope, limit=limit)
    show(result, columns, f"Journeys with {deviation}", as_json=as_json)


COMMANDS: tuple[click.Command, ...] = (maps, against, behind)
