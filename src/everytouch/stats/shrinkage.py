"""League tables of few answers: each mean drawn towards all of them by how little it rests on."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everytouch.later import Later
from everytouch.stats.intervals import Moments2

if TYPE_CHECKING:
    from scipy import special
else:
    special = Later("scipy.special")

Floats = NDArray[np.float64]
METHOD = "shrunk, over all spreads between"
GRID = 80
# Beforehand a spread counts as its fourth root. Uniform, as usual, covers 93 % of forty units;
# uniform in its square, 98 % of eight; this one 94 to 97 % from four to a hundred.
LEANING = 0.25


@dataclass(frozen=True)
class Shrunk:
    """Means of k units after shrinkage.

    Attributes:
        values, low, high: (k,).
        kept: how much of each own deviation is kept, 0..1, (k,).
        centre: what they are drawn to.
        between: standard deviation of the true means, by Paule and Mandel; NaN below four units.
    """

    values: Floats
    low: Floats
    high: Floats
    kept: Floats
    centre: float
    between: float


def pooled_variance(cells: list[Moments2]) -> float:
    """Variance within units, pooled; NaN where no unit has two answers.

    A unit's own variance is no guide where it has three answers that happen to be alike.
    """
    freedom = sum(max(0, cell.n - 1) for cell in cells)
    squares = sum(cell.variance * (cell.n - 1) for cell in cells if cell.n > 1)
    return squares / freedom if freedom else math.nan


def shrink(means: Floats, variances: Floats, confidence: float = 0.95) -> Shrunk:
    """Unit means drawn to their centre, over all spreads between units that fit them.

    The spread between units is never known: each on a grid counts as well as it explains the
    means (Gelman and others 2013, "Bayesian data analysis", 5.4). One spread taken for true, as
    by Paule and Mandel, gives intervals that are too short. Intervals are the quantiles of that
    mixture: a normal one of the same variance is too long where the means hardly tell the spread.

    Args:
        means: (k,), k ≥ 1.
        variances: of each mean, positive, (k,).
    """
    k, z = len(means), float(special.ndtri(0.5 + confidence / 2))
    if k < 4:  # too few units to learn a spread from: nothing is drawn
        half, centre = z * np.sqrt(variances), float(np.average(means, weights=1 / variances))
        return Shrunk(means, means - half, means + half, np.ones(k), centre, math.nan)
    top = 4 * math.sqrt(max(float(np.var(means)), float(variances.max())))
    at = (np.arange(GRID) + 0.5) / GRID
    spread = at**2 * top  # finer where small spreads matter to units of many answers
    weight = 1 / (spread[:, None] ** 2 + variances)
    sure = weight.sum(1)
    centre_of = (weight * means).sum(1) / sure
    fits = (
        0.5 * np.log(weight).sum(1)
        - 0.5 * np.log(sure)
        - 0.5 * (weight * (means - centre_of[:, None]) ** 2).sum(1)
        + LEANING * np.log(spread)
        + np.log(at)  # how far the grid's steps lie apart
    )
    p = np.exp(fits - fits.max())
    p /= p.sum()
    pull = variances * weight
    drawn = pull * centre_of[:, None] + (1 - pull) * means
    error = np.sqrt(variances * (1 - pull) + pull**2 / sure[:, None])
    tail = (1 - confidence) / 2
    return Shrunk(
        p @ drawn, _quantile(p, drawn, error, tail), _quantile(p, drawn, error, 1 - tail),
        1 - p @ pull, float(p @ centre_of), math.sqrt(paule_mandel(means, variances)),
    )  # fmt: skip


def _quantile(p: Floats, means: Floats, errors: Floats, q: float) -> Floats:
    """Quantiles of mixtures of g normals, (k,), by halving what holds them.

    Args:
        p: weights, (g,); means, errors: (g, k).
    """
    z = float(special.ndtri(q))
    ends = means + z * errors
    low, high = ends.min(0), ends.max(0)
    for _ in range(30):
        middle = (low + high) / 2
        below = p @ special.ndtr((middle - means) / errors) < q
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def paule_mandel(means: Floats, variances: Floats) -> float:
    """Variance of the true means, 0 where chance explains all (Paule and Mandel 1982)."""
    k = len(means)

    def excess(between: float) -> float:
        weight = 1 / (variances + between)
        centre = weight @ means / weight.sum()
        return float(weight @ (means - centre) ** 2) - (k - 1)

    if k < 2 or excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(np.var(means) * k + variances.max())
    while excess(high) > 0:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2
