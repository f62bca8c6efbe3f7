"""The catalogue as YAML: read with every mistake named, written back without loss."""

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from everytouch.catalogue.model import (
    ELEMENTS,
    GATES,
    SENSES,
    VALUES,
    Catalogue,
    Initiative,
    Instrument,
    Persona,
    Purpose,
    Segment,
    Touchpoint,
)
from everytouch.catalogue.safe import read_yaml
from everytouch.errors import CatalogueError
from everytouch.moments.api import PARTY_KINDS

T = TypeVar("T")
_SECTIONS: dict[str, type] = {
    "touchpoints": Touchpoint,
    "instruments": Instrument,
    "segments": Segment,
    "personas": Persona,
    "initiatives": Initiative,
    "purposes": Purpose,
}


def load(path: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises:
        CatalogueError: the file is missing, is no YAML, or says something impossible.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"catalogue {path} cannot be read: {error}", "give a UTF-8 YAML file"
        ) from error
    return loads(text, str(path))


@functools.lru_cache(maxsize=8)
def loads(text: str, where: str = "catalogue") -> Catalogue:
    """Read and check a catalogue given as text; ``where`` names it in messages.

    The same text gives the same catalogue: a report asks for it dozens of times.
    """
    try:
        raw = read_yaml(text)
    except yaml.YAMLError as error:
        raise CatalogueError(f"{where} is no YAML: {error}", "correct it at that line") from error
    if not isinstance(raw, dict):
        raise CatalogueError(f"{where} holds no mapping", "begin with `organisation: …`")
    sections = {name: _section(name, raw.pop(name, None) or {}, where) for name in _SECTIONS}
    catalogue = record(Catalogue, {"organisation": "", **raw, **sections}, where)
    _check(catalogue, where)
    return catalogue


def dumps(catalogue: Catalogue) -> str:
    """The catalogue as YAML; ``loads(dumps(c)) == c``."""
    raw: dict[str, Any] = {
        "organisation": catalogue.organisation,
        "stages": list(catalogue.stages),
        "bad_outcomes": list(catalogue.bad_outcomes),
    }
    for section in _SECTIONS:
        raw[section] = {n: plain_fields(item) for n, item in getattr(catalogue, section).items()}
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=100)


def merged(first: Catalogue, second: Catalogue) -> Catalogue:
    """``first`` with what only ``second`` has; where both have a name, ``first`` counts."""
    sections = {name: getattr(second, name) | getattr(first, name) for name in _SECTIONS}
    outcomes = dict.fromkeys((*first.bad_outcomes, *second.bad_outcomes))
    stages = first.stages if first.touchpoints else second.stages
    return dataclasses.replace(
        first,
        organisation=first.organisation or second.organisation,
        stages=(*stages, *(s for s in second.stages if s not in stages)),
        bad_outcomes=tuple(outcomes),
        **sections,
    )


def plain_fields(item: Any) -> dict[str, Any]:
    """A record's fields that are not as they are by default, and not its name."""
    fields = {f.name: f.default for f in dataclasses.fields(item)}
    values = {name: getattr(item, name) for name in fields if name != "name"}
    result: dict[str, Any] = {}
    for name, value in values.items():
        if value != fields[name]:
            inner = plain_fields(value) if dataclasses.is_dataclass(value) else value
            result[name] = list(inner) if isinstance(inner, tuple) else inner
    return result


def _section(section: str, raw: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise CatalogueError(f"{where}: {section} is no mapping", "write `name: {…}` entries")
    made = {}
    for name, values in raw.items():
        place = f"{where}: {section}.{name}"
        if not isinstance(values, dict):
            raise CatalogueError(f"{place} is no mapping", "write its fields below the name")
        label = values.get("label", str(name).replace("_", " "))
        made[str(name)] = record(
            _SECTIONS[section], {**values, "name": str(name), "label": label}, place
        )
    return made


def record(cls: Callable[..., T], values: dict[str, Any], where: str) -> T:
    """A record of plain values, each checked against the type of its field.

    Raises:
        CatalogueError: a value is unknown, missing or of another type; ``where`` names it.
    """
    hints = typing.get_type_hints(cls)
    unknown = values.keys() - hints.keys()
    if unknown:
        raise CatalogueError(
            f"{where}: {', '.join(map(repr, sorted(unknown)))} is unknown",
            f"use: {', '.join(hints)}",
        )
    typed = {name: _value(hints[name], value, f"{where}.{name}") for name, value in values.items()}
    try:
        return cls(**typed)
    except TypeError as error:
        raise CatalogueError(f"{where}: {error}", "add what is missing") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and isinstance(value, hint):
        return value
    if origin is types.UnionType:
        if value is None:
            return None
        hint = next(arm for arm in typing.get_args(hint) if arm is not type(None))
        return _value(hint, value, where)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return record(hint, value if isinstance(value, dict) else {"text": value}, where)
    if origin is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        return tuple(_scalar(str, item, where) for item in items)
    if origin is typing.Literal:
        return one_of(value, typing.get_args(hint), where)
    return value if origin is dict else _scalar(hint, value, where)


def _scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise CatalogueError(f"{where} is out of range", "give a smaller number") from error
    if hint is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, hint):
        raise CatalogueError(f"{where} = {value!r} is no {hint.__name__}", "correct it")
    return value


def one_of(value: Any, allowed: Iterable[str], where: str) -> Any:
    """The value, which must be one of those allowed.

    Raises:
        CatalogueError: it is not.
    """
    choices = tuple(allowed)
    if value not in choices:
        raise CatalogueError(
            f"{where} = {value!r} is not known", f"use one of: {', '.join(choices)}"
        )
    return value


def _check(catalogue: Catalogue, where: str) -> None:
    for name, point in catalogue.touchpoints.items():
        place = f"{where}: touchpoints.{name}"
        one_of(point.stage, catalogue.stages, f"{place}.stage")
        one_of(point.element, ELEMENTS, f"{place}.element")
        _check_words(point, place)
    for name, instrument in catalogue.instruments.items():
        if not instrument.low < instrument.high:
            raise CatalogueError(
                f"{where}: instruments.{name}: {instrument.low} to {instrument.high} is no scale",
                "give low < high",
            )
    for name, segment in catalogue.segments.items():
        _check_segment(segment, catalogue, f"{where}: segments.{name}")
    for name, persona in catalogue.personas.items():
        if persona.segment is not None:
            one_of(persona.segment, catalogue.segments, f"{where}: personas.{name}.segment")
        _check_words(persona, f"{where}: personas.{name}")
    for name, purpose in catalogue.purposes.items():
        _check_gates(purpose, f"{where}: purposes.{name}.gates")
    for name, initiative in catalogue.initiatives.items():
        check_initiative(initiative, catalogue, f"{where}: initiatives.{name}")


def _check_segment(segment: Segment, catalogue: Catalogue, place: str) -> None:
    if segment.party_kind is not None:
        one_of(segment.party_kind, PARTY_KINDS, f"{place}.party_kind")
    if segment.touchpoint is not None:
        one_of(segment.touchpoint, catalogue.touchpoints, f"{place}.touchpoint")


def check_initiative(one: Initiative, catalogue: Catalogue, place: str) -> None:
    """Whether an initiative can be judged.

    Args:
        place: where it stands, for the error.

    Raises:
        CatalogueError: a segment that there is not, a comparison that lacks something.
    """
    try:
        treated = one.rollout
    except ValueError as error:
        raise CatalogueError(
            f"{place}.waves: {error}", "write each as: segment 2025-06-01"
        ) from error
    for segment in (*treated, *filter(None, (one.control, *one.others))):
        one_of(segment, catalogue.segments, place)
    if not 0 < one.share < 1:
        raise CatalogueError(f"{place}.share = {one.share} is no share", "give one between 0 and 1")
    if one.until is not None and one.until <= one.start:
        raise CatalogueError(f"{place}.until is not after its start", "give a later day")
    if one.kind == "experiment" and not one.control:
        raise CatalogueError(f"{place} has no control", "name the segment that was not treated")
    if one.kind == "single" and len(one.others) < 2:
        raise CatalogueError(f"{place}.others are too few", "name two segments or more")


def _check_gates(purpose: Purpose, place: str) -> None:
    for gate in purpose.gates:
        one_of(gate, GATES, place)


def _check_words(item: Touchpoint | Persona, place: str) -> None:
    for sense in item.senses:
        one_of(sense, SENSES, f"{place}.senses")
    for value in item.values:
        one_of(value, VALUES, f"{place}.values")
