"""Points in time at which a level changed, found without crying wolf."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DRAWS = 2_000


@dataclass(frozen=True)
class Change:
    """A change of level.

    Attributes:
        at: place of the first value after it.
        before, after: weighted means on both sides, up to the next change.
        p: share of series without a change that look at least as changed.
    """

    at: int
    before: float
    after: float
    p: float


def changes(
    values: Floats, errors: Floats, *, level: float = 0.05, seed: int = 1
) -> tuple[Change, ...]:
    """Changes of the level of a series, by binary segmentation.

    The best split of a stretch is judged against the best splits of 2,000 series with the same
    standard errors and no change, so that the chance to find one in a flat series is ``level``
    however long it is (the maximum of CUSUM statistics; Vostrikova 1981).

    Args:
        values: (n,); errors: their standard errors, positive, (n,).
    """
    rng = np.random.default_rng(seed)
    edges = sorted(_split(values, errors, 0, len(values), level, rng))
    bounds = [0, *(at for at, _ in edges), len(values)]
    weight = 1 / errors**2
    means = [
        float(np.average(values[a:b], weights=weight[a:b])) for a, b in itertools.pairwise(bounds)
    ]
    return tuple(Change(at, means[i], means[i + 1], p) for i, (at, p) in enumerate(edges))


def _split(
    values: Floats, errors: Floats, start: int, stop: int, level: float, rng: np.random.Generator
) -> list[tuple[int, float]]:
    n = stop - start
    if n < 4:
        return []
    weight = 1 / errors[start:stop] ** 2
    found = _gains(values[None, start:stop], weight)[0]
    at = int(np.argmax(found))
    flat = rng.normal(0.0, errors[start:stop], (DRAWS, n))
    p = (1 + int((_gains(flat, weight).max(axis=1) >= found[at]).sum())) / (1 + DRAWS)
    if p > level:
        return []
    middle = start + at + 1
    left = _split(values, errors, start, middle, level, rng)
    return [*left, (middle, p), *_split(values, errors, middle, stop, level, rng)]


def _gains(series: Floats, weight: Floats) -> Floats:
    """Weighted squares explained by each split of each series, (m, n − 1)."""
    total = weight.sum()
    left = np.cumsum(weight)[:-1]
    sums = np.cumsum(series * weight, axis=1)
    overall = sums[:, -1:] / total
    gap = sums[:, :-1] - left * overall
    return np.asarray(gap**2 * total / (left * (total - left)))
