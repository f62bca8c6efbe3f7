"""Reading PostgreSQL: values as the server writes them, in one read-only snapshot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from everytouch.collect.fetch.base import Context, Options, driver
from everytouch.collect.fetch.query import CHUNK, Chunk, Query
from everytouch.errors import SourceError

TLS = {"prefer": "prefer", "require": "require", "verify": "verify-full", "off": "disable"}
_ALL = 2**62  # a limit that is always bound: with parameters, only one statement can be sent


@dataclass(frozen=True)
class _Session:
    """One connection, in a read-only transaction."""

    con: Any

    @property
    def limits(self) -> bool:
        """Whether it understands LIMIT."""
        return True

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return '"' + name.replace('"', '""') + '"'

    def columns(self, query: Query) -> list[str]:
        """Name the columns that a query gives."""
        sql = f"{_escaped(query.everything)} LIMIT %s"
        return [column.name for column in self.con.execute(sql, [0]).description]

    def rows(self, query: Query, columns: list[str], start: str | None) -> Iterator[Chunk]:
        """Stream the rows from a cursor value on."""
        token = f"q.{query.cursor}::text" if query.cursor else "NULL"
        plain = Query(_escaped(query.relation), _escaped(query.cursor))
        sql = plain.rows(self._texts(columns), _escaped(token), None if start is None else "%s")
        return self._stream(sql, [] if start is None else [start])

    def without(self, query: Query, columns: list[str]) -> Iterator[Chunk]:
        """Stream the rows that have no cursor value."""
        plain = Query(_escaped(query.relation), _escaped(query.cursor))
        return self._stream(plain.without(self._texts(columns)), [])

    def _texts(self, columns: list[str]) -> list[str]:
        return [f"q.{_escaped(self.quote(name))}::text" for name in columns]

    def _stream(self, sql: str, values: list[str]) -> Iterator[Chunk]:
        with self.con.cursor(name="everytouch") as cursor:
            cursor.execute(f"{sql} LIMIT %s", [*values, _ALL])
            while chunk := cursor.fetchmany(CHUNK):
                yield chunk


def _escaped(sql: str) -> str:
    return sql.replace("%", "%%")


def prepared(options: Options, context: Context, seconds: int) -> Callable[[], Any]:
    """Take the options of a PostgreSQL server; return what connects to it."""
    host, port = options.text("host"), options.number("port", 5432, high=65_535)
    database, user = options.text("database"), options.text("user")
    server = f"postgresql://{host}:{port}"
    reference, tls = options.text("password", ""), options.choice("tls", tuple(TLS), "prefer")

    @contextmanager
    def connect() -> Iterator[_Session]:
        psycopg = driver("psycopg", "postgres")
        given = {
            "host": host,
            "hostaddr": context.limits.addresses(host, port, context.place)[0],
            "port": port,
            "dbname": database,
            "user": user,
            "password": context.credential("password", reference, server),
        }
        yield from _connected(psycopg, given, tls, seconds, context)

    return connect


def _connected(
    psycopg: Any, given: dict[str, Any], tls: str, seconds: int, context: Context
) -> Iterator[_Session]:
    session = f"-c statement_timeout={seconds}s -c timezone=UTC -c datestyle=ISO,YMD"
    session += " -c idle_in_transaction_session_timeout=0"  # an import may take its time
    more = {
        "sslmode": TLS[tls],
        "passfile": "/dev/null/none",  # credentials come from the source alone
        "connect_timeout": 10,
        "application_name": "everytouch",
        "options": f"{session} -c intervalstyle=iso_8601 -c default_transaction_read_only=on",
    }
    try:
        with psycopg.connect(**given, **more) as con:
            con.read_only = True
            con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield _Session(con)
    except psycopg.errors.QueryCanceled:
        raise SourceError(
            f"{context.place}: the query took longer than {seconds} s",
            "add an index on the cursor column, or raise timeout",
        ) from None
    except psycopg.Error as error:
        raise SourceError(
            f"{context.place}: PostgreSQL says: {' '.join(str(error).split())}",
            "check the connection, and the table or query",
        ) from None
