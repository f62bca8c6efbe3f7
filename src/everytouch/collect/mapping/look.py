"""A look at a file: its columns and its values, from the whole file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from everytouch.collect.connection import in_time, reading
from everytouch.collect.inputs import opened
from everytouch.collect.mapping.sql import quoted
from everytouch.collect.source import Input, Source
from everytouch.settings import Settings

TABLE = "file"


@dataclass
class Look:
    """A file as a table of text, open for questions.

    Attributes:
        given: how the file was read.
        columns: in the file's order.
        con: a locked connection in which the file is the view ``file``.
    """

    given: Input
    columns: tuple[str, ...]
    con: duckdb.DuckDBPyConnection
    settings: Settings

    @property
    def path(self) -> Path:
        """The file."""
        return self.given.paths[0]

    @cached_property
    def plain(self) -> dict[str, str]:
        """Columns by their names in small letters, trimmed."""
        return {name.strip().casefold(): name for name in self.columns}

    def has(self, *names: str) -> bool:
        """Whether all these columns are there, whatever their case."""
        return all(name.casefold() in self.plain for name in names)

    def named(self, *names: str) -> str:
        """Return the first of these columns that is there, as the file writes it; "" if none."""
        return next((self.plain[n.casefold()] for n in names if n.casefold() in self.plain), "")

    def cell(self, *names: str) -> str:
        """Return SQL of the first of these columns that is there; NULL if none."""
        name = self.named(*names)
        return quoted(name) if name else "NULL::VARCHAR"

    def starting(self, *starts: str) -> tuple[str, ...]:
        """Return the columns whose names begin so, whatever their case."""
        low = tuple(start.casefold() for start in starts)
        return tuple(name for name in self.columns if name.casefold().startswith(low))

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a SELECT over the table ``file``; values are bound to $1, $2 and so on."""
        with reading(f"a look at {self.path.name}"), in_time(self.con, 120):
            found: list[tuple[Any, ...]] = self.con.execute(statement, list(values)).fetchall()
        return found

    def values(self, column: str, most: int = 1_000) -> list[str]:
        """Return the different values of a column that are not empty, the most frequent first."""
        return list(self.counted(column, most))

    def counted(self, column: str, most: int = 1_000) -> dict[str, int]:
        """Return how many rows have each value that is not empty, the most frequent first."""
        cell = f"trim(CAST({quoted(column)} AS VARCHAR))"
        rows = self.sql(
            f"SELECT {cell} AS cell, count(*) FROM {TABLE} WHERE {cell} <> '' GROUP BY cell "
            f"ORDER BY count(*) DESC, cell LIMIT {int(most)}"
        )
        return dict(rows)

    @cached_property
    def nested(self) -> tuple[str, ...]:
        """Columns whose values are JSON objects and arrays, every one of them."""
        if self.given.format != "json" or not self.columns:
            return ()
        wrong = "NOT (regexp_matches({0}, '^\\s*[\\[{{]') AND json_valid({0}))"
        asked = ", ".join(
            f"count({quoted(n)}) > 0 AND NOT coalesce(bool_or({wrong.format(quoted(n))}), false)"
            for n in self.columns
        )
        found = self.sql(f"SELECT {asked} FROM {TABLE}")[0]
        return tuple(name for name, yes in zip(self.columns, found, strict=True) if yes)

    @cached_property
    def size(self) -> int:
        """Rows of the table."""
        return int(self.sql(f"SELECT count(*) FROM {TABLE}")[0][0])

    def first(self, count: int = 5) -> list[tuple[str | None, ...]]:
        """Return the first rows as text."""
        return self.sql(f"SELECT COLUMNS(*)::VARCHAR FROM {TABLE} LIMIT {int(count)}")


@contextmanager
def looking(given: Input, settings: Settings, zone: str = "UTC") -> Iterator[Look]:
    """Open a file for a look.

    Args:
        given: the input; whatever its name, its view is called ``file``.

    Raises:
        SourceError: the file cannot be read.
    """
    named = replace(given, name=TABLE)
    source = Source(TABLE, given.paths[0], zone, None, (named,), ())
    with opened(source, settings) as files:
        columns = tuple(files.con.sql(f"SELECT * FROM {TABLE} LIMIT 0").columns)
        yield Look(named, columns, files.con, settings)
