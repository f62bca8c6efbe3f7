"""Rows of files that become no records: left out on purpose, or not readable and held."""

from typing import Any

import duckdb

from everytouch.collect.connection import in_time, reading
from everytouch.collect.formats.base import Unread
from everytouch.collect.source import LeftOut, Source
from everytouch.errors import SourceError
from everytouch.ledger.api import ROWS, Quarantined, Tables, quarantined

FOOTER = "lines of the footer"


def counted(
    con: duckdb.DuckDBPyConnection, left_out: tuple[LeftOut, ...], footer: int = 0
) -> dict[str, int]:
    """Return how many rows are left out, by reason; reasons without rows are not named.

    Args:
        footer: lines of the files' footers, which are in no table.

    Raises:
        SourceError: a SELECT does not give one number.
    """
    found: dict[str, int] = {FOOTER: footer} if footer else {}
    for one in left_out:
        with reading(f"the SELECT of {one.reason!r}"), in_time(con):
            rows = con.sql(one.sql).fetchall()
        if len(rows) != 1 or not isinstance(rows[0][0], int):
            raise SourceError(
                f"the SELECT of {one.reason!r} does not give one number", "SELECT count(*) …"
            )
        if rows[0][0]:
            found[one.reason] = found.get(one.reason, 0) + rows[0][0]
    return found


def held_row(row: Unread) -> tuple[dict[str, Any], str]:
    """Return an unreadable row as the quarantine keeps it, and why it is held."""
    where = f"{row.file}:{row.row}"
    return {"id": where, "file": row.file, "row": row.row, "text": row.text}, row.reason


def outdated(tables: Tables, source: Source, seen: set[str]) -> list[Quarantined]:
    """Return unreadable rows held of earlier readings of these files, which are not any more."""
    names = {path.name for one in source.inputs for path in one.paths}
    return [
        row for row in quarantined(tables, source.name)
        if row.kind == ROWS and row.row.get("file") in names and row.id not in seen
    ]  # fmt: skip
