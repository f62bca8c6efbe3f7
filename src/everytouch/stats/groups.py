"""Groups of things that are alike, by the angles between their vectors."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everytouch.later import Later

if TYPE_CHECKING:
    from scipy.cluster import hierarchy
    from scipy.spatial import distance
else:
    hierarchy = Later("scipy.cluster.hierarchy")
    distance = Later("scipy.spatial.distance")

Floats = NDArray[np.float64]


def grouped(vectors: Floats, most: int) -> tuple[NDArray[np.int64], float]:
    """Groups of vectors: average linkage on cosine distances, as many as part them best.

    Args:
        vectors: (n, k), none of them zero.
        most: groups at most.

    Returns:
        group of each, (n,), counted from 0 by size; and the mean silhouette (Rousseeuw 1987), at
        most 1: below a half groups are weak. One group where n < 3, and 0.
    """
    n = len(vectors)
    if n < 3:
        return np.zeros(n, np.int64), 0.0
    pairs = np.clip(distance.pdist(vectors, "cosine"), 0.0, None)
    tree, apart = hierarchy.linkage(pairs, "average"), distance.squareform(pairs)
    best, found = -1.0, np.zeros(n, np.int64)
    for count in range(2, min(most, n - 1) + 1):
        labels = hierarchy.fcluster(tree, count, "maxclust") - 1
        value = silhouette(apart, labels)
        if value > best:
            best, found = value, labels
    sizes = np.bincount(found)
    rank = np.empty(len(sizes), np.int64)
    rank[np.lexsort((np.arange(len(sizes)), -sizes))] = np.arange(len(sizes))
    return rank[found], max(0.0, best)


def silhouette(apart: Floats, labels: NDArray[np.int64]) -> float:
    """Mean over all of (b - a) / max(a, b): a to the own group, b to the nearest other one.

    Args:
        apart: distances, (n, n); labels: groups, counted from 0 without a gap, (n,).
    """
    n, sizes = len(labels), np.bincount(labels)
    if len(sizes) < 2:
        return 0.0
    sums = np.stack([apart[:, labels == g].sum(1) for g in range(len(sizes))], axis=1)
    own = sums[np.arange(n), labels] / np.maximum(sizes[labels] - 1, 1)
    others = sums / sizes
    others[np.arange(n), labels] = np.inf
    near = others.min(1)
    larger = np.maximum(own, near)
    told = (sizes[labels] > 1) & (larger > 0)
    return float(np.where(told, (near - own) / np.where(told, larger, 1.0), 0.0).mean())
