"""Bringing a file or a source in, from the command line."""

import time
from pathlib import Path
from shlex import quote

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from everytouch.catalogue.api import Instrument
from everytouch.cli.show import AS_JSON, console, dump, grid, text
from everytouch.collect.api import Plan, Receipt, Sample, Statement, sentence
from everytouch.ledger.api import Counts, Quarantined, shortened
from everytouch.workspace import Workspace, open_workspace

_SHOWN = 10
_AT_ONCE = 1_000_000  # records of which a first answer is given without a wait
_PATH = click.Path(path_type=Path)
_SCALES = {"nps": "NPS", "csat": "CSAT", "ces": "CES", "mean": "rating"}


@click.command("import")
@click.argument("file", type=_PATH)
@click.option("--yes", is_flag=True, help="Import without asking.")
@click.option("--timezone", help="Of times that name none; the workspace's when left out.")
@click.option("--source", "name", help="Name of the source, instead of the one proposed.")
@click.option("--folder", type=_PATH, help="Where a source's files are, if not beside it.")
@click.option("--dry-run", is_flag=True, help="Check and count everything, store nothing.")
@AS_JSON
@click.pass_obj
def import_(
    workspace: Path, file: Path, yes: bool, timezone: str | None, name: str | None,
    folder: Path | None, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Import FILE: an export of a tool, a spreadsheet, or a source (.toml).

    A file is recognised, and how each column is understood is shown before anything is stored.
    The source that was made of it is written for next time. What is stored already is
    recognised, so an import can be repeated, also after it was interrupted. Records that break a
    rule go to quarantine.
    """
    opened = open_workspace(workspace)
    if file.suffix == ".toml":
        receipt = with_progress(opened, file, folder, dry_run)
    else:
        receipt = _import_file(opened, file, timezone, name, yes or as_json, dry_run)
    if as_json:
        dump(receipt)
    else:
        show_receipt(receipt, opened)


def _import_file(
    workspace: Workspace, file: Path, timezone: str | None, name: str | None, yes: bool, dry: bool
) -> Receipt:
    plan = workspace.recognise(file, timezone)
    plan = plan.changed(source=name) if name else plan
    known = workspace.catalogue
    _show_plan(plan, () if plan.definition else workspace.samples(plan), file)
    new = [one for one in plan.instruments if one.name not in known.instruments]
    points = [one for one in plan.touchpoints if one.name not in known.touchpoints]
    _show_new(new, [point.label for point in points])
    if not yes and not dry:
        click.confirm("Import it like this?", abort=True)
    receipt = workspace.import_plan(plan, dry_run=dry)
    if not dry and not plan.definition:
        written = quote(str(workspace.write_source(plan)))
        click.echo(f"For next time: everytouch import {written}", err=True)
        _show_answers(workspace, plan, receipt)
    return receipt


def _show_answers(workspace: Workspace, plan: Plan, receipt: Receipt) -> None:
    """A first answer, where trails of it are made at once."""
    mine = {one.name for one in plan.instruments}
    if not mine or receipt.total.stored > _AT_ONCE:
        return
    for cell in workspace.perception("all").rows:
        if cell.instrument in mine:
            label = workspace.catalogue.instruments[cell.instrument].label
            figure = "too few answers to show" if cell.hidden else text(cell.headline)
            click.echo(f"{label}: {figure} – {cell.metric}, {cell.n:,} answers", err=True)


def _show_plan(plan: Plan, samples: tuple[Sample, ...], file: Path) -> None:
    click.echo(f"{file.name}: {plan.title}", err=True)
    out = Console(
        stderr=True, highlight=False, width=None if Console(stderr=True).is_terminal else 160
    )
    cells = [[one.column, one.role, one.form, one.shown] for one in samples]
    out.print(grid(["column", "used as", "read as", "first values, as understood"], cells))
    for line in plan.assumed:
        click.echo(f"Assumed: {line}", err=True)


def _show_new(instruments: list[Instrument], touchpoints: list[str]) -> None:
    for one in instruments:
        turned = ", 1 is the best" if one.reversed else ""
        scale = f"{_SCALES[one.kind]}, {one.low:g} to {one.high:g}{turned}"
        click.echo(f"New question: {one.label} ({scale})", err=True)
    if touchpoints:
        more = len(touchpoints) - _SHOWN
        others = f" and {more:,} more" if more > 0 else ""
        click.echo(f"New touchpoints: {', '.join(touchpoints[:_SHOWN])}{others}", err=True)
    if instruments or touchpoints:
        click.echo("They can be changed under Definitions, or in catalogue.yaml.", err=True)


def with_progress(
    workspace: Workspace, source: Path, folder: Path | None, dry_run: bool
) -> Receipt:
    """Import a source, and show how far it is where somebody looks on."""
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
    names = ["received", "stored", "duplicate", "quarantined", "refused", "conflict"]
    counted = (*receipt.counts.items(), ("all", receipt.total))
    cells = [[kind, *(text(getattr(counts, n)) for n in names)] for kind, counts in counted]
    console().print(grid(["record", *names], cells, title))
    if receipt.total.expired:
        click.echo(
            f"{receipt.total.expired:,} of those refused are older than rules of retention allow"
        )
    _show_conflicts(receipt.total)
    for reason, count in receipt.left_out.items():
        click.echo(f"Left out: {count:,} × {reason}")
    if receipt.ambiguous:
        click.echo(
            f"{receipt.ambiguous:,} local times happen twice, when clocks are put back: "
            "the earlier one was taken"
        )
    if receipt.nobody:
        click.echo(sentence(receipt.nobody))
    if receipt.total.quarantined and not receipt.dry:
        show_reasons(workspace.quarantine(receipt.source))
        click.echo("Look: everytouch quarantine list; after a fix: everytouch quarantine replay")


def _show_conflicts(counts: Counts) -> None:
    if counts.conflict:
        click.echo(
            f"{counts.conflict:,} differ from what is stored under their id: everytouch conflicts "
            'list. To let such records replace earlier ones, add versions = "newest" to the source.'
        )


def show_reasons(rows: tuple[Quarantined, ...]) -> None:
    """Print why records are held, the most frequent reason first."""
    reasons: dict[str, int] = {}
    for row in rows:
        reasons[row.reason] = reasons.get(row.reason, 0) + 1
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    for reason, count in ordered[:_SHOWN]:
        click.echo(f"  {count:,} × {shortened(reason)}")
    if len(ordered) > _SHOWN:
        click.echo(f"  … and {len(ordered) - _SHOWN} other reasons")


COMMANDS: tuple[click.Command, ...] = (import_,)
