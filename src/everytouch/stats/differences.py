"""Differences of two independent groups, with intervals."""

import math
from typing import TYPE_CHECKING

from everytouch.later import Later
from everytouch.stats.intervals import Estimate, Moments2, no_estimate, share

if TYPE_CHECKING:
    from scipy import special
else:
    special = Later("scipy.special")


def of_means(first: Moments2, second: Moments2, confidence: float = 0.95) -> Estimate:
    """Mean of the first minus mean of the second, Welch's interval (Welch 1947)."""
    n, method = first.n + second.n, "Welch"
    if min(first.n, second.n) < 2:
        return no_estimate(n, method)
    parts = [one.variance / one.n for one in (first, second)]
    value, spread = first.mean - second.mean, sum(parts)
    if spread == 0:
        return Estimate(value, value, value, n, method)
    freedom = spread**2 / sum(
        part**2 / (one.n - 1) for part, one in zip(parts, (first, second), strict=True)
    )
    half = float(special.stdtrit(freedom, 0.5 + confidence / 2)) * math.sqrt(spread)
    return Estimate(value, value - half, value + half, n, method)


def of_shares(k1: int, n1: int, k2: int, n2: int, confidence: float = 0.95) -> Estimate:
    """Share of the first minus share of the second: Newcombe's hybrid score interval.

    Newcombe 1998, "Interval estimation for the difference between independent proportions",
    method 10.
    """
    method = "Newcombe"
    if min(n1, n2) == 0:
        return no_estimate(n1 + n2, method)
    a, b = share(k1, n1, confidence), share(k2, n2, confidence)
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Estimate(value, low, high, n1 + n2, method)
