"""What every reader gives: tables of text, and the rows that could not be read."""

import gzip
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from everytouch.errors import SourceError

TEXT = pa.string()
ROWS_OF_A_PART = 50_000
LONGEST_SHOWN = 2_000
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError)


@dataclass(frozen=True)
class Unread:
    """A row of a file that is not in its table.

    Attributes:
        file: name of the file.
        row: its number, from 1, as the file counts rows or lines.
        text: the row as it is in the file, shortened.
        reason: why it could not be read.
    """

    file: str
    row: int
    text: str
    reason: str


@dataclass
class Reading:
    """What a reader reports beside the rows: those it could not read, and notes.

    Attributes:
        notes: what the reader assumed, as "encoding" → "Windows-1252".
        footer: how many lines are a report's footer.
    """

    file: str
    unread: list[Unread] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    footer: int = 0

    def reject(self, row: int, text: str, reason: str) -> None:
        """Report a row that could not be read."""
        self.unread.append(Unread(self.file, row, text[:LONGEST_SHOWN], reason))


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading, decompressed where its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def numbered(names: Iterable[str | None]) -> list[str]:
    """Return column names that differ from each other also when case is ignored.

    White space around a name is dropped, an empty name becomes ``column_3`` by its place, and a
    name that stands again gets a number: ``Rating``, ``Rating_2``, ``rating_3``.
    """
    given = [" ".join((name or "").split()) for name in names]
    taken = {name.casefold() for name in given if name}
    found: list[str] = []
    used: set[str] = set()
    for place, name in enumerate(given, 1):
        one = name or _free(f"column_{place}", taken | used)
        if one.casefold() in used:
            one = _free(one, taken | used)
        used.add(one.casefold())
        found.append(one)
    return found


def _free(name: str, taken: set[str]) -> str:
    if name.casefold() not in taken:
        return name
    number = 2
    while f"{name}_{number}".casefold() in taken:
        number += 1
    return f"{name}_{number}"


def table_of(rows: list[dict[str, str | None]]) -> pa.Table:
    """Return rows of text as a table; columns in the order in which they first appear."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({n: pa.array([row.get(n) for row in rows], TEXT) for n in names})


def in_parts(
    rows: Iterable[Any], make: Callable[[list[Any]], pa.Table], size: int = ROWS_OF_A_PART
) -> Iterator[pa.Table]:
    """Gather rows and make a table of every ``size`` of them."""
    part: list[Any] = []
    for row in rows:
        part.append(row)
        if len(part) == size:
            yield make(part)
            part = []
    if part:
        yield make(part)


def together(parts: Iterable[pa.Table], size: int = ROWS_OF_A_PART) -> Iterator[pa.Table]:
    """Put small tables that follow each other and have the same columns together."""
    waiting: list[pa.Table] = []
    for part in parts:
        if waiting and (
            part.schema != waiting[0].schema or sum(map(len, waiting)) + len(part) > size
        ):
            yield pa.concat_tables(waiting)
            waiting = []
        waiting.append(part)
    if waiting:
        yield pa.concat_tables(waiting)


def damaged(path: Path, error: BaseException) -> SourceError:
    """Return the error for a file that is cut off or damaged."""
    return SourceError(f"{path} is cut off or damaged: {error}", "fetch the file again")
