"""Commands for records that came again with other content: conflicts and versions."""

from pathlib import Path
from typing import Any

import click

from everytouch.cli.show import AS_JSON, console, dump, grid
from everytouch.errors import UnknownNameError
from everytouch.ledger.api import Conflict, Version
from everytouch.moments.api import key_name
from everytouch.results import plain
from everytouch.workspace import Workspace, open_workspace

_SHOWN = 100
_TAKE = click.option(
    "--take",
    type=click.Choice(["new", "stored"]),
    required=True,
    help="Which record counts from now on; the other one stays readable.",
)


@click.group()
def conflicts() -> None:
    """Records that differ from what is stored under their id: look, resolve."""


@conflicts.command("list")
@click.option("--source", help="Of this source only.")
@AS_JSON
@click.pass_obj
def conflicts_list(workspace: Path, source: str | None, as_json: bool) -> None:
    """List conflicts, with the columns that differ."""
    found = open_workspace(workspace).conflicts(source)
    if as_json:
        dump([{"code": _code(one), **plain(one)} for one in found])
        return
    cells = [
        [_code(one), one.held.source, one.held.kind, one.held.id, _differing(one)]
        for one in found[:_SHOWN]
    ]
    console().print(grid(["code", "source", "record", "id", "differs in"], cells))
    click.echo(f"{len(found):,} conflicts" + (f"; {_SHOWN} are shown" * (len(found) > _SHOWN)))


@conflicts.command("show")
@click.argument("code")
@AS_JSON
@click.pass_obj
def conflicts_show(workspace: Path, code: str, as_json: bool) -> None:
    """Show the conflict CODE: the stored record beside the new one."""
    opened = open_workspace(workspace)
    found = opened.conflict(_chosen(opened, code).held.key)
    if found is None:
        raise UnknownNameError(f"conflict {code!r} is resolved", "see: everytouch conflicts list")
    if as_json:
        dump(found)
        return
    stored = plain(found.stored or {})
    cells = [
        [name, _text(stored.get(name)), _text(value), "differs" if name in found.differs else ""]
        for name, value in found.held.row.items()
        if value is not None or stored.get(name) is not None
    ]
    title = f"{found.held.source}: {found.held.kind} {found.held.id}"
    console().print(grid(["column", "stored", "new", ""], cells, title))


@conflicts.command("resolve")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@click.option("--source", help="All conflicts of this source.")
@_TAKE
@AS_JSON
@click.pass_obj
def conflicts_resolve(
    workspace: Path, codes: tuple[str, ...], source: str | None, take: str, as_json: bool
) -> None:
    """Resolve the conflicts of these CODEs, or all of a source."""
    opened = open_workspace(workspace)
    if bool(codes) == bool(source):
        raise UnknownNameError("no conflicts are named", "give codes, or --source SOURCE")
    if source:
        rows = [one.held for one in opened.conflicts(source)]
    else:
        rows = [_chosen(opened, code).held for code in codes]
    receipt = opened.resolve(rows, take=take == "new")
    if as_json:
        dump(receipt)
        return
    done = receipt.total
    click.echo(f"{done.received - done.quarantined:,} conflicts resolved")
    if done.quarantined:
        click.echo(f"{done.quarantined:,} break a rule now: correct the catalogue, then try again")


@click.command()
@click.argument("source")
@click.argument("record", metavar="ID")
@AS_JSON
@click.pass_obj
def versions(workspace: Path, source: str, record: str, as_json: bool) -> None:
    """Show all versions of the record ID of SOURCE, earlier ones too."""
    found = open_workspace(workspace).versions(source, record)
    if as_json:
        dump(found)
        return
    names = [n for n in found[-1].record if len({_text(v.record.get(n)) for v in found}) > 1]
    cells = [
        [_number(one), f"{one.received_at:%Y-%m-%d %H:%M:%S}", one.kind,
         *(_text(one.record.get(name)) for name in names)]
        for one in found
    ]  # fmt: skip
    console().print(grid(["version", "received (UTC)", "record", *names], cells))


def _number(one: Version) -> str:
    return f"{one.number}, counts" if one.counts else str(one.number)


def _code(one: Conflict) -> str:
    return "".join(map(key_name, one.held.key))


def _chosen(workspace: Workspace, code: str) -> Conflict:
    """Return the one conflict whose code begins like this."""
    found = [one for one in workspace.conflicts() if code and _code(one).startswith(code)]
    if len(found) != 1:
        what = "names no conflict" if not found else f"names {len(found)} conflicts"
        raise UnknownNameError(f"{code!r} {what}", "see: everytouch conflicts list")
    return found[0]


def _differing(one: Conflict) -> str:
    return ", ".join(one.differs) if one.stored is not None else "not stored any more"


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


COMMANDS: tuple[click.Command, ...] = (conflicts, versions)
