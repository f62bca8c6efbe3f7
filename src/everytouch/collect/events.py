"""Events as records: what a dialect and the rules make of them, and what is held until they can."""

import itertools
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from everytouch.collect.dialects import DIALECTS
from everytouch.collect.dialects.base import (
    Event,
    NotJsonError,
    Record,
    Request,
    Row,
    Taken,
    UnusableError,
)
from everytouch.collect.dialects.values import apart
from everytouch.collect.nobody import Notes, led
from everytouch.collect.records import as_text, typed
from everytouch.collect.rules import IgnoredError, Rules
from everytouch.errors import SourceError
from everytouch.ledger.api import EVENTS
from everytouch.moments.api import KINDS, POSITION, Kind, Vocabulary

Held = tuple[Row, str]
PACKED = 2_000  # rows: few enough that they are still in the cache when they are packed
_PARTY = ("namespace", "identifier", "also", "other_namespace", "other_identifier")
log = logging.getLogger("everytouch.collect")


class Understood:
    """What events are.

    Attributes:
        tables: records by their kind, as text.
        versions: records of which the latest version counts, likewise.
        held: events that are no records yet, with reasons.
        refused: how many say nothing, or are not to be kept.
        nobody: identifiers of traits and links that identify nobody, and how often each came.
    """

    def __init__(self) -> None:
        self.tables: dict[Kind, list[pa.Table]] = {kind: [] for kind in KINDS}
        self.versions: dict[Kind, list[pa.Table]] = {kind: [] for kind in KINDS}
        self.held: list[Held] = []
        self.refused = 0
        self.nobody: Notes = Counter()
        self._rows: dict[Kind, list[Row]] = {kind: [] for kind in KINDS}
        self._versions: dict[Kind, list[Row]] = {kind: [] for kind in KINDS}
        self._usual: list[Any] = []
        self._at: dict[Kind, list[int]] = {kind: [] for kind in KINDS}
        self._versions_at: dict[Kind, list[int]] = {kind: [] for kind in KINDS}
        self._usual_at: list[int] = []

    def add_whole(self, taken: Taken, first: int = 0) -> bool:
        """Take in all of a request at once, where each of its events is of the usual kind.

        Args:
            first: position of its first event in the log.
        """
        usuals = DIALECTS[taken.dialect].usuals
        rows = usuals(taken) if usuals is not None and taken.whole else None
        self._usual += rows or []
        self._usual_at += range(first, first + len(rows or ()))
        return rows is not None

    def add(self, event: bytes, given: str | None, taken: Taken, rules: Rules, at: int) -> None:
        """Take in one event; ``at`` is its position in the log."""
        usual = DIALECTS[taken.dialect].usual
        if usual is not None and (one := usual(event, given, taken)) is not None:
            self._usual.append(one)
            self._usual_at.append(at)
            return
        try:
            records = understand(event, given, taken, rules)
        except IgnoredError:
            records = []
        except UnusableError as error:
            held = as_held(event, given, taken, error.row) | {POSITION: at}
            self.held.append((held, str(error)))
            return
        versioned = DIALECTS[taken.dialect].versioned
        for kind, row in led(records, rules.nobody, self.nobody):
            if versioned(row):
                self._versions[kind].append(row)
                self._versions_at[kind].append(at)
            else:
                self._rows[kind].append(row)
                self._at[kind].append(at)
        self.refused += not records

    def pack(self, least: int = 1) -> None:
        """Make tables of what was taken in, where it is so many rows."""
        parts = [(self.tables, k, self._rows[k], self._at[k]) for k in KINDS]
        parts += [(self.versions, k, self._versions[k], self._versions_at[k]) for k in KINDS]
        parts.append((self.tables, "interactions", self._usual, self._usual_at))
        for tables, kind, rows, at in parts:
            if len(rows) >= least:
                table = as_text(kind, rows).append_column(POSITION, pa.array(at, pa.int64()))
                tables[kind].append(table)
                rows.clear()
                at.clear()


def understood(
    taken: Iterable[Taken], rules: Rules, firsts: Iterable[int] = itertools.repeat(0)
) -> Understood:
    """What requests brought; one event that cannot be understood costs no other.

    Args:
        firsts: position in the log of the first event of each.
    """
    found = Understood()
    for one, first in zip(taken, firsts, strict=False):
        if not found.add_whole(one, first):
            several = apart(one)
            for at, (event, given) in enumerate(zip(several.events, several.ids, strict=True)):
                found.add(event, given, several, rules, first + at)
        found.pack(PACKED)
    found.pack()
    return found


def understand(event: bytes, given: str | None, taken: Taken, rules: Rules) -> Sequence[Record]:
    """The records of one event.

    Raises:
        UnusableError: it can be none, or no rule names it.
        IgnoredError: a rule says that it is not kept.
    """
    try:
        found = DIALECTS[taken.dialect].understand(event, given, taken)
        if not any(isinstance(one, Event) for one in found):
            return found  # type: ignore[return-value]
        records: list[Record] = []
        for one in found:
            records += _ruled(one, taken.source, rules) if isinstance(one, Event) else [one]
    except (UnusableError, IgnoredError):
        raise
    except Exception as error:  # whatever comes, it is held and costs no other event
        log.exception("an event could not be understood")
        raise UnusableError(f"it could not be understood: {error!r}") from error
    return records


@dataclass(frozen=True)
class Tried:
    """What one event would be.

    Attributes:
        event: as it came.
        records: it would be; none where it is held, or says nothing.
        reason: why it would be held.
    """

    event: str
    records: tuple[Record, ...] = ()
    reason: str = ""


def tried(
    body: bytes, dialect: str, rules: Rules, words: Vocabulary, received: int
) -> tuple[Tried, ...]:
    """What the events of a request's body would be; nothing is stored.

    Raises:
        SourceError: it holds no events of this dialect.
    """
    spoken = DIALECTS[dialect]
    asked = Request(spoken.routes[0], "", {"content-type": spoken.content_type}, body, received)
    try:
        found = spoken.find(asked)
    except NotJsonError as error:
        raise SourceError(
            f"no events of {dialect}: {error}", "give what a program sends"
        ) from error
    found = apart(found)
    events, ids = list(found.events), list(found.ids)
    taken = Taken(dialect, "try", received, found.shift, events, ids, found.route or "")
    return tuple(
        _try(event, own or f"event {number}", taken, rules, words)
        for number, (event, own) in enumerate(zip(found.events, found.ids, strict=True), 1)
    )


def try_held(row: Row, source: str, rules: Rules, words: Vocabulary) -> Tried:
    """What an event in quarantine would be."""
    taken = from_held(row, source)
    return _try(taken.events[0], taken.ids[0], taken, rules, words)


def _try(event: bytes, given: str | None, taken: Taken, rules: Rules, words: Vocabulary) -> Tried:
    said = event.decode("utf-8", "replace")
    try:
        records = led(understand(event, given, taken, rules), words.nobody)
    except IgnoredError:
        return Tried(said)
    except UnusableError as error:
        return Tried(said, (), str(error))
    for kind, row in records:
        for _, reason in typed(kind, as_text(kind, [row]), words).broken.values():
            return Tried(said, tuple(records), reason)
    return Tried(said, tuple(records))


def likely_dialect(body: bytes) -> str:
    """The dialect that a body seems to speak."""
    marked = (name for name, one in DIALECTS.items() if any(mark in body for mark in one.marks))
    return next(marked, "own")


def _ruled(event: Event, source: str, rules: Rules) -> list[Record]:
    try:
        return rules.records(event, source)
    except UnusableError as error:
        error.row = event.row
        if event.mentions:
            error.row = event.row | {"also": [*(event.row.get("also") or ()), *event.mentions]}
        raise


def as_held(event: bytes, given: str | None, taken: Taken, known: Row | None) -> Row:
    """An event as it is kept in quarantine: whole, with how it came and whom it names."""
    known = known or {}
    return {
        "id": given or known.get("id"),
        **{name: known[name] for name in _PARTY if known.get(name)},
        "dialect": taken.dialect,
        "route": taken.route,
        "received": taken.received,
        "shift": taken.shift,
        EVENTS: event.decode("utf-8", "replace"),
    }


def from_held(row: Row, source: str) -> Taken:
    """An event from quarantine, as it came."""
    return Taken(
        row["dialect"],
        source,
        int(row["received"]),
        int(row["shift"]),
        [str(row[EVENTS]).encode()],
        [row.get("id")],
        row["route"],
    )
