"""Building trails: one pass deals the ledger's rows out to buckets, a second sorts each.

Memory is bounded by one batch and by one bucket a thread, whatever the ledger's size.
"""

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from everytouch.identity.api import Resolution
from everytouch.ledger.api import Tables
from everytouch.trails.manifest import Layer, Manifest
from everytouch.trails.model import COLUMNS, bucket_numbers
from everytouch.trails.ordering import Ranks, by_name, order_of
from everytouch.trails.records import READ, RECORD, Records
from everytouch.trails.whole import write_sums

Files = dict[str, list[Path]]


@dataclass(frozen=True)
class Size:
    """How much a bucket holds, and from when to when; no times where it is empty."""

    parties: int
    first: int | None = None
    last: int | None = None


def rows_in(files: Files) -> int:
    """Rows of Parquet files, all versions of records among them."""
    return sum(int(pq.read_metadata(f).num_rows) for paths in files.values() for f in paths)


class Builder:
    """Builds the trails of one ledger into a folder.

    Args:
        tables: the ledger.
        resolution: which identifiers are one party.
        secret: the workspace's secret, for hashes of correlations.
        bucket_rows: moments aimed at in one bucket.
        threads: buckets sorted at a time.
    """

    def __init__(
        self,
        tables: Tables,
        resolution: Resolution,
        secret: bytes,
        bucket_rows: int,
        threads: int,
    ) -> None:
        self.tables, self.records = tables, Records(resolution, secret)
        self.bucket_rows, self.threads = bucket_rows, threads

    def build(self, folder: Path, name: str, files: Files, versions: dict[str, int]) -> None:
        """Write buckets and manifest.

        Args:
            folder: which must not exist yet.
            name: what the folder is called in the end.
            files: of the ledger's tables, at ``versions``.
        """
        folder.mkdir(parents=True)
        count, rows = max(1, math.ceil(rows_in(files) / self.bucket_rows)), 0
        with _Spill(folder, count) as spill:
            for table, paths in files.items():
                for batch in self.tables.batches_of(table, paths, READ[table]):
                    spill.add(self.records.of(table, batch))
                    rows += len(batch)
        ranks = by_name(self.records.coded()["touchpoint"])
        with ThreadPoolExecutor(self.threads) as pool:
            sizes = list(pool.map(lambda n: _sort_bucket(folder, n, ranks), range(count)))
        Manifest(
            layers=(Layer(name, count),),
            moments=rows,
            parties=sum(size.parties for size in sizes),
            first=min((s.first for s in sizes if s.first is not None), default=None),
            last=max((s.last for s in sizes if s.last is not None), default=None),
            versions=versions,
            codes=self.records.coded(),
        ).write(folder)


class _Spill:
    """One growing file of records a bucket."""

    def __init__(self, folder: Path, count: int) -> None:
        self.count = count
        self.paths = [folder / f"{number:04d}.spill" for number in range(count)]

    def __enter__(self) -> "_Spill":
        self.files = [path.open("wb") for path in self.paths]
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files:
            file.close()

    def add(self, rows: NDArray[Any]) -> None:
        bucket = bucket_numbers(np.ascontiguousarray(rows["party"]), self.count).astype(np.uint16)
        order = np.argsort(bucket, kind="stable")
        edges = np.searchsorted(bucket[order], np.arange(self.count + 1))
        dealt = rows[order]
        for number, file in enumerate(self.files):
            dealt[edges[number] : edges[number + 1]].tofile(file)


def _sort_bucket(folder: Path, number: int, ranks: Ranks) -> Size:
    spill = folder / f"{number:04d}.spill"
    size = write_bucket(folder / f"{number:04d}", np.fromfile(spill, RECORD), ranks)
    spill.unlink()
    return size


def write_bucket(place: Path, rows: NDArray[Any], ranks: Ranks) -> Size:
    """Sort records into trails and write their columns into a new folder."""
    rows = rows[np.lexsort((*order_of(rows, ranks)[::-1], rows["party"]))]
    parties, starts = np.unique(rows["party"], return_index=True)
    return save(place, parties, np.append(starts, len(rows)), rows)


def save(
    place: Path,
    parties: NDArray[np.int64],
    offsets: NDArray[np.int64],
    columns: Mapping[str, NDArray[Any]] | NDArray[Any],
) -> Size:
    """Write a bucket whose trails are in order into a new folder.

    Args:
        columns: ``COLUMNS`` and sequence by name, (n,) each.
    """
    place.mkdir()
    np.save(place / "parties.npy", parties)
    np.save(place / "offsets.npy", offsets.astype(np.int64))
    for name in COLUMNS:
        np.save(place / f"{name}.npy", np.ascontiguousarray(columns[name]))
    if columns["sequence"].any():  # only asked for when rows are put in order again
        np.save(place / "sequence.npy", np.ascontiguousarray(columns["sequence"]))
    write_sums(place)
    time = columns["time"]
    return Size(len(parties), int(time.min()), int(time.max())) if len(time) else Size(0)
