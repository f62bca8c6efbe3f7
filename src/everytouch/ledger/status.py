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

_KINDS = ("interactions", "perceptions", "links", "traits", "consents", "counts")

_COUNTED = ("received", "stored", "duplicate", "quarantined", "refused", "conflict", "expired")
_SUMS = ", ".join(f"sum(coalesce({name}, 0)) AS {name}" for name in _COUNTED)
_EVER = f"SELECT source, {_SUMS} FROM ledger GROUP BY source"


@dataclass(frozen=True)
class SourceStatus:
    """One source: records stored by kind, records in quarantine, its last import.

    The counts of the last import add up:
    received = stored + duplicate + conflict + quarantined + refused.

    Attributes:
        stored: records that count, each once however many versions of it there are.
        conflicts: records that differ from what is stored under their id, not resolved yet.
        conflict: how many such records came with the last import.
        ever: the counts of all imports, and of all that was loaded from the log, together.
        waiting: events in the log that are not loaded yet.
        expired: how many of those refused by the last import were older than they may be kept.
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
    conflict: int = 0
    conflicts: int = 0
    ever: Counts = field(default_factory=Counts)
    waiting: int = 0
    nobody: dict[str, int] = field(default_factory=dict)
    expired: int = 0

    @property
    def told(self) -> int:
        """All that was ever received, what waits in the log included."""
        return self.ever.received + self.waiting


def moments_of(tables: Tables, rows: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """Moments as the ledger has them, without its keys.

    Args:
        rows: of the ledger's tables, by their names.
    """
    sql = (
        "SELECT * EXCLUDE (key_first, key_second, party_key, content) FROM ledger "
        "ORDER BY occurred_at, id"
    )
    return {name: tables.query(name, sql, rows=some).to_pylist() for name, some in rows.items()}


def status_of(tables: Tables) -> tuple[SourceStatus, ...]:
    """All sources, by name."""
    by_kind = {
        name: {row["source"]: row["n"] for row in tables.query(name, _count(name)).to_pylist()}
        for name in (*_KINDS, "quarantine", "conflicts")
    }
    last = f"""
        SELECT source, started_at, {_SUMS} FROM ledger GROUP BY source, started_at
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


def _count(name: str) -> str:
    stated = "WHERE same IS NOT NULL" if name == "links" else ""  # the others were withdrawn
    return f"SELECT source, count(*) AS n FROM ledger {stated} GROUP BY source"


def _status(
    name: str, by_kind: dict[str, dict[str, int]], last: dict[str, Any], ever: Counts | None
) -> SourceStatus:
    counted = (int(last.get(one) or 0) for one in _COUNTED)
    received, stored, duplicate, held, refused, conflict, expired = counted
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
        conflict,
        by_kind["conflicts"].get(name, 0),
        ever or Counts(),
        expired=expired,
    )
