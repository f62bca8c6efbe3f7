"""Drivers of the score: shares of its variance (LMG), with bootstrap intervals and a sign."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from everytouch.catalogue.api import Catalogue
from everytouch.drivers.features import KINDS, Feature, Screen, all_features
from everytouch.engine.api import Engine
from everytouch.errors import NotEnoughDataError
from everytouch.perception.api import Rules, headline, windows
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate
from everytouch.stats.regression import (
    GROUPS,
    CrossProducts,
    coefficients,
    correlation,
    forward_selection,
    lmg,
    relative_weights,
)
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

CANDIDATES = 40
LEAST_WITH = 30  # answers that must have the attribute, and that must not
LEAST_GAIN = 0.0005  # of R², for a predictor to be taken in


@dataclass(frozen=True)
class Driver:
    """One attribute of the experience and its part in the score.

    Attributes:
        share: of the variance of the score (LMG), 0..1; weight: the same by Johnson's way.
        sign: +1 where more of it goes with higher scores, −1 with lower.
        effect: points of score for one more ``unit``, the other drivers held still.
        affected: answers whose experience had it.
        grade: of the evidence.
    """

    name: str
    label: str
    touchpoint: str | None
    kind: str
    unit: str
    share: Estimate
    sign: int
    effect: Estimate
    affected: int | None
    weight: Estimate
    grade: str = "association"


@dataclass(frozen=True)
class Drivers(Result):
    """Drivers, largest share first; ``r2`` is what they explain together."""

    row_type: ClassVar[type] = Driver
    r2: float = 0.0
    n: int = 0


def cross_products(
    bucket: Bucket,
    scope: Scope,
    rules: Rules,
    features: tuple[Feature, ...],
    instrument: int,
) -> CrossProducts:
    """Cross-products of these features and the score in one bucket, by group of parties."""
    seen = windows(bucket, scope, rules, instrument)
    X = (
        np.column_stack([f.of(seen) for f in features])
        if features
        else np.empty((len(seen.rows), 0))
    )
    party = bucket.parties[np.searchsorted(bucket.offsets, seen.rows, side="right") - 1]
    return CrossProducts.of(X, seen.score, (party.view(np.uint64) % GROUPS).astype(np.int64))


def drivers(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
) -> Drivers:
    """Decompose the variance of stated scores over the attributes of what was lived through.

    Raises:
        NotEnoughDataError: too few answers, or nothing that varies with them.
    """
    rules, asked = Rules.of(catalogue, trails, settings), headline(trails, engine, settings)
    features = all_features(len(trails.touchpoints))
    screen = engine.run(
        lambda bucket: Screen.of(windows(bucket, scope, rules, asked), features), trails.buckets
    )
    n = int(screen.sums[0, 0])
    candidates = _candidates(features, screen, n)
    if n < 3 * LEAST_WITH or not candidates:
        raise NotEnoughDataError(
            f"drivers need {3 * LEAST_WITH} stated scores and an attribute that at least "
            f"{LEAST_WITH} of them have; there are {n} scores and {len(candidates)} attributes",
            "import more feedback, with correlations that tie answers to interactions",
        )
    products = engine.run(
        lambda bucket: cross_products(bucket, scope, rules, candidates, asked), trails.buckets
    )
    chosen = forward_selection(correlation(products.total), settings.drivers, LEAST_GAIN)
    picked = tuple(candidates[i] for i in chosen)
    rows = _rows(products.pick(chosen), picked, trails, catalogue, settings)
    filled = dict(zip(features, screen.filled.tolist(), strict=True))
    rows = [_with_count(row, filled[f]) for row, f in zip(rows, picked, strict=True)]
    r2 = sum(row.share.value for row in rows)
    rows.sort(key=lambda row: -row.share.value)
    basis = Basis(
        formula="share of the variance of the score, averaged over all orders in which the "
        f"predictors can be taken in (LMG); together R² = {r2:.3f}. Effect: least squares",
        denominator=f"{n:,} answers to {trails.instruments[asked]}",
        cut=f"{scope.text}; {len(picked)} predictors taken by forward selection from the "
        f"{len(candidates)} of {len(features)} attributes that vary most with the score",
        method=f"{settings.confidence:.0%} percentile bootstrap over {GROUPS} groups of parties, "
        f"{settings.resamples} resamples, given the selection",
    )
    return Drivers(basis, tuple(rows), r2, n)


def _candidates(features: tuple[Feature, ...], screen: Screen, n: int) -> tuple[Feature, ...]:
    """The attributes that vary most with the score, one of each set of rivals."""
    strength = np.abs(screen.correlations())
    best: dict[tuple[str, int], int] = {}
    for i in np.argsort(-strength, kind="stable"):
        feature = features[i]
        enough = screen.filled[i] >= LEAST_WITH
        if feature.kind == "passed":
            enough &= n - screen.filled[i] >= LEAST_WITH
        if enough and strength[i] > 0:
            best.setdefault((KINDS[feature.kind].rival, feature.code), int(i))
    return tuple(features[i] for i in list(best.values())[:CANDIDATES])


def _rows(
    products: CrossProducts,
    picked: tuple[Feature, ...],
    trails: Trails,
    catalogue: Catalogue,
    settings: Settings,
) -> list[Driver]:
    corr = correlation(products.total)
    known = (lmg(corr), coefficients(products.total)[1:], relative_weights(corr))
    samples = products.resamples(settings.resamples, settings.seed)
    corrs = [correlation(total) for total in samples]
    drawn = (
        np.array([lmg(one) for one in corrs]),
        np.array([coefficients(total)[1:] for total in samples]),
        np.array([relative_weights(one) for one in corrs]),
    )
    tail = (1 - settings.confidence) / 2
    rows = []
    for i, feature in enumerate(picked):
        kind = KINDS[feature.kind]
        point = trails.touchpoints[feature.code] if feature.code >= 0 else None
        label = catalogue.touchpoints[point].label if point else ""
        ends = [np.quantile(d[:, i], [tail, 1 - tail]) for d in drawn]
        share, effect, weight = (
            Estimate(float(v[i]), float(low), float(high), products.n, "bootstrap")
            for v, (low, high) in zip(known, ends, strict=True)
        )
        name = f"{feature.kind}:{point}" if point else feature.kind
        sign = 1 if effect.value > 0 else -1
        rows.append(
            Driver(
                name,
                kind.label.format(label),
                point,
                kind.name,
                kind.unit,
                share,
                sign,
                effect,
                0,
                weight,
            )
        )
    return rows


def _with_count(row: Driver, affected: int) -> Driver:
    return replace(row, affected=affected)
