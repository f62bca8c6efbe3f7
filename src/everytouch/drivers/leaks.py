"""Answers that give the outcome away: found before anybody sells them as a cause."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue, Instrument
from everytouch.drivers.staying import leaving
from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.stats import intervals
from everytouch.stats.intervals import Estimate
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

LEVELS = 101  # scores 0 to 100, in whole points
LEAST = 30  # parties at a level, for "always" and "never" to mean anything
GIVEN_AWAY = 0.5  # share of the parties at such levels, from which it is a leak


@dataclass(frozen=True)
class Leak:
    """An instrument whose answers all but say who left.

    Attributes:
        always, never: answers, on the instrument's own scale, after which all left, or nobody.
        parties: that answered; given_away: share of them at such answers.
        left: share of all of them that left.
    """

    instrument: str
    label: str
    always: tuple[float, ...]
    never: tuple[float, ...]
    parties: int
    given_away: Estimate
    left: Estimate
    sentence: str


@dataclass(frozen=True)
class Leaks(Result):
    """Instruments that leak; none is the good news."""

    row_type: ClassVar[type] = Leak


@dataclass(frozen=True)
class LeakSums:
    """Parties by instrument, score of the last answer, and whether they left: (I, LEVELS, 2)."""

    counts: NDArray[np.int64]

    def __add__(self, other: "LeakSums") -> "LeakSums":
        return LeakSums(self.counts + other.counts)


@njit(cache=True, nogil=True)
def _count(
    offsets: Any, take: Any, kind: Any, mode: Any, instrument: Any, score: Any, point: Any,
    leaves: Any, counts: Any,
) -> None:  # fmt: skip # pragma: no cover - compiled
    last = np.empty(len(counts), np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        last[:] = -1
        left = 0
        for row in range(offsets[party], offsets[party + 1]):
            if kind[row] == 0 and point[row] >= 0 and leaves[point[row]]:
                left = 1
            stated = kind[row] == 1 and mode[row] == 0 and instrument[row] >= 0
            if stated and not np.isnan(score[row]):
                last[instrument[row]] = np.int64(np.round(score[row]))
        for code in range(len(last)):
            if last[code] >= 0:
                counts[code, last[code], left] += 1


def kernel(bucket: Bucket, scope: Scope, leaves: NDArray[np.bool_], instruments: int) -> LeakSums:
    """Count one bucket."""
    counts = np.zeros((instruments, LEVELS, 2), np.int64)
    names = ("kind", "mode", "instrument", "score", "touchpoint")
    columns = (bucket[name] for name in names)
    _count(bucket.offsets, scope.take(bucket), *columns, leaves, counts)
    return LeakSums(counts)


def leaks(
    trails: Trails,
    engine: Engine,
    catalogue: Catalogue,
    settings: Settings,
    scope: Scope = EVERYTHING,
) -> Leaks:
    """Instruments whose last answer tells who passed a touchpoint of the last stage."""
    leaves = leaving(trails, catalogue)
    count = len(trails.instruments)
    sums = engine.run(lambda bucket: kernel(bucket, scope, leaves, count), trails.buckets)
    rows = [
        leak
        for code, name in enumerate(trails.instruments)
        if (instrument := catalogue.instruments.get(name))
        and (leak := _leak(instrument, sums.counts[code], settings))
    ]
    basis = Basis(
        formula=f"answers after which all left, or nobody; a leak where they are "
        f"{GIVEN_AWAY:.0%} of all",
        denominator="parties that answered, by their last answer",
        cut=f"{scope.text}; answers that {LEAST} parties or more gave",
        method="shares Wilson score",
    )
    return Leaks(basis, tuple(rows))


def _leak(instrument: Instrument, counts: NDArray[np.int64], settings: Settings) -> Leak | None:
    parties, gone = counts.sum(1), counts[:, 1]
    n, left = int(parties.sum()), int(gone.sum())
    large = parties >= LEAST
    always, never = large & (gone == parties), large & (gone == 0)
    sure = int(parties[always | never].sum())
    if not always.any() or not never.any() or sure < GIVEN_AWAY * n:
        return None
    words = [_on_scale(instrument, np.flatnonzero(which)) for which in (always, never)]
    said = (
        f"Leak: {instrument.label} gives leaving away. Of {n:,} parties, those who answered "
        f"{_listed(words[0])} always left and those who answered {_listed(words[1])} never did "
        f"({sure / n:.0%} of all). It was written down with leaving in sight: do not take it for a "
        "cause, and do not predict with it."
    )
    return Leak(
        instrument.name, instrument.label, words[0], words[1], n,
        intervals.share(sure, n, settings.confidence),
        intervals.share(left, n, settings.confidence), said,
    )  # fmt: skip


def _on_scale(instrument: Instrument, scores: NDArray[np.int64]) -> tuple[float, ...]:
    points = 100 - scores if instrument.reversed else scores
    raw = instrument.low + points / 100 * (instrument.high - instrument.low)
    return tuple(sorted(round(float(value), 1) for value in raw))


def _listed(values: tuple[float, ...]) -> str:
    return " or ".join(f"{value:g}" for value in values)
