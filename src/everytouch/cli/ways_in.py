"""Commands that make a workspace and bring data in."""

import csv
import dataclasses
import datetime
import json
from pathlib import Path
from shlex import quote
from typing import Any

import click

from everytouch.catalogue.api import load
from everytouch.cli.importing import show_receipt
from everytouch.cli.numbers import Finite
from everytouch.cli.show import AS_JSON, console, dump, grid, text
from everytouch.collect.api import sentence
from everytouch.errors import SettingError, SourceError
from everytouch.ledger.api import Quarantined
from everytouch.lines import json_lines
from everytouch.results import plain
from everytouch.settings import Settings
from everytouch.simulate.api import simulate
from everytouch.workspace import create, open_workspace

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("path", type=_PATH)
@click.option("--organisation", default="", help="Name of the organisation.")
@click.option("--currency", default="EUR", show_default=True, help="Of all its money, ISO 4217.")
@click.option("--timezone", default="UTC", show_default=True, help="Its months, IANA name.")
def init(path: Path, organisation: str, currency: str, timezone: str) -> None:
    """Make a new workspace at PATH."""
    create(path, organisation, currency=currency, timezone=timezone)
    click.echo(f"Workspace made: {path}\nNext: everytouch -w {quote(str(path))} import FILE")


@click.command()
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
@AS_JSON
@click.pass_obj
def settings(workspace: Path, changes: tuple[str, ...], as_json: bool) -> None:
    """What figures are counted with; NAME=VALUE changes it, as minimum_n=10."""
    opened = open_workspace(workspace)
    if changes:
        opened.change_settings(dict(map(_change, changes)))
        opened = open_workspace(workspace)
    if as_json:
        dump(dataclasses.asdict(opened.settings))
        return
    for field in dataclasses.fields(Settings):
        value = json.dumps(getattr(opened.settings, field.name))
        click.echo(f"{field.name + ' = ' + value:32} {field.metadata['text']}")


def _change(given: str) -> tuple[str, str | float]:
    """A setting and its value, of the setting's own type where it can be read as one."""
    name, equals, value = given.partition("=")
    if not equals:
        raise SettingError(f"{given!r} is no change", "write it as NAME=VALUE")
    kind: Any = type(getattr(Settings, name, ""))
    try:
        return name, kind(value)
    except ValueError:
        return name, value


@click.command()
@AS_JSON
@click.pass_obj
def status(workspace: Path, as_json: bool) -> None:
    """What is stored and what is in quarantine, by source."""
    rows = open_workspace(workspace).status()
    if as_json:
        dump(rows)
        return
    kinds = ("interactions", "perceptions", "links", "traits", "consents", "counts")
    cells = []
    for row in rows:
        ever = row.ever
        told = (
            f"{ever.received + row.waiting:,} = {ever.stored:,} stored + {ever.duplicate:,} "
            f"duplicate + {ever.conflict:,} conflict + {ever.quarantined:,} quarantined + "
            f"{ever.refused:,} refused + "
            f"{row.waiting:,} in the log"
        )
        counts = [text(row.stored[kind]) for kind in kinds]
        held = [text(row.quarantined), text(row.conflicts)]
        cells.append([row.source, *counts, *held, told])
    names = ["source", *kinds, "in quarantine", "conflicts", "received, all told"]
    console().print(grid(names, cells))
    for row in rows:
        if row.nobody:
            click.echo(f"{row.source}: {sentence(row.nobody)}")
    if not rows:
        click.echo("Nothing was imported yet: everytouch import SOURCE.toml")


@click.group()
def quarantine() -> None:
    """Records that broke a rule: look, export, fix, replay."""


@quarantine.command("list")
@click.option("--source", help="Of this source only.")
@AS_JSON
@click.pass_obj
def quarantine_list(workspace: Path, source: str | None, as_json: bool) -> None:
    """Show what is in quarantine, and why; long values shortened, but for --json and export."""
    rows = open_workspace(workspace).quarantine(source)
    if as_json:
        dump(rows)
        return
    brief = [row.brief for row in rows[:100]]
    cells = [[row.reason, row.source, row.kind, row.id] for row in brief]
    console().print(grid(["reason", "source", "record", "id"], cells))
    click.echo(f"{len(rows):,} in quarantine" + ("; 100 are shown" if len(rows) > 100 else ""))


@quarantine.command("export")
@click.argument("file", type=_PATH)
@click.option("--source", help="Of this source only.")
@click.pass_obj
def quarantine_export(workspace: Path, file: Path, source: str | None) -> None:
    """Write the quarantine to FILE: .jsonl to be edited and given to fix, or .csv to read."""
    rows = open_workspace(workspace).quarantine(source)
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            if file.suffix == ".csv":
                _as_csv(out, rows)
            else:
                out.writelines(_as_line(row) + "\n" for row in rows)
    except OSError as error:
        raise SourceError(f"{file} cannot be written: {error}", "give another place") from error
    click.echo(f"{len(rows):,} records written to {file}")


@quarantine.command("fix")
@click.argument("file", type=_PATH)
@click.pass_obj
def quarantine_fix(workspace: Path, file: Path) -> None:
    """Store the corrected records of FILE (.jsonl, as export wrote it, its "row" edited)."""
    try:
        rows = [_record(raw) for raw in json_lines(file)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{file} cannot be read: {error}", "give the .jsonl that quarantine export wrote"
        ) from error
    opened = open_workspace(workspace)
    show_receipt(opened.fix(rows), opened)


@quarantine.command("replay")
@click.option("--source", help="Of this source only.")
@click.pass_obj
def quarantine_replay(workspace: Path, source: str | None) -> None:
    """Try the quarantine again, after the catalogue was corrected."""
    opened = open_workspace(workspace)
    show_receipt(opened.replay(source), opened)


def _as_csv(out: object, rows: tuple[Quarantined, ...]) -> None:
    """A value that a spreadsheet would run as a formula gets an apostrophe before it."""
    names = dict.fromkeys(name for row in rows for name in row.row)
    writer = csv.writer(out)  # type: ignore[arg-type]
    writer.writerow(["source", "kind", "reason", *names])
    for row in rows:
        cells = [row.source, row.kind, row.reason, *(row.row.get(name) for name in names)]
        writer.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: object) -> object:
    risky = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if risky else cell


def _as_line(row: Quarantined) -> str:
    return json.dumps(plain(row), ensure_ascii=False)


def _record(raw: dict[str, Any]) -> Quarantined:
    first, second = raw.pop("key")
    received = datetime.datetime.fromisoformat(raw.pop("received_at"))
    return Quarantined(**raw, key=(int(first), int(second)), received_at=received)


@click.group()
def catalogue() -> None:
    """The catalogue: touchpoints, stages, instruments, segments, promises."""


@catalogue.command("check")
@click.argument("file", type=_PATH)
def catalogue_check(file: Path) -> None:
    """Check a catalogue FILE (YAML)."""
    found = load(file)
    click.echo(
        f"{file} holds: {len(found.touchpoints)} touchpoints in {len(found.stages)} stages, "
        f"{len(found.instruments)} instruments, {len(found.segments)} segments"
    )


@catalogue.command("show")
@click.pass_obj
def catalogue_show(workspace: Path) -> None:
    """Print the workspace's catalogue file; edit that file to change it."""
    opened = open_workspace(workspace)
    click.echo((opened.path / "catalogue.yaml").read_text(encoding="utf-8"), nl=False)


@click.command("simulate")
@click.argument("folder", type=_PATH)
@click.option("--parties", type=click.IntRange(1), default=2_000, show_default=True)
@click.option("--years", type=Finite(0.1, 20), default=2.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def simulate_(folder: Path, parties: int, years: float, seed: int) -> None:
    """Write a simulated company to FOLDER: Parquet files, source.toml, catalogue, truth.json."""
    made = simulate(folder, parties, years, seed)
    click.echo(f"{made.moments:,} moments of {parties:,} customers: {made.source}")


COMMANDS: tuple[click.Command, ...] = (
    init,
    status,
    quarantine,
    catalogue,
    settings,
    simulate_,
)
