"""Ratings of single touchpoints against the whole: what punishes, what delights (Kano)."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.perception.api import headline
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate, normal_quantile
from everytouch.stats.regression import relative_weights
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

Floats = NDArray[np.float64]
LOW, HIGH = 50.0, 87.5  # scores up to which a rating is poor, from which it is excellent
LEAST = 15  # poor, and excellent, ratings of an aspect
MUST, ONE, ATTRACTIVE, INDIFFERENT = "must-be", "one-dimensional", "attractive", "indifferent"


@dataclass(frozen=True)
class Aspect:
    """One touchpoint, sense or value that was rated, and what its rating goes with.

    Attributes:
        kind: touchpoint, sense or value.
        rated: parties that rated it; score: their mean.
        weight: its part in the variance of the whole score (Johnson's relative weight).
        penalty: the whole score with a poor rating less that with a middling one; reward: with
            an excellent one.
        kano: must-be (only its lack is felt), attractive (only its presence is), one-dimensional
            (both), indifferent.
    """

    name: str
    label: str
    kind: str
    rated: int | None
    score: Estimate
    weight: float
    penalty: Estimate
    reward: Estimate
    kano: str
    grade: str = "asymmetric"


@dataclass(frozen=True)
class Aspects(Result):
    """Aspects of each kind, the weightiest first."""

    row_type: ClassVar[type] = Aspect
    n: int = 0


@dataclass(frozen=True)
class Ratings:
    """Parties that rated the whole: ``whole`` (n,), and each touchpoint, NaN for none, (n, K)."""

    whole: Floats
    points: NDArray[np.float32]

    def __add__(self, other: "Ratings") -> "Ratings":
        return Ratings(
            np.concatenate([self.whole, other.whole]), np.concatenate([self.points, other.points])
        )


@njit(cache=True, nogil=True)
def _rate(
    offsets: Any, take: Any, time: Any, kind: Any, mode: Any, instrument: Any, score: Any,
    point: Any, wanted: Any, begin: Any, stop: Any, whole: Any, points: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    """Each party's last rating of the whole, and of each touchpoint by any other question."""
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        for row in range(offsets[party], offsets[party + 1]):
            stated = kind[row] == 1 and mode[row] == 0 and not np.isnan(score[row])
            if not stated or time[row] < begin or time[row] >= stop:
                continue
            if instrument[row] == wanted:
                whole[party] = score[row]
            elif point[row] >= 0:
                points[party, point[row]] = score[row]


def kernel(bucket: Bucket, scope: Scope, instrument: int, count: int) -> Ratings:
    """The ratings of one bucket."""
    whole = np.full(len(bucket.parties), np.nan)
    points = np.full((len(bucket.parties), count), np.nan, np.float32)
    names = ("time", "kind", "mode", "instrument", "score", "touchpoint")
    columns = (bucket[name] for name in names)
    _rate(
        bucket.offsets, scope.take(bucket), *columns, instrument, scope.start, scope.stop,
        whole, points,
    )  # fmt: skip
    there = np.isfinite(whole) & np.isfinite(points).any(axis=1)
    return Ratings(whole[there], points[there])


def aspects(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
) -> Aspects:
    """Penalty, reward and weight of each touchpoint, sense and value that was rated.

    Raises:
        NotEnoughDataError: nobody rated both the whole and enough of its parts.
    """
    asked, count = headline(trails, engine, settings), len(trails.touchpoints)
    found = engine.run(lambda bucket: kernel(bucket, scope, asked, count), trails.buckets)
    rows: list[Aspect] = []
    for kind, labels, ratings in _kinds(trails, catalogue, found.points):
        rows += _judged(kind, labels, ratings, found.whole, settings)
    if not rows:
        raise NotEnoughDataError(
            f"no part of the experience has {LEAST} poor and {LEAST} excellent ratings by parties "
            "that rated the whole too",
            "ask about touchpoints beside the whole",
        )
    basis = Basis(
        formula=f"whole score on two flags for each aspect, poor (score up to {LOW:g}) and "
        f"excellent (from {HIGH:g} on), and one for not rated, together; weight: Johnson's, of the "
        "ratings themselves",
        denominator=f"{len(found.whole):,} parties that rated the whole and a part of it",
        cut=f"{scope.text}; each party's last ratings; senses and values: the mean of the "
        "touchpoints that speak to them",
        method=f"least squares, HC1, {settings.confidence:.0%}; classes after Kano: an effect "
        "counts where its interval lies on one side of nothing",
    )
    return Aspects(basis, tuple(rows), len(found.whole))


def _kinds(
    trails: Trails, catalogue: Catalogue, points: NDArray[np.float32]
) -> list[tuple[str, dict[str, str], Floats]]:
    """Names with labels, and ratings (n, names), of each kind of aspect."""
    known = [catalogue.touchpoints.get(name) for name in trails.touchpoints]
    rated = [k for k, point in enumerate(known) if point and np.isfinite(points[:, k]).any()]
    labels = {known[k].name: known[k].label for k in rated}  # type: ignore[union-attr]
    kinds = [("touchpoint", labels, points[:, rated].astype(np.float64))]
    for kind, field in (("sense", "senses"), ("value", "values")):
        words = sorted({word for k in rated for word in getattr(known[k], field)})
        means = [
            _mean_of(points[:, [k for k in rated if word in getattr(known[k], field)]])
            for word in words
        ]
        if means:
            kinds.append((kind, {word: word for word in words}, np.column_stack(means)))
    return kinds


def _mean_of(ratings: NDArray[np.float32]) -> Floats:
    there = np.isfinite(ratings)
    total, n = np.where(there, ratings, 0).sum(1, dtype=np.float64), there.sum(1)
    return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))


def _judged(
    kind: str, labels: dict[str, str], ratings: Floats, whole: Floats, settings: Settings
) -> list[Aspect]:
    low, high = ratings <= LOW, ratings >= HIGH
    enough = np.flatnonzero((low.sum(0) >= LEAST) & (high.sum(0) >= LEAST))
    if not len(enough):
        return []
    ratings, low, high = ratings[:, enough], low[:, enough], high[:, enough]
    p = len(enough)
    value, error = _least_squares(
        np.column_stack([low, high, ~np.isfinite(ratings)]).astype(np.float64), whole
    )
    mean = np.nanmean(ratings, axis=0)
    filled = np.where(np.isfinite(ratings), ratings, mean)
    weight = relative_weights(np.corrcoef(np.column_stack([filled, whole]), rowvar=False))
    names, z = list(labels), normal_quantile(settings.confidence)
    rows = []
    for i in range(p):
        there = ratings[np.isfinite(ratings[:, i]), i]
        ends = [
            Estimate(value[j], value[j] - z * error[j], value[j] + z * error[j], len(whole), "HC1")
            for j in (i, p + i)
        ]
        name = names[enough[i]]
        rows.append(
            Aspect(
                name,
                labels[name],
                kind,
                len(there),
                intervals.mean(len(there), float(there.sum()), float(there @ there)),
                float(weight[i]),
                ends[0],
                ends[1],
                _kano(*ends),
            )
        )
    return sorted(rows, key=lambda row: -row.weight)


def _least_squares(flags: Floats, y: Floats) -> tuple[list[float], list[float]]:
    """Coefficients without the intercept, and their errors robust to unequal variances (HC1)."""
    X = np.column_stack([flags, np.ones(len(y))])
    inverse = np.linalg.pinv(X.T @ X)
    value = inverse @ (X.T @ y)
    residual = y - X @ value
    meat = (X * residual[:, None] ** 2).T @ X
    spread = np.diag(inverse @ meat @ inverse) * len(y) / max(1, len(y) - X.shape[1])
    return value[:-1].tolist(), [math.sqrt(max(0.0, one)) for one in spread[:-1]]


def _kano(penalty: Estimate, reward: Estimate) -> str:
    """Kano's class of what only punishes, only delights, both, or neither."""
    punishes, delights = penalty.high < 0, reward.low > 0
    if punishes and delights:
        return ONE
    return MUST if punishes else ATTRACTIVE if delights else INDIFFERENT
