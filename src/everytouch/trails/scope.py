"""What part of the trails a question is about: which parties, which time."""

import datetime
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from everytouch.trails.model import Bucket

_FIRST, _LAST = np.iinfo(np.int64).min + 1, np.iinfo(np.int64).max


@dataclass(frozen=True)
class Scope:
    """Parties and period a question is about; everything when nothing is given.

    Attributes:
        parties: per bucket number, which of its parties, (p,); None for all.
        start, stop: first microsecond of the period, and the first one after it.
        text: the scope in words, for the basis of results.
    """

    parties: dict[int, NDArray[np.bool_]] | None = field(default=None, compare=False)
    start: int = _FIRST
    stop: int = _LAST
    text: str = "all parties, all time"

    def take(self, bucket: Bucket) -> NDArray[np.bool_]:
        """Which parties of a bucket are asked about."""
        if self.parties is None:
            return np.ones(len(bucket.parties), np.bool_)
        return self.parties[bucket.number]

    def rows(self, bucket: Bucket) -> NDArray[np.bool_]:
        """Which rows of a bucket are asked about."""
        inside = (bucket["time"] >= self.start) & (bucket["time"] < self.stop)
        return inside & np.repeat(self.take(bucket), np.diff(bucket.offsets))


EVERYTHING = Scope()


def microseconds(time: datetime.datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (time - epoch) // datetime.timedelta(microseconds=1)
