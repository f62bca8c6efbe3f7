"""Drivers that do more, or less, together than each alone."""

import itertools
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.drivers.features import Feature
from everytouch.drivers.shares import LEAST_WITH, Drivers
from everytouch.engine.api import Engine
from everytouch.perception.api import Rules, headline, windows
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import differences, discovery
from everytouch.stats.intervals import Estimate, normal_quantile
from everytouch.stats.regression import GROUPS, CrossProducts, coefficients
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails


@dataclass(frozen=True)
class Interaction:
    """Two drivers at once.

    Attributes:
        first, second: their names; labels likewise.
        both: answers whose experience had both.
        effect: points on top of what both do alone, the others held still; below 0 they are worse
            together.
        q: the false-discovery rate at which it would be reported.
    """

    first: str
    second: str
    label: str
    both: int | None
    effect: Estimate
    q: float


@dataclass(frozen=True)
class Interactions(Result):
    """Pairs of drivers, the surest first."""

    row_type: ClassVar[type] = Interaction


def kernel(
    bucket: Bucket, scope: Scope, rules: Rules, features: tuple[Feature, ...], instrument: int
) -> CrossProducts:
    """Cross-products of the features, of their products by pairs, and the score."""
    seen = windows(bucket, scope, rules, instrument)
    X = np.column_stack([feature.of(seen) for feature in features])
    pairs = itertools.combinations(range(len(features)), 2)
    X = np.column_stack([X, *(X[:, i] * X[:, j] for i, j in pairs)])
    party = bucket.parties[np.searchsorted(bucket.offsets, seen.rows, side="right") - 1]
    return CrossProducts.of(X, seen.score, (party.view(np.uint64) % GROUPS).astype(np.int64))


def interactions(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    found: Drivers,
    scope: Scope = EVERYTHING,
) -> Interactions:
    """Pairs of drivers that enough experiences had both of.

    Args:
        found: the drivers, whose pairs are looked at.
    """
    rules, asked = Rules.of(catalogue, trails, settings), headline(trails, engine, settings)
    flags = [row for row in found.rows if row.unit.endswith("not")]  # so or not, late or not
    features = tuple(Feature(row.kind, trails.code_of(row.touchpoint or "")) for row in flags)
    rows: list[Interaction] = []
    if len(features) > 1:
        products = engine.run(
            lambda bucket: kernel(bucket, scope, rules, features, asked), trails.buckets
        )
        rows = _rows(products, [row.name for row in flags], [row.label for row in flags], settings)
    basis = Basis(
        formula="coefficient of the product of two drivers in a least-squares model of the score "
        "on all drivers and all such products",
        denominator=f"{found.n:,} answers",
        cut=f"{scope.text}; pairs of which {LEAST_WITH} answers or more had both, and as many one",
        method=f"{settings.confidence:.0%} bootstrap over groups of parties; false discovery "
        "Benjamini and Hochberg; association",
    )
    return Interactions(basis, tuple(rows))


def _rows(
    products: CrossProducts, names: list[str], labels: list[str], settings: Settings
) -> list[Interaction]:
    m = len(names)
    pairs = list(itertools.combinations(range(m), 2))
    both = [round(float(products.total[0, 1 + m + k])) for k in range(len(pairs))]
    alone = products.total[0, 1 : 1 + m]
    # Where one never comes without the other, nothing tells them and their product apart.
    kept = [
        k
        for k, (i, j) in enumerate(pairs)
        if both[k] >= LEAST_WITH and min(alone[i], alone[j]) - both[k] >= LEAST_WITH
    ]
    if not kept:
        return []
    picked = products.pick([*range(m), *(m + k for k in kept)])
    values = coefficients(picked.total)[1 + m :]
    samples = picked.resamples(settings.resamples, settings.seed)
    drawn = np.array([coefficients(sample)[1 + m :] for sample in samples])
    tail = (1 - settings.confidence) / 2
    rows = []
    for place, k in enumerate(kept):
        low, high = np.quantile(drawn[:, place], [tail, 1 - tail])
        effect = Estimate(float(values[place]), float(low), float(high), products.n, "bootstrap")
        i, j = pairs[k]
        p = _p(effect.value, drawn[:, place], settings)
        label = f"{labels[i]} and {labels[j]}"
        rows.append(Interaction(names[i], names[j], label, both[k], effect, p))
    rates = discovery.rates([row.q for row in rows])
    rows = [replace(row, q=rate) for row, rate in zip(rows, rates, strict=True)]
    return sorted(rows, key=lambda row: (row.q, row.label))


def _p(value: float, drawn: NDArray[np.float64], settings: Settings) -> float:
    """Two-sided, from how many standard errors of the bootstrap it is off nothing."""
    half = float(drawn.std()) * normal_quantile(settings.confidence)
    return differences.p_of_z(value / half, settings.confidence) if half else 1.0
