"""What each party is worth from now on: purchases to come (BG/NBD) times what they bring."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from everytouch.drivers.worth import LEVELS
from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate, Moments2, no_estimate
from everytouch.stats.purchases import BgNbd, GammaGamma, fit_bg_nbd, fit_gamma_gamma
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds

Floats = NDArray[np.float64]
HELD_OUT = 0.25  # of the time, to try the model on
MOST_ROWS = 100_000
UNSCORED = "no score"


@dataclass(frozen=True)
class Lifetime:
    """Buyers of one level of experience, and what they will bring.

    Attributes:
        alive: mean probability to be a customer still.
        purchases: expected in the horizon, each; value: what they bring, each; total: together.
    """

    level: str
    parties: int
    alive: float
    purchases: float
    amount: float
    value: Estimate
    total: float


@dataclass(frozen=True)
class Lifetimes(Result):
    """Levels from poorest to best, then who has no score.

    Attributes:
        expected, bought: purchases in the held-out time: as the model had it, and as they were.
        buying, paying: the models.
    """

    row_type: ClassVar[type] = Lifetime
    buying: BgNbd | None = None
    paying: GammaGamma | None = None
    expected: float = float("nan")
    bought: int = 0
    currency: str = ""
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Buyers:
    """Parties that bought: what a model of purchases needs, in days.

    Attributes:
        frequency, recency, age: after the first purchase, as of the end.
        amount: mean of those purchases; score: mean stated, NaN for none.
        early: frequency, recency, age as of the held-out time's beginning, (n, 3); age below 0
            for who had not bought yet; later: purchases in it.
    """

    party: NDArray[np.int64]
    frequency: Floats
    recency: Floats
    age: Floats
    amount: Floats
    score: Floats
    early: Floats
    later: Floats

    def __add__(self, other: "Buyers") -> "Buyers":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Buyers(*(np.concatenate(pair) for pair in pairs))


@njit(cache=True, nogil=True)
def _buyers(  # noqa: C901 - one pass, compiled
    offsets: Any, take: Any, time: Any, kind: Any, mode: Any, score: Any, amount: Any, middle: Any,
    stop: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Days on which a party paid: several payments of one day are one purchase."""
    day = 86_400_000_000
    out = np.zeros((len(offsets) - 1, 10))
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        first, last, days, money, now = -1, -1, 0, 0.0, -1
        for row in range(offsets[party], offsets[party + 1]):
            if time[row] >= stop:
                break
            if kind[row] == 1:
                if mode[row] == 0 and not np.isnan(score[row]):
                    out[party, 5] += 1
                    out[party, 6] += score[row]
                continue
            if amount[row] <= 0:
                continue
            here = time[row] // day
            if here != now:
                days, now = days + 1, here
                if first < 0:
                    first = time[row]
                last = time[row]
                if time[row] < middle:
                    out[party, 7], out[party, 8] = days - 1, (last - first) / day
                else:
                    out[party, 9] += 1
            if days > 1:
                money += amount[row] / 10_000
        if days:
            out[party, 0], out[party, 1] = days, days - 1
            out[party, 2], out[party, 3] = (last - first) / day, (stop - first) / day
            out[party, 4] = money / (days - 1) if days > 1 else 0.0
    return out


def kernel(bucket: Bucket, scope: Scope, middle: int, stop: int) -> Buyers:
    """The buyers of one bucket."""
    names = ("time", "kind", "mode", "score", "amount")
    columns = (bucket[name] for name in names)
    out = _buyers(bucket.offsets, scope.take(bucket), *columns, middle, stop)
    bought = out[:, 0] > 0
    party, out = bucket.parties[bought], out[bought]
    score = np.divide(out[:, 6], out[:, 5], out=np.full(len(out), np.nan), where=out[:, 5] > 0)
    early = np.column_stack([out[:, 7], out[:, 8], out[:, 3] - (stop - middle) / DAY])
    return Buyers(party, out[:, 1], out[:, 2], out[:, 3], out[:, 4], score, early, out[:, 9])


@dataclass(frozen=True)
class Modelled:
    """Buyers with what the models make of them.

    Attributes:
        alive: probability to be a customer still, (n,); purchases: expected in
            ``follow_up_days``, (n,); each: amount expected of one, (n,).
        held_out: days the models were tried on; tried, bought: purchases in them, expected and
            made.
    """

    found: Buyers
    buying: BgNbd
    paying: GammaGamma
    alive: Floats
    purchases: Floats
    each: Floats
    held_out: float
    tried: float
    bought: int


def modelled(trails: Trails, engine: Engine, settings: Settings, scope: Scope) -> Modelled:
    """Learn from all buyers, and say what is to be expected of each.

    Raises:
        NotEnoughDataError: too few came back to learn from.
    """
    if trails.first is None or trails.last is None:
        raise NotEnoughDataError("there are no moments", "import some")
    begin, stop = microseconds(trails.first), microseconds(trails.last) + 1
    middle = int(stop - (stop - begin) * HELD_OUT)
    found = engine.run(lambda bucket: kernel(bucket, scope, middle, stop), trails.buckets)
    some = slice(None, None, max(1, len(found.age) // MOST_ROWS))
    try:
        buying = fit_bg_nbd(found.frequency[some], found.recency[some], found.age[some])
        paying = fit_gamma_gamma(found.frequency[some], found.amount[some])
        tried, bought = _tried(found, (stop - middle) / DAY, some)
    except ValueError as error:
        raise NotEnoughDataError(
            f"what parties will bring cannot be said: {error}", "wait for more purchases"
        ) from error
    days = settings.follow_up_days
    return Modelled(
        found, buying, paying,
        buying.alive(found.frequency, found.recency, found.age),
        buying.expected(days, found.frequency, found.recency, found.age),
        paying.expected(found.frequency, found.amount),
        (stop - middle) / DAY, tried, bought,
    )  # fmt: skip


def lifetimes(
    trails: Trails, engine: Engine, settings: Settings, scope: Scope = EVERYTHING
) -> Lifetimes:
    """What parties that ever bought will bring in the next ``follow_up_days``, undiscounted.

    Raises:
        NotEnoughDataError: too few came back to learn from.
    """
    known = modelled(trails, engine, settings, scope)
    found, purchases, each, alive = known.found, known.purchases, known.each, known.alive
    level = np.where(np.isfinite(found.score), np.minimum(found.score // 20, 4), len(LEVELS))
    rows = tuple(
        _row(name, level == i, alive, purchases, each, settings)
        for i, name in enumerate((*LEVELS, UNSCORED))
        if (level == i).any()
    )
    off = known.tried / known.bought - 1 if known.bought else float("nan")
    said = (
        f"Tried on the last {known.held_out:.0f} days: {known.tried:,.0f} purchases expected, "
        f"{known.bought:,} made ({off:+.1%})."
    )
    basis = _basis(scope, settings, len(found.age), known.buying, known.paying)
    return Lifetimes(
        basis, rows, known.buying, known.paying, known.tried, known.bought, settings.currency,
        (said,),
    )  # fmt: skip


def lifetime_values(
    trails: Trails, engine: Engine, settings: Settings, scope: Scope = EVERYTHING
) -> pa.Table:
    """One row a party that ever bought, as ``lifetimes`` has them together.

    Returns:
        party (as in the SQL view of moments), purchases (so far), alive (probability to be a
        customer still), expected (purchases in ``follow_up_days``), amount (expected of one), value
        (of them together), n rows.

    Raises:
        NotEnoughDataError: too few came back to learn from.
    """
    known = modelled(trails, engine, settings, scope)
    return pa.table(
        {
            "party": known.found.party,
            "purchases": known.found.frequency.astype(np.int64) + 1,
            "alive": known.alive,
            "expected": known.purchases,
            "amount": known.each,
            "value": known.purchases * known.each,
        }
    )


def _tried(found: Buyers, days: float, some: slice) -> tuple[float, int]:
    """Purchases expected in the held-out time by a model of what was before, and made."""
    x, tx, t = found.early[found.early[:, 2] > 0].T
    model = fit_bg_nbd(x[some], tx[some], t[some])
    made = found.later[found.early[:, 2] > 0]
    return float(model.expected(days, x, tx, t).sum()), int(made.sum())


def _row(
    name: str, mine: NDArray[np.bool_], alive: Floats, purchases: Floats, each: Floats,
    settings: Settings,
) -> Lifetime:  # fmt: skip
    n, value = int(mine.sum()), (purchases * each)[mine]
    if n < settings.minimum_n:
        hidden, nan = no_estimate(n, "hidden"), float("nan")
        return Lifetime(name, n, nan, nan, nan, hidden, nan)
    sums = Moments2(n, float(value.sum()), float(value @ value))
    mean = intervals.mean(sums.n, sums.total, sums.squares, settings.confidence)
    paid = float(value.sum() / purchases[mine].sum()) if purchases[mine].sum() else 0.0
    return Lifetime(
        name, n, float(alive[mine].mean()), float(purchases[mine].mean()), paid, mean,
        float(value.sum()),
    )  # fmt: skip


def _basis(scope: Scope, settings: Settings, n: int, buying: BgNbd, paying: GammaGamma) -> Basis:
    return Basis(
        formula=f"purchases expected in {settings.follow_up_days} days (BG/NBD r = {buying.r:.3g}, "
        f"α = {buying.alpha:.4g} days, a = {buying.a:.3g}, b = {buying.b:.3g}) × mean amount "
        f"expected (gamma–gamma p = {paying.p:.3g}, q = {paying.q:.3g}, v = {paying.v:.4g}); "
        "nothing is discounted",
        denominator=f"{n:,} parties that ever paid; payments of one day are one purchase",
        cut=f"{scope.text}; amounts in {settings.currency}",
        method="maximum likelihood; intervals are of the mean over parties, the models taken "
        "as they are",
    )
