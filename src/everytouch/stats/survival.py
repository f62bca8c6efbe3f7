"""How long people stay: Kaplan and Meier's curve, the log-rank test, Cox's regression."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.stats.intervals import Estimate, no_estimate, normal_quantile

if TYPE_CHECKING:
    from scipy import special
else:
    special = Later("scipy.special")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """Share still there after each time at which somebody left.

    Attributes:
        times, share, low, high: (m,), ascending times.
        at_risk: who could have left then, (m,).
        n: people; events: of them, who left.
    """

    times: Floats
    share: Floats
    low: Floats
    high: Floats
    at_risk: NDArray[np.int64]
    n: int
    events: int

    def at(self, time: float) -> Estimate:
        """Share still there at a time."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        if place < 0:
            return Estimate(1.0, 1.0, 1.0, self.n, "Kaplan–Meier")
        return Estimate(
            float(self.share[place]), float(self.low[place]), float(self.high[place]),
            self.n, "Kaplan–Meier",
        )  # fmt: skip

    def median(self) -> Estimate:
        """Time by which half have left; infinite ends where the curve does not come so low."""
        ends = [_first_below(self.times, c, 0.5) for c in (self.share, self.low, self.high)]
        return Estimate(ends[0], ends[1], ends[2], self.n, "Kaplan–Meier")


def _first_below(times: Floats, curve: Floats, level: float) -> float:
    under = np.flatnonzero(curve <= level + 1e-12)
    return float(times[under[0]]) if len(under) else math.inf


def kaplan_meier(time: Floats, left: Bools, confidence: float = 0.95) -> Curve:
    """Kaplan and Meier (1958), with Greenwood's variance on the logarithm of the curve.

    Args:
        time: until who left did, or until who stayed was last looked at, (n,).
        left: whether they left, (n,).
    """
    times, risk, gone = _table(time, left)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.cumprod(1 - gone / risk)
        error = np.sqrt(np.cumsum(gone / (risk * (risk - gone))))
        half = normal_quantile(confidence) * error
        low, high = share * np.exp(-half), np.minimum(1.0, share * np.exp(half))
    low, high = np.nan_to_num(low, nan=0.0), np.where(share > 0, high, np.nan_to_num(high))
    ends = np.asarray(low, np.float64), np.asarray(high, np.float64)
    return Curve(times, np.asarray(share, np.float64), *ends, risk, len(time), int(left.sum()))


def _table(time: Floats, left: Bools) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Times of leaving, how many were at risk then, how many left."""
    times, gone = np.unique(time[left], return_counts=True)
    risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    return times, risk, gone


def log_rank(time: Floats, left: Bools, second: Bools) -> tuple[float, float]:
    """χ² with one degree of freedom, and p, of two groups leaving alike (Mantel 1966).

    Args:
        second: who is of the second group, (n,).
    """
    times, risk, gone = _table(time, left)
    mine = np.sort(time[second])
    at_risk = len(mine) - np.searchsorted(mine, times, side="left")
    mine_gone = np.bincount(np.searchsorted(times, time[second & left]), minlength=len(times))
    expected = gone * at_risk / risk
    spread = np.where(
        risk > 1,
        gone * (at_risk / risk) * (1 - at_risk / risk) * (risk - gone) / np.maximum(risk - 1, 1),
        0.0,
    )
    variance = float(spread.sum())
    if variance <= 0:
        return 0.0, 1.0
    chi = float((mine_gone - expected).sum()) ** 2 / variance
    return chi, float(special.chdtrc(1, chi))


@dataclass(frozen=True)
class Cox:
    """A proportional-hazards model.

    Attributes:
        coefficients: log hazard ratios, (p,); errors: their standard errors.
        ratios: hazard ratios with intervals.
        concordance: share of pairs whose order it tells (Harrell's C), 0.5 for a guess.
        p_proportional: for each predictor, of its ratio staying the same over time; small
            where one ratio does not describe it (Grambsch and Therneau 1994).
    """

    coefficients: Floats
    errors: Floats
    ratios: tuple[Estimate, ...]
    concordance: float
    p_proportional: Floats
    n: int
    events: int


def cox(X: Floats, time: Floats, left: Bools, confidence: float = 0.95) -> Cox:
    """Cox's regression (1972) by Newton's steps, ties as Efron (1977) has them.

    Args:
        X: predictors, (n, p). A constant one gets a ratio that is withheld.

    Raises:
        ValueError: nobody left.
    """
    if not left.any():
        raise ValueError("nobody left: there is nothing to explain")
    order = np.lexsort((~left, -time))  # the longest there first, so that sums run over who is
    X, time, left = X[order], time[order], left[order]
    centre, scale = X.mean(0), X.std(0)
    fixed = scale < 1e-12
    Z = (X - centre) / np.where(fixed, 1.0, scale)
    beta = np.zeros(X.shape[1])
    likelihood, kept = -math.inf, beta
    for _ in range(50):
        now, gradient, information, _ = _efron(Z, time, left, beta)
        step = np.linalg.lstsq(information, gradient, rcond=None)[0]
        if now < likelihood:  # a step too far: half of it
            step = -(beta - kept) / 2
        else:
            likelihood, kept = now, beta
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    _, _, information, residuals = _efron(Z, time, left, beta)
    covariance = np.linalg.pinv(information)
    spread = np.sqrt(np.clip(np.diag(covariance), 0, None))
    b, error = beta / np.where(fixed, 1.0, scale), spread / np.where(fixed, 1.0, scale)
    p = _proportional(residuals, time[left], np.asarray(covariance, np.float64))
    z = normal_quantile(confidence)
    ratios = tuple(
        no_estimate(len(time), "Cox") if fixed[j] else _ratio(b[j], z * error[j], len(time))
        for j in range(len(b))
    )
    agreement = concordance(Z @ beta, time, left)
    return Cox(b, error, ratios, agreement, p, len(time), int(left.sum()))


def _ratio(log: float, half: float, n: int) -> Estimate:
    return Estimate(math.exp(log), math.exp(log - half), math.exp(log + half), n, "Cox")


def _efron(
    Z: Floats, time: Floats, left: Bools, beta: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood, gradient, information, and Schoenfeld's residuals of who left."""
    risk = np.exp(Z @ beta)
    weighted = Z * risk[:, None]
    ends = np.flatnonzero(np.append(time[1:] != time[:-1], True))  # last row of each time
    s0, s1 = np.cumsum(risk)[ends], np.cumsum(weighted, axis=0)[ends]
    group = np.searchsorted(ends, np.arange(len(time)))
    rows = np.flatnonzero(left)
    g = group[rows]
    tied = np.bincount(g, minlength=len(ends))
    tie0 = np.bincount(g, risk[rows], len(ends))
    tie1 = np.zeros_like(s1)
    np.add.at(tie1, g, weighted[rows])
    # The l-th of d who leave together faces all at risk but l/d of those d.
    first = np.searchsorted(g, g, side="left")
    part = (np.arange(len(rows)) - first) / tied[g]
    d0 = s0[g] - part * tie0[g]
    mean = (s1[g] - part[:, None] * tie1[g]) / d0[:, None]
    likelihood = float((Z[rows] @ beta).sum() - np.log(d0).sum())
    residuals = Z[rows] - mean
    second = _second(Z, weighted, rows, g, part, ends, d0)
    return likelihood, residuals.sum(0), second - mean.T @ mean, residuals


def _second(
    Z: Floats, weighted: Floats, rows: NDArray[np.int64], g: NDArray[np.int64], part: Floats,
    ends: NDArray[np.int64], d0: Floats,
) -> Floats:  # fmt: skip
    """Sum over who left of the weighted second moments of those at risk, (p, p).

    A person counts in every risk set that is not over, so each gets the sum of 1/d0 over them.
    """
    each = np.bincount(g, 1 / d0, len(ends))
    later = np.cumsum(each[::-1])[::-1]
    group = np.searchsorted(ends, np.arange(len(Z)))
    whole = later[group]
    ties = np.bincount(g, part / d0, len(ends))
    out = (Z * whole[:, None]).T @ weighted
    return np.asarray(out - (Z[rows] * ties[g][:, None]).T @ weighted[rows])


def _proportional(residuals: Floats, time: Floats, covariance: Floats) -> Floats:
    """Score test of each ratio's drift over the rank of time (Grambsch and Therneau 1994)."""
    events = len(residuals)
    # As in R's cox.zph of old: scaled residuals against the rank of time.
    scaled = residuals @ covariance * events
    rank = np.argsort(np.argsort(time, kind="stable"), kind="stable").astype(float)
    rank -= rank.mean()
    squares = float(rank @ rank)
    if squares == 0:
        return np.ones(residuals.shape[1])
    drift = rank @ scaled
    variance = np.diag(covariance) * events * squares
    chi = np.divide(drift**2, variance, out=np.zeros(len(drift)), where=variance > 0)
    return np.asarray(special.chdtrc(1, chi))


def concordance(risk: Floats, time: Floats, left: Bools) -> float:
    """Harrell's C: of pairs where one is known to leave first, how often it has the higher risk.

    Ties of risk count half; NaN where no pair can be ordered.
    """
    order = np.argsort(-time, kind="stable")
    ranks = np.unique(risk, return_inverse=True)[1][order]
    good, pairs = _pairs(ranks, time[order], left[order], int(ranks.max()) + 1)
    return good / pairs if pairs else math.nan


@njit(cache=True, nogil=True)
def _pairs(  # noqa: C901 - one pass, compiled
    ranks: Any, time: Any, left: Any, size: Any
) -> Any:  # pragma: no cover - compiled
    """Agreeing pairs, ties as halves, and all pairs; who is longest there comes first.

    A tree of counts (Fenwick 1994) holds the ranks of those who stay longer.
    """
    tree = np.zeros(size + 1, np.int64)
    good, pairs, held = 0.0, 0.0, 0
    i = 0
    while i < len(time):
        j = i
        while j < len(time) and time[j] == time[i]:
            j += 1
        for row in range(i, j):  # who is still there at this very time stays longer
            if not left[row]:
                at = ranks[row] + 1
                while at <= size:
                    tree[at] += 1
                    at += at & -at
                held += 1
        for row in range(i, j):
            if left[row]:
                below, same, at = 0, 0, ranks[row]
                while at > 0:
                    below += tree[at]
                    at -= at & -at
                at = ranks[row] + 1
                while at > 0:
                    same += tree[at]
                    at -= at & -at
                good += below + 0.5 * (same - below)
                pairs += held
        for row in range(i, j):
            if left[row]:
                at = ranks[row] + 1
                while at <= size:
                    tree[at] += 1
                    at += at & -at
                held += 1
        i = j
    return good, pairs
