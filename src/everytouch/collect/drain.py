"""From the log into the ledger: sealed segments become records, each exactly once."""

import contextlib
import datetime
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from everytouch.collect.bringing import bring
from everytouch.collect.dialects.base import Taken
from everytouch.collect.events import Understood
from everytouch.collect.nobody import Notes, noted
from everytouch.collect.reading import Readers, Segment, decode
from everytouch.collect.records import typed
from everytouch.collect.rules import Rules
from everytouch.errors import DamageError
from everytouch.journal.api import frames, identity, sealed, segments, set_aside
from everytouch.ledger.api import (
    EVENTS,
    IMPORTS,
    TABLES,
    Counts,
    Loader,
    Policy,
    Recognition,
    Stamps,
    Tables,
)
from everytouch.moments.api import KINDS, POSITION, Vocabulary

SMALL = 50  # segments after which their small files are put together
log = logging.getLogger("everytouch.collect")


class Drain:
    """Loads what the collector has written.

    Args:
        folder: of the log.
        words: the vocabulary of a time of receipt, as the catalogue is then.
        rules: the rule table, as it is then.
        versions: what other content under a known id is, by source.
    """

    def __init__(
        self,
        tables: Tables,
        secret: bytes,
        folder: Path,
        words: Callable[[datetime.datetime], Vocabulary],
        rules: Callable[[], Rules],
        versions: Callable[[str], Policy] = lambda _: "first",
    ) -> None:
        self.tables, self.secret, self.folder = tables, secret, folder
        self.words, self.rules, self.versions = words, rules, versions
        self.readers = Readers()
        self._known: dict[str, dict[str, Recognition]] = defaultdict(dict)
        self._versions: dict[str, int] = {}
        self._loaded = 0

    def run(self) -> Counts:
        """Load every sealed segment, oldest first; the next is read while one is stored.

        Raises:
            WorkspaceError: somebody else is writing to the ledger.
            LedgerError: the ledger cannot be written.
        """
        total = Counts()
        for segment in self.readers.each(sealed(self.folder), self.rules):
            try:
                total += self._load(segment)
            except BaseException:
                self._known.clear()  # the ledger says what of it is stored
                raise
        return total

    def _load(self, segment: Segment) -> Counts:
        path, now = segment.path, segment.now
        stamps = Stamps(self.tables, f"log-{identity(self.folder)}", int(path.stem))
        told: list[dict[str, object]] = []
        with self.tables.writing():
            self._forget()
            for source, found in segment.found.items():
                notes: Notes = Counter()
                counts = self._bring(self._loader(source, now, stamps), found, notes)
                rows: list[dict[str, object]] = [
                    {"source": source, "started_at": now, "kind": kind, **vars(of_kind)}
                    for kind, of_kind in counts.items()
                ]
                if rows:
                    rows[0]["nobody"] = noted(notes)
                told += rows
            if told and (stamp := stamps.next("imports")) is not None:
                self.tables.append("imports", pa.Table.from_pylist(told, IMPORTS), stamp)
            self._tidy()
            self._versions = {name: self.tables.version(name) for name in TABLES}
        if segment.damaged:
            log.error("%d bytes are damaged: kept as %s", segment.damaged, set_aside(path))
        else:
            path.unlink()
        names = Counts.__dataclass_fields__
        return sum((Counts(*(int(row[n]) for n in names)) for row in told), Counts())  # type: ignore[call-overload]

    def _loader(self, source: str, now: datetime.datetime, stamps: Stamps) -> Loader:
        words, known = self.words(now), self._known[source]
        return Loader(self.tables, self.secret, source, now, words, stamps=stamps, known=known)

    def _forget(self) -> None:
        """Keys are read anew where somebody else has written."""
        changed = {n for n, version in self._versions.items() if self.tables.version(n) != version}
        for known in self._known.values():
            for name in changed & known.keys():
                del known[name]

    def _tidy(self) -> None:
        self._loaded += 1
        if self._loaded % SMALL == 0:
            for name in TABLES:
                self.tables.compact(name)

    def _bring(self, loader: Loader, found: Understood, notes: Notes) -> dict[str, Counts]:
        counts: dict[str, Counts] = {}
        notes.update(found.nobody)
        if found.held or found.refused:
            counts[EVENTS] = Counts(found.refused, refused=found.refused)
            counts[EVENTS] += loader.quarantine(EVENTS, found.held)
        latest: Policy = "latest"
        given = (self.versions(loader.source), found.tables), (latest, found.versions)
        for policy, tables in given:
            for kind in KINDS:
                if parts := tables[kind]:
                    rows = pa.concat_tables(parts)
                    parted = typed(kind, rows.drop_columns(POSITION), loader.words)
                    put = bring(loader, kind, parted, rows[POSITION].to_numpy(), policy, notes)
                    counts[kind] = counts.get(kind, Counts()) + put
        return counts


def in_log(folder: Path) -> dict[str, int]:
    """Events by source that were answered for and that the ledger does not have yet.

    Raises:
        DamageError: a segment is damaged, so that they cannot be counted.
    """
    waiting: dict[str, int] = defaultdict(int)
    for one in _waiting(folder):
        waiting[one.source] += len(one)
    return dict(waiting)


def _waiting(folder: Path) -> Iterator[Taken]:
    for path in segments(folder):
        for there in (path, path.with_suffix(".sealed")):  # it may be sealed meanwhile
            with contextlib.suppress(FileNotFoundError):  # or loaded
                found, damaged = frames(there)
                if damaged:
                    raise DamageError(
                        f"{damaged} bytes of log/{there.name} are damaged",
                        "start the collector: it loads what is whole, and sets the rest aside",
                    )
                yield from map(decode, found)
                break
