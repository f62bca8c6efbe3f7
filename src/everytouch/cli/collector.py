"""Commands of the collector: running it, and the keys by which programs send."""

import os
import sys
from pathlib import Path

import click

from everytouch.cli.files import FILE, text_of
from everytouch.cli.show import AS_JSON, console, dump, grid
from everytouch.collect.api import DIALECTS, SCHEMES, VERSIONS, Tried, read_rules, serve
from everytouch.ledger.api import Policy, shortened
from everytouch.web import api as web
from everytouch.workspace import Workspace, open_workspace

ADDRESS = "http://127.0.0.1:8010"  # of a collector that was started without options
_UNSHOWN = ("id", "occurred_at", "properties")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8010, show_default=True, help="Its port."
)
@click.option("--try", "file", type=FILE, help="Show what the events of FILE would be, and end.")
@click.option("--dialect", type=click.Choice(DIALECTS), help="Of FILE; told by its looks if not.")
@click.option("--quiet", is_flag=True, help="Do not say where it is.")
@click.pass_obj
def collect(
    workspace: Path, host: str, port: int, file: Path | None, dialect: str | None, quiet: bool
) -> None:
    """Take events over HTTP, until Ctrl-C; what was answered for is never lost.

    Programs send with a source key: everytouch keys create SOURCE.
    """
    opened = open_workspace(workspace)
    if file is not None:
        _show(opened.try_events(file.read_bytes(), dialect or ""))
        return
    port = port or web.free_port(host, 0)  # senders know the port: another one will not do
    web.end_with_parent()
    if not quiet:
        click.echo(f"The collector is at http://{host}:{port}/v1/moments\nStop with Ctrl-C.")
    serve(workspace, host, port, opened.drain())
    # All is stored. DuckDB would now list what the server's library keeps of it, 60 lines long.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _show(found: list[Tried]) -> None:
    """What events would be, each on a line of its own for each record."""
    cells = []
    for number, one in enumerate(found, 1):
        for kind, row in one.records:
            said = {k: v for k, v in row.items() if v is not None and k not in _UNSHOWN}
            told = ", ".join(f"{name}={shortened(str(value))}" for name, value in said.items())
            cells.append([str(number), kind.removesuffix("s"), told])
        if one.reason:
            cells.append([str(number), "held", shortened(one.reason)])
        elif not one.records:
            cells.append([str(number), "not kept", ""])
    console().print(grid(["event", "becomes", "with"], cells))
    held = sum(bool(one.reason) for one in found)
    click.echo(f"{len(found):,} events, {held:,} held; nothing was stored")


@click.group()
def rules() -> None:
    """The rules: which touchpoints the events of programs are (rules.yaml)."""


@rules.command("check")
@click.argument("file", type=FILE, required=False)
@click.pass_obj
def rules_check(workspace: Path, file: Path | None) -> None:
    """Check a rule table FILE (YAML), the workspace's own when left out."""
    opened = open_workspace(workspace)
    text = text_of(file) if file else opened.rules_text
    found = read_rules(text, opened.catalogue, str(file or "rules.yaml"))
    click.echo(f"{file or 'rules.yaml'} holds: {len(found.rules)} rules")


@rules.command("show")
@click.pass_obj
def rules_show(workspace: Path) -> None:
    """Print the workspace's rules; edit rules.yaml there to change them."""
    opened = open_workspace(workspace)
    click.echo(opened.rules_text or f"There is none yet: write {opened.path / 'rules.yaml'}")


@click.group()
def keys() -> None:
    """Source keys: by what a program that sends events is known."""


@keys.command("create")
@click.argument("source")
@click.option("--rate", type=click.IntRange(0), default=0, help="Events a second at most; 0: any.")
@click.option("--origin", "origins", multiple=True, help="Of pages whose scripts may send; * all.")
@click.option(
    "--versions",
    type=click.Choice(VERSIONS),
    default="first",
    show_default=True,
    help="What another content under a known id is: first, a conflict; newest, a correction.",
)
@click.option("--hook", is_flag=True, help="Make a webhook address to paste into a tool.")
@click.option("--repeats", is_flag=True, help="The same webhook body without an ID counts again.")
@click.pass_obj
def keys_create(
    workspace: Path, source: str, rate: int, origins: tuple[str, ...], versions: Policy,
    hook: bool, repeats: bool,
) -> None:  # fmt: skip
    """Make a key for SOURCE. It is shown this once.

    With --hook it is part of an address at which SOURCE's webhooks are received.
    """
    opened = open_workspace(workspace)
    if hook:
        number, path = opened.create_hook(source, rate, repeats=repeats, versions=versions)
        _tell_hook(opened, path)
        click.echo(f"If the tool signs what it sends: everytouch keys sign {number} SCHEME")
    else:
        _tell(opened.create_key(source, rate, origins, versions))


@keys.command("sign")
@click.argument("number", type=int)
@click.argument("scheme", type=click.Choice(SCHEMES))
@click.option("--secret", prompt="Signing secret", hide_input=True, help="Asked for if left out.")
@click.pass_obj
def keys_sign(workspace: Path, number: int, scheme: str, secret: str) -> None:
    """Take only signed webhooks at address NUMBER, signed as SCHEME says.

    The signing secret is the one that the tool shows for its webhook. It is kept encrypted.
    """
    open_workspace(workspace).sign_hook(number, scheme, secret)
    click.echo(f"Address {number} now takes only what {SCHEMES[scheme].label} has signed.")


@keys.command("list")
@AS_JSON
@click.pass_obj
def keys_list(workspace: Path, as_json: bool) -> None:
    """All keys; never their secrets."""
    found = open_workspace(workspace).source_keys()
    if as_json:
        dump([{**vars(key), "sha256": key.sha256[:8]} for key in found])
        return
    rows = [
        [
            str(key.number),
            key.source,
            key.created_at,
            f"revoked {key.revoked_at}" if key.revoked_at else "works",
            f"{key.rate:,}" if key.rate else "any",
            " ".join(key.origins) or "–",
            key.hook or "–",
        ]
        for key in found
    ]
    if not rows:
        click.echo("There is no key yet: everytouch keys create SOURCE")
        return
    titles = ["key", "source", "made", "state", "events a second", "origins", "webhook"]
    console().print(grid(titles, rows))


@keys.command("rotate")
@click.argument("number", type=int)
@click.pass_obj
def keys_rotate(workspace: Path, number: int) -> None:
    """Make a new key like NUMBER, which works until it is revoked."""
    opened = open_workspace(workspace)
    new = opened.rotate_key(number)
    _tell_hook(opened, new) if new.startswith("/") else _tell(new)
    click.echo(f"When every sender has it: everytouch keys revoke {number}")


@keys.command("revoke")
@click.argument("number", type=int)
@click.pass_obj
def keys_revoke(workspace: Path, number: int) -> None:
    """End key NUMBER at once."""
    open_workspace(workspace).revoke_key(number)
    click.echo(f"Key {number} works no longer.")


def _tell_hook(workspace: Workspace, path: str) -> None:
    pulse = workspace.collector()
    click.echo(
        f"{pulse.address if pulse else ADDRESS}{path}\n"
        "Paste it into the tool as its webhook's address; it is not shown again. The tool must\n"
        "reach the collector: put the public host name in place of the one above."
    )


def _tell(secret: str) -> None:
    click.echo(f"{secret}\nKeep it: it is not shown again. Send it as Authorization: Bearer …")


COMMANDS: tuple[click.Command, ...] = (collect, keys, rules)
