"""The rule table: what the events of programs are, in the words of the catalogue.

The first rule that fits an event counts. A rule gives the columns of an interaction, of a
perception, or of both; ``{properties.total}`` in a column stands for what the event has there.
An event no rule fits is an interaction at the touchpoint of its own name, where there is one;
the others are held as uncatalogued until a rule names them.
"""

import difflib
import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from everytouch.catalogue.api import Catalogue
from everytouch.collect.dialects.base import Event, Record, Row, UnusableError
from everytouch.collect.dialects.values import as_json, text
from everytouch.errors import SourceError
from everytouch.moments.api import COLUMNS, Kind, Nobody

UNCATALOGUED = "uncatalogued: "
_RECORDS: dict[str, Kind] = {"interaction": "interactions", "perception": "perceptions"}
_FIXED = ("id", "properties")  # columns a rule does not give
_FIELD = re.compile(r"\{([^{}]*)\}")
_LISTS = ("also", "correlations")
_KEYS = ("event", "source", "when", *_RECORDS, "traits", "ignore")

Template = Callable[[Mapping[str, Any]], str | None]


class IgnoredError(Exception):
    """A rule says that events like this one are not kept."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        event: pattern of the event's name; ``*`` and ``?`` stand for anything.
        source: pattern of the name of the source.
        when: path in the event → patterns, one of which its value must fit.
        records: columns by kind of record.
        traits: of the party, by name.
        ignore: such events are counted and not kept.
    """

    event: str
    source: str = "*"
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    records: Mapping[Kind, Mapping[str, Template | tuple[Template, ...]]] = field(
        default_factory=dict
    )
    traits: Mapping[str, Template] = field(default_factory=dict)
    ignore: bool = False

    def fits(self, event: Event, source: str) -> bool:
        """Whether it is for such an event."""
        return (
            any(fnmatch.fnmatchcase(name, self.event) for name in event.names)
            and fnmatch.fnmatchcase(source, self.source)
            and all(_one_of(at(event.value, path), wanted) for path, wanted in self.when.items())
        )

    def apply(self, event: Event) -> list[Record]:
        """The records it makes of an event."""
        found: list[Record] = []
        for kind, columns in self.records.items():
            row = event.row | (event.answer if kind == "perceptions" else {})
            row |= {name: _filled(given, event.value) for name, given in columns.items()}
            found.append((kind, _kept(row, event)))
        if self.traits:
            party = found[0][1] if found else event.row  # a rule may say of whom it is
            who = {n: party.get(n) for n in ("id", "occurred_at", "namespace", "identifier")}
            for name, template in self.traits.items():
                if (value := template(event.value)) is not None:
                    own = {"id": f"{who['id']}\x1f{name}", "name": name, "value": value}
                    found.append(("traits", who | own))
        return found


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
            if name in self.touchpoints:
                row = event.row | {"touchpoint": self.touchpoints[name]}
                return [("interactions", _kept(row, event))]
        raise UnusableError(f"{UNCATALOGUED}no rule and no touchpoint is named {event.names[0]!r}")


def read_rules(content: str, catalogue: Catalogue, where: str = "rules") -> Rules:
    """Read and check a rule table.

    Args:
        content: YAML, a list of rules.
        catalogue: whose touchpoints and instruments it names.
        where: its name in messages.

    Raises:
        SourceError: it is no table of rules, or names what the catalogue does not have.
    """
    try:
        raw = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise SourceError(f"{where} is no YAML: {error}", "correct it at that line") from error
    if not isinstance(raw, list | None):
        raise SourceError(f"{where} is no list", "begin each rule with `- event: …`")
    rules = tuple(
        _rule(given, f"{where}: rule {number}", catalogue)
        for number, given in enumerate(raw or (), 1)
    )
    named = {plain_name(point.label): name for name, point in catalogue.touchpoints.items()}
    asked = {plain_name(one.label): name for name, one in catalogue.instruments.items()}
    return Rules(
        rules,
        named | {plain_name(name): name for name in catalogue.touchpoints},
        asked | {plain_name(name): name for name in catalogue.instruments},
    )


def plain_name(name: str) -> str:
    """A name as it is compared: ``Order Completed`` and ``order_completed`` are the same."""
    return re.sub(r"\W+", "_", name.casefold()).strip("_")


def at(value: Any, path: str) -> Any:
    """What an event has at a path: names with dots between, numbers into lists; None if nothing."""
    if path == "" or value is None:
        return value
    if isinstance(value, Mapping):
        if path in value:  # a name may hold dots itself
            return value[path]
        name, _, rest = path.partition(".")
        return at(value.get(name), rest)
    name, _, rest = path.partition(".")
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return at(value[int(name)], rest)
    return None


def _kept(row: Row, event: Event) -> Row:
    """The record, with the event's name and properties beside its columns."""
    beside = {"event": event.names[0], **event.properties}
    return row | {"properties": as_json(beside)}


def _filled(given: "Template | tuple[Template, ...]", value: Mapping[str, Any]) -> Any:
    if isinstance(given, tuple):
        return [said for one in given if (said := one(value)) is not None]
    return given(value)


def _one_of(value: Any, wanted: tuple[str, ...]) -> bool:
    said = text(value)
    return said is not None and any(fnmatch.fnmatchcase(said, one) for one in wanted)


def _template(given: str) -> Template:
    """Text with ``{path}`` in it; None where one of them is not there."""
    pieces = _FIELD.split(given)  # text, path, text, path, … text
    if len(pieces) == 1:
        return lambda _: given

    def fill(value: Mapping[str, Any]) -> str | None:
        found = [text(at(value, path.strip())) for path in pieces[1::2]]
        if any(one is None for one in found):
            return None
        filled = [*pieces]
        filled[1::2] = [one or "" for one in found]
        return "".join(filled)

    return fill


def _rule(given: Any, where: str, catalogue: Catalogue) -> Rule:
    if not isinstance(given, dict) or not isinstance(given.get("event"), str):
        raise SourceError(f"{where} names no event", "begin it with `- event: NAME`")
    _known(given, _KEYS, where)
    records = {
        kind: _columns(given[name], kind, f"{where}: {name}", catalogue)
        for name, kind in _RECORDS.items()
        if name in given
    }
    traits = _mapping(given.get("traits", {}), f"{where}: traits")
    ignore = given.get("ignore", False)
    if ignore is not True and not records and not traits:
        raise SourceError(
            f"{where} says nothing of {given['event']!r}",
            "add interaction, perception or traits, or ignore: true",
        )
    when = _mapping(given.get("when", {}), f"{where}: when")
    return Rule(
        given["event"],
        str(given.get("source", "*")),
        {path: _texts(wanted, f"{where}: when.{path}") for path, wanted in when.items()},
        records,
        {
            str(name): _template(_scalar(one, f"{where}: traits.{name}"))
            for name, one in traits.items()
        },
        ignore is True,
    )


def _columns(
    given: Any, kind: Kind, where: str, catalogue: Catalogue
) -> dict[str, Template | tuple[Template, ...]]:
    columns = _mapping(given, where)
    _known(columns, [c.name for c in COLUMNS[kind] if c.name not in _FIXED], where)
    for name, there in (
        ("touchpoint", catalogue.touchpoints),
        ("instrument", catalogue.instruments),
    ):
        value = columns.get(name)
        if isinstance(value, str) and not _FIELD.search(value) and value not in there:
            near = difflib.get_close_matches(value, there, 1)
            raise SourceError(
                f"{where}: {name} {value!r} is not in the catalogue",
                f"did you mean {near[0]!r}?" if near else f"add it, or use: {', '.join(there)}",
            )
    if kind == "interactions" and "touchpoint" not in columns:
        raise SourceError(f"{where} names no touchpoint", "add touchpoint: …")
    return {
        name: tuple(map(_template, _texts(value, f"{where}: {name}")))
        if name in _LISTS
        else _template(_scalar(value, f"{where}: {name}"))
        for name, value in columns.items()
    }


def _known(given: Mapping[str, Any], names: Any, where: str) -> None:
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, 1)
            raise SourceError(
                f"{where}: {name!r} is unknown",
                f"did you mean {near[0]!r}?" if near else f"use: {', '.join(names)}",
            )


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise SourceError(f"{where} is no mapping", "write `name: value` below it")
    return given


def _texts(given: Any, where: str) -> tuple[str, ...]:
    return tuple(_scalar(one, where) for one in (given if isinstance(given, list) else [given]))


def _scalar(given: Any, where: str) -> str:
    if isinstance(given, dict | list) or given is None:
        raise SourceError(
            f"{where} = {given!r} is no text",
            'write it in quotes: "{properties.total}"',
        )
    return text(given) or ""
