"""Commands that make a workspace and bring data in."""

import csv
import dataclasses
import datetime
import json
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from everytouch.catalogue.api import load
from everytouch.cli.show import console, dump, grid, text
from everytouch.collect.api import Receipt, Statement, sentence
from everytouch.errors import SettingError, SourceError
from everytouch.ledger.api import Counts, Quarantined
from everytouch.results import plain
from everytouch.settings import Settings
from everytouch.simulate.api import simulate
from everytouch.workspace import Workspace, create, open_workspace

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SHOWN = 10
_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("path", type=_PATH)
@click.option("--organisation", default="", help="Name of the organisation.")
@click.option("--currency", default="EUR", show_default=True, help="Of all its money, ISO 4217.")
@click.option("--timezone", default="UTC", show_default=True, help="Its months, IANA name.")
def init(path: Path, organisation: str, currency: str, timezone: str) -> None:
    """Make a new workspace at PATH."""
    create(path, organisation, currency=currency, timezone=timezone)
    click.echo(f"Workspace made: {path}\nNext: everytouch -w {path} import SOURCE.toml")


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


@click.command("import")
@click.argument("source", type=_PATH)
@click.option("--folder", type=_PATH, help="Where the input files lie, if not beside SOURCE.")
@click.option("--dry-run", is_flag=True, help="Check and count everything, store nothing.")
@AS_JSON
@click.pass_obj
def import_(
    workspace: Path, source: Path, folder: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Import SOURCE (TOML): SELECTs over files become moments.

    What is in the ledger already is recognised, so the same import can be run again, also
    after it was interrupted. Records that break a rule go to quarantine.
    """
    opened = open_workspace(workspace)
    receipt = with_progress(opened, source, folder, dry_run)
    if as_json:
        dump(receipt)
    else:
        show_receipt(receipt, opened)


def with_progress(
    workspace: Workspace, source: Path, folder: Path | None, dry_run: bool
) -> Receipt:
    """Import a source, and say how far it is where somebody looks on."""
    began = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    terminal = Console(stderr=True)
    with Progress(
        *columns, console=terminal, transient=True, disable=not terminal.is_terminal
    ) as bar:
        task = bar.add_task("opening the files")

        def step(statement: Statement, counts: Counts) -> None:
            rate = counts.received / max(1e-3, time.monotonic() - began)
            bar.update(
                task,
                description=f"{statement.name}: {counts.received:,} {statement.kind} "
                f"({rate:,.0f} a second)",
            )

        return workspace.import_source(source, folder, dry_run=dry_run, progress=step)


def show_receipt(receipt: Receipt, workspace: Workspace) -> None:
    """Print what became of an import."""
    title = f"{receipt.source}: dry run, nothing was stored" if receipt.dry else receipt.source
    names = ["record", "received", "stored", "duplicate", "quarantined", "refused"]
    counted = (*receipt.counts.items(), ("all", receipt.total))
    cells = [[kind, *(text(v) for v in vars(counts).values())] for kind, counts in counted]
    console().print(grid(names, cells, title))
    if receipt.nobody:
        click.echo(sentence(receipt.nobody))
    if receipt.total.quarantined and not receipt.dry:
        rows = workspace.quarantine(receipt.source)
        _show_reasons(rows)
        click.echo("Look: everytouch quarantine list; after a fix: everytouch quarantine replay")


def _show_reasons(rows: tuple[Quarantined, ...]) -> None:
    reasons: dict[str, int] = {}
    for row in rows:
        reasons[row.reason] = reasons.get(row.reason, 0) + 1
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    for reason, count in ordered[:_SHOWN]:
        click.echo(f"  {count:,} × {reason}")
    if len(ordered) > _SHOWN:
        click.echo(f"  … and {len(ordered) - _SHOWN} other reasons")


@click.command()
@AS_JSON
@click.pass_obj
def status(workspace: Path, as_json: bool) -> None:
    """What is stored and what is in quarantine, by source."""
    rows = open_workspace(workspace).status()
    if as_json:
        dump(rows)
        return
    kinds = ("interactions", "perceptions", "links", "traits")
    cells = []
    for row in rows:
        ever = row.ever
        told = (
            f"{ever.received + row.waiting:,} = {ever.stored:,} stored + {ever.duplicate:,} "
            f"duplicate + {ever.quarantined:,} quarantined + {ever.refused:,} refused + "
            f"{row.waiting:,} in the log"
        )
        counts = [text(row.stored[kind]) for kind in kinds]
        cells.append([row.source, *counts, text(row.quarantined), told])
    console().print(grid(["source", *kinds, "in quarantine", "received, all told"], cells))
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
    """Show what is in quarantine, and why."""
    rows = open_workspace(workspace).quarantine(source)
    if as_json:
        dump(rows)
        return
    cells = [[row.reason, row.source, row.kind, row.id] for row in rows[:100]]
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
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [_from_line(line) for line in lines if line.strip()]
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


def _from_line(line: str) -> Quarantined:
    raw = json.loads(line)
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
@click.option("--years", type=click.FloatRange(0.1, 20), default=2.0, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def simulate_(folder: Path, parties: int, years: float, seed: int) -> None:
    """Write a simulated company to FOLDER: Parquet files, source.toml, catalogue, truth.json."""
    made = simulate(folder, parties, years, seed)
    click.echo(f"{made.moments:,} moments of {parties:,} customers: {made.source}")


COMMANDS: tuple[click.Command, ...] = (
    init,
    import_,
    status,
    quarantine,
    catalogue,
    settings,
    simulate_,
)
