"""Emotions that were named: their shares, and the Net Emotional Value."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate, no_estimate, normal_quantile
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, people

CLUSTERS: dict[str, tuple[str, ...]] = {
    "destroying": (
        "irritated", "hurried", "neglected", "unhappy", "unsatisfied", "stressed", "disappointed",
        "frustrated",
    ),
    "attention": ("interesting", "energetic", "stimulated", "exploratory", "indulgent"),
    "recommendation": ("trusting", "valued", "cared for", "focused", "safe"),
    "advocacy": ("happy", "pleased"),
}  # fmt: skip
"""Emotions that destroy value, or drive attention, recommendation, advocacy (Shaw 2007)."""
OTHER = "other"
_CLUSTER = {emotion: name for name, several in CLUSTERS.items() for emotion in several}
METHOD = "multinomial contrast"
NONE = no_estimate(0, "hidden")


@dataclass(frozen=True)
class Felt:
    """One emotion, and the share of the perceptions with an emotion that name it."""

    emotion: str
    cluster: str
    n: int
    parties: int
    share: Estimate


@dataclass(frozen=True)
class Emotions(Result):
    """Emotions, the most frequent first.

    Attributes:
        n, parties: perceptions with an emotion, and whose they are.
        nev: Net Emotional Value: mean share, in per cent, of the twelve emotions that create value
            less that of the eight that destroy it.
        positive: share of the perceptions that name one that creates value.
    """

    row_type: ClassVar[type] = Felt
    n: int = 0
    parties: int = 0
    nev: Estimate = NONE
    positive: Estimate = NONE


@dataclass(frozen=True)
class FeltSums:
    """Perceptions by emotion code, (E,); parties by it, and of all of them, (E + 1,)."""

    counts: NDArray[np.int64]
    parties: NDArray[np.int64]

    def __add__(self, other: "FeltSums") -> "FeltSums":
        return FeltSums(self.counts + other.counts, self.parties + other.parties)


def kernel(bucket: Bucket, scope: Scope, count: int) -> FeltSums:
    """Count the emotions of one bucket."""
    rows = (bucket["kind"] == 1) & (bucket["emotion"] >= 0) & scope.rows(bucket)
    code, owner = bucket["emotion"][rows].astype(np.int64), bucket.owner()[rows]
    parties = np.append(people(owner, code, count), len(np.unique(owner)))
    return FeltSums(np.bincount(code, minlength=count), parties)


def emotions(
    trails: Trails, engine: Engine, settings: Settings, scope: Scope = EVERYTHING
) -> Emotions:
    """Shares of the emotions that were named or shown, and the Net Emotional Value."""
    count = len(trails.emotions)
    sums = engine.run(lambda bucket: kernel(bucket, scope, count), trails.buckets)
    n, enough = int(sums.counts.sum()), int(sums.counts.sum()) >= settings.minimum_n
    rows = [
        Felt(name, _CLUSTER.get(name.lower(), OTHER), int(k), int(who), _share(int(k), n, settings))
        for name, k, who in zip(trails.emotions, sums.counts, sums.parties[:-1], strict=True)
        if k
    ]
    rows.sort(key=lambda row: (-row.n, row.emotion))
    known = [row for row in rows if row.cluster != OTHER]
    good = sum(row.n for row in known if row.cluster != "destroying")
    basis = Basis(
        formula="share = perceptions that name the emotion ÷ those that name any; Net Emotional "
        "Value = mean share of the twelve that create value less that of the eight that destroy it",
        denominator=f"{n:,} perceptions with an emotion",
        cut=f"{scope.text}; emotions outside Shaw's twenty count as other; hidden under "
        f"{settings.minimum_n}",
        method="shares Wilson score; value: variance of a contrast of multinomial shares",
    )
    hidden = no_estimate(n, "hidden")
    return Emotions(
        basis, tuple(rows) if enough else (), n, int(sums.parties[-1]),
        _net(known, n, settings.confidence) if enough else hidden,
        _share(good, n, settings),
    )  # fmt: skip


def _share(k: int, n: int, settings: Settings) -> Estimate:
    if n < settings.minimum_n:
        return no_estimate(n, "hidden")
    return intervals.share(k, n, settings.confidence)


def _net(rows: list[Felt], n: int, confidence: float) -> Estimate:
    bad = len(CLUSTERS["destroying"])
    good = sum(map(len, CLUSTERS.values())) - bad
    weight = np.array([-1 / bad if row.cluster == "destroying" else 1 / good for row in rows])
    share = np.array([row.n / n for row in rows])
    value = 100 * float(weight @ share)
    variance = max(0.0, 1e4 * float(weight**2 @ share) - value**2) / n
    half = normal_quantile(confidence) * variance**0.5
    return Estimate(value, value - half, value + half, n, METHOD)
