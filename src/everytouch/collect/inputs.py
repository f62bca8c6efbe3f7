"""Opening a source's files in DuckDB, which can then reach those files and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from everytouch.collect.connection import locked, reading
from everytouch.collect.scratch import scratch
from everytouch.collect.source import Input, Source
from everytouch.collect.staging import Staged, stage
from everytouch.settings import Settings


@dataclass(frozen=True)
class Opened:
    """A source whose inputs are views of a locked connection.

    Attributes:
        con: the connection.
        staged: the inputs by name.
    """

    con: duckdb.DuckDBPyConnection
    staged: dict[str, Staged]


@contextmanager
def opened(source: Source, settings: Settings, most: int | None = None) -> Iterator[Opened]:
    """Open a source: every input is a view of a connection.

    Args:
        most: rows of each file to read; all when left out.

    Raises:
        SourceError: an input cannot be read.
    """
    with scratch() as spill:
        staged = {
            given.name: _staged(given, source.timezone, spill, most) for given in source.inputs
        }
        paths = [path.resolve() for one in staged.values() for path in one.files]
        with locked(settings, source.timezone, paths, spill) as con:
            for given in source.inputs:
                with reading(f"input {given.name} ({given.paths[0].name})"):
                    _view(con, given.name, staged[given.name])
            yield Opened(con, staged)


def _staged(given: Input, zone: str, spill: Path, most: int | None) -> Staged:
    with reading(f"input {given.name} ({given.paths[0].name})"):
        return stage(given, zone, spill, most)


def _view(con: duckdb.DuckDBPyConnection, name: str, staged: Staged) -> None:
    files = [str(path.resolve()) for path in staged.files]
    if files:
        con.read_parquet(files, union_by_name=True).create_view(name)
    else:
        con.sql("SELECT NULL::VARCHAR AS empty WHERE false").create_view(name)
