"""The directly-follows graph: which touchpoint comes after which, how often, how long after."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails


@dataclass(frozen=True)
class Edge:
    """One touchpoint directly followed by another; times in seconds between the two."""

    source: str
    target: str
    count: int
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
    first: int
    last: int


@dataclass(frozen=True)
class Graph(Result):
    """Edges, most frequent first, and ``nodes``."""

    row_type: ClassVar[type] = Edge
    nodes: tuple[Node, ...] = ()


@njit(cache=True, nogil=True)
def _count(
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any, k: Any
) -> Any:  # pragma: no cover - compiled
    """Edges (k, k), seconds (k, k), and per touchpoint: moments, parties, first, last."""
    edges = np.zeros((k, k), np.int64)
    seconds = np.zeros((k, k), np.float64)
    nodes = np.zeros((k, 4), np.int64)
    seen = np.full(k, -1, np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        before, when = -1, 0
        for row in range(offsets[party], offsets[party + 1]):
            if kind[row] != 0 or time[row] < start or time[row] >= stop:
                continue
            here = point[row]
            nodes[here, 0] += 1
            if seen[here] != party:
                seen[here] = party
                nodes[here, 1] += 1
            if before < 0:
                nodes[here, 2] += 1
            else:
                edges[before, here] += 1
                seconds[before, here] += (time[row] - when) / 1e6
            before, when = here, time[row]
        if before >= 0:
            nodes[before, 3] += 1
    return edges, seconds, nodes


@njit(cache=True, nogil=True)
def _spread(
    offsets: Any,
    take: Any,
    time: Any,
    kind: Any,
    point: Any,
    start: Any,
    stop: Any,
    index: Any,
    out: Any,
) -> None:  # pragma: no cover - compiled
    """Histogram of the times of each edge; ``index`` (k, k) numbers the edges there are."""
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        before, when = -1, 0
        for row in range(offsets[party], offsets[party + 1]):
            if kind[row] != 0 or time[row] < start or time[row] >= stop:
                continue
            here = point[row]
            if before >= 0:
                out[index[before, here], duration_bin(time[row] - when)] += 1
            before, when = here, time[row]


@dataclass(frozen=True)
class GraphSums:
    """What one bucket adds to the graph. ``edges`` are from · k + to, ascending."""

    counts: NDArray[np.int64]
    seconds: NDArray[np.float64]
    nodes: NDArray[np.int64]
    edges: NDArray[np.int64]
    spread: NDArray[np.int64]

    def __add__(self, other: "GraphSums") -> "GraphSums":
        edges = np.union1d(self.edges, other.edges)
        spread = np.zeros((len(edges), BINS), np.int64)
        for part in (self, other):
            spread[np.searchsorted(edges, part.edges)] += part.spread
        return GraphSums(
            self.counts + other.counts,
            self.seconds + other.seconds,
            self.nodes + other.nodes,
            edges,
            spread,
        )


def kernel(bucket: Bucket, scope: Scope, k: int) -> GraphSums:
    """Count the edges of one bucket; ``k`` is the number of touchpoint codes."""
    trail = (
        bucket.offsets,
        scope.take(bucket),
        bucket["time"],
        scope.kinds(bucket),
        bucket["touchpoint"],
        scope.start,
        scope.stop,
    )
    counts, seconds, nodes = _count(*trail, k)
    edges = np.flatnonzero(counts)
    index = np.full(k * k, -1, np.int64)
    index[edges] = np.arange(len(edges))
    spread = np.zeros((len(edges), BINS), np.int64)
    _spread(*trail, index.reshape(k, k), spread)
    return GraphSums(counts, seconds, nodes, edges, spread)


def graph(trails: Trails, engine: Engine, scope: Scope = EVERYTHING) -> Graph:
    """Directly-follows graph of interactions, most frequent edges first."""
    k = max(1, len(trails.touchpoints))
    sums = engine.run(lambda bucket: kernel(bucket, scope, k), trails.buckets)
    names, total = trails.touchpoints, max(1, int(sums.counts.sum()))
    rows = []
    for number, edge in enumerate(sums.edges):
        a, b = divmod(int(edge), k)
        count = int(sums.counts[a, b])
        times = (quantile(sums.spread[number], q) for q in (0.5, 0.9))
        mean = float(sums.seconds[a, b]) / count
        rows.append(Edge(names[a], names[b], count, count / total, mean, *times))
    rows.sort(key=lambda edge: (-edge.count, edge.source, edge.target))
    nodes = tuple(Node(name, *map(int, sums.nodes[code])) for code, name in enumerate(names))
    basis = Basis(
        formula="count of pairs of consecutive interactions of one party; times between them, "
        "median and 90th percentile from a logarithmic histogram (within 4.5 %)",
        denominator=f"{sum(node.first for node in nodes):,} trails with "
        f"{int(sums.nodes[:, 0].sum()):,} interactions",
        cut=scope.text,
    )
    ordered = tuple(
        sorted((n for n in nodes if n.moments), key=lambda n: (-n.moments, n.touchpoint))
    )
    return Graph(basis, tuple(rows), ordered)
