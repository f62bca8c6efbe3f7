"""Walks: trails cut into what is one journey: all of a party, a session, or one order or case."""

from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.trails.api import INTERACTION, Bucket, Scope

Unit = Literal["party", "session", "correlation"]
UNITS: tuple[Unit, ...] = ("party", "session", "correlation")
WORDS: dict[Unit, str] = {
    "party": "whole trails of one party",
    "session": "sessions: interactions of one party without a longer silence",
    "correlation": "interactions of one party that belong to the same order, case …",
}
SEED = 1469598103934665603  # the hash of a walk without a touchpoint


@njit(cache=True, nogil=True, inline="always")
def mix(h: Any, code: Any) -> Any:  # pragma: no cover - compiled
    """The hash of a path with one touchpoint more."""
    h = (h ^ np.uint64(code + 1)) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))


@njit(cache=True, nogil=True)
def hashes(edges: Any, points: Any) -> Any:  # pragma: no cover - compiled
    """Hash of each walk's sequence of touchpoint codes, (len(edges) - 1,)."""
    out = np.empty(len(edges) - 1, np.int64)
    for u in range(len(edges) - 1):
        h = np.uint64(SEED)
        for row in range(edges[u], edges[u + 1]):
            h = mix(h, points[row])
        out[u] = np.int64(h)
    return out


@njit(cache=True, nogil=True)
def joined(first: Any, second: Any) -> Any:  # pragma: no cover - compiled
    """Two ascending lists of different hashes as one, in one pass.

    Returns:
        places among both, one list after the other, in ascending order of hashes; and where
        among those each different hash begins.
    """
    n, m = len(first), len(second)
    order, starts = np.empty(n + m, np.int64), np.empty(n + m, np.int64)
    i, j, count = 0, 0, 0
    while i < n or j < m:
        starts[count] = i + j
        count += 1
        if j == m or (i < n and first[i] < second[j]):
            order[i + j] = i
            i += 1
        elif i == n or second[j] < first[i]:
            order[i + j] = n + j
            j += 1
        else:
            order[i + j], order[i + j + 1] = i, n + j
            i, j = i + 1, j + 1
    return order, starts[:count].copy()


@njit(cache=True, nogil=True)
def distinct(found: Any, counts: Any) -> Any:  # pragma: no cover - compiled
    """Different hashes, without putting them in order.

    Returns:
        where each is met first, ascending, and the sum of its counts.
    """
    size = 64
    while size < 2 * len(found):
        size *= 2
    table = np.full(size, -1, np.int32)
    first, sums = np.empty(len(found), np.int64), np.empty(len(found), np.int64)
    n = 0
    for i in range(len(found)):
        slot = found[i] & (size - 1)
        while table[slot] >= 0 and found[first[table[slot]]] != found[i]:
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot], first[n], sums[n] = n, i, 0
            n += 1
        sums[table[slot]] += counts[i]
    return first[:n].copy(), sums[:n].copy()


def cut(
    bucket: Bucket, keep: NDArray[np.bool_], unit: Unit, gap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The walks of a bucket.

    Args:
        keep: rows that count, (n,).
        gap: silence that ends a session, in microseconds.

    Returns:
        rows in the order of walks, and within one of time; and where each walk begins among
        them, with their number at the end.
    """
    rows = (
        np.flatnonzero(keep & (bucket["correlation"] != 0))
        if unit == "correlation"
        else (np.flatnonzero(keep))
    )
    owner = np.searchsorted(bucket.offsets, rows, side="right") - 1
    if unit == "correlation":
        link = bucket["correlation"][rows]
        order = np.lexsort((rows, link, owner))
        rows, owner, link = rows[order], owner[order], link[order]
        changed = (np.diff(owner) != 0) | (np.diff(link) != 0)
    else:
        changed = np.diff(owner) != 0
        if unit == "session":
            changed |= np.diff(bucket["time"][rows]) > gap
    ends = [len(rows)] if len(rows) else []
    edges = np.concatenate([[0], np.flatnonzero(changed) + 1, ends])
    return rows, edges.astype(np.int64)


def interactions(
    bucket: Bucket, scope: Scope, unit: Unit, gap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The walks of a bucket's interactions in a scope, as ``cut`` gives them."""
    return cut(bucket, scope.rows(bucket) & (bucket["kind"] == INTERACTION), unit, gap)


def chosen(
    rows: NDArray[np.int64],
    edges: NDArray[np.int64],
    hit: NDArray[np.bool_],
    first: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of the walks that ``cut`` gives, some.

    Args:
        hit: a walk needs a row that hits, (len(rows),).
        first: and its first row must be one of these, (len(rows),).
    """
    sizes = np.diff(edges)
    kept = np.add.reduceat(hit, edges[:-1]) > 0 if len(rows) else np.zeros(0, np.bool_)
    kept &= first[edges[:-1]]
    ends = np.concatenate([[0], np.cumsum(sizes[kept])]).astype(np.int64)
    return rows[np.repeat(kept, sizes)], ends
