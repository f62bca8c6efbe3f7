"""Coming again: repeated contact, resolution at the first, loops, and going there and back."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds


@dataclass(frozen=True)
class Repeat:
    """One touchpoint and how often parties come to it again.

    Attributes:
        interactions: all of them; parties: whose they are.
        followed: those that so many days of data come after.
        again: of those, how many the same party came again after, within these days.
        resolved: share of those followed that were the last of their matter: 1 − again.
        directly: directly followed by itself.
        there_and_back: the party went to one other touchpoint and directly back.
        returned: different parties that came again, directly, and there and back.
    """

    touchpoint: str
    interactions: int
    parties: int
    followed: int
    again: int | None
    resolved: Estimate
    directly: int | None
    there_and_back: int | None
    returned: tuple[int, int, int]


@dataclass(frozen=True)
class Repeats(Result):
    """Touchpoints; those that are come to again most often first."""

    row_type: ClassVar[type] = Repeat


@njit(cache=True, nogil=True)
def _count(
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any,
    window: Any, known: Any, k: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Per touchpoint: interactions, followed, again, directly, there and back, (k, 9).

    Then the parties of them; and those that came again, directly, there and back.
    """
    sums = np.zeros((k, 9), np.int64)
    seen, when = np.full(k, -1, np.int64), np.zeros(k, np.int64)
    met = np.full((k, 3), -1, np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        before, earlier = -1, -1
        for row in range(offsets[party], offsets[party + 1]):
            t = time[row]
            if kind[row] != 0 or t < start or t >= stop:
                continue
            here = point[row]
            sums[here, 0] += 1
            sums[here, 1] += t + window <= known
            if seen[here] == party and t - when[here] <= window and when[here] + window <= known:
                sums[here, 2] += 1
                sums[here, 6] += met[here, 0] != party
                met[here, 0] = party
            sums[here, 5] += seen[here] != party
            seen[here], when[here] = party, t
            if before == here:
                sums[here, 3] += 1
                sums[here, 7] += met[here, 1] != party
                met[here, 1] = party
            elif earlier == here:
                sums[here, 4] += 1
                sums[here, 8] += met[here, 2] != party
                met[here, 2] = party
            before, earlier = here, before
    return sums


@dataclass(frozen=True)
class RepeatSums:
    """What one bucket adds: see ``_count``."""

    sums: NDArray[np.int64]

    def __add__(self, other: "RepeatSums") -> "RepeatSums":
        return RepeatSums(self.sums + other.sums)


def kernel(bucket: Bucket, scope: Scope, window: int, known: int, k: int) -> RepeatSums:
    """Count one bucket.

    Args:
        window: microseconds within which coming again counts.
        known: time up to which the data goes.
        k: number of touchpoint codes.
    """
    trail = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"], scope.start, scope.stop)
    return RepeatSums(_count(bucket.offsets, scope.take(bucket), *trail, window, known, k))


def repeats(
    trails: Trails, engine: Engine, scope: Scope = EVERYTHING, *, days: float = 7.0
) -> Repeats:
    """How often parties come to a touchpoint again within some days."""
    k, window = max(1, len(trails.touchpoints)), int(days * DAY)
    known = min(microseconds(trails.last), scope.stop - 1) if trails.last else 0
    sums = engine.run(lambda bucket: kernel(bucket, scope, window, known, k), trails.buckets).sums
    rows = []
    for name, (n, followed, again, directly, back, parties, *returned) in zip(
        trails.touchpoints, sums.tolist(), strict=False
    ):
        if n:
            resolved = share(followed - again, followed)
            rows.append(
                Repeat(name, n, parties, followed, again, resolved, directly, back, tuple(returned))
            )
    rows.sort(key=lambda row: (-(row.again or 0), row.touchpoint))
    basis = Basis(
        formula=f"interactions that the same party comes to the same touchpoint after, within "
        f"{days:g} days; resolved at the first: 1 − again ÷ followed; directly: nothing else "
        "between; there and back: one other interaction between",
        denominator=f"interactions that {days:g} days of data come after",
        cut=scope.text,
        method="Wilson score",
    )
    return Repeats(basis, tuple(rows))
