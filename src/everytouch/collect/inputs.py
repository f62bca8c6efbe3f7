"""Opening a source's files in DuckDB, which can then reach those files and nothing else."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from everytouch.collect.ocel import read_ocel
from everytouch.collect.source import Input, Source
from everytouch.collect.text import as_utf8, header
from everytouch.collect.workbook import read_xlsx
from everytouch.collect.xes import read_xes
from everytouch.errors import SourceError
from everytouch.settings import Settings

Opener = Callable[[duckdb.DuckDBPyConnection, Input], duckdb.DuckDBPyRelation]


def _csv(con: duckdb.DuckDBPyConnection, given: Input) -> duckdb.DuckDBPyRelation:
    """Every column as text: the record's own types decide, and a bad value stays readable."""
    for number, path in enumerate(given.paths):
        delimiter, names = header(path, given.delimiter)
        con.read_csv(
            str(path),
            auto_detect=False,
            header=True,
            columns=dict.fromkeys(names, "VARCHAR"),
            delimiter=delimiter,
            quotechar='"',
            escapechar='"',
        ).create_view(f"{given.name} {number}")
    parts = [f'SELECT * FROM "{given.name} {number}"' for number in range(len(given.paths))]
    return con.sql(" UNION ALL BY NAME ".join(parts))


def _parquet(con: duckdb.DuckDBPyConnection, given: Input) -> duckdb.DuckDBPyRelation:
    return con.read_parquet([str(path) for path in given.paths], union_by_name=True)


def _json(con: duckdb.DuckDBPyConnection, given: Input) -> duckdb.DuckDBPyRelation:
    paths = [str(path) for path in given.paths]
    return con.read_json(paths, format="auto", convert_strings_to_integers=False)


def _xlsx(con: duckdb.DuckDBPyConnection, given: Input) -> duckdb.DuckDBPyRelation:
    return con.from_arrow(_together([read_xlsx(path, given.sheet) for path in given.paths]))


def _xes(con: duckdb.DuckDBPyConnection, given: Input) -> duckdb.DuckDBPyRelation:
    return con.from_arrow(_together([read_xes(path) for path in given.paths]))


def _ocel(con: duckdb.DuckDBPyConnection, given: Input) -> duckdb.DuckDBPyRelation:
    return con.from_arrow(_together([read_ocel(path, given.sheet) for path in given.paths]))


def _together(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default")


OPENERS: dict[str, Opener] = {
    "csv": _csv,
    "json": _json,
    "ocel": _ocel,
    "parquet": _parquet,
    "xes": _xes,
    "xlsx": _xlsx,
}


@contextmanager
def opened(source: Source, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in which every input of ``source`` is a view.

    Raises:
        SourceError: an input cannot be read.
    """
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as con:
        con.execute(f"SET threads = {settings.cores}")
        con.execute(f"SET memory_limit = '{settings.memory_mb}MB'")
        con.execute(f"SET TimeZone = '{source.timezone}'")
        con.execute(f"SET temp_directory = '{spill}'")
        inputs = [as_utf8(given, Path(spill)) for given in source.inputs]
        _lock(con, [str(path) for given in inputs for path in given.paths], spill)
        for given in inputs:
            with reading(f"input {given.name} ({given.paths[0]})", given.encoding):
                OPENERS[given.format](con, given).create_view(given.name)
        yield con


def _lock(con: duckdb.DuckDBPyConnection, paths: list[str], spill: str) -> None:
    """Allow the input files, then nothing: a SELECT is somebody else's text."""
    names = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    con.execute(f"SET allowed_paths = [{names}]")
    con.execute(f"SET allowed_directories = ['{Path(spill)}/']")
    con.execute("SET enable_external_access = false")
    con.execute("SET python_enable_replacements = false")
    con.execute("SET lock_configuration = true")


@contextmanager
def reading(what: str, encoding: str = "utf-8") -> Iterator[None]:
    """Turn DuckDB's errors into ours: what failed, DuckDB's first line, the remedy."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        text = str(error).strip()
        raise SourceError(
            f"{what} failed: {_first_lines(text)}", _remedy(text, encoding)
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{what} failed: {error}", _remedy("utf-8", encoding)) from error


def _first_lines(text: str) -> str:
    """What DuckDB says, without its advice on options that a source does not have."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or "CSV Error" not in lines[0]:
        return " ".join(lines[:2]) or "no reason given"
    where = [line for line in lines if line.startswith("file = ")]
    return "; ".join([*lines[:3], *where])


def _remedy(text: str, encoding: str) -> str:
    low = text.lower()
    if "csv error on line" in low and "number of columns" in low:
        return "correct that line of the file, then run the import again"
    if any(word in low for word in ("utf-8", "utf8", "unicode", "encod")):
        return f'the text is not {encoding}: name its encoding, e.g. encoding = "latin-1"'
    if "gzip" in low or "decompress" in low or "miniz" in low or "truncated" in low:
        return "the file is cut off or damaged: fetch it again"
    if "conversion" in low or "cast" in low:
        return "use TRY_CAST in the SELECT, or return the text: the record's type is tried for you"
    if "binder" in low or "catalog error" in low or "parser" in low:
        return "correct the SELECT; its tables are the names under [inputs]"
    return "correct the file or the source, then run the import again"
