"""Reading an SQLite file, which is opened for reading only."""

import sqlite3
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from everytouch.collect.fetch.base import Context, Options
from everytouch.collect.fetch.cursors import typed
from everytouch.collect.fetch.query import CHUNK, Chunk, Query, as_text
from everytouch.errors import SourceError

_STEPS = 100_000  # of SQLite's machine, after which the time is looked at


@dataclass(frozen=True)
class _Session:
    """One connection, in one transaction."""

    con: sqlite3.Connection

    @property
    def limits(self) -> bool:
        """Whether it understands LIMIT."""
        return True

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return '"' + name.replace('"', '""') + '"'

    def columns(self, query: Query) -> list[str]:
        """Name the columns that a query gives."""
        return [column[0] for column in self.con.execute(query.everything).description]

    def rows(self, query: Query, columns: list[str], start: str | None) -> Iterator[Chunk]:
        """Stream the rows from a cursor value on; its type is part of the token."""
        cursor = f"q.{query.cursor}"
        # Seventeen digits hold every float; SQLite itself would write fifteen.
        text = (
            f"CASE typeof({cursor}) WHEN 'real' THEN printf('%!.17g', {cursor}) ELSE {cursor} END"
        )
        token = f"typeof({cursor}) || ':' || {text}" if query.cursor else "NULL"
        sql = query.rows(self._selected(columns), token, None if start is None else "?")
        return self._stream(sql, [] if start is None else [_value(start)])

    def without(self, query: Query, columns: list[str]) -> Iterator[Chunk]:
        """Stream the rows that have no cursor value."""
        return self._stream(query.without(self._selected(columns)), [])

    def _selected(self, columns: list[str]) -> list[str]:
        return [f"q.{self.quote(name)}" for name in columns]

    def _stream(self, sql: str, values: list[Any]) -> Iterator[Chunk]:
        with closing(self.con.execute(sql, values)) as cursor:
            while found := cursor.fetchmany(CHUNK):
                yield [[as_text(value) for value in row] for row in found]


def _value(token: str) -> int | float | str:
    kind, text = typed(token)
    if kind == "integer":
        return int(text)
    return float(text) if kind == "real" else text


def prepared(options: Options, context: Context, seconds: int) -> Callable[[], Any]:
    """Take the path of an SQLite file; return what opens it."""
    given = options.text("path")

    @contextmanager
    def connect() -> Iterator[_Session]:
        path = context.limits.path(given, context.place)
        until = time.monotonic() + seconds
        address = f"file:{urllib.parse.quote(str(path))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=30)) as con:
                con.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
                con.execute("PRAGMA query_only = ON")
                con.execute("BEGIN")
                yield _Session(con)
        except sqlite3.Error as error:
            raise SourceError(
                f"{context.place}: SQLite says of {path.name}: {error}",
                f"check the file, and the table or query; it may take {seconds} s",
            ) from None

    return connect
