"""Reading uploaded files in a process of the pool: within a time, and within memory.

A file may be anything. Whatever reading it does to a process, the app goes on.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from everytouch.collect.api import Plan, Review, TableProfile
from everytouch.errors import SourceError
from everytouch.web import within
from everytouch.web.ask import Ask
from everytouch.web.pool import POOL, FailedError
from everytouch.workspace import Workspace

T = TypeVar("T")


def recognised(workspace: Workspace, path: Path) -> tuple[Plan, tuple[TableProfile, ...]]:
    """Recognise a file and count what its columns hold.

    Raises:
        SourceError: it cannot be read, or takes too much time or memory.
    """
    return _apart(_recognised, workspace, path)


def reviewed(workspace: Workspace, plan: Plan) -> Review:
    """Say what an import by a plan would do with the rows.

    Raises:
        SourceError: the file cannot be read this way, or takes too much time or memory.
    """
    return _apart(_reviewed, workspace, plan)


def _apart(function: Callable[..., T], workspace: Workspace, given: Any) -> T:
    if not POOL.running:
        return function(Ask(workspace), given)
    try:
        found: T = POOL.answer(_limited, Ask(workspace), function, given)
        return found
    except FailedError as error:
        raise SourceError(
            _("Reading this file takes too much time or memory"),
            _("split it, save it as CSV, or import it on the command line: everytouch import"),
        ) from error


def _limited(ask: Ask, function: Callable[..., T], given: Any) -> T:
    try:
        with within.memory(ask.workspace.settings.memory_mb):
            return function(ask, given)
    except MemoryError as error:
        raise FailedError("The file needs too much memory", "split it") from error


def _recognised(ask: Ask, path: Path) -> tuple[Plan, tuple[TableProfile, ...]]:
    found = ask.workspace.recognise(path)
    return found, ask.workspace.profiles(found)


def _reviewed(ask: Ask, plan: Plan) -> Review:
    return ask.workspace.review(plan)
