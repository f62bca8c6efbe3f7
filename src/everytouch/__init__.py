"""Everytouch: everything people live through with an organisation, recorded once and answered.

import everytouch

workspace = everytouch.open("company")
for finding in workspace.findings().rows:
    print(finding.rank, finding.problem, finding.overall)
"""

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
from everytouch.workspace import Workspace, create
from everytouch.workspace import open_workspace as open  # noqa: A004 - everytouch.open is the entrance

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
