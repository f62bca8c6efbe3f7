"""The time between any two moments: from one to the next of another kind in the same journey."""

import zoneinfo
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.errors import UnknownNameError
from everytouch.journeys.ties import order_dependent
from everytouch.journeys.walks import WORDS, Unit, cut
from everytouch.results import Basis, Result
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import (
    EVERYTHING,
    INTERACTION,
    PERCEPTION,
    Bucket,
    Scope,
    Trails,
    month_edges,
)

From = Literal["first", "last"]
FROM: tuple[From, ...] = ("first", "last")
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class TimeBetween:
    """What is waited for from one moment to another.

    Attributes:
        period: month in which the first of the two was; "all" for all of them.
        starts: first moments; parties: whose they are.
        reached: share of the first moments that the other follows.
        mean_s, p10_s … p99_s: of those that it follows.
    """

    period: str
    starts: int
    parties: int
    reached: Estimate
    mean_s: float
    p10_s: float
    p25_s: float
    median_s: float
    p75_s: float
    p90_s: float
    p95_s: float
    p99_s: float


@dataclass(frozen=True)
class Between(Result):
    """All together, then month by month."""

    row_type: ClassVar[type] = TimeBetween


@njit(cache=True, nogil=True)
def _between(
    rows: Any, edges: Any, owner: Any, time: Any, is_first: Any, is_second: Any, last: Any,
    months: Any, spread: Any, seconds: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Starts and their parties by month, (len(months), 2), and parties altogether.

    Fills ``spread`` and ``seconds``; ``owner`` is the party of each walk.
    """
    starts = np.zeros((len(months), 2), np.int64)
    parties, latest, seen = 0, -1, np.full(len(months), -1, np.int64)
    for w in range(len(edges) - 1):
        begun, party = -1, owner[w]
        for at in range(edges[w], edges[w + 1]):
            row = rows[at]
            if is_second[row] and begun >= 0:
                m = np.searchsorted(months, time[begun], side="right") - 1
                starts[m, 0] += 1
                starts[m, 1] += seen[m] != party
                parties += latest != party
                seen[m] = latest = party
                spread[m, duration_bin(time[row] - time[begun])] += 1
                seconds[m] += (time[row] - time[begun]) * 1e-6
                begun = -1
            if is_first[row] and (begun < 0 or last):
                begun = row
        if begun >= 0:
            m = np.searchsorted(months, time[begun], side="right") - 1
            starts[m, 0] += 1
            starts[m, 1] += seen[m] != party
            parties += latest != party
            seen[m] = latest = party
    return starts, parties


@dataclass(frozen=True)
class BetweenSums:
    """What one bucket adds, by month; ``parties`` altogether."""

    starts: NDArray[np.int64]
    parties: int
    spread: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def __add__(self, other: "BetweenSums") -> "BetweenSums":
        return BetweenSums(
            self.starts + other.starts,
            self.parties + other.parties,
            self.spread + other.spread,
            self.seconds + other.seconds,
        )


Meant = tuple[int, int]  # kind and code


def kernel(
    bucket: Bucket, scope: Scope, first: Meant, second: Meant, unit: Unit, gap: int,
    from_: From, months: NDArray[np.int64],
) -> BetweenSums:  # fmt: skip
    """Count one bucket; ``gap`` in microseconds."""
    columns = {INTERACTION: bucket["touchpoint"], PERCEPTION: bucket["instrument"]}
    meant = [(bucket["kind"] == kind) & (columns[kind] == code) for kind, code in (first, second)]
    counted = bucket["kind"] == INTERACTION if unit == "session" else np.zeros(1, np.bool_)
    rows, edges = cut(bucket, scope.rows(bucket) & (meant[0] | meant[1] | counted), unit, gap)
    spread = np.zeros((len(months), BINS), np.int64)
    seconds = np.zeros(len(months))
    owner = np.searchsorted(bucket.offsets, rows[edges[:-1]], side="right") - 1
    starts, parties = _between(
        rows, edges, owner, bucket["time"], *meant, from_ == "last", months, spread, seconds
    )
    return BetweenSums(starts, int(parties), spread, seconds)


@order_dependent
def between(
    trails: Trails,
    engine: Engine,
    first: str,
    second: str,
    timezone: str,
    scope: Scope = EVERYTHING,
    *,
    unit: Unit = "party",
    from_: From = "first",
    gap_minutes: float = 30.0,
    confidence: float = 0.95,
) -> Between:
    """The time from one moment to the next of another kind in the same journey.

    Args:
        first, second: touchpoints, or instruments by which something was said.
        timezone: in which months begin, an IANA name.
        from_: where the first comes several times before the second: from the first or the last
            of those.

    Raises:
        UnknownNameError: there is no such moment.
    """
    meant = [_meant(trails, name) for name in (first, second)]
    names, months = month_edges(trails, zoneinfo.ZoneInfo(timezone))
    basis = Basis(
        formula=f"time from {first} to the next {second} in the same journey ({WORDS[unit]}); "
        f"where {first} comes several times before, from the {from_}; quantiles from a "
        "logarithmic histogram (within 4.5 %)",
        denominator=f"{first}, each time that none is waited for already",
        cut=scope.text,
        method="Wilson score",
    )
    if not names:
        return Between(basis, ())
    gap = round(gap_minutes * 60e6)
    sums = engine.run(
        lambda bucket: kernel(bucket, scope, meant[0], meant[1], unit, gap, from_, months),
        trails.buckets,
    )
    whole = (int(sums.starts[:, 0].sum()), sums.parties)
    everything = _row("all", whole, sums.spread.sum(0), sums.seconds.sum(), confidence)
    rows = [
        _row(name, tuple(sums.starts[at].tolist()), sums.spread[at], sums.seconds[at], confidence)
        for at, name in enumerate(names)
        if sums.starts[at, 0]
    ]
    return Between(basis, (everything, *rows) if rows else ())


def _meant(trails: Trails, name: str) -> Meant:
    if name in trails.touchpoints:
        return INTERACTION, trails.touchpoints.index(name)
    if name in trails.instruments:
        return PERCEPTION, trails.instruments.index(name)
    known = ", ".join((*trails.touchpoints, *trails.instruments)) or "nothing yet"
    raise UnknownNameError(f"no moment is named {name!r}", f"use one of: {known}")


def _row(
    period: str,
    begun: tuple[int, int],
    spread: NDArray[np.int64],
    seconds: float,
    confidence: float,
) -> TimeBetween:
    reached = int(spread.sum())
    mean = seconds / reached if reached else float("nan")
    parts = [quantile(spread, q) for q in SHARES]
    return TimeBetween(period, *begun, share(reached, begun[0], confidence), mean, *parts)
