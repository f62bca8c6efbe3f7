"""Plans as JSON: written to keep a mapping, and read back strictly."""

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from everytouch.catalogue.api import Instrument
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.model import Mapping, Plan, Value
from everytouch.collect.source import FORMATS, Input, input_from
from everytouch.errors import SourceError
from everytouch.moments.api import ABOUT, PARTY_KINDS
from everytouch.settings import TIMEZONES

_NAMESPACE = re.compile(r"[\w.-]{1,60}")
_SOURCE = re.compile(r"[\w .-]{1,60}")
_REMEDY = "match the file's columns again"


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON has it, without the paths of its files."""
    found: dict[str, Any] = msgspec.to_builtins(plan.changed(inputs=()))
    return {**found, "inputs": [input_to_json(one) for one in plan.inputs]}


def mapping_to_json(mapping: Mapping) -> dict[str, Any]:
    """Return a mapping as JSON has it."""
    found: dict[str, Any] = msgspec.to_builtins(mapping)
    return found


def input_to_json(given: Input) -> dict[str, Any]:
    """Return an input as JSON has it: the options of its TOML table, and its name."""
    return {
        "name": given.name,
        "format": given.format,
        "encoding": given.encoding,
        "delimiter": given.delimiter,
        "sheet": given.sheet,
        "header": list(given.header),
        "skip": given.skip,
        "records": given.records,
        "footer": given.footer,
        "columns": {name: format_to_json(form) for name, form in given.columns.items()},
    }


def format_to_json(form: ColumnFormat) -> dict[str, Any]:
    """Return a column's format as JSON has it: what differs from the defaults."""
    return form.as_toml()


def plan_from_json(raw: Any, path: Path) -> Plan:
    """Read a plan for a file.

    Args:
        path: the file that the plan's inputs read.

    Raises:
        SourceError: a key is unknown, or a value is of another type or not on its list.
    """
    if not isinstance(raw, dict):
        raise SourceError("the kept mapping is not an object", _REMEDY)
    inputs = tuple(input_from_json(one, path) for one in _list(raw.get("inputs")))
    plan: Plan = _converted({**raw, "inputs": []}, Plan, "mapping")
    plan = replace(plan, inputs=inputs)
    _check_plan(plan)
    return plan


def mapping_from_json(raw: Any) -> Mapping:
    """Read a mapping.

    Raises:
        SourceError: a key is unknown, or a value is of another type or not on its list.
    """
    mapping: Mapping = _converted(raw, Mapping, "mapping")
    _check_mapping(mapping)
    return mapping


def input_from_json(raw: Any, path: Path) -> Input:
    """Read an input.

    Raises:
        SourceError: an option is unknown or has an impossible value.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        raise SourceError("an input of the kept mapping is not an object", _REMEDY)
    options = {name: value for name, value in raw.items() if value is not None}
    name, kind = options.pop("name"), options.pop("format", None)
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) or kind not in FORMATS.values():
        raise SourceError(f"input {name!r} of format {kind!r} is unknown", _REMEDY)
    return input_from(name, (path,), str(kind), options, f"input {name}")


def _converted(raw: Any, kind: type, place: str) -> Any:
    try:
        found: Any = msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise SourceError(f"{place} cannot be read: {error}", _REMEDY) from error
    unknown = _unknown(raw, msgspec.to_builtins(found))
    if unknown:
        raise SourceError(f"{place} has an unknown key {unknown!r}", _REMEDY)
    return found


def _unknown(raw: Any, back: Any) -> str:
    """The first key that was given and is not read; "" if there is none."""
    if isinstance(raw, dict) and isinstance(back, dict):
        for name, value in raw.items():
            found = name if name not in back else _unknown(value, back[name])
            if found:
                return str(found)
    if isinstance(raw, list) and isinstance(back, list | tuple):
        return next(filter(None, map(_unknown, raw, back)), "")
    return ""


def _check_plan(plan: Plan) -> None:
    if plan.timezone not in TIMEZONES:
        raise SourceError(f"time zone {plan.timezone!r} is unknown", "choose one from the list")
    if not _SOURCE.fullmatch(plan.source):
        raise SourceError(
            f"{plan.source!r} cannot name a source", "use letters, digits, space and - . _"
        )
    tables = [one.name for one in plan.inputs] + [name for name, _ in plan.tables]
    for mapping in plan.mappings:
        if mapping.table not in tables:
            raise SourceError(f"there is no table {mapping.table!r}", _REMEDY)
        _check_mapping(mapping)
    for instrument in plan.instruments:
        check_scale(instrument)


def check_scale(instrument: Instrument) -> None:
    """Check the ends of a question's scale.

    Raises:
        SourceError: they are no numbers, or the low end is not below the high end.
    """
    ends = (instrument.low, instrument.high)
    if not all(map(isfinite, ends)) or instrument.low >= instrument.high:
        raise SourceError(
            f"{instrument.label}: {instrument.low:g} to {instrument.high:g} is not a scale",
            "give a low end that is below the high end",
        )


def _check_mapping(mapping: Mapping) -> None:
    unknown = sorted(set(_columns(mapping)) - set(mapping.columns) - {""})
    if unknown:
        raise SourceError(f"the file has no column {unknown[0]!r}", _REMEDY)
    spaces = [who.namespace for who in mapping.who] + [kind for kind, _ in mapping.objects]
    spaces += [who.namespace for who in (mapping.counterpart, mapping.else_who) if who]
    for space in spaces:
        if not _NAMESPACE.fullmatch(space):
            raise SourceError(f"ID type {space!r} has characters that it cannot have",
                              "use letters, digits and - . _")  # fmt: skip
    if mapping.party_kind not in PARTY_KINDS or mapping.about not in ABOUT:
        raise SourceError(
            f"{mapping.party_kind!r} or {mapping.about!r} is unknown", "choose one from the list"
        )


def _columns(mapping: Mapping) -> Iterable[str]:
    """All columns that a mapping names."""
    for one in fields(Mapping):
        value = getattr(mapping, one.name)
        if isinstance(value, Value):
            yield value.column
    yield from (mapping.title, mapping.weight, mapping.amount, mapping.cost, mapping.duration)
    yield from (mapping.due, mapping.source_order)
    yield from (*mapping.id, *mapping.when, *mapping.text, *mapping.traits, *mapping.leave)
    yield from (who.column for who in mapping.who)
    yield from (column for _, column in mapping.objects)
    yield from (column for choice in mapping.choices for column in choice.columns)
    for question in mapping.questions:
        yield from (question.column, question.when, question.id)
    yield from (who.column for who in (mapping.counterpart, mapping.else_who) if who)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
