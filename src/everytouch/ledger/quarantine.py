"""Reading the quarantine, and letting rows out of it once they are stored."""

import datetime
import json
from dataclasses import dataclass
from typing import Any

from everytouch.ledger.tables import Tables
from everytouch.moments.api import KINDS

EVENTS = "events"
"""Kind of what is held as it came over HTTP: no record yet. Its row has the event under this."""

ROWS = "rows"
"""Kind of a row of a file that could not be read: corrected in the file, then imported again."""


def recognised_by(kind: str, row: dict[str, Any], text: str) -> str:
    """By what a row is known to be held already: an event by its id, a record by all it says."""
    same = row.get("id") or row.get(EVENTS) if kind == EVENTS else text
    return f"{kind}\x1f{same}"


@dataclass(frozen=True)
class Quarantined:
    """One record that broke a rule."""

    source: str
    kind: str
    id: str
    reason: str
    row: dict[str, Any]
    key: tuple[int, int]
    received_at: datetime.datetime


@dataclass(frozen=True)
class Reason:
    """Why records are held, and how many.

    Attributes:
        last: when the last of them came.
    """

    kind: str
    reason: str
    count: int
    last: datetime.datetime


def quarantined(
    tables: Tables, source: str | None = None, limit: int | None = None
) -> tuple[Quarantined, ...]:
    """Records in quarantine, in the order of their source, kind and id; at most ``limit``."""
    sql = "SELECT * FROM ledger WHERE $1 IS NULL OR source = $1 ORDER BY source, kind, id, row"
    if limit is not None:
        sql += f" LIMIT {int(limit)}"
    return tuple(map(_read, tables.query("quarantine", sql, [source]).to_pylist()))


def held(tables: Tables, key: tuple[int, int]) -> Quarantined | None:
    """One record in quarantine; None where it is not there any more."""
    sql = "SELECT * FROM ledger WHERE key_first = $1 AND key_second = $2 LIMIT 1"
    return next(map(_read, tables.query("quarantine", sql, [*key]).to_pylist()), None)


def reasons(tables: Tables, source: str | None = None) -> tuple[Reason, ...]:
    """Why records are held, the reason of the most first."""
    sql = (
        "SELECT kind, reason, count(*) AS count, max(received_at) AS last FROM ledger "
        "WHERE $1 IS NULL OR source = $1 GROUP BY kind, reason ORDER BY count DESC, reason"
    )
    return tuple(Reason(**row) for row in tables.query("quarantine", sql, [source]).to_pylist())


def _read(row: dict[str, Any]) -> Quarantined:
    return Quarantined(
        row["source"],
        row["kind"],
        row["id"],
        row["reason"],
        json.loads(row["row"]),
        (row["key_first"], row["key_second"]),
        row["received_at"],
    )


def superseded(tables: Tables, source: str, now: datetime.datetime) -> list[Quarantined]:
    """Records held earlier of which a good version came at ``now``, under the same id."""
    held = [row for row in quarantined(tables, source) if row.received_at < now]
    query = (
        "SELECT id FROM ledger WHERE source = $1 AND received_at = $2 "
        "AND id IN (SELECT unnest($3::VARCHAR[]))"
    )
    result = []
    for kind in KINDS:
        mine = [row for row in held if row.kind == kind]
        found = tables.query(kind, query, [source, now, [row.id for row in mine]])
        stored = set(found["id"].to_pylist())
        result += [row for row in mine if row.id in stored]
    return result


def release(tables: Tables, records: list[Quarantined]) -> None:
    """Take records out of quarantine: they are stored now."""
    if records:
        keys = ", ".join(str(int(record.key[0])) for record in records)
        tables.delete("quarantine", f"key_first IN ({keys})")
