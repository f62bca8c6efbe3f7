"""The trail of one party, moment by moment, as the ledger has it."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from everytouch.catalogue.api import Catalogue
from everytouch.identity.api import Resolution, masks, named_by, rows_of
from everytouch.ledger.api import Tables
from everytouch.results import Basis, Result

_INTERACTIONS = """
SELECT occurred_at, 'interaction' AS kind, touchpoint, outcome, duration_s, due_at, amount,
       currency, NULL AS score, NULL AS instrument, NULL AS raw, NULL AS text,
       namespace, identifier, source, id, sequence, party_key, also, correlations
FROM ledger
"""
_PERCEPTIONS = """
SELECT occurred_at, 'perception' AS kind, touchpoint, NULL AS outcome, NULL AS duration_s,
       NULL AS due_at, NULL AS amount, NULL AS currency, score, instrument, raw,
       concat_ws(' – ', title, text) AS text, namespace, identifier, source, id, sequence,
       party_key, also, correlations
FROM ledger
"""
_DAY = datetime.timedelta(days=1)
_TABLES = {"interactions": _INTERACTIONS, "perceptions": _PERCEPTIONS}


@dataclass(frozen=True)
class Moment:
    """One moment, for people to read.

    Attributes:
        days_late: after (or, negative, before) ``due_at``; None where nothing was promised.
    """

    occurred_at: datetime.datetime
    kind: str
    touchpoint: str | None
    label: str
    stage: str
    channel: str
    outcome: str | None
    duration_s: float | None
    due_at: datetime.datetime | None
    days_late: float | None
    amount: Decimal | None
    currency: str | None
    instrument: str | None
    raw: float | None
    score: float | None
    text: str | None
    identifier: str
    source: str
    id: str


@dataclass(frozen=True)
class Trail(Result):
    """Moments in the order of time."""

    row_type: ClassVar[type] = Moment


def trail_of(tables: Tables, resolution: Resolution, party: int, catalogue: Catalogue) -> Trail:
    """Everything a party lived through, under all of its identifiers."""
    raw = [
        row
        for table, select in _TABLES.items()
        for row in tables.query(
            table, select, rows=rows_of(tables, resolution, table, party)
        ).to_pylist()
    ]
    rows = _moments(raw, catalogue)
    basis = Basis(
        "all moments of the party, in the order of time",
        f"{len(rows):,} moments under {len(resolution.seen_under(party))} identifiers",
        "the whole ledger",
    )
    return Trail(basis, rows)


def moments_by_key(
    tables: Tables,
    resolution: Resolution,
    moments: list[tuple[int, int]],
    what: str,
    catalogue: Catalogue,
) -> Trail:
    """The moments of these times (µs since 1970) and keys, the first half of each.

    What people wrote is masked: it is as it was on the person's own trail only.

    The times narrow what is read: keys lie all over the ledger.
    """
    times, keys = [time for time, _ in moments] or [0], [key for _, key in moments]
    condition = (
        "occurred_at BETWEEN make_timestamptz($2) AND make_timestamptz($3) "
        "AND key_first IN (SELECT unnest($1::BIGINT[]))"
    )
    parameters = [keys, min(times), max(times)]
    found = [
        tables.query(table, f"{select} WHERE {condition}", parameters)
        for table, select in _TABLES.items()
    ]
    parties = [party for part in found for party in resolution.of(part).tolist()]
    raw = [row for part in found for row in part.to_pylist()]
    known = masks(tables, resolution, parties)
    for row, party in zip(raw, parties, strict=True):
        if row["text"]:
            row["text"] = known.masked(row["text"], named_by(row), party)
    rows = _moments(raw, catalogue)
    return Trail(Basis(what, f"{len(rows)} moments", "the whole ledger"), rows)


def _moments(raw: list[dict[str, Any]], catalogue: Catalogue) -> tuple[Moment, ...]:
    """Rows of the ledger in the order of time."""
    raw.sort(key=lambda row: (*_place(row), row["id"]))
    return tuple(_moment(row, catalogue) for row in raw)


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return its place among moments of one time, as trails are ordered."""
    return row["occurred_at"], row["sequence"] or 0, row["kind"], row["touchpoint"] or ""


def _moment(row: dict[str, Any], catalogue: Catalogue) -> Moment:
    point = catalogue.touchpoints.get(row["touchpoint"] or "")
    asked = catalogue.instruments.get(row["instrument"] or "")
    identifier = f"{row.pop('namespace')}:{row.pop('identifier')}"
    for name in ("sequence", "party_key", "also", "correlations"):
        del row[name]
    return Moment(
        **row | {"text": row["text"] or None},
        label=point.label if point else (asked.label if asked else row["kind"]),
        stage=point.stage if point else "",
        channel=point.channel if point else "",
        days_late=(row["occurred_at"] - row["due_at"]) / _DAY if row["due_at"] else None,
        identifier=identifier,
    )
