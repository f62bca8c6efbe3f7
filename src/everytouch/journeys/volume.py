"""Volume: interactions, parties, money and time at each touchpoint, month by month."""

import zoneinfo
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.results import Basis, Result
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, month_edges, people


@dataclass(frozen=True)
class MonthVolume:
    """One touchpoint in one month; money in units of the currency."""

    touchpoint: str
    month: str
    interactions: int
    parties: int
    amount: float
    cost: float


@dataclass(frozen=True)
class Volume(Result):
    """Touchpoints with their months in order; months without interactions are left out."""

    row_type: ClassVar[type] = MonthVolume


@dataclass(frozen=True)
class VolumeSums:
    """Interactions, 1/10,000 of amount, of cost, parties: (4, touchpoints, months)."""

    sums: NDArray[np.int64]

    def __add__(self, other: "VolumeSums") -> "VolumeSums":
        return VolumeSums(self.sums + other.sums)


def kernel(bucket: Bucket, scope: Scope, edges: NDArray[np.int64], k: int) -> VolumeSums:
    """Volume of one bucket; ``edges`` are the first microseconds of the months."""
    rows = np.flatnonzero(scope.rows(bucket) & (bucket["kind"] == 0))
    month = np.searchsorted(edges, bucket["time"][rows], side="right") - 1
    cell = bucket["touchpoint"][rows].astype(np.int64) * len(edges) + month
    sums = np.zeros((4, k * len(edges)), np.int64)
    sums[0] = np.bincount(cell, minlength=k * len(edges))
    for i, name in enumerate(("amount", "cost"), 1):
        sums[i] = np.rint(np.bincount(cell, bucket[name][rows], k * len(edges)))
    sums[3] = people(bucket.owner()[rows], cell, k * len(edges))
    return VolumeSums(sums.reshape(4, k, len(edges)))


def volume(trails: Trails, engine: Engine, timezone: str, scope: Scope = EVERYTHING) -> Volume:
    """Interactions by touchpoint and month."""
    names, edges = month_edges(trails, zoneinfo.ZoneInfo(timezone))
    basis = Basis("count of interactions; sums of amounts and costs", "interactions", scope.text)
    if not names or not trails.touchpoints:
        return Volume(basis, ())
    k = len(trails.touchpoints)
    sums = engine.run(lambda bucket: kernel(bucket, scope, edges, k), trails.buckets).sums
    rows = tuple(
        MonthVolume(
            trails.touchpoints[code],
            names[month],
            int(sums[0, code, month]),
            int(sums[3, code, month]),
            float(sums[1, code, month]) / 10_000,
            float(sums[2, code, month]) / 10_000,
        )
        for code, month in np.argwhere(sums[0]).tolist()
    )
    return Volume(basis, rows)
