"""Scheduled source: a table or query of a database, read in the order of a cursor column."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from everytouch.collect.fetch import alchemy, mysql, postgres, sqlite
from everytouch.collect.fetch.base import Batch, Context, Fetcher, Kind, Options
from everytouch.collect.fetch.cursors import earlier, in_future
from everytouch.collect.fetch.query import CHUNK, Chunk, Query
from everytouch.collect.fetch.staging import Row, Staged
from everytouch.collect.fetch.timing import duration
from everytouch.errors import SourceError

_CURSOR, _OPEN = "cursor", "unfinished"
_MOST = 20  # batches that are held where all their rows have one cursor value


class Session(Protocol):
    """A connection to a database that can only read."""

    @property
    def limits(self) -> bool:
        """Whether it understands LIMIT."""

    def quote(self, name: str) -> str:
        """Quote an identifier."""

    def columns(self, query: Query) -> list[str]:
        """Name the columns that a query gives."""

    def rows(self, query: Query, columns: list[str], start: str | None) -> Iterator[Chunk]:
        """Stream the rows from a cursor value on, in its order, each value as exact text.

        The last value of each row is its cursor value.
        """

    def without(self, query: Query, columns: list[str]) -> Iterator[Chunk]:
        """Stream the rows that have no cursor value."""


Connect = Callable[[], AbstractContextManager[Session]]
SYSTEMS: dict[str, Callable[[Options, Context, int], Connect]] = {
    "postgresql": postgres.prepared,
    "mysql": mysql.prepared,
    "sqlite": sqlite.prepared,
    "sqlalchemy": alchemy.prepared,
}


@dataclass(frozen=True)
class Database:
    """Fetches the rows that are new since the last run.

    Attributes:
        relation: a table's name, or a query in brackets.
        cursor: the column that grows with every new or changed row; all rows are read each
            time when it is empty.
        overlap: how far before the last value a run begins, for rows that were committed late.
    """

    connect: Connect
    table: str
    query: str
    cursor: str
    overlap: str
    batch_rows: int
    context: Context

    def batches(self, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Fetch new rows batch by batch; the cursor moves with each batch that was imported."""
        with self.connect() as session:
            query, columns = self._asked(session)
            last = marks.get(_CURSOR)
            start = last
            if last is not None and not marks.get(_OPEN):
                start = earlier(last, self.overlap)
            for path, rows in self._staged(session.rows(query, columns, start), columns, start):
                last = self._reached(rows) or last
                mark = {_CURSOR: last, _OPEN: "1"} if query.cursor and last is not None else {}
                yield Batch((path,), mark)
            if query.cursor:
                for path, _ in self._staged(session.without(query, columns), columns):
                    yield Batch((path,))
        yield Batch(marks={_OPEN: ""})

    def sample(self, rows: int) -> tuple[Path, ...]:
        """Fetch a few rows, in no order: that would sort the whole table."""
        with self.connect() as session:
            query, columns = self._asked(session)
            few = f"(SELECT * FROM {query.relation} q LIMIT {rows})"
            query = Query(few if session.limits else query.relation, "")
            with Staged(self._path, columns, self.context.place) as out:
                for chunk in session.rows(query, columns, None):
                    out.write(row[:-1] for row in chunk[:rows])
                    break
        return (self._path,)

    @property
    def _path(self) -> Path:
        return self.context.staging / "rows.parquet"

    def _asked(self, session: Session) -> tuple[Query, list[str]]:
        """Return the query with quoted names, and its columns."""
        relation = f"(\n{self.query}\n)"
        if self.table:
            relation = ".".join(session.quote(part) for part in self.table.split("."))
        query = Query(relation, session.quote(self.cursor) if self.cursor else "")
        columns = session.columns(query)
        if self.cursor and self.cursor not in columns:
            raise SourceError(
                f"{self.context.place}: no column {self.cursor} for the cursor",
                f"use one of: {', '.join(columns)}",
            )
        return query, columns

    def _staged(
        self, chunks: Iterator[Chunk], columns: list[str], start: str | None = None
    ) -> Iterator[tuple[Path, list[Row]]]:
        """Collect chunks to batches; each batch is one file, gone when the next is fetched."""
        held: list[Row] = []
        for chunk in chunks:
            held += chunk
            while cut := self._cut(held, start):
                yield self._written(held[:cut], columns), held[:cut]
                held = held[cut:]
        if held:
            yield self._written(held, columns), held
        self._path.unlink(missing_ok=True)

    def _cut(self, held: list[Row], start: str | None) -> int:
        """Return where a batch ends; 0 where more rows are needed.

        It ends where the cursor changes, and beyond the value it began at: however often a run
        is cut off after its first batch, the next one comes further.
        """
        if len(held) >= (_MOST if self.cursor else 1) * self.batch_rows:
            return self.batch_rows
        for end in range(self.batch_rows, len(held)):
            if held[end][-1] != held[end - 1][-1] != start:
                return end
        return 0

    def _written(self, rows: list[Row], columns: list[str]) -> Path:
        with Staged(self._path, columns, self.context.place) as out:
            out.write(row[:-1] for row in rows)
        return self._path

    def _reached(self, rows: list[Row]) -> str | None:
        """Return the last cursor value of a batch that is not in the future."""
        now = datetime.datetime.now(datetime.UTC)
        for row in reversed(rows):
            if row[-1] is not None and not in_future(row[-1], now):
                return row[-1]
        return None


def _open(options: Options, context: Context) -> Fetcher:
    system = options.choice("system", tuple(SYSTEMS))
    seconds = duration(options.text("timeout", "10m"), options.place).total_seconds()
    table, query = options.text("table", ""), options.text("query", "")
    if bool(table) == bool(query):
        raise SourceError(
            f"{options.place}: give either a table or a query", 'add table = "orders"'
        )
    return Database(
        SYSTEMS[system](options, context, min(int(seconds), context.patience)),
        table,
        query.strip().rstrip(";"),
        options.text("cursor", ""),
        options.text("overlap", ""),
        options.number("batch_rows", 10 * CHUNK, high=1_000_000),
        context,
    )


def _server(options: Mapping[str, Any]) -> str:
    if options.get("url"):
        return str(options["url"])
    port = options.get("port", "")
    return f"{options.get('system', '')}://{options.get('host', '')}:{port}"


KIND = Kind("database", ("password",), _server, _open)
