"""What comes next in a journey, and how long it will still take: from journeys like it before.

A step is foreseen from the longest stretch of the last touchpoints that was seen often enough
(a Markov chain of variable order with backing off). How good that is, is counted on journeys that
began later than all it was learned from.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.journeys.ties import order_dependent
from everytouch.journeys.walks import SEED, WORDS, Unit, interactions, mix
from everytouch.perception.api import DAY
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate, share
from everytouch.stats.ratios import RatioSums
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, microseconds, utc

END = "(nothing more)"
DEPTH = 4  # touchpoints looked back on at most
OFTEN = 20  # a stretch seen less often is not relied on
HELD_OUT = 0.2  # of the journeys, the newest
_SLICES = 2_000  # of time, for the moment that parts them


@dataclass(frozen=True)
class Next:
    """What comes after the stretch that was asked about, or after a touchpoint.

    Attributes:
        after: the stretch that was relied on.
        share: of the times it was seen, those this came next.
        remaining_s: from the end of the stretch to the end of the journey, as a mean.
    """

    after: str
    touchpoint: str
    share: Estimate
    remaining_s: float


@dataclass(frozen=True)
class Foresight(Result):
    """Likeliest first, by stretch; and how good it is on journeys that were held out.

    Attributes:
        right, right_of_three: steps foreseen rightly, by the likeliest and by one of three.
        most_frequent: steps rightly foreseen by always saying the most frequent touchpoint.
        off_s: mean of what the remaining time is off by; off_by_mean_s: by always saying the mean.
        helps: whether the likeliest is right more often, beyond chance.
    """

    row_type: ClassVar[type] = Next
    right: Estimate
    right_of_three: Estimate
    most_frequent: Estimate
    off_s: Estimate
    off_by_mean_s: Estimate
    helps: bool


@njit(cache=True, nogil=True)
def _stretches(codes: Any, edges: Any, depth: Any) -> Any:  # pragma: no cover - compiled
    """Hash of the last 0 … depth touchpoints at each place, (n, depth + 1); 0 for none."""
    out = np.zeros((len(codes), depth + 1), np.int64)
    for w in range(len(edges) - 1):
        for at in range(edges[w], edges[w + 1]):
            out[at, 0] = np.int64(np.uint64(SEED))
            for d in range(1, min(depth, at - edges[w] + 1) + 1):
                h = np.uint64(SEED)
                for back in range(at - d + 1, at + 1):
                    h = mix(h, codes[back])
                out[at, d] = np.int64(h)
    return out


@dataclass(frozen=True)
class _Steps:
    """Steps of journeys that have ended, in one bucket.

    Attributes:
        stretches: see ``_stretches``.
        next: code of what came next, k for nothing; left: seconds until the journey's end.
        edges: where each journey begins among the steps.
        began: when each journey began.
    """

    stretches: NDArray[np.int64]
    next: NDArray[np.int64]
    left: NDArray[np.float64]
    edges: NDArray[np.int64]
    began: NDArray[np.int64]


@dataclass(frozen=True)
class _Asked:
    scope: Scope
    unit: Unit
    gap: int
    ended: int  # a journey whose last step is later may go on
    k: int

    def steps(self, bucket: Bucket, since: int, until: int) -> _Steps:
        """Of journeys that began in a time."""
        rows, edges = interactions(bucket, self.scope, self.unit, self.gap)
        time, code = bucket["time"][rows], bucket["touchpoint"][rows].astype(np.int64)
        began, last = time[edges[:-1]], time[edges[1:] - 1]
        taken = (began >= since) & (began < until) & (last < self.ended)
        sizes = np.diff(edges)
        inside = np.repeat(taken, sizes)
        ends = np.concatenate([[0], np.cumsum(sizes[taken])]).astype(np.int64)
        time, code = time[inside], code[inside]
        after = np.append(code[1:], self.k)[: len(code)]
        after[ends[1:] - 1] = self.k
        left = (np.repeat(last[taken], sizes[taken]) - time) * 1e-6
        return _Steps(_stretches(code, ends, DEPTH), after, left, ends, began[taken])


@dataclass(frozen=True)
class StretchSums:
    """What was seen after stretches.

    Attributes:
        hashes: (m,), ascending; following: times each touchpoint came next, (m, k + 1).
        left: sums of seconds that were left, (m,).
    """

    hashes: NDArray[np.int64]
    following: NDArray[np.int64]
    left: NDArray[np.float64]

    def __add__(self, other: "StretchSums") -> "StretchSums":
        hashes = np.union1d(self.hashes, other.hashes)
        following = np.zeros((len(hashes), self.following.shape[1]), np.int64)
        left = np.zeros(len(hashes))
        for part in (self, other):
            at = np.searchsorted(hashes, part.hashes)
            following[at] += part.following
            left[at] += part.left
        return StretchSums(hashes, following, left)

    def often(self) -> "StretchSums":
        """Those that can be relied on."""
        kept = self.following.sum(1) >= OFTEN
        return StretchSums(self.hashes[kept], self.following[kept], self.left[kept])

    def place(self, stretches: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of the longest stretch that is known, (n,); there must be one."""
        found = np.zeros(len(stretches), np.int64)
        for depth in range(stretches.shape[1]):
            at = np.minimum(np.searchsorted(self.hashes, stretches[:, depth]), len(self.hashes) - 1)
            found = np.where(self.hashes[at] == stretches[:, depth], at, found)
        return found


def learn(bucket: Bucket, asked: _Asked, until: int) -> StretchSums:
    """Count one bucket, journeys that began before ``until``."""
    steps = asked.steps(bucket, asked.scope.start, until)
    there = steps.stretches != 0
    hashes, at = np.unique(steps.stretches[there], return_inverse=True)
    after = np.repeat(steps.next, there.sum(1))
    counts = np.bincount(at * (asked.k + 1) + after, minlength=len(hashes) * (asked.k + 1))
    left = np.bincount(at, np.repeat(steps.left, there.sum(1)), len(hashes)).astype(np.float64)
    return StretchSums(hashes, counts.reshape(len(hashes), asked.k + 1), left)


@dataclass(frozen=True)
class TrialSums:
    """How good it is: right, one of three right, the most frequent right, off, off by the mean."""

    sums: tuple[RatioSums, ...]

    def __add__(self, other: "TrialSums") -> "TrialSums":
        return TrialSums(tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)))


def try_out(bucket: Bucket, asked: _Asked, since: int, learned: StretchSums) -> TrialSums:
    """Foresee each step of the journeys of one bucket that began from ``since`` on."""
    steps = asked.steps(bucket, since, asked.scope.stop)
    if len(steps.edges) < 2:
        return TrialSums((RatioSums(),) * 5)
    at = learned.place(steps.stretches)
    ranked = np.argsort(-learned.following, axis=1, kind="stable")[:, :3]
    overall = int(np.searchsorted(learned.hashes, np.int64(np.uint64(SEED))))
    seen = learned.following.sum(1)
    mean = learned.left / seen
    hits = ranked[at] == steps.next[:, None]
    told = (
        hits[:, 0],
        hits.any(1),
        ranked[overall, 0] == steps.next,
        np.abs(mean[at] - steps.left),
        np.abs(mean[overall] - steps.left),
    )
    begins, sizes = steps.edges[:-1], np.diff(steps.edges).astype(np.float64)
    return TrialSums(
        tuple(RatioSums.of(sizes, np.add.reduceat(x.astype(np.float64), begins)) for x in told)
    )


@dataclass(frozen=True)
class _Begun:
    """Journeys by the slice of time they began in."""

    counts: NDArray[np.int64]

    def __add__(self, other: "_Begun") -> "_Begun":
        return _Begun(self.counts + other.counts)


@order_dependent
def foresight(
    trails: Trails,
    engine: Engine,
    settings: Settings,
    scope: Scope = EVERYTHING,
    *,
    after: tuple[str, ...] = (),
    unit: Unit = "correlation",
    top: int = 5,
) -> Foresight:
    """What comes next, and what time is left.

    Args:
        after: the last touchpoints of the journey asked about, in their order; each touchpoint by
            itself when left out.
        unit: what one journey is.
        top: so many of what may come next.

    Raises:
        UnknownNameError: no interaction has such a touchpoint.
        NotEnoughDataError: fewer than ``OFTEN`` steps to learn from, or none to try it on.
    """
    codes = [trails.code_of(name) for name in after]
    k = len(trails.touchpoints)
    if trails.last is None:
        raise NotEnoughDataError("there is no journey to learn from", "import some")
    known = min(microseconds(trails.last), scope.stop - 1) + 1
    quiet = settings.window_days * DAY
    asked = _Asked(scope, unit, settings.session_gap_minutes * 60_000_000, known - quiet, k)
    parted = _parted(trails, engine, asked)
    learned = engine.run(lambda bucket: learn(bucket, asked, parted), trails.buckets).often()
    if not len(learned.hashes):
        raise NotEnoughDataError(
            f"fewer than {OFTEN} steps of journeys that ended are there to learn from",
            "widen the scope, or choose another unit",
        )
    sums = engine.run(lambda bucket: try_out(bucket, asked, parted, learned), trails.buckets).sums
    told = [one.estimate(settings.confidence) for one in sums]
    helps = told[0].low > told[2].value
    stretches = [codes] if after else [[code] for code in range(k)]
    rows = [row for codes in stretches for row in _rows(trails, learned, codes, settings, top)]
    basis = Basis(
        formula=f"share of what came next after the longest stretch of last touchpoints (at most "
        f"{DEPTH}) that was seen {OFTEN} times; remaining time: its mean; {WORDS[unit]}",
        denominator=f"learned from journeys begun before {utc(parted):%Y-%m-%d}; tried on "
        f"{told[0].n:,} steps of {int(sums[0].groups):,} begun from then on",
        cut=f"{scope.text}; journeys in which nothing came for {settings.window_days} days"
        + ("" if helps else "; no better than always saying the most frequent: do not rely on it"),
        method="Wilson score; ratio over journeys, linearised",
    )
    right, of_three, frequent, off, off_by_mean = told
    return Foresight(basis, tuple(rows), right, of_three, frequent, off, off_by_mean, helps)


def _parted(trails: Trails, engine: Engine, asked: _Asked) -> int:
    """When the newest of the journeys begin, those that are held out."""
    begin = max(asked.scope.start, microseconds(trails.first or utc(0)))
    edges = np.linspace(begin, max(begin + 1, asked.ended), _SLICES + 1).astype(np.int64)

    def begun(bucket: Bucket) -> _Begun:
        began = asked.steps(bucket, asked.scope.start, asked.scope.stop).began
        return _Begun(np.histogram(began, edges)[0])

    counts = np.cumsum(engine.run(begun, trails.buckets).counts)
    if not counts[-1]:
        raise NotEnoughDataError("no journey has ended", "widen the scope, or choose another unit")
    return int(edges[np.searchsorted(counts, (1 - HELD_OUT) * counts[-1]) + 1])


def _rows(
    trails: Trails, learned: StretchSums, codes: list[int], settings: Settings, top: int
) -> list[Next]:
    """What comes after a stretch; nothing where its last touchpoint was seen too seldom."""
    found = _stretches(np.array(codes), np.array([0, len(codes)]), DEPTH)[-1:]
    at = int(learned.place(found)[0])
    depth = int(np.flatnonzero(found[0] == learned.hashes[at])[0])
    if depth == 0:
        return []
    counts, n = learned.following[at], int(learned.following[at].sum())
    names = (*trails.touchpoints, END)
    relied = " → ".join(trails.touchpoints[code] for code in codes[len(codes) - depth :])
    order = [c for c in np.argsort(-counts, kind="stable")[:top].tolist() if counts[c]]
    left = float(learned.left[at]) / n
    return [Next(relied, names[c], share(int(counts[c]), n, settings.confidence), left)
            for c in order]  # fmt: skip
