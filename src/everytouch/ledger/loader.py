"""The loader: the only way into the ledger. It stamps, recognises and commits records.

Order makes a crash harmless: links, which are derived from moments, are committed before
the moments they come from. A run that dies in between is simply run again; every table
recognises its own keys, so nothing is lost and nothing is there twice.
"""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from everytouch.ledger.erasure import erased_moments, identifiers_of, tombstones
from everytouch.ledger.limits import Limits
from everytouch.ledger.quarantine import exact, recognised_by, written
from everytouch.ledger.recognition import (
    CONFLICT,
    RETURNED,
    STORED,
    Judged,
    Key,
    Policy,
    Recognition,
)
from everytouch.ledger.schemas import TABLES
from everytouch.ledger.stored import Batch, Stored, newest_in
from everytouch.ledger.tables import Tables
from everytouch.ledger.together import links_together
from everytouch.ledger.versions import FIRST
from everytouch.moments.api import (
    POSITION,
    Keys,
    Kind,
    Vocabulary,
    hash_strings,
    normalise,
    score,
    split,
)

CONFLICTING = "it differs from the record that is stored under this id"
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
        refused: those of a party that was erased, from before its erasure, and those that are
            older than a rule of retention allows.
        conflict: those that differ from what is stored under their id.
        expired: how many of those refused are too old; no part of the sum.
    """

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0
    conflict: int = 0
    expired: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.received + other.received,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            self.refused + other.refused,
            self.conflict + other.conflict,
            self.expired + other.expired,
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
        known: what is known of the source by table, kept from segment to segment.
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
        known: dict[str, Recognition] | None = None,
    ) -> None:
        self.tables, self.secret, self.source = tables, secret, source
        self.now, self.words, self.dry = now, words, dry
        self._seen: dict[str, Recognition] = {} if known is None else known
        self._stored = Stored(tables, secret, source, timed=stamps is None)
        self._returned: dict[tuple[Kind, Key], tuple[Batch, int]] = {}
        self._stamps = stamps
        self._limits = Limits(words.retention, now)
        self._erased = tombstones(tables)
        self._gone = np.array(erased_moments(tables) if self._erased else [], np.int64)

    def store(self, kind: Kind, rows: pa.Table, policy: Policy = "first") -> Counts:
        """Commit valid records that are not there yet; what was erased or expired stays away.

        Args:
            rows: with the columns of the record, and POSITION where that is known.
            policy: what to do with a record that differs from what is stored under its id.
        """
        came = len(rows)
        if self._erased:
            rows = rows.filter(pa.array(~self._buried(kind, rows)))
        old = self._limits.expired(kind, rows, self.source)
        rows = rows.filter(pa.array(~old)) if old.any() else rows
        refused = came - len(rows)
        if policy == "latest":
            rows = rows.sort_by("occurred_at")
        counts = Counts(refused, refused=refused, expired=int(old.sum()))
        return counts + self._bring(kind, rows, policy)

    def finish(self) -> dict[Kind, Counts]:
        """End an import: an earlier version counts again where it was the last that came.

        Returns:
            what changes in the counts.
        """
        groups: dict[tuple[Kind, int], tuple[Batch, list[int]]] = {}
        for (kind, _), (batch, row) in self._returned.items():
            groups.setdefault((kind, id(batch)), (batch, []))[1].append(row)
        self._returned.clear()
        changes: dict[Kind, Counts] = {}
        for (kind, _), (batch, rows) in groups.items():
            again = self._bring(kind, batch.only(np.array(rows)).rows, "take")
            change = Counts(0, again.stored, -again.stored)
            changes[kind] = changes.get(kind, Counts()) + change
        return changes

    def _bring(self, kind: Kind, rows: pa.Table, policy: Policy) -> Counts:
        """Recognise records; commit those that are new, hold those that are in conflict."""
        seen, batch = self._known(kind), self._stored.batch(kind, rows)
        if seen.incomplete:
            self._stored.learn(seen, kind, batch)
        before = self._happened(kind, batch) if policy == "latest" else {}
        keys = batch.first, batch.second
        judged = seen.judge(keys, batch.compared, policy, batch.times, before)
        self._note_returned(kind, batch, judged)
        stored, conflict = (judged.fate == fate for fate in (STORED, CONFLICT))
        n, differ = int(stored.sum()), int(conflict.sum())
        if differ:
            held = rows.filter(pa.array(conflict)).to_pylist()
            self._hold("conflicts", kind, [(exact(row), CONFLICTING) for row in held])
        if n and not self.dry:
            new = batch if n == len(batch) else batch.only(stored)
            self._add(kind, new, judged.version[stored])
        return Counts(len(rows), n, len(rows) - n - differ, conflict=differ)

    def _note_returned(self, kind: Kind, batch: Batch, judged: Judged) -> None:
        """Keep records with the content of an earlier version until the import ends."""
        back = judged.fate == RETURNED
        waiting = [key[0] for of, key in self._returned if of == kind]
        if not (back.any() or waiting):
            return
        waiting += batch.first[back].tolist()
        kept, place = batch.only(back), np.cumsum(back) - 1
        for row in np.flatnonzero(back | np.isin(batch.first, waiting)).tolist():
            key = kind, (int(batch.first[row]), int(batch.second[row]))
            if back[row]:
                self._returned[key] = kept, int(place[row])
            else:
                self._returned.pop(key, None)

    def _happened(self, kind: Kind, batch: Batch) -> dict[Key, int]:
        """When the versions that count so far happened."""
        old = self.tables.newest(kind, self.tables.files(kind)).counting(
            self._stored.rows(kind, batch)
        )
        known = self._stored.batch(kind, old)
        keys = zip(known.first.tolist(), known.second.tolist(), strict=True)
        return dict(zip(keys, known.times.tolist(), strict=True))

    def _add(self, kind: Kind, batch: Batch, version: Keys) -> None:
        """Commit records, after the links that follow from them."""
        current, old = np.ones(len(batch), np.bool_), batch.rows.slice(0, 0)
        later = version != FIRST
        if later.any():
            current = newest_in(batch, version)
            old = self._stored.rows(kind, batch.only(later))
        if "also" in batch.rows.column_names:
            self._link(kind, batch.only(current), old)
        self._commit(kind, self._stamp(kind, self._stored.under_first(kind, batch, old), version))

    def _link(self, kind: Kind, current: Batch, old: pa.Table) -> None:
        """Store the links that records state, and withdraw those only their earlier versions do."""
        links = links_together(current.rows, self.words)
        if len(old) and old["also"].null_count < len(old):
            mine = np.isin(self._stored.keys_of(kind, old)[0], current.first)
            earlier = links_together(old.filter(pa.array(mine)), self.words)
            gone = earlier.filter(pc.invert(pc.is_in(earlier["id"], value_set=links["id"])))
            place = gone.schema.get_field_index("same")
            withdrawn = gone.set_column(place, gone.field("same"), pa.nulls(len(gone), pa.bool_()))
            links = pa.concat_tables([links, withdrawn])
        if len(links):
            self._bring("links", links, "take")

    def _commit(self, table: str, rows: pa.Table) -> None:
        if self._stamps is None:
            self.tables.append(table, rows)
        elif (stamp := self._stamps.next(table)) is not None:
            self.tables.append(table, rows, stamp)

    def _buried(self, kind: Kind, rows: pa.Table) -> NDArray[np.bool_]:
        """Which records name somebody erased, and are of a time before that."""
        erased = np.array(sorted(self._erased), np.int64)
        until = np.array([self._erased[int(key)] for key in erased], np.int64)
        time = pc.fill_null(rows["occurred_at"].cast(pa.int64()), 0).to_numpy()
        found = self._stored.among(kind, rows, self._gone)
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
        self._hold("quarantine", kind, rows)
        return Counts(came, 0, 0, len(rows), came - len(rows))

    def _hold(self, table: str, kind: str, rows: list[tuple[dict[str, Any], str]]) -> None:
        """Keep records beside the ledger, with reasons; the same record only once."""
        texts = [written(row) for row, _ in rows]
        known = [recognised_by(kind, row) for row, _ in rows]
        first, second = self._stored.key(pa.array(known, pa.string()))
        new = self._known(table).keys.add(first, second)
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
            held = pa.table(columns, schema=TABLES[table])
            self._commit(table, held.filter(pa.array(new)))

    def _names_erased(self, row: dict[str, Any]) -> bool:
        return any(key in self._erased for key in identifiers_of(row, self.secret))

    def _known(self, table: str) -> Recognition:
        """What is known of this source in a table, read once."""
        if table not in self._seen:
            # What this segment has committed before it was broken off is not known yet.
            again = self._stamps is not None and self._stamps.begun(table)
            self._seen[table] = self._stored.recognition(table, self.now if again else None)
        return self._seen[table]

    def _party_key(self, namespace: pa.Array, identifier: pa.Array) -> pa.Array:
        return pa.array(hash_strings(normalise(namespace, identifier), self.secret)[0])

    def _when(self, n: int) -> pa.Array:
        return pa.repeat(pa.scalar(self.now, pa.timestamp("us", tz="UTC")), n)

    def _stamp(self, kind: Kind, batch: Batch, version: Keys) -> pa.Table:
        """The record with keys, source, derived columns, in the ledger's schema."""
        rows = batch.rows
        columns = {name: rows[name] for name in rows.column_names}
        columns["key_first"], columns["key_second"] = pa.array(batch.first), pa.array(batch.second)
        columns["content"] = pa.array(batch.content)
        columns["version"] = pa.array(version, mask=version == FIRST)
        columns["source"] = pa.repeat(self.source, len(rows))
        if POSITION in rows.column_names and "sequence" in rows.column_names:
            columns["sequence"] = pc.coalesce(rows["sequence"], rows[POSITION])
        columns["received_at"] = self._when(len(rows))
        if "namespace" in columns:  # counts say nothing of anybody
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
        columns |= self._limits.blanked(kind, rows, self.source)
        return pa.table([columns[name] for name in wanted.names], schema=wanted)


def _named(rows: pa.Table) -> list[tuple[NDArray[np.int64], pa.Array, pa.Array]]:
    """Every identifier the records name: its row, namespace and value."""
    if "namespace" not in rows.column_names:
        return []
    every = np.arange(len(rows))
    found = [(every, rows["namespace"].combine_chunks(), rows["identifier"].combine_chunks())]
    if "other_identifier" in rows.column_names:
        other = [rows[f"other_{name}"].combine_chunks() for name in ("namespace", "identifier")]
        found.append((every, *other))
    if "also" in rows.column_names and rows["also"].null_count < len(rows):
        also = rows["also"].combine_chunks()
        found.append((pc.list_parent_indices(also).to_numpy(), *split(pc.list_flatten(also))))
    return found
