"""Optimal alignment of paths with a map.

Source: Adriansyah 2014, "Aligning observed and modeled behavior".

An alignment explains a path as a walk through the map's automaton: an interaction takes a step, or
was added (cost 1); a step of the map is taken, or was skipped (cost 1). The least cost is found
exactly, by dynamic programming over (interactions explained, state): the automaton is small, so no
heuristic search is needed. Where two alignments cost the same, interactions take steps as early as
they can.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.errors import NotEnoughDataError
from everytouch.journeys.automaton import Automaton
from everytouch.journeys.walks import joined

ADDED = -1
MOST_CELLS = 200_000_000  # of one path, (interactions + 1) × states
FAR = 1 << 30


@dataclass(frozen=True)
class DistinctPaths:
    """Distinct sequences of touchpoint codes.

    Attributes:
        hashes: of each, ascending, (p,).
        counts: how often each was walked, (p,).
        edges: where each begins in ``codes``, (p + 1,).
    """

    hashes: NDArray[np.int64]
    counts: NDArray[np.int64]
    edges: NDArray[np.int64]
    codes: NDArray[np.int16]

    def __add__(self, other: "DistinctPaths") -> "DistinctPaths":
        order, begins = joined(self.hashes, other.hashes)
        first = order[begins]
        counts = np.concatenate([self.counts, other.counts])[order]
        starts = np.concatenate([self.edges[:-1], other.edges[:-1] + len(self.codes)])[first]
        sizes = np.concatenate([np.diff(self.edges), np.diff(other.edges)])[first]
        edges = np.concatenate([[0], np.cumsum(sizes)])
        at = np.repeat(starts - edges[:-1], sizes) + np.arange(edges[-1])
        codes = np.concatenate([self.codes, other.codes])[at]
        known = np.concatenate([self.hashes, other.hashes])[first]
        added = np.add.reduceat(counts, begins) if len(begins) else counts
        return DistinctPaths(known, added, edges, codes)

    def part(self, start: int, stop: int) -> "DistinctPaths":
        """Some of them."""
        edges = self.edges[start : stop + 1]
        codes = self.codes[edges[0] : edges[-1]]
        return DistinctPaths(
            self.hashes[start:stop], self.counts[start:stop], edges - edges[0], codes
        )


@dataclass(frozen=True)
class Alignments:
    """Optimal alignments of paths, in the paths' order.

    Attributes:
        cost: of each, (p,).
        taken: the step each interaction took, or ADDED, (codes,).
        skipped: which steps were left out, (p, steps).
    """

    cost: NDArray[np.int64]
    taken: NDArray[np.int16]
    skipped: NDArray[np.bool_]

    def __add__(self, other: "Alignments") -> "Alignments":
        return Alignments(
            np.concatenate([self.cost, other.cost]),
            np.concatenate([self.taken, other.taken]),
            np.concatenate([self.skipped, other.skipped]),
        )


@njit(cache=True, nogil=True)
def _skip(cost: Any, back: Any, source: Any, target: Any, step: Any) -> None:
    # pragma: no cover - compiled
    """Let steps be skipped, and silent edges be walked, as far as that is cheaper."""
    edges, changed = len(source), True
    while changed:
        changed = False
        for e in range(edges):
            there = cost[source[e]] + (step[e] >= 0)
            if there < cost[target[e]]:
                cost[target[e]] = there
                back[target[e]] = edges + e
                changed = True


@njit(cache=True, nogil=True)
def _align(  # noqa: C901 - one pass, compiled
    edges: Any, codes: Any, source: Any, target: Any, step: Any, accept: Any, states: Any, end: Any
) -> Any:  # pragma: no cover - compiled
    """Cost (p,), step taken (codes,), steps skipped (p, steps)."""
    paths, arrows, longest = len(edges) - 1, len(source), 0
    for p in range(paths):
        longest = max(longest, edges[p + 1] - edges[p])
    cost = np.empty((longest + 1, states), np.int32)
    back = np.empty((longest + 1, states), np.int32)
    total = np.zeros(paths, np.int64)
    taken = np.full(len(codes), ADDED, np.int16)
    skipped = np.zeros((paths, len(accept)), np.bool_)
    cost[0, :] = FAR
    cost[0, 0] = 0
    back[0, :] = -1
    _skip(cost[0], back[0], source, target, step)
    for p in range(paths):
        first, n = edges[p], edges[p + 1] - edges[p]
        for i in range(1, n + 1):
            code = codes[first + i - 1]
            cost[i, :] = FAR
            for e in range(arrows):
                s = step[e]
                if s >= 0 and accept[s, code] and cost[i - 1, source[e]] < cost[i, target[e]]:
                    cost[i, target[e]] = cost[i - 1, source[e]]
                    back[i, target[e]] = e
            for state in range(states):
                if cost[i - 1, state] + 1 < cost[i, state]:
                    cost[i, state] = cost[i - 1, state] + 1
                    back[i, state] = 2 * arrows
            _skip(cost[i], back[i], source, target, step)
        i, state = n, end
        total[p] = cost[n, end]
        while back[i, state] >= 0:
            e = back[i, state]
            if e == 2 * arrows:
                i -= 1
            elif e >= arrows:
                if step[e - arrows] >= 0:
                    skipped[p, step[e - arrows]] = True
                state = source[e - arrows]
            else:
                i -= 1
                taken[first + i] = step[e]
                state = source[e]
    return total, taken, skipped


def align(paths: DistinctPaths, model: Automaton) -> Alignments:
    """Align paths with a map.

    Raises:
        NotEnoughDataError: a path is too long for the memory that is given to one.
    """
    longest = int(np.diff(paths.edges).max(initial=0))
    if (longest + 1) * model.states > MOST_CELLS:
        raise NotEnoughDataError(
            f"a path of {longest:,} interactions is too long for a map of {model.states:,} states",
            "cut trails by session or correlation (`unit`), or ask about a shorter period",
        )
    arrows = (model.source, model.target, model.step, model.accept)
    return Alignments(*_align(paths.edges, paths.codes, *arrows, model.states, model.end))
