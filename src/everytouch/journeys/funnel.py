"""Funnels: how many parties take given steps in their order within a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.errors import UnknownNameError
from everytouch.journeys.ties import order_dependent
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

Order = Literal["ordered", "strict", "unordered"]
ORDERS: tuple[Order, ...] = ("ordered", "strict", "unordered")
_SAID: dict[Order, str] = {
    "ordered": "parties that took the steps in this order",
    "strict": "parties that took the steps one directly after the other",
    "unordered": "parties that took so many of the steps, in any order",
}


@dataclass(frozen=True)
class Step:
    """One step: parties that reached it, and that as a share of those at the first step.

    Attributes:
        step: its number, from 1.
        stopped: parties that reached the step before, and not this one.
    """

    step: int
    touchpoint: str
    parties: int
    stopped: int
    share: Estimate
    median_s: float


@dataclass(frozen=True)
class Funnel(Result):
    """Steps in their order."""

    row_type: ClassVar[type] = Step


@njit(cache=True, nogil=True)
def _ordered(  # noqa: C901 - one pass, compiled
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any,
    steps: Any, window: Any, barred: Any, strict: Any, spread: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Parties that reached each step; spread[s] counts the times from the first step to s.

    ``begun[s]`` is when the latest way to step s began: the latest serves best, as its window ends
    last. Where steps follow directly (``strict``), a way that is not gone on is over.
    """
    reached = np.zeros(len(steps), np.int64)
    begun = np.empty(len(steps), np.int64)
    never = np.iinfo(np.int64).min
    matters = barred.copy()
    for s in steps:
        matters[s] = True
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        begun[:] = never
        best = -1
        for row in range(offsets[party], offsets[party + 1]):
            here = point[row]
            if kind[row] != 0 or not (strict or matters[here]):
                continue
            t = time[row]
            if t < start or t >= stop:
                continue
            if barred[here]:
                begun[:] = never
                continue
            for s in range(len(steps) - 1, -1, -1):
                if here == steps[s]:
                    if s == 0:
                        begun[0] = t
                    elif begun[s - 1] != never and t - begun[s - 1] <= window:
                        begun[s] = begun[s - 1]
                    else:
                        if strict:
                            begun[s] = never
                        continue
                    if s > best:
                        best = s
                        spread[s, duration_bin(t - begun[s])] += 1
                elif strict:
                    begun[s] = never
        for s in range(best + 1):
            reached[s] += 1
    return reached


@njit(cache=True, nogil=True)
def _unordered(  # noqa: C901 - one pass, compiled
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any,
    steps: Any, window: Any, barred: Any, spread: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Parties that took one, two … of the steps within a window; spread[s] times from the first."""
    reached = np.zeros(len(steps), np.int64)
    latest = np.empty(len(steps), np.int64)
    never = np.iinfo(np.int64).min
    matters = barred.copy()
    for s in steps:
        matters[s] = True
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        latest[:] = never
        best = 0
        for row in range(offsets[party], offsets[party + 1]):
            here = point[row]
            if kind[row] != 0 or not matters[here]:
                continue
            t = time[row]
            if t < start or t >= stop:
                continue
            if barred[here]:
                latest[:] = never
                continue
            for s in range(len(steps)):
                if here == steps[s]:
                    latest[s] = t
            count, first = 0, t
            for s in range(len(steps)):
                if latest[s] != never and t - latest[s] <= window:
                    count += 1
                    first = min(first, latest[s])
            if count > best:
                best = count
                spread[best - 1, duration_bin(t - first)] += 1
        for s in range(best):
            reached[s] += 1
    return reached


@dataclass(frozen=True)
class FunnelSums:
    """Parties at each step and the times it took them."""

    reached: NDArray[np.int64]
    spread: NDArray[np.int64]

    def __add__(self, other: "FunnelSums") -> "FunnelSums":
        return FunnelSums(self.reached + other.reached, self.spread + other.spread)


@dataclass(frozen=True)
class Way:
    """How steps are to be taken, as the kernel needs it.

    Attributes:
        steps: touchpoint codes.
        barred: which codes end a way that passes them, (codes,).
        window: microseconds from the first step to the last.
    """

    steps: NDArray[np.int64]
    barred: NDArray[np.bool_]
    window: int
    order: Order


def kernel(bucket: Bucket, scope: Scope, way: Way) -> FunnelSums:
    """Walk one bucket."""
    spread = np.zeros((len(way.steps), BINS), np.int64)
    trail = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"], scope.start, scope.stop)
    asked = (bucket.offsets, scope.take(bucket), *trail, way.steps, way.window, way.barred)
    if way.order == "unordered":
        return FunnelSums(_unordered(*asked, spread), spread)
    return FunnelSums(_ordered(*asked, way.order == "strict", spread), spread)


@order_dependent
def funnel(
    trails: Trails,
    engine: Engine,
    steps: Sequence[str],
    scope: Scope = EVERYTHING,
    *,
    window_days: float = 30.0,
    order: Order = "ordered",
    without: Sequence[str] = (),
) -> Funnel:
    """Parties that take steps.

    Args:
        steps: touchpoints, the first one opens the window.
        window_days: time within which all steps must be taken.
        order: ``ordered``, other interactions may lie between; ``strict``, none may;
            ``unordered``, the steps in any order: how many take one of them, two …
        without: touchpoints that end a way that passes them before its last step.

    Raises:
        UnknownNameError: no interaction has such a touchpoint, or a step is barred.
    """
    way = _way(trails, steps, without, int(window_days * DAY), order)
    sums = engine.run(lambda bucket: kernel(bucket, scope, way), trails.buckets)
    entered = int(sums.reached[0])
    names = steps if order != "unordered" else [f"any {n + 1}" for n in range(len(steps))]
    rows = tuple(
        Step(
            s + 1,
            name,
            int(sums.reached[s]),
            int(sums.reached[max(0, s - 1)] - sums.reached[s]),
            share(int(sums.reached[s]), entered),
            quantile(sums.spread[s], 0.5),
        )
        for s, name in enumerate(names)
    )
    passed = f"; none of {', '.join(without)} before the last" if without else ""
    basis = Basis(
        formula=f"{_SAID[order]}, share of those at the first step; "
        "median time from the first step",
        denominator=f"{entered:,} parties at {names[0]}",
        cut=f"{scope.text}; all steps within {window_days:g} days{passed}",
        method="Wilson score",
    )
    return Funnel(basis, rows)


def _way(
    trails: Trails, steps: Sequence[str], without: Sequence[str], window: int, order: Order
) -> Way:
    both = sorted(set(steps) & set(without))
    if both:
        raise UnknownNameError(
            f"{', '.join(both)} is a step and barred at once", "leave it out of one of the two"
        )
    barred = np.zeros(max(1, len(trails.touchpoints)), np.bool_)
    barred[[trails.code_of(name) for name in without]] = True
    return Way(np.array([trails.code_of(name) for name in steps], np.int64), barred, window, order)
