"""Paths (variants): whole sequences of touchpoints, and how often each was walked."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

Unit = Literal["party", "session", "correlation"]
LONGEST = 200

_WORDS: dict[Unit, str] = {
    "party": "whole trails of one party",
    "session": "sessions: interactions of one party without a longer silence",
    "correlation": "interactions of one party that belong to the same order, case …",
}


@dataclass(frozen=True)
class WalkedPath:
    """A sequence of touchpoints, how often it was walked, and the share walked so far."""

    touchpoints: tuple[str, ...]
    count: int
    share: float
    coverage: float


@dataclass(frozen=True)
class Paths(Result):
    """Paths, most frequent first; ``distinct`` counts all, also those not shown."""

    row_type: ClassVar[type] = WalkedPath
    distinct: int = 0
    walks: int = 0


@dataclass(frozen=True)
class PathCounts:
    """Distinct paths by hash, with counts and the codes of each."""

    hashes: NDArray[np.int64]
    counts: NDArray[np.int64]
    examples: tuple[tuple[int, ...], ...]

    def __add__(self, other: "PathCounts") -> "PathCounts":
        hashes = np.concatenate([self.hashes, other.hashes])
        examples = self.examples + other.examples
        unique, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        counts = np.bincount(
            inverse, np.concatenate([self.counts, other.counts]), len(unique)
        ).astype(np.int64)
        return PathCounts(unique, counts, tuple(examples[i] for i in first))


@njit(cache=True, nogil=True)
def _sessions(offsets: Any, take: Any, time: Any, keep: Any, gap: Any) -> Any:
    # pragma: no cover - compiled
    """Unit of each kept row, -1 for others; a unit ends with its party or after ``gap``."""
    unit = np.full(len(time), -1, np.int64)
    current = -1
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        last = -1
        for row in range(offsets[party], offsets[party + 1]):
            if not keep[row]:
                continue
            if last < 0 or (gap > 0 and time[row] - time[last] > gap):
                current += 1
            unit[row] = current
            last = row
    return unit


@njit(cache=True, nogil=True)
def _hash(edges: Any, points: Any) -> Any:  # pragma: no cover - compiled
    """64-bit hash of each unit's sequence of touchpoint codes."""
    out = np.empty(len(edges) - 1, np.int64)
    for u in range(len(edges) - 1):
        h = np.uint64(1469598103934665603)
        for row in range(edges[u], edges[u + 1]):
            h = (h ^ np.uint64(points[row] + 1)) * np.uint64(0x9E3779B97F4A7C15)
            h ^= h >> np.uint64(29)
        out[u] = np.int64(h)
    return out


def kernel(bucket: Bucket, scope: Scope, unit: Unit, gap: int) -> PathCounts:
    """Distinct paths of one bucket; ``gap`` in microseconds for sessions."""
    keep = bucket["kind"] == 0
    if scope.text != EVERYTHING.text:
        keep &= scope.rows(bucket)
    points = bucket["touchpoint"]
    if unit == "correlation":
        rows, edges = _by_correlation(bucket, keep)
    else:
        number = _sessions(
            bucket.offsets, scope.take(bucket), bucket["time"], keep, gap if unit == "session" else 0
        )
        rows = np.flatnonzero(number >= 0)
        edges = np.flatnonzero(np.diff(number[rows], prepend=-1, append=-2))
    walked = np.ascontiguousarray(points[rows])
    hashes, first, counts = np.unique(
        _hash(edges, walked), return_index=True, return_counts=True
    )
    begin = edges[:-1][first] if len(edges) > 1 else edges[:0]
    end = np.minimum(edges[1:][first] if len(edges) > 1 else begin, begin + LONGEST)
    examples = tuple(
        tuple(walked[a:b].tolist()) for a, b in zip(begin.tolist(), end.tolist(), strict=True)
    )
    return PathCounts(hashes, counts, examples)


def _by_correlation(
    bucket: Bucket, keep: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows ordered by party, correlation and time, and where each unit begins."""
    rows = np.flatnonzero(keep & (bucket["correlation"] != 0))
    owner, link = bucket.owner()[rows], bucket["correlation"][rows]
    order = np.lexsort((rows, link, owner))
    changed = (np.diff(owner[order]) != 0) | (np.diff(link[order]) != 0)
    inner = np.flatnonzero(changed) + 1
    ends = [len(rows)] if len(rows) else []
    return rows[order], np.concatenate([[0], inner, ends]).astype(np.int64)


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
    sums = engine.run(lambda bucket: kernel(bucket, scope, unit, gap), trails.buckets)
    order = sorted(range(len(sums.counts)), key=lambda i: (-sums.counts[i], sums.examples[i]))
    walks, covered, rows = int(sums.counts.sum()), 0, []
    for i in order[:top]:
        count = int(sums.counts[i])
        covered += count
        names = tuple(trails.touchpoints[code] for code in sums.examples[i])
        rows.append(WalkedPath(names, count, count / walks, covered / walks))
    basis = Basis(
        formula=f"count of equal sequences of touchpoints, shown up to {LONGEST} interactions",
        denominator=f"{walks} {_WORDS[unit]}",
        cut=scope.text,
    )
    return Paths(basis, tuple(rows), len(order), walks)
