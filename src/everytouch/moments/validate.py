"""The rules a record must meet. One rule is one function and one line in ``RULES``.

A rule takes the columns of a batch and a vocabulary and returns which rows break it and
what to say; only the rows that break it are ever looked at one by one.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from everytouch.moments.devices import DEVICE_SIDES, DEVICE_TYPES
from everytouch.moments.identifiers import Nobody
from everytouch.moments.model import ABOUT, COLUMNS, MODES, PARTY_KINDS, Kind
from everytouch.moments.retention import Retention

EARLIEST = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
LONGEST_TEXT = 65_536
CENTURY = 100 * 366 * 86_400
MOST_MONEY = 10_000_000_000_000  # of one moment: sums of many stay exact in 64 bits
LONGEST_NAME = 1_024


@dataclass(frozen=True)
class Scale:
    """The scale of an instrument: its ends, and whether a high answer is a bad one."""

    low: float
    high: float
    reversed: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """What records may name, and the time they may not lie beyond.

    Attributes:
        nobody: identifiers that identify nobody.
        devices: ID types of devices.
        retention: how long records are kept; older ones are not taken in.
    """

    touchpoints: frozenset[str]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    currency: str = "EUR"
    latest: datetime.datetime = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
    nobody: Nobody = field(default_factory=Nobody)
    devices: frozenset[str] = DEVICE_TYPES
    retention: Retention = field(default_factory=Retention)
    purposes: frozenset[str] = frozenset()


Broken = tuple[pa.Array, Callable[[dict[str, Any]], str]]
Rule = Callable[[pa.Table, Kind, Vocabulary], Iterator[Broken]]


def _missing(table: pa.Table, kind: Kind, _: Vocabulary) -> Iterator[Broken]:
    for column in COLUMNS[kind]:
        if not column.required:
            continue
        values = table[column.name]
        mask = pc.is_null(values)
        if pa.types.is_string(column.type):
            mask = pc.or_kleene(mask, pc.equal(pc.utf8_trim_whitespace(values), ""))
        yield mask, lambda _, name=column.name: f"{name} is missing"  # type: ignore[misc]


def _time(table: pa.Table, _kind: Kind, words: Vocabulary) -> Iterator[Broken]:
    when = table["occurred_at"]
    outside = pc.or_(
        pc.less(when, pa.scalar(EARLIEST, when.type)),
        pc.greater(when, pa.scalar(words.latest, when.type)),
    )
    yield outside, lambda row: f"occurred_at {row['occurred_at']} is before 1970 or in the future"


def _touchpoint(table: pa.Table, kind: Kind, words: Vocabulary) -> Iterator[Broken]:
    if kind not in ("interactions", "perceptions"):
        return
    known = pa.array(sorted(words.touchpoints), pa.string())
    given = table["touchpoint"]
    unknown = pc.and_(pc.is_valid(given), pc.invert(pc.is_in(given, value_set=known)))
    yield unknown, lambda row: f"touchpoint {row['touchpoint']!r} is not in the catalogue"


def _purpose(table: pa.Table, kind: Kind, words: Vocabulary) -> Iterator[Broken]:
    if kind == "consents":
        known = pa.array(sorted(words.purposes), pa.string())
        named = pc.and_(
            pc.is_valid(table["purpose"]), pc.invert(pc.is_in(table["purpose"], value_set=known))
        )
        yield named, lambda row: f"purpose {row['purpose']!r} is not in the catalogue"


def _also(table: pa.Table, _kind: Kind, _words: Vocabulary) -> Iterator[Broken]:
    """Every other identifier names its namespace; without a value it identifies nobody."""
    if "also" not in table.column_names or table["also"].null_count == len(table):
        return
    lists = table["also"].combine_chunks()
    fits = pc.match_substring_regex(pc.list_flatten(lists), r"^[^:]+:")
    wrong = np.zeros(len(table), np.bool_)
    wrong[pc.list_parent_indices(lists).filter(pc.invert(pc.fill_null(fits, False)))] = True
    yield pa.array(wrong), lambda row: f"also {row['also']} is no list of namespace:value"


_CHOICES = (
    ("party_kind", PARTY_KINDS),
    ("mode", MODES),
    ("about", ABOUT),
    ("device", (*DEVICE_SIDES, None)),
)


def _choice(table: pa.Table, _kind: Kind, _words: Vocabulary) -> Iterator[Broken]:
    for name, allowed in _CHOICES:
        if name in table.column_names:
            wrong = pc.invert(pc.is_in(table[name], value_set=pa.array(allowed, pa.string())))
            yield (
                wrong,
                lambda row, name=name, allowed=allowed: (  # type: ignore[misc]
                    f"{name} {row[name]!r} is none of {', '.join(filter(None, allowed))}"
                ),
            )


def _score(table: pa.Table, kind: Kind, words: Vocabulary) -> Iterator[Broken]:
    if kind != "perceptions":
        return
    asked, raw = table["instrument"], table["raw"]
    known = pa.array(sorted(words.scales), pa.string())
    unknown = pc.and_(pc.is_valid(asked), pc.invert(pc.is_in(asked, value_set=known)))
    yield unknown, lambda row: f"instrument {row['instrument']!r} is not in the catalogue"
    yield (
        pc.and_(pc.is_valid(raw), pc.is_null(asked)),
        lambda row: f"answer {row['raw']} names no instrument, so its scale is unknown",
    )
    for name, scale in words.scales.items():
        inside = pc.and_(pc.greater_equal(raw, scale.low), pc.less_equal(raw, scale.high))
        off = pc.and_(pc.equal(asked, name), pc.invert(inside))
        yield (
            off,
            lambda row, name=name, scale=scale: (  # type: ignore[misc]
                f"answer {row['raw']} is off the scale of {name}, {scale.low:g} to {scale.high:g}"
            ),
        )


def _numbers(table: pa.Table, kind: Kind, words: Vocabulary) -> Iterator[Broken]:
    if kind == "interactions":
        seconds = table["duration_s"]
        usable = pc.and_(pc.is_finite(seconds), pc.greater_equal(seconds, 0.0))
        yield pc.invert(usable), lambda row: f"duration_s {row['duration_s']} is no length of time"
        long = pc.greater(seconds, CENTURY)
        yield long, lambda row: f"duration_s {row['duration_s']} is longer than a century"
        for name in ("amount", "cost"):
            large = pc.greater(pc.abs(table[name]), pa.scalar(MOST_MONEY, table[name].type))
            yield large, lambda row, name=name: f"{name} {row[name]} is over {MOST_MONEY:,}"  # type: ignore[misc]
        money = table["currency"]
        other = pc.and_(pc.is_valid(money), pc.not_equal(money, words.currency))
        yield (
            other,
            lambda row: (
                f"currency {row['currency']!r} is not the workspace's {words.currency}; "
                "convert it in the SELECT"
            ),
        )
    for name in ("confidence", "weight"):
        if name in table.column_names:
            bad = pc.invert(pc.and_(pc.is_finite(table[name]), pc.greater_equal(table[name], 0.0)))
            yield bad, lambda row, name=name: f"{name} {row[name]} is negative or no number"  # type: ignore[misc]


def _strings(table: pa.Table, kind: Kind, _words: Vocabulary) -> Iterator[Broken]:
    long = ("text", "properties", "evidence")
    for column in COLUMNS[kind]:
        if not pa.types.is_string(column.type) or table[column.name].null_count == len(table):
            continue
        most = LONGEST_TEXT if column.name in long else LONGEST_NAME
        name, size = column.name, pc.binary_length(table[column.name])
        yield (
            pc.greater(size, most),
            lambda _, name=name, most=most: f"{name} is longer than {most} bytes",  # type: ignore[misc]
        )


RULES: tuple[Rule, ...] = (
    _missing,
    _time,
    _touchpoint,
    _purpose,
    _also,
    _choice,
    _score,
    _numbers,
    _strings,
)


def find_broken(table: pa.Table, kind: Kind, words: Vocabulary) -> dict[int, str]:
    """Rows that break a rule, with the reasons.

    Args:
        table: records with the columns of ``schema(kind)``.
        kind: which record.
        words: what may be named.

    Returns:
        row number → reasons, joined by "; ".
    """
    reasons: dict[int, list[str]] = {}
    for rule in RULES:
        for mask, say in rule(table, kind, words):
            for row in pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist():
                reasons.setdefault(row, []).append(say(table.slice(row, 1).to_pylist()[0]))
    return {row: "; ".join(texts) for row, texts in sorted(reasons.items())}


def score(table: pa.Table, words: Vocabulary) -> pa.Array:
    """Scores 0 to 100 of perceptions: the linear map of each instrument's scale (POMP)."""
    raw, result = table["raw"], pa.nulls(len(table), pa.float64())
    for name, scale in words.scales.items():
        width = scale.high - scale.low
        points = pc.multiply(pc.divide(pc.subtract(raw, scale.low), width), 100.0)
        if scale.reversed:
            points = pc.subtract(100.0, points)
        result = pc.if_else(
            pc.fill_null(pc.equal(table["instrument"], name), False), points, result
        )
    return result
