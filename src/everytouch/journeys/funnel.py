"""Funnels: how many parties take given steps in their order within a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails


@dataclass(frozen=True)
class Step:
    """One step: parties that reached it, and that as a share of those at the first step."""

    touchpoint: str
    parties: int
    share: Estimate
    median_s: float


@dataclass(frozen=True)
class Funnel(Result):
    """Steps in their order."""

    row_type: ClassVar[type] = Step


@njit(cache=True, nogil=True)
def _walk(  # noqa: C901 - one pass, compiled
    offsets: Any,
    take: Any,
    time: Any,
    kind: Any,
    point: Any,
    start: Any,
    stop: Any,
    steps: Any,
    window: Any,
    spread: Any,
) -> Any:  # pragma: no cover - compiled
    """Parties that reached each step; spread[s] counts the times from the first step to s."""
    reached = np.zeros(len(steps), np.int64)
    begun = np.empty(len(steps), np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        begun[:] = -1
        best = -1
        for row in range(offsets[party], offsets[party + 1]):
            t = time[row]
            if kind[row] != 0 or t < start or t >= stop:
                continue
            for s in range(len(steps) - 1, -1, -1):
                if point[row] != steps[s]:
                    continue
                if s == 0:
                    begun[0] = row
                elif begun[s - 1] >= 0 and t - time[begun[s - 1]] <= window:
                    begun[s] = begun[s - 1]
                else:
                    continue
                if s > best:
                    best = s
                    spread[s, duration_bin(t - time[begun[s]])] += 1
        for s in range(best + 1):
            reached[s] += 1
    return reached


@dataclass(frozen=True)
class FunnelSums:
    """Parties at each step and the times it took them."""

    reached: NDArray[np.int64]
    spread: NDArray[np.int64]

    def __add__(self, other: "FunnelSums") -> "FunnelSums":
        return FunnelSums(self.reached + other.reached, self.spread + other.spread)


def kernel(bucket: Bucket, scope: Scope, steps: NDArray[np.int64], window: int) -> FunnelSums:
    """Walk one bucket; ``steps`` are touchpoint codes, ``window`` microseconds."""
    spread = np.zeros((len(steps), BINS), np.int64)
    trail = (bucket[name] for name in ("time", "kind", "touchpoint"))
    take = scope.take(bucket)
    reached = _walk(bucket.offsets, take, *trail, scope.start, scope.stop, steps, window, spread)
    return FunnelSums(reached, spread)


def funnel(
    trails: Trails,
    engine: Engine,
    steps: Sequence[str],
    scope: Scope = EVERYTHING,
    *,
    window_days: float = 30.0,
) -> Funnel:
    """Ordered funnel; other interactions may lie between the steps.

    Args:
        steps: touchpoints, the first one opens the window.
        window_days: time within which all steps must be taken.

    Raises:
        UnknownNameError: no interaction has such a touchpoint.
    """
    wanted = np.array([trails.code_of(name) for name in steps], np.int64)
    window = int(window_days * 86_400_000_000)
    sums = engine.run(lambda bucket: kernel(bucket, scope, wanted, window), trails.buckets)
    entered = int(sums.reached[0])
    rows = tuple(
        Step(
            name,
            int(sums.reached[s]),
            share(int(sums.reached[s]), entered),
            quantile(sums.spread[s], 0.5),
        )
        for s, name in enumerate(steps)
    )
    basis = Basis(
        formula="parties that took the steps in this order, share of those at the first step; "
        "median time from the first step",
        denominator=f"{entered:,} parties at {steps[0]}",
        cut=f"{scope.text}; all steps within {window_days:g} days",
        method="Wilson score",
    )
    return Funnel(basis, rows)
