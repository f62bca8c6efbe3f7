"""Commands about who is who: IDs that link many people, and erasing one person."""

from pathlib import Path

import click

from everytouch.cli.show import console, dump, grid
from everytouch.identity.api import ErasurePlan
from everytouch.workspace import open_workspace

_PATH = click.Path(path_type=Path)
_SHOWN = 50


@click.command("shared-identifiers")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def shared_identifiers(workspace: Path, limit: int, as_json: bool) -> None:
    """List IDs that link unusually many people; the setting shared_from says how many."""
    opened = open_workspace(workspace)
    rows = opened.shared_identifiers(limit)
    if as_json:
        dump(rows)
        return
    cells = [
        [
            row.identifier,
            "device: keeps people apart" if row.device else "joins them",
            f"{row.linked:,} {row.kind}",
            f"{row.people:,}",
            f"{row.first:%Y-%m-%d}",
            f"{row.last:%Y-%m-%d}",
        ]
        for row in rows
    ]
    names = ["ID", "effect", "linked to", "people", "first link", "last link"]
    console().print(grid(names, cells))
    if not rows:
        click.echo(f"No ID is linked to more than {opened.settings.shared_from} IDs of one type")


@click.command()
@click.argument("identifier")
@click.option("--reason", default="", help="For the certificate.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--certificate", type=_PATH, help="Write the certificate to this file.")
@click.pass_obj
def erase(
    workspace: Path, identifier: str, reason: str, yes: bool, certificate: Path | None
) -> None:
    """Erase the party known by IDENTIFIER (namespace:value) for good, with a certificate.

    Says first which other IDs are the same party and go as well, and asks.
    """
    opened = open_workspace(workspace)
    plan = opened.erasure_plan(opened.find(identifier))
    _show(plan)
    if not yes:
        click.confirm(f"Erase all data of {identifier} and of these IDs for good?", abort=True)
    done = opened.erase_party(plan.party, reason, plan.confirm)
    click.echo(done.text)  # first: it is done, whether or not the file can be written
    if certificate:
        certificate.write_text(done.text + "\n", encoding="utf-8")


def _show(plan: ErasurePlan) -> None:
    """Say whom an erasure removes; beside the certificate, which is all that is printed."""
    click.echo(f"These IDs are one party; all of them go, with {plan.moments:,} events:", err=True)
    _list(plan.identifiers)
    if plan.shared:
        click.echo("Devices others used as well; only this party's events go:", err=True)
        _list(plan.shared)


def _list(identifiers: tuple[tuple[str, int], ...]) -> None:
    for name, count in identifiers[:_SHOWN]:
        click.echo(f"  {name}: {count:,} event{'' if count == 1 else 's'}", err=True)
    if len(identifiers) > _SHOWN:
        click.echo(f"  … and {len(identifiers) - _SHOWN:,} more", err=True)


COMMANDS: tuple[click.Command, ...] = (shared_identifiers, erase)
