"""Two answers to one question side by side: what is different, by how much, and how surely."""

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from everytouch.results import Basis, Result
from everytouch.stats import differences, discovery
from everytouch.stats.intervals import Estimate, share

METHOD = "MOVER"
# Whole numbers that name a row, and what counts the rows whose share is a plain number.
_NAMING, _COUNTING = ("place", "after"), ("count", "journeys")


@dataclass(frozen=True)
class Compared:
    """One figure of one row in both answers.

    Attributes:
        what: the row; measure: the figure.
        difference: second minus first.
        q: the false-discovery rate at which it would be reported; NaN where it cannot be said.
    """

    what: str
    measure: str
    first: Estimate
    second: Estimate
    difference: Estimate
    q: float


@dataclass(frozen=True)
class Comparison(Result):
    """Figures in the order of the first answer."""

    row_type: ClassVar[type] = Compared


def compare(first: Result, second: Result, confidence: float = 0.95) -> Comparison:
    """Every figure with an interval, in two answers to the same question.

    Differences have intervals by MOVER (Zou and Donner 2008): each end from the ends of both;
    for shares by Wilson's score this is Newcombe's. The false-discovery rates are those of
    Benjamini and Hochberg, figure by figure.

    Raises:
        ValueError: they are answers to different questions.
    """
    if type(first) is not type(second):
        raise ValueError(f"{type(first).__name__} is no answer as {type(second).__name__}")
    mine, theirs = (dict(_figures(one, confidence)) for one in (first, second))
    nothing = [_total(one) for one in (first, second)]
    complete = all(nothing) and not (first.basis.withheld or second.basis.withheld)
    rows = []
    for key in dict.fromkeys((*mine, *theirs)):
        a, b = mine.get(key), theirs.get(key)
        if (a is None or b is None) and not complete:
            continue  # what a group has none of can only be said where all of it is known
        a, b = a or share(0, nothing[0], confidence), b or share(0, nothing[1], confidence)
        more = of_estimates(b, a)
        rows.append(Compared(*key, a, b, more, _p(more, confidence)))
    basis = Basis(
        formula=f"{first.basis.formula}; second minus first. The two are taken as independent: "
        "compare groups that do not overlap",
        denominator=f"first: {first.basis.denominator}; second: {second.basis.denominator}",
        cut=f"first: {first.basis.cut}; second: {second.basis.cut}",
        ties=max(first.basis.ties, second.basis.ties),
        method=f"{first.basis.method}; differences MOVER, false discovery Benjamini and Hochberg",
    )
    return Comparison(basis, tuple(_with_rates(rows)))


def of_estimates(first: Estimate, second: Estimate) -> Estimate:
    """First minus second, of two independent estimates with intervals."""
    low = differences.across(first.value, first.low, second.value, second.high)
    high = differences.across(first.value, first.high, second.value, second.low)
    value = first.value - second.value
    return Estimate(value, value - low, value + high, first.n + second.n, METHOD)


def _p(difference: Estimate, confidence: float) -> float:
    """Two-sided, from the end of the interval that is nearer to nothing."""
    near = difference.low if difference.value > 0 else difference.high
    half = abs(difference.value - near)
    if math.isnan(half) or half == 0:
        return math.nan
    return differences.p_of_z(difference.value / half, confidence)


def _with_rates(rows: list[Compared]) -> Iterator[Compared]:
    """False-discovery rates in place of the p-values, figure by figure."""
    rates: dict[int, float] = {}
    for measure in {row.measure for row in rows}:
        at = [i for i, row in enumerate(rows) if row.measure == measure]
        rates |= dict(zip(at, discovery.rates([rows[i].q for i in at]), strict=True))
    for i, row in enumerate(rows):
        yield dataclasses.replace(row, q=rates[i])


def _figures(answer: Result, confidence: float) -> Iterator[tuple[tuple[str, str], Estimate]]:
    total, met = _total(answer), Counter[str]()
    for row in answer.rows:
        name = _name(row)
        met[name] += 1
        if met[name] > 1:  # as a step that a funnel takes twice
            name = f"{name} ({met[name]})"
        for field in dataclasses.fields(row):
            value = getattr(row, field.name)
            if isinstance(value, Estimate):
                yield (name, field.name), value
            elif field.name == "share" and total:
                yield (name, field.name), share(_count(row), total, confidence)


def _name(row: Any) -> str:
    parts = []
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        if isinstance(value, str) and field.name != "grade":
            parts.append(value)
        elif field.name in _NAMING:
            parts.append(f"{field.name} {value}")
        elif isinstance(value, tuple) and value and all(isinstance(one, str) for one in value):
            parts.append(" → ".join(value))
    return ", ".join(parts)


def _count(row: Any) -> int:
    return next((int(getattr(row, name)) for name in _COUNTING if hasattr(row, name)), 0)


def _total(answer: Result) -> int:
    """How many all shares are of, where they are plain numbers of counted rows; else 0."""
    for row in answer.rows:
        part = getattr(row, "share", None)
        if isinstance(part, float) and _count(row):
            return round(_count(row) / part)
    return 0
