"""Conflicts and versions: reading what differs from what is stored under the same id."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from everytouch.ledger.quarantine import Quarantined, exact, held, quarantined
from everytouch.ledger.tables import Tables
from everytouch.ledger.versions import FIRST
from everytouch.moments.api import COLUMNS, KINDS, Kind
from everytouch.results import plain

TABLE = "conflicts"
_UNCOMPARED = ("id", "sequence")
_SAME_ID = "SELECT * FROM ledger WHERE source = $1 AND id IN (SELECT unnest($2::VARCHAR[]))"


@dataclass(frozen=True)
class Conflict:
    """A record that differs from the one that is stored under its id.

    Attributes:
        held: the record as it was sent.
        stored: the record that counts now; None where it is not in the ledger any more.
        differs: the columns in which they differ.
    """

    held: Quarantined
    stored: dict[str, Any] | None
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """One version of a record.

    Attributes:
        number: the first is 1; what came late and is older has a number below it.
        counts: whether this version counts.
        party_key: of the identifier it names.
        record: its columns.
    """

    kind: Kind
    number: int
    counts: bool
    received_at: datetime.datetime
    party_key: int
    record: dict[str, Any]


def conflicts(
    tables: Tables, source: str | None = None, limit: int | None = None
) -> tuple[Conflict, ...]:
    """Return the conflicts that are not resolved, with what is stored."""
    return _compared(tables, quarantined(tables, source, limit, table=TABLE))


def conflict(tables: Tables, key: tuple[int, int]) -> Conflict | None:
    """Return one conflict; None where it is resolved."""
    found = held(tables, key, table=TABLE)
    return _compared(tables, [found])[0] if found else None


def versions(tables: Tables, source: str, record: str) -> tuple[Version, ...]:
    """Return all versions of the records of a source with an id, the oldest first."""
    found: list[Version] = []
    for kind in KINDS:
        current = {_named(row) for row in _rows(tables, kind, source, [record])}
        for row in _rows(tables, kind, source, [record], every=True):
            number = row["version"] or FIRST
            columns = {c.name: row[c.name] for c in COLUMNS[kind]}
            found.append(
                Version(kind, number, _named(row) in current, row["received_at"],
                        row["party_key"], columns)
            )  # fmt: skip
    return tuple(sorted(found, key=lambda v: (v.kind, v.record.get("instrument") or "", v.number)))


def _named(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["key_first"], row["key_second"], row["version"] or FIRST


def _rows(
    tables: Tables, kind: str, source: str, ids: list[str], *, every: bool = False
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tables.query(
        kind, _SAME_ID, [source, ids], every=every
    ).to_pylist()
    return rows


def _compared(tables: Tables, rows: Sequence[Quarantined]) -> tuple[Conflict, ...]:
    ids: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        ids.setdefault((row.kind, row.source), []).append(row.id)
    stored = {
        (kind, source, row["id"], row.get("instrument")): row
        for (kind, source), some in ids.items()
        for row in _rows(tables, kind, source, some)
    }
    return tuple(
        _differing(row, stored.get((row.kind, row.source, row.id, row.row.get("instrument"))))
        for row in rows
    )


def _differing(row: Quarantined, there: dict[str, Any] | None) -> Conflict:
    columns = [c.name for c in COLUMNS[cast("Kind", row.kind)]]
    if there is None:
        return Conflict(row, None, ())
    stored = {name: there[name] for name in columns}
    said = plain(exact(stored))
    if row.row.get("currency") is None:  # the stored one has the workspace's then
        columns = [name for name in columns if name != "currency"]
    return Conflict(
        row,
        stored,
        tuple(n for n in columns if n not in _UNCOMPARED and row.row.get(n) != said[n]),
    )
