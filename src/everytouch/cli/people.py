"""Commands about one person: what they may be given, and what they allow."""

from pathlib import Path

import click

from everytouch.cli.show import AS_JSON, console, dump, grid
from everytouch.workspace import open_workspace
from everytouch.workspace.consenting import DAYS


@click.group()
def people() -> None:
    """One person: what they allow, and a copy of their data for them."""


@people.command("consents")
@click.argument("identifier")
@AS_JSON
@click.pass_obj
def consents(workspace: Path, identifier: str, as_json: bool) -> None:
    """Show what the person known by IDENTIFIER (namespace:value) allows. Audited."""
    opened = open_workspace(workspace)
    rows = opened.choices(opened.find(identifier))
    if as_json:
        dump(rows)
        return
    cells = [
        [row.label, "yes" if row.allowed else "no",
         f"{row.since:%Y-%m-%d}" if row.since else "by default", row.source, row.basis]
        for row in rows
    ]  # fmt: skip
    console().print(grid(["purpose", "allowed", "since", "source", "legal ground"], cells))
    if not rows:
        click.echo("The catalogue has no purposes: see docs/privacy.md")


@people.command("link")
@click.argument("identifier")
@click.option(
    "--address", default="http://127.0.0.1:8000", show_default=True, help="Where the app is."
)
@click.option("--days", type=click.IntRange(1, 3_660), default=DAYS, show_default=True)
@click.pass_obj
def link(workspace: Path, identifier: str, address: str, days: int) -> None:
    """Make the link to the page of preferences of the person known by IDENTIFIER. Audited."""
    opened = open_workspace(workspace)
    path = opened.preference_link(opened.find(identifier), days)
    click.echo(f"{address.rstrip('/')}{path}")


COMMANDS: tuple[click.Command, ...] = (people,)
