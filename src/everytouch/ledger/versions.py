"""Which version of a record counts: the one with the highest number.

The first version of a record has no number, which means 1. A newer one is added beside it with
the next higher number; one that came late and is older gets a number below 1. Rows are never
changed: readers leave out what does not count, and can ask for the ledger as it was known at an
earlier time.
"""

import datetime
import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from everytouch.moments.api import Keys

FIRST = 1
_NUMBERED = ["key_first", "version", "received_at"]
_EMPTY = np.zeros(0, np.int64)
_COUNTS = (
    "NOT EXISTS (SELECT 1 FROM {newest} AS newest WHERE newest.key = {rows}.key_first "
    "AND newest.version <> coalesce({rows}.version, 1))"
)


@dataclass(frozen=True)
class Newest:
    """The number of the version that counts, for records that have several.

    Attributes:
        keys: first halves of their keys, ascending.
        numbers: the version that counts of each.
        known_at: only what was received until then counts.
    """

    keys: Keys = field(default_factory=lambda: _EMPTY)
    numbers: Keys = field(default_factory=lambda: _EMPTY)
    known_at: datetime.datetime | None = None

    def __bool__(self) -> bool:
        """Whether there is anything that does not count."""
        return len(self.keys) > 0 or self.known_at is not None

    @property
    def columns(self) -> list[str]:
        """The columns that are needed to say which rows count."""
        return _NUMBERED if self else []

    def counting(self, rows: pa.RecordBatch | pa.Table) -> pa.RecordBatch | pa.Table:
        """Return the rows that count."""
        if not self or not len(rows):
            return rows
        counts = self._mask(rows)
        return rows if counts.all() else rows.filter(pa.array(counts))

    def _mask(self, rows: pa.RecordBatch | pa.Table) -> NDArray[np.bool_]:
        counts = np.ones(len(rows), np.bool_)
        if len(self.keys):
            keys = rows["key_first"].to_numpy()
            version = pc.fill_null(rows["version"], FIRST).to_numpy()
            place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            counts = (self.keys[place] != keys) | (self.numbers[place] == version)
        if self.known_at is not None:
            until = pa.scalar(self.known_at, pa.timestamp("us", tz="UTC"))
            counts &= pc.less_equal(rows["received_at"], until).to_numpy(zero_copy_only=False)
        return counts

    def condition(self, con: duckdb.DuckDBPyConnection, rows: str) -> str:
        """Return SQL that holds for the rows of the view ``rows`` that count.

        What it compares with is registered with the connection.
        """
        parts = ["true"]
        if len(self.keys):
            con.register(f"_newest{rows}", pa.table({"key": self.keys, "version": self.numbers}))
            parts.append(_COUNTS.format(newest=f"_newest{rows}", rows=rows))
        if self.known_at is not None:
            parts.append(f"{rows}.received_at <= TIMESTAMPTZ '{self.known_at.isoformat()}'")
        return " AND ".join(parts)


def newest_of(files: Iterable[Path], known_at: datetime.datetime | None = None) -> Newest:
    """Return which versions count among the rows of some files of a table."""
    found = [part for path in files if len(part := _numbered(str(path)))]
    if not found:
        return Newest(known_at=known_at)
    rows = pa.concat_tables(found)
    if known_at is not None:
        until = pa.scalar(known_at, pa.timestamp("us", tz="UTC"))
        rows = rows.filter(pc.less_equal(rows["received_at"], until))
    key, number = rows["key_first"].to_numpy(), rows["version"].to_numpy()
    order = np.lexsort((number, key))
    key, number = key[order], np.maximum(number[order], FIRST)
    last = np.append(key[1:] != key[:-1], True) if len(key) else np.zeros(0, np.bool_)
    return Newest(key[last], number[last], known_at)


@functools.lru_cache(maxsize=4096)
def _numbered(path: str) -> pa.Table:
    """Return the rows of a file that have a number. Files never change."""
    parts = [pa.schema([]).empty_table()]
    with pq.ParquetFile(path) as file:
        place = file.schema_arrow.get_field_index("version")
        for group in range(file.num_row_groups if place >= 0 else 0):
            about = file.metadata.row_group(group)
            known = about.column(place).statistics
            if known is None or not known.has_null_count or known.null_count < about.num_rows:
                rows = file.read_row_group(group, columns=_NUMBERED)
                parts.append(rows.filter(pc.is_valid(rows["version"])))
    return pa.concat_tables(parts[1:]) if len(parts) > 1 else parts[0]


def fitted(rows: pa.RecordBatch | pa.Table, wanted: pa.Schema) -> pa.RecordBatch | pa.Table:
    """Return rows with the wanted columns and types; a column that is missing has no values.

    Files of a ledger that is older than a column lack it, and what delta-rs rewrites in a deletion
    it writes as string views.
    """
    missing = [one for one in wanted if one.name not in rows.schema.names]
    for one in missing:
        rows = rows.append_column(one, pa.nulls(len(rows), one.type))
    return rows.select(wanted.names).cast(wanted)
