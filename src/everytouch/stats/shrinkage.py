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
    means, with its square uniform beforehand, which keeps intervals near their level (Morris and
    Tang 2011, "Estimating random effects via adjustment for density maximization"). One spread
    taken for true, as by Paule and Mandel, gives intervals that are too short.

    Args:
        means: (k,), k ≥ 1.
        variances: of each mean, positive, (k,).
    """
    k, z = len(means), float(special.ndtri(0.5 + confidence / 2))
    if k < 4:  # too few units to learn a spread from: nothing is drawn
        half, centre = z * np.sqrt(variances), float(np.average(means, weights=1 / variances))
        return Shrunk(means, means - half, means + half, np.ones(k), centre, math.nan)
    top = 4 * math.sqrt(max(float(np.var(means)), float(variances.max())))
    spread = (np.arange(GRID) + 0.5) / GRID * top
    total = spread[:, None] ** 2 + variances
    weight = 1 / total
    sure = weight.sum(1)
    centre_of = (weight * means).sum(1) / sure
    fits = (
        0.5 * np.log(weight).sum(1)
        - 0.5 * np.log(sure)
        - 0.5 * (weight * (means - centre_of[:, None]) ** 2).sum(1)
        + np.log(spread)  # uniform in its square
    )
    p = np.exp(fits - fits.max())
    p /= p.sum()
    pull = variances * weight
    drawn = pull * centre_of[:, None] + (1 - pull) * means
    values = p @ drawn
    variance = p @ (variances * (1 - pull) + pull**2 / sure[:, None] + drawn**2) - values**2
    half = z * np.sqrt(np.clip(variance, 0, None))
    return Shrunk(
        values, values - half, values + half, 1 - p @ pull, float(p @ centre_of),
        math.sqrt(paule_mandel(means, variances)),
    )  # fmt: skip


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
