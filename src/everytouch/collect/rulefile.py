"""Reading a rule table (YAML), and checking it against the catalogue."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from everytouch.catalogue.api import Catalogue, read_yaml
from everytouch.collect.dialects.base import UnusableError
from everytouch.collect.dialects.values import text
from everytouch.collect.rules import ITEM, Columns, Rule, Rules, plain_name
from everytouch.collect.templates import FIELD, Template, template
from everytouch.errors import SourceError
from everytouch.moments.api import COLUMNS, Kind

_RECORDS: dict[str, Kind] = {
    "interaction": "interactions",
    "perception": "perceptions",
    "consent": "consents",
}
_FIXED = ("properties",)  # columns a rule does not give
_LISTS = ("also", "correlations")
_KEYS = ("event", "source", "when", "each", *_RECORDS, "traits", "drop", "ignore")


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
        raw = read_yaml(content)
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


def _rule(given: Any, where: str, catalogue: Catalogue) -> Rule:
    if not isinstance(given, dict) or not isinstance(given.get("event"), str):
        raise SourceError(f"{where} names no event", "begin it with `- event: NAME`")
    _known(given, _KEYS, where)
    records = tuple(_records(given, where, catalogue))
    traits = _mapping(given.get("traits", {}), f"{where}: traits")
    ignore = given.get("ignore", False)
    if ignore is not True and not records and not traits:
        raise SourceError(
            f"{where} says nothing of {given['event']!r}",
            "add interaction, perception, consent or traits, or ignore: true",
        )
    when = _mapping(given.get("when", {}), f"{where}: when")
    return Rule(
        given["event"],
        str(given.get("source", "*")),
        {path: _texts(wanted, f"{where}: when.{path}") for path, wanted in when.items()},
        _each(given, records, where),
        records,
        {str(name): _template(one, f"{where}: traits.{name}") for name, one in traits.items()},
        _texts(given.get("drop", []), f"{where}: drop"),
        ignore is True,
    )


def _records(
    given: Mapping[str, Any], where: str, catalogue: Catalogue
) -> Iterator[tuple[Kind, Columns]]:
    """Each kind of record is given once, or several times as a list."""
    for name, kind in _RECORDS.items():
        those = given.get(name, [])
        for number, one in enumerate(those if isinstance(those, list) else [those], 1):
            place = f"{where}: {name}" + (f" {number}" if isinstance(those, list) else "")
            yield kind, _columns(one, kind, place, catalogue)


def _each(given: Mapping[str, Any], records: tuple[tuple[Kind, Columns], ...], where: str) -> str:
    each = _scalar(given.get("each", ""), f"{where}: each")
    for _, columns in records if each else ():
        own = columns.get("id")
        paths = [one.path for one in own.fields] if isinstance(own, Template) else [ITEM]
        if not any(path.partition(".")[0] == ITEM for path in paths):
            raise SourceError(
                f"{where}: id is the same for every item of {each!r}",
                'use the item in it, as id: "{item.id}", or leave it out',
            )
    return each


def _columns(given: Any, kind: Kind, where: str, catalogue: Catalogue) -> Columns:
    columns = _mapping(given, where)
    _known(columns, [c.name for c in COLUMNS[kind] if c.name not in _FIXED], where)
    for name, there in (
        ("touchpoint", catalogue.touchpoints),
        ("instrument", catalogue.instruments),
        ("purpose", catalogue.purposes),
    ):
        value = columns.get(name)
        if isinstance(value, str) and not FIELD.search(value) and value not in there:
            near = difflib.get_close_matches(value, there, 1)
            raise SourceError(
                f"{where}: {name} {value!r} is not in the catalogue",
                f"did you mean {near[0]!r}?" if near else f"add it, or use: {', '.join(there)}",
            )
    if kind == "interactions" and "touchpoint" not in columns:
        raise SourceError(f"{where} names no touchpoint", "add touchpoint: …")
    read: dict[str, Template | tuple[Template, ...]] = {
        name: tuple(template(one, f"{where}: {name}") for one in _texts(value, f"{where}: {name}"))
        if name in _LISTS
        else _template(value, f"{where}: {name}")
        for name, value in columns.items()
    }
    _check_money(read, where)
    return read


def _check_money(columns: Columns, where: str) -> None:
    """Only money has minor units, and how many digits they are depends on the currency."""
    for name, one in columns.items():
        if not isinstance(one, Template) or not one.money:
            continue
        if name not in ("amount", "cost"):
            raise SourceError(f"{where}: {name} is not money", "leave out |minor or |stripe there")
        if "currency" not in columns:
            raise SourceError(
                f"{where}: {name} is in minor units of an unknown currency",
                'add currency, as currency: EUR or currency: "{data.currency|upper}"',
            )


def _template(given: Any, where: str) -> Template:
    return template(_scalar(given, where), where)


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
    try:
        return text(given) or ""
    except UnusableError as error:
        raise SourceError(f"{where}: {error}", "take it out") from error
