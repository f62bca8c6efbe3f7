"""How far a table was read: the value of its cursor column, as text."""

import datetime
import re
from decimal import Decimal, InvalidOperation

from everytouch.collect.fetch.timing import duration
from everytouch.errors import SourceError

_AHEAD = datetime.timedelta(days=1)  # a sender's clock may be ahead so far
_TYPED = re.compile(r"(integer|real|text|time):(.*)", re.DOTALL)
_ROWS = 1_000


def typed(token: str) -> tuple[str, str]:
    """Return the type that a token states, if any, and its text."""
    found = _TYPED.fullmatch(token)
    return (found[1], found[2]) if found else ("", token)


def moment(token: str) -> datetime.datetime | None:
    """Return the time that a token states; None where it is no time. No zone means UTC."""
    text = typed(token)[1]
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def in_future(token: str, now: datetime.datetime) -> bool:
    """Return whether a token is a time that is still to come.

    One such row must not make everything that is written until then look old.
    """
    if typed(token)[1] == "infinity":
        return True
    found = moment(token)
    return found is not None and found > now + _AHEAD


def earlier(token: str, overlap: str) -> str:
    """Return a token that lies ``overlap`` before another.

    Args:
        overlap: a duration for times, a number for numbers; empty for 5 minutes or 1,000.

    Raises:
        SourceError: the overlap does not fit the cursor.
    """
    kind, text = typed(token)
    prefix = f"{kind}:" if kind else ""
    if moment(token) is not None:
        back = datetime.timedelta() if overlap == "0" else duration(overlap or "5m", "overlap")
        return prefix + _written(datetime.datetime.fromisoformat(text) - back, text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return token
    if kind == "text" or not number.is_finite():
        return token
    try:
        return f"{prefix}{number - Decimal(overlap or _ROWS):f}"
    except InvalidOperation as error:
        raise SourceError(
            f"overlap {overlap!r} does not fit a cursor of numbers", "give a number"
        ) from error


def _written(found: datetime.datetime, like: str) -> str:
    """Write a time as its column does: a date stays a date."""
    if len(like) == 10:
        return found.date().isoformat()
    return found.isoformat(" " if " " in like else "T")


def order(text: str) -> tuple[int, Decimal | datetime.datetime | str]:
    """Return what values are compared by: numbers, then times, then texts."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        found = moment(text)
        return (1, found) if found else (2, text)
    return (0, number) if number.is_finite() else (2, text)
