"""Commands of the collector: running it, and the keys by which programs send."""

from pathlib import Path

import click

from everytouch.cli.show import console, dump, grid
from everytouch.cli.ways_in import AS_JSON
from everytouch.collect.api import serve
from everytouch.web import api as web
from everytouch.workspace import open_workspace


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8010, show_default=True, help="Its port."
)
@click.pass_obj
def collect(workspace: Path, host: str, port: int) -> None:
    """Take events over HTTP, until Ctrl-C; what was answered for is never lost.

    Programs send with a source key: everytouch keys create SOURCE.
    """
    opened = open_workspace(workspace)
    port = port or web.free_port(host, 0)  # senders know the port: another one will not do
    address = f"http://{host}:{port}/v1/moments"
    click.echo(f"The collector is at {address}\nStop with Ctrl-C.")
    serve(workspace, host, port, opened.drain())


@click.group()
def keys() -> None:
    """Source keys: by what a program that sends events is known."""


@keys.command("create")
@click.argument("source")
@click.option("--rate", type=click.IntRange(0), default=0, help="Events a second at most; 0: any.")
@click.option("--origin", "origins", multiple=True, help="Of pages whose scripts may send; * all.")
@click.pass_obj
def keys_create(workspace: Path, source: str, rate: int, origins: tuple[str, ...]) -> None:
    """Make a key for SOURCE. It is shown this once."""
    _tell(open_workspace(workspace).create_key(source, rate, origins))


@keys.command("list")
@AS_JSON
@click.pass_obj
def keys_list(workspace: Path, as_json: bool) -> None:
    """All keys; never their secrets."""
    found = open_workspace(workspace).keys()
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
        ]
        for key in found
    ]
    if not rows:
        click.echo("There is no key yet: everytouch keys create SOURCE")
        return
    console().print(grid(["key", "source", "made", "state", "events a second", "origins"], rows))


@keys.command("rotate")
@click.argument("number", type=int)
@click.pass_obj
def keys_rotate(workspace: Path, number: int) -> None:
    """Make a new key like NUMBER, which works until it is revoked."""
    _tell(open_workspace(workspace).rotate_key(number))
    click.echo(f"When every sender has it: everytouch keys revoke {number}")


@keys.command("revoke")
@click.argument("number", type=int)
@click.pass_obj
def keys_revoke(workspace: Path, number: int) -> None:
    """End key NUMBER at once."""
    open_workspace(workspace).revoke_key(number)
    click.echo(f"Key {number} works no longer.")


def _tell(secret: str) -> None:
    click.echo(f"{secret}\nKeep it: it is not shown again. Send it as Authorization: Bearer …")


COMMANDS: tuple[click.Command, ...] = (collect, keys)
