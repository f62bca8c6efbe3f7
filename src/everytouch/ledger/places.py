"""Paths in which Delta tables can be stored: Delta reads some as URLs, and fails on others."""

import re
from pathlib import Path

from everytouch.errors import WorkspaceError

_ODD = re.compile(r"[\x00-\x1f\x7f\[\]^|\\]|%[0-9A-Fa-f]{2}")


def placed(folder: Path) -> Path:
    """Return a workspace's folder as an absolute path. Delta reads a relative "a:b" as a URL.

    Raises:
        WorkspaceError: Delta cannot store a table under this path.
    """
    whole = folder.absolute()
    if odd := _ODD.search(str(whole)):
        raise WorkspaceError(
            f"the path {str(whole)!r} contains {odd[0]!r}, which no path of a table may contain",
            "choose another folder, or rename it",
        )
    return whole
