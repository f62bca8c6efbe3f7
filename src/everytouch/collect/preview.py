"""Looking into a file before it is mapped: its columns, and the first rows."""

from dataclasses import dataclass

from everytouch.collect.connection import reading
from everytouch.collect.inputs import opened
from everytouch.collect.source import Input, Source
from everytouch.settings import Settings

LONGEST_SHOWN = 200


@dataclass(frozen=True)
class Preview:
    """Columns of a file, and the first rows as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def preview(given: Input, settings: Settings, limit: int = 8) -> Preview:
    """Return the first rows of an input.

    Raises:
        SourceError: the file cannot be read.
    """
    source = Source("preview", given.paths[0], "UTC", None, (given,), ())
    with opened(source, settings, limit) as files, reading(f"input {given.paths[0].name}"):
        found = files.con.sql("SELECT COLUMNS(*)::VARCHAR FROM query_table($1) LIMIT $2",
                              params=[given.name, limit])  # fmt: skip
        rows = tuple(tuple(_text(value) for value in row) for row in found.fetchall())
        return Preview(tuple(found.columns), rows)


def _text(value: str | None) -> str:
    return "" if value is None else value[:LONGEST_SHOWN]
