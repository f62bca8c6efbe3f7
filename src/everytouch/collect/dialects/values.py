"""Values as programs send them: JSON that is not quite JSON, texts, times by another clock."""

import dataclasses
import datetime
import json
import math
import re
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from everytouch.collect.dialects.base import Found, NotJsonError, Taken, UnusableError

H = TypeVar("H")
W = TypeVar("W", Found, Taken)

DEEPEST = 32  # levels of a property
_DIGITS = 1_000  # of a number that is counted with
_FINER = re.compile(r"^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d[.,]\d{6})\d+")
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_written = msgspec.json.Encoder(decimal_format="number")
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def parts(body: bytes) -> list[bytes]:
    """The values of a JSON array, each as JSON.

    What is JSON by its grammar but says what Unicode and numbers do not have (half a surrogate
    pair, NaN) is taken all the same: halves become U+FFFD, NaN the text "NaN".

    Raises:
        NotJsonError: it is no JSON array.
    """
    try:
        return [bytes(part) for part in _raws.decode(body)]
    except UNREADABLE:
        value = loosely(body)
    if not isinstance(value, list):
        raise NotJsonError("there is no list of events")
    return [msgspec.json.encode(part) for part in value]


def apart(one: W) -> W:
    """With its events one by one, where they are a whole.

    How deep JSON may be depends on how deep its reader stands: what the server could read and
    this cannot stays one event, which then is held as it came.
    """
    if not one.whole:
        return one
    try:
        events = parts(one.whole)
    except NotJsonError:
        events = [one.whole]
    changed: dict[str, Any] = {"events": events, "ids": [None] * len(events)}
    replace: Any = dataclasses.replace if isinstance(one, Found) else msgspec.structs.replace
    replaced: W = replace(one, **changed, whole=b"", count=0)
    return replaced


def fields(body: bytes) -> dict[str, bytes]:
    """The values of a JSON object, each as JSON; as with ``parts``.

    Raises:
        NotJsonError: it is no JSON object.
    """
    try:
        return {name: bytes(part) for name, part in _fields.decode(body).items()}
    except UNREADABLE:
        value = loosely(body)
    if not isinstance(value, dict):
        raise NotJsonError("the body is no object")
    return {name: msgspec.json.encode(part) for name, part in value.items()}


def object_of(whole: dict[str, bytes]) -> bytes:
    """An object of its fields, as JSON: what ``fields`` read, without what it replaced."""
    return msgspec.json.encode({name: msgspec.Raw(part) for name, part in whole.items()})


def loosely(body: bytes) -> Any:
    """A JSON value, with what it cannot hold replaced; numbers beyond all size become texts.

    Raises:
        NotJsonError: it is no JSON.
    """
    try:
        value = json.loads(
            body.decode("utf-8", "replace"),
            parse_constant=str,
            parse_float=_finite,
            parse_int=_short,
        )
        return _whole(value)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(f"it is no JSON: {error}") from error


def _finite(digits: str) -> float | str:
    return float(digits) if math.isfinite(float(digits)) else digits


def _short(digits: str) -> int | str:
    return int(digits) if len(digits) < _DIGITS else digits


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def head(event: bytes, wanted: msgspec.json.Decoder[H]) -> H | None:
    """The part of an event that is wanted of it at its receipt; None where it is not so."""
    try:
        return wanted.decode(event)
    except UNREADABLE:
        return None


def string(raw: bytes | None) -> str:
    """A JSON value that should be a text; empty where it is none."""
    try:
        value = msgspec.json.decode(raw) if raw else None
    except UNREADABLE:
        return ""
    return value if isinstance(value, str) else ""


def an_object(event: bytes) -> dict[str, Any]:
    """An event as a mapping.

    Raises:
        UnusableError: it is none.
    """
    try:
        value = msgspec.json.decode(event)
    except UNREADABLE:
        try:
            value = loosely(event)
        except NotJsonError as error:
            raise UnusableError(str(error)) from error
    if not isinstance(value, dict):
        raise UnusableError("it is no object")
    return value


def text(value: Any) -> str | None:
    """A value as a record's column is written.

    Raises:
        UnusableError: a column cannot hold it.
    """
    if isinstance(value, str) and "\x00" in value:
        raise UnusableError("it holds a NUL character")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | Decimal) else as_json(value)


def as_json(value: Any) -> str:
    """A value of properties, as text.

    Raises:
        UnusableError: it is nested too deep.
    """
    if _depth(value) > DEEPEST:
        raise UnusableError(f"it is nested deeper than {DEEPEST} levels")
    return _written.encode(value).decode()


def _depth(value: Any, level: int = 1) -> int:
    if level > DEEPEST or not isinstance(value, list | dict):
        return level
    items = value.values() if isinstance(value, dict) else value
    return max((_depth(item, level + 1) for item in items), default=level)


def time_text(microseconds: int) -> str:
    """A time as a record's column is written."""
    return datetime.datetime.fromtimestamp(microseconds / 1e6, datetime.UTC).isoformat()


def behind(sent: str, received: int) -> int:
    """Microseconds by which the clock of who said when it sent is behind; 0 where it did not."""
    try:
        return received - _microseconds(sent)
    except (ValueError, OverflowError):
        return 0


def when(given: Any, shift: int, received: int) -> str:
    """Return the time of an event on our clock: its own, shifted; that of receipt without one.

    Digits beyond microseconds, as Go and .NET send, are cut off.
    """
    if given is None or given == "":
        return time_text(received)
    if shift:
        try:
            return time_text(_microseconds(str(given)) + shift)
        except (ValueError, OverflowError):
            pass  # held with its reason, as a record whose time is none
    return to_microseconds(text(given) or "")


def to_microseconds(given: str) -> str:
    """Return a time in ISO 8601 without the digits of its second beyond the sixth.

    The ledger counts microseconds; a sender that knows more of its time is not turned away.
    """
    if not given[26:27].isdecimal():  # where the seventh digit is, as nearly every time has none
        return given
    return _FINER.sub(r"\1", given, count=1)


def _microseconds(given: str) -> int:
    moment = datetime.datetime.fromisoformat(given)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return round(moment.timestamp() * 1_000_000)
