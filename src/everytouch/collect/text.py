"""Text files: their encoding, and the header of a CSV."""

import csv
import dataclasses
import gzip
import shutil
import zlib
from pathlib import Path
from typing import IO, Any

from everytouch.collect.source import Input
from everytouch.errors import SourceError

_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
LONGEST_HEADER = 1_000_000


def header(path: Path, delimiter: str | None = None) -> tuple[str, list[str]]:
    """Delimiter and column names of a CSV file, from its first line alone.

    Nothing is guessed from the rows: a row that does not fit is then an error that names its
    line. Without a ``delimiter`` it is the one of , ; tab | that parts most columns.

    Raises:
        SourceError: the file is damaged or has no header.
    """
    try:
        with _open(path, "utf-8-sig", "replace") as text:
            line = text.readline(LONGEST_HEADER)
    except _DAMAGED as error:
        raise SourceError(f"{path} is cut off or damaged: {error}", "fetch it again") from error
    if not line.strip():
        raise SourceError(f"{path} has no header", "name the columns in the first line")
    sign = delimiter or max(",;\t|", key=line.count)
    names: dict[str, None] = {}
    for number, cell in enumerate(next(csv.reader([line], delimiter=sign))):
        name = cell.strip() or f"column{number}"
        names[f"{name}_{number}" if name in names else name] = None
    return sign, list(names)


def as_utf8(given: Input, spill: Path) -> Input:
    """The input with its files in UTF-8, written into ``spill``: DuckDB reads no other text.

    Raises:
        SourceError: the encoding is unknown, or not that of the file.
    """
    if given.encoding.lower() in ("utf-8", "utf8") or given.format not in ("csv", "json"):
        return given
    paths = []
    for number, path in enumerate(given.paths):
        target = spill / f"{given.name}-{number}.txt"
        try:
            with (
                _open(path, given.encoding, "strict") as text,
                target.open("w", encoding="utf-8", newline="") as out,
            ):
                shutil.copyfileobj(text, out)
        except (LookupError, UnicodeError, *_DAMAGED) as error:
            raise SourceError(
                f"{path} is no {given.encoding} text: {error}",
                'name its encoding as Python does: "latin-1", "utf-16", "cp1252"',
            ) from error
        paths.append(target)
    return dataclasses.replace(given, paths=tuple(paths))


def _open(path: Path, encoding: str, errors: str) -> IO[Any]:
    opener = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding=encoding, errors=errors, newline="")
