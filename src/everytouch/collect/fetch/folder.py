"""Scheduled source: a folder on the server."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everytouch.collect.fetch.base import Context, Fetcher, Kind, Options
from everytouch.collect.fetch.files import Listed, files_of
from everytouch.errors import SourceError

_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Folder:
    """Files directly in a folder; links are not followed."""

    path: Path

    def list(self) -> Iterable[Listed]:
        """List its files."""
        with os.scandir(self.path) as entries:
            names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        return [self.look(name) for name in names]

    def look(self, name: str) -> Listed:
        """Look at one file."""
        found = (self.path / name).lstat()
        return Listed(name, found.st_size, found.st_mtime)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file piece by piece."""
        handle = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def _open(options: Options, context: Context) -> Fetcher:
    given = options.text("path")

    @contextmanager
    def connect() -> Iterator[_Folder]:
        path = context.limits.path(given, context.place)
        try:
            yield _Folder(path)
        except OSError as error:
            raise SourceError(
                f"{context.place}: folder {path} cannot be read: {error.strerror or error}",
                "check that it exists and that the worker may read it",
            ) from error

    return files_of(options, connect, context)


def _server(options: Mapping[str, Any]) -> str:
    return f"folder {options.get('path', '')}"


KIND = Kind("folder", (), _server, _open)
