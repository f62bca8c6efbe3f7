"""What the ledger has of a source already: by it incoming records are recognised."""

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.ledger.content import UNKNOWN, content_of, with_time
from everytouch.ledger.recognition import Key, Recognition
from everytouch.ledger.tables import Tables
from everytouch.ledger.versions import FIRST
from everytouch.moments.api import COLUMNS, Keys, Kind, hash_strings

_SEPARATOR = "\x1f"
_STATED = ["key_first", "key_second", "source", "received_at"]
_RECORD = [*_STATED, "occurred_at", "content", "version"]


@dataclass(frozen=True)
class Batch:
    """Records with their keys.

    Attributes:
        content: without the time.
        compared: what two records of one key are compared by.
    """

    rows: pa.Table
    first: Keys
    second: Keys
    content: Keys
    compared: Keys

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def times(self) -> Keys:
        """When they happened, in microseconds since 1970; 0 where it is not known."""
        times: Keys = pc.fill_null(self.rows["occurred_at"].cast(pa.int64()), 0).to_numpy()
        return times

    def only(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Batch":
        """Return some of them, by a mask or by their places."""
        if which.dtype == np.bool_ and which.all():
            return self
        where = pa.array(which)
        rows = self.rows.filter(where) if which.dtype == np.bool_ else self.rows.take(where)
        arrays = (self.first, self.second, self.content, self.compared)
        return Batch(rows, *(part[which] for part in arrays))


@dataclass(frozen=True)
class Stored:
    """The records of one source in the ledger.

    Args:
        timed: whether the time is part of what is compared. Over HTTP it is not.
    """

    tables: Tables
    secret: bytes
    source: str
    timed: bool = True

    def key(self, ids: pa.Array) -> tuple[Keys, Keys]:
        """Return the keys of ids."""
        named = pc.binary_join_element_wise(self.source, ids, _SEPARATOR)
        return hash_strings(named, self.secret)

    def keys_of(self, kind: Kind, rows: pa.Table) -> tuple[Keys, Keys]:
        """Return the keys of records.

        The answers to several questions may come under one id, so the instrument is part of the
        key of a perception. Records of older ledgers have a key of their id alone, and are
        recognised under the one they would have now.
        """
        ids = rows["id"]
        if kind == "perceptions":
            named = pc.binary_join_element_wise(ids, rows["instrument"], _SEPARATOR)
            ids = pc.coalesce(named, ids)
        return self.key(ids)

    def among(self, kind: Kind, rows: pa.Table, keys: Keys) -> NDArray[np.bool_]:
        """Return which records have one of these keys (their first halves)."""
        if not len(keys):
            return np.zeros(len(rows), np.bool_)
        found = np.isin(self.keys_of(kind, rows)[0], keys)
        if kind == "perceptions":  # older ledgers have them under a key of their id alone
            found |= np.isin(self.key(rows["id"])[0], keys)
        return found

    def batch(self, kind: Kind, rows: pa.Table) -> Batch:
        """Return records with their keys and contents."""
        content = content_of(kind, rows, self.secret)
        return Batch(rows, *self.keys_of(kind, rows), content, self._compared(kind, content, rows))

    def _compared(self, kind: Kind, content: Keys, rows: pa.Table) -> Keys:
        return with_time(content, rows) if self.timed and kind != "links" else content

    def recognition(self, table: str, apart: datetime.datetime | None) -> Recognition:
        """Return what is known of the source in a table.

        Args:
            apart: leave out what was received then: a segment of the log that is loaded again.
        """
        found = Recognition()
        if table not in COLUMNS:
            for batch in self.tables.batches(table, _STATED):
                mine = self._mine(batch, apart)
                found.keys.add(mine["key_first"].to_numpy(), mine["key_second"].to_numpy())
            return found
        kind: Kind = table
        names = [*_RECORD, "id", "instrument"] if kind == "perceptions" else _RECORD
        numbered = self.tables.newest(kind, self.tables.files(kind)).keys
        for batch in self.tables.batches(kind, names, every=True):
            mine = self._mine(batch, apart)
            if len(mine):
                self._add(found, kind, mine, numbered)
        if found.incomplete and found.several:
            self._complete(found, kind, numbered)
        return found

    def _mine(self, rows: pa.RecordBatch, apart: datetime.datetime | None) -> pa.RecordBatch:
        mine = rows.filter(pc.equal(rows["source"], self.source))
        if apart is not None:
            when = pa.scalar(apart, pa.timestamp("us", tz="UTC"))
            mine = mine.filter(pc.not_equal(mine["received_at"], when))
        return mine

    def _add(self, found: Recognition, kind: Kind, rows: pa.RecordBatch, numbered: Keys) -> None:
        content = pc.fill_null(rows["content"], UNKNOWN).to_numpy()
        compared = np.where(content == UNKNOWN, UNKNOWN, self._compared(kind, content, rows))
        first, second = (rows[name].to_numpy() for name in ("key_first", "key_second"))
        several = np.isin(first, numbered)
        older = np.flatnonzero((content == UNKNOWN) | several)
        if kind == "perceptions" and len(older):
            first, second = first.copy(), second.copy()
            some = pa.Table.from_batches([rows.take(pa.array(older))])
            first[older], second[older] = self.keys_of(kind, some)
        version = pc.fill_null(rows["version"], FIRST).to_numpy()
        found.add((first, second), compared, version, np.unique(first[several]))

    def _complete(self, found: Recognition, kind: Kind, numbered: Keys) -> None:
        """Compute contents of first versions that were stored without."""
        old = self.tables.of(kind, "key_first", numbered.tolist(), every=True)
        old = old.filter(pc.equal(old["source"], self.source))
        self._replace(found, kind, old)
        if kind == "interactions":  # it may have been left out
            every = pa.array(np.ones(len(old), np.bool_))
            self._replace(found, kind, _without_currency(old, every))

    def learn(self, found: Recognition, kind: Kind, batch: Batch) -> None:
        """Compute contents that are not known, of records that come again."""
        unknown = found.keys.holding(batch.first, batch.second, UNKNOWN)
        if not unknown.any():
            return
        asked = batch.only(unknown)
        old = self.rows(kind, asked)
        if kind == "interactions":  # one that was left out was stored as the workspace's
            default = asked.first[pc.is_null(asked.rows["currency"]).to_numpy()]
            old = _without_currency(old, pa.array(np.isin(self.keys_of(kind, old)[0], default)))
        self._replace(found, kind, old)

    def _replace(self, found: Recognition, kind: Kind, old: pa.Table) -> None:
        old = old.filter(pc.is_null(old["content"]))
        if len(old):
            known = self.batch(kind, old)
            found.replace((known.first, known.second), known.compared)

    def rows(self, kind: Kind, batch: Batch) -> pa.Table:
        """Return all versions in the ledger of some records."""
        keys = batch.first
        if kind == "perceptions":
            keys = np.union1d(keys, self.key(batch.rows["id"])[0])
        rows = self.tables.of(kind, "key_first", keys.tolist(), every=True)
        mine = pc.equal(rows["source"], self.source).to_numpy()
        return rows.filter(pa.array(mine & np.isin(self.keys_of(kind, rows)[0], batch.first)))

    def under_first(self, kind: Kind, batch: Batch, old: pa.Table) -> Batch:
        """Return records under the keys their first versions are stored under."""
        if kind != "perceptions" or not len(old):
            return batch
        now = zip(*(part.tolist() for part in self.keys_of(kind, old)), strict=True)
        stored = zip(old["key_first"].to_pylist(), old["key_second"].to_pylist(), strict=True)
        known: dict[Key, Key] = dict(zip(now, stored, strict=True))
        pairs = list(zip(batch.first.tolist(), batch.second.tolist(), strict=True))
        keys = np.array([known.get(pair, pair) for pair in pairs], np.int64).reshape(-1, 2)
        return Batch(batch.rows, keys[:, 0], keys[:, 1], batch.content, batch.compared)


def newest_in(batch: Batch, version: Keys) -> NDArray[np.bool_]:
    """Return which records are the newest version of theirs in the batch, not an earlier one."""
    order = np.lexsort((version, batch.second, batch.first))
    this, following = order[:-1], order[1:]
    same = batch.first[this] == batch.first[following]
    same &= batch.second[this] == batch.second[following]
    last: NDArray[np.bool_] = version >= FIRST
    last[this[same]] = False
    return last


def _without_currency(rows: pa.Table, which: pa.Array) -> pa.Table:
    """Return records as they would be had some of them not named a currency."""
    currency = pc.if_else(which, pa.scalar(None, pa.string()), rows["currency"])
    return rows.set_column(rows.schema.get_field_index("currency"), "currency", currency)
