"""Ratios of totals over groups whose members hang together, as the steps of one journey do."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everytouch.stats.intervals import Estimate, no_estimate, normal_quantile

METHOD = "ratio over groups, linearised"


@dataclass(frozen=True)
class RatioSums:
    """Sums over groups of n (a size) and x (what of it), and of their squares and products."""

    groups: float = 0.0
    n: float = 0.0
    x: float = 0.0
    nn: float = 0.0
    xx: float = 0.0
    nx: float = 0.0

    @classmethod
    def of(cls, n: NDArray[np.float64], x: NDArray[np.float64]) -> "RatioSums":
        """Of groups, (g,) each."""
        return cls(
            float(len(n)), float(n.sum()), float(x.sum()),
            float(n @ n), float(x @ x), float(n @ x),
        )  # fmt: skip

    def __add__(self, other: "RatioSums") -> "RatioSums":
        mine, theirs = vars(self).values(), vars(other).values()
        return RatioSums(*(a + b for a, b in zip(mine, theirs, strict=True)))

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """Σx ÷ Σn, with the interval of the linearised ratio estimator (Cochran 1977, 6.4)."""
        if self.groups < 2 or self.n == 0:
            return no_estimate(int(self.n), METHOD)
        ratio = self.x / self.n
        residual = self.xx - 2 * ratio * self.nx + ratio * ratio * self.nn
        variance = max(0.0, residual) * self.groups / (self.groups - 1) / self.n**2
        half = normal_quantile(confidence) * math.sqrt(variance)
        return Estimate(ratio, ratio - half, ratio + half, int(self.n), METHOD)
