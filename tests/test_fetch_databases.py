"""Databases that scheduled sources read: every value exact, every row once, nothing written."""

import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pymysql
import pytest

from everytouch.collect.fetch import definition as definitions
from everytouch.collect.fetch.base import Context
from everytouch.collect.fetch.credentials import Vault
from everytouch.collect.fetch.guard import Limits
from everytouch.errors import SourceError
from tests.databases import mariadb, postgresql

PASSWORD = "readers' secret %s"


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """Port of a PostgreSQL with a reader who needs a password."""
    with postgresql() as url:
        with psycopg.connect(url, autocommit=True) as con:
            con.execute(psycopg.sql.SQL("CREATE ROLE reader LOGIN PASSWORD {}").format(PASSWORD))
            con.execute("GRANT CREATE, USAGE ON SCHEMA public TO reader")
            con.execute("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO reader")
        yield url


@pytest.fixture(scope="module")
def mysql() -> Iterator[tuple[str, int]]:
    with mariadb() as (socket, port):
        with my(socket) as cursor:
            cursor.execute("CREATE DATABASE shop")
            cursor.execute("CREATE USER reader@'127.0.0.1' IDENTIFIED BY %s", [PASSWORD])
            cursor.execute("GRANT ALL ON shop.* TO reader@'127.0.0.1'")
        yield socket, port


@contextmanager
def my(socket: str, database: str | None = None):
    con = pymysql.connect(unix_socket=socket, user="root", database=database, autocommit=True)
    with closing(con), con.cursor() as cursor:
        yield cursor


class Reader:
    """Reads a source again and again, as the runner does, and remembers its marks."""

    def __init__(self, folder: Path, options: str, **limits: list[str]) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        text = f'[schedule]\nevery = "1h"\n[inputs.v.database]\n{options}'
        self.definition = definitions.parse_definition(text, folder / "shop.toml")
        known = Vault(folder)
        known.store("shop", "password", PASSWORD, self.definition.server)
        allowed = {"private_hosts": ["127.0.0.1"], "folders": [str(folder)], **limits}
        self.context = Context("shop", Limits(**allowed, workspace=folder), known, folder)
        self.marks: dict[str, str] = {}

    def read(self, batches: int = 1_000_000) -> list[dict[str, str | None]]:
        """All rows of a run that ends, or is cut off, after so many batches."""
        rows = []
        for number, batch in enumerate(self.definition.fetcher(self.context).batches(self.marks)):
            if number == batches:
                break
            for path in batch.paths:
                rows += pq.read_table(path).to_pylist()
            self.marks.update(batch.marks)
        return rows


def pg(folder: Path, url: str, more: str) -> Reader:
    port = url.rpartition(":")[2].partition("/")[0]
    return Reader(
        folder,
        f'system = "postgresql"\nhost = "127.0.0.1"\nport = {port}\ndatabase = "postgres"\n'
        f'user = "reader"\npassword = "stored"\n{more}',
    )


def maria(folder: Path, port: int, more: str) -> Reader:
    return Reader(
        folder,
        f'system = "mysql"\nhost = "127.0.0.1"\nport = {port}\ndatabase = "shop"\n'
        f'user = "reader"\npassword = "stored"\n{more}',
    )


def lite(folder: Path, more: str) -> Reader:
    return Reader(folder, f'system = "sqlite"\npath = "{folder / "shop.db"}"\n{more}')


# Exact values


def test_postgresql_gives_values_as_they_are(postgres, tmp_path):
    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute("SET TimeZone = 'Asia/Kathmandu'")
        con.execute(
            """CREATE TABLE exact AS SELECT 9223372036854775807::bigint AS big,
            0.000000000000000000001::numeric AS small, 12345678901234567890.10::numeric AS wide,
            0.1::float4 AS f4, 0.1::float8 + 0.2::float8 AS f8, 'NaN'::numeric AS nan,
            '2025-03-30 02:30:00.123456+05:45'::timestamptz AS zoned,
            '2025-03-30 02:30:00'::timestamp AS naive, '2025-01-02'::date AS day,
            '{"n": 1.10, "b": 12345678901234567890}'::json AS doc, ARRAY['a,b', NULL] AS list,
            true AS yes, '\\xdead'::bytea AS bytes, '1 day 02:00'::interval AS span,
            E'a\\nb "quoted" 100%'::text AS words, NULL::text AS nothing,
            '007'::text AS "Odd % Name"
            """
        )
    (row,) = pg(tmp_path, postgres, 'table = "exact"').read()
    assert row == {
        "big": "9223372036854775807", "small": "0.000000000000000000001",
        "wide": "12345678901234567890.10", "f4": "0.1", "f8": "0.30000000000000004", "nan": "NaN",
        "zoned": "2025-03-29 20:45:00.123456+00", "naive": "2025-03-30 02:30:00",
        "day": "2025-01-02", "doc": '{"n": 1.10, "b": 12345678901234567890}',
        "list": '{"a,b",NULL}', "yes": "true", "bytes": "\\xdead", "span": "P1DT2H",
        "words": 'a\nb "quoted" 100%', "nothing": None, "Odd % Name": "007",
    }  # fmt: skip


def test_mariadb_gives_values_as_they_are(mysql, tmp_path):
    socket, port = mysql
    with my(socket, "shop") as cursor:
        cursor.execute("SET time_zone = '+05:45'")
        cursor.execute(
            """CREATE TABLE exact (big BIGINT UNSIGNED, wide DECIMAL(30,10), f4 FLOAT, f8 DOUBLE,
            zoned TIMESTAMP(6) NULL, naive DATETIME(3), day DATE, doc JSON, yes BOOLEAN,
            bytes VARBINARY(9), words TEXT, nothing TEXT, `Odd % ``Name` CHAR(3), span TIME)"""
        )
        cursor.execute(
            """INSERT INTO exact VALUES (18446744073709551615, 12345678901234567890.1, 16777215,
            0.1e0 + 0.2e0, '2025-03-30 02:30:00.123456', '2025-03-30 02:30:00.5', '2025-01-02',
            '{"n": 1.10}', true, x'dead', 'ä "q" 100%', NULL, '007', '26:00:00')"""
        )
    (row,) = maria(tmp_path, port, 'table = "exact"').read()
    assert row == {
        "big": "18446744073709551615", "wide": "12345678901234567890.1000000000",
        "f4": "16777215", "f8": "0.30000000000000004",
        "zoned": "2025-03-29 20:45:00.123456+00:00", "naive": "2025-03-30 02:30:00.500",
        "day": "2025-01-02", "doc": '{"n": 1.10}', "yes": "1", "bytes": "\\xdead",
        "words": 'ä "q" 100%', "nothing": None, "Odd % `Name": "007", "span": "26:00:00",
    }  # fmt: skip


def test_sqlite_gives_values_as_they_are(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as con, con:
        con.execute("CREATE TABLE exact (big, f8, words, bytes, none, 'Odd \"Name' TEXT)")
        values = [2**63 - 1, 0.1 + 0.2, 'ä "q"', b"\xde\xad", None, "007"]
        con.execute("INSERT INTO exact VALUES (?, ?, ?, ?, ?, ?)", values)
    (row,) = lite(tmp_path, 'table = "exact"').read()
    assert row == {
        "big": "9223372036854775807", "f8": "0.30000000000000004", "words": 'ä "q"',
        "bytes": "\\xdead", "none": None, 'Odd "Name': "007",
    }  # fmt: skip


def test_sqlalchemy_gives_values_as_they_are(postgres, tmp_path):
    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute(
            """CREATE TABLE generic AS SELECT 9223372036854775807::bigint AS big,
            0.10::numeric AS money, 0.1::float8 + 0.2::float8 AS f8,
            '2025-03-30 02:30:00+00'::timestamptz AS zoned, '{"n": 1}'::jsonb AS doc,
            true AS yes, '12:30 :x'::text AS "a:b", NULL::text AS nothing"""
        )
    reader = generic(tmp_path, postgres, "query = \"SELECT * FROM generic WHERE '1:x' <> ':y'\"")
    (row,) = reader.read()
    assert row == {
        "big": "9223372036854775807", "money": "0.10", "f8": "0.30000000000000004",
        "zoned": "2025-03-30 02:30:00+00:00", "doc": '{"n": 1}', "yes": "true",
        "a:b": "12:30 :x", "nothing": None,
    }  # fmt: skip


def generic(folder: Path, url: str, more: str) -> Reader:
    rest = url.partition("@")[2]
    return Reader(
        folder,
        f'system = "sqlalchemy"\nurl = "postgresql+psycopg://reader@{rest}"\n'
        f'password = "stored"\n{more}',
    )


# Only new rows, and no row is lost


@pytest.fixture(params=["postgresql", "mysql", "sqlite", "sqlalchemy"])
def visits(request, tmp_path):
    """A table with a cursor of numbers: what adds rows to it, and what reads it."""
    more = 'table = "visits"\ncursor = "n"\nbatch_rows = 3\noverlap = "0"'
    if request.param == "sqlite":

        def add(rows):
            with closing(sqlite3.connect(tmp_path / "shop.db")) as con, con:
                con.execute("CREATE TABLE IF NOT EXISTS visits (id TEXT, n INTEGER)")
                con.executemany("INSERT INTO visits VALUES (?, ?)", rows)

        return add, lite(tmp_path, more)
    if request.param == "mysql":
        socket, port = request.getfixturevalue("mysql")

        def add(rows):
            with my(socket, "shop") as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS visits (id TEXT, n BIGINT)")
                cursor.executemany("INSERT INTO visits VALUES (%s, %s)", rows)

        with my(socket, "shop") as cursor:
            cursor.execute("DROP TABLE IF EXISTS visits")
        return add, maria(tmp_path, port, more)
    url = request.getfixturevalue("postgres")

    def add(rows):
        with psycopg.connect(url, autocommit=True) as con:
            con.execute("CREATE TABLE IF NOT EXISTS visits (id TEXT, n BIGINT)")
            con.cursor().executemany("INSERT INTO visits VALUES (%s, %s)", rows)

    with psycopg.connect(url, autocommit=True) as con:
        con.execute("DROP TABLE IF EXISTS visits")
    make = pg if request.param == "postgresql" else generic
    return add, make(tmp_path, url, more)


BIG = 2**53  # beyond it, floats skip numbers


def test_only_new_rows_are_read_and_ties_are_not_lost(visits):
    add, reader = visits
    add([(f"a{n}", BIG + n // 4) for n in range(10)])
    assert sorted(row["id"] for row in reader.read()) == [f"a{n}" for n in range(10)]
    add([("tie", BIG + 2), ("new", BIG + 3)])
    found = {row["id"] for row in reader.read()}
    assert found == {"a8", "a9", "tie", "new"}  # the boundary is read again, nothing before it


def test_a_run_that_is_cut_off_goes_on_and_loses_nothing(visits):
    add, reader = visits
    add([(f"a{n}", BIG + n // 4) for n in range(40)])
    found: set[str | None] = set()
    for _ in range(10):  # each run comes further, though more rows than a batch share a value
        found |= {row["id"] for row in reader.read(batches=1)}
    assert found == {f"a{n}" for n in range(40)}


def test_rows_without_a_cursor_value_are_read_each_time(visits):
    add, reader = visits
    add([("a", 1), ("none", None)])
    assert {row["id"] for row in reader.read()} == {"a", "none"}
    add([("b", 2)])
    assert {row["id"] for row in reader.read()} == {"a", "b", "none"}


def test_rows_that_were_committed_late_are_in_the_overlap(postgres, tmp_path):
    reader = pg(tmp_path, postgres, 'table = "late"\ncursor = "changed"')
    now = datetime.datetime.now(datetime.UTC)
    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute("CREATE TABLE late (id text, changed timestamptz)")
        con.execute("INSERT INTO late VALUES ('a', %s)", [now])
        assert [row["id"] for row in reader.read()] == ["a"]
        con.execute("INSERT INTO late VALUES ('b', %s)", [now - datetime.timedelta(minutes=4)])
        old = now - datetime.timedelta(minutes=9)
        con.execute("INSERT INTO late VALUES ('c', %s)", [old])
    assert [row["id"] for row in reader.read()] == ["b", "a"]


def test_one_row_from_the_future_does_not_hide_all_that_come(postgres, tmp_path):
    reader = pg(tmp_path, postgres, 'table = "future"\ncursor = "changed"\nbatch_rows = 2')
    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute("CREATE TABLE future (id text, changed timestamptz)")
        con.execute("INSERT INTO future VALUES ('a', now()), ('x', '9999-12-31'), ('y','infinity')")
        assert {row["id"] for row in reader.read()} == {"a", "x", "y"}
        con.execute("INSERT INTO future VALUES ('b', now())")
        assert "b" in {row["id"] for row in reader.read()}


def test_a_query_with_percent_signs_colons_and_a_comment(postgres, mysql, tmp_path):
    query = "SELECT '100% %s :x' AS words, 1 AS n -- a comment"
    more = f'query = "{query}"\ncursor = "n"'
    readers = [
        pg(tmp_path / "p", postgres, more),
        maria(tmp_path / "m", mysql[1], more),
        generic(tmp_path / "g", postgres, more),
    ]
    for reader in readers:
        assert [row["words"] for row in reader.read()] == ["100% %s :x"]
        assert [row["words"] for row in reader.read()] == ["100% %s :x"]


def test_a_query_that_gives_one_name_twice_is_refused(postgres, tmp_path):
    with pytest.raises(SourceError, match="several columns are named"):
        pg(tmp_path, postgres, 'query = "SELECT 1 AS a, 2 AS \\"A\\""').read()


def test_a_sample_is_a_few_rows_in_no_order(postgres, mysql, tmp_path):
    query = "SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3"
    more = f'query = "{query}"\ncursor = "n"'
    (tmp_path / "l").mkdir()
    sqlite3.connect(tmp_path / "l" / "shop.db").close()
    (tmp_path / "l" / "shop.db").touch()
    readers = [
        pg(tmp_path / "p", postgres, more),
        maria(tmp_path / "m", mysql[1], more),
        generic(tmp_path / "g", postgres, more),
        lite(tmp_path / "l", more),
    ]
    for reader in readers:
        (path,) = reader.definition.fetcher(reader.context).sample(2)
        rows = pq.read_table(path).to_pylist()
        assert len(rows) == 2
        assert {row["n"] for row in rows} < {"1", "2", "3"}


# Reading only


def test_nothing_can_be_written(postgres, mysql, tmp_path):
    with psycopg.connect(postgres, autocommit=True) as con:
        con.execute("CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)")
        con.execute(
            "CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM kept; SELECT 1'"
        )
    hostile = ("SELECT wipe() AS a", "SELECT 1 AS a) q; DELETE FROM kept; --")
    for query in (*hostile, "WITH gone AS (DELETE FROM kept RETURNING a) SELECT * FROM gone"):
        with pytest.raises(SourceError):
            pg(tmp_path / "p", postgres, f'query = "{query}"').read()
    with psycopg.connect(postgres) as con:
        assert con.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    socket, port = mysql
    with my(socket, "shop") as cursor:
        cursor.execute("CREATE TABLE kept (a INT)")
        cursor.execute("INSERT INTO kept VALUES (1)")
        cursor.execute("CREATE FUNCTION wipe() RETURNS INT BEGIN DELETE FROM kept; RETURN 1; END")
    for query in hostile:
        with pytest.raises(SourceError):
            maria(tmp_path / "m", port, f'query = "{query}"').read()
    with my(socket, "shop") as cursor:
        cursor.execute("SELECT count(*) FROM kept")
        assert cursor.fetchone() == (1,)


def test_sqlite_is_not_written_and_lies_where_it_may(tmp_path):
    outside = tmp_path / "outside.db"
    with closing(sqlite3.connect(outside)) as con, con:
        con.execute("CREATE TABLE t (a)")
    folder = tmp_path / "w"
    reader = Reader(folder, f'system = "sqlite"\npath = "{outside}"\ntable = "t"')
    with pytest.raises(SourceError, match="outside the folders"):
        reader.read()
    with pytest.raises(SourceError, match="SQLite says"):
        lite(folder, 'table = "t"').read()  # there is no such file, and none is made
    assert not (folder / "shop.db").exists()


def test_a_query_that_takes_too_long_is_ended(postgres, mysql, tmp_path):
    slow = {
        pg(tmp_path / "p", postgres, 'query = "SELECT pg_sleep(60)"\ntimeout = "1s"'),
        maria(tmp_path / "m", mysql[1], 'query = "SELECT sleep(60) AS a"\ntimeout = "1s"'),
    }
    for reader in slow:
        with pytest.raises(SourceError, match=r"longer than 1 s|timed out"):
            reader.read()
    forever = "WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM r) SELECT max(a) FROM r"
    folder = tmp_path / "l"
    folder.mkdir()
    sqlite3.connect(folder / "shop.db").close()
    (folder / "shop.db").touch()
    with pytest.raises(SourceError, match="interrupted"):
        lite(folder, f'query = "{forever}"\ntimeout = "1s"').read()


# Connecting


def test_private_hosts_must_be_listed(postgres, mysql, tmp_path):
    for reader in (
        pg(tmp_path / "p", postgres, 'table = "t"'),
        maria(tmp_path / "m", mysql[1], 'table = "t"'),
        generic(tmp_path / "g", postgres, 'table = "t"'),
    ):
        reader.context.limits.private_hosts.clear()
        with pytest.raises(SourceError, match="private network") as told:
            reader.read()
        assert "private_hosts" in told.value.remedy


def test_sqlalchemy_addresses_that_lead_elsewhere_are_refused(tmp_path):
    for url, words in {
        "sqlite:////etc/passwd": "names no host",
        "mssql+pyodbc://db.example.org/x?odbc_connect=SERVER%3D10.0.0.1": "unknown parameters",
    }.items():
        reader = Reader(tmp_path, f'system = "sqlalchemy"\nurl = "{url}"\ntable = "t"')
        with pytest.raises(SourceError, match=words):
            reader.read()
    reader = Reader(tmp_path, 'system = "sqlalchemy"\nurl = "mysql://me:pw@h/x"\ntable = "t"')
    with pytest.raises(SourceError, match="holds a password") as told:
        reader.read()
    assert "pw" not in str(told.value).replace("password", "")


def test_a_wrong_password_is_told_without_it(postgres, mysql, tmp_path):
    for reader in (
        pg(tmp_path / "p", postgres, 'table = "t"'),
        maria(tmp_path / "m", mysql[1], 'table = "t"'),
        generic(tmp_path / "g", postgres, 'table = "t"'),
    ):
        reader.context.vault.store("shop", "password", "wrong-one", reader.definition.server)
        with pytest.raises(SourceError, match=r"(?i)password") as told:
            reader.read()
        assert "wrong-one" not in str(told.value)


def test_an_unknown_cursor_names_the_columns(postgres, tmp_path):
    with pytest.raises(SourceError, match="no column x") as told:
        pg(tmp_path, postgres, 'query = "SELECT 1 AS a, 2 AS b"\ncursor = "x"').read()
    assert told.value.remedy == "use one of: a, b"
