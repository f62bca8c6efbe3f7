"""Putting whole trails from several places together into one bucket.

Each place has its trails in order already, and what is new is mostly newer: rows are brought to
where they belong a column at a time, and only trails that are not in order then are sorted.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everytouch.moments.api import Keys
from everytouch.trails.build import Size, save
from everytouch.trails.model import COLUMNS, Bucket, bucket_numbers
from everytouch.trails.ordering import Ranks, order_of
from everytouch.trails.records import RECORD


@dataclass(frozen=True)
class Part:
    """Trails that lie in one place.

    Attributes:
        new: whose they are now.
        at: their positions there.
        starts, sizes: their rows there.
        column: gives one of ``COLUMNS`` or sequence, for all rows there.
    """

    new: Keys
    at: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    column: Callable[[str], NDArray[Any]]

    def __len__(self) -> int:
        return int(self.sizes.sum())

    def some(self, which: NDArray[np.int64]) -> "Part":
        """Only these of the trails."""
        return replace(
            self,
            new=self.new[which],
            at=self.at[which],
            starts=self.starts[which],
            sizes=self.sizes[which],
        )

    def without(self, gone: "Gone") -> "Part":
        """The same trails without some moments; a trail that has no other is not among them."""
        rows = _rows(self.starts, self.sizes)
        keep = ~gone.among(self.column("kind")[rows], self.column("key")[rows])
        if keep.all():
            return self
        owner = np.repeat(np.arange(len(self.new)), self.sizes)
        sizes = np.bincount(owner[keep], minlength=len(self.new))
        left, rows, column = np.flatnonzero(sizes), rows[keep], self.column
        kept = functools.cache(lambda name: column(name)[rows])
        starts = np.cumsum(sizes) - sizes
        return Part(self.new[left], self.at[left], starts[left], sizes[left], kept)


@dataclass(frozen=True)
class Gone:
    """Moments that do not count any more: a newer version of each does.

    Attributes:
        keys: by kind, ascending.
    """

    keys: dict[int, Keys]

    def __bool__(self) -> bool:
        return any(map(len, self.keys.values()))

    def among(self, kind: NDArray[np.int8], key: Keys) -> NDArray[np.bool_]:
        """Which moments are among them."""
        found = np.zeros(len(key), np.bool_)
        for one, keys in self.keys.items():
            found |= (kind == one) & np.isin(key, keys)
        return found


def part_of(bucket: Bucket, at: NDArray[np.int64], new: Keys) -> Part:
    """The trails at some positions of a bucket."""

    def column(name: str) -> NDArray[Any]:
        return bucket[name] if name in COLUMNS else _sequence(bucket)

    starts = bucket.offsets[at]
    return Part(new, at, starts, bucket.offsets[at + 1] - starts, column)


def _sequence(bucket: Bucket) -> NDArray[np.int64]:
    """The sender's numbering of moments of one time; 0 where there is none."""
    path = bucket.place / "sequence.npy"
    if path.exists():
        found: NDArray[np.int64] = np.load(path, mmap_mode="r")
        return found
    return np.zeros(len(bucket), np.int64)


def fresh_part(rows: NDArray[Any], ranks: Ranks) -> Part:
    """Records that are in no bucket yet."""
    rows = rows[np.lexsort((*order_of(rows, ranks)[::-1], rows["party"]))]
    parties, starts = np.unique(rows["party"], return_index=True)
    sizes = np.diff(np.append(starts, len(rows)))
    return Part(parties, np.arange(len(parties)), starts, sizes, lambda name: rows[name])


def dealt(parties: Keys, count: int) -> list[NDArray[np.int64]]:
    """Places of the parties of each of ``count`` new buckets."""
    number = bucket_numbers(parties, count)
    order = np.argsort(number, kind="stable")
    return np.split(order, np.searchsorted(number[order], np.arange(1, count)))


def put_together(parts: list[Part], place: Path, ranks: Ranks) -> Size:
    """Write the trails of all parts as one bucket into a new folder."""
    new = np.concatenate([part.new for part in parts])
    sizes = np.concatenate([part.sizes for part in parts])
    order = np.argsort(new, kind="stable")
    ends = np.cumsum(sizes[order])
    begin = np.empty(len(new), np.int64)
    begin[order] = ends - sizes[order]
    moves, first = [], 0
    for part in parts:
        targets = begin[first : first + len(part.new)]
        moves.append((part, _rows(part.starts, part.sizes), _rows(targets, part.sizes)))
        first += len(part.new)
    total = int(ends[-1]) if len(ends) else 0
    columns = {name: _moved(name, moves, total) for name in RECORD.names or () if name != "party"}
    parties, at = np.unique(new[order], return_index=True)
    starts = np.append(0, ends)[np.append(at, len(ends))]
    _sort(columns, starts, ranks)
    return save(place, parties, starts, columns)


def _rows(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of trails, one trail after the other."""
    ends = np.cumsum(sizes)
    return np.repeat(starts - (ends - sizes), sizes) + np.arange(int(ends[-1]) if len(ends) else 0)


def _moved(
    name: str, moves: list[tuple[Part, NDArray[np.int64], NDArray[np.int64]]], total: int
) -> NDArray[Any]:
    out = np.empty(total, RECORD[name])
    for part, rows, targets in moves:
        out[targets] = part.column(name)[rows]
    return out


def _sort(columns: dict[str, NDArray[Any]], starts: NDArray[np.int64], ranks: Ranks) -> None:
    """Put the trails that are not in order into it, in place."""
    later = np.zeros(len(columns["time"]), np.bool_)  # than the row after it
    tied = np.ones(max(0, len(later) - 1), np.bool_)
    keys = order_of(columns, ranks)
    for value in keys:
        later[:-1] |= tied & (value[:-1] > value[1:])
        tied &= value[:-1] == value[1:]
    inside = starts[1:][starts[1:] > 0] - 1
    later[inside] = False  # the next row is somebody else's
    owners = np.unique(np.searchsorted(starts, np.flatnonzero(later), side="right") - 1)
    if not len(owners):
        return
    sizes = starts[owners + 1] - starts[owners]
    rows = _rows(starts[owners], sizes)
    owner = np.repeat(np.arange(len(owners)), sizes)
    order = np.lexsort((*(key[rows] for key in keys[::-1]), owner))
    for column in columns.values():
        column[rows] = column[rows[order]]
