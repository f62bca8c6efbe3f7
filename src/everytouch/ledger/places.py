"""Where a ledger can be: Delta takes some paths for URLs, for other paths, or for none."""

import re
from pathlib import Path

from everytouch.errors import WorkspaceError

_ODD = re.compile(r"[\x00-\x1f\x7f\[\]^|\\]|%[0-9A-Fa-f]{2}")


def placed(folder: Path) -> Path:
    """The folder of a workspace as an absolute path; a relative one with a colon looks like a URL.

    Raises:
        WorkspaceError: the path holds what Delta refuses or takes for something else.
    """
    whole = folder.absolute()
    if odd := _ODD.search(str(whole)):
        raise WorkspaceError(
            f"the path {str(whole)!r} holds {odd[0]!r}, with which no table can be written",
            "give another place, or rename the folder",
        )
    return whole
