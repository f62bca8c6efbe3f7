"""Commands about one person: what they may be given, and what they allow."""

import json
from pathlib import Path

import click

from everytouch.cli.show import AS_JSON, console, dump, grid
from everytouch.errors import EverytouchError
from everytouch.report.api import person_html, person_pdf
from everytouch.results import plain
from everytouch.workspace import open_workspace
from everytouch.workspace.consenting import DAYS


@click.group()
def people() -> None:
    """One person: what they allow, and a copy of their data for them."""


@people.command("export")
@click.argument("identifier")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--html", "as_html", is_flag=True, help="In plain words, for the person.")
@click.option("--language", type=click.Choice(["en", "de"]), help="Theirs, when left out.")
@click.pass_obj
def export(
    workspace: Path, identifier: str, file: Path | None, as_html: bool, language: str | None
) -> None:
    """Write all data of the person known by IDENTIFIER (namespace:value). Audited.

    JSON, or, with --html or to a FILE that ends in .html or .pdf, a copy for the person to read.
    """
    opened = open_workspace(workspace)
    party, ending = opened.somebody(identifier), file.suffix.lower() if file else ""
    if ending == ".pdf":
        data = person_pdf(opened.person_copy(party), language or "")
    elif as_html or ending == ".html":
        data = person_html(opened.person_copy(party), language or "").encode()
    else:
        said = plain(opened.export_party(party))
        data = json.dumps(said, ensure_ascii=False, indent=2).encode()
    if file is None:
        click.echo(data.decode())
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise EverytouchError(f"{file} cannot be written: {error}", "give another place") from error
    click.echo(f"{file}: {len(data):,} bytes")


@people.command("consents")
@click.argument("identifier")
@AS_JSON
@click.pass_obj
def consents(workspace: Path, identifier: str, as_json: bool) -> None:
    """Show what the person known by IDENTIFIER (namespace:value) allows. Audited."""
    opened = open_workspace(workspace)
    rows = opened.choices(opened.somebody(identifier))
    if as_json:
        dump(rows)
        return
    if not rows:
        click.echo("The catalogue has no purposes: see docs/privacy.md")
        return
    cells = [
        [row.label, "yes" if row.allowed else "no",
         f"{row.since:%Y-%m-%d}" if row.since else "by default", row.source, row.basis]
        for row in rows
    ]  # fmt: skip
    console().print(grid(["purpose", "allowed", "since", "source", "legal ground"], cells))


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
    path = opened.preference_link(opened.somebody(identifier), days)
    click.echo(f"{address.rstrip('/')}{path}")


COMMANDS: tuple[click.Command, ...] = (people,)
