"""Reading other databases through SQLAlchemy and the driver that is installed for them."""

import datetime
import decimal
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from everytouch.collect.fetch.base import Context, Options, driver
from everytouch.collect.fetch.cursors import typed
from everytouch.collect.fetch.query import CHUNK, Chunk, Query, as_text
from everytouch.collect.fetch.staging import Row
from everytouch.errors import SourceError

_HARMLESS = {"driver", "charset", "encrypt", "trustservercertificate", "service_name"}
"""Parameters of an address that do not lead elsewhere."""


@dataclass(frozen=True)
class _Session:
    """One connection, whose transaction is rolled back."""

    con: Any
    text: Callable[[str], Any]

    @property
    def limits(self) -> bool:
        """Whether it understands LIMIT."""
        return False

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return str(self.con.dialect.identifier_preparer.quote_identifier(name))

    def columns(self, query: Query) -> list[str]:
        """Name the columns that a query gives."""
        return list(self.con.execute(self.text(_escaped(query).everything)).keys())

    def rows(self, query: Query, columns: list[str], start: str | None) -> Iterator[Chunk]:
        """Stream the rows from a cursor value on; its type is part of the token."""
        plain = _escaped(query)
        token = f"q.{plain.cursor}" if plain.cursor else "NULL"
        sql = plain.rows(self._selected(columns), token, None if start is None else ":start")
        return self._stream(sql, {} if start is None else {"start": _value(start)})

    def without(self, query: Query, columns: list[str]) -> Iterator[Chunk]:
        """Stream the rows that have no cursor value."""
        return self._stream(_escaped(query).without(self._selected(columns)), {})

    def _selected(self, columns: list[str]) -> list[str]:
        return [f"q.{self.quote(name)}".replace(":", r"\:") for name in columns]

    def _stream(self, sql: str, values: dict[str, Any]) -> Iterator[Chunk]:
        streaming = self.con.execution_options(stream_results=True, yield_per=CHUNK)
        with streaming.execute(self.text(sql), values) as found:
            for part in found.partitions(CHUNK):
                yield [_row(row) for row in part]


def _escaped(query: Query) -> Query:
    return Query(query.relation.replace(":", r"\:"), query.cursor.replace(":", r"\:"))


def _row(row: Any) -> Row:
    *values, last = row
    return [*map(as_text, values), _token(last)]


def _token(value: Any) -> str | None:
    if value is None:
        return None
    kinds = {"integer": int, "real": float | decimal.Decimal, "time": datetime.date}
    kind = next((name for name, wanted in kinds.items() if isinstance(value, wanted)), "text")
    return f"{kind}:{as_text(value)}"


def _value(token: str) -> Any:
    kind, text = typed(token)
    if kind == "time":
        read = datetime.date if len(text) == 10 else datetime.datetime
        return read.fromisoformat(text)
    return {"integer": int, "real": decimal.Decimal}.get(kind, str)(text)


def prepared(options: Options, context: Context, seconds: int) -> Callable[[], Any]:
    """Take an SQLAlchemy address without a password; return what connects to it."""
    url, reference = options.text("url"), options.text("password", "")
    if urllib.parse.urlsplit(url).password is not None:
        raise SourceError(
            f"{context.place}: the address holds a password", "take it out and give it as password"
        )

    @contextmanager
    def connect() -> Iterator[_Session]:
        alchemy = driver("sqlalchemy", "sqlalchemy")
        try:
            address = _checked(alchemy, url, context)
            secret = context.credential("password", reference, url)
            engine = alchemy.create_engine(
                address.set(password=secret or None), hide_parameters=True
            )
            try:
                with engine.connect() as con:
                    yield _Session(con, alchemy.text)
            finally:
                engine.dispose()
        except (alchemy.exc.SQLAlchemyError, ImportError) as error:
            raise SourceError(
                f"{context.place}: {' '.join(str(error).split())}",
                f"check address, driver, and the table or query; it may take {seconds} s",
            ) from None

    return connect


def _checked(alchemy: Any, url: str, context: Context) -> Any:
    """Refuse addresses without a host, or with parameters that lead elsewhere."""
    address = alchemy.make_url(url)
    more = {name.lower() for name in address.query} - _HARMLESS
    if not address.host or more:
        raise SourceError(
            f"{context.place}: {address} {'has unknown parameters' if more else 'names no host'}",
            f"give dialect+driver://user@host/name, with no parameters but {', '.join(_HARMLESS)}",
        )
    context.limits.addresses(address.host, address.port or 1, context.place)
    return address
