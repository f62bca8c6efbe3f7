"""How the values of a column are written: its order of day and month, and its decimal sign."""

import re
from collections.abc import Iterable

_NUMBERS = re.compile(r"\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")


def order_of(values: Iterable[str], unsure: str) -> str:
    """Return the order of day and month in which all values are dates.

    Args:
        unsure: the order where no value has a day above 12, as day-first. Dates with dots begin
            with the day everywhere.
    """
    found = [match for value in values if (match := _NUMBERS.match(value))]
    if found and all(len(match[1]) == 4 for match in found):
        return "iso"
    short = [match for match in found if len(match[1]) < 3]
    if any(int(match[1]) > 12 for match in short):
        return "day-first"
    if any(int(match[2]) > 12 for match in short):
        return "month-first"
    dotted = short and all("." in match[0] for match in short)
    return "day-first" if dotted else unsure


def decimal_of(values: Iterable[str], unsure: str = ".") -> str:
    """Return the sign before the decimals of a column's numbers.

    Args:
        unsure: the sign where no value tells, as 1.234 alone does not.
    """
    points = commas = 0
    for value in values:
        digits = re.sub(r"[^0-9.,]", "", value)
        last = max(digits.rfind("."), digits.rfind(","))
        if last < 0:
            continue
        sign, behind = digits[last], len(digits) - last - 1
        both = "." in digits and "," in digits
        if both or (behind != 3 and digits.count(sign) == 1):
            points += sign == "."
            commas += sign == ","
        elif digits.count(sign) > 1:  # parts thousands, so the other is before the decimals
            points += sign == ","
            commas += sign == "."
    if points == commas:
        return unsure
    return "." if points > commas else ","
