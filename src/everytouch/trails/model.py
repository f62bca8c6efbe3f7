"""Trails as arrays: what a kernel sees of one bucket, and what all buckets share."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everytouch.errors import UnknownNameError

INTERACTION, PERCEPTION = 0, 1
NEVER = np.iinfo(np.int64).min  # a time that was not given

COLUMNS: dict[str, Any] = {
    "time": np.int64,  # microseconds since 1970, UTC
    "due": np.int64,  # likewise; NEVER where nothing was promised
    "key": np.int64,  # first half of the moment's key in the ledger
    "correlation": np.int64,  # hash of the leading order, case … ; 0 for none
    "amount": np.int64,  # in 1/10,000 of the currency
    "cost": np.int64,
    "duration": np.float32,  # seconds, NaN where not given
    "score": np.float32,  # 0 to 100, NaN where there is none
    "touchpoint": np.int16,  # code; -1 for none
    "outcome": np.int16,
    "instrument": np.int16,
    "kind": np.int8,  # INTERACTION or PERCEPTION
    "mode": np.int8,  # index into moments.MODES; -1 for none
    "party_kind": np.int8,  # index into moments.PARTY_KINDS
}


@dataclass(frozen=True)
class Bucket:
    """The trails of the parties whose key falls into this bucket.

    Attributes:
        number: which bucket.
        parties: party keys, (p,), ascending.
        offsets: (p + 1,); the moments of party i are rows offsets[i] : offsets[i + 1], in
            order of time.
        columns: the columns of ``COLUMNS``, each (n,), memory-mapped.
        folder: of the trails it is part of; a process elsewhere maps it anew from there.
    """

    number: int
    parties: NDArray[np.int64]
    offsets: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    folder: Path

    @classmethod
    def load(cls, folder: Path, number: int) -> "Bucket":
        """Open a bucket of trails that were built into a folder."""
        place = folder / f"{number:04d}"
        columns: dict[str, Any] = {
            name: np.load(place / f"{name}.npy", mmap_mode="r") for name in COLUMNS
        }
        offsets, parties = np.load(place / "offsets.npy"), np.load(place / "parties.npy")
        return cls(number, parties, offsets, columns, folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return Bucket.load, (self.folder, self.number)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["time"])

    def owner(self) -> NDArray[np.int64]:
        """For each row, the index of its party in this bucket."""
        return np.repeat(np.arange(len(self.parties)), np.diff(self.offsets))


@dataclass(frozen=True)
class Trails:
    """All trails of a workspace, as of some version of its ledger.

    Attributes:
        buckets: all buckets, also empty ones.
        touchpoints, outcomes, instruments: what the codes stand for.
        moments, parties: how many there are.
        first, last: times of the earliest and latest moment, None when there is none.
        versions: versions of the ledger tables they were built from.
    """

    buckets: tuple[Bucket, ...]
    touchpoints: tuple[str, ...]
    outcomes: tuple[str, ...]
    instruments: tuple[str, ...]
    moments: int
    parties: int
    first: datetime.datetime | None
    last: datetime.datetime | None
    versions: dict[str, int]

    def bucket_of(self, party: int) -> Bucket:
        """The bucket that holds a party key."""
        return self.buckets[int(bucket_numbers(np.array([party], np.int64), len(self.buckets))[0])]

    def code_of(self, touchpoint: str) -> int:
        """The code of a touchpoint.

        Raises:
            UnknownNameError: no interaction has such a touchpoint.
        """
        if touchpoint not in self.touchpoints:
            raise UnknownNameError(
                f"no interaction at touchpoint {touchpoint!r}",
                f"use one of: {', '.join(sorted(self.touchpoints))}",
            )
        return self.touchpoints.index(touchpoint)

    def rows_of(self, party: int) -> tuple[Bucket, slice]:
        """Bucket and rows of a party; an empty slice for a party without moments."""
        bucket = self.bucket_of(party)
        at = int(np.searchsorted(bucket.parties, party))
        if at == len(bucket.parties) or bucket.parties[at] != party:
            return bucket, slice(0, 0)
        return bucket, slice(int(bucket.offsets[at]), int(bucket.offsets[at + 1]))


def bucket_numbers(parties: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Bucket of each party key: its top bits, so that buckets are ranges of keys."""
    return ((parties.view(np.uint64) >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(
        np.int64
    )
