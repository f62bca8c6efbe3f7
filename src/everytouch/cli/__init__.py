"""The command line. It only composes: every command is one call of the library."""

from everytouch.cli.commands import main

__all__ = ["main"]
