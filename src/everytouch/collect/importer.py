"""An import: every statement of a source, batch by batch, through the rules into the ledger."""

import datetime
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import duckdb
import numpy as np
import pyarrow as pa

from everytouch.collect.ahead import ahead
from everytouch.collect.bringing import bring
from everytouch.collect.dialects import DIALECTS
from everytouch.collect.dialects.base import Row, UnusableError
from everytouch.collect.events import from_held, understand
from everytouch.collect.inputs import Opened, opened
from everytouch.collect.leaving import counted, held_row, outdated
from everytouch.collect.nobody import Notes, led, noted
from everytouch.collect.positions import numbered, position_of
from everytouch.collect.records import Sorted, as_text, records, sort_out, typed
from everytouch.collect.rules import IgnoredError, Rules
from everytouch.collect.source import Source, Statement
from everytouch.ledger.api import (
    EVENTS,
    IMPORTS,
    ROWS,
    Counts,
    Loader,
    Policy,
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
        left_out: rows of the files that are no records, by reason.
        ambiguous: local times that happen twice, of which the earlier reading was taken.
        notes: what was assumed about the files, by name of the input.
        nobody: identifiers that identify nobody, and how often each was given.
    """

    source: str
    dry: bool
    counts: dict[str, Counts]
    left_out: dict[str, int] = field(default_factory=dict)
    ambiguous: int = 0
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
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


@dataclass
class _Run:
    """One import under way."""

    loader: Loader
    versions: Policy
    counts: dict[str, Counts] = field(default_factory=dict)
    ambiguous: int = 0
    position: int = 0  # of the next record, in all that this import reads
    nobody: Notes = field(default_factory=Counter)

    def add(self, kind: str, counts: Counts) -> None:
        """Count records."""
        self.counts[kind] = self.counts.get(kind, Counts()) + counts


@dataclass(frozen=True)
class Importer:
    """Brings sources into one ledger.

    Attributes:
        words: what records may name.
        now: time of receipt, for everything this importer stores.
        rules: what events from quarantine are.
        versions: what other content under a known id is, by source of such events.
    """

    tables: Tables
    secret: bytes
    words: Vocabulary
    settings: Settings
    now: datetime.datetime
    rules: Rules = field(default_factory=Rules)
    versions: Callable[[str], Policy] = lambda _: "first"

    def run(self, source: Source, dry: bool = False, progress: Progress | None = None) -> Receipt:
        """Import a source; what is in the ledger already is recognised and left.

        Raises:
            SourceError: an input or a SELECT cannot be used. What was committed before stays.
        """
        with self.tables.writing(), opened(source, self.settings) as files:
            run = _Run(self._loader(source.name, dry), source.versions)
            for statement in source.statements:
                with ahead(self._sorted(files.con, statement, source.timezone)) as parts:
                    for parted, rows in parts:
                        self._put(run, statement.kind, parted, rows)
                        if progress:
                            progress(statement, run.counts[statement.kind])
            for kind, change in run.loader.finish().items():
                run.add(kind, change)
            held = self._hold_unread(run, files)
            receipt = Receipt(
                source.name,
                dry,
                run.counts,
                counted(files.con, source.left_out, sum(s.footer for s in files.staged.values())),
                run.ambiguous + sum(sum(s.ambiguous.values()) for s in files.staged.values()),
                {name: one.notes for name, one in files.staged.items() if one.notes},
                run.nobody,
            )
            if not dry:
                stale = outdated(self.tables, source, held)
                release(self.tables, [*superseded(self.tables, source.name, self.now), *stale])
                self._note(receipt)
        return receipt

    def trial(self, source: Source, limit: int = 500) -> "Trial":
        """The first records of each statement as they would be stored; stores nothing."""
        good: list[dict[str, Any]] = []
        broken: list[tuple[dict[str, Any], str]] = []
        with opened(source, self.settings) as files:
            for statement in source.statements:
                for batch in records(files.con, statement, limit):
                    parted = sort_out(
                        batch.slice(0, limit), statement.kind, self.words, source.timezone
                    )
                    good += parted.good.to_pylist()
                    broken += parted.broken.values()
                    break
        return Trial(tuple(good), tuple(broken))

    def take(self, source: str, kind: Kind, rows: Sequence[dict[str, Any]]) -> Receipt:
        """Store records that somebody gave in the app, through the same rules as a file's."""
        texts = as_text(kind, [{name: _written(v) for name, v in row.items()} for row in rows])
        with self.tables.writing():
            parted = typed(kind, texts, self.words)
            run = _Run(self._loader(source, False), "first")
            self._put(run, kind, parted, len(rows))
            receipt = Receipt(source, False, run.counts, nobody=run.nobody)
            self._note(receipt)
        return receipt

    def replay(self, source: str | None = None) -> Receipt:
        """Try every record in quarantine again; those that hold now are stored."""
        with self.tables.writing():
            return self._again(quarantined(self.tables, source), source or "all sources")

    def fix(self, rows: list[Quarantined]) -> Receipt:
        """Store corrected records in place of those they stand for in quarantine."""
        with self.tables.writing():
            return self._again(tuple(rows), "corrected rows")

    def resolve(self, rows: Sequence[Quarantined], *, take: bool) -> Receipt:
        """Resolve conflicts: the records held count from now on, or stay as earlier versions.

        Args:
            rows: records in conflict.
            take: whether they count, rather than those that are stored.
        """
        policy: Policy = "take" if take else "keep"
        counts: dict[str, Counts] = {}
        with self.tables.writing():
            for source, kind in sorted({(row.source, row.kind) for row in rows}):
                mine = [row for row in rows if (row.source, row.kind) == (source, kind)]
                mine.sort(key=lambda row: row.received_at)
                settled = self._retry(cast("Kind", kind), source, mine, policy, "conflicts")
                counts[kind] = counts.get(kind, Counts()) + settled
        return Receipt("conflicts", False, counts)

    def _loader(self, source: str, dry: bool) -> Loader:
        return Loader(self.tables, self.secret, source, self.now, self.words, dry)

    def _sorted(
        self, con: duckdb.DuckDBPyConnection, statement: Statement, zone: str
    ) -> Generator[tuple[Sorted, int], None, None]:
        """The records of a statement batch by batch, sorted out, and the rows of each batch."""
        for batch in records(con, statement, self.settings.batch_rows):
            yield sort_out(batch, statement.kind, self.words, zone), len(batch)

    def _put(self, run: "_Run", kind: Kind, parted: Sorted, rows: int) -> None:
        positions = np.arange(run.position, run.position + rows)
        run.position += rows
        run.add(kind, bring(run.loader, kind, parted, positions, run.versions, run.nobody))
        run.ambiguous += parted.ambiguous

    def _hold_unread(self, run: "_Run", files: Opened) -> set[str]:
        """Hold the rows of files that could not be read; their ids."""
        rows = [held_row(row) for one in files.staged.values() for row in one.unread]
        if rows:
            run.add(ROWS, run.loader.quarantine(ROWS, rows))
        return {str(row["id"]) for row, _ in rows}

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
        rows: dict[tuple[Kind, Policy], list[tuple[Row, int | None]]] = {}
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
            versioned = DIALECTS[taken.dialect].versioned
            for kind, row in found:
                policy = "latest" if versioned(row) else self.versions(source)
                rows.setdefault((kind, policy), []).append((row, position_of(one.row)))
        loader = self._loader(source, False)
        for (kind, policy), some in sorted(rows.items(), key=lambda item: KINDS.index(item[0][0])):
            parted = typed(kind, as_text(kind, [row for row, _ in some]), self.words)
            put = bring(loader, kind, parted, [position for _, position in some], policy)
            counts[kind] = counts.get(kind, Counts()) + put
        release(self.tables, done)
        return {kind: found for kind, found in counts.items() if found.received}

    def _retry(
        self,
        kind: Kind,
        source: str,
        rows: list[Quarantined],
        policy: Policy = "first",
        table: str = "quarantine",
    ) -> Counts:
        """Through the same path as an import; those that hold leave the table they are held in."""
        parted = typed(kind, as_text(kind, [row.row for row in rows]), self.words)
        good, _ = numbered(parted, [position_of(row.row) for row in rows])
        stored = self._loader(source, False).store(kind, good, policy)
        done = [row for i, row in enumerate(rows) if i not in parted.broken]
        release(self.tables, done, table=table)
        broken, dropped = len(parted.broken), len(parted.dropped)
        return stored + Counts(broken + dropped, quarantined=broken, refused=dropped)

    def _note(self, receipt: Receipt) -> None:
        rows = [
            {"source": receipt.source, "started_at": self.now, "kind": kind, **vars(counts)}
            for kind, counts in receipt.counts.items()
        ]
        if rows:
            rows[0]["nobody"] = noted(receipt.nobody)
        self.tables.append("imports", pa.Table.from_pylist(rows, IMPORTS))


def _written(value: Any) -> Any:
    """A value as a record of text has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime.datetime) else value
