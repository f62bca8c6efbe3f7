"""The headline figure of each kind of instrument. One kind is one function and one line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from everytouch.catalogue.api import Instrument
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate


@dataclass(frozen=True)
class Tally:
    """Counts of answers that add up: enough for every headline figure.

    Attributes:
        n: answers.
        total, squares: sums of the scores (0 to 100) and of their squares.
        high, low: answers in the instrument's top and bottom group.
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    high: int = 0
    low: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.n + other.n,
            self.total + other.total,
            self.squares + other.squares,
            self.high + other.high,
            self.low + other.low,
        )


Headline = Callable[[Tally, float], Estimate]


def _nps(tally: Tally, confidence: float) -> Estimate:
    return _times(intervals.nps(tally.high, tally.low, tally.n, confidence), 100)


def _share(tally: Tally, confidence: float) -> Estimate:
    return _times(intervals.share(tally.high, tally.n, confidence), 100)


def _mean(tally: Tally, confidence: float) -> Estimate:
    return intervals.mean(tally.n, tally.total, tally.squares, confidence)


def _times(e: Estimate, factor: float) -> Estimate:
    return Estimate(e.value * factor, e.low * factor, e.high * factor, e.n, e.method)


HEADLINES: dict[str, tuple[str, Headline]] = {
    "nps": ("NPS: % scoring 9–10 minus % scoring 0–6", _nps),
    "csat": ("CSAT: % in the top two boxes", _share),
    "ces": ("CES: % agreeing (top three boxes)", _share),
    "mean": ("mean score, 0–100", _mean),
}


def thresholds(instrument: Instrument) -> tuple[float, float]:
    """Scores from which an answer counts as high, and up to which as low."""
    width = instrument.high - instrument.low
    boxes = {"nps": 1, "csat": 1, "ces": 2}.get(instrument.kind, 0)
    high = 100 * (width - boxes) / width
    return high - 1e-3, (60.0 if instrument.kind == "nps" else 0.0) + 1e-3


def tallies(
    group: np.ndarray, scores: np.ndarray, instrument: Instrument, count: int
) -> list[Tally]:
    """Tallies of scores by group number; negative groups are left out."""
    high, low = thresholds(instrument)
    inside = group >= 0
    group, scores = group[inside], scores[inside].astype(np.float64)
    weights = (None, scores, scores**2, (scores >= high) * 1.0, (scores <= low) * 1.0)
    sums = [np.bincount(group, w, minlength=count) for w in weights]
    return [
        Tally(int(n), float(t), float(s), int(h), int(b))
        for n, t, s, h, b in zip(*sums, strict=True)
    ]
