"""What every source has brought, and what waits in quarantine."""

import datetime
from dataclasses import dataclass
from typing import Any

from everytouch.ledger.tables import Tables

_KINDS = ("interactions", "perceptions", "links", "traits")


@dataclass(frozen=True)
class SourceStatus:
    """One source: records stored by kind, records in quarantine, its last import.

    The counts of the last import add up: received = stored + duplicate + quarantined + refused.
    """

    source: str
    stored: dict[str, int]
    quarantined: int
    last_import: datetime.datetime | None
    received: int
    newly_stored: int
    duplicate: int
    newly_quarantined: int
    refused: int


def moments_of(tables: Tables, keys: list[int]) -> dict[str, list[dict[str, Any]]]:
    """Every moment under these identifier keys, as the ledger has it."""
    sql = (
        "SELECT * EXCLUDE (key_first, key_second, party_key) FROM ledger "
        "WHERE party_key IN (SELECT unnest($1::BIGINT[])) ORDER BY occurred_at, id"
    )
    return {
        name: tables.query(name, sql, [keys], tables.of(name, "party_key", keys)).to_pylist()
        for name in ("interactions", "perceptions")
    }


def status_of(tables: Tables) -> tuple[SourceStatus, ...]:
    """All sources, by name."""
    count = "SELECT source, count(*) AS n FROM ledger GROUP BY source"
    by_kind = {
        name: {row["source"]: row["n"] for row in tables.query(name, count).to_pylist()}
        for name in (*_KINDS, "quarantine")
    }
    last = """
        SELECT source, started_at, sum(received) AS received, sum(stored) AS stored,
               sum(duplicate) AS duplicate, sum(quarantined) AS quarantined,
               sum(refused) AS refused
        FROM ledger GROUP BY source, started_at
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY started_at DESC) = 1
    """
    imports = {row["source"]: row for row in tables.query("imports", last).to_pylist()}
    names = sorted({name for found in by_kind.values() for name in found} | imports.keys())
    return tuple(
        SourceStatus(
            name,
            {kind: by_kind[kind].get(name, 0) for kind in _KINDS},
            by_kind["quarantine"].get(name, 0),
            imports.get(name, {}).get("started_at"),
            *(
                int(imports.get(name, {}).get(column) or 0)
                for column in ("received", "stored", "duplicate", "quarantined", "refused")
            ),
        )
        for name in names
    )
