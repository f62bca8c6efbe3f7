"""Retention: of those who came in a period, how many come back in the ones after."""

import zoneinfo
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import (
    EVERYTHING,
    Bucket,
    Every,
    Scope,
    Trails,
    microseconds,
    period_edges,
)

Counting = Literal["first", "recurring", "rolling"]
COUNTING: tuple[str, ...] = get_args(Counting)
ANY = -1  # instead of a touchpoint's code
_WORDS = {
    "first": "parties by the period of their first {start}; of those, how many had {back} in the "
    "period so many after",
    "recurring": "parties in every period in which they had {start}; of those, how many had {back} "
    "in the period so many after",
    "rolling": "parties by the period of their first {start}; of those, how many had {back} in the "
    "period so many after, or later",
}


@dataclass(frozen=True)
class Returned:
    """Of the ``size`` parties of a cohort, those that came back ``after`` so many periods."""

    cohort: str
    size: int
    after: int
    returned: int | None
    share: Estimate


@dataclass(frozen=True)
class Retention(Result):
    """Cohorts in order, each with the periods after it that are over.

    Attributes:
        overall: all cohorts together, for each number of periods after; its cohort is "all".
    """

    row_type: ClassVar[type] = Returned
    overall: tuple[Returned, ...] = ()

    @property
    def cohorts(self) -> list[list[Returned]]:
        """The rows of each cohort, those of all of them together first."""
        rows = (*self.overall, *self.rows)
        return [list(of_one) for _, of_one in groupby(rows, lambda row: row.cohort)]


# Parts of 19 hours, shorter than any period: a part has one edge at most, so a moment's period is
# one look and one comparison away. Going on from edge to edge is a guess lost at each new period.
_PART = 36  # bits of microseconds


@njit(cache=True, nogil=True)
def _periods(edges: Any) -> Any:  # pragma: no cover - compiled
    """The period in which each part after the first edge begins."""
    begins = np.zeros(((edges[-1] - edges[0]) >> _PART) + 1, np.int64)
    at = 0
    for part in range(len(begins)):
        while at + 2 < len(edges) and edges[at + 1] <= edges[0] + (part << _PART):
            at += 1
        begins[part] = at
    return begins


@njit(cache=True, nogil=True)
def _present(  # noqa: C901 - one pass, compiled
    offsets: Any,
    take: Any,
    time: Any,
    kind: Any,
    point: Any,
    edges: Any,
    begin: Any,
    end: Any,
    wanted: Any,
    counting: Any,
    sizes: Any,
    backs: Any,
) -> Any:  # pragma: no cover - compiled
    """Adds parties to sizes[cohort] and backs[cohort, after]; counting as in COUNTING."""
    periods, horizon = backs.shape
    parts = _periods(edges)
    started = np.zeros(periods, np.bool_)
    came = np.zeros(periods, np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        first, last = -1, -1
        settled = begin  # until then nothing more can be learnt of this party
        for row in range(offsets[party], offsets[party + 1]):
            t = time[row]
            if t < settled or kind[row] != 0 or t >= end:
                continue
            at = parts[(t - edges[0]) >> _PART]
            at += t >= edges[at + 1]
            if wanted[0] == -1 or point[row] == wanted[0]:
                started[at] = True
                if first < 0:
                    first = at
            if wanted[1] == -1 or point[row] == wanted[1]:
                came[at] = 1
                last = at
            if started[at] and came[at]:
                settled = edges[at + 1]
        final = first + 1 if counting != 1 else periods
        for cohort in range(max(first, 0), final):
            if started[cohort]:
                sizes[cohort] += 1
                for after in range(1, min(horizon, last - cohort + 1)):
                    backs[cohort, after] += 1 if counting == 2 else came[cohort + after]
        started[:] = False
        came[:] = 0


@dataclass(frozen=True)
class RetentionSums:
    """Parties of each cohort, and by periods after those of them that came back."""

    sizes: NDArray[np.int64]
    backs: NDArray[np.int64]

    def __add__(self, other: "RetentionSums") -> "RetentionSums":
        return RetentionSums(self.sizes + other.sizes, self.backs + other.backs)


def kernel(
    bucket: Bucket,
    scope: Scope,
    edges: NDArray[np.int64],
    wanted: NDArray[np.int64],
    how: Counting,
    horizon: int,
) -> RetentionSums:
    """Cohorts of one bucket.

    Args:
        edges: of the periods in microseconds, (periods + 1,).
        wanted: codes of start and back, or ANY, (2,).
        horizon: so many periods after, at most.
    """
    sizes = np.zeros(len(edges) - 1, np.int64)
    backs = np.zeros((len(edges) - 1, horizon + 1), np.int64)
    trail = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"])
    _present(
        bucket.offsets, scope.take(bucket), *trail, edges, scope.start, scope.stop,
        wanted, COUNTING.index(how), sizes, backs,
    )  # fmt: skip
    return RetentionSums(sizes, backs)


def retention(
    trails: Trails,
    engine: Engine,
    timezone: str,
    scope: Scope = EVERYTHING,
    *,
    every: Every = "month",
    start: str | None = None,
    back: str | None = None,
    how: Counting = "first",
    periods: int = 12,
) -> Retention:
    """Cohort retention over the moments of the scope.

    Args:
        timezone: in which periods begin, an IANA name.
        every: how long a period is.
        start: touchpoint that makes a party one of a cohort; any interaction when left out.
        back: touchpoint that counts as coming back; any interaction when left out.
        how: "first": a party is of the cohort of its first start; "recurring": of every period
            in which it started; "rolling": as "first", but whoever comes back later is counted
            as not gone yet.
        periods: so many after the cohort's own, at most.

    Raises:
        UnknownNameError: no interaction has such a touchpoint.
    """
    codes = [ANY if name is None else trails.code_of(name) for name in (start, back)]
    wanted = np.array(codes, np.int64)
    names, edges = period_edges(trails, zoneinfo.ZoneInfo(timezone), every)
    basis = Basis(
        formula=_WORDS[how].format(start=start or "interaction", back=back or "an interaction")
        + f"; {every}s that are not over are left out",
        denominator="parties of the cohort",
        cut=scope.text,
        method="Wilson score",
    )
    if not names:
        return Retention(basis, ())
    sums = engine.run(
        lambda bucket: kernel(bucket, scope, edges, wanted, how, periods), trails.buckets
    )
    over = _over(trails, scope, edges)
    rows = tuple(
        _row(name, sums, np.array([cohort]), after)
        for cohort, name in enumerate(names)
        if sums.sizes[cohort]
        for after in range(1, min(periods, over - 1 - cohort) + 1)
    )
    seen = [np.arange(max(over - after, 0)) for after in range(periods + 1)]
    overall = tuple(
        _row("all", sums, seen[after], after)
        for after in range(1, periods + 1)
        if sums.sizes[seen[after]].sum()
    )
    return Retention(basis, rows, overall)


def _row(name: str, sums: RetentionSums, cohorts: NDArray[Any], after: int) -> Returned:
    size, returned = int(sums.sizes[cohorts].sum()), int(sums.backs[cohorts, after].sum())
    return Returned(name, size, after, returned, share(returned, size))


def _over(trails: Trails, scope: Scope, edges: NDArray[np.int64]) -> int:
    """How many periods are over: the data, or the scope, goes on to their end."""
    known = min(microseconds(trails.last) + 1, scope.stop) if trails.last else 0
    return int(np.searchsorted(edges[1:], known, side="right"))
