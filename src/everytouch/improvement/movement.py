"""What moved: the score of one period against the one before, and what that goes with."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.drivers.api import Feature, cross_products
from everytouch.engine.api import Engine
from everytouch.improvement.ranking import WORDS, effects
from everytouch.perception.api import DAY, PROBLEMS, Rules, headline
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.intervals import (
    Estimate,
    Moments2,
    mean,
    no_estimate,
    normal_quantile,
    product,
)
from everytouch.stats.regression import CrossProducts
from everytouch.trails.api import Scope, Trails, microseconds

_NONE = no_estimate(0, "not recorded")


@dataclass(frozen=True)
class Cause:
    """One problem whose frequency changed.

    Attributes:
        before, now: share of the experiences answered about that had it.
        moved: points by which that moves the mean score.
    """

    name: str
    touchpoint: str
    label: str
    problem: str
    before: float
    now: float
    moved: Estimate


@dataclass(frozen=True)
class Movement(Result):
    """Causes, the one that moves most first.

    Attributes:
        before, now: mean score of the two periods; ``change`` is their difference.
        explained: what the causes add up to.
    """

    row_type: ClassVar[type] = Cause
    before: Estimate = _NONE
    now: Estimate = _NONE
    change: Estimate = _NONE
    explained: float = math.nan


def periods(
    trails: Trails, scope: Scope, days: int, months: NDArray[np.int64]
) -> tuple[Scope, Scope]:
    """The scope's period and the equally long one before; its last ``days`` where it has none.

    Before whole calendar months are as many months, before other days as many days.

    Args:
        months: edges of the months of the data, in microseconds.
    """
    first, last = (microseconds(t) if t else 0 for t in (trails.first, trails.last))
    stop = min(scope.stop, last + 1)
    start = scope.start if scope.start > first else stop - days * DAY
    earlier = _as_many_months(start, scope.stop, months)
    begin = 2 * start - stop if earlier is None else earlier
    return (
        replace(scope, start=start, stop=stop, text=_span(start, stop)),
        replace(scope, start=begin, stop=start, text=_span(begin, start)),
    )


def _as_many_months(start: int, stop: int, months: NDArray[np.int64]) -> int | None:
    """Where the period before begins; None where it is not one of whole months."""
    first, last = np.searchsorted(months, (start, min(stop, months[-1])))
    if not (0 < first < last and months[first] == start and months[last] == min(stop, months[-1])):
        return None
    return int(months[max(0, 2 * first - last)])


def _span(start: int, stop: int) -> str:
    first, last = (np.datetime64(t, "us").astype("datetime64[D]") for t in (start, stop - 1))
    return f"{first} to {last}"


def movement(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    now: Scope,
    before: Scope,
) -> Movement:
    """Compare the scores of two periods and say which problems the change goes with."""
    rules, asked = Rules.of(catalogue, trails, settings), headline(trails, engine, settings)
    problems = tuple(
        Feature(kind, k)
        for kind in PROBLEMS
        for k in range(len(trails.touchpoints))
        if trails.touchpoints[k] in catalogue.touchpoints
    )
    new, old = (
        engine.run(lambda b, s=scope: cross_products(b, s, rules, problems, asked), trails.buckets)  # type: ignore[misc]
        for scope in (now, before)
    )
    found = effects(new + old, settings)
    rows = [
        _cause(problem, i, new, old, effect.lowers, trails, catalogue, settings.confidence)
        for i, problem in enumerate(problems)
        if (effect := found.get(i)) is not None
    ]
    rows = [row for row in rows if not row.moved.hidden]
    rows.sort(key=lambda row: (-abs(row.moved.value), row.name))
    score_before, score_now = (_mean(products, settings) for products in (old, new))
    basis = Basis(
        formula="change = mean score now − mean score before; a problem moves it by −(points it "
        "lowers the score) × (share that had it now − share before)",
        denominator=f"{new.n:,} answers now, {old.n:,} before",
        cut=f"now: {now.text}; before: {before.text}; an association, no proof of a cause",
        method=f"{settings.confidence:.0%}: Welch for the change, delta method for the causes",
    )
    return Movement(
        basis,
        tuple(rows),
        before=score_before,
        now=score_now,
        change=_change(score_before, score_now),
        explained=sum(row.moved.value for row in rows) if rows else math.nan,
    )


def _mean(products: CrossProducts, settings: Settings) -> Estimate:
    total = products.total
    if products.n < settings.minimum_n:
        return no_estimate(products.n, "hidden")
    sums = Moments2(products.n, float(total[0, -1]), float(total[-1, -1]))
    return mean(sums.n, sums.total, sums.squares, settings.confidence)


def _change(before: Estimate, now: Estimate) -> Estimate:
    """Difference of two independent means; half-widths add in squares."""
    if before.hidden or now.hidden:
        return no_estimate(min(before.n, now.n), "too few answers")
    half = math.hypot((before.high - before.low) / 2, (now.high - now.low) / 2)
    value = now.value - before.value
    return Estimate(value, value - half, value + half, before.n + now.n, "Welch")


def _cause(
    problem: Feature,
    column: int,
    new: CrossProducts,
    old: CrossProducts,
    lowers: Estimate,
    trails: Trails,
    catalogue: Catalogue,
    confidence: float,
) -> Cause:
    name = trails.touchpoints[problem.code]
    point = catalogue.touchpoints[name]
    shares, spread = [], 0.0
    for products in (old, new):
        n = max(1, products.n)
        share = min(1.0, float(products.total[0, column + 1]) / n)
        shares.append(share)
        spread += share * (1 - share) / n
    half = normal_quantile(confidence) * math.sqrt(spread)
    step = shares[1] - shares[0]
    moved = (
        no_estimate(0, "too few answers")
        if not (old.n and new.n) or (step == 0 and half == 0) or np.isnan(lowers.value)
        else product(
            Estimate(-lowers.value, -lowers.high, -lowers.low, lowers.n, ""),
            Estimate(step, step - half, step + half, new.n + old.n, ""),
            confidence,
        )
    )
    return Cause(
        f"{problem.kind}:{name}",
        name,
        point.label,
        f"{point.label}: {WORDS[problem.kind]}",
        shares[0],
        shares[1],
        moved,
    )
