"""Reading MySQL and MariaDB: values as the server writes them, in one read-only snapshot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from everytouch.collect.fetch.base import Context, Options, driver
from everytouch.collect.fetch.query import CHUNK, Chunk, Query, as_text
from everytouch.errors import SourceError
from everytouch.later import Later

if TYPE_CHECKING:
    import ssl
else:
    ssl = Later("ssl")

TLS = ("prefer", "require", "verify", "off")
# Type codes of the protocol.
_TIMESTAMP, _FLOAT, _NUMBERS = 7, 4, {0, 1, 2, 3, 4, 5, 8, 9, 13, 246}


@dataclass(frozen=True)
class _Session:
    """One connection, in a read-only transaction whose time zone is UTC."""

    con: Any
    streaming: Any

    @property
    def limits(self) -> bool:
        """Whether it understands LIMIT."""
        return True

    def quote(self, name: str) -> str:
        """Quote an identifier."""
        return "`" + name.replace("`", "``") + "`"

    def columns(self, query: Query) -> list[str]:
        """Name the columns that a query gives."""
        return list(self._types(query))

    def rows(self, query: Query, columns: list[str], start: str | None) -> Iterator[Chunk]:
        """Stream the rows from a cursor value on."""
        types = self._types(query)
        token = f"q.{query.cursor}" if query.cursor else "NULL"
        sql = _escaped(query).rows(
            self._selected(columns, types),
            token.replace("%", "%%"),
            None if start is None else "%s",
        )
        # A number compared with a text is compared as a float.
        number = types.get(query.cursor[1:-1].replace("``", "`")) in _NUMBERS
        values = [] if start is None else [Decimal(start) if number else start]
        return self._stream(sql, values, [types[name] for name in columns])

    def without(self, query: Query, columns: list[str]) -> Iterator[Chunk]:
        """Stream the rows that have no cursor value."""
        types = self._types(query)
        sql = _escaped(query).without(self._selected(columns, types))
        return self._stream(sql, [], [types[name] for name in columns])

    def _types(self, query: Query) -> dict[str, int]:
        with self.con.cursor() as cursor:
            cursor.execute(query.everything)
            return {column[0]: column[1] for column in cursor.description}

    def _selected(self, columns: list[str], types: dict[str, int]) -> list[str]:
        """A FLOAT is shown with six digits; as a DOUBLE it has all of them."""
        named = [(f"q.{self.quote(name).replace('%', '%%')}", types[name]) for name in columns]
        return [f"{name} + 0e0" if kind == _FLOAT else name for name, kind in named]

    def _stream(self, sql: str, values: list[Any], types: list[int]) -> Iterator[Chunk]:
        zoned = [kind == _TIMESTAMP for kind in types]
        with self.con.cursor(self.streaming) as cursor:
            cursor.execute(sql, values)
            while found := cursor.fetchmany(CHUNK):
                yield [_row(row, zoned) for row in found]


def _escaped(query: Query) -> Query:
    return Query(query.relation.replace("%", "%%"), query.cursor.replace("%", "%%"))


def _row(row: tuple[Any, ...], zoned: list[bool]) -> list[str | None]:
    """Return a row as text; a TIMESTAMP is a time in UTC and says so."""
    values = [as_text(value) for value in row]
    for number, zone in enumerate(zoned):
        if zone and values[number]:
            values[number] = f"{values[number]}+00:00"
    return values


def prepared(options: Options, context: Context, seconds: int) -> Callable[[], Any]:
    """Take the options of a MySQL server; return what connects to it."""
    host, port = options.text("host"), options.number("port", 3306, high=65_535)
    database, user = options.text("database"), options.text("user")
    server = f"mysql://{host}:{port}"
    reference, tls = options.text("password", ""), options.choice("tls", TLS, "prefer")

    @contextmanager
    def connect() -> Iterator[_Session]:
        pymysql = driver("pymysql", "mysql")
        con = pymysql.connect(
            host=host,
            port=port,
            user=user,
            password=context.credential("password", reference, server),
            database=database,
            charset="utf8mb4",
            conv=dict(pymysql.converters.encoders),  # no decoders: text as the server sends it
            defer_connect=True,
            read_timeout=seconds,
            **_encryption(tls),
        )
        try:
            con.connect(context.limits.connect(host, port, context.place))
            with con:
                _read_only(con, seconds)
                yield _Session(con, pymysql.cursors.SSCursor)
        except pymysql.MySQLError as error:
            raise _said(error, seconds, context) from None

    return connect


def _encryption(tls: str) -> dict[str, Any]:
    if tls == "off":
        return {"ssl_disabled": True}
    if tls == "prefer":
        return {}
    trusted = ssl.create_default_context()
    if tls == "require":
        trusted.check_hostname, trusted.verify_mode = False, ssl.CERT_NONE
    return {"ssl": trusted}


def _read_only(con: Any, seconds: int) -> None:
    mariadb = "mariadb" in con.get_server_info().lower()
    limit = f"max_statement_time = {seconds}" if mariadb else f"max_execution_time = {seconds}000"
    with con.cursor() as cursor:
        cursor.execute(f"SET SESSION time_zone = '+00:00', {limit}")
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def _said(error: Any, seconds: int, context: Context) -> SourceError:
    code, text = (*error.args, "", "")[:2]
    if code in (1969, 3024):
        return SourceError(
            f"{context.place}: the query took longer than {seconds} s",
            "add an index on the cursor column, or raise timeout",
        )
    return SourceError(
        f"{context.place}: MySQL says: {text or error} ({code})",
        "check the connection, and the table or query",
    )
