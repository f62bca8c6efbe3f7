"""Counts rounded down, so that one taken from another never leaves a few."""

import dataclasses
import math
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from everytouch.disclosure.policy import Table
from everytouch.stats.intervals import Estimate, no_estimate, share

DIGITS = 2  # of an amount that cannot be held against other parts
_COUNTED = re.compile(
    r"(?<![\d.,:-])\d[\d,]*(?= (?:answers|buyers|comments|different|experiences|interactions|"
    r"journeys|of which|of the|parties|people|perceptions|sessions|steps|trails|begun)\b)"
)


def down(count: int, least: int) -> int:
    """The largest multiple that is no more."""
    return count // least * least


def in_words(text: str, least: int) -> str:
    """A text with its counts rounded."""
    return _COUNTED.sub(lambda m: f"{down(int(m[0].replace(',', '')), least):,}", text)


def rounded(row: Any, table: Table, least: int) -> Any:
    """A row with its counts rounded, and what is computed from them."""
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        if field.name in table.shares:
            changed[field.name] = _share(value, least)
        elif field.name not in table.exact:
            changed[field.name] = _value(value, least)
    for name, count in table.ratios:
        changed[name] = _ratio(getattr(row, name), getattr(row, count), least)
    for name in table.sums:
        changed[name] = _roughly(getattr(row, name))
    return replace(row, **changed)


def beside(result: Any, tables: tuple[Table, ...], least: int) -> dict[str, Any]:
    """What a result says beside the rows of its tables, with its counts rounded."""
    listed = {"basis", *(table.name for table in tables)}
    fields = (field.name for field in dataclasses.fields(result) if field.name not in listed)
    return {name: _said(getattr(result, name), least) for name in fields}


def _said(value: Any, least: int) -> Any:
    is_share = isinstance(value, Estimate) and value.method == "Wilson score"
    return _share(value, least) if is_share else _value(value, least)


def _value(value: Any, least: int) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return down(value, least)
    if isinstance(value, Estimate):
        return _estimate(value, least)
    if isinstance(value, str):
        return in_words(value, least)
    if isinstance(value, tuple):
        return tuple(_value(one, least) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value))
        return replace(value, **{name: _value(getattr(value, name), least) for name in fields})
    return value


def _estimate(value: Estimate, least: int) -> Estimate:
    """With its count rounded; hidden where it rests on a few."""
    n = down(value.n, least)
    return replace(value, n=n) if n or not value.n else no_estimate(0, "hidden")


def _share(value: Estimate | None, least: int) -> Estimate | None:
    if value is None:
        return None
    n = down(value.n, least)
    if value.hidden or not n:
        return no_estimate(n, value.method)
    return share(min(n, down(round(value.value * value.n), least)), n)


def _ratio(value: float, count: int, least: int) -> float:
    """A ratio of rounded counts: of this count to all, where the ratio is its share of them."""
    if not value or math.isnan(value):
        return value
    whole = down(round(count / value), least)
    return min(1.0, down(count, least) / whole) if whole else 0.0


def _roughly(value: Any) -> Any:
    if not value or not math.isfinite(value):
        return value
    places = DIGITS - 1 - math.floor(math.log10(abs(value)))
    near = round(float(value), places)
    return Decimal(repr(near)) if isinstance(value, Decimal) else near
