"""Extending trails: new moments in a layer of their own, with the whole trails they belong to.

Nothing that is there is written again. A party with new moments, or one that a new link joins to
another, gets its whole trail in the new layer and is hidden in the older ones, so that a bucket
always holds whole trails. Layers are put together as they grow (each at least twice what comes
after it), so a moment is copied O(log n) times, and the last step of that is a whole that nobody
had to read from the ledger.
"""

import functools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everytouch.identity.api import Resolution
from everytouch.ledger.api import Tables
from everytouch.moments.api import DEVICE_TYPES, Keys
from everytouch.trails.build import Files, Size, rows_in
from everytouch.trails.gather import Gone, Part, dealt, fresh_part, part_of, put_together
from everytouch.trails.handover import changes_hands, parts_trails
from everytouch.trails.manifest import Layer, Manifest
from everytouch.trails.model import Bucket, Trails
from everytouch.trails.ordering import by_name
from everytouch.trails.records import READ, RECORD, Records

MOST = 4_000_000  # new moments that are held in memory; more are built as a whole
SHARE = 4  # so many times the oldest layer's moments may be all others' before it joins them
_LINK = ["party_key", "other_key", "same", "version", "key_first"]


def extend(
    older: Trails,
    manifest: Manifest,
    tables: Tables,
    resolution: Resolution,
    versions: dict[str, int],
    secret: bytes,
    types: frozenset[str] = DEVICE_TYPES,
) -> "Extension | None":
    """What has to be written for newer trails.

    Args:
        manifest: of ``older``.
        resolution: which identifiers are one party now.
        versions: of the ledger's tables now.
        types: ID types of devices.

    Returns:
        None where they must be built from the ledger: much is new, rows were removed, somebody
        said that two are not the same, a link was corrected, or what happened on a device is
        somebody else's now.
    """
    added = {n: tables.appended(n, older.versions[n], versions[n]) for n in (*READ, "links")}
    files: Files = {name: paths for name, paths in added.items() if paths is not None}
    linked = files.pop("links", None)
    if linked is None or len(files) < len(READ):
        return None
    if rows_in(files) > min(MOST, older.moments // SHARE):
        return None
    links = tables.read_of("links", linked, _LINK)
    if not resolution.only_joins(links):
        return None
    named = np.union1d(links["party_key"].to_numpy(), links["other_key"].to_numpy())
    gone, earlier = _corrected(tables, files, resolution)
    records = Records(resolution, secret, manifest.codes)
    rows = [
        records.of(name, batch)
        for name, paths in files.items()
        for batch in tables.batches_of(name, paths, READ[name])
    ]
    fresh = np.concatenate([np.zeros(0, RECORD), *rows])
    touched = _touched(resolution, np.union1d(named, earlier), fresh)
    if changes_hands(resolution, links) and (
        gone or parts_trails(tables, resolution, links, touched, fresh["key"], types)
    ):
        return None
    return Extension(older, manifest, records, New(fresh, gone, touched, versions))


def _corrected(tables: Tables, files: Files, resolution: Resolution) -> tuple[Gone, Keys]:
    """Moments of which a newer version came, and whose their earlier versions are."""
    found, named = {}, [np.zeros(0, np.int64)]
    for kind, name in enumerate(READ):
        newest = tables.newest(name, files[name])
        keys = newest.keys[newest.numbers > 1]
        found[kind] = keys
        if len(keys):
            rows = tables.of(name, "key_first", keys.tolist(), every=True)
            named += [rows["party_key"].to_numpy(), resolution.of(rows)]
    return Gone(found), np.concatenate(named)


def _touched(resolution: Resolution, named: Keys, fresh: NDArray[Any]) -> tuple[Keys, Keys]:
    """Under which keys a touched party may lie, ascending, and its key now."""
    old, new = resolution.families(resolution.party(named))
    mine = np.unique(fresh["party"])
    keys, first = np.unique(np.append(old, mine), return_index=True)
    return keys, np.append(new, mine)[first]


@dataclass(frozen=True)
class New:
    """What newer trails have that older ones do not.

    Attributes:
        fresh: moments that came.
        gone: moments that do not count any more.
        touched: keys under which changed trails may lie, ascending, and whose they are now.
        versions: of the ledger's tables.
    """

    fresh: NDArray[Any]
    gone: Gone
    touched: tuple[Keys, Keys]
    versions: dict[str, int]


class Extension:
    """A new layer, and which layers stay below it."""

    def __init__(
        self,
        older: Trails,
        manifest: Manifest,
        records: Records,
        new: New,
    ) -> None:
        self.older, self.manifest, self.records, self.new = older, manifest, records, new
        self.parts = self._found()
        self.kept = self._kept()

    def _found(self) -> dict[int, Part]:
        """The touched trails that are there."""
        keys, new = self.new.touched
        number, at = self.older.find(keys)
        parts = {}
        for one in np.unique(number[number >= 0]):
            mine = np.flatnonzero(number == one)
            order = mine[np.argsort(at[mine])]
            parts[int(one)] = part_of(self.older.buckets[one], at[order], new[order])
        return parts

    def _kept(self) -> int:
        """How many of the older layers stay; those above join the new one whole."""
        size = len(self.new.fresh) + sum(map(len, self.parts.values()))
        ends = np.cumsum(self.older.layers).tolist()
        for layer in range(len(ends) - 1, -1, -1):
            buckets = self.older.buckets[(ends[layer - 1] if layer else 0) : ends[layer]]
            large = sum(_live(bucket) for bucket in buckets)
            if large > (2 if layer else SHARE) * size:
                return layer + 1
            for bucket in buckets:
                whole = self._whole(bucket)
                size += len(whole) - len(self.parts.get(bucket.number, ()))
                self.parts[bucket.number] = whole
        return 0

    def _whole(self, bucket: Bucket) -> Part:
        """All trails of a bucket that count."""
        keys, new = self.new.touched
        at = np.flatnonzero(bucket.live)
        mine = bucket.parties[at]
        if len(keys):
            place = np.minimum(np.searchsorted(keys, mine), len(keys) - 1)
            mine = np.where(keys[place] == mine, new[place], mine)
        return part_of(bucket, at, mine)

    def write(self, folder: Path, name: str, bucket_rows: int, threads: int) -> None:
        """Write the layer and the manifest into a new folder.

        Args:
            name: what the folder is called in the end.
            bucket_rows: moments aimed at in one bucket.
            threads: buckets written at a time.
        """
        folder.mkdir(parents=True)
        ranks = by_name(self.records.coded()["touchpoint"])
        parts = [*self._remaining, fresh_part(self.new.fresh, ranks)]
        count = max(1, math.ceil(sum(map(len, parts)) / bucket_rows))
        places = [dealt(part.new, count) for part in parts]

        def write(number: int) -> Size:
            some = [p.some(at[number]) for p, at in zip(parts, places, strict=True)]
            return put_together(some, folder / f"{number:04d}", ranks)

        with ThreadPoolExecutor(threads) as pool:
            sizes = list(pool.map(write, range(count)))
        self._manifest(Layer(name, count), sizes).write(folder, self._hidden())

    @functools.cached_property
    def _remaining(self) -> list[Part]:
        """The trails that are there, without the moments that do not count any more."""
        gone = self.new.gone
        return [part.without(gone) if gone else part for part in self.parts.values()]

    def _manifest(self, layer: Layer, sizes: list[Size]) -> Manifest:
        before = self.parts.values()
        dropped = sum(map(len, before)) - sum(map(len, self._remaining))
        times = [time for size in sizes for time in (size.first, size.last)]
        times += self._ends() if dropped else [self.manifest.first, self.manifest.last]
        known = [time for time in times if time is not None]
        moved = sum(len(part.new) for part in before)
        return Manifest(
            layers=(*self.manifest.layers[: self.kept], layer),
            moments=self.manifest.moments + len(self.new.fresh) - dropped,
            parties=self.manifest.parties - moved + sum(size.parties for size in sizes),
            first=min(known, default=None),
            last=max(known, default=None),
            versions=self.new.versions,
            codes=self.records.coded(),
        )

    def _ends(self) -> list[int | None]:
        """First and last times of the trails that stay where they are."""
        times: list[int | None] = []
        for bucket in self._below():
            live = bucket.live.copy()
            if (part := self.parts.get(bucket.number)) is not None:
                live[part.at] = False
            rows = bucket["time"][np.repeat(live, np.diff(bucket.offsets))]
            times += [int(rows.min()), int(rows.max())] if len(rows) else []
        return times

    def _below(self) -> tuple[Bucket, ...]:
        """The buckets of the layers that stay."""
        return self.older.buckets[: sum(self.older.layers[: self.kept])]

    def _hidden(self) -> NDArray[np.int64]:
        """What is hidden below the new layer: bucket and position, (h, 2), in order."""
        pairs = [np.zeros((0, 2), np.int64)]
        for bucket in self._below():
            part = self.parts.get(bucket.number)
            at = bucket.hidden if part is None else np.union1d(bucket.hidden, part.at)
            pairs.append(np.column_stack([np.full(len(at), bucket.number), at]))
        return np.concatenate(pairs)


def _live(bucket: Bucket) -> int:
    """Moments of a bucket that count."""
    at = bucket.hidden
    return len(bucket) - int((bucket.offsets[at + 1] - bucket.offsets[at]).sum())
