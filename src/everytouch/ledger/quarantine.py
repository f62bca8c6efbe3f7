"""Reading the quarantine, and letting rows out of it once they are stored."""

import json
from dataclasses import dataclass
from typing import Any

from everytouch.ledger.tables import Tables


@dataclass(frozen=True)
class Quarantined:
    """One record that broke a rule."""

    source: str
    kind: str
    id: str
    reason: str
    row: dict[str, Any]
    key: tuple[int, int]


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
        )
        for row in tables.query("quarantine", sql, [source]).to_pylist()
    )


def release(tables: Tables, records: list[Quarantined]) -> None:
    """Take records out of quarantine: they are stored now."""
    if records:
        keys = ", ".join(str(int(record.key[0])) for record in records)
        tables.delete("quarantine", f"key_first IN ({keys})")
