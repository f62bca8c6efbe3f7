"""What if a problem went: what that does to score, spend, leaving and cost, as distributions."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate, normal_quantile

Floats = NDArray[np.float64]
DRAWS = 10_000
ASSOCIATION = "association"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Outcome:
    """One thing that would change.

    Attributes:
        measure: score (mean of all), spend, leaving (share of a year's leavers), cost.
        change: with its interval; quantiles: at ``QUANTILES``.
        better: share of the draws in which it is for the better.
        grade: of the evidence: what a point of score does to money is an association.
    """

    measure: str
    unit: str
    change: Estimate
    quantiles: tuple[float, ...]
    better: float
    grade: str


@dataclass(frozen=True)
class WhatIf(Result):
    """What would change; ``refused`` is what cannot be said, and why."""

    row_type: ClassVar[type] = Outcome
    problem: str = ""
    removed: float = 1.0
    grade: str = "association"
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What is known of a problem.

    Attributes:
        lowers: points by which it lowers the score of an experience that has it.
        share: of the experiences that have it.
        buyers: parties that paid in the year.
        slope: money of a party and year for one point of score; None where it cannot be said.
        hazard: leaving at ten points more ÷ without; None likewise.
        direct_cost: of the interactions that only repeat another, in a year.
    """

    problem: str
    lowers: Estimate
    share: Estimate
    buyers: int
    slope: Estimate | None
    hazard: Estimate | None
    direct_cost: float
    grade: str


def what_if(known: Known, settings: Settings, *, removed: float = 1.0) -> WhatIf:
    """The problem gone from a part of the experiences that have it.

    Each estimate is drawn from the normal distribution that its interval tells of, the ratio on
    its logarithm, all independent; the draws go through the same arithmetic.

    Args:
        removed: part of the problem that goes, 0..1.
    """
    rng = np.random.default_rng(settings.seed)
    points = (
        removed
        * _drawn(rng, known.lowers, settings)
        * np.clip(_drawn(rng, known.share, settings), 0, 1)
    )
    rows = [_outcome("score", "points of the mean score", points, settings, grade=known.grade)]
    refused = []
    if known.slope is None or known.slope.hidden:
        refused.append("Spend cannot be said: too few buyers after the freeze.")
    else:
        spend = points * _drawn(rng, known.slope, settings) * known.buyers
        rows.append(_outcome("spend", f"{settings.currency} a year", spend, settings))
    if known.hazard is None or known.hazard.hidden:
        refused.append("Leaving cannot be said: too few left.")
    else:
        ratio = np.exp(points / 10 * np.log(_drawn_ratio(rng, known.hazard, settings)))
        rows.append(_outcome("leaving", "% of those who leave", 100 * (ratio - 1), settings, -1))
    if known.direct_cost:
        cost = np.full(DRAWS, -removed * known.direct_cost)
        rows.append(_outcome("cost", f"{settings.currency} a year", cost, settings, -1))
    basis = Basis(
        formula="score: points it lowers × share that has it × part removed; spend: that × money "
        "per point × parties that paid; leaving: hazard ratio per ten points to that power; cost: "
        "of the interactions that only repeat another",
        denominator=f"{known.buyers:,} parties that paid in the year",
        cut=f"{removed:.0%} of {known.problem} removed; nothing else changes",
        method=f"{DRAWS:,} draws of all estimates, taken as independent; {known.grade}",
    )
    return WhatIf(basis, tuple(rows), known.problem, removed, known.grade, tuple(refused))


def _drawn(rng: np.random.Generator, one: Estimate, settings: Settings) -> Floats:
    error = (one.high - one.low) / 2 / normal_quantile(settings.confidence)
    return rng.normal(one.value, error if math.isfinite(error) else 0.0, DRAWS)


def _drawn_ratio(rng: np.random.Generator, one: Estimate, settings: Settings) -> Floats:
    width = math.log(one.high) - math.log(one.low)
    error = width / 2 / normal_quantile(settings.confidence)
    return np.exp(rng.normal(math.log(one.value), error, DRAWS))


def _outcome(
    measure: str, unit: str, draws: Floats, settings: Settings, good: int = 1,
    grade: str = ASSOCIATION,
) -> Outcome:  # fmt: skip
    tail = (1 - settings.confidence) / 2
    low, middle, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    change = Estimate(float(middle), float(low), float(high), DRAWS, "drawn")
    quantiles = tuple(float(q) for q in np.quantile(draws, QUANTILES))
    return Outcome(measure, unit, change, quantiles, float((good * draws > 0).mean()), grade)
