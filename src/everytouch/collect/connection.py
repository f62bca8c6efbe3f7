"""Connections to DuckDB for statements that come from outside: made here, locked from the start.

What goes into a ``SET`` comes from closed lists or is a number; values from outside are bound.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from everytouch.errors import SourceError
from everytouch.ledger.api import limited
from everytouch.settings import TIMEZONES, Settings

SECONDS = 3_600.0
"""Longest time a statement of an import may take."""


@contextmanager
def locked(
    settings: Settings, timezone: str, paths: Sequence[Path], spill: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database that reads these files and ``spill``, and nothing else.

    Args:
        settings: for threads and memory.
        timezone: IANA name.
        paths: files that may be read.
        spill: folder for temporary files.

    Raises:
        SourceError: the time zone is not an IANA name.
    """
    if timezone not in TIMEZONES:
        raise SourceError(f"time zone {timezone!r} is unknown", "use a name like Europe/Berlin")
    config = {"threads": settings.cores, "memory_limit": f"{settings.memory_mb}MB"}
    with duckdb.connect(config=config) as con:
        con.execute(f"SET TimeZone = '{timezone}'")
        con.execute("SET temp_directory = " + _text(spill))
        con.execute("SET allowed_paths = [" + ", ".join(map(_text, paths)) + "]")
        con.execute(f"SET allowed_directories = [{_text(f'{spill}/')}]")
        con.execute("SET enable_external_access = false")
        con.execute("SET python_enable_replacements = false")
        con.execute("SET lock_configuration = true")
        yield con


def _text(value: object) -> str:
    """A text in a statement: quotes doubled, and no character that ends it otherwise."""
    text = str(value)
    if "\0" in text:
        raise SourceError("a path holds a NUL character", "rename the file")
    return "'" + text.replace("'", "''") + "'"


def in_time(
    con: duckdb.DuckDBPyConnection, seconds: float = SECONDS
) -> AbstractContextManager[None]:
    """Interrupt what runs on a connection when it takes longer.

    Raises:
        SourceError: it was interrupted.
    """
    return limited(con, seconds, SourceError, "simplify the SELECT")


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn DuckDB's errors into ours: what failed, DuckDB's first line, the remedy."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        text = str(error).strip()
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        said = " ".join(lines[:2]) or "no reason given"
        raise SourceError(f"{what} failed: {said}", _remedy(text)) from error


def _remedy(text: str) -> str:
    low = text.lower()
    if "conversion" in low or "cast" in low:
        return "use TRY_CAST in the SELECT, or return the text: the record's type is tried for you"
    if "binder" in low or "catalog error" in low or "parser" in low:
        return "correct the SELECT; its tables are the names under [inputs]"
    if "permission" in low or "disabled" in low:
        return "read the files under [inputs] only"
    return "correct the file or the source, then run the import again"
