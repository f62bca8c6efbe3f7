"""Everytouch's own dialect: the records of the ledger as JSON, one, several, or line by line."""

from typing import Any

import msgspec

from everytouch.collect.dialects.base import (
    Dialect,
    Found,
    Row,
    Taken,
    UnusableError,
    loosely,
    parts,
    time_text,
)
from everytouch.moments.api import COLUMNS, KINDS, Kind

NAMES: dict[str, Kind] = {kind.removesuffix("s"): kind for kind in KINDS}
DEEPEST = 32  # levels of a property
_LISTS = ("also", "correlations")
_columns = {kind: frozenset(column.name for column in COLUMNS[kind]) for kind in KINDS}


class _Head(msgspec.Struct):
    id: str | int | None = None


class _Several(msgspec.Struct):
    moments: msgspec.Raw | None = None


_head, _several = msgspec.json.Decoder(_Head), msgspec.json.Decoder(_Several)


def found(body: bytes, content_type: str) -> Found:
    """Records of a body: a list, one alone, {"moments": […]}, or one a line."""
    if "ndjson" in content_type or "jsonl" in content_type:
        texts = [line for line in body.splitlines() if line.strip()]
    else:
        texts = _listed(body.strip())
    return [(text, _id(text)) for text in texts]


def _listed(body: bytes) -> list[bytes]:
    if body[:1] == b"[":
        return parts(body)
    try:
        several = _several.decode(body).moments
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        value = loosely(body)
        body, several = msgspec.json.encode(value), None
        if isinstance(value, dict) and "moments" in value:
            several = msgspec.Raw(msgspec.json.encode(value["moments"]))
    return [body] if several is None else parts(bytes(several))


def _id(text: bytes) -> str | None:
    try:
        given = _head.decode(text).id
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if given is None or given == "" else str(given)


def records(event: bytes, given: str | None, taken: Taken) -> list[tuple[Kind, Row]]:
    """The one record of an event.

    What is no column becomes a property; without a time it is of when it was received.

    Raises:
        UnusableError: it is no record.
    """
    try:
        value = msgspec.json.decode(event)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnusableError(f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise UnusableError("it is no object with the columns of a record")
    name = value.pop("kind", "interaction")
    kind = NAMES.get(str(name).removesuffix("s"))
    if kind is None:
        raise UnusableError(f"kind {name!r} is none of {', '.join(NAMES)}")
    value["id"] = text(value.get("id")) if given is None else given
    if not value.get("occurred_at"):
        value["occurred_at"] = time_text(taken.received)
    return [(kind, _row(kind, value))]


def _row(kind: Kind, value: dict[str, Any]) -> Row:
    known = _columns[kind]
    row: Row = {}
    for name in [name for name in value if name in known and name != "properties"]:
        row[name] = _texts(value[name]) if name in _LISTS else text(value[name])
    rest = {name: item for name, item in value.items() if name not in known}
    if "properties" in known:
        own = value.get("properties")
        properties = (own if isinstance(own, dict) else {"value": own} if own else {}) | rest
        row["properties"] = _json(properties) if properties else None
    return row


def text(value: Any) -> str | None:
    """A value as a record's column is written."""
    if isinstance(value, str) and "\x00" in value:
        raise UnusableError("it holds a NUL character")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _json(value)


def _texts(value: Any) -> list[str] | None:
    if value is None:
        return None
    return [text(item) or "" for item in (value if isinstance(value, list) else [value])]


def _json(value: Any) -> str:
    if _depth(value) > DEEPEST:
        raise UnusableError(f"it is nested deeper than {DEEPEST} levels")
    return msgspec.json.encode(value).decode()


def _depth(value: Any, level: int = 1) -> int:
    if level > DEEPEST or not isinstance(value, list | dict):
        return level
    items = value.values() if isinstance(value, dict) else value
    return max((_depth(item, level + 1) for item in items), default=level)


DIALECT = Dialect("own", {"/v1/moments": found}, records)
