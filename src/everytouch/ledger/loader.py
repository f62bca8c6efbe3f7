"""The loader: the only way into the ledger. It stamps, recognises and commits records.

Order makes a crash harmless: links, which are derived from moments, are committed before
the moments they come from. A run that dies in between is simply run again; every table
recognises its own keys, so nothing is lost and nothing is there twice.
"""

import datetime
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.ledger.erasure import erased_moments, identifiers_of, tombstones
from everytouch.ledger.keyset import KeySet
from everytouch.ledger.quarantine import recognised_by
from everytouch.ledger.tables import TABLES, Tables
from everytouch.ledger.together import links_together
from everytouch.moments.api import (
    Keys,
    Kind,
    Vocabulary,
    hash_strings,
    normalise,
    score,
    split,
)
from everytouch.results import plain

MOST_COMMITS = 1_000_000  # of one segment to one table


class Stamps:
    """Numbers of one segment's commits: the same again when it is loaded again.

    Args:
        who: the log.
        number: of the segment.
    """

    def __init__(self, tables: Tables, who: str, number: int) -> None:
        self._tables, self._who, self._first = tables, who, number * MOST_COMMITS
        self._last: dict[str, int] = {}
        self._given: dict[str, int] = {}

    def begun(self, table: str) -> bool:
        """Whether the table holds commits of this segment from before."""
        return self._done(table) >= self._first

    def next(self, table: str) -> tuple[str, int] | None:
        """The stamp of the next commit to a table; None where it was made already."""
        number = self._given.get(table, self._first)
        self._given[table] = number + 1
        return None if number <= self._done(table) else (self._who, number)

    def _done(self, table: str) -> int:
        if table not in self._last:
            self._last[table] = self._tables.stamped(table, self._who)
        return self._last[table]


@dataclass(frozen=True)
class Counts:
    """Where records ended; ``received`` is always the sum of the others.

    Attributes:
        refused: those of a party that was erased, from before its erasure.
    """

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.received + other.received,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            self.refused + other.refused,
        )


class Loader:
    """Puts records of one source into the ledger, each exactly once.

    Args:
        tables: the ledger.
        secret: the workspace's 16 bytes for keys.
        source: name of the source; ids are unique within it.
        now: time of receipt.
        words: the vocabulary, for scores and the currency.
        dry: count only, commit nothing.
        stamps: of a log's segment; a segment that is loaded again after a crash takes up where
            it was broken off, and counts as it did the first time.
        known: keys of the source by table, kept from segment to segment.
    """

    def __init__(
        self,
        tables: Tables,
        secret: bytes,
        source: str,
        now: datetime.datetime,
        words: Vocabulary,
        dry: bool = False,
        *,
        stamps: "Stamps | None" = None,
        known: dict[str, KeySet] | None = None,
    ) -> None:
        self.tables, self.secret, self.source = tables, secret, source
        self.now, self.words, self.dry = now, words, dry
        self._keys: dict[str, KeySet] = {} if known is None else known
        self._stamps = stamps
        self._erased = tombstones(tables)
        self._gone = np.array(erased_moments(tables) if self._erased else [], np.int64)

    def store(self, kind: Kind, rows: pa.Table) -> Counts:
        """Commit valid records that are not there yet; what was erased does not come back."""
        came = len(rows)
        if self._erased:
            rows = rows.filter(pa.array(~self._buried(rows)))
        refused = came - len(rows)
        first, second = self._key(rows["id"])
        new = self._known(kind).add(first, second)
        stored = int(new.sum())
        if stored < len(rows):
            rows, first, second = rows.filter(pa.array(new)), first[new], second[new]
        if stored and not self.dry:
            if "also" in rows.column_names and rows["also"].null_count < len(rows):
                self.store("links", links_together(rows, self.words))
            self._commit(kind, self._stamp(kind, rows, first, second))
        return Counts(came, stored, len(new) - stored, 0, refused)

    def _commit(self, table: str, rows: pa.Table) -> None:
        if self._stamps is None:
            self.tables.append(table, rows)
        elif (stamp := self._stamps.next(table)) is not None:
            self.tables.append(table, rows, stamp)

    def _buried(self, rows: pa.Table) -> NDArray[np.bool_]:
        """Which records name somebody erased, and are of a time before that."""
        erased = np.array(sorted(self._erased), np.int64)
        until = np.array([self._erased[int(key)] for key in erased], np.int64)
        time = pc.fill_null(rows["occurred_at"].cast(pa.int64()), 0).to_numpy()
        found = np.isin(self._key(rows["id"])[0], self._gone)
        for at, namespace, value in _named(rows):
            keys = hash_strings(normalise(namespace, value), self.secret)[0]
            place = np.minimum(np.searchsorted(erased, keys), len(erased) - 1)
            hit = (erased[place] == keys) & (time[at] <= until[place])
            found[at[hit]] = True
        return found

    def quarantine(self, kind: str, rows: list[tuple[dict[str, Any], str]]) -> Counts:
        """Keep records that break a rule, with the reasons; the same record only once.

        Args:
            kind: of record, or EVENTS for what is none yet.
        """
        came = len(rows)
        if self._erased:
            rows = [row for row in rows if not self._names_erased(row[0])]
        texts = [json.dumps(plain(row), ensure_ascii=False, sort_keys=True) for row, _ in rows]
        known = [recognised_by(kind, row, said) for (row, _), said in zip(rows, texts, strict=True)]
        first, second = self._key(pa.array(known, pa.string()))
        new = self._known("quarantine").add(first, second)
        if new.any() and not self.dry:
            columns = {
                "key_first": pa.array(first),
                "key_second": pa.array(second),
                "source": pa.array([self.source] * len(rows)),
                "kind": pa.array([kind] * len(rows)),
                "id": pa.array([str(row.get("id")) for row, _ in rows]),
                "row": pa.array(texts),
                "reason": pa.array([reason for _, reason in rows]),
                "received_at": self._when(len(rows)),
            }
            table = pa.table(columns, schema=TABLES["quarantine"])
            self._commit("quarantine", table.filter(pa.array(new)))
        return Counts(came, 0, 0, len(rows), came - len(rows))

    def _names_erased(self, row: dict[str, Any]) -> bool:
        return any(key in self._erased for key in identifiers_of(row, self.secret))

    def _known(self, table: str) -> KeySet:
        """Keys of this source in a table, read once."""
        if table not in self._keys:
            known, columns = KeySet(), ["key_first", "key_second", "source", "received_at"]
            again = self._stamps is not None and self._stamps.begun(table)
            for batch in self.tables.batches(table, columns):
                mine = batch.filter(pc.equal(batch["source"], self.source))
                if again:  # what this segment has committed before it was broken off
                    mine = mine.filter(pc.not_equal(mine["received_at"], self._when(len(mine))))
                if len(mine):
                    known.add(mine["key_first"].to_numpy(), mine["key_second"].to_numpy())
            self._keys[table] = known
        return self._keys[table]

    def _key(self, ids: pa.Array) -> tuple[Keys, Keys]:
        named = pc.binary_join_element_wise(self.source, ids, "\x1f")
        return hash_strings(named, self.secret)

    def _party_key(self, namespace: pa.Array, identifier: pa.Array) -> pa.Array:
        return pa.array(hash_strings(normalise(namespace, identifier), self.secret)[0])

    def _when(self, n: int) -> pa.Array:
        return pa.repeat(pa.scalar(self.now, pa.timestamp("us", tz="UTC")), n)

    def _stamp(self, kind: Kind, rows: pa.Table, first: Keys, second: Keys) -> pa.Table:
        """The record with keys, source, derived columns, in the ledger's schema."""
        columns = {name: rows[name] for name in rows.column_names}
        columns["key_first"], columns["key_second"] = pa.array(first), pa.array(second)
        columns["source"] = pa.repeat(self.source, len(rows))
        columns["received_at"] = self._when(len(rows))
        columns["party_key"] = self._party_key(rows["namespace"], rows["identifier"])
        if kind == "links":
            columns["other_key"] = self._party_key(
                rows["other_namespace"], rows["other_identifier"]
            )
        if kind == "perceptions":
            columns["score"] = score(rows, self.words)
        if kind == "interactions":
            columns["currency"] = pc.fill_null(rows["currency"], self.words.currency)
        wanted = TABLES[kind]
        return pa.table([columns[name] for name in wanted.names], schema=wanted)


def _named(rows: pa.Table) -> list[tuple[NDArray[np.int64], pa.Array, pa.Array]]:
    """Every identifier the records name: its row, namespace and value."""
    every = np.arange(len(rows))
    found = [(every, rows["namespace"].combine_chunks(), rows["identifier"].combine_chunks())]
    if "other_identifier" in rows.column_names:
        other = [rows[f"other_{name}"].combine_chunks() for name in ("namespace", "identifier")]
        found.append((every, *other))
    if "also" in rows.column_names and rows["also"].null_count < len(rows):
        also = rows["also"].combine_chunks()
        found.append((pc.list_parent_indices(also).to_numpy(), *split(pc.list_flatten(also))))
    return found
