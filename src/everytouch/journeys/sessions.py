"""Sessions: interactions of one party with no longer silence between them."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails


@dataclass(frozen=True)
class SessionFacts:
    """How many sessions, of how many parties, how long, how rich."""

    sessions: int
    parties: int
    interactions: int
    interactions_per_session: float
    mean_s: float
    median_s: float


@dataclass(frozen=True)
class Sessions(Result):
    """One row of facts."""

    row_type: ClassVar[type] = SessionFacts


@njit(cache=True, nogil=True)
def _split(
    offsets: Any, take: Any, time: Any, kind: Any, start: Any, stop: Any, gap: Any, spread: Any
) -> Any:  # pragma: no cover - compiled
    """Sessions, parties, interactions and total microseconds; spread counts the lengths."""
    sums = np.zeros(4, np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        first, last = -1, -1
        for row in range(offsets[party], offsets[party + 1]):
            t = time[row]
            if kind[row] != 0 or t < start or t >= stop:
                continue
            sums[2] += 1
            if last >= 0 and t - last > gap:
                spread[duration_bin(last - first)] += 1
                sums[3] += last - first
                first = t
                sums[0] += 1
            elif last < 0:
                first = t
                sums[0] += 1
                sums[1] += 1
            last = t
        if last >= 0:
            spread[duration_bin(last - first)] += 1
            sums[3] += last - first
    return sums


@dataclass(frozen=True)
class SessionSums:
    """What one bucket adds."""

    sums: NDArray[np.int64]
    spread: NDArray[np.int64]

    def __add__(self, other: "SessionSums") -> "SessionSums":
        return SessionSums(self.sums + other.sums, self.spread + other.spread)


def kernel(bucket: Bucket, scope: Scope, gap: int) -> SessionSums:
    """Split one bucket's trails; ``gap`` in microseconds."""
    spread = np.zeros(BINS, np.int64)
    take, time, kind = scope.take(bucket), bucket["time"], scope.kinds(bucket)
    sums = _split(bucket.offsets, take, time, kind, scope.start, scope.stop, gap, spread)
    return SessionSums(sums, spread)


def sessions(
    trails: Trails, engine: Engine, scope: Scope = EVERYTHING, *, gap_minutes: int = 30
) -> Sessions:
    """Sessions of interactions that end after ``gap_minutes`` of silence."""
    gap = gap_minutes * 60_000_000
    added = engine.run(lambda bucket: kernel(bucket, scope, gap), trails.buckets)
    count, parties, interactions, length = map(int, added.sums)
    facts = SessionFacts(
        count,
        parties,
        interactions,
        interactions / count if count else float("nan"),
        length / 1e6 / count if count else float("nan"),
        quantile(added.spread, 0.5),
    )
    basis = Basis(
        formula=f"a session ends after {gap_minutes} minutes without an interaction",
        denominator=f"{count:,} sessions of {parties:,} parties",
        cut=scope.text,
    )
    return Sessions(basis, (facts,))
