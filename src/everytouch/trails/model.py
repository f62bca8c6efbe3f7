"""Trails as arrays: what a kernel sees of one bucket, and what all buckets share."""

import datetime
import functools
import itertools
import weakref
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from everytouch.errors import UnknownNameError
from everytouch.trails.whole import check

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
    "emotion": np.int16,
    "kind": np.int8,  # INTERACTION or PERCEPTION
    "mode": np.int8,  # index into moments.MODES; -1 for none
    "party_kind": np.int8,  # index into moments.PARTY_KINDS
}


_numbers = itertools.count()


class Parties(Protocol):
    """A choice of parties."""

    def of(self, parties: NDArray[np.int64], /) -> NDArray[np.bool_]:
        """Which of these party keys are meant, (n,)."""

    def __hash__(self) -> int:
        """Equal choices are the same."""


class _Mapped:
    """The arrays of one bucket's files; shared by all states of the trails it is part of."""

    def __init__(self, place: Path) -> None:
        check(place)
        self.number = next(_numbers)
        self.parties: NDArray[np.int64] = np.load(place / "parties.npy")
        self.offsets: NDArray[np.int64] = np.load(place / "offsets.npy")
        self.columns: dict[str, NDArray[Any]] = {
            name: np.load(place / f"{name}.npy", mmap_mode="r") for name in COLUMNS
        }


# What nobody looks at any more is let go of, and with it the disk space of removed files.
_MAPPED: "weakref.WeakValueDictionary[tuple[Path, int], _Mapped]" = weakref.WeakValueDictionary()
NOBODY = np.zeros(0, np.int64)


def _mapped(place: Path) -> _Mapped:
    key = (place, place.stat().st_mtime_ns)
    there = _MAPPED.get(key)
    if there is None:
        there = _MAPPED[key] = _Mapped(place)
    return there


@dataclass(frozen=True)
class Bucket:
    """The trails of the parties whose key falls into this bucket.

    Attributes:
        number: which bucket, among all of the trails.
        place: the folder with its files.
        hidden: positions of parties whose trail has grown since and lies in another bucket;
            their rows here do not count.
    """

    number: int
    place: Path
    hidden: NDArray[np.int64] = field(default_factory=lambda: NOBODY, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_files", _mapped(self.place))

    def __reduce__(self) -> tuple[Any, ...]:
        """A process elsewhere maps the files anew."""
        return Bucket, (self.number, self.place, self.hidden)

    _files: _Mapped = field(init=False, repr=False, compare=False)

    @property
    def parties(self) -> NDArray[np.int64]:
        """Party keys, (p,), ascending."""
        return self._files.parties

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where trails begin, (p + 1,).

        The moments of party i are rows offsets[i] : offsets[i + 1], in the order of time.
        """
        return self._files.offsets

    @property
    def files(self) -> int:
        """A number for these files as this process sees them; no others ever have it."""
        return self._files.number

    @functools.cached_property
    def live(self) -> NDArray[np.bool_]:
        """Which parties count, (p,)."""
        live = np.ones(len(self.parties), np.bool_)
        live[self.hidden] = False
        return live

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One of ``COLUMNS``, (n,), memory-mapped."""
        return self._files.columns[name]

    def __len__(self) -> int:
        return len(self["time"])

    def owner(self) -> NDArray[np.int64]:
        """For each row, the index of its party in this bucket."""
        return np.repeat(np.arange(len(self.parties)), np.diff(self.offsets))


@dataclass(frozen=True)
class Trails:
    """All trails of a workspace, as of some version of its ledger.

    Attributes:
        buckets: all buckets, also empty ones.
        layers: numbers of buckets that were written together, and deal the keys out among them.
        touchpoints, outcomes, instruments, emotions: what the codes stand for.
        moments, parties: how many there are.
        first, last: times of the earliest and latest moment, None when there is none.
        versions: versions of the ledger tables they were built from.
        left_out: parties that do not count, as what their data may be used for says so.
    """

    buckets: tuple[Bucket, ...]
    layers: tuple[int, ...]
    touchpoints: tuple[str, ...]
    outcomes: tuple[str, ...]
    instruments: tuple[str, ...]
    emotions: tuple[str, ...]
    moments: int
    parties: int
    first: datetime.datetime | None
    last: datetime.datetime | None
    versions: dict[str, int]
    left_out: int = 0
    _parts: dict[Parties, "Trails"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def of_those(self, meant: Parties, table: str, version: int) -> "Trails":
        """The trails of some parties: the others are hidden, so that no answer counts them.

        Args:
            meant: an equal one gives the same trails.
            table, version: of the ledger, by which it is said who is meant.
        """
        found = self._parts.get(meant)
        if found is None:
            found = self._only(meant, {table: version})
            self._parts.clear()
            self._parts[meant] = found
        return found

    def _only(self, meant: Parties, versions: dict[str, int]) -> "Trails":
        buckets, parties, moments = [], 0, 0
        for bucket in self.buckets:
            kept = bucket.live & meant.of(bucket.parties)
            buckets.append(Bucket(bucket.number, bucket.place, np.flatnonzero(~kept)))
            parties += int(np.count_nonzero(kept))
            moments += int(np.diff(bucket.offsets)[kept].sum())
        return replace(
            self,
            buckets=tuple(buckets),
            parties=parties,
            moments=moments,
            versions=self.versions | versions,
            left_out=self.parties - parties,
        )

    def find(self, parties: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where trails are.

        Returns:
            number of each party's bucket, -1 for a party without moments, and its position there.
        """
        number, at = np.full(len(parties), -1), np.zeros(len(parties), np.int64)
        first = 0
        for count in self.layers:
            dealt = bucket_numbers(parties, count)
            for one in np.unique(dealt):
                bucket, mine = self.buckets[first + one], np.flatnonzero(dealt == one)
                if not len(bucket.parties):
                    continue
                place = np.searchsorted(bucket.parties, parties[mine])
                place = np.minimum(place, len(bucket.parties) - 1)
                there = (bucket.parties[place] == parties[mine]) & bucket.live[place]
                number[mine[there]], at[mine[there]] = bucket.number, place[there]
            first += count
        return number, at

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
        (number,), (at,) = self.find(np.array([party], np.int64))
        if number < 0:
            return self.buckets[0], slice(0, 0)
        bucket = self.buckets[number]
        return bucket, slice(int(bucket.offsets[at]), int(bucket.offsets[at + 1]))


def bucket_numbers(parties: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Bucket of each party key: its top bits, so that buckets are ranges of keys."""
    return ((parties.view(np.uint64) >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(
        np.int64
    )
