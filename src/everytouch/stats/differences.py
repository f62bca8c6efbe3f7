"""Differences of two independent groups, with intervals."""

import math
from typing import TYPE_CHECKING

from everytouch.later import Later
from everytouch.stats.intervals import Estimate, Moments2, no_estimate, normal_quantile, share

if TYPE_CHECKING:
    from scipy import special
else:
    special = Later("scipy.special")


def of_means(first: Moments2, second: Moments2, confidence: float = 0.95) -> Estimate:
    """Mean of the first minus mean of the second, Welch's interval (Welch 1947)."""
    n, method = first.n + second.n, "Welch"
    if min(first.n, second.n) < 2:
        return no_estimate(n, method)
    value, spread, freedom = _welch(first, second)
    if spread == 0:
        return Estimate(value, value, value, n, method)
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
    low = value - across(a.value, a.low, b.value, b.high)
    high = value + across(a.value, a.high, b.value, b.low)
    return Estimate(value, low, high, n1 + n2, method)


def across(first: float, first_end: float, second: float, second_end: float) -> float:
    """How far a difference reaches, from one end of each of two independent intervals.

    Zou and Donner 2008, "Construction of confidence limits about effect measures" (MOVER).
    """
    return math.hypot(first - first_end, second - second_end)


def p_of_z(times: float, confidence: float) -> float:
    """Two-sided p-value of a difference that is so many times its half interval."""
    return float(2 * special.ndtr(-abs(times) * normal_quantile(confidence)))


def p_of_means(first: Moments2, second: Moments2) -> float:
    """Two-sided p-value of Welch's test; NaN where it cannot be made."""
    if min(first.n, second.n) < 2:
        return math.nan
    value, spread, freedom = _welch(first, second)
    if spread == 0:
        return 0.0 if value else 1.0
    return float(2 * special.stdtr(freedom, -abs(value) / math.sqrt(spread)))


def p_of_shares(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided p-value of the score test of equal shares; NaN where it cannot be made."""
    if min(n1, n2) == 0:
        return math.nan
    both = (k1 + k2) / (n1 + n2)
    error = math.sqrt(both * (1 - both) * (1 / n1 + 1 / n2))
    if error == 0:
        return 1.0
    return float(2 * special.ndtr(-abs(k1 / n1 - k2 / n2) / error))


def _welch(first: Moments2, second: Moments2) -> tuple[float, float, float]:
    """Difference of means, its variance, and Satterthwaite's degrees of freedom."""
    a, b = first.variance / first.n, second.variance / second.n
    if a + b == 0:
        return first.mean - second.mean, 0.0, math.inf
    freedom = (a + b) ** 2 / (a**2 / (first.n - 1) + b**2 / (second.n - 1))
    return first.mean - second.mean, a + b, freedom
