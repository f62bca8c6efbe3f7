"""Opening trails, and keeping them at the ledger's version."""

import contextlib
import datetime
import functools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from everytouch.identity.api import current
from everytouch.ledger.api import Tables
from everytouch.settings import Settings
from everytouch.trails.build import Builder
from everytouch.trails.model import Bucket, Trails
from everytouch.trails.scope import utc

_TABLES = ("interactions", "perceptions", "links")


def open_trails(
    folder: Path, tables: Tables, secret: bytes, settings: Settings, *, stale: bool = False
) -> Trails:
    """Trails as of the newest ledger; built first where they are missing or older.

    Args:
        stale: older ones will do where there are any; somebody else builds the newer ones.
    """
    versions = {name: tables.version(name) for name in _TABLES}
    target = folder / "-".join(str(versions[name]) for name in _TABLES)
    if not _whole(target):
        if stale and (older := _newest(folder)) is not None:
            return older
        builder = Builder(tables, current(tables), secret, settings.bucket_rows, settings.cores)
        _replace(folder, target, lambda new: builder.build(new, versions))
    return load(target)


def _newest(folder: Path) -> Trails | None:
    """The youngest trails that can be opened."""
    built = folder.glob("*-*-*/manifest.json")
    for manifest in sorted(built, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError):
            return load(manifest.parent)
    return None


def _whole(folder: Path) -> bool:
    """Whether trails are there and can be opened; what is damaged is removed."""
    if not folder.exists():
        return False
    try:
        load(folder)
    except (OSError, ValueError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True


def load(folder: Path) -> Trails:
    """Open trails that were built into ``folder``; what is open already is given again."""
    return _load(folder, (folder / "manifest.json").stat().st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _load(folder: Path, _written: int) -> Trails:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return Trails(
        buckets=tuple(Bucket.load(folder, number) for number in range(manifest["buckets"])),
        touchpoints=tuple(manifest["touchpoint"]),
        outcomes=tuple(manifest["outcome"]),
        instruments=tuple(manifest["instrument"]),
        moments=manifest["moments"],
        parties=manifest["parties"],
        first=_known(manifest["first"]),
        last=_known(manifest["last"]),
        versions=manifest["versions"],
    )


def _known(microseconds: int | None) -> datetime.datetime | None:
    return None if microseconds is None else utc(microseconds)


def _replace(folder: Path, target: Path, build: Callable[[Path], None]) -> None:
    """Build beside, then rename: a reader sees whole trails or none; older ones go."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"building-{os.getpid()}"
    shutil.rmtree(new, ignore_errors=True)
    try:
        build(new)
        with contextlib.suppress(OSError):  # another process built the same meanwhile
            new.rename(target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    for old in folder.iterdir():
        if old != target and not _being_built(old):
            shutil.rmtree(old, ignore_errors=True)


def _being_built(folder: Path) -> bool:
    """Whether another living process is building there."""
    name, _, number = folder.name.partition("-")
    if name != "building" or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)  # signal 0 asks only whether it is there
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
