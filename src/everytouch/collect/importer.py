"""An import: every statement of a source, batch by batch, through the rules into the ledger."""

import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from everytouch.collect.bringing import bring
from everytouch.collect.dialects.base import Row, UnusableError
from everytouch.collect.events import from_held, understand
from everytouch.collect.inputs import opened
from everytouch.collect.nobody import Notes, led, noted
from everytouch.collect.records import as_text, records, sort_out, typed
from everytouch.collect.rules import IgnoredError, Rules
from everytouch.collect.source import Source, Statement
from everytouch.ledger.api import (
    EVENTS,
    IMPORTS,
    Counts,
    Loader,
    Quarantined,
    Tables,
    quarantined,
    release,
    superseded,
)
from everytouch.moments.api import KINDS, Kind, Vocabulary
from everytouch.settings import Settings

Progress = Callable[[Statement, Counts], None]


@dataclass(frozen=True)
class Receipt:
    """What became of an import, by kind of record.

    Attributes:
        nobody: identifiers that identify nobody, and how often each was given.
    """

    source: str
    dry: bool
    counts: dict[str, Counts]
    nobody: Notes = field(default_factory=Counter)

    @property
    def total(self) -> Counts:
        """All kinds together."""
        return sum(self.counts.values(), Counts())


@dataclass(frozen=True)
class Trial:
    """What an import would make of the first records: those that hold, and those that do not."""

    good: tuple[dict[str, Any], ...]
    broken: tuple[tuple[dict[str, Any], str], ...]


@dataclass(frozen=True)
class Importer:
    """Brings sources into one ledger.

    Attributes:
        words: what records may name.
        now: time of receipt, for everything this importer stores.
        rules: what events from quarantine are.
    """

    tables: Tables
    secret: bytes
    words: Vocabulary
    settings: Settings
    now: datetime.datetime
    rules: Rules = field(default_factory=Rules)

    def run(self, source: Source, dry: bool = False, progress: Progress | None = None) -> Receipt:
        """Import a source; what is in the ledger already is recognised and left.

        Raises:
            SourceError: an input or a SELECT cannot be used. What was committed before stays.
        """
        with self.tables.writing(), opened(source, self.settings) as con:
            loader = self._loader(source.name, dry)
            counts: dict[str, Counts] = {}
            notes: Notes = Counter()
            for statement in source.statements:
                for batch in records(con, statement, self.settings.batch_rows):
                    counts[statement.kind] = counts.get(statement.kind, Counts()) + self._put(
                        loader, statement, batch, notes
                    )
                    if progress:
                        progress(statement, counts[statement.kind])
            receipt = Receipt(source.name, dry, counts, notes)
            if not dry:
                release(self.tables, superseded(self.tables, source.name, self.now))
                self._note(receipt)
        return receipt

    def trial(self, source: Source, limit: int = 500) -> "Trial":
        """The first records of each statement as they would be stored; stores nothing."""
        good: list[dict[str, Any]] = []
        broken: list[tuple[dict[str, Any], str]] = []
        with opened(source, self.settings) as con:
            for statement in source.statements:
                for batch in records(con, statement, limit):
                    parted = sort_out(batch.slice(0, limit), statement, self.words)
                    good += parted.good.to_pylist()
                    broken += parted.broken.values()
                    break
        return Trial(tuple(good), tuple(broken))

    def replay(self, source: str | None = None) -> Receipt:
        """Try every record in quarantine again; those that hold now are stored."""
        with self.tables.writing():
            return self._again(quarantined(self.tables, source), source or "all sources")

    def fix(self, rows: list[Quarantined]) -> Receipt:
        """Store corrected records in place of those they stand for in quarantine."""
        with self.tables.writing():
            return self._again(tuple(rows), "corrected rows")

    def _loader(self, source: str, dry: bool) -> Loader:
        return Loader(self.tables, self.secret, source, self.now, self.words, dry)

    def _put(
        self, loader: Loader, statement: Statement, batch: pa.RecordBatch, notes: Notes
    ) -> Counts:
        return bring(loader, statement.kind, sort_out(batch, statement, self.words), notes)

    def _again(self, rows: tuple[Quarantined, ...], name: str) -> Receipt:
        counts: dict[str, Counts] = {}
        for source in sorted({row.source for row in rows}):
            mine = [row for row in rows if row.source == source]
            found = [self._understand(source, [row for row in mine if row.kind == EVENTS])]
            by_kind = {kind: [row for row in mine if row.kind == kind] for kind in KINDS}
            found += [{k: self._retry(k, source, same)} for k, same in by_kind.items() if same]
            for kind, those in (item for part in found for item in part.items()):
                counts[kind] = counts.get(kind, Counts()) + those
        return Receipt(name, False, counts)

    def _understand(self, source: str, held: list[Quarantined]) -> dict[str, Counts]:
        """Events once more: what they are now, by today's rules. The others stay as they are."""
        rows: dict[Kind, list[Row]] = {kind: [] for kind in KINDS}
        counts, done = {EVENTS: Counts()}, []
        for one in held:
            taken = from_held(one.row, source)
            try:
                found = understand(taken.events[0], taken.ids[0], taken, self.rules)
                found = led(found, self.words.nobody)
            except IgnoredError:
                found = ()
            except UnusableError:
                counts[EVENTS] += Counts(1, quarantined=1)
                continue
            done.append(one)
            counts[EVENTS] += Counts() if found else Counts(1, refused=1)
            for kind, row in found:
                rows[kind].append(row)
        loader = self._loader(source, False)
        for kind in KINDS:
            if rows[kind]:
                parted = typed(kind, as_text(kind, rows[kind]), self.words)
                counts[kind] = bring(loader, kind, parted)
        release(self.tables, done)
        return {kind: found for kind, found in counts.items() if found.received}

    def _retry(self, kind: Kind, source: str, rows: list[Quarantined]) -> Counts:
        """Through the same path as an import; those that hold leave the quarantine."""
        parted = typed(kind, as_text(kind, [row.row for row in rows]), self.words)
        stored = self._loader(source, False).store(kind, parted.good)
        release(self.tables, [row for i, row in enumerate(rows) if i not in parted.broken])
        dropped = Counts(parted.dropped, refused=parted.dropped)
        return stored + dropped + Counts(len(parted.broken), 0, 0, len(parted.broken))

    def _note(self, receipt: Receipt) -> None:
        rows = [
            {"source": receipt.source, "started_at": self.now, "kind": kind, **vars(counts)}
            for kind, counts in receipt.counts.items()
        ]
        if rows:
            rows[0]["nobody"] = noted(receipt.nobody)
        self.tables.append("imports", pa.Table.from_pylist(rows, IMPORTS))
