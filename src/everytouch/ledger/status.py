"""What every source has brought, and what waits in quarantine."""

import datetime
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from everytouch.ledger.loader import Counts
from everytouch.ledger.tables import Tables

_KINDS = ("interactions", "perceptions", "links", "traits")

_COUNTED = ("received", "stored", "duplicate", "quarantined", "refused")
_EVER = (
    "SELECT source, "
    + ", ".join(f"sum(coalesce({name}, 0)) AS {name}" for name in _COUNTED)
    + " FROM ledger GROUP BY source"
)


@dataclass(frozen=True)
class SourceStatus:
    """One source: records stored by kind, records in quarantine, its last import.

    The counts of the last import add up: received = stored + duplicate + quarantined + refused.

    Attributes:
        ever: the counts of all imports, and of all that was loaded from the log, together.
        waiting: events in the log that are not loaded yet.
        nobody: identifiers that identify nobody, and how often each came, the most often first.
    """

    source: str
    stored: dict[str, int]
    quarantined: int
    last_import: datetime.datetime | None
    received: int = 0
    newly_stored: int = 0
    duplicate: int = 0
    newly_quarantined: int = 0
    refused: int = 0
    ever: Counts = field(default_factory=Counts)
    waiting: int = 0
    nobody: dict[str, int] = field(default_factory=dict)

    @property
    def told(self) -> int:
        """All that was ever received, what waits in the log included."""
        return self.ever.received + self.waiting


def moments_of(tables: Tables, rows: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """Moments as the ledger has them, without its keys.

    Args:
        rows: of the ledger's tables, by their names.
    """
    sql = "SELECT * EXCLUDE (key_first, key_second, party_key) FROM ledger ORDER BY occurred_at, id"
    return {name: tables.query(name, sql, rows=some).to_pylist() for name, some in rows.items()}


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
    ever = {
        row.pop("source"): Counts(**{name: int(value) for name, value in row.items()})
        for row in tables.query("imports", _EVER).to_pylist()
    }
    names = sorted({name for found in by_kind.values() for name in found} | imports.keys())
    nobody = _nobody(tables)
    return tuple(
        replace(
            _status(name, by_kind, imports.get(name, {}), ever.get(name)),
            nobody=dict(nobody[name].most_common()),
        )
        for name in names
    )


def _nobody(tables: Tables) -> dict[str, Counter[str]]:
    """Identifiers that identify nobody by source, of all imports."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    sql = "SELECT source, nobody FROM ledger WHERE nobody IS NOT NULL"
    for row in tables.query("imports", sql).to_pylist():
        found[row["source"]].update(json.loads(row["nobody"]))
    return found


def _status(
    name: str, by_kind: dict[str, dict[str, int]], last: dict[str, Any], ever: Counts | None
) -> SourceStatus:
    received, stored, duplicate, held, refused = (int(last.get(one) or 0) for one in _COUNTED)
    return SourceStatus(
        name,
        {kind: by_kind[kind].get(name, 0) for kind in _KINDS},
        by_kind["quarantine"].get(name, 0),
        last.get("started_at"),
        received,
        stored,
        duplicate,
        held,
        refused,
        ever or Counts(),
    )
