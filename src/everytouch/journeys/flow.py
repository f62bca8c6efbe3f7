"""Flow between stages: where parties go from one stage of the lifecycle to the next, and next."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import Engine
from everytouch.journeys.ties import order_dependent
from everytouch.results import Basis, Result
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails

STEPS = 6  # changes of stage that are followed


@dataclass(frozen=True)
class Change:
    """Parties whose n-th change of stage (from 1) led from one stage to another."""

    step: int
    source: str
    target: str
    parties: int


@dataclass(frozen=True)
class StageFlows(Result):
    """Changes of stage, step by step, the most walked first."""

    row_type: ClassVar[type] = Change


@njit(cache=True, nogil=True)
def _changes(
    offsets: Any, take: Any, time: Any, kind: Any, point: Any, start: Any, stop: Any, stage: Any,
    count: Any,
) -> Any:  # fmt: skip # pragma: no cover - compiled
    """Changes (STEPS, from, to)."""
    sums = np.zeros((STEPS, count, count), np.int64)
    for party in range(len(offsets) - 1):
        if not take[party]:
            continue
        before, step = -1, 0
        for row in range(offsets[party], offsets[party + 1]):
            if kind[row] != 0 or time[row] < start or time[row] >= stop:
                continue
            here = stage[point[row]]
            if here < 0 or here == before:
                continue
            if before >= 0:
                sums[step, before, here] += 1
                step += 1
                if step == STEPS:
                    break
            before = here
    return sums


@dataclass(frozen=True)
class ChangeSums:
    """What one bucket adds: (STEPS, stages, stages)."""

    sums: NDArray[np.int64]

    def __add__(self, other: "ChangeSums") -> "ChangeSums":
        return ChangeSums(self.sums + other.sums)


def kernel(bucket: Bucket, scope: Scope, stage: NDArray[np.int64], count: int) -> ChangeSums:
    """Changes of one bucket; ``stage`` gives the stage of each touchpoint code, -1 for none."""
    trail = (bucket["time"], scope.kinds(bucket), bucket["touchpoint"])
    take = scope.take(bucket)
    return ChangeSums(_changes(bucket.offsets, take, *trail, scope.start, scope.stop, stage, count))


def stage_codes(trails: Trails, catalogue: Catalogue) -> NDArray[np.int64]:
    """Number of the stage of each touchpoint code, -1 for none; never empty."""
    order = {name: number for number, name in enumerate(catalogue.stages)}
    points = catalogue.touchpoints
    codes = [order[points[name].stage] if name in points else -1 for name in trails.touchpoints]
    return np.array(codes or [-1], np.int64)


@order_dependent
def stage_flows(
    trails: Trails, engine: Engine, catalogue: Catalogue, scope: Scope = EVERYTHING
) -> StageFlows:
    """Flow of parties between stages, by their first changes of stage."""
    stage, stages = stage_codes(trails, catalogue), catalogue.stages
    sums = engine.run(lambda b: kernel(b, scope, stage, len(stages)), trails.buckets).sums
    rows = [
        Change(step + 1, stages[a], stages[b], int(sums[step, a, b]))
        for step, a, b in np.argwhere(sums).tolist()
    ]
    rows.sort(key=lambda row: (row.step, -row.parties, row.source, row.target))
    basis = Basis(
        formula=f"parties by their n-th change of stage, the first {STEPS} changes",
        denominator=f"{int(sums[0].sum()):,} parties that changed stage at least once",
        cut=scope.text,
    )
    return StageFlows(basis, tuple(rows))
