"""The rule table: what the events of programs are, in the words of the catalogue.

The first rule that fits an event counts. A rule gives the columns of an interaction, of a
perception, or of both; ``{properties.total}`` in a column stands for what the event has there, and
``{amount|minor}`` converts it on the way. An event no rule fits is an interaction at the touchpoint
of its own name, where there is one; the others are held as uncatalogued until a rule names them.
"""

import fnmatch
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from everytouch.collect.dialects.base import Event, Record, Row, UnusableError
from everytouch.collect.dialects.paths import at, without
from everytouch.collect.dialects.values import as_json, text
from everytouch.collect.templates import Template
from everytouch.moments.api import COLUMNS, Kind, Nobody

UNCATALOGUED = "uncatalogued: "
_SAYING = ("raw", "text", "title", "emotion")  # columns of which a perception has at least one
ITEM = "item"  # what a template calls the list item that a record is made of

Columns = Mapping[str, Template | tuple[Template, ...]]


class IgnoredError(Exception):
    """A rule says that events like this one are not kept."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        event: pattern of the event's name; ``*`` and ``?`` stand for anything.
        source: pattern of the name of the source.
        when: path in the event → patterns, one of which its value must fit.
        each: path of a list; every item makes the records once, as ``{item}``.
        records: kind of record and its columns.
        traits: of the party, by name.
        drop: paths of details that are not kept beside the columns.
        ignore: such events are counted and not kept.
    """

    event: str
    source: str = "*"
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    each: str = ""
    records: tuple[tuple[Kind, Columns], ...] = ()
    traits: Mapping[str, Template] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    ignore: bool = False

    def fits(self, event: Event, source: str) -> bool:
        """Whether it is for such an event."""
        return (
            any(fnmatch.fnmatchcase(name, self.event) for name in event.names)
            and fnmatch.fnmatchcase(source, self.source)
            and all(_one_of(at(event.value, path), wanted) for path, wanted in self.when.items())
        )

    def apply(self, event: Event) -> list[Record]:
        """Make the records of an event.

        Raises:
            UnusableError: it lacks what the rule needs.
        """
        if not self.each:
            return self._of(event, event.value, event.row)
        items = at(event.value, self.each)
        if not isinstance(items, list):
            raise UnusableError(f"the rule for {self.event!r} finds no list at each: {self.each}")
        found: list[Record] = []
        for number, item in enumerate(items):
            row = event.row | {"id": f"{event.row.get('id')}\x1f{number}"}
            found += self._of(event, {**event.value, ITEM: item}, row)
        return found

    def _of(self, event: Event, value: Mapping[str, Any], base: Row) -> list[Record]:
        found = list(self._records(event, value, base))
        if not self.traits:
            return found
        party = found[0][1] if found else base  # a rule may say of whom it is
        who = {n: party.get(n) for n in ("id", "occurred_at", "namespace", "identifier")}
        for name, one in self.traits.items():
            if (said := one(value)) is not None:
                own = {"id": f"{who['id']}\x1f{name}", "name": name, "value": said}
                found.append(("traits", who | own))
        return found

    def _records(self, event: Event, value: Mapping[str, Any], base: Row) -> Iterator[Record]:
        several, ids = Counter(kind for kind, _ in self.records), Counter[str]()
        for kind, columns in self.records:
            row = _filled(columns, value, base | (event.answer if kind == "perceptions" else {}))
            if several[kind] > 1:
                if kind == "perceptions" and not any(row.get(name) for name in _SAYING):
                    continue  # a question that was not answered
                row["id"] = _apart(row, ids)
            self._check(kind, row)
            yield kind, _kept(row, event, self.drop)

    def _check(self, kind: Kind, row: Row) -> None:
        """Refuse a record that misses a column: the event stays whole until a rule gives it."""
        needed = (column.name for column in COLUMNS[kind] if column.required)
        missing = [name for name in needed if not str(row.get(name) or "").strip()]
        if missing:
            raise UnusableError(f"the rule for {self.event!r} finds no {', '.join(missing)} in it")


@dataclass(frozen=True)
class Rules:
    """The table, the names that need no rule, and identifiers that identify nobody."""

    rules: tuple[Rule, ...] = ()
    touchpoints: Mapping[str, str] = field(default_factory=dict)
    instruments: Mapping[str, str] = field(default_factory=dict)
    nobody: Nobody = field(default_factory=Nobody)

    def records(self, event: Event, source: str) -> list[Record]:
        """What an event is.

        Raises:
            IgnoredError: it is not to be kept.
            UnusableError: no rule names it, and no touchpoint has its name.
        """
        for rule in self.rules:
            if rule.fits(event, source):
                if rule.ignore:
                    raise IgnoredError
                return rule.apply(event)
        for name in map(plain_name, event.asked):
            if name in self.instruments:
                row = {"about": "relationship"} | event.row | event.answer
                row["instrument"] = self.instruments[name]
                return [("perceptions", _kept(row, event))]
        for name in map(plain_name, event.names):
            if name not in self.touchpoints:
                continue
            if not event.row.get("identifier"):
                raise UnusableError(
                    f"{UNCATALOGUED}{name!r} is a touchpoint, but the identifier is missing: "
                    "say in a rule where the event names the person"
                )
            row = event.row | {"touchpoint": self.touchpoints[name]}
            return [("interactions", _kept(row, event))]
        raise UnusableError(f"{UNCATALOGUED}no rule and no touchpoint is named {event.names[0]!r}")


def plain_name(name: str) -> str:
    """A name as it is compared: ``Order Completed`` and ``order_completed`` are the same."""
    return re.sub(r"\W+", "_", name.casefold()).strip("_")


def _kept(row: Row, event: Event, drop: tuple[str, ...] = ()) -> Row:
    """The record, with the event's name and properties beside its columns."""
    beside = {"event": event.names[0], **event.properties}
    for path in drop:
        beside = without(beside, path)
    return row | {"properties": as_json(beside)}


def _filled(columns: Columns, value: Mapping[str, Any], base: Row) -> Row:
    """The columns of a record; without its first identifier it is of the next one there is."""
    code = columns.get("currency")
    currency = code(value) if isinstance(code, Template) else None
    row = {**base}
    for name, given in columns.items():
        if isinstance(given, tuple):
            row[name] = [said for one in given if (said := one(value)) is not None]
        else:
            row[name] = given(value, currency)
    also = [one for one in row.get("also") or () if str(one).partition(":")[2].strip()]
    if not str(row.get("identifier") or "").strip() and also:
        row["namespace"], _, row["identifier"] = str(also[0]).partition(":")
        row["also"] = also[1:]
    return row


def _apart(row: Row, ids: Counter[str]) -> str:
    """An id of one record of several that an event makes."""
    name = row.get("instrument") or row.get("touchpoint") or ""
    own = f"{row.get('id')}\x1f{name}"
    ids[own] += 1
    return own if ids[own] == 1 else f"{own}\x1f{ids[own]}"


def _one_of(value: Any, wanted: tuple[str, ...]) -> bool:
    said = text(value)
    return said is not None and any(fnmatch.fnmatchcase(said, one) for one in wanted)
