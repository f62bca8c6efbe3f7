"""What was added to a table since an earlier version, read off its Delta log.

Each commit is a file of JSON lines: files added and removed, and whether rows changed by that.
"""

from pathlib import Path

from everytouch.lines import json_lines


def appended(table: Path, since: int, until: int) -> list[Path] | None:
    """Files with the rows that came after version ``since``, up to and with ``until``.

    Compaction moves rows and adds none: what it put together is still read where it was written.

    Returns:
        None where that cannot be said: rows were removed, or the log or a file is gone.
    """
    found: list[Path] = []
    try:
        for version in range(since + 1, until + 1):
            commit = table / "_delta_log" / f"{version:020}.json"
            for action in json_lines(commit):
                removed, added = action.get("remove"), action.get("add")
                if removed is not None and removed.get("dataChange", True):
                    return None
                if added is not None and added.get("dataChange", True):
                    found.append(table / added["path"])
    except (OSError, ValueError):
        return None
    return found if since <= until and all(path.exists() for path in found) else None
