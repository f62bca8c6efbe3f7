"""Everytouch's own dialect: the records of the ledger as JSON, one, several, or line by line."""

from typing import Any, Literal

import msgspec
import pyarrow as pa

from everytouch.collect.dialects.base import (
    Dialect,
    Event,
    Found,
    Record,
    Request,
    Row,
    Taken,
    UnusableError,
)
from everytouch.collect.dialects.parties import of_party
from everytouch.collect.dialects.values import (
    DEEPEST,
    UNREADABLE,
    an_object,
    as_json,
    fields,
    head,
    object_of,
    parts,
    text,
    time_text,
    to_microseconds,
)
from everytouch.moments.api import COLUMNS, KINDS, Kind

NAMES: dict[str, Kind] = {kind.removesuffix("s"): kind for kind in KINDS}
_LISTS = ("also", "correlations")
_TIMES = frozenset(("occurred_at", "due_at"))
_PARTY = ("namespace", "identifier", "also", "other_namespace", "other_identifier")
_columns = {kind: frozenset(column.name for column in COLUMNS[kind]) for kind in KINDS}


class _Head(msgspec.Struct, gc=False):
    id: str | int | None = None


class _Whole(msgspec.Struct, gc=False):
    moments: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_head, _whole = msgspec.json.Decoder(_Head), msgspec.json.Decoder(_Whole)
_heads = msgspec.json.Decoder(list[_Head])
WHOLE = 1 << 18  # bytes up to which a list is kept as it came


def find(request: Request) -> Found:
    """Records of a body: a list, one alone, {"moments": […]}, or one a line."""
    if "ndjson" in request.content_type or "jsonl" in request.content_type:
        texts = request.lines
    else:
        body = request.json
        if body[:1] == b"[" and len(body) <= WHOLE:
            heads = head(body, _heads)
            if heads and all(one.id or one.id == 0 for one in heads):
                return Found((), (), whole=body, count=len(heads))
        texts = _listed(body)
    return Found(texts, [_id(text) for text in texts])


def _listed(body: bytes) -> list[bytes]:
    if body[:1] == b"[":
        return parts(body)
    if (one := head(body, _whole)) is not None and one.moments is msgspec.UNSET:
        return [body]
    whole = fields(body)
    if "moments" in whole:
        return parts(whole["moments"])
    return [object_of(whole)]


def _id(text: bytes) -> str | None:
    found = head(text, _head)
    given = found.id if found else None
    return None if given is None or given == "" else str(given)


def _usual() -> type:
    """An interaction whose fields are columns of their own types, which most are, as it is read.

    It is read in one step, where the way below takes twenty: on this the loader spends its time.
    """
    types = {pa.string(): str | None, pa.list_(pa.string()): list[str] | None}
    columns = [
        (one.name, types.get(one.type, str | int | float | None), None)
        for one in COLUMNS["interactions"]
        if one.name != "properties"
    ]
    raw = ("properties", msgspec.Raw, msgspec.Raw(b"{}"))
    kind = ("kind", Literal["interaction", "interactions"], "interaction")
    return msgspec.defstruct("Usual", [*columns, raw, kind], forbid_unknown_fields=True, gc=False)


_made: Any = _usual()
_usual_decoder: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder(_made)
_usuals_decoder: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder(list[_made])


def usual(event: bytes, given: str | None, taken: Taken) -> Any:
    """A usual interaction, its columns as attributes; None for what must be looked at closer."""
    if b"\\u0000" in event:
        return None
    try:
        one = _usual_decoder.decode(event)
        _settle([one], taken)
    except UNREADABLE:
        return None
    if given is not None:
        one.id = given
    return one


def usuals(taken: Taken) -> list[Any] | None:
    """A whole list of them; None where one of them must be looked at closer."""
    if b"\\u0000" in taken.whole:
        return None
    try:
        rows: list[Any] = _usuals_decoder.decode(taken.whole)
        _settle(rows, taken)
    except UNREADABLE:
        return None
    return rows


def _settle(rows: list[Any], taken: Taken) -> None:
    """Properties as text, times as the ledger counts them; raises one of UNREADABLE."""
    for one in rows:
        said = str(one.properties, "utf-8")
        if said[:1] != "{" or (len(said) > DEEPEST and said.count("{") + said.count("[") > DEEPEST):
            raise msgspec.DecodeError("these properties are not usual")
        one.properties = said if said != "{}" else None
        if not one.occurred_at:
            one.occurred_at = time_text(taken.received)
        elif type(one.occurred_at) is str:
            one.occurred_at = to_microseconds(one.occurred_at)
        if type(one.due_at) is str:
            one.due_at = to_microseconds(one.due_at)


def understand(event: bytes, given: str | None, taken: Taken) -> list[Record | Event]:
    """The one record of an event.

    What is no column becomes a property; without a time it is of when it was received.

    Raises:
        UnusableError: it is no record.
    """
    value = an_object(event)
    return of_party(_named(value), lambda: [_record(value, given, taken)])


def _named(value: dict[str, Any]) -> Row:
    """Whom it names, be it a record or not: by this it is found when somebody is erased."""
    found = {name: value.get(name) for name in ("id", *_PARTY)}
    return {name: item for name, item in found.items() if isinstance(item, str | list)}


def _record(value: dict[str, Any], given: str | None, taken: Taken) -> Record:
    name = value.pop("kind", "interaction")
    kind = NAMES.get(str(name).removesuffix("s"))
    if kind is None:
        raise UnusableError(f"kind {name!r} is none of {', '.join(NAMES)}")
    value["id"] = text(value.get("id")) if given is None else given
    if not value.get("occurred_at"):
        value["occurred_at"] = time_text(taken.received)
    return kind, _row(kind, value)


def _row(kind: Kind, value: dict[str, Any]) -> Row:
    known = _columns[kind]
    row: Row = {}
    for name in [name for name in value if name in known and name != "properties"]:
        row[name] = _texts(value[name]) if name in _LISTS else text(value[name])
    for name in _TIMES & row.keys():
        row[name] = to_microseconds(row[name] or "") or None
    rest = {name: item for name, item in value.items() if name not in known}
    if "properties" in known:
        own = value.get("properties")
        properties = (own if isinstance(own, dict) else {"value": own} if own else {}) | rest
        row["properties"] = as_json(properties) if properties else None
    return row


def _texts(value: Any) -> list[str] | None:
    if value is None:
        return None
    return [text(item) or "" for item in (value if isinstance(value, list) else [value])]


DIALECT = Dialect("own", ("/v1/moments",), find, understand, usual=usual, usuals=usuals)
