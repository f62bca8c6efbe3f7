"""Temporary folders for copies of people's data: removed at the end, or by the next process."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAMED = re.compile(r"everytouch-staging-(\d+)-.+")
_UNNAMED = re.compile(r"everytouch-[a-z0-9_]{8}")  # of versions that did not say whose it is
_STAGED = re.compile(r".+-\d+\.parquet")
_OLD = 86_400.0  # seconds after which one of these is nobody's


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder, resolved: DuckDB compares paths as they are written."""
    remove_stale()
    with tempfile.TemporaryDirectory(prefix=f"everytouch-staging-{os.getpid()}-") as name:
        yield Path(name).resolve()


def remove_stale() -> int:
    """Remove folders of processes that are gone: a kill leaves copies of people's data lying about.

    Only those of this user are looked at.
    """
    count = 0
    for folder in Path(tempfile.gettempdir()).glob("everytouch-*"):
        with suppress(OSError):
            if not folder.is_symlink() and folder.stat().st_uid == os.geteuid() and _stale(folder):
                shutil.rmtree(folder)
                count += 1
    return count


def _stale(folder: Path) -> bool:
    if found := _NAMED.fullmatch(folder.name):
        return not _alive(int(found[1]))
    if _UNNAMED.fullmatch(folder.name) is None or time.time() - folder.stat().st_mtime < _OLD:
        return False
    return all(_STAGED.fullmatch(path.name) for path in folder.iterdir())  # and not somebody's own


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
