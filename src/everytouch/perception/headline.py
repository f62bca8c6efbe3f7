"""Which instrument's scores are explained: different questions do not share one answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everytouch.engine.api import Engine
from everytouch.errors import UnknownNameError
from everytouch.perception.windows import stated
from everytouch.settings import Settings
from everytouch.trails.api import EVERYTHING, Bucket, Trails


@dataclass(frozen=True)
class Asked:
    """Stated answers by instrument code, (instruments,)."""

    counts: NDArray[np.int64]

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(self.counts + other.counts)


def headline(trails: Trails, engine: Engine, settings: Settings) -> int:
    """Code of the instrument that is explained; -1 where nothing was asked.

    Raises:
        UnknownNameError: nobody has answered the instrument the settings name.
    """
    names = trails.instruments
    if settings.headline:
        if settings.headline not in names:
            raise UnknownNameError(
                f"setting headline = {settings.headline!r}: nobody has answered that",
                f"use one of: {', '.join(names)}",
            )
        return names.index(settings.headline)
    if not names:
        return -1

    def count(bucket: Bucket) -> Asked:
        codes = bucket["instrument"][stated(bucket, EVERYTHING)]
        return Asked(np.bincount(codes, minlength=len(names)))

    return int(engine.run(count, trails.buckets).counts.argmax())
