"""What experience is worth: spend, return and cost in the year after, by level of experience.

The score is frozen at one day, and everything counted comes after it, so that spending more
cannot have made the score. Still an association: who had the better experience may differ
otherwise too.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate, Moments2, no_estimate
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds

Floats = NDArray[np.float64]
LEVELS = ("poorest", "poor", "middling", "good", "best")
LEAST_PARTIES = 30
LEAST_BUYERS = 10


@dataclass(frozen=True)
class Level:
    """Parties of one level of past experience and what followed, per party."""

    level: str
    low: float
    high: float
    parties: int
    buyers: int
    spend: Estimate
    repeat: Estimate
    cost: Estimate


@dataclass(frozen=True)
class Worth(Result):
    """Levels from poorest to best, and what can be said of them.

    Attributes:
        spend_ratio: spend of the best ÷ spend of the poorest; None where refused.
        cost_ratio: likewise of cost to serve.
        slope: money a party spends more in the year after, for one point of score.
        sentences: what the data says, in words.
        refusals: what it cannot say, and why.
    """

    row_type: ClassVar[type] = Level
    spend_ratio: Estimate | None = None
    cost_ratio: Estimate | None = None
    slope: Estimate | None = None
    sentences: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True)
class After:
    """Parties with a score before the freeze: mean score, spend, purchases, cost after."""

    score: Floats
    spend: Floats
    purchases: NDArray[np.int64]
    cost: Floats

    def __add__(self, other: "After") -> "After":
        return After(
            np.concatenate([self.score, other.score]),
            np.concatenate([self.spend, other.spend]),
            np.concatenate([self.purchases, other.purchases]),
            np.concatenate([self.cost, other.cost]),
        )


@njit(cache=True, nogil=True)
def _after(
    offsets: Any, take: Any, time: Any, kind: Any, mode: Any, score: Any, amount: Any, cost: Any,
    freeze: Any, stop: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Per party: answers and sum of scores up to the freeze; spend, purchases, cost after."""
    out = np.zeros((len(offsets) - 1, 5))
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        for row in range(offsets[party], offsets[party + 1]):
            if time[row] >= stop:
                break
            if kind[row] == 1:
                if time[row] < freeze and mode[row] == 0 and not np.isnan(score[row]):
                    out[party, 0] += 1
                    out[party, 1] += score[row]
            elif time[row] >= freeze:
                out[party, 2] += amount[row] / 10_000
                out[party, 3] += amount[row] > 0
                out[party, 4] += cost[row] / 10_000
    return out


def kernel(bucket: Bucket, scope: Scope, freeze: int, stop: int) -> After:
    """What followed for the parties of one bucket."""
    names = ("time", "kind", "mode", "score", "amount", "cost")
    columns = (bucket[name] for name in names)
    out = _after(bucket.offsets, scope.take(bucket), *columns, freeze, stop)
    out = out[out[:, 0] > 0]
    return After(out[:, 1] / out[:, 0], out[:, 2], out[:, 3].astype(np.int64), out[:, 4])


def worth(trails: Trails, engine: Engine, settings: Settings, scope: Scope = EVERYTHING) -> Worth:
    """Spend, return and cost to serve in the follow-up, by level of past experience."""
    if trails.last is None:
        return Worth(_basis(scope, settings, "no data", 0), (), refusals=("There are no moments.",))
    stop = microseconds(trails.last) + 1
    freeze = stop - settings.follow_up_days * DAY
    found = engine.run(lambda bucket: kernel(bucket, scope, freeze, stop), trails.buckets)
    day = np.datetime64(freeze, "us").astype("datetime64[D]")
    basis = _basis(scope, settings, str(day), len(found.score))
    rows = _levels(found, settings)
    spend, slope, said, refused = _spend(found, rows, settings)
    cost, more, no = _cost(found, rows, settings)
    return Worth(basis, rows, spend, cost, slope, (*said, *more), (*refused, *no))


def _basis(scope: Scope, settings: Settings, day: str, n: int) -> Basis:
    return Basis(
        formula=f"money paid and cost of interactions in the {settings.follow_up_days} days from "
        f"{day} on, by the mean of the scores a party had stated before",
        denominator=f"{n:,} parties with a stated score before {day}",
        cut=f"{scope.text}; amounts in {settings.currency}",
        method="means Student t, shares Wilson score, ratios log-ratio delta; association",
    )


def _levels(found: After, settings: Settings) -> tuple[Level, ...]:
    band = np.minimum(found.score // 20, 4).astype(np.int64)
    rows = []
    for number, name in enumerate(LEVELS):
        mine = band == number
        n, buyers = int(mine.sum()), int((found.purchases[mine] > 0).sum())
        spend, cost = _sums(found.spend[mine]), _sums(found.cost[mine])
        estimates = (
            _mean(spend, settings),
            intervals.share(buyers, n, settings.confidence)
            if n >= settings.minimum_n
            else no_estimate(n, "hidden"),
            _mean(cost, settings) if found.cost.any() else no_estimate(n, "not recorded"),
        )
        rows.append(Level(name, 20.0 * number, 20.0 * number + 20, n, buyers, *estimates))
    return tuple(rows)


def _sums(values: Floats) -> Moments2:
    return Moments2(len(values), float(values.sum()), float(values @ values))


def _mean(sums: Moments2, settings: Settings) -> Estimate:
    if sums.n < settings.minimum_n:
        return no_estimate(sums.n, "hidden")
    return intervals.mean(sums.n, sums.total, sums.squares, settings.confidence)


def _ends(rows: tuple[Level, ...]) -> tuple[Level, Level] | None:
    """The lowest and the highest level with enough parties."""
    enough = [row for row in rows if row.parties >= LEAST_PARTIES]
    return (enough[0], enough[-1]) if len(enough) > 1 else None


def _spend(
    found: After, rows: tuple[Level, ...], settings: Settings
) -> tuple[Estimate | None, Estimate | None, tuple[str, ...], tuple[str, ...]]:
    ends = _ends(rows)
    if ends is None:
        few = f"fewer than two levels of experience have {LEAST_PARTIES} parties"
        return None, None, (), (f"Spend by experience cannot be said: {few}.",)
    low, high = ends
    if min(low.buyers, high.buyers) < LEAST_BUYERS:
        text = (
            f"Spend by experience cannot be said: in the {settings.follow_up_days} days after, "
            f"{high.buyers} of {high.parties} parties with the {high.level} past experience bought "
            f"and {low.buyers} of {low.parties} with the {low.level}; at least {LEAST_BUYERS} "
            "on both sides are needed."
        )
        return None, None, (), (text,)
    ratio = _ratio(found.spend, found.score, low, high, settings)
    more = (
        f"{high.repeat.value:.0%} of those with the {high.level} experience bought again within "
        f"{settings.follow_up_days} days ({high.repeat.low:.0%} to {high.repeat.high:.0%}), "
        f"{low.repeat.value:.0%} of those with the {low.level} "
        f"({low.repeat.low:.0%} to {low.repeat.high:.0%})."
    )
    sentence = _compare(ratio, high, low, "spend", "spent")
    return ratio, _slope(found, settings), (sentence, more), ()


def _cost(
    found: After, rows: tuple[Level, ...], settings: Settings
) -> tuple[Estimate | None, tuple[str, ...], tuple[str, ...]]:
    ends = _ends(rows)
    if not found.cost.any():
        text = "Cost to serve cannot be said: no interaction after the freeze has a cost."
        return None, (), (text,)
    if ends is None:
        text = f"Cost to serve cannot be said: too few parties ({LEAST_PARTIES} a level needed)."
        return None, (), (text,)
    low, high = ends
    ratio = _ratio(found.cost, found.score, low, high, settings)
    return ratio, (_compare(ratio, high, low, "cost to serve", "cost"),), ()


def _ratio(values: Floats, score: Floats, low: Level, high: Level, settings: Settings) -> Estimate:
    band = np.minimum(score // 20, 4) * 20
    top, bottom = _sums(values[band == high.low]), _sums(values[band == low.low])
    return intervals.ratio_of_means(top, bottom, settings.confidence)


def _compare(ratio: Estimate, high: Level, low: Level, what: str, verb: str) -> str:
    if math.isnan(ratio.value):
        return f"The {what} of the {high.level} and the {low.level} cannot be compared."
    percent, ends = ratio.value - 1, (ratio.low - 1, ratio.high - 1)
    word = "more" if percent >= 0 else "less"
    shown = sorted(abs(e) if percent >= 0 or e < 0 else -e for e in ends)
    doubt = "" if ratio.low > 1 or ratio.high < 1 else " The interval includes no difference."
    return (
        f"Customers with the {high.level} past experience {verb} {abs(percent):.0%} {word} than "
        f"those with the {low.level} ({shown[0]:.0%} to {shown[1]:.0%}).{doubt}"
    )


def _slope(found: After, settings: Settings) -> Estimate:
    """Least squares of spend on score, interval robust to unequal variances (HC1)."""
    x, y, n = found.score - found.score.mean(), found.spend, len(found.score)
    spread = float(x @ x)
    if n < 3 or spread == 0:
        return no_estimate(n, "least squares, HC1")
    slope = float(x @ y) / spread
    residual = y - y.mean() - slope * x
    error = math.sqrt(n / (n - 2) * float((x * residual) @ (x * residual))) / spread
    half = intervals.normal_quantile(settings.confidence) * error
    return Estimate(slope, slope - half, slope + half, n, "least squares, HC1")
