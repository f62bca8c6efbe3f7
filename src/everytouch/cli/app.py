"""Commands that run the app, and those that keep and protect what is in it."""

import datetime
import json
import webbrowser
from pathlib import Path
from shlex import quote

import click

from everytouch.cli.importing import show_receipt, with_progress
from everytouch.cli.show import AS_JSON, console, dump, grid
from everytouch.errors import WorkspaceError
from everytouch.ledger.api import (
    Head,
    entries,
    files_among,
    head_of,
    last_line,
    noted_in,
    prove,
)
from everytouch.simulate.api import simulate
from everytouch.web import api as web
from everytouch.workspace import Workspace, create, open_workspace

_SHOWN = 20  # problems of an audit log
_PATH = click.Path(path_type=Path)
_HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
_PORT = click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="Its port."
)
_COLLECT = click.option(
    "--collect-port",
    type=click.IntRange(0, 65_535),
    default=8010,
    show_default=True,
    help="Port for events.",
)
_OPEN = click.option(
    "--open/--no-open", "opening", default=True, help="Open the address in the browser."
)


@click.command()
@_HOST
@_PORT
@_COLLECT
@_OPEN
@click.pass_obj
def serve(workspace: Path, host: str, port: int, collect_port: int, opening: bool) -> None:
    """Open the workspace in the browser: pages, worker and collector, until Ctrl-C.

    A workspace is made when there is none yet.
    """
    if not workspace.exists() or not any(workspace.iterdir()):
        create(workspace)
    open_workspace(workspace)
    _serve(workspace, host, port, collect_port, opening)


def _serve(
    workspace: Path, host: str, port: int, collecting: int, opening: bool, key: str = ""
) -> None:
    port, collecting = web.free_port(host, port), web.free_port(host, collecting)
    address = web.address(workspace, host, port)
    if key:
        address += f"enter?key={key}"
    example = _example(open_workspace(workspace), host, collecting, bool(key))

    def started() -> None:
        click.echo(f"Everytouch is at {address}\n\n{example}\n\nStop with Ctrl-C.")
        if opening:
            webbrowser.open(address)

    web.run_supervised(workspace, host, port, collecting, started)


def _example(workspace: Workspace, host: str, port: int, demo: bool) -> str:
    """How an event is sent, to be copied; with a key that works, if there was none before."""
    works = any(not key.revoked_at for key in workspace.source_keys())
    if demo:
        key = web.demo_source_key(workspace)
    else:
        key = "YOUR_KEY" if works else workspace.create_key("first")
    point = next(iter(workspace.catalogue.touchpoints), "first contact")
    event = json.dumps({"userId": "you", "event": point})
    said = f"Send it an event:\n  curl -u {key}: -d '{event}' http://{host}:{port}/v1/track"
    return said if key != "YOUR_KEY" else f"{said}\n(a key: everytouch keys create SOURCE)"


@click.command("web")
@_HOST
@_PORT
@click.pass_obj
def web_(workspace: Path, host: str, port: int) -> None:
    """Serve the pages alone, for servers; run `work` beside it."""
    open_workspace(workspace)
    web.run_web(workspace, host, port)


@click.command()
@click.pass_obj
def work(workspace: Path) -> None:
    """Do the jobs alone, for servers: imports, replays, erasures, renewing trails."""
    open_workspace(workspace)
    web.run_worker(workspace)


@click.command()
@click.argument("folder", type=_PATH, default=Path("demo"))
@click.option("--parties", type=click.IntRange(50), default=2_000, show_default=True)
@click.option("--report-only", is_flag=True, help="Make workspace and report, start nothing.")
@_HOST
@_PORT
@_COLLECT
@_OPEN
def demo(
    folder: Path,
    parties: int,
    report_only: bool,
    host: str,
    port: int,
    collect_port: int,
    opening: bool,
) -> None:
    """Make a workspace with the simulated company in FOLDER, and open it in the browser."""
    workspace = _demo(folder, parties)
    if report_only:
        report = workspace.report(folder / "report.html")
        click.echo(f"\nThe report is at {report.resolve().as_uri()}")
        click.echo(f"Ask on: everytouch -w {quote(str(folder))} findings")
        return
    workspace.trails()
    password = web.make_demo(folder)
    if password:
        click.echo(f"The owner signs in as owner@demo.invalid with {password}")
    _serve(folder, host, port, collect_port, opening, web.demo_key(folder))


def _demo(folder: Path, parties: int) -> Workspace:
    made = folder / "simulated"
    if folder.exists() and any(folder.iterdir()):
        if not (made / "source.toml").exists():
            raise WorkspaceError(f"{folder} is there already and no demo", "give a new folder")
        workspace = open_workspace(folder)
    else:
        workspace = create(folder, secret=b"everytouch, demo")
        with (folder / "everytouch.toml").open("a", encoding="utf-8") as file:
            file.write("\n[web]\ndemo = true\n")
        simulate(made, parties, 2.0, 1)
    receipt = with_progress(workspace, made / "source.toml", None, False)
    show_receipt(receipt, workspace)
    workspace.save_map("online_order", (made / "online_order.yaml").read_text(encoding="utf-8"))
    return workspace


@click.command("reset-link")
@click.argument("email")
@click.option(
    "--address", default="http://127.0.0.1:8000", show_default=True, help="Where the app is."
)
@click.pass_obj
def reset_link(workspace: Path, email: str, address: str) -> None:
    """Make a link by which the person of EMAIL chooses a new password, once. Audited."""
    open_workspace(workspace)
    click.echo(web.reset_link(workspace, email, address))


@click.command()
@click.argument("folder", type=_PATH)
@click.pass_obj
def backup(workspace: Path, folder: Path) -> None:
    """Write a backup of everything into FOLDER. It holds the secret: keep it safe."""
    open_workspace(workspace)
    done, unanchored = web.backup(workspace, folder)
    click.echo(f"{done.path}: {done.files:,} files, {done.bytes / 1e6:,.1f} MB")
    for problem in unanchored:
        click.echo(f"Warning: {problem}", err=True)


@click.command()
@click.argument("file", type=_PATH)
@click.option("--replace", is_flag=True, help="Move a workspace that stands there aside.")
@click.pass_obj
def restore(workspace: Path, file: Path, replace: bool) -> None:
    """Restore a backup FILE to the workspace's folder; later erasures are applied again."""
    done = web.restore(file, workspace, replace=replace)
    click.echo(f"Restored to {done.folder}, as of {done.created_at}")
    click.echo(f"Later erasures applied again: {done.erased}")
    if not done.informed:
        click.echo(
            "Warning: nothing says who was erased since, so they may be back. Put the file\n"
            "erasures-….jsonl of the original backup beside this one, and restore again."
        )
    if done.before:
        click.echo(f"What stood there is at {done.before}; delete it when you need it no more")


@click.group()
def audit() -> None:
    """The audit log: who did what about whom."""


@audit.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@AS_JSON
@click.pass_obj
def audit_list(workspace: Path, limit: int, as_json: bool) -> None:
    """Show the newest lines."""
    path = open_workspace(workspace).path
    rows = [entry for _, entry in zip(range(limit), entries(path), strict=False)]
    if as_json:
        dump(rows)
        return
    cells = [[str(row.number), row.at, row.who, row.action, row.subject] for row in rows]
    console().print(grid(["#", "at (UTC)", "who", "what", "about"], cells))


@audit.command("head")
@click.pass_obj
def audit_head(workspace: Path) -> None:
    """Print number and seal of the last line. Note them elsewhere, as an anchor."""
    last = last_line(open_workspace(workspace).path)
    click.echo(f"{last.number}:{last.seal}")


@audit.command("verify")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="NUMBER:SEAL|FILE",
    help="A line of the log, as audit head said it, or a file of anchors.",
)
@click.pass_obj
def audit_verify(workspace: Path, anchors: tuple[str, ...]) -> None:
    """Check that no line was changed, added, removed or cut off.

    Files among web.audit_anchors are read too: each line noted there must still be in the log.
    """
    path = open_workspace(workspace).path
    noted = [head for text in anchors for head in _anchors(text)]
    for file in files_among(web.WebConfig.read(path).audit_anchors):
        if file.exists():
            noted += noted_in(file)
        else:
            click.echo(f"Note: there are no anchors in {file}: none was written yet, or it is gone")
    proof = prove(path, *noted)
    for note in proof.notes:
        click.echo(f"Note: {note}")
    if proof.problems:
        more = len(proof.problems) - _SHOWN
        said = [problem.text for problem in proof.problems[:_SHOWN]]
        raise WorkspaceError(
            "\n".join(["the audit log was changed:", *said, *([f"{more} more"] * (more > 0))]),
            "keep it as evidence and compare it with the log of a backup",
        )
    now = datetime.datetime.now(datetime.UTC)
    count = proof.last.number
    lines = "The 1 line is" if count == 1 else f"All {count:,} lines are"
    click.echo(f"{lines} as written, as of {now:%Y-%m-%d %H:%M} UTC")
    if noted:
        click.echo(_anchored(noted))


def _anchored(noted: list[Head]) -> str:
    numbers = {head.number for head in noted}
    if len(numbers) == 1:
        return f"Line {noted[0].number} is the line of the anchor"
    return f"{len(numbers):,} lines are those of the anchors, the last is line {max(numbers):,}"


def _anchors(text: str) -> tuple[Head, ...]:
    """What is noted: in the text, or in the file that it names."""
    if (head := head_of(text)) is not None:
        return (head,)
    if not Path(text).is_file():
        raise click.BadParameter(
            f"{text} is neither NUMBER:SEAL, as audit head prints it, nor a file of anchors"
        )
    return noted_in(Path(text))


COMMANDS: tuple[click.Command, ...] = (serve, web_, work, demo, reset_link, backup, restore, audit)
