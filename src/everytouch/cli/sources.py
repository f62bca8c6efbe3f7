"""Commands of scheduled sources: adding, testing, running and pausing them."""

import datetime
import sys
from pathlib import Path
from typing import Any

import click

from everytouch.cli.files import FILE, text_of
from everytouch.cli.show import AS_JSON, console, dump, grid
from everytouch.collect.api import Run
from everytouch.workspace import open_workspace
from everytouch.workspace.scheduling import Scheduled

_NAME = click.argument("name")


@click.group()
def sources() -> None:
    """Scheduled sources: folders, SFTP, databases and HTTP APIs that are read again and again."""


@sources.command("list")
@AS_JSON
@click.pass_obj
def sources_list(workspace: Path, as_json: bool) -> None:
    """List scheduled sources: last run, rows, problems, next run."""
    found = open_workspace(workspace).scheduled()
    if as_json:
        dump(list(found))
        return
    if not found:
        click.echo("No source is scheduled yet: everytouch sources add FILE.toml")
        return
    names = ["source", "reads", "every", "last run", "rows", "next run"]
    console().print(grid(names, [_cells(one) for one in found]))
    for one in found:
        if one.problem:
            click.echo(f"{one.name}: {one.problem}\n  Remedy: {one.remedy}")


@sources.command("add")
@click.argument("file", type=FILE)
@click.option("--name", help="Name of the source; that of FILE when left out.")
@click.option("--replace", is_flag=True, help="Change a source that exists.")
@click.pass_obj
def sources_add(workspace: Path, file: Path, name: str | None, replace: bool) -> None:
    """Add a source from FILE (TOML) with [schedule] and one input to fetch.

    Credentials in FILE are stored encrypted; the file that is kept only says so. FILE itself
    stays as it is: remove the credentials there.
    """
    chosen = name or file.stem
    open_workspace(workspace).save_scheduled(chosen, text_of(file), new=not replace)
    click.echo(
        f"Source {chosen} is scheduled; everytouch serve (or work) runs it.\n"
        f"Run it now: everytouch sources run {chosen}"
    )


@sources.command("test")
@click.argument("file", type=FILE)
@click.option("--name", help="Name of the source; that of FILE when left out.")
@click.pass_obj
def sources_test(workspace: Path, file: Path, name: str | None) -> None:
    """Connect as FILE (TOML) says and show the first rows; nothing is stored."""
    found = open_workspace(workspace).test_scheduled(name or file.stem, text_of(file))
    console().print(grid(found.preview.columns, found.preview.rows))
    if found.trial:
        good, broken = len(found.trial.good), len(found.trial.broken)
        click.echo(f"Of these, {good:,} would be stored and {broken:,} quarantined.")
        for reason in dict.fromkeys(reason for _, reason in found.trial.broken):
            click.echo(f"  {reason}")


@sources.command("run")
@_NAME
@click.pass_obj
def sources_run(workspace: Path, name: str) -> None:
    """Fetch and import what is new in source NAME, now."""
    done = open_workspace(workspace).run_scheduled(name)
    click.echo(f"{name}: {_rows(done)}")
    if done.waiting:
        click.echo(f"{done.waiting:,} files are still being written; the next run reads them.")
    if done.problem:
        click.echo(f"everytouch: {done.problem}\n  Remedy: {done.remedy}", err=True)
        sys.exit(2)


@sources.command("pause")
@_NAME
@click.pass_obj
def sources_pause(workspace: Path, name: str) -> None:
    """Pause source NAME."""
    open_workspace(workspace).pause_scheduled(name)
    click.echo(f"Source {name} is paused: everytouch sources resume {name}")


@sources.command("resume")
@_NAME
@click.pass_obj
def sources_resume(workspace: Path, name: str) -> None:
    """Resume source NAME; runs that were missed run once."""
    open_workspace(workspace).pause_scheduled(name, False)
    click.echo(f"Source {name} runs again.")


@sources.command("remove")
@_NAME
@click.confirmation_option(prompt="Remove the source? What it brought stays.")
@click.pass_obj
def sources_remove(workspace: Path, name: str) -> None:
    """Remove source NAME with its credentials; what it brought stays."""
    open_workspace(workspace).remove_scheduled(name)
    click.echo(f"Source {name} is removed.")


def _cells(one: Scheduled) -> list[str]:
    last = one.last
    following = "paused" if one.paused else _when(one.next_run)
    if one.running or one.due:
        following = "running" if one.running else "due"
    began = _when(last.started_at) if last else "–"
    return [one.name, one.server, one.every, began, _rows(last) if last else "–", following]


def _rows(run: Run) -> str:
    """What became of the rows of a run, as "12 stored, 3 duplicate"."""
    counts: dict[str, Any] = {
        name: count for name, count in run.counts.items() if count and name != "received"
    }
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return said or "nothing new"


def _when(moment: datetime.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "–"


COMMANDS: tuple[click.Command, ...] = (sources,)
