"""The order of day, month and year in a column, from all of its values."""

import re
from collections.abc import Sequence

_DATE = re.compile(r"\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")
_HALF = re.compile(r"\d\s*[ap]\.?m\b", re.I)


def date_order(values: Sequence[str]) -> tuple[str, bool]:
    """Return the order in which dates are written, and whether the values leave no other.

    Where every day is small enough to be a month, points and 24 hours say that the day comes
    first, and AM or PM that the month does.
    """
    dates = [found for found in map(_DATE.match, values) if found]
    short = [found for found in dates if len(found[1]) < 3]
    if not short:
        return "iso", True
    if any(int(found[1]) > 12 for found in short):
        return "day-first", True
    if any(int(found[2]) > 12 for found in short):
        return "month-first", True
    points = any("." in found[0] for found in short)
    half = any(_HALF.search(value) for value in values)
    return ("day-first" if points or not half else "month-first"), points
