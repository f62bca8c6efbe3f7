"""Least squares from cross-products that add up, and the shares of R² in it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GROUPS = 200


@dataclass(frozen=True)
class CrossProducts:
    """Cross-products of [1, x₁ … x_p, y], kept by random group of parties.

    Groups are what the bootstrap resamples, so that one party's answers stay together and
    the cost of a resample does not grow with the data.

    Attributes:
        sums: shape (GROUPS, p + 2, p + 2).
    """

    sums: Floats

    @classmethod
    def of(cls, X: Floats, y: Floats, group: NDArray[np.int64]) -> "CrossProducts":
        """Cross-products of X (n, p), y (n,), group (n,) with values in 0..GROUPS-1."""
        design = np.column_stack([np.ones(len(y)), X, y])
        order = np.argsort(group, kind="stable")
        design, group = design[order], group[order]
        edges = np.searchsorted(group, np.arange(GROUPS + 1))
        sums = np.zeros((GROUPS, design.shape[1], design.shape[1]))
        for g in range(GROUPS):
            rows = design[edges[g] : edges[g + 1]]
            sums[g] = rows.T @ rows
        return cls(sums)

    def __add__(self, other: "CrossProducts") -> "CrossProducts":
        return CrossProducts(self.sums + other.sums)

    @property
    def total(self) -> Floats:
        """All groups together, shape (p + 2, p + 2)."""
        return np.asarray(self.sums.sum(axis=0))

    @property
    def n(self) -> int:
        """Observations."""
        return round(float(self.total[0, 0]))

    def pick(self, columns: list[int]) -> "CrossProducts":
        """The same with only these predictors (0-based)."""
        keep = [0, *[c + 1 for c in columns], self.sums.shape[1] - 1]
        return CrossProducts(self.sums[:, keep][:, :, keep])

    def resamples(self, count: int, seed: int) -> Floats:
        """Totals of ``count`` bootstrap resamples of the non-empty groups, (count, p+2, p+2)."""
        filled = np.flatnonzero(self.sums[:, 0, 0] > 0)
        rng = np.random.default_rng(seed)
        weights = rng.multinomial(len(filled), np.full(len(filled), 1 / len(filled)), size=count)
        return np.asarray(np.tensordot(weights.astype(float), self.sums[filled], axes=1))


def correlation(total: Floats) -> Floats:
    """Correlations of [x₁ … x_p, y] from a total of cross-products; constants get 0."""
    n = total[0, 0]
    means = total[0, 1:] / n
    covariance = total[1:, 1:] / n - np.outer(means, means)
    spread = np.sqrt(np.clip(np.diag(covariance), 0, None))
    scale = np.where(spread > 1e-12, spread, np.inf)
    result = covariance / np.outer(scale, scale)
    np.fill_diagonal(result, 1.0)
    return np.asarray(np.clip(result, -1, 1))


def coefficients(total: Floats) -> Floats:
    """Least-squares coefficients [intercept, b₁ … b_p] from a total of cross-products."""
    answer, *_ = np.linalg.lstsq(total[:-1, :-1], total[:-1, -1], rcond=None)
    return np.asarray(answer)


@njit(cache=True, nogil=True)
def _lmg(matrix: Any) -> Any:  # noqa: C901 # pragma: no cover - compiled
    """LMG shares by sweeping every subset once, in counting order of its bit mask."""
    m = matrix.shape[0]
    p = m - 1
    stack = np.empty((p + 1, m, m))
    for r in range(m):  # in loops: assigning whole slices takes seconds more to compile
        for c in range(m):
            stack[0, r, c] = matrix[r, c]
    r2 = np.zeros(1 << p)
    size = np.zeros(1 << p, np.int64)
    for mask in range(1, 1 << p):
        size[mask] = size[mask & (mask - 1)] + 1
        depth = size[mask]
        j = 0
        while not (mask >> j) & 1:
            j += 1
        before = stack[depth - 1]
        after = stack[depth]
        pivot = before[j, j]
        for r in range(m):
            for c in range(m):
                if pivot < 1e-9:  # j adds nothing to the others
                    after[r, c] = before[r, c]
                elif r == j and c == j:
                    after[r, c] = -1.0 / pivot
                elif r == j or c == j:
                    after[r, c] = before[r, c] / pivot
                else:
                    after[r, c] = before[r, c] - before[r, j] * before[j, c] / pivot
        r2[mask] = 1.0 - after[p, p]
    weight = np.empty(p)
    for s in range(p):
        weight[s] = math.gamma(s + 1.0) * math.gamma(p - s + 0.0) / math.gamma(p + 1.0)
    shares = np.zeros(p)
    for mask in range(1 << p):
        for j in range(p):
            if not (mask >> j) & 1:
                shares[j] += weight[size[mask]] * (r2[mask | (1 << j)] - r2[mask])
    return shares


def lmg(corr: Floats) -> Floats:
    """Shares of R² by Lindeman, Merenda and Gold (1980), averaged over all orders.

    Args:
        corr: correlations of [x₁ … x_p, y], shape (p + 1, p + 1), p ≤ 16.

    Returns:
        p shares that add up to R².
    """
    if not 1 <= corr.shape[0] - 1 <= 16:
        raise ValueError(f"lmg takes 1 to 16 predictors, not {corr.shape[0] - 1}")
    return np.asarray(_lmg(np.ascontiguousarray(corr, dtype=np.float64)))


def forward_selection(corr: Floats, most: int, least_gain: float) -> list[int]:
    """Predictors in the order in which each adds most to R², while it adds ``least_gain``.

    A predictor that the chosen ones already explain (R² over .95) is passed over.
    """
    work, p = corr.copy(), corr.shape[0] - 1
    chosen: list[int] = []
    while len(chosen) < most:
        pivots = np.diag(work)[:p]
        open_ = pivots > 0.05
        open_[chosen] = False
        gains = np.where(open_, work[:p, p] ** 2 / np.where(open_, pivots, 1.0), 0.0)
        best = int(np.argmax(gains))
        if gains[best] < least_gain:
            break
        chosen.append(best)
        work = work - np.outer(work[:, best], work[best]) / work[best, best]
    return chosen


def relative_weights(corr: Floats) -> Floats:
    """Relative weights of Johnson (2000): shares of R² by way of uncorrelated stand-ins.

    Args:
        corr: correlations of [x₁ … x_p, y], shape (p + 1, p + 1), any p.

    Returns:
        p weights that add up to R².
    """
    values, vectors = np.linalg.eigh(corr[:-1, :-1])
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    inner, *_ = np.linalg.lstsq(root, corr[:-1, -1], rcond=None)
    return np.asarray(root**2 @ inner**2)
