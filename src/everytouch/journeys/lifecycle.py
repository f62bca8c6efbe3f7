"""Lifecycle: who is new, comes back, goes dormant and is revived, and how often people come."""

import zoneinfo
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import EVERYTHING, Bucket, Every, Scope, Trails, period_edges


@dataclass(frozen=True)
class PeriodLife:
    """One period.

    Attributes:
        active: parties with an interaction; they are new, returning or revived.
        new: for the first time; returning: active in the period before, too; revived: active
            before that only.
        dormant: active in the period before, and not in this one.
        kept: share of the period before's parties that are active.
        stickiness: days an active party is seen, as a share of the period's days.
    """

    period: str
    active: int
    new: int | None
    returning: int | None
    revived: int | None
    dormant: int | None
    kept: Estimate
    stickiness: float


@dataclass(frozen=True)
class Lifecycle(Result):
    """Periods in their order; the last one may not be over."""

    row_type: ClassVar[type] = PeriodLife


@njit(cache=True, nogil=True)
def _live(  # noqa: C901 - one pass, compiled
    offsets: Any, take: Any, time: Any, kind: Any, begin: Any, end: Any, edges: Any, days: Any
) -> Any:  # pragma: no cover - compiled
    """Per period: new, returning, revived, dormant, party-days, (periods, 5)."""
    sums = np.zeros((len(edges) - 1, 5), np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        at, day, last_day, before = 0, 0, -1, -1
        for row in range(offsets[party], offsets[party + 1]):
            t = time[row]
            if kind[row] != 0 or t < begin or t >= end:
                continue
            while t >= days[day + 1]:
                day += 1
            while t >= edges[at + 1]:
                at += 1
            if day != last_day:
                sums[at, 4] += 1
                last_day = day
            if at == before:
                continue
            if before < 0:
                sums[at, 0] += 1
            elif before == at - 1:
                sums[at, 1] += 1
            else:
                sums[at, 2] += 1
                sums[before + 1, 3] += 1
            before = at
        if before >= 0 and before + 1 < len(sums):
            sums[before + 1, 3] += 1
    return sums


@dataclass(frozen=True)
class LifeSums:
    """What one bucket adds: see ``_live``."""

    sums: NDArray[np.int64]

    def __add__(self, other: "LifeSums") -> "LifeSums":
        return LifeSums(self.sums + other.sums)


def kernel(
    bucket: Bucket, scope: Scope, edges: NDArray[np.int64], days: NDArray[np.int64]
) -> LifeSums:
    """Count one bucket; ``edges`` of periods and of ``days`` in microseconds.

    What lies before the scope's period counts too: who came before it is not new in it.
    """
    trail = (bucket["time"], scope.kinds(bucket), EVERYTHING.start, scope.stop)
    return LifeSums(_live(bucket.offsets, scope.take(bucket), *trail, edges, days))


def lifecycle(
    trails: Trails,
    engine: Engine,
    timezone: str,
    scope: Scope = EVERYTHING,
    *,
    every: Every = "month",
) -> Lifecycle:
    """New, returning, revived and dormant parties, period by period.

    Args:
        timezone: in which days and periods begin, an IANA name.
    """
    zone = zoneinfo.ZoneInfo(timezone)
    names, edges = period_edges(trails, zone, every)
    _, days = period_edges(trails, zone, "day")
    basis = Basis(
        formula=f"parties by whether they had an interaction in this {every}, the one before, and "
        "earlier; stickiness: days with an interaction ÷ (active parties × days)",
        denominator="parties active in the period; for kept, in the period before",
        cut=scope.text,
        method="Wilson score",
    )
    if not names:
        return Lifecycle(basis, ())
    days[-1] = max(days[-1], edges[-1])  # days of a last week that nothing has happened on
    sums = engine.run(lambda bucket: kernel(bucket, scope, edges, days), trails.buckets).sums
    rows = []
    for at, name in enumerate(names):
        if edges[at + 1] <= scope.start or edges[at] >= scope.stop:
            continue
        new, returning, revived, dormant, seen = sums[at].tolist()
        active = new + returning + revived
        length = round((edges[at + 1] - edges[at]) / DAY)
        sticky = seen / (active * length) if active else float("nan")
        kept = share(returning, returning + dormant)
        rows.append(PeriodLife(name, active, new, returning, revived, dormant, kept, sticky))
    return Lifecycle(basis, tuple(rows))
