"""What is remembered of a journey: its plain mean, or its peak and its end; tried on own data.

Where parties rate the touchpoints of a journey and the whole, the two weightings are held against
what they said of the whole. Where nobody rates touchpoints, what a party answers next is held
against all that it answered before.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.perception.api import DAY, FOLDS, Per, fold_of, headline, stated
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate, no_estimate
from everytouch.stats.ratios import RatioSums
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WAYS = ("plain mean", "peak and end", "lowest and end", "end")
MIDDLE = 50.0  # a peak is what lies furthest from it, up or down
LEAST_TRIED = 100


@dataclass(frozen=True)
class Way:
    """One way to make a score of several.

    Attributes:
        score: mean over experiences of the score that is made so, 0 to 100.
        error: mean points by which the whole, foretold from it, is off.
        nearer: points by which that is less than with the plain mean.
        correlation: with what was said of the whole.
    """

    way: str
    score: Estimate
    error: Estimate
    nearer: Estimate
    correlation: float


@dataclass(frozen=True)
class Remembered(Result):
    """One row a way.

    Attributes:
        per: what an experience is; ``experiences``: how many have a score.
        tried: how many of them have two scores or more and something said of the whole.
        sentence: which to use; empty where it was not tried.
    """

    row_type: ClassVar[type] = Way
    per: Per = "journey"
    experiences: int = 0
    tried: int = 0
    sentence: str = ""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Episodes:
    """Experiences, n of them.

    Attributes:
        party: key, (n,); ways: score by each way, (n, 4).
        before: the same of what is held against the whole; NaN where that is not two, (n, 4).
        whole: what was said of the whole, NaN for nothing, (n,).
    """

    party: Ints
    ways: Floats
    before: Floats
    whole: Floats

    def __add__(self, other: "Episodes") -> "Episodes":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Episodes(*(np.concatenate(pair) for pair in pairs))


def ways(score: Floats, unit: Ints, n: int) -> Floats:
    """Score of each unit by each way, (n, 4); NaN where it has none.

    Args:
        score: (m,); unit: of each, ascending, and in order of time within a unit, (m,).
    """
    out = np.full((n, len(WAYS)), np.nan)
    count = np.bincount(unit, minlength=n)
    there = np.flatnonzero(count)
    if not len(there):
        return out
    last = np.cumsum(count)[there] - 1
    first = last - count[there] + 1
    end = score[last]
    # Ordered by how far from the middle within each unit; of two as far, the later one.
    peak = score[np.lexsort((np.abs(score - MIDDLE), unit))[last]]
    mean = np.add.reduceat(score, first) / count[there]
    low = np.minimum.reduceat(score, first)
    out[there] = np.column_stack((mean, (peak + end) / 2, (low + end) / 2, end))
    return out


def journeys(bucket: Bucket, scope: Scope, instrument: int) -> Episodes:
    """Journeys whose touchpoints were rated; the whole is the first answer about it.

    Answers that name no order or case belong together where they are given within a day.
    """
    rows = stated(bucket, scope)
    owner, link = bucket.owner()[rows], bucket["correlation"][rows]
    order = np.lexsort((rows, link, owner))
    rows, owner, link = rows[order], owner[order], link[order]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (owner[1:] != owner[:-1]) | (link[1:] != link[:-1])
    new[1:] |= (link[1:] == 0) & (np.diff(bucket["time"][rows]) > DAY)
    unit, n = np.cumsum(new) - 1, int(new.sum())
    score = bucket["score"][rows].astype(np.float64)
    rated = bucket["touchpoint"][rows] >= 0
    told = np.flatnonzero(~rated & (bucket["instrument"][rows] == instrument))[::-1]
    whole = np.full(n, np.nan)
    whole[unit[told]] = score[told]
    found = ways(score[rated], unit[rated], n)
    few = np.bincount(unit[rated], minlength=n) < 2
    kept = np.isfinite(found[:, 0])
    before = np.where(few[:, None], np.nan, found)
    return Episodes(bucket.parties[owner[new]][kept], found[kept], before[kept], whole[kept])


def parties(bucket: Bucket, scope: Scope, instrument: int) -> Episodes:
    """Parties by all they answered to one question; the whole is their newest answer."""
    rows = stated(bucket, scope, instrument)
    owner, score = bucket.owner()[rows], bucket["score"][rows].astype(np.float64)
    new = np.ones(len(rows), np.bool_)
    new[1:] = owner[1:] != owner[:-1]
    unit, n = np.cumsum(new) - 1, int(new.sum())
    count = np.bincount(unit, minlength=n)
    last = np.zeros(len(rows), np.bool_)
    last[np.cumsum(count) - 1] = True
    before = ways(score[~last], unit[~last], n)
    before[count < 3] = np.nan
    return Episodes(bucket.parties[owner[new]], ways(score, unit, n), before, score[last])


def remembered(
    trails: Trails,
    engine: Engine,
    settings: Settings,
    scope: Scope = EVERYTHING,
    *,
    per: Per | None = None,
) -> Remembered:
    """The experience score by plain mean and by peak and end, and which lies nearer to the whole.

    Args:
        per: what an experience is; left out: journeys, or parties where too few rate touchpoints.

    Raises:
        NotEnoughDataError: nobody answered.
    """
    asked = headline(trails, engine, settings)
    if asked < 0:
        raise NotEnoughDataError("nobody was asked anything", "import answers to a question")

    def felt(kind: Per) -> Episodes:
        of = journeys if kind == "journey" else parties
        return engine.run(lambda bucket: of(bucket, scope, asked), trails.buckets)

    found = felt(per or "journey")
    if per is None and _tried(found).sum() < LEAST_TRIED:
        per, found = "party", felt("party")
    result = compared(found, settings)
    basis = Basis(
        formula="peak and end = (the score furthest from 50 + the last one) ÷ 2; nearer = mean "
        "error of the whole foretold from the plain mean, less that foretold from it; by a "
        "straight line learnt from other parties",
        denominator=f"every {per or 'journey'} with a score; tried: with two or more and the whole",
        cut=f"{scope.text}; stated scores of touchpoints against the first answer about the "
        "journey, or of a party's answers against its newest; hidden under "
        f"{settings.minimum_n}, not tried under {LEAST_TRIED}",
        method=f"{settings.confidence:.0%} intervals over parties, linearised; five folds",
    )
    few = (
        f"Not tried: {result.tried:,} have two scores or more and something said of the whole, "
        f"{LEAST_TRIED} are needed."
    )
    refused = () if result.sentence else (few,)
    return Remembered(
        basis, result.rows, per or "journey", len(found.party), result.tried, result.sentence,
        refused,
    )  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """Ways, how many experiences they were tried on, and what to make of it."""

    rows: tuple[Way, ...]
    tried: int
    sentence: str


def compared(found: Episodes, settings: Settings) -> Compared:
    """The ways beside each other."""
    tried = _tried(found)
    party, before, whole = found.party[tried], found.before[tried], found.whole[tried]
    enough = len(whole) >= LEAST_TRIED
    plain = _off(before[:, 0], whole, party) if enough else np.zeros(0)
    rows = []
    for place, name in enumerate(WAYS):
        score = _mean(found.party, found.ways[:, place], settings)
        error = nearer = no_estimate(len(whole), "too few answers")
        linked = math.nan
        if enough:
            off = _off(before[:, place], whole, party)
            error, nearer = _mean(party, off, settings), _mean(party, plain - off, settings)
            linked = _correlation(before[:, place], whole)
        rows.append(Way(name, score, error, nearer, linked))
    return Compared(tuple(rows), len(whole), _sentence(rows[1].nearer) if enough else "")


def _tried(found: Episodes) -> NDArray[np.bool_]:
    return np.isfinite(found.whole) & np.isfinite(found.before[:, 0])


def _off(x: Floats, y: Floats, party: Ints) -> Floats:
    """Points by which a straight line, learnt from other parties, is off, (n,)."""
    fold, out = fold_of(party), np.zeros(len(y))
    for k in range(FOLDS):
        here = fold == k
        X, Y = x[~here], y[~here]
        apart = X - X.mean()
        spread = float(apart @ apart)
        slope = float(apart @ (Y - Y.mean())) / spread if spread > 0 else 0.0
        out[here] = np.abs(y[here] - Y.mean() - slope * (x[here] - X.mean()))
    return out


def _correlation(x: Floats, y: Floats) -> float:
    if x.std() == 0 or y.std() == 0:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])


def _mean(party: Ints, values: Floats, settings: Settings) -> Estimate:
    if len(values) < settings.minimum_n:
        return no_estimate(len(values), "hidden")
    each, at = np.unique(party, return_inverse=True)
    sums = np.bincount(at, values, len(each)).astype(np.float64)
    counts = np.bincount(at, minlength=len(each)).astype(np.float64)
    return RatioSums.of(counts, sums).estimate(settings.confidence)


def _sentence(nearer: Estimate) -> str:
    if nearer.low > 0:
        by = f"{nearer.value:.2f} points ({nearer.low:.2f} to {nearer.high:.2f})"
        return f"Peak and end lie nearer to the whole than the plain mean, by {by}: weigh by them."
    if nearer.high < 0:
        by = f"{-nearer.value:.2f} points ({-nearer.high:.2f} to {-nearer.low:.2f})"
        return f"The plain mean lies nearer to the whole than peak and end, by {by}: keep it."
    by = f"{nearer.value:+.2f} points ({nearer.low:+.2f} to {nearer.high:+.2f})"
    return f"Peak and end and the plain mean cannot be told apart, {by}: keep the plain mean."
