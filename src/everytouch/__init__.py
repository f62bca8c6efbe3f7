"""Everytouch: everything people live through with an organisation, recorded once and answered.

import everytouch

workspace = everytouch.open("company")
for finding in workspace.findings().rows:
    print(finding.rank, finding.problem, finding.overall)
"""

import importlib
from typing import TYPE_CHECKING, Any

from everytouch.errors import (
    CatalogueError,
    EverytouchError,
    LedgerError,
    NotEnoughDataError,
    SettingError,
    SourceError,
    UnknownNameError,
    WorkspaceError,
)

if TYPE_CHECKING:
    from everytouch.workspace import Workspace, create
    from everytouch.workspace import open_workspace as open  # noqa: A004 - the entrance

__version__ = "0.1.0"

__all__ = [
    "CatalogueError",
    "EverytouchError",
    "LedgerError",
    "NotEnoughDataError",
    "SettingError",
    "SourceError",
    "UnknownNameError",
    "Workspace",
    "WorkspaceError",
    "create",
    "open",
]

_FROM_WORKSPACE = {"Workspace": "Workspace", "create": "create", "open": "open_workspace"}


def __getattr__(name: str) -> Any:
    """The workspace, imported when it is asked for: the collector's server does without it."""
    if name not in _FROM_WORKSPACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("everytouch.workspace"), _FROM_WORKSPACE[name])
