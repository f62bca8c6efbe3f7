"""What part of the trails a question is about: which parties, which time, which places."""

import datetime
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everytouch.errors import StaleScopeError
from everytouch.trails.model import INTERACTION, Bucket

_FIRST, _LAST = np.iinfo(np.int64).min + 1, np.iinfo(np.int64).max


@dataclass(frozen=True)
class Scope:
    """Parties and period a question is about; everything when nothing is given.

    Attributes:
        parties: per place of a bucket, which of its parties, (p,); None for all.
        start, stop: first microsecond of the period, and the first one after it.
        places: which touchpoint codes, (K,); None for all. An answer about a whole journey
            belongs to every touchpoint the journey passed.
        avoided: which touchpoint codes are left out, (K,), with answers about journeys that
            passed one of them.
        moments: per place of a bucket, which of its moments, (n,); None for all.
        text: the scope in words, for the basis of results.
    """

    parties: dict[Path, NDArray[np.bool_]] | None = field(default=None, compare=False)
    start: int = _FIRST
    stop: int = _LAST
    places: NDArray[np.bool_] | None = field(default=None, compare=False)
    moments: dict[Path, NDArray[np.bool_]] | None = field(default=None, compare=False)
    avoided: NDArray[np.bool_] | None = None
    text: str = "all parties, all time"

    @property
    def all_time(self) -> "Scope":
        """The same without a period."""
        return replace(self, start=_FIRST, stop=_LAST)

    @property
    def dated(self) -> bool:
        """Whether it has a period."""
        return self.start > _FIRST or self.stop < _LAST

    def take(self, bucket: Bucket) -> NDArray[np.bool_]:
        """Which parties of a bucket are asked about.

        Raises:
            StaleScopeError: the scope was made of trails without this bucket.
        """
        if self.parties is None:
            return bucket.live
        taken = self._of(self.parties, bucket)
        return taken & bucket.live if len(bucket.hidden) else taken

    def kinds(self, bucket: Bucket) -> NDArray[np.int8]:
        """The kind of each row; interactions at other places, other moments are of none (2)."""
        kind: NDArray[np.int8] = bucket["kind"]
        if self.places is not None:
            here = np.append(self.places, False)[bucket["touchpoint"]]
            kind = np.where(here | (kind != INTERACTION), kind, 2).astype(np.int8)
        if self.avoided is not None:
            gone = np.append(self.avoided, False)[bucket["touchpoint"]]
            kind = np.where(gone & (kind == INTERACTION), 2, kind).astype(np.int8)
        if self.moments is not None:
            kind = np.where(self._of(self.moments, bucket), kind, 2).astype(np.int8)
        return kind

    def rows(self, bucket: Bucket) -> NDArray[np.bool_]:
        """Which rows of a bucket are asked about."""
        inside = (bucket["time"] >= self.start) & (bucket["time"] < self.stop)
        if self.places is not None:
            inside &= np.append(self.places, True)[bucket["touchpoint"]]
        if self.avoided is not None:
            inside &= ~np.append(self.avoided, False)[bucket["touchpoint"]]
        if self.moments is not None:
            inside &= self._of(self.moments, bucket)
        if self.parties is None and not len(bucket.hidden):
            return inside
        return inside & np.repeat(self.take(bucket), np.diff(bucket.offsets))

    def _of(self, chosen: dict[Path, NDArray[np.bool_]], bucket: Bucket) -> NDArray[np.bool_]:
        if bucket.place not in chosen:
            raise StaleScopeError(
                f"the scope ({self.text}) is of older trails: moments have come since",
                "make the scope again; a workspace's pin() keeps trails as they are",
            )
        return chosen[bucket.place]

    def narrowed(self, places: NDArray[np.bool_], words: str) -> "Scope":
        """This scope at some touchpoints only; places narrowed before stay narrowed."""
        both = places if self.places is None else places & self.places
        return replace(self, places=both, text=f"{self.text}, {words}")

    def avoiding(self, places: NDArray[np.bool_]) -> "Scope":
        """This scope without some touchpoints, and without journeys that passed one of them."""
        return replace(self, avoided=places, text=f"{self.text}, without some touchpoints")

    def passed(self, journeys: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which journeys are asked about, (n,), by the touchpoints that they passed, (n, K)."""
        inside = np.ones(len(journeys), np.bool_)
        if self.places is not None:
            inside &= journeys[:, self.places].any(axis=1)
        if self.avoided is not None:
            inside &= ~journeys[:, self.avoided].any(axis=1)
        return inside

    @property
    def placed(self) -> bool:
        """Whether it is of some touchpoints only."""
        return self.places is not None or self.avoided is not None

    def carrying(self, moments: dict[Path, NDArray[np.bool_]], words: str) -> "Scope":
        """This scope with some moments only."""
        return replace(self, moments=moments, text=f"{self.text}, {words}")

    def within(self, other: "Scope") -> "Scope":
        """The parties of both scopes in this one's period and places."""
        if other.parties is None:
            return self
        mine = self.parties
        both = {n: taken if mine is None else taken & mine[n] for n, taken in other.parties.items()}
        return replace(self, parties=both, text=f"{other.text}, {self.text}")


EVERYTHING = Scope()


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def microseconds(time: datetime.datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (time - _EPOCH) // datetime.timedelta(microseconds=1)


def utc(microseconds: int) -> datetime.datetime:
    """The time so many microseconds after 1970 began."""
    return _EPOCH + datetime.timedelta(microseconds=microseconds)
