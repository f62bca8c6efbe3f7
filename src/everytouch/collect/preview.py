"""Looking into a file before it is mapped: its columns, and the first rows."""

from dataclasses import dataclass
from typing import Any

from everytouch.collect.inputs import opened, reading
from everytouch.collect.source import Input, Source
from everytouch.settings import Settings


@dataclass(frozen=True)
class Preview:
    """Columns of a file, and the first rows as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def preview(given: Input, settings: Settings, limit: int = 8) -> Preview:
    """The first rows of an input.

    Raises:
        SourceError: the file cannot be read.
    """
    source = Source("preview", given.paths[0], "UTC", None, (given,), ())
    with opened(source, settings) as con, reading(f"input {given.paths[0].name}", given.encoding):
        found = con.sql(f'SELECT * FROM "{given.name}" LIMIT {int(limit)}')
        rows = tuple(tuple(_text(value) for value in row) for row in found.fetchall())
        return Preview(tuple(found.columns), rows)


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:200]
