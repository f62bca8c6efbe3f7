"""Events as records: what a dialect and the rules make of them, and what is held until they can."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from everytouch.collect.dialects import DIALECTS
from everytouch.collect.dialects.base import Event, Record, Row, Taken, UnusableError
from everytouch.collect.rules import IgnoredError, Rules
from everytouch.ledger.api import EVENTS
from everytouch.moments.api import KINDS, Kind

Held = tuple[Row, str]
_PARTY = ("namespace", "identifier", "also")
log = logging.getLogger("everytouch.collect")


@dataclass
class Understood:
    """What events are.

    Attributes:
        rows: records by their kind.
        held: events that are no records yet, with reasons.
        refused: how many say nothing, or are not to be kept.
    """

    rows: dict[Kind, list[Row]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    held: list[Held] = field(default_factory=list)
    refused: int = 0


def understood(taken: Iterable[Taken], rules: Rules) -> Understood:
    """What requests brought; one event that cannot be understood costs no other."""
    found = Understood()
    for one in taken:
        for event, given in zip(one.events, one.ids, strict=True):
            try:
                records = understand(event, given, one, rules)
            except IgnoredError:
                records = []
            except UnusableError as error:
                found.held.append((as_held(event, given, one, error.row), str(error)))
                continue
            for kind, row in records:
                found.rows[kind].append(row)
            found.refused += not records
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


def _ruled(event: Event, source: str, rules: Rules) -> list[Record]:
    try:
        return rules.records(event, source)
    except UnusableError as error:
        error.row = event.row
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
