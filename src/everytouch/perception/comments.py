"""What people wrote, with what gives a person away masked."""

import datetime
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.identity.api import Masks, Resolution, masks, named_by
from everytouch.ledger.api import Tables
from everytouch.perception.windows import Rules, windows
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.trails.api import Bucket, Scope, Trails

LEAST = 10  # comments below which none is shown
_READ = 5_000  # newest comments looked at for one answer
_SQL = """
SELECT occurred_at, touchpoint, instrument, score, concat_ws(' – ', title, text) AS text,
       language, party_key, key_first, identifier, also, correlations
FROM ledger
WHERE text IS NOT NULL
  AND occurred_at >= make_timestamptz($1) AND occurred_at < make_timestamptz($2)
ORDER BY occurred_at DESC, key_first LIMIT {limit}
"""
_EARLIEST, _LATEST = -62_000_000_000_000_000, 250_000_000_000_000_000  # years 5 and 9892


@dataclass(frozen=True)
class Comment:
    """One comment, without a name to it."""

    occurred_at: datetime.datetime
    touchpoint: str
    label: str
    instrument: str
    score: float | None
    text: str
    language: str


@dataclass(frozen=True)
class Comments(Result):
    """Comments, newest first."""

    row_type: ClassVar[type] = Comment


@dataclass(frozen=True)
class Keys:
    """Ledger keys of the answers in scope, (n,)."""

    keys: NDArray[np.int64]

    def __add__(self, other: "Keys") -> "Keys":
        return Keys(np.concatenate([self.keys, other.keys]))


def comments(
    tables: Tables,
    trails: Trails,
    engine: Engine,
    resolution: Resolution,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope,
    limit: int = 50,
) -> Comments:
    """The newest comments of a scope; none where there are fewer than ``LEAST``.

    At places, those about one of them, and those about a journey that passed one.
    """
    span = [max(scope.start, _EARLIEST), min(scope.stop, _LATEST)]
    raw = tables.query("perceptions", _SQL.format(limit=_READ), span)
    rows = raw.to_pylist()
    if not scope.placed:
        keep = _taken(resolution.of(raw), trails, scope)
    else:
        rules = Rules.of(catalogue, trails, settings)

        def about(bucket: Bucket) -> Keys:
            return Keys(bucket["key"][windows(bucket, scope, rules).rows])

        keep = np.isin(raw["key_first"].to_numpy(), engine.run(about, trails.buckets).keys)
    parties = resolution.of(raw).tolist()
    zipped = zip(rows, parties, keep, strict=True)
    chosen = [(row, party) for row, party, kept in zipped if kept]
    basis = Basis(
        formula="comments as they were written; names, addresses, links, IDs and numbers masked",
        denominator=f"{len(chosen):,} of the newest {len(rows):,} comments",
        cut=f"{scope.text}; none is shown where there are fewer than {LEAST}",
    )
    shown = chosen[:limit] if len(chosen) >= LEAST else []
    known = masks(tables, resolution, [party for _, party in shown])
    return Comments(basis, tuple(_comment(row, party, known, catalogue) for row, party in shown))


def _taken(parties: NDArray[Any], trails: Trails, scope: Scope) -> NDArray[Any]:
    """Which of these party keys the scope takes."""
    taken = np.zeros(len(parties), np.bool_)
    numbers, at = trails.find(parties)
    for number in np.unique(numbers[numbers >= 0]):
        mine = numbers == number
        taken[mine] = scope.take(trails.buckets[number])[at[mine]]
    return taken


def _comment(row: dict[str, Any], party: int, known: Masks, catalogue: Catalogue) -> Comment:
    point = catalogue.touchpoints.get(str(row["touchpoint"] or ""))
    when, score = row["occurred_at"], row["score"]
    assert isinstance(when, datetime.datetime)  # noqa: S101 - the ledger's schema says so
    return Comment(
        when,
        str(row["touchpoint"] or ""),
        point.label if point else "",
        str(row["instrument"] or ""),
        float(score) if isinstance(score, float) else None,
        known.masked(str(row["text"]), named_by(row), party),
        str(row["language"] or ""),
    )
