"""The format of a column, found from all its different values."""

import re
from collections.abc import Sequence

from everytouch.collect.columns.answers import to_score, to_yes_no
from everytouch.collect.columns.durations import to_seconds
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.numbers import to_number
from everytouch.collect.columns.times import TimeReader
from everytouch.collect.columns.zones import Tally

NOTHING = ("-", "–", "—", "n/a", "na", "n.a.", "k.a.", "k. a.", "none", "null", "nil", "unknown",
           "keine angabe", "keine antwort", "no answer", "not applicable", "prefer not to say",
           "don't know", "weiß nicht", "undefined")  # fmt: skip
_MOST = 0.6  # share of the values that a format must understand
_EPOCHS = (("epoch-seconds", 9, 10), ("epoch-milliseconds", 12, 13), ("epoch-microseconds", 15, 16))
_SERIAL = re.compile(r"[34]\d{4}(\.\d+)?|5[0-5]\d{3}(\.\d+)?")
_HALVES = re.compile(r"\b[ap]\.?m\b", re.IGNORECASE)
_COLON = re.compile(r"-?\d+:\d\d(:\d\d)?")


def answered(values: Sequence[str]) -> list[str]:
    """Return the values that are answers: not "n/a", "-" and the like."""
    return [value for value in values if value.strip().casefold() not in NOTHING]


def missing(values: Sequence[str]) -> tuple[str, ...]:
    """Return the values that are no answer, as they are written."""
    return tuple(value for value in values if value.strip().casefold() in NOTHING)


def share(values: Sequence[str], read: object) -> float:
    """Return the share of values that a function understands."""
    return sum(read(value.strip()) is not None for value in values) / len(values)  # type: ignore[operator]


def time_format(
    values: Sequence[str], *, serials: bool = False
) -> tuple[ColumnFormat, bool] | None:
    """Return how a column of times is written; None where it is none.

    Args:
        values: all different values.
        serials: whether bare numbers may be days of a spreadsheet.

    Returns:
        the format, and whether day and month could also stand the other way round.
    """
    given = answered(values)
    if not given:
        return None
    digits = [value for value in given if value.isdecimal()]
    for order, least, most in _EPOCHS:
        if len(digits) == len(given) and all(least <= len(v) <= most for v in digits):
            return ColumnFormat("time", order=order), False
    if serials and any(map(_SERIAL.fullmatch, given)):
        found = share(given, TimeReader("excel", "UTC", Tally()).read)
        if found >= _MOST and len(digits) < len(given):
            return ColumnFormat("time", order="excel", missing=missing(values)), False
    dated = [value for value in given if not value.isdecimal()]
    if len(dated) < _MOST * len(given):
        return None
    shares = {o: share(given, TimeReader(o, "UTC", Tally()).read)
              for o in ("iso", "day-first", "month-first")}  # fmt: skip
    best = max(shares.values())
    if best < _MOST:
        return None
    if shares["iso"] == best:
        return ColumnFormat("time", missing=missing(values)), False
    unsure = shares["day-first"] == shares["month-first"]
    american = unsure and any("/" in v for v in given) and any(map(_HALVES.search, given))
    order = (
        "month-first" if american or shares["month-first"] > shares["day-first"] else "day-first"
    )
    return ColumnFormat("time", order=order, missing=missing(values)), unsure


def number_format(values: Sequence[str]) -> ColumnFormat | None:
    """Return how a column of numbers is written; None where it is none."""
    given = answered(values)
    if not given:
        return None
    shares = {sign: share(given, lambda text, sign=sign: to_number(text, sign)) for sign in ".,"}
    sign = max(shares, key=lambda one: shares[one])
    if shares[sign] < _MOST:
        return None
    return ColumnFormat("number", decimal=sign, missing=missing(values))


def duration_format(values: Sequence[str]) -> ColumnFormat | None:
    """Return how a column of durations with colons is written; None where it is none."""
    given = answered(values)
    if not given or not all(map(_COLON.fullmatch, given)):
        return None
    short = all(value.count(":") == 1 for value in given)
    unit = "h:mm" if short else "seconds"
    if share(given, lambda text: to_seconds(text, unit)) < _MOST:
        return None
    return ColumnFormat("duration", unit=unit, missing=missing(values))


def is_yes_no(values: Sequence[str]) -> bool:
    """Return whether a column answers yes or no in words."""
    given = answered(values)
    return bool(given) and all(to_yes_no(v.strip()) and not v.strip().isdecimal() for v in given)


def scale_of(values: Sequence[str]) -> tuple[float, float] | None:
    """Return the lowest and highest score of a column; None where it holds no scores."""
    given = answered(values)
    if not given or share(given, to_score) < _MOST:
        return None
    scores = [float(found) for value in given if (found := to_score(value.strip()))]
    return min(scores), max(scores)
