"""The group of all commands, and what they share."""

import errno
import sys
from pathlib import Path

import click

from everytouch import __version__
from everytouch.cli import (
    admin,
    app,
    asking,
    collector,
    compare,
    conflicts,
    identity,
    importing,
    journeys,
    judging,
    maps,
    patterns,
    people,
    sources,
    sql,
    ways_in,
)
from everytouch.errors import EverytouchError


class Group(click.Group):
    """Says what went wrong in one message and exits with 2: never a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse arguments that are not valid text before a command reads them."""
        for word in args:
            if "\0" in word or any("\ud800" <= sign <= "\udfff" for sign in word):
                raise click.UsageError(f"The argument {word!r} is not valid text.", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EverytouchError as error:
            click.echo(f"everytouch: {error}", err=True)
            sys.exit(2)
        except OSError as error:
            if error.errno == errno.EPIPE:  # who read the answer has enough of it
                raise
            named = "" if error.filename is None else f"{error.filename}: "
            said = EverytouchError(
                f"{named}{error.strerror or error}", "check the path, its rights and free space"
            )
            click.echo(f"everytouch: {said}", err=True)
            sys.exit(2)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "-w",
    "--workspace",
    type=click.Path(path_type=Path),
    envvar="EVERYTOUCH_WORKSPACE",
    default=Path(),
    show_default="this folder",
    help="Folder of the workspace; also by EVERYTOUCH_WORKSPACE.",
)
@click.pass_context
def main(ctx: click.Context, workspace: Path) -> None:
    """Raw interactions and feedback in; a ranked list of what to improve out."""
    ctx.obj = workspace


for _file in (
    ways_in,
    importing,
    conflicts,
    asking,
    judging,
    journeys,
    patterns,
    compare,
    maps,
    sql,
    app,
    identity,
    people,
    collector,
    sources,
    admin,
):
    for _command in _file.COMMANDS:
        main.add_command(_command)
