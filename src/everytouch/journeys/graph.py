"""The directly-follows graph: which touchpoint comes after which, how often, how long after."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.journeys.ties import order_dependent
from everytouch.results import Basis, Result
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails


@dataclass(frozen=True)
class Edge:
    """One touchpoint directly followed by another; times in seconds between the two."""

    source: str
    target: str
    count: int
    parties: int
    share: float
    mean_s: float
    median_s: float
    p90_s: float


@dataclass(frozen=True)
class Node:
    """One touchpoint: how often, by how many parties, how often first and last."""

    touchpoint: str
    moments: int
    parties: int
    first: int | None
    last: int | None


@dataclass(frozen=True)
class Graph(Result):
    """Edges, most frequent first, and ``nodes``."""

    row_type: ClassVar[type] = Edge
    nodes: tuple[Node, ...] = ()


@njit(cache=True, nogil=True)
def _count(  # noqa: C901 - one pass, compiled
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any, k: Any,
    most: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """One pass; edges are numbered as they are met.

    Returns:
        how many edges there are, and where there are more than ``most``, nothing that counts;
        number (k, k) of each edge, -1 for none; by number: times (most, BINS), seconds (most,),
        parties (most,); per touchpoint: nothing yet for moments, parties, first, last, (k, 4).
    """
    number, edges = np.full((k, k), -1, np.int32), 0
    spread, seconds = np.zeros((most, BINS), np.int64), np.zeros(most, np.float64)
    met, parties = np.full(most, -1, np.int64), np.zeros(most, np.int64)
    nodes = np.zeros((k, 4), np.int64)
    seen = np.full(k, -1, np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        before, when = -1, 0
        for row in range(offsets[party], offsets[party + 1]):
            now = time[row]
            if kind[row] != 0 or now < start or now >= stop:
                continue
            here = point[row]
            if seen[here] != party:
                seen[here] = party
                nodes[here, 1] += 1
            if before < 0:
                nodes[here, 2] += 1
            else:
                edge = number[before, here]
                if edge < 0:
                    if edges == most:
                        return edges + 1, number, spread, seconds, parties, nodes
                    edge = number[before, here] = edges
                    edges += 1
                if met[edge] != party:
                    met[edge] = party
                    parties[edge] += 1
                seconds[edge] += (now - when) * 1e-6
                spread[edge, duration_bin(now - when)] += 1
            before, when = here, now
        if before >= 0:
            nodes[before, 3] += 1
    return edges, number, spread, seconds, parties, nodes


@dataclass(frozen=True)
class GraphSums:
    """What one bucket adds to the graph.

    Attributes:
        edges: from · k + to, ascending, (e,).
        spread: times of each edge, (e, BINS); seconds: their sums, (e,).
        parties: that went over each edge, (e,).
        nodes: per touchpoint moments, parties, first, last, (k, 4).
    """

    edges: NDArray[np.int64]
    spread: NDArray[np.int64]
    seconds: NDArray[np.float64]
    parties: NDArray[np.int64]
    nodes: NDArray[np.int64]

    def __add__(self, other: "GraphSums") -> "GraphSums":
        nodes = self.nodes + other.nodes
        if np.array_equal(self.edges, other.edges):  # most often; the rest is much slower
            spread, seconds = self.spread + other.spread, self.seconds + other.seconds
            return GraphSums(self.edges, spread, seconds, self.parties + other.parties, nodes)
        edges = np.union1d(self.edges, other.edges)
        spread, seconds = np.zeros((len(edges), BINS), np.int64), np.zeros(len(edges))
        parties = np.zeros(len(edges), np.int64)
        for part in (self, other):
            at = np.searchsorted(edges, part.edges)
            spread[at] += part.spread
            seconds[at] += part.seconds
            parties[at] += part.parties
        return GraphSums(edges, spread, seconds, parties, nodes)


def kernel(bucket: Bucket, scope: Scope, k: int) -> GraphSums:
    """Count the edges of one bucket; ``k`` is the number of touchpoint codes.

    Arrays that grow would make the loop twice as slow: where they are too small it begins anew.
    """
    trail = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"], scope.start, scope.stop)
    most, count = 128, 129
    while count > most:
        most *= 4
        count, number, spread, seconds, parties, nodes = _count(
            bucket.offsets, scope.take(bucket), *trail, k, most
        )
    edges = np.flatnonzero(number >= 0)
    order = number.ravel()[edges]
    spread, seconds, parties = spread[order], seconds[order], parties[order]
    # Each moment is the first of its party, or came over an edge: the loop need not count it.
    nodes[:, 0] = nodes[:, 2] + np.bincount(edges % k, spread.sum(1), k).astype(np.int64)
    return GraphSums(edges, spread, seconds, parties, nodes)


@order_dependent
def graph(trails: Trails, engine: Engine, scope: Scope = EVERYTHING) -> Graph:
    """Directly-follows graph of interactions, most frequent edges first."""
    k = max(1, len(trails.touchpoints))
    sums = engine.run(lambda bucket: kernel(bucket, scope, k), trails.buckets)
    names, total = trails.touchpoints, max(1, int(sums.spread.sum()))
    rows = []
    parts = zip(sums.edges, sums.seconds, sums.spread, sums.parties.tolist(), strict=True)
    for edge, seconds, spread, parties in parts:
        a, b = divmod(int(edge), k)
        count = int(spread.sum())
        times = (quantile(spread, q) for q in (0.5, 0.9))
        mean = float(seconds) / count
        rows.append(Edge(names[a], names[b], count, parties, count / total, mean, *times))
    rows.sort(key=lambda edge: (-edge.count, edge.source, edge.target))
    nodes = tuple(Node(name, *map(int, sums.nodes[code])) for code, name in enumerate(names))
    basis = Basis(
        formula="count of pairs of consecutive interactions of one party; times between them, "
        "median and 90th percentile from a logarithmic histogram (within 4.5 %)",
        denominator=f"{int(sums.nodes[:, 2].sum()):,} trails with "
        f"{int(sums.nodes[:, 0].sum()):,} interactions",
        cut=scope.text,
    )
    ordered = tuple(
        sorted((n for n in nodes if n.moments), key=lambda n: (-n.moments, n.touchpoint))
    )
    return Graph(basis, tuple(rows), ordered)
