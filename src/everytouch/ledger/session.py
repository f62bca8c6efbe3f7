"""SQL over what is given: a session of the one DuckDB of this process.

A database of its own takes twenty times as long as most of what is asked of it.
"""

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from everytouch.errors import EverytouchError


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


AGAIN = 0.1
"""Seconds after which a statement that should end is interrupted again."""


@contextmanager
def limited(
    con: duckdb.DuckDBPyConnection, seconds: float, error: type[EverytouchError], remedy: str
) -> Iterator[None]:
    """Interrupt what runs on a connection when it takes longer.

    Raises:
        EverytouchError: it was interrupted; of the type that is given.
    """
    over, done = threading.Event(), threading.Event()

    def stop() -> None:
        over.set()
        while not done.is_set():  # an interrupt between two statements is lost
            con.interrupt()
            done.wait(AGAIN)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException as interrupted:
        if not over.is_set():
            raise
        raise error(f"the statement took longer than {seconds:g} seconds", remedy) from interrupted
    finally:
        done.set()
        timer.cancel()
        if over.is_set():
            timer.join()  # so that no later statement is interrupted
