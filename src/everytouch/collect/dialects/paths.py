"""Paths into JSON: names joined by dots, positions in lists, list items chosen by a value.

``data.object.amount``, ``items.0.price``, ``answers[field.ref=nps].number``.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from everytouch.collect.dialects.values import DEEPEST, UNREADABLE, as_json, text

MOST_DIGITS = 9  # of a position in a list
LONGEST = 2_000  # characters of a path: each dot of it may be one of a name
_CHOICE = re.compile(r"\[([^\[\]=]+)=([^\[\]]*)\]\.?")
_STABLE = ("field.ref", "field.id", "ref", "key", "name", "question_id", "question", "label")
_scalars = (str, int, float, Decimal)
_exact = msgspec.json.Decoder(float_hook=Decimal)


def at(value: Any, path: str) -> Any:
    """Return what an event has at a path; None if there is nothing.

    Text that holds JSON itself, as some form fields do, is read where the path goes on inside.
    """
    if len(path) > LONGEST:
        return None
    while path:
        value = within(value)
        step = _step(value, path)
        if step is None:
            return None
        key, path = step
        value = value[key]
    return value


def without(value: Any, path: str) -> Any:
    """Return a copy of a value that lacks what is at the path."""
    inner = within(value)
    step = _step(inner, path)
    if step is None:
        return value
    key, rest = step
    copy = dict(inner) if isinstance(inner, Mapping) else list(inner)
    if rest:
        copy[key] = without(copy[key], rest)
    else:
        del copy[key]
    return as_json(copy) if isinstance(value, str) else copy


def leaves(value: Any, path: str = "", level: int = 1) -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of every number, text, and empty list or object."""
    inner = within(value)
    if isinstance(inner, Mapping) and inner and level < DEEPEST:
        for name, item in inner.items():
            yield from leaves(item, f"{path}.{name}" if path else str(name), level + 1)
    elif isinstance(inner, list) and inner and level < DEEPEST:
        for step, item in zip(_item_steps(inner), inner, strict=True):
            joined = f"{path}{step}" if step.startswith("[") or not path else f"{path}.{step}"
            yield from leaves(item, joined, level + 1)
    else:
        yield path, value


def texts(value: Any, level: int = 1) -> Iterator[str]:
    """Yield every text there is; no path is made, as a name may be as long as the event."""
    inner = within(value)
    if isinstance(inner, Mapping | list) and level < DEEPEST:
        for item in inner.values() if isinstance(inner, Mapping) else inner:
            yield from texts(item, level + 1)
    elif isinstance(value, str):
        yield value


def within(value: Any) -> Any:
    """Return the JSON object or list that a text holds; any other value as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        found = _exact.decode(value)
    except UNREADABLE:
        return value
    return found if isinstance(found, dict | list) else value


def _step(value: Any, path: str) -> tuple[Any, str] | None:
    """Return the key of the next level and the rest of the path; None if it leads nowhere."""
    if isinstance(value, Mapping):
        return _name(value, path)
    if not isinstance(value, list):
        return None
    if chosen := _CHOICE.match(path):
        inner, wanted = chosen.groups()
        places = (n for n, item in enumerate(value) if _is(at(item, inner), wanted))
        place = next(places, None)
        return None if place is None else (place, path[chosen.end() :])
    name, _, rest = path.partition(".")
    if name.isdecimal() and len(name) <= MOST_DIGITS and int(name) < len(value):
        return int(name), rest
    return None


def _name(value: Mapping[str, Any], path: str) -> tuple[str, str] | None:
    """Find the longest beginning of a path that is a name there: a name may hold dots itself."""
    if path in value:
        return path, ""
    names = path.split(".")
    for count in range(len(names) - 1, 0, -1):
        if (name := ".".join(names[:count])) in value:
            return name, ".".join(names[count:])
    name, bracket, _ = path.partition("[")
    while bracket and name not in value:  # a name before a choice, or one with brackets itself
        more, bracket, _ = path[len(name) + 1 :].partition("[")
        name = f"{name}[{more}"
    return (name, path[len(name) :]) if bracket else None


def _is(value: Any, wanted: str) -> bool:
    return isinstance(value, _scalars) and text(value) == wanted


def _item_steps(items: list[Any]) -> list[str]:
    """Name list items by a value that tells them apart in every event, else by position."""
    stable = (*_STABLE, "id") if all("value" in i for i in items if _mapping(i)) else _STABLE
    for path in stable:
        found = [at(item, path) if _mapping(item) else None for item in items]
        if _tell_apart(found):
            return [f"[{path}={text(value)}]" for value in found]
    return [str(place) for place in range(len(items))]


def _tell_apart(found: list[Any]) -> bool:
    named = [value for value in found if isinstance(value, str | int) and value != ""]
    plain = not any(set("[]{}|=") & set(str(value)) for value in named)
    return plain and len(named) == len(found) == len({text(value) for value in named})


def _mapping(value: Any) -> bool:
    return isinstance(value, Mapping)
