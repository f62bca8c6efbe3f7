"""Durations as seconds: hh:mm:ss, h:mm, m:ss, and words such as ``1 h 30 min``."""

import re
from decimal import Decimal

_CLOCK = re.compile(r"(-?)(\d+):([0-5]?\d):([0-5]?\d(?:[.,]\d+)?)")
_SHORT = re.compile(r"(-?)(\d+):([0-5]\d)")
_DAYS = re.compile(r"(\d+)\s*(?:d|days?|\.)\s*,?\s*(\d+:.*)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)\.?[\s,]*", re.IGNORECASE)
_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}
_WORDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "stunden"), 3600),
    **dict.fromkeys(("d", "day", "days", "tag", "tage"), 86_400),
}


def to_seconds(text: str, unit: str = "seconds") -> str | None:
    """Return a duration in seconds as text; None where it is none.

    Args:
        text: such as ``00:04:10``, ``120:00:00``, ``1 day, 2:03:04``, ``1h 30m``, ``90``.
        unit: of a number alone: seconds, minutes, hours; of one colon: h:mm or m:ss.
    """
    if days := _DAYS.fullmatch(text):
        rest = to_seconds(days[2], unit)
        return None if rest is None else _said(Decimal(days[1]) * 86_400 + Decimal(rest))
    if found := _CLOCK.fullmatch(text):
        seconds = Decimal(found[4].replace(",", "."))
        whole = Decimal(found[2]) * 3600 + Decimal(found[3]) * 60 + seconds
        return _said(-whole if found[1] else whole)
    if found := _SHORT.fullmatch(text):
        if unit not in ("h:mm", "m:ss"):
            return None
        whole = Decimal(found[2]) * 60 + Decimal(found[3])
        whole *= 60 if unit == "h:mm" else 1
        return _said(-whole if found[1] else whole)
    if _NUMBER.fullmatch(text):
        return _said(Decimal(text.replace(",", ".")) * _UNITS.get(unit, 1))
    return _spoken(text)


def _spoken(text: str) -> str | None:
    """Hours, minutes and the like, one after the other; nothing else is sought between them."""
    total, at = Decimal(0), 0
    while at < len(text):
        part = _PART.match(text, at)
        unit = _WORDS.get(part[2].lower()) if part else None
        if part is None or unit is None:
            return None
        total += Decimal(part[1].replace(",", ".")) * unit
        at = part.end()
    return _said(total) if at else None


def _said(seconds: Decimal) -> str:
    text = format(seconds, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
