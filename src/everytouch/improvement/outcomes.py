"""What each party said, spent and cost in some periods: what an initiative is judged by."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.trails.api import Bucket, Scope

Floats = NDArray[np.float64]
METRICS = ("score", "spend", "cost")


@dataclass(frozen=True)
class Outcomes:
    """Parties by period.

    Attributes:
        n: answers, or 1 where money is counted, (parties, periods); total and squares: sums.
        first, last: first and last moment of each, in microseconds.
        group: which group each is of, -1 for none.
    """

    n: Floats
    total: Floats
    squares: Floats
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    group: NDArray[np.int64]

    def __add__(self, other: "Outcomes") -> "Outcomes":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Outcomes(*(np.concatenate(pair) for pair in pairs))

    def __len__(self) -> int:
        return len(self.first)

    def seen_from(self, time: int) -> "Outcomes":
        """Only parties that had a moment then or later."""
        there = self.last >= time
        return Outcomes(*(column[there] for column in vars(self).values()))

    def known(self, period: int) -> NDArray[np.bool_]:
        """Who has an outcome in a period."""
        return np.asarray(self.n[:, period] > 0)

    def mean(self, period: int) -> Floats:
        """Each party's mean, NaN where it has none."""
        n = self.n[:, period]
        out = np.full(len(n), np.nan)
        return np.asarray(np.divide(self.total[:, period], n, out=out, where=n > 0))

    def labelled(self, member: NDArray[np.int64]) -> "Outcomes":
        """With the group of each, given for all parties of its bucket."""
        return replace(self, group=member[member >= 0] if len(self) else self.group)


def outcomes(
    bucket: Bucket, scope: Scope, edges: NDArray[np.int64], instrument: int, metric: str
) -> Outcomes:
    """The parties of one bucket that a scope takes.

    Args:
        edges: of the periods in microseconds, (periods + 1,).
    """
    take = scope.take(bucket)
    shape = (len(bucket.parties), len(edges) - 1, 3)
    sums, when = np.zeros(shape), np.zeros((len(bucket.parties), 2), np.int64)
    names = ("time", "kind", "mode", "instrument", "score", "amount", "cost")
    columns = (bucket[name] for name in names)
    _sum(bucket.offsets, take, *columns, edges, instrument, METRICS.index(metric), sums, when)
    if metric != "score":
        sums[:, :, 0] = 1.0  # who paid nothing paid nothing: that is an outcome, too
    sums, when = sums[take], when[take]
    return Outcomes(
        sums[:, :, 0], sums[:, :, 1], sums[:, :, 2], when[:, 0], when[:, 1],
        np.full(len(when), -1),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _sum(
    offsets: Any, take: Any, time: Any, kind: Any, mode: Any, instrument: Any, score: Any,
    amount: Any, cost: Any, edges: Any, wanted: Any, metric: Any, sums: Any, when: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """Answers, sum and sum of squares of each party and period; its first and last moment."""
    for party in range(len(offsets) - 1):
        if not take[party] or offsets[party] == offsets[party + 1]:
            continue
        when[party, 0], when[party, 1] = time[offsets[party]], time[offsets[party + 1] - 1]
        at = 0
        for row in range(offsets[party], offsets[party + 1]):
            if time[row] < edges[0] or time[row] >= edges[-1]:
                continue
            while time[row] >= edges[at + 1]:
                at += 1
            stated = kind[row] == 1 and mode[row] == 0 and instrument[row] == wanted
            if metric == 0 and stated and not np.isnan(score[row]):
                sums[party, at, 0] += 1
                sums[party, at, 1] += score[row]
                sums[party, at, 2] += score[row] ** 2
            elif metric != 0 and kind[row] == 0:
                sums[party, at, 1] += (amount[row] if metric == 1 else cost[row]) / 10_000
