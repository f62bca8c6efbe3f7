"""Promises held against what happened: kept or broken, and how the journeys felt."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue, Instrument
from everytouch.engine.api import Engine
from everytouch.perception.api import LATE, SLOW, Rules, headline, problems_of, stated
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate, Moments2, no_estimate
from everytouch.trails.api import EVERYTHING, NEVER, Bucket, Scope, Trails, people


@dataclass(frozen=True)
class PromiseKept:
    """How often a touchpoint's promise was kept, and the scores of the journeys.

    Attributes:
        interactions, broken: those that could be checked, and those that broke it.
        parties, let_down: whose they are.
        score_kept, score_broken: mean score of answers on the same order or case.
        mean_kept, mean_broken: the same on the instrument's own scale, NaN for no answers.
    """

    touchpoint: str
    label: str
    promise: str
    interactions: int
    broken: int | None
    parties: int
    let_down: int | None
    broken_share: Estimate
    score_kept: Estimate
    score_broken: Estimate
    mean_kept: float
    mean_broken: float


@dataclass(frozen=True)
class Promises(Result):
    """One row a touchpoint whose promise can be checked."""

    row_type: ClassVar[type] = PromiseKept


@dataclass(frozen=True)
class PromiseSums:
    """Per touchpoint code: interactions and broken ones, (K, 2), and their parties, (K, 2).

    Scores by kept and broken: n, sum, squares, parties, (K, 2, 4).
    """

    counts: NDArray[np.int64]
    parties: NDArray[np.int64]
    scores: NDArray[np.float64]

    def __add__(self, other: "PromiseSums") -> "PromiseSums":
        return PromiseSums(
            self.counts + other.counts, self.parties + other.parties, self.scores + other.scores
        )


@njit(cache=True, nogil=True)
def _join(
    rows: Any, begin: Any, end: Any, link: Any, point: Any, state: Any, score: Any, sums: Any
) -> None:  # pragma: no cover - compiled
    """Add each answer to the promises of its order: state 0 kept, 1 broken, -1 neither."""
    k = len(sums)
    worst, met = np.empty(k, np.int8), np.full((k, 2), -1, np.int64)
    for i in range(len(rows)):
        felt = rows[i]
        if link[felt] == 0:
            continue
        worst[:] = -1
        for row in range(begin[i], end[i]):
            if link[row] == link[felt] and state[row] >= 0:
                worst[point[row]] = max(worst[point[row]], state[row])
        for here in range(k):
            if worst[here] >= 0:
                sums[here, worst[here], 0] += 1
                sums[here, worst[here], 3] += met[here, worst[here]] != begin[i]
                met[here, worst[here]] = begin[i]
                sums[here, worst[here], 1] += score[felt]
                sums[here, worst[here], 2] += score[felt] ** 2


def kernel(bucket: Bucket, scope: Scope, rules: Rules, instrument: int) -> PromiseSums:
    """Check the promises of one bucket against the answers to one instrument."""
    k = len(rules.on_time)
    point = bucket["touchpoint"]
    # The last is of code -1: what is at no touchpoint is promised nothing.
    dated = np.append(rules.on_time, False)[point] & (bucket["due"] != NEVER)
    timed = np.append(np.isfinite(rules.within), False)[point] & np.isfinite(bucket["duration"])
    checked = (bucket["kind"] == 0) & (dated | timed)
    broken = problems_of(bucket, rules) & ((1 << LATE) | (1 << SLOW)) > 0
    state = np.where(checked, broken, -1).astype(np.int8)
    inside = scope.rows(bucket) & checked
    masks, owner = [inside & mask for mask in (checked, broken)], bucket.owner()
    counts = np.stack([np.bincount(point[one], minlength=k)[:k] for one in masks], axis=1)
    parties = np.stack([people(owner[one], point[one], k) for one in masks], axis=1)
    rows = stated(bucket, scope, instrument)
    party = np.searchsorted(bucket.offsets, rows, side="right") - 1
    scores = np.zeros((k, 2, 4))
    begin, end = bucket.offsets[party], bucket.offsets[party + 1]
    _join(rows, begin, end, bucket["correlation"], point, state, bucket["score"], scores)
    return PromiseSums(counts, parties, scores)


def promises(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
) -> Promises:
    """Every checkable promise, the most often broken first."""
    rules, asked = Rules.of(catalogue, trails, settings), headline(trails, engine, settings)
    sums = engine.run(lambda bucket: kernel(bucket, scope, rules, asked), trails.buckets)
    instrument = catalogue.instruments.get(trails.instruments[asked]) if asked >= 0 else None
    rows = []
    for code, name in enumerate(trails.touchpoints):
        point = catalogue.touchpoints.get(name)
        checked, broken = map(int, sums.counts[code])
        parties, let_down = map(int, sums.parties[code])
        if point is None or point.promise is None or not checked:
            continue
        kept_score, broken_score = (_mean(sums.scores[code, s], settings) for s in (0, 1))
        rows.append(
            PromiseKept(
                name,
                point.label,
                point.promise.text,
                checked,
                broken,
                parties,
                let_down,
                intervals.share(broken, checked, settings.confidence),
                kept_score,
                broken_score,
                *(_on_scale(score, instrument) for score in (kept_score, broken_score)),
            )
        )
    rows.sort(key=lambda row: (-row.broken_share.value, row.touchpoint))
    name = instrument.name if instrument else "nothing"
    basis = Basis(
        formula="broken ÷ interactions with a due date or a duration; mean score of answers on "
        "the same order or case, by whether any such interaction broke the promise",
        denominator="interactions at the touchpoint that can be checked",
        cut=f"{scope.text}; answers to {name}; scores hidden under {settings.minimum_n} people",
        method="shares Wilson score, means Student t",
    )
    return Promises(basis, tuple(rows))


def _mean(sums: NDArray[np.float64], settings: Settings) -> Estimate:
    found = Moments2(int(sums[0]), float(sums[1]), float(sums[2]))
    if sums[3] < settings.minimum_n:
        return no_estimate(found.n, "hidden")
    return intervals.mean(found.n, found.total, found.squares, settings.confidence)


def _on_scale(score: Estimate, instrument: Instrument | None) -> float:
    if instrument is None or score.hidden:
        return float("nan")
    points = 100 - score.value if instrument.reversed else score.value
    return instrument.low + points / 100 * (instrument.high - instrument.low)
