"""Commands for who keeps a workspace: is everything as it was written?"""

import sys
from pathlib import Path

import click

from everytouch.cli.show import AS_JSON, console, dump, grid
from everytouch.workspace import open_workspace
from everytouch.workspace.verifying import Verified

DAMAGED = 3  # exit code


@click.group()
def admin() -> None:
    """Keep a workspace whole."""


@admin.command("verify")
@click.option("--restore", is_flag=True, help="Put back what is damaged, where that is possible.")
@AS_JSON
@click.pass_obj
def verify(workspace: Path, restore: bool, as_json: bool) -> None:
    """Compare every file with what was written, and name what is damaged and what it held.

    With --restore, files come back from known backups, or from what is whole. Exits with 3 if
    something is damaged still.
    """
    found = open_workspace(workspace).verify(restore=restore)
    if as_json:
        dump(found)
    else:
        _say(found, restore)
    if not found.whole:
        sys.exit(DAMAGED)


@admin.command("retention")
@click.option("--dry-run", is_flag=True, help="Say what would go; this is what happens anyway.")
@click.option("--run", is_flag=True, help="Let go of it now; --json prints the certificate.")
@AS_JSON
@click.pass_obj
def retention(workspace: Path, dry_run: bool, run: bool, as_json: bool) -> None:
    """Say what is older than [retention] of everytouch.toml allows; --run lets go of it.

    The worker does so once a day.
    """
    if run and dry_run:
        raise click.UsageError("Give --dry-run or --run.")
    opened = open_workspace(workspace)
    found = opened.retain() if run else opened.retention_due()
    if as_json:
        click.echo(found.text) if run else dump(found)
        return
    if not found.parts:
        click.echo("No rule is set: see docs/privacy.md")
        return
    cells = [
        [part.rule, part.table, ", ".join(part.columns) or "whole rows", f"{part.before:%Y-%m-%d}",
         f"{part.rows:,}", f"{part.oldest:%Y-%m-%d}" if part.oldest else "–"]
        for part in found.parts
    ]  # fmt: skip
    what = "what went" if run else "what goes"
    console().print(grid(["rule", "table", what, "older than", "rows", "oldest"], cells))
    if run:
        number = f"certificate {found.certificate}" if found.rows else "nothing to certify"
        click.echo(f"{found.rows:,} rows went; {number}")


def _say(found: Verified, restore: bool) -> None:
    for path, how in found.restored.items():
        click.echo(f"Restored: {path}: {how}")
    for one in found.damaged:
        click.echo(f"Damaged: {one.path} {one.what}")
        if one.held:
            click.echo(f"  It held {one.held}.")
        if restore:
            click.echo("  No known backup holds it, and it cannot be made from what is whole.")
    for line in found.changed:
        click.echo(f"Changed: {line}")
    for line in found.notes:
        click.echo(f"Note: {line}")
    if found.whole:
        count = "1 file is" if found.files == 1 else f"All {found.files:,} files are"
        click.echo(f"{count} as written, as of {found.at:%Y-%m-%d %H:%M} UTC")
    elif restore:
        click.echo(
            "Restore an older backup (everytouch restore FILE --replace), then import again what "
            "came since."
        )
    else:
        click.echo("Try to put it back: everytouch admin verify --restore")


COMMANDS: tuple[click.Command, ...] = (admin,)
