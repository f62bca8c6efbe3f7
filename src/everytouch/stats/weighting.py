"""Answers weighted so that they stand for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trimmed:
    """Weights with mean 1.

    Attributes:
        values: (n,).
        trimmed: how many were cut down.
        most: the largest weight allowed.
    """

    values: Floats
    trimmed: int
    most: float


def trim(weights: Floats, most: float = 5.0) -> Trimmed:
    """Weights of mean 1, none above ``most``; what is cut is dealt out among the others.

    A weight of 50 makes fifty people of one answer: some bias is taken for much less variance
    (Potter 1990).
    """
    values = weights / weights.mean()
    cut = np.zeros(len(values), np.bool_)
    for _ in range(50):
        over = (values > most) & ~cut
        if not over.any():
            break
        cut |= over
        values[cut] = most
        rest = values[~cut].sum()
        if rest <= 0:
            break
        values[~cut] *= (len(values) - most * cut.sum()) / rest
    return Trimmed(values / values.mean(), int(cut.sum()), most)


def rake(
    codes: Sequence[NDArray[np.int64]],
    targets: Sequence[Floats],
    start: Floats | None = None,
    *,
    rounds: int = 200,
    tolerance: float = 1e-8,
) -> Floats:
    """Weights whose margins are the population's (Deming and Stephan 1940).

    Args:
        codes: for each margin the group of each answer, (n,), counted from 0.
        targets: for each margin the population's shares of its groups.
        start: weights to begin from; equal ones when left out.

    Returns:
        weights of mean 1, (n,). Groups nobody answered from are left out of their margin.

    Raises:
        ValueError: the margins contradict each other, so that they are never met together.
    """
    weights = np.ones(len(codes[0])) if start is None else start / start.mean()
    n = len(weights)
    for _ in range(rounds):
        worst = 0.0
        for code, shares in zip(codes, targets, strict=True):
            have = np.bincount(code, weights, len(shares))
            want = np.where(have > 0, shares, 0.0)
            want = want / want.sum() * n
            factor = np.divide(want, have, out=np.zeros(len(shares)), where=have > 0)
            worst = max(worst, float(np.abs(have - want).max()) / n)
            weights = weights * factor[code]
        if worst < tolerance:
            return np.asarray(weights / weights.mean())
    raise ValueError(f"margins are {worst:.2g} apart after {rounds} rounds: they contradict")


def beyond(values: Floats, response: Floats, ratio: float) -> tuple[float, float]:
    """Ends of the population's mean where silence depends on the answer itself, too.

    Of two people whom the trail cannot tell apart, one is silent with odds up to ``ratio`` times
    the other's: the marginal sensitivity model (Tan 2006; Zhao, Small and Bhattacharya 2019). The
    extremes put the factor on one side of a threshold, so all thresholds are tried.

    Args:
        values: of those who answered, (n,).
        response: their probability to answer, (n,).
        ratio: at least 1.
    """
    order = np.argsort(values, kind="stable")
    y, odds = values[order], ((1 - response) / response)[order]
    ends = []
    for below, above in ((ratio, 1 / ratio), (1 / ratio, ratio)):
        up_to = np.append(0.0, np.cumsum(1 + odds * below))
        from_ = np.append(np.cumsum((1 + odds * above)[::-1])[::-1], 0.0)
        y_up = np.append(0.0, np.cumsum((1 + odds * below) * y))
        y_from = np.append(np.cumsum(((1 + odds * above) * y)[::-1])[::-1], 0.0)
        means = (y_up + y_from) / (up_to + from_)
        ends.append(float(means.min() if below > above else means.max()))
    return ends[0], ends[1]
