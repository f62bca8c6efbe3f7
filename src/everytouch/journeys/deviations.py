"""Deviations of walks from a map: which there are in an alignment, and what they go with."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.journeys.aligning import Alignments, DistinctPaths
from everytouch.journeys.automaton import Automaton
from everytouch.stats.intervals import Moments2

KINDS = ("skipped", "out of order", "repeated", "late")
"""Kinds that are of a step; the number of a deviation is kind · steps + step, and those of
``added`` interactions, by their touchpoint's code, come after."""
FITS = 13  # columns of the sums


@njit(cache=True, nogil=True)
def _classify(  # noqa: C901 - one pass, compiled
    edges: Any, codes: Any, taken: Any, skipped: Any, accept: Any
) -> Any:  # pragma: no cover - compiled
    """Deviations of each path: where they begin, (p + 1,), and their numbers."""
    paths, steps = skipped.shape
    starts = np.zeros(paths + 1, np.int64)
    found = np.empty(len(codes) + int(skipped.sum()), np.int32)
    count = 0
    done = np.zeros(steps, np.bool_)
    left = np.zeros(steps, np.bool_)
    for p in range(paths):
        done[:] = False
        left[:] = skipped[p]
        for at in range(edges[p], edges[p + 1]):
            if taken[at] >= 0:
                done[taken[at]] = True
        for at in range(edges[p], edges[p + 1]):
            if taken[at] >= 0:
                continue
            moved, again = -1, -1
            for s in range(steps):
                if accept[s, codes[at]]:
                    if left[s] and moved < 0:
                        moved = s
                    if done[s] and again < 0:
                        again = s
            if moved >= 0:
                left[moved] = False
                found[count] = steps + moved
            elif again >= 0:
                found[count] = 2 * steps + again
            else:
                found[count] = 4 * steps + codes[at]
            count += 1
        for s in range(steps):
            if left[s]:
                found[count] = s
                count += 1
        starts[p + 1] = count
    return starts, found[:count].copy()


@dataclass(frozen=True)
class Explained:
    """DistinctPaths, how they are aligned, and in what they deviate.

    Attributes:
        model: the map's automaton.
        least: cost of walking through the map without any interaction.
        starts, found: the deviations of path i are found[starts[i] : starts[i + 1]].
    """

    paths: DistinctPaths
    aligned: Alignments
    model: Automaton
    least: int
    starts: NDArray[np.int64]
    found: NDArray[np.int32]

    @property
    def fitness(self) -> NDArray[np.float64]:
        """Of each path: 1 − cost ÷ the cost of adding all and skipping all, (p,)."""
        worst = np.diff(self.paths.edges) + self.least
        fit: NDArray[np.float64] = 1 - self.aligned.cost / np.maximum(worst, 1)
        return fit

    @property
    def deviations(self) -> int:
        """How many there could be."""
        steps, codes = self.model.accept.shape
        return int(len(KINDS) * steps + codes)


def explain(paths: DistinctPaths, aligned: Alignments, model: Automaton, least: int) -> Explained:
    """Name the deviations of aligned paths.

    A skipped step whose touchpoint was added elsewhere is one step out of order; an added
    touchpoint whose step was taken is a repetition.
    """
    starts, found = _classify(
        paths.edges, paths.codes, aligned.taken, aligned.skipped, model.accept
    )
    return Explained(paths, aligned, model, least, starts, found)


@dataclass(frozen=True)
class Deadlines:
    """Of each step, (steps,): microseconds, -1 for none; and the step it counts from, or -1."""

    within: NDArray[np.int64]
    since: NDArray[np.int64]


@dataclass(frozen=True)
class Followed:
    """How what follows a walk is read.

    Attributes:
        window: microseconds after a walk in which a perception is of it.
        follow_up: microseconds after a walk in which spend and leaving are read.
        last: time of the last moment there is.
        leaving: which touchpoint codes are leaving, (codes,).
    """

    window: int
    follow_up: int
    last: int
    leaving: NDArray[np.bool_]


@njit(cache=True, nogil=True)
def outcomes(
    rows: Any, edges: Any, offsets: Any, time: Any, kind: Any, mode: Any, score: Any, amount: Any,
    point: Any, link: Any, by_link: Any, window: Any, follow_up: Any, last: Any, leaving: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Per walk: mean stated score, money spent after it, whether the party left; NaN where unknown.

    A perception is of a walk from its first moment until a window after its last; where walks are
    orders or cases, it is of the same one, or of none.
    """
    out = np.full((len(edges) - 1, 3), np.nan)
    party = 0
    for w in range(len(edges) - 1):
        first, final = rows[edges[w]], rows[edges[w + 1] - 1]
        while offsets[party + 1] <= first:
            party += 1
        end = time[final]
        total, n = 0.0, 0
        spent, stayed, gone = 0.0, False, False
        known = end + follow_up <= last
        for row in range(first, offsets[party + 1]):
            t = time[row]
            if t > end + window and t > end + follow_up:
                break
            if kind[row] == 1:
                of_it = not by_link or link[row] == 0 or link[row] == link[first]
                if of_it and t <= end + window and mode[row] == 0 and not np.isnan(score[row]):
                    total += score[row]
                    n += 1
            elif t > end and t <= end + follow_up:
                spent += amount[row] / 10_000
                stayed = True
                gone = gone or leaving[point[row]]
        if n:
            out[w, 0] = total / n
        if known:
            out[w, 1] = spent
            out[w, 2] = 1.0 if gone or not stayed else 0.0
    return out


@njit(cache=True, nogil=True, inline="always")
def _note(d: Any, w: Any, mark: Any, mine: Any, count: Any) -> Any:  # pragma: no cover - compiled
    """Note that a walk has a deviation; how many it has."""
    if mark[d] == w:
        return count
    mark[d] = w
    mine[count] = d
    return count + 1


@njit(cache=True, nogil=True)
def judge(  # noqa: C901 - one pass, compiled
    rows: Any, edges: Any, time: Any, path: Any, first: Any, taken: Any, starts: Any, found: Any,
    within: Any, since: Any, after: Any, owner: Any, fitness: Any, deviations: Any, only: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Sums per deviation, and of all walks in the last line, (deviations + 1, FITS).

    Columns: walks, times; n, sum and squares of scores; likewise of spend; n and sum of leaving;
    sum and squares of fitness; parties. Further: walks that take each step, n, sum and squares of
    their scores, and parties, (steps, 5); and which walks have the deviation ``only``, (w,).
    """
    steps = len(within)
    sums, passed = np.zeros((deviations + 1, FITS)), np.zeros((steps, 5))
    met, came = np.full(deviations + 1, -1, np.int64), np.full(steps, -1, np.int64)
    having = np.zeros(len(edges) - 1, np.bool_)
    mark, mine = np.full(deviations + 1, -1, np.int64), np.empty(deviations + 1, np.int64)
    when, seen = np.zeros(steps, np.int64), np.full(steps, -1, np.int64)
    for w in range(len(edges) - 1):
        p = path[w]
        count = _note(deviations, w, mark, mine, 0)
        for at in range(starts[p], starts[p + 1]):
            sums[found[at], 1] += 1
            count = _note(found[at], w, mark, mine, count)
        before = -1
        for at in range(edges[w + 1] - edges[w]):
            s = taken[first[p] + at]
            if s < 0:
                continue
            t = time[rows[edges[w] + at]]
            begun = before
            if since[s] >= 0:
                begun = when[since[s]] if seen[since[s]] == w else -1
            if within[s] >= 0 and begun >= 0 and t - begun > within[s]:
                sums[3 * steps + s, 1] += 1
                count = _note(3 * steps + s, w, mark, mine, count)
            if seen[s] != w:
                seen[s] = w
                when[s] = t
                passed[s, 0] += 1
                passed[s, 4] += came[s] != owner[w]
                came[s] = owner[w]
                if not np.isnan(after[w, 0]):
                    passed[s, 1] += 1
                    passed[s, 2] += after[w, 0]
                    passed[s, 3] += after[w, 0] * after[w, 0]
            before = t
        for d in mine[:count]:
            having[w] = having[w] or d == only
            sums[d, 0] += 1
            for o in range(3):
                value = after[w, o]
                if not np.isnan(value):
                    sums[d, 2 + 3 * o] += 1
                    sums[d, 3 + 3 * o] += value
                    if o < 2:
                        sums[d, 4 + 3 * o] += value * value
            sums[d, 12] += met[d] != owner[w]
            met[d] = owner[w]
            sums[d, 10] += fitness[p]
            sums[d, 11] += fitness[p] * fitness[p]
    return sums, passed, having


@dataclass(frozen=True)
class Sums:
    """What one bucket adds: see ``judge``; and scores stated at each step, (steps, 3)."""

    sums: NDArray[np.float64]
    passed: NDArray[np.float64]
    felt: NDArray[np.float64]

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.sums + other.sums, self.passed + other.passed, self.felt + other.felt)

    def walks(self, d: int) -> int:
        """Walks with a deviation; of all of them for -1."""
        return int(self.sums[d, 0])

    def parties(self, d: int) -> int:
        """Parties with a deviation; all of them for -1."""
        return int(self.sums[d, 12])

    def of(self, d: int, outcome: int) -> Moments2:
        """Score (0) or spend (1) of walks with a deviation; of all for -1."""
        n, total, squares = self.sums[d, 2 + 3 * outcome : 5 + 3 * outcome]
        return Moments2(int(n), float(total), float(squares))

    def left(self, d: int) -> tuple[int, int]:
        """Walks followed up, and those after which the party left."""
        n, total = self.sums[d, 8:10]
        return int(n), int(total)

    @property
    def fitness(self) -> Moments2:
        """Of all walks."""
        return Moments2(self.walks(-1), float(self.sums[-1, 10]), float(self.sums[-1, 11]))
