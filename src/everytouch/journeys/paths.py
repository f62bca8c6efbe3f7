"""Paths (variants): whole sequences of touchpoints, and how often each was walked."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.journeys.ties import order_dependent
from everytouch.journeys.walks import SEED, WORDS, Unit, distinct, hashes, interactions, mix
from everytouch.results import Basis, Result
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, people

Ints = NDArray[np.int64]
LONGEST = 200  # interactions of a path that are shown
MOST_TIES = 500  # equally frequent paths that are read to be put in order


@dataclass(frozen=True)
class WalkedPath:
    """A sequence of touchpoints, how often and by how many, and the share walked so far."""

    touchpoints: tuple[str, ...]
    count: int
    parties: int
    share: float
    coverage: float


@dataclass(frozen=True)
class Paths(Result):
    """Paths, most frequent first; ``distinct`` counts all, also those not shown."""

    row_type: ClassVar[type] = WalkedPath
    distinct: int = 0
    walks: int = 0


@dataclass(frozen=True)
class Walked:
    """Different paths by hash, as they were met first.

    Attributes:
        first: the first row of one walk of each, in the bucket of this number; (n, 2) with the
            bucket's number before it where they are of several.
    """

    hashes: NDArray[np.int64]
    counts: NDArray[np.int64]
    parties: NDArray[np.int64]
    first: NDArray[np.int64]
    number: int = -1


@dataclass(frozen=True)
class PathCounts:
    """What was walked in each bucket; it is put together once, at the end.

    Most whole trails are like no other: to merge what hardly shrinks would take as long as to
    read it.
    """

    parts: tuple[Walked, ...]

    def __add__(self, other: "PathCounts") -> "PathCounts":
        return PathCounts(self.parts + other.parts)

    def together(self) -> Walked:
        """Paths of all buckets."""
        found, counts, parties = (
            np.concatenate([getattr(one, name) for one in self.parts])
            for name in ("hashes", "counts", "parties")
        )
        places = np.empty((len(found), 2), np.int64)
        places[:, 0] = np.repeat([p.number for p in self.parts], [len(p.first) for p in self.parts])
        places[:, 1] = np.concatenate([one.first for one in self.parts])
        at, sums = distinct(found, counts)
        return Walked(found[at], sums, distinct(found, parties)[1], places[at])


@njit(cache=True, nogil=True)
def _walks(
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any, gap: Any
) -> Any:  # pragma: no cover - compiled
    """Hash and first row of every walk; one ends with its party or after ``gap`` of silence.

    Where no time can change that, none is read.
    """
    hashes = np.empty(len(time), np.int64)
    first = np.empty(len(time), np.int64)
    count = 0
    most = np.iinfo(np.int64).max
    timed = gap < most or stop < most or start > -most
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        last = -1
        h = np.uint64(0)
        for row in range(offsets[party], offsets[party + 1]):
            if kind[row] != 0:
                continue
            if timed and (time[row] < start or time[row] >= stop):
                continue
            if last < 0 or (timed and time[row] - time[last] > gap):
                if last >= 0:
                    hashes[count] = np.int64(h)
                    count += 1
                h = np.uint64(SEED)
                first[count] = row
            h = mix(h, point[row])
            last = row
        if last >= 0:
            hashes[count] = np.int64(h)
            count += 1
    return hashes[:count].copy(), first[:count].copy()


def kernel(bucket: Bucket, scope: Scope, unit: Unit, gap: int) -> PathCounts:
    """Distinct paths of one bucket; ``gap`` in microseconds for sessions."""
    if unit == "correlation":
        rows, edges = interactions(bucket, scope, unit, gap)
        found, first = hashes(edges, bucket["touchpoint"][rows]), rows[edges[:-1]]
    else:
        columns = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"])
        silence = gap if unit == "session" else np.iinfo(np.int64).max
        found, first = _walks(
            bucket.offsets, scope.take(bucket), *columns, scope.start, scope.stop, silence
        )
    at, counts = distinct(found, np.ones(len(found), np.int64))
    parties = counts if unit == "party" else _parties(bucket, found, at, first)
    return PathCounts((Walked(found[at], counts, parties, first[at], bucket.number),))


def _parties(bucket: Bucket, found: Ints, at: Ints, first: Ints) -> Ints:
    """How many different parties walked each path; ``at``: where each is met first."""
    order = np.argsort(found[at])
    group = order[np.searchsorted(found[at], found, sorter=order)]
    owner = np.searchsorted(bucket.offsets, first, side="right") - 1
    return people(owner, group, len(at))


def _read(bucket: Bucket, scope: Scope, unit: Unit, gap: int, first: int) -> tuple[int, ...]:
    """The touchpoint codes of the walk that begins at a row, up to LONGEST."""
    party = int(np.searchsorted(bucket.offsets, first, side="right")) - 1
    part = slice(first, int(bucket.offsets[party + 1]))
    time = bucket["time"][part]
    keep = (scope.kinds(bucket)[part] == 0) & (time >= scope.start) & (time < scope.stop)
    if unit == "correlation":
        keep &= bucket["correlation"][part] == bucket["correlation"][first]
    rows = np.flatnonzero(keep)
    if unit == "session":
        silence = np.flatnonzero(np.diff(time[rows]) > gap)
        rows = rows[: silence[0] + 1] if len(silence) else rows
    return tuple(bucket["touchpoint"][part][rows[:LONGEST]].tolist())


def _top(walked: Walked, top: int) -> NDArray[np.int64]:
    """The most frequent paths, and those as frequent as the last of them, within reason."""
    counts = walked.counts
    if len(counts) <= top:
        return np.arange(len(counts))
    least = np.sort(counts)[-top]  # partition is slow where most are alike
    more, ties = np.flatnonzero(counts > least), np.flatnonzero(counts == least)
    room = max(top, MOST_TIES) - len(more)
    if len(ties) > room:
        ties = ties[np.argpartition(walked.hashes[ties], room)[:room]]
    return np.concatenate([more, ties])


@order_dependent
def paths(
    trails: Trails,
    engine: Engine,
    scope: Scope = EVERYTHING,
    *,
    unit: Unit = "party",
    gap_minutes: int = 30,
    top: int = 20,
) -> Paths:
    """The ``top`` paths of interactions.

    Args:
        unit: what one walk is: everything of a party, a session, or what belongs to one
            order or case.
        gap_minutes: silence that ends a session.
    """
    gap = gap_minutes * 60_000_000
    sums = engine.run(lambda bucket: kernel(bucket, scope, unit, gap), trails.buckets).together()
    found = []
    for i in _top(sums, top):
        number, first = map(int, sums.first[i])
        codes = _read(trails.buckets[number], scope, unit, gap, first)
        names = tuple(trails.touchpoints[code] for code in codes)
        found.append((-int(sums.counts[i]), names, int(sums.parties[i])))
    walks, covered, rows = int(sums.counts.sum()), 0, []
    for negative, names, parties in sorted(found)[:top]:
        covered -= negative
        rows.append(WalkedPath(names, -negative, parties, -negative / walks, covered / walks))
    basis = Basis(
        formula=f"count of equal sequences of touchpoints, shown up to {LONGEST} interactions",
        denominator=f"{walks:,} {WORDS[unit]}",
        cut=scope.text,
    )
    return Paths(basis, tuple(rows), len(sums.counts), walks)
