"""Reading the quarantine, and letting rows out of it once they are stored."""

import datetime
import json
from dataclasses import dataclass
from typing import Any

from everytouch.ledger.tables import Tables

EVENTS = "events"
"""Kind of what is held as it came over HTTP: no record yet. Its row has the event under this."""


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


def quarantined(tables: Tables, source: str | None = None) -> tuple[Quarantined, ...]:
    """Records in quarantine, in the order of their source, kind and id."""
    sql = "SELECT * FROM ledger WHERE $1 IS NULL OR source = $1 ORDER BY source, kind, id, row"
    return tuple(
        Quarantined(
            row["source"],
            row["kind"],
            row["id"],
            row["reason"],
            json.loads(row["row"]),
            (row["key_first"], row["key_second"]),
            row["received_at"],
        )
        for row in tables.query("quarantine", sql, [source]).to_pylist()
    )


def superseded(tables: Tables, source: str, now: datetime.datetime) -> list[Quarantined]:
    """Records held earlier of which a good version came at ``now``, under the same id."""
    held = [row for row in quarantined(tables, source) if row.received_at < now]
    query = (
        "SELECT id FROM ledger WHERE source = $1 AND received_at = $2 "
        "AND id IN (SELECT unnest($3::VARCHAR[]))"
    )
    result = []
    for kind in sorted({row.kind for row in held}):
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
