"""Drop-off between stages of the lifecycle: who comes, who goes on, who stops there."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.journeys.flow import stage_codes
from everytouch.journeys.ties import order_dependent
from everytouch.results import Basis, Result
from everytouch.stats.intervals import Estimate, share
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails


@dataclass(frozen=True)
class StageFlow:
    """One stage: parties that came, went on to a later stage afterwards, and ended there."""

    stage: str
    parties: int
    went_on: int | None
    drop_off: Estimate
    ended: int | None


@dataclass(frozen=True)
class DropOff(Result):
    """Stages in the order of the lifecycle."""

    row_type: ClassVar[type] = StageFlow


@njit(cache=True, nogil=True)
def _flow(
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any, stage: Any,
    count: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Per stage: parties, parties with a later stage afterwards, parties whose trail ends."""
    sums = np.zeros((count, 3), np.int64)
    came = np.empty(count, np.bool_)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        came[:] = False
        later, end = -1, -1  # walking backwards: the latest stage seen so far, the last one
        went = np.zeros(count, np.bool_)
        for row in range(offsets[party + 1] - 1, offsets[party] - 1, -1):
            if kind[row] != 0 or time[row] < start or time[row] >= stop:
                continue
            here = stage[point[row]]
            if here < 0:
                continue
            if end < 0:
                end = here
            came[here] = True
            if later > here:
                went[here] = True
            later = max(later, here)
        for s in range(count):
            sums[s, 0] += came[s]
            sums[s, 1] += went[s]
        if end >= 0:
            sums[end, 2] += 1
    return sums


@dataclass(frozen=True)
class FlowSums:
    """What one bucket adds: (stages, 3)."""

    sums: NDArray[np.int64]

    def __add__(self, other: "FlowSums") -> "FlowSums":
        return FlowSums(self.sums + other.sums)


def kernel(bucket: Bucket, scope: Scope, stage: NDArray[np.int64], count: int) -> FlowSums:
    """Flow of one bucket; ``stage`` gives the stage of each touchpoint code, -1 for none."""
    trail = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"])
    take = scope.take(bucket)
    return FlowSums(_flow(bucket.offsets, take, *trail, scope.start, scope.stop, stage, count))


@order_dependent
def drop_off(
    trails: Trails, engine: Engine, catalogue: Catalogue, scope: Scope = EVERYTHING
) -> DropOff:
    """Flow of parties through the catalogue's stages."""
    order = {name: number for number, name in enumerate(catalogue.stages)}
    stage = stage_codes(trails, catalogue)
    sums = engine.run(lambda bucket: kernel(bucket, scope, stage, len(order)), trails.buckets).sums
    rows = tuple(
        StageFlow(name, came, went, share(came - went, came), ended)
        for name, (came, went, ended) in zip(order, sums.tolist(), strict=True)
        if came
    )
    basis = Basis(
        formula="1 − parties with an interaction of a later stage after one of this stage ÷ "
        "parties with an interaction of this stage",
        denominator="parties at each stage, as shown; a later visit may still come",
        cut=scope.text,
        method="Wilson score",
    )
    return DropOff(basis, rows)
