"""Intervals that hold for small samples."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from everytouch.later import Later

if TYPE_CHECKING:
    from scipy import special
else:
    special = Later("scipy.special")


@dataclass(frozen=True)
class Estimate:
    """A number that never stands alone.

    Attributes:
        value: the estimate, NaN where there is none.
        low, high: ends of the interval.
        n: answers it rests on.
        method: name of the interval's method.
    """

    value: float
    low: float
    high: float
    n: int
    method: str

    @property
    def hidden(self) -> bool:
        """Whether the value is withheld (too few answers)."""
        return math.isnan(self.value)


REASONS = ("hidden", "not recorded", "too few answers")


def no_estimate(n: int, method: str) -> Estimate:
    """An estimate that is withheld; ``n`` stays visible, ``method`` may be one of REASONS."""
    return Estimate(math.nan, math.nan, math.nan, n, method)


def withheld(estimate: Estimate) -> str:
    """Why there is no value, in words; of how many, where that may be told."""
    why = estimate.method if estimate.method in REASONS else "hidden"
    return f"{why} (n = {estimate.n:,})" if estimate.n else why


def normal_quantile(confidence: float) -> float:
    """Two-sided standard normal quantile: 1.96 for .95."""
    return float(special.ndtri(0.5 + confidence / 2))


def share(successes: int, n: int, confidence: float = 0.95) -> Estimate:
    """Share with Wilson's score interval (Wilson 1927); value and ends in 0..1."""
    if n == 0:
        return no_estimate(0, "Wilson score")
    z = normal_quantile(confidence)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = max(0.0, centre - half) if successes else 0.0
    high = min(1.0, centre + half) if successes < n else 1.0
    return Estimate(p, low, high, n, "Wilson score")


def nps(promoters: int, detractors: int, n: int, confidence: float = 0.95) -> Estimate:
    """Net promoter score as a difference of shares, −1..1, with the adjusted Wald interval.

    Adds ¾ to promoters and to detractors and 1½ to passives (n + 3) before Wald's formula
    (Rocks 2016, "Interval estimation for the net promoter score").
    """
    method = "adjusted Wald"
    if n == 0:
        return no_estimate(0, method)
    up, down, total = promoters + 0.75, detractors + 0.75, n + 3
    p, d = up / total, down / total
    half = normal_quantile(confidence) * math.sqrt((p + d - (p - d) ** 2) / total)
    value = (promoters - detractors) / n
    return Estimate(value, max(-1.0, p - d - half), min(1.0, p - d + half), n, method)


def mean(n: int, total: float, squares: float, confidence: float = 0.95) -> Estimate:
    """Mean with Student's t interval from n, the sum, and the sum of squares."""
    method = "Student t"
    if n < 2:
        return no_estimate(n, method)
    value = total / n
    variance = max(0.0, (squares - total * value) / (n - 1))
    half = float(special.stdtrit(n - 1, 0.5 + confidence / 2)) * math.sqrt(variance / n)
    return Estimate(value, value - half, value + half, n, method)


def ratio_of_means(top: "Moments2", bottom: "Moments2", confidence: float = 0.95) -> Estimate:
    """Ratio of two independent means with a log-scale delta-method interval."""
    method = "log-ratio delta"
    n = top.n + bottom.n
    if min(top.n, bottom.n) < 2 or top.mean <= 0 or bottom.mean <= 0:
        return no_estimate(n, method)
    value = top.mean / bottom.mean
    error = math.sqrt(
        top.variance / (top.n * top.mean**2) + bottom.variance / (bottom.n * bottom.mean**2)
    )
    factor = math.exp(normal_quantile(confidence) * error)
    return Estimate(value, value / factor, value * factor, n, method)


@dataclass(frozen=True)
class Moments2:
    """n, sum and sum of squares; adds up."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: "Moments2") -> "Moments2":
        return Moments2(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """Mean, NaN for no values."""
        return self.total / self.n if self.n else math.nan

    @property
    def variance(self) -> float:
        """Unbiased variance, NaN below two values."""
        if self.n < 2:
            return math.nan
        return max(0.0, (self.squares - self.total * self.mean) / (self.n - 1))


def negative(one: Estimate) -> Estimate:
    """The same the other way round."""
    return Estimate(-one.value, -one.high, -one.low, one.n, one.method)


def product(a: Estimate, b: Estimate, confidence: float = 0.95) -> Estimate:
    """Product of two independent estimates, interval by the delta method (Goodman 1960)."""
    z = normal_quantile(confidence)
    var_a, var_b = ((a.high - a.low) / 2 / z) ** 2, ((b.high - b.low) / 2 / z) ** 2
    half = z * math.sqrt(a.value**2 * var_b + b.value**2 * var_a + var_a * var_b)
    value = a.value * b.value
    return Estimate(value, value - half, value + half, min(a.n, b.n), "delta method")
