"""CloudEvents 1.0 over HTTP: binary, structured and batched.

Source: CloudEvents 1.0.2, core, HTTP protocol binding and JSON format.
"""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from everytouch.collect.dialects.base import (
    Answer,
    Dialect,
    Event,
    Found,
    NotJsonError,
    Record,
    Request,
    Taken,
    UnusableError,
)
from everytouch.collect.dialects.parties import identified
from everytouch.collect.dialects.values import (
    an_object,
    fields,
    object_of,
    parts,
    string,
    text,
    when,
)

SUBJECT = "subject"
ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
_PREFIX = "ce-"
_NEEDED = ("id", "source", "specversion", "type")


def find(request: Request) -> Found:
    """The events of a request, each in the JSON format, whatever the mode.

    Raises:
        NotJsonError: it is none of the three modes, or no JSON where it says so.
    """
    if request.content_type == BATCH:
        events = parts(request.json)
    elif request.content_type == ONE:
        events = [object_of(fields(request.json))]
    else:
        events = [_binary(request)]
    return Found(events, [_id(event) for event in events])


def _binary(request: Request) -> bytes:
    """The attributes are headers, the data is the body."""
    names = [name for name in request.headers if name.startswith(_PREFIX)]
    given: dict[str, Any] = {
        name.removeprefix(_PREFIX): unquote(request.headers.get(name)) for name in names
    }
    if "specversion" not in given:
        raise NotJsonError(
            f"send {ONE}, {BATCH}, or the attributes as headers: ce-id, ce-source, ce-type …"
        )
    kind = request.content_type
    given["datacontenttype"] = kind
    if request.body and (kind in ("", "application/json") or kind.endswith("+json")):
        given["data"] = msgspec.Raw(parts(b"[" + request.json + b"]")[0])
    elif request.body:
        try:
            given["data"] = request.body.decode()
        except UnicodeDecodeError:
            given["data_base64"] = base64.b64encode(request.body).decode("ascii")
    return msgspec.json.encode(given)


def _id(event: bytes) -> str | None:
    """Source and id together are what an event is known by."""
    try:
        known = fields(event)
    except NotJsonError:
        return None
    source, own = string(known.get("source")), string(known.get("id"))
    return f"{source}#{own}" if own else None


def understand(event: bytes, given: str | None, taken: Taken) -> list[Record | Event]:
    """What an event says happened; its party is what ``subject`` names, as namespace:value.

    Raises:
        UnusableError: an attribute that it must have is missing.
    """
    value = an_object(event)
    missing = [name for name in _NEEDED if not value.get(name)]
    if missing:
        raise UnusableError(f"no CloudEvent without {', '.join(missing)}")
    if value["specversion"] != "1.0":
        raise UnusableError(f"CloudEvents {value['specversion']!r} is not known: use 1.0")
    row = {
        "id": given or f"{value['source']}#{value['id']}",
        "occurred_at": when(value.get("time"), 0, taken.received),
    }
    space, colon, name = (text(value.get("subject")) or "").partition(":")
    if colon and space and name:
        row |= identified({space: name})
    elif space:
        row |= identified({SUBJECT: space})
    data = value.get("data")
    kept = dict(data) if isinstance(data, dict) else {"data": data} if data else {}
    if value.get("data_base64"):
        kept["data_base64"] = value["data_base64"]
    return [Event((str(value["type"]),), row, value, kept | {"ce_source": value["source"]})]


def answer(_found: Found, _given: Sequence[str | None], _request: Request) -> Answer:
    """Nothing more to say: it is on disk."""
    return Answer(204)


DIALECT = Dialect(
    "cloudevents",
    ("/v1/cloudevents",),
    find,
    understand,
    answer,
    marks=(b'"specversion"',),
    content_type=ONE,
)
