"""New and changed files of a folder, wherever it lies."""

import fnmatch
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from everytouch.collect.fetch.base import Batch, Context, Options
from everytouch.collect.fetch.timing import duration
from everytouch.errors import SourceError

_READ, _LOOK = "file:", "look:"


@dataclass(frozen=True)
class Listed:
    """A file as a folder lists it; ``changed`` is its time of change in seconds."""

    name: str
    size: int
    changed: float

    @property
    def stamp(self) -> str:
        """What tells that the file is as it was."""
        return f"{self.size} {self.changed:.6f}"


class Place(Protocol):
    """A folder that is open for reading."""

    def list(self) -> Iterable[Listed]:
        """List its files."""

    def look(self, name: str) -> Listed:
        """Look at one file."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file piece by piece."""


@dataclass(frozen=True)
class Files:
    """Fetches the files of a folder whose names fit a pattern.

    Attributes:
        connect: opens the folder.
        settle: seconds for which a file must not have changed before it is read.
        largest: bytes of one file.
    """

    connect: Callable[[], AbstractContextManager[Place]]
    pattern: str
    settle: float
    largest: int
    context: Context

    def batches(self, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Fetch each new or changed file; those that are still being written stay for later."""
        looks: dict[str, str] = {}
        with self.connect() as place:
            for file in self._listed(place):
                before = json.loads(marks.get(_READ + file.name, "{}"))
                if before.get("stamp") == file.stamp:
                    continue
                if not self._settled(file, marks):
                    looks[_LOOK + file.name] = self._look(file, marks)
                    continue
                target, digest = self._copy(place, file)
                if place.look(file.name).stamp != file.stamp:
                    looks[_LOOK + file.name] = self._look(file, {})
                    continue
                mark = {_READ + file.name: json.dumps({"stamp": file.stamp, "sha256": digest})}
                yield Batch(() if before.get("sha256") == digest else (target,), mark, alone=True)
                target.unlink(missing_ok=True)
        yield Batch(marks=looks, waiting=len(looks))

    def sample(self, rows: int) -> tuple[Path, ...]:  # noqa: ARG002 - a file is shown by its reader
        """Fetch the smallest file."""
        with self.connect() as place:
            found = self._listed(place)
            smallest = min(found, key=lambda file: file.size, default=None)
            return (self._copy(place, smallest)[0],) if smallest else ()

    def _listed(self, place: Place) -> list[Listed]:
        """Return the files that fit, the oldest first, so that corrections come last."""
        fitting = [
            file
            for file in place.list()
            if fnmatch.fnmatchcase(file.name, self.pattern) and file.name[0] != "." and file.size
        ]
        return sorted(fitting, key=lambda file: (file.changed, file.name))

    def _settled(self, file: Listed, marks: Mapping[str, str]) -> bool:
        """Return whether a file has been unchanged long enough, by its clock or by ours."""
        now = time.time()
        look = json.loads(marks.get(_LOOK + file.name, "{}"))
        seen = look["at"] if look.get("stamp") == file.stamp else now
        return now - min(file.changed, seen) >= self.settle

    def _look(self, file: Listed, marks: Mapping[str, str]) -> str:
        before = json.loads(marks.get(_LOOK + file.name, "{}"))
        since = before["at"] if before.get("stamp") == file.stamp else time.time()
        return json.dumps({"stamp": file.stamp, "at": since})

    def _copy(self, place: Place, file: Listed) -> tuple[Path, str]:
        """Copy a file to the staging folder; its path there, and the hash of what was read."""
        target = self.context.staging / re.sub(r"[^\w.-]+", "_", file.name)
        digest, size = hashlib.sha256(), 0
        with target.open("wb") as out:
            for chunk in place.chunks(file.name):
                size += len(chunk)
                if size > self.largest:
                    raise SourceError(
                        f"{self.context.place}: {file.name} is larger than "
                        f"{self.largest / 1e6:,.0f} MB",
                        "split it, or raise largest_mb of the source",
                    )
                digest.update(chunk)
                out.write(chunk)
        return target, digest.hexdigest()


def files_of(
    options: Options, connect: Callable[[], AbstractContextManager[Place]], context: Context
) -> Files:
    """Take the options that every folder has."""
    pattern = options.text("pattern", "*")
    if "/" in pattern:
        raise SourceError(
            f"{options.place}: invalid pattern {pattern!r}",
            "write a pattern of file names, as in orders-*.csv; folders are not searched",
        )
    settle = duration(options.text("settle", "30s"), options.place).total_seconds()
    largest = options.number("largest_mb", 2_000, high=100_000) * 1_000_000
    return Files(connect, pattern, settle, largest, context)
