"""SQL over what is given: a session of the one DuckDB of this process.

A database of its own takes twenty times as long as most of what is asked of it.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def session(threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to nothing, in UTC; what it registers, and its temporary views, are its own."""
    with _database(threads, os.getpid()).cursor() as con:
        con.execute("SET TimeZone = 'UTC'")
        yield con


@functools.cache  # by process as well: threads do not survive a fork
def _database(threads: int, process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001
    """An empty database, which keeps nothing of the files it has read."""
    config = {"threads": threads, "enable_external_file_cache": False}
    return duckdb.connect(config=config)
