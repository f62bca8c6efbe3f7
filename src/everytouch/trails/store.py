"""Opening trails, and keeping them at the ledger's version."""

import contextlib
import datetime
import fcntl
import functools
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from everytouch.identity.api import newest
from everytouch.ledger.api import Tables
from everytouch.moments.api import DEVICE_TYPES, device_types
from everytouch.settings import Settings
from everytouch.trails.build import Builder
from everytouch.trails.extend import extend
from everytouch.trails.manifest import HIDDEN, MANIFEST, Manifest, hidden_of, written
from everytouch.trails.model import Bucket, Trails
from everytouch.trails.records import READ
from everytouch.trails.scope import utc
from everytouch.trails.whole import wrong

_TABLES = (*READ, "links")
_DAMAGED = (OSError, ValueError, KeyError, TypeError)


def open_trails(
    folder: Path, tables: Tables, secret: bytes, settings: Settings, *, stale: bool = False
) -> Trails:
    """Trails as of the newest ledger; where they are older, what is new is added first.

    Args:
        stale: older ones will do where there are any; somebody else adds what is new.
    """
    types = device_types(settings.device_id_types)
    target = folder / _name({name: tables.version(name) for name in _TABLES}, types)
    with contextlib.suppress(*_DAMAGED):
        return load(target)
    if stale and (older := _youngest(folder)) is not None:
        return older
    with _alone(folder):
        return _renewed(folder, tables, secret, settings)


def _name(versions: dict[str, int], types: frozenset[str]) -> str:
    """The folder of trails: by the ledger's versions, and the ID types of devices."""
    numbers = "-".join(str(versions[name]) for name in _TABLES)
    if types == DEVICE_TYPES:
        return numbers
    return f"{numbers}-{hashlib.sha256(' '.join(sorted(types)).encode()).hexdigest()[:8]}"


def _youngest(folder: Path) -> Trails | None:
    """The youngest trails that can be opened."""
    built = folder.glob("*-*-*/manifest.json")
    for manifest in sorted(built, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        with contextlib.suppress(*_DAMAGED):
            return load(manifest.parent)
    return None


def remove_damaged(folder: Path) -> list[Path]:
    """Remove trails of which files are damaged, so that they are rebuilt; those files.

    Args:
        folder: of all states of the trails.
    """
    if not folder.is_dir():
        return []
    with _alone(folder):
        states = sorted(folder.glob("*-*-*"))
        found = [path for state in states for path in _damaged(state)]
        for state in states if found else []:  # they share layers
            (state / MANIFEST).unlink(missing_ok=True)
    return found


def _damaged(state: Path) -> list[Path]:
    """The files of a state that are not as they were written."""
    found = [path for place in sorted(state.iterdir()) if place.is_dir() for path in wrong(place)]
    try:
        hidden_of(state, Manifest.read(state), anew=True)
    except ValueError as error:
        found.append(state / (HIDDEN if HIDDEN in str(error) else MANIFEST))
    except (OSError, KeyError, TypeError):
        found.append(state / MANIFEST)
    return found


def load(folder: Path) -> Trails:
    """Open trails that were written into ``folder``; what is open already is given again."""
    return _load(folder, written(folder))


@functools.lru_cache(maxsize=4)
def _load(folder: Path, _written: int) -> Trails:
    manifest = Manifest.read(folder)
    hidden = hidden_of(folder, manifest)
    places = [
        folder.parent / layer.folder / f"{number:04d}"
        for layer in manifest.layers
        for number in range(layer.buckets)
    ]
    parted = np.split(hidden[:, 1], np.searchsorted(hidden[:, 0], np.arange(1, len(places))))
    return Trails(
        buckets=tuple(
            Bucket(number, place, at)
            for number, (place, at) in enumerate(zip(places, parted, strict=True))
        ),
        layers=tuple(layer.buckets for layer in manifest.layers),
        touchpoints=manifest.codes["touchpoint"],
        outcomes=manifest.codes["outcome"],
        instruments=manifest.codes["instrument"],
        emotions=manifest.codes["emotion"],
        moments=manifest.moments,
        parties=manifest.parties,
        first=_known(manifest.first),
        last=_known(manifest.last),
        versions=manifest.versions,
    )


def _known(microseconds: int | None) -> datetime.datetime | None:
    return None if microseconds is None else utc(microseconds)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time writes trails; the system frees the lock if it dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _renewed(folder: Path, tables: Tables, secret: bytes, settings: Settings) -> Trails:
    """Trails of the ledger as it is now, written unless another process just did."""
    types = device_types(settings.device_id_types)
    known, resolution = newest(tables, types)
    found = {name: tables.snapshot(name) for name in READ}
    versions = {name: version for name, (version, _) in found.items()} | {"links": known}
    name = _name(versions, types)
    with contextlib.suppress(*_DAMAGED):
        return load(folder / name)
    older, new = _youngest(folder), folder / f"building-{os.getpid()}"
    extension, place = None, folder / _name(older.versions, types) if older else folder
    if older is not None and place.exists():  # of the same devices
        older = load(place)
        manifest = Manifest.read(place)
        extension = extend(older, manifest, tables, resolution, versions, secret, types)
    try:
        if extension is not None:
            extension.write(new, name, settings.bucket_rows, settings.cores)
        else:
            builder = Builder(tables, resolution, secret, settings.bucket_rows, settings.cores)
            files = {table: paths for table, (_, paths) in found.items()}
            builder.build(new, name, files, versions)
        shutil.rmtree(folder / name, ignore_errors=True)  # damaged
        new.rename(folder / name)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _clear(folder, name)
    return load(folder / name)


def _clear(folder: Path, name: str) -> None:
    """Remove what the newest trails do not consist of; who has it open keeps it."""
    layers = Manifest.read(folder / name).layers
    used = {name, ".lock", *(layer.folder for layer in layers)}
    for old in folder.iterdir():
        if old.name not in used:
            shutil.rmtree(old, ignore_errors=True)
