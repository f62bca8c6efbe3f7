"""Consistency: how far the same party feels differently from one department to another."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.perception.api import DAY, Rules, windows
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate, no_estimate
from everytouch.stats.regression import GROUPS
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

Floats = NDArray[np.float64]
DIMENSIONS = ("department", "channel", "time")
NEAR, FAR = 90 * DAY, 180 * DAY  # answers that are of one time, and of different times
LEAST_PAIRS = 30
MOST_ANSWERS = 50  # of one party: pairs grow with their square


@dataclass(frozen=True)
class Variation:
    """Pairs of answers of one party to one question, by whether they are of one kind.

    Attributes:
        dimension: department, channel or time.
        alike, apart: pairs of the same, and of different ones.
        chance: standard deviation of answers that are alike.
        spread: standard deviation that comes on top where they are not: points by which the same
            party feels differently, beyond chance.
        consistency: 100 × the share of the variance that is chance; 100 where no more comes on top.
    """

    dimension: str
    alike: int
    apart: int
    chance: float
    spread: Estimate
    consistency: Estimate


@dataclass(frozen=True)
class Consistency(Result):
    """One row a dimension."""

    row_type: ClassVar[type] = Variation


@dataclass(frozen=True)
class PairSums:
    """By group of parties: pairs and half squared differences, (GROUPS, 3, 2, 2)."""

    sums: Floats

    def __add__(self, other: "PairSums") -> "PairSums":
        return PairSums(self.sums + other.sums)


@njit(cache=True, nogil=True)
def _pairs(
    owner: Any, group: Any, instrument: Any, score: Any, time: Any, department: Any, channel: Any,
    sums: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """Answers of one party are rows next to each other."""
    begin = 0
    for i in range(len(owner)):
        if owner[i] != owner[begin]:
            begin = i
        for j in range(max(begin, i - MOST_ANSWERS), i):
            if instrument[i] != instrument[j]:
                continue
            half = (score[i] - score[j]) ** 2 / 2
            if department[i] >= 0 and department[j] >= 0:
                apart = int(department[i] != department[j])
                sums[group[i], 0, apart, 0] += 1
                sums[group[i], 0, apart, 1] += half
            if channel[i] >= 0 and channel[j] >= 0:
                apart = int(channel[i] != channel[j])
                sums[group[i], 1, apart, 0] += 1
                sums[group[i], 1, apart, 1] += half
            between = time[i] - time[j]
            if between <= NEAR or between > FAR:
                apart = int(between > FAR)
                sums[group[i], 2, apart, 0] += 1
                sums[group[i], 2, apart, 1] += half


def kernel(bucket: Bucket, scope: Scope, rules: Rules, belongs: tuple[Floats, Floats]) -> PairSums:
    """Pairs of one bucket.

    Args:
        belongs: which department, and which channel, a touchpoint is of, (K, names).
    """
    seen = windows(bucket, scope, rules)
    party = np.searchsorted(bucket.offsets, seen.rows, side="right") - 1
    about = bucket["touchpoint"][seen.rows]
    passed = seen.passed.astype(np.float64)
    named = np.flatnonzero(about >= 0)
    passed[named] = 0.0
    passed[named, about[named]] = 1.0
    codes = [_most(passed @ one) for one in belongs]
    group = (bucket.parties[party].view(np.uint64) % GROUPS).astype(np.int64)
    sums = np.zeros((GROUPS, len(DIMENSIONS), 2, 2))
    time, instrument = bucket["time"][seen.rows], bucket["instrument"][seen.rows]
    _pairs(party, group, instrument, seen.score, time, *codes, sums)
    return PairSums(sums)


def _most(counts: Floats) -> NDArray[np.int64]:
    """Where most of it lies, (n,); -1 for nowhere, or where two have as much."""
    if not counts.shape[1]:
        return np.full(len(counts), -1)
    best = counts.argmax(1)
    top = counts.max(1)
    clear = (counts == top[:, None]).sum(1) == 1
    return np.where((top > 0) & clear, best, -1)


def consistency(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
) -> Consistency:
    """Variation of feeling across departments, channels and time, for the same party."""
    rules = Rules.of(catalogue, trails, settings)
    points = [catalogue.touchpoints.get(name) for name in trails.touchpoints]
    belongs = tuple(_onehot([getattr(p, field, "") for p in points]) for field in _FIELDS)
    found = engine.run(
        lambda bucket: kernel(bucket, scope, rules, (belongs[0], belongs[1])), trails.buckets
    )
    rows = tuple(_variation(name, found.sums[:, i], settings) for i, name in enumerate(DIMENSIONS))
    basis = Basis(
        formula="spread² = half the mean squared difference of two answers of one party to one "
        "question that are of different departments (channels, times) less that of two that are of "
        "the same; consistency = the latter ÷ the former",
        denominator="pairs of answers of one party to one question",
        cut=f"{scope.text}; an answer about a journey is of the department and channel that most "
        f"of it passed; of one time up to {NEAR // DAY} days, of different ones from "
        f"{FAR // DAY} on; at least {LEAST_PAIRS} pairs of both kinds",
        method=f"{settings.confidence:.0%} bootstrap over groups of parties",
    )
    return Consistency(basis, rows)


_FIELDS = ("owner", "channel")


def _onehot(words: list[str]) -> Floats:
    names = sorted({word for word in words if word})
    return np.array([[float(word == name) for name in names] for word in words]).reshape(
        len(words), len(names)
    )


def _variation(name: str, sums: Floats, settings: Settings) -> Variation:
    """Of (GROUPS, 2, 2)."""
    total = sums.sum(0)
    alike, apart = round(float(total[0, 0])), round(float(total[1, 0]))
    if min(alike, apart) < LEAST_PAIRS:
        none = no_estimate(min(alike, apart), "too few answers")
        return Variation(name, alike, apart, math.nan, none, none)
    rng = np.random.default_rng(settings.seed)
    count = rng.multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), size=settings.resamples)
    drawn = np.tensordot(count.astype(float), sums, axes=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.vstack([total[None], drawn])[:, :, 1] / np.vstack([total[None], drawn])[:, :, 0]
        spread = np.sqrt(np.clip(means[:, 1] - means[:, 0], 0, None))
        share = 100 * np.clip(means[:, 0] / means[:, 1], 0, 1)
    tail = (1 - settings.confidence) / 2
    ends = [np.nanquantile(one[1:], [tail, 1 - tail]) for one in (spread, share)]
    found = [
        Estimate(float(one[0]), float(low), float(high), alike + apart, "bootstrap")
        for one, (low, high) in zip((spread, share), ends, strict=True)
    ]
    return Variation(name, alike, apart, math.sqrt(float(means[0, 0])), found[0], found[1])
