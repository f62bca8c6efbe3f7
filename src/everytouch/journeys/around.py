"""What comes around a touchpoint: the next, or the last, interactions, place by place."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.journeys.ties import order_dependent
from everytouch.results import Basis, Result
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

Direction = Literal["after", "before"]
DIRECTIONS: tuple[Direction, ...] = ("after", "before")
NOTHING = "(nothing more)"


@dataclass(frozen=True)
class Around:
    """Parties at a touchpoint so many interactions after (or before) the one asked about.

    Attributes:
        touchpoint: NOTHING where the trail had ended (or not begun).
        median_s: time from the one asked about; NaN for NOTHING.
    """

    place: int
    touchpoint: str
    parties: int
    share: Estimate
    median_s: float


@dataclass(frozen=True)
class Passage:
    """Parties that went from a touchpoint at one place to one at the next.

    Attributes:
        place: where they came to; they were one place nearer to the touchpoint asked about.
        target: NOTHING where the trail had ended (or not begun).
    """

    place: int
    source: str
    target: str
    parties: int


@dataclass(frozen=True)
class StepMatrix(Result):
    """Places in their order, in each the most frequent touchpoints first.

    Attributes:
        passages: between neighbouring places, the most frequent of each place first.
    """

    row_type: ClassVar[type] = Around
    passages: tuple[Passage, ...] = ()


@njit(cache=True, nogil=True)
def _around(
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any,
    code: Any, places: Any, back: Any, k: Any, spread: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Parties that met the touchpoint; by place, touchpoint before and there, (places, k, k + 1).

    Seen from a party's first time there, forwards or backwards in its trail.
    """
    met, counts = 0, np.zeros((places, k, k + 1), np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        found = -1
        for row in range(offsets[party], offsets[party + 1]):
            if kind[row] == 0 and start <= time[row] < stop and point[row] == code:
                found = row
                break
        if found < 0:
            continue
        met += 1
        row, place, step, last = found, 0, -1 if back else 1, point[found]
        while place < places:
            row += step
            if row < offsets[party] or row >= offsets[party + 1]:
                break
            if kind[row] != 0 or time[row] < start or time[row] >= stop:
                continue
            counts[place, last, point[row]] += 1
            spread[place, point[row], duration_bin(abs(time[row] - time[found]))] += 1
            place, last = place + 1, point[row]
        if place < places:
            counts[place, last, k] += 1
    return met, counts


@dataclass(frozen=True)
class AroundSums:
    """What one bucket adds."""

    met: int
    counts: NDArray[np.int64]
    spread: NDArray[np.int64]

    def __add__(self, other: "AroundSums") -> "AroundSums":
        return AroundSums(
            self.met + other.met, self.counts + other.counts, self.spread + other.spread
        )


def kernel(
    bucket: Bucket, scope: Scope, code: int, places: int, direction: Direction, k: int
) -> AroundSums:
    """Look around one touchpoint in one bucket; ``k`` is the number of touchpoint codes."""
    spread = np.zeros((places, k, BINS), np.int64)
    trail = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"], scope.start, scope.stop)
    asked = (code, places, direction == "before", k, spread)
    met, counts = _around(bucket.offsets, scope.take(bucket), *trail, *asked)
    return AroundSums(met, counts, spread)


@order_dependent
def around(
    trails: Trails,
    engine: Engine,
    touchpoint: str,
    scope: Scope = EVERYTHING,
    *,
    places: int = 5,
    direction: Direction = "after",
) -> StepMatrix:
    """The interactions after (or before) a party's first one at a touchpoint.

    Raises:
        UnknownNameError: no interaction has such a touchpoint.
    """
    code, k = trails.code_of(touchpoint), len(trails.touchpoints)
    names = (*trails.touchpoints, NOTHING)
    sums = engine.run(
        lambda bucket: kernel(bucket, scope, code, places, direction, k), trails.buckets
    )
    rows, there = [], sums.counts.sum(1)
    there[:, k] = np.cumsum(there[:, k])  # whoever has ended stays so
    for place, at in np.argwhere(there).tolist():
        n = int(there[place, at])
        middle = float("nan") if at == k else quantile(sums.spread[place, at], 0.5)
        rows.append(Around(place + 1, names[at], n, share(n, sums.met), middle))
    passages = [
        Passage(place + 1, names[a], names[b], int(sums.counts[place, a, b]))
        for place, a, b in np.argwhere(sums.counts).tolist()
    ]
    passages.sort(key=lambda one: (one.place, -one.parties, one.source, one.target))
    rows.sort(key=lambda row: (row.place, -row.parties, row.touchpoint))
    basis = Basis(
        formula=f"interactions {direction} a party's first one at {touchpoint}, place by place; "
        "share of the parties that were there; median time between the two",
        denominator=f"{sums.met:,} parties at {touchpoint}",
        cut=scope.text,
        method="Wilson score",
    )
    return StepMatrix(basis, tuple(rows), tuple(passages))
