"""The newest moments that meet a description: what lies behind a number."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everytouch.trails.model import Bucket, Trails
from everytouch.trails.scope import EVERYTHING, Scope


@dataclass(frozen=True)
class Wanted:
    """What moments are asked for; None where it does not matter.

    Attributes:
        kind: 0 for interactions, 1 for perceptions.
        touchpoint, instrument, outcome: their names.
        low, high: of the score, both included.
    """

    kind: int | None = None
    touchpoint: str | None = None
    instrument: str | None = None
    outcome: str | None = None
    low: float | None = None
    high: float | None = None

    def rows(self, trails: Trails, bucket: Bucket, scope: Scope) -> NDArray[np.int64]:
        """Rows of a bucket that meet it."""
        mask = scope.rows(bucket)
        if self.kind is not None:
            mask &= bucket["kind"] == self.kind
        named = (
            ("touchpoint", self.touchpoint, trails.touchpoints),
            ("instrument", self.instrument, trails.instruments),
            ("outcome", self.outcome, trails.outcomes),
        )
        for column, name, names in named:
            if name is not None:
                mask &= bucket[column] == (names.index(name) if name in names else -2)
        if self.low is not None:
            mask &= bucket["score"] >= self.low
        if self.high is not None:
            mask &= bucket["score"] <= self.high
        return np.flatnonzero(mask)


ANY = Wanted()


@dataclass(frozen=True)
class Glimpse:
    """One moment as the trails have it, without a name to it."""

    time: int
    key: int
    party: int
    kind: int
    touchpoint: str | None
    outcome: str | None
    instrument: str | None
    score: float | None
    amount: float


def newest(
    trails: Trails,
    wanted: Wanted = ANY,
    scope: Scope = EVERYTHING,
    limit: int = 100,
    before: tuple[int, int] | None = None,
) -> list[Glimpse]:
    """The newest moments that meet ``wanted``, newest first.

    Args:
        before: time and key of the moment after which to go on.
    """
    found: list[tuple[int, int, int, int]] = []
    for bucket in trails.buckets:
        rows = wanted.rows(trails, bucket, scope)
        if before is not None:
            then, key = before
            time = bucket["time"][rows]
            rows = rows[(time < then) | ((time == then) & (bucket["key"][rows] < key))]
        times = bucket["time"][rows]
        if len(rows) > limit:
            pick = np.argpartition(times, len(rows) - limit)[-limit:]
            rows, times = rows[pick], times[pick]
        keys = bucket["key"][rows]
        numbers = [bucket.number] * len(rows)
        found += zip(times.tolist(), keys.tolist(), numbers, rows.tolist(), strict=True)
    found.sort(reverse=True)
    return [_glimpse(trails, trails.buckets[number], row) for _, _, number, row in found[:limit]]


def _glimpse(trails: Trails, bucket: Bucket, row: int) -> Glimpse:
    party = int(np.searchsorted(bucket.offsets, row, side="right")) - 1
    score = float(bucket["score"][row])
    return Glimpse(
        time=int(bucket["time"][row]),
        key=int(bucket["key"][row]),
        party=int(bucket.parties[party]),
        kind=int(bucket["kind"][row]),
        touchpoint=_name(trails.touchpoints, bucket["touchpoint"][row]),
        outcome=_name(trails.outcomes, bucket["outcome"][row]),
        instrument=_name(trails.instruments, bucket["instrument"][row]),
        score=None if np.isnan(score) else score,
        amount=float(bucket["amount"][row]) / 10_000,
    )


def _name(names: tuple[str, ...], code: Any) -> str | None:
    return names[int(code)] if code >= 0 else None
