"""Who stays: by level of past experience, and what a point of score does to leaving."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.drivers.worth import LEAST_PARTIES, LEVELS
from everytouch.engine.api import Engine
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import survival
from everytouch.stats.intervals import Estimate, no_estimate
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds

Floats = NDArray[np.float64]
AFTER = (90, 180, 365)  # days at which the share still there is read
LEAST_LEFT = 20
MOST_ROWS = 200_000  # of a regression; more teach little


@dataclass(frozen=True)
class Stayers:
    """Parties of one level of past experience.

    Attributes:
        left: of them, who left within the data.
        after: share still there after ``AFTER`` days, hidden where the data ends before.
        median: days by which half have left; infinite where fewer have.
    """

    level: str
    low: float
    high: float
    parties: int
    left: int
    after: tuple[Estimate, ...]
    median: Estimate


@dataclass(frozen=True)
class Staying(Result):
    """Levels from poorest to best.

    Attributes:
        hazard: chance to leave at any time, of one with ten points more ÷ of one without.
        p_proportional: of that being the same all along; small where it is not.
        p_levels: of the lowest and highest level staying alike (log-rank).
        concordance: share of pairs whose order of leaving the model tells.
    """

    row_type: ClassVar[type] = Stayers
    hazard: Estimate | None = None
    p_proportional: float = float("nan")
    p_levels: float = float("nan")
    concordance: float = float("nan")
    sentences: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """Parties there at the freeze, with a score before it.

    Attributes:
        score: mean before; days: until they left or were last looked at; left: whether they did.
        age: days since their first moment; spend: paid before.
    """

    score: Floats
    days: Floats
    left: NDArray[np.bool_]
    age: Floats
    spend: Floats

    def __add__(self, other: "Seen") -> "Seen":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Seen(*(np.concatenate(pair) for pair in pairs))


@njit(cache=True, nogil=True)
def _seen(
    offsets: Any, take: Any, time: Any, kind: Any, mode: Any, score: Any, amount: Any, point: Any,
    leaves: Any, freeze: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Answers, their sum, spend before; first and last interaction; when it said good-bye."""
    out = np.zeros((len(offsets) - 1, 3))
    when = np.full((len(offsets) - 1, 4), -1, np.int64)  # first, last before, last, left
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        for row in range(offsets[party], offsets[party + 1]):
            if kind[row] == 1:
                if time[row] < freeze and mode[row] == 0 and not np.isnan(score[row]):
                    out[party, 0] += 1
                    out[party, 1] += score[row]
                continue
            if when[party, 0] < 0:
                when[party, 0] = time[row]
            if time[row] < freeze:
                out[party, 2] += amount[row] / 10_000
                when[party, 1] = time[row]
            when[party, 2] = time[row]
            if point[row] >= 0 and leaves[point[row]]:
                when[party, 3] = time[row]
            elif when[party, 3] >= 0:
                when[party, 3] = -1  # came back after all
    return out, when


def kernel(
    bucket: Bucket, scope: Scope, leaves: NDArray[np.bool_], freeze: int, stop: int, dormant: int
) -> Seen:
    """Who was there at the freeze, and until when."""
    names = ("time", "kind", "mode", "score", "amount", "touchpoint")
    columns = (bucket[name] for name in names)
    out, when = _seen(bucket.offsets, scope.take(bucket), *columns, leaves, freeze)
    first, before, last, left = when.T
    there = (out[:, 0] > 0) & (before >= freeze - dormant) & ~((left >= 0) & (left < freeze))
    gone = (left >= 0) | (last < stop - dormant)
    until = np.where(left >= 0, left, np.where(gone, last, stop))
    days = np.maximum((until - freeze) / DAY, 0.5)  # who went at once was there for half a day
    score = np.divide(out[:, 1], out[:, 0], out=np.zeros(len(out)), where=out[:, 0] > 0)
    columns_of = (score, days, gone, (freeze - first) / DAY, out[:, 2])
    return Seen(*(column[there] for column in columns_of))


def leaving(trails: Trails, catalogue: Catalogue) -> NDArray[np.bool_]:
    """Which touchpoint codes are of the last stage: who passes one leaves, (K,)."""
    return np.array([catalogue.leaves(name) for name in trails.touchpoints], np.bool_)


def staying(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
) -> Staying:
    """How long parties stay after a day at which their past experience is read off.

    Who passes a touchpoint of the last stage leaves then; so does, at the last interaction, who
    is silent for ``dormant_days`` up to the end of the data.
    """
    if trails.last is None:
        return Staying(_basis(scope, settings, "no data", 0), (), refusals=("No moments.",))
    stop, dormant = microseconds(trails.last) + 1, settings.dormant_days * DAY
    freeze = stop - (settings.follow_up_days + settings.dormant_days) * DAY
    leaves = leaving(trails, catalogue)
    seen = engine.run(
        lambda bucket: kernel(bucket, scope, leaves, freeze, stop, dormant), trails.buckets
    )
    day = str(np.datetime64(freeze, "us").astype("datetime64[D]"))
    basis = _basis(scope, settings, day, len(seen.score))
    rows = tuple(_level(seen, i, settings) for i in range(len(LEVELS)))
    known = [i for i, row in enumerate(rows) if row.parties >= LEAST_PARTIES]
    left = int(seen.left.sum())
    if len(known) < 2 or left < LEAST_LEFT:
        why = (
            f"Staying by experience cannot be said: {left} of {len(seen.score)} parties that had a "
            f"score and were there on {day} left; at least {LEAST_LEFT}, and two levels of "
            f"{LEAST_PARTIES} parties, are needed."
        )
        return Staying(basis, rows, refusals=(why,))
    return _judged(basis, rows, seen, rows[known[0]], rows[known[-1]], settings)


def _judged(
    basis: Basis, rows: tuple[Stayers, ...], seen: Seen, low: Stayers, high: Stayers,
    settings: Settings,
) -> Staying:  # fmt: skip
    band = np.minimum(seen.score // 20, 4) * 20
    ends = (band == low.low) | (band == high.low)
    _, p_levels = survival.log_rank(seen.days[ends], seen.left[ends], band[ends] == high.low)
    some = slice(None, None, max(1, len(seen.score) // MOST_ROWS))
    X = np.column_stack([seen.score / 10, np.log1p(seen.age), np.log1p(np.maximum(seen.spend, 0))])
    model = survival.cox(X[some], seen.days[some], seen.left[some], settings.confidence)
    hazard = model.ratios[0]
    steady = float(model.p_proportional[0])
    less, alike = hazard.value < 1, p_levels > 1 - settings.confidence
    ten = (
        f"Ten points more of past experience go with {abs(1 - hazard.value):.0%} "
        f"{'less' if less else 'more'} leaving at any time (hazard ratio {hazard.value:.2f}, "
        f"{hazard.low:.2f} to {hazard.high:.2f}), of parties as old that had spent as much."
    )
    ends_of = (
        f"Parties with the {high.level} and the {low.level} experience stay "
        f"{'alike' if alike else 'differently'} (log-rank p = {p_levels:.2g})."
    )
    said = [ten, ends_of]
    if steady < 0.01:
        said.append(
            f"The ratio does not stay the same over time (p = {steady:.2g}): take it for a mean, "
            "and look at the curves."
        )
    return Staying(basis, rows, hazard, steady, p_levels, model.concordance, tuple(said))


def _level(seen: Seen, number: int, settings: Settings) -> Stayers:
    mine = np.minimum(seen.score // 20, 4) == number
    n, left = int(mine.sum()), int(seen.left[mine].sum())
    if n < settings.minimum_n:
        hidden = no_estimate(n, "hidden")
        after, median = tuple(hidden for _ in AFTER), hidden
    else:
        curve = survival.kaplan_meier(seen.days[mine], seen.left[mine], settings.confidence)
        longest = float(seen.days.max())
        after = tuple(
            curve.at(days) if days <= longest else no_estimate(n, "not recorded") for days in AFTER
        )
        median = curve.median()
    return Stayers(LEVELS[number], 20.0 * number, 20.0 * number + 20, n, left, after, median)


def _basis(scope: Scope, settings: Settings, day: str, n: int) -> Basis:
    return Basis(
        formula=f"share still there so many days after {day}, by the mean of the scores a party "
        "had stated before; hazard ratio of ten points, age and past spend held still",
        denominator=f"{n:,} parties with a score before {day} that were still there then",
        cut=f"{scope.text}; left: passed a touchpoint of the last stage, or silent for "
        f"{settings.dormant_days} days up to the end of the data",
        method="Kaplan–Meier with Greenwood's log interval; log-rank; Cox, Efron's ties; "
        "association",
    )
