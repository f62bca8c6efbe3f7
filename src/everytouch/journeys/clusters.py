"""Kinds of journeys: those that pass much the same touchpoints, found in a sample, told of all."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.journeys.deviations import outcomes
from everytouch.journeys.ties import order_dependent
from everytouch.journeys.walks import WORDS, Unit, interactions
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.stats.groups import grouped
from everytouch.stats.intervals import Estimate, mean, no_estimate
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

SAMPLE = 2_000
MOST = 8
CLEAR = 0.5  # of the silhouette; below it groups are weak (Kaufman and Rousseeuw 1990)


@dataclass(frozen=True)
class Mark:
    """A touchpoint that tells a kind of journey from the others: shares that pass it."""

    touchpoint: str
    inside: float
    outside: float


@dataclass(frozen=True)
class JourneyKind:
    """One kind of journey.

    Attributes:
        name: by what tells it from the others the most.
        share: of all journeys.
        marks: what tells it from the others, the most first.
        typical: the path of the sampled journey in its middle.
        median_s: from a journey's first interaction to its last.
        score: mean of what was stated about it.
    """

    name: str
    journeys: int
    parties: int
    share: float
    marks: tuple[Mark, ...]
    typical: tuple[str, ...]
    median_s: float
    score: Estimate


@dataclass(frozen=True)
class JourneyKinds(Result):
    """Kinds, the most frequent first.

    Attributes:
        silhouette: how clearly they part, at most 1.
    """

    row_type: ClassVar[type] = JourneyKind
    silhouette: float


@njit(cache=True, nogil=True)
def _bags(rows: Any, edges: Any, point: Any, k: Any) -> Any:  # pragma: no cover - compiled
    """1 + log of how often each walk passes each touchpoint, unit length, (walks, k)."""
    out = np.zeros((len(edges) - 1, k))
    for w in range(len(edges) - 1):
        for at in range(edges[w], edges[w + 1]):
            out[w, point[rows[at]]] += 1
        total = 0.0
        for c in range(k):
            if out[w, c] > 0:
                out[w, c] = 1 + np.log(out[w, c])
                total += out[w, c] ** 2
        out[w] /= np.sqrt(total)
    return out


@njit(cache=True, nogil=True)
def _tell(
    rows: Any, edges: Any, owner: Any, time: Any, score: Any, bags: Any, middles: Any,
    spread: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Per kind: walks, scores n, Σ, Σ², parties, (g, 5); walks that pass a touchpoint, (g, k)."""
    sums, met = np.zeros((len(middles), 5)), np.full(len(middles), -1, np.int64)
    passed = np.zeros(middles.shape, np.int64)
    for w in range(len(edges) - 1):
        near, best = -1.0, 0
        for g in range(len(middles)):
            alike = 0.0
            for c in range(middles.shape[1]):
                alike += middles[g, c] * bags[w, c]
            if alike > near:
                near, best = alike, g
        sums[best, 0] += 1
        sums[best, 4] += met[best] != owner[w]
        met[best] = owner[w]
        if not np.isnan(score[w]):
            sums[best, 1] += 1
            sums[best, 2] += score[w]
            sums[best, 3] += score[w] ** 2
        spread[best, duration_bin(time[rows[edges[w + 1] - 1]] - time[rows[edges[w]]])] += 1
        for c in range(middles.shape[1]):
            passed[best, c] += bags[w, c] > 0
    return sums, passed


@dataclass(frozen=True)
class _Asked:
    scope: Scope
    unit: Unit
    gap: int
    window: int
    k: int

    def walks(self, bucket: Bucket) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return interactions(bucket, self.scope, self.unit, self.gap)


@dataclass(frozen=True)
class Sampled:
    """The walks whose first moment has the smallest keys: keys are hashes, so it is by chance.

    Attributes:
        keys: (s,), ascending; bags: (s, k); paths: codes of each.
    """

    keys: NDArray[np.uint64]
    bags: NDArray[np.float64]
    paths: tuple[tuple[int, ...], ...]

    def __add__(self, other: "Sampled") -> "Sampled":
        keys = np.append(self.keys, other.keys)
        order = np.argsort(keys, kind="stable")[:SAMPLE]
        paths = (*self.paths, *other.paths)
        bags = np.concatenate([self.bags, other.bags])[order]
        return Sampled(keys[order], bags, tuple(paths[at] for at in order))


def sample(bucket: Bucket, asked: _Asked) -> Sampled:
    """The walks of one bucket that may be in the sample."""
    rows, edges = asked.walks(bucket)
    keys = bucket["key"][rows[edges[:-1]]].view(np.uint64)
    chosen = np.argsort(keys, kind="stable")[:SAMPLE]
    parts = [rows[edges[w] : edges[w + 1]] for w in chosen]
    ends = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    mine = np.concatenate([np.zeros(0, np.int64), *parts])
    bags = _bags(mine, ends, bucket["touchpoint"], asked.k)
    paths = tuple(tuple(bucket["touchpoint"][part].tolist()) for part in parts)
    return Sampled(keys[chosen], bags, paths)


@dataclass(frozen=True)
class KindSums:
    """What one bucket adds: see ``_tell``, and times by kind, (g, BINS)."""

    sums: NDArray[np.float64]
    passed: NDArray[np.int64]
    spread: NDArray[np.int64]

    def __add__(self, other: "KindSums") -> "KindSums":
        return KindSums(
            self.sums + other.sums, self.passed + other.passed, self.spread + other.spread
        )


def tell(bucket: Bucket, asked: _Asked, middles: NDArray[np.float64]) -> KindSums:
    """Bring each walk of a bucket to the kind whose middle it is most like."""
    rows, edges = asked.walks(bucket)
    names = ("time", "kind", "mode", "score", "amount", "touchpoint", "correlation")
    last = np.iinfo(np.int64).max // 2
    felt = outcomes(
        rows, edges, bucket.offsets, *(bucket[name] for name in names),
        asked.unit == "correlation", asked.window, 0, last, np.zeros(asked.k, np.bool_),
    )  # fmt: skip
    spread = np.zeros((len(middles), BINS), np.int64)
    bags = _bags(rows, edges, bucket["touchpoint"], asked.k)
    scores = felt[:, 0].copy()
    owner = np.searchsorted(bucket.offsets, rows[edges[:-1]], side="right") - 1
    sums, passed = _tell(rows, edges, owner, bucket["time"], scores, bags, middles, spread)
    return KindSums(sums, passed, spread)


@order_dependent
def kinds(
    trails: Trails,
    engine: Engine,
    settings: Settings,
    scope: Scope = EVERYTHING,
    *,
    unit: Unit = "correlation",
    most: int = MOST,
) -> JourneyKinds:
    """Kinds of journeys.

    Args:
        unit: what one journey is.
        most: kinds at most.

    Raises:
        NotEnoughDataError: there are fewer than ten journeys.
    """
    gap, window = settings.session_gap_minutes * 60_000_000, settings.window_days * DAY
    asked = _Asked(scope, unit, gap, window, len(trails.touchpoints))
    taken = engine.run(lambda bucket: sample(bucket, asked), trails.buckets)
    if len(taken.keys) < 10:
        raise NotEnoughDataError(
            f"there are {len(taken.keys)} journeys to compare, ten are needed",
            "widen the scope, or choose another unit",
        )
    labels, clear = grouped(taken.bags, most)
    middles = np.stack([taken.bags[labels == g].mean(0) for g in range(labels.max() + 1)])
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    found = engine.run(lambda bucket: tell(bucket, asked, middles), trails.buckets)
    near = taken.bags @ middles.T
    rows = [
        _kind(trails, settings, found, g, taken.paths[int(near[:, g].argmax())])
        for g in range(len(middles))
        if found.sums[g, 0]
    ]
    rows.sort(key=lambda row: (-row.journeys, row.name))
    basis = Basis(
        formula="journeys by the touchpoints they pass (1 + log of how often, cosine): average "
        f"linkage on {len(taken.keys):,} of them drawn by chance, as many groups as part best; "
        "every journey is of the kind whose middle it is most like",
        denominator=f"{int(found.sums[:, 0].sum()):,} journeys: {WORDS[unit]}",
        cut=scope.text + ("" if clear >= CLEAR else "; the kinds part only weakly"),
        method=f"silhouette {clear:.2f}; interval of a mean",
    )
    return JourneyKinds(basis, tuple(rows), clear)


def _kind(
    trails: Trails, settings: Settings, found: KindSums, g: int, path: tuple[int, ...]
) -> JourneyKind:
    walks, n, total, squares, parties = found.sums[g].tolist()
    everybody = float(found.sums[:, 0].sum())
    inside = found.passed[g] / walks
    outside = (found.passed.sum(0) - found.passed[g]) / max(1.0, everybody - walks)
    order = np.argsort(-np.abs(inside - outside), kind="stable")[:5]
    marks = tuple(
        Mark(trails.touchpoints[c], float(inside[c]), float(outside[c]))
        for c in order
        if abs(inside[c] - outside[c]) >= 0.1
    )
    score = (
        mean(int(n), total, squares, settings.confidence)
        if n >= settings.minimum_n
        else no_estimate(int(n), "too few answers")
    )
    return JourneyKind(
        _name(marks),
        int(walks),
        int(parties),
        walks / everybody,
        marks,
        tuple(trails.touchpoints[code] for code in path),
        quantile(found.spread[g], 0.5),
        score,
    )


def _name(marks: tuple[Mark, ...]) -> str:
    """In words: with what it has, or without what it lacks."""
    has = [m.touchpoint for m in marks if m.inside > m.outside][:2]
    if has:
        return "with " + " and ".join(has)
    lacks = [m.touchpoint for m in marks][:2]
    return "without " + " and ".join(lacks) if lacks else "like all others"
