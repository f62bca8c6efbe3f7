"""Building trails: one pass deals the ledger's rows out to buckets, a second sorts each.

Memory is bounded by one batch and by one bucket a thread, whatever the ledger's size.
"""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from everytouch.identity.api import Resolution
from everytouch.ledger.api import Tables
from everytouch.moments.api import MODES, MONEY_UNITS, PARTY_KINDS, hash_strings
from everytouch.trails.model import COLUMNS, INTERACTION, NEVER, PERCEPTION, bucket_numbers

_SPILL = np.dtype([("party", np.int64), ("sequence", np.int64), *COLUMNS.items()])
_SHARED = ["key_first", "party_key", "occurred_at", "touchpoint", "correlations", "sequence"]
_READ = {
    "interactions": [*_SHARED, "party_kind", "outcome", "duration_s", "due_at", "amount", "cost"],
    "perceptions": [*_SHARED, "party_kind", "instrument", "mode", "score"],
}


class _Codes:
    """Gives every string a code, in the order of its first appearance."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def of(self, strings: pa.Array) -> NDArray[np.int16]:
        encoded = pc.dictionary_encode(strings)
        known = [self.codes.setdefault(s, len(self.codes)) for s in encoded.dictionary.to_pylist()]
        indices = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        table: NDArray[np.int16] = np.array([*known, -1], np.int16)
        codes: NDArray[np.int16] = table[indices]
        return codes


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
        self.tables, self.resolution, self.secret = tables, resolution, secret
        self.bucket_rows, self.threads = bucket_rows, threads
        self.codes = {name: _Codes() for name in ("touchpoint", "outcome", "instrument")}

    def build(self, folder: Path, versions: dict[str, int]) -> None:
        """Write buckets and manifest into ``folder``, which must not exist yet."""
        folder.mkdir(parents=True)
        files = {name: self.tables.files(name) for name in _READ}
        rows = sum(pq.read_metadata(f).num_rows for paths in files.values() for f in paths)
        count = max(1, math.ceil(rows / self.bucket_rows))
        with _Spill(folder, count) as spill:
            for name, paths in files.items():
                for batch in self.tables.batches_of(name, paths, _READ[name]):
                    spill.add(self._rows(name, batch))
        with ThreadPoolExecutor(self.threads) as pool:
            sizes = list(pool.map(lambda number: _sort_bucket(folder, number), range(count)))
        manifest = {
            "buckets": count,
            "moments": rows,
            "parties": sum(size[0] for size in sizes),
            "first": min((s[1] for s in sizes if s[0]), default=None),
            "last": max((s[2] for s in sizes if s[0]), default=None),
            "versions": versions,
            **{name: list(codes.codes) for name, codes in self.codes.items()},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    def _rows(self, name: str, batch: pa.RecordBatch) -> NDArray[Any]:
        """One batch of a ledger table as spill records."""
        out = np.zeros(len(batch), _SPILL)
        out["kind"] = INTERACTION if name == "interactions" else PERCEPTION
        out["party"] = self.resolution.party(batch["party_key"].to_numpy())
        out["sequence"] = _numbers(batch["sequence"], 0)
        out["key"] = batch["key_first"].to_numpy()
        out["time"] = _times(batch["occurred_at"])
        out["correlation"] = self._correlation(batch["correlations"])
        out["touchpoint"] = self.codes["touchpoint"].of(batch["touchpoint"])
        out["party_kind"] = _index(batch["party_kind"], PARTY_KINDS)
        if name == "interactions":
            self._interactions(out, batch)
        else:
            out["due"], out["outcome"], out["duration"] = NEVER, -1, np.nan
            out["instrument"] = self.codes["instrument"].of(batch["instrument"])
            out["mode"] = _index(batch["mode"], MODES)
            out["score"] = _numbers(batch["score"], np.nan)
        return out

    def _interactions(self, out: NDArray[Any], batch: pa.RecordBatch) -> None:
        out["due"] = _times(batch["due_at"])
        out["outcome"] = self.codes["outcome"].of(batch["outcome"])
        out["duration"] = _numbers(batch["duration_s"], np.nan)
        out["amount"], out["cost"] = _money(batch["amount"]), _money(batch["cost"])
        out["instrument"], out["mode"], out["score"] = -1, -1, np.nan

    def _correlation(self, lists: pa.Array) -> NDArray[np.int64]:
        """Hash of each row's leading correlation, 0 where it has none."""
        result = np.zeros(len(lists), np.int64)
        lengths = pc.fill_null(pc.list_value_length(lists), 0)
        rows = np.flatnonzero(lengths.to_numpy(zero_copy_only=False))
        if len(rows):
            leading = pc.list_element(lists.take(pa.array(rows)), 0)
            named = pc.fill_null(pc.not_equal(leading, ""), False).to_numpy(zero_copy_only=False)
            result[rows] = np.where(named, hash_strings(leading, self.secret)[0], 0)
        return result


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


def _sort_bucket(folder: Path, number: int) -> tuple[int, int, int]:
    """Sort one spilled bucket, write its columns; parties, first and last time."""
    spill = folder / f"{number:04d}.spill"
    rows = np.fromfile(spill, _SPILL)
    order = np.lexsort((rows["key"], rows["sequence"], rows["time"], rows["party"]))
    rows = rows[order]
    target = folder / f"{number:04d}"
    target.mkdir()
    parties, starts = np.unique(rows["party"], return_index=True)
    np.save(target / "parties.npy", parties)
    np.save(target / "offsets.npy", np.append(starts, len(rows)).astype(np.int64))
    for name in COLUMNS:
        np.save(target / f"{name}.npy", np.ascontiguousarray(rows[name]))
    spill.unlink()
    if not len(rows):
        return 0, 0, 0
    return len(parties), int(rows["time"].min()), int(rows["time"].max())


def _numbers(values: pa.Array, missing: float) -> NDArray[Any]:
    array: NDArray[Any] = pc.fill_null(values, missing).to_numpy(zero_copy_only=False)
    return array


def _times(values: pa.Array) -> NDArray[np.int64]:
    return _numbers(values.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), NEVER)


def _money(values: pa.Array) -> NDArray[np.int64]:
    """Exact: decimals of four places become integers of 1/10,000."""
    if values.null_count == len(values):
        return np.zeros(len(values), np.int64)
    scaled = pc.multiply(values, pa.scalar(MONEY_UNITS, pa.decimal128(6, 0)))
    return _numbers(scaled.cast(pa.int64()), 0)


def _index(values: pa.Array, names: tuple[str, ...]) -> NDArray[Any]:
    return _numbers(pc.index_in(values, value_set=pa.array(names)), -1)
