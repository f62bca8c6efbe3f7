"""Attributes of an experience that may drive its score. One kind is one line of ``KINDS``."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everytouch.perception.api import FAILED, LATE, REPEATED, SLOW, Windows

Floats = NDArray[np.float64]
Extract = Callable[[Windows, int], NDArray[np.float32] | NDArray[np.bool_] | Floats]


@dataclass(frozen=True)
class FeatureKind:
    """A kind of attribute.

    Attributes:
        label: in words, with the touchpoint's label put in.
        unit: what one more of it is.
        extract: windows and touchpoint code → one value a window.
        rival: kinds of which, at one touchpoint, only the strongest is kept.
    """

    name: str
    label: str
    unit: str
    extract: Extract
    rival: str


KINDS: dict[str, FeatureKind] = {
    kind.name: kind
    for kind in (
        FeatureKind(
            "late", "{}: late", "late or not", lambda w, k: w.problems[:, LATE, k] > 0, "lateness"
        ),
        FeatureKind(
            "late_days", "{}: days late", "day", lambda w, k: w.late_days[:, k], "lateness"
        ),
        FeatureKind(
            "slow", "{}: too slow", "so or not", lambda w, k: w.problems[:, SLOW, k] > 0, "slow"
        ),
        FeatureKind(
            "failed", "{}: failed", "so or not", lambda w, k: w.problems[:, FAILED, k] > 0, "failed"
        ),
        FeatureKind(
            "repeated",
            "{}: had to come back",
            "so or not",
            lambda w, k: w.problems[:, REPEATED, k] > 0,
            "repeated",
        ),
        FeatureKind("passed", "{}: passed", "so or not", lambda w, k: w.passed[:, k] > 0, "passed"),
        FeatureKind("delay", "time until {}", "day", lambda w, k: w.delay_days[:, k], "delay"),
        FeatureKind("amount", "price paid", "unit of money", lambda w, _: w.amount, "amount"),
        FeatureKind(
            "elapsed", "length of the journey", "day", lambda w, _: w.elapsed_days, "elapsed"
        ),
    )
}
WHOLE = ("amount", "elapsed")  # kinds that belong to the journey, not to a touchpoint


@dataclass(frozen=True, order=True)
class Feature:
    """One attribute: a kind, at a touchpoint code (-1 for the whole journey)."""

    kind: str
    code: int

    def of(self, seen: Windows) -> Floats:
        """Its value for each window."""
        return np.asarray(KINDS[self.kind].extract(seen, self.code), np.float64)


def all_features(touchpoints: int) -> tuple[Feature, ...]:
    """Every attribute there could be for so many touchpoint codes."""
    placed = [Feature(kind, k) for kind in KINDS if kind not in WHOLE for k in range(touchpoints)]
    return (*placed, *(Feature(kind, -1) for kind in WHOLE))


@dataclass(frozen=True)
class Screen:
    """Per feature: windows where it is not 0, and n, Σx, Σx², Σxy, Σy, Σy²; adds up."""

    filled: NDArray[np.int64]
    sums: Floats

    def __add__(self, other: "Screen") -> "Screen":
        return Screen(self.filled + other.filled, self.sums + other.sums)

    @classmethod
    def of(cls, seen: Windows, features: tuple[Feature, ...]) -> "Screen":
        """Screen the windows of one bucket."""
        y, n = seen.score, len(seen.score)
        filled, sums = np.zeros(len(features), np.int64), np.zeros((len(features), 6))
        for i, feature in enumerate(features):
            x = feature.of(seen)
            filled[i] = np.count_nonzero(x)
            sums[i] = (n, x.sum(), x @ x, x @ y, y.sum(), y @ y)
        return cls(filled, sums)

    def correlations(self) -> Floats:
        """Correlation of each feature with the score; 0 where either does not vary."""
        n, x, xx, xy, y, yy = np.maximum(self.sums, [1, *[-np.inf] * 5]).T
        spread = np.sqrt(np.clip(xx - x * x / n, 0, None) * np.clip(yy - y * y / n, 0, None))
        corr: Floats = np.divide(xy - x * y / n, spread, out=np.zeros(len(n)), where=spread > 1e-9)
        return corr
