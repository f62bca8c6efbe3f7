"""How far each source was read and what its runs did: one SQLite file, written durably."""

import datetime
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS marks (
    source TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (source, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY, source TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
    counts TEXT NOT NULL DEFAULT '{}', waiting INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS runs_of ON runs (source, number);
CREATE TABLE IF NOT EXISTS controls (
    source TEXT PRIMARY KEY, paused INTEGER NOT NULL DEFAULT 0, requested_at TEXT) WITHOUT ROWID;
"""
_KEPT = 100  # runs of a source


@dataclass(frozen=True)
class Run:
    """One run of a source.

    Attributes:
        ended_at: None while it runs, or where the worker was lost in between.
        counts: records received, stored, duplicate and so on, added up over its batches.
        waiting: files that were still being written.
    """

    number: int
    source: str
    started_at: datetime.datetime
    ended_at: datetime.datetime | None
    counts: Mapping[str, int]
    waiting: int
    problem: str
    remedy: str


class State:
    """The state of all scheduled sources of a workspace."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.sqlite3"

    def marks(self, source: str) -> dict[str, str]:
        """Return how far a source was read."""
        with self._open() as con:
            rows = con.execute("SELECT name, value FROM marks WHERE source = ?", [source])
            return dict(rows.fetchall())

    def begin(self, source: str, now: datetime.datetime) -> int:
        """Note that a run begins; a request for one is answered by it."""
        with self._open() as con:
            con.execute("UPDATE controls SET requested_at = NULL WHERE source = ?", [source])
            sql = "INSERT INTO runs (source, started_at) VALUES (?, ?)"
            number = con.execute(sql, [source, now.isoformat()]).lastrowid
            con.execute(
                "DELETE FROM runs WHERE source = ? AND number NOT IN "
                "(SELECT number FROM runs WHERE source = ? ORDER BY number DESC LIMIT ?)",
                [source, source, _KEPT],
            )
        return int(number or 0)

    def advance(
        self, run: int, source: str, marks: Mapping[str, str], counts: Mapping[str, int]
    ) -> None:
        """Save how far the source was read, together with what the run has counted so far."""
        with self._open() as con:
            con.executemany(
                "INSERT INTO marks VALUES (?, ?, ?) "
                "ON CONFLICT (source, name) DO UPDATE SET value = excluded.value",
                [(source, name, value) for name, value in marks.items()],
            )
            con.execute("UPDATE runs SET counts = ? WHERE number = ?", [json.dumps(counts), run])

    def end(
        self, run: int, now: datetime.datetime, waiting: int, problem: str, remedy: str
    ) -> None:
        """Note that a run ended, and its problem if it had one."""
        with self._open() as con:
            con.execute(
                "UPDATE runs SET ended_at = ?, waiting = ?, problem = ?, remedy = ? "
                "WHERE number = ?",
                [now.isoformat(), waiting, problem, remedy, run],
            )

    def runs(self, source: str, limit: int = 20) -> list[Run]:
        """Return the last runs of a source, the newest first."""
        sql = "SELECT * FROM runs WHERE source = ? ORDER BY number DESC LIMIT ?"
        with self._open() as con:
            return [_run(row) for row in con.execute(sql, [source, limit])]

    def control(self, source: str) -> tuple[bool, bool]:
        """Return whether a source is paused, and whether a run was requested."""
        with self._open() as con:
            sql = "SELECT paused, requested_at FROM controls WHERE source = ?"
            row = con.execute(sql, [source]).fetchone()
        return (bool(row[0]), row[1] is not None) if row else (False, False)

    def pause(self, source: str, paused: bool) -> None:
        """Pause a source, or resume it."""
        with self._open() as con:
            con.execute(
                "INSERT INTO controls (source, paused) VALUES (?, ?) "
                "ON CONFLICT (source) DO UPDATE SET paused = excluded.paused",
                [source, int(paused)],
            )

    def request(self, source: str, now: datetime.datetime) -> None:
        """Ask for a run as soon as possible."""
        with self._open() as con:
            con.execute(
                "INSERT INTO controls (source, requested_at) VALUES (?, ?) "
                "ON CONFLICT (source) DO UPDATE SET requested_at = excluded.requested_at",
                [source, now.isoformat()],
            )

    def forget(self, source: str) -> None:
        """Remove all that is known of a source."""
        with self._open() as con:
            for table in ("marks", "runs", "controls"):
                con.execute(f"DELETE FROM {table} WHERE source = ?", [source])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Run statements in one transaction that is on disk when this returns."""
        if not self._path.exists():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(self._path, timeout=30)) as con:
            con.execute("PRAGMA synchronous = FULL")
            if not con.execute("SELECT 1 FROM sqlite_master WHERE name = 'controls'").fetchone():
                con.executescript(_SCHEMA)
            with con:
                yield con


def _run(row: tuple[int, str, str, str | None, str, int, str, str]) -> Run:
    number, source, started, ended, counts, waiting, problem, remedy = row
    return Run(
        number,
        source,
        datetime.datetime.fromisoformat(started),
        datetime.datetime.fromisoformat(ended) if ended else None,
        json.loads(counts),
        waiting,
        problem,
        remedy,
    )
