"""Segment's HTTP tracking API: what its libraries send, on servers, phones and in browsers.

RudderStack's libraries send the same calls to the same addresses. They differ in the time of an
event, in the call ``merge`` and in the address browsers send to when a page is closed.

Sources: Segment's specification of the calls and of its HTTP source (timestamps, limits, keys);
RudderStack's event specification and HTTP API, and what its libraries send.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from everytouch.collect.dialects.base import (
    Answer,
    Dialect,
    Event,
    Found,
    NotJsonError,
    Record,
    Request,
    Row,
    Taken,
    UnusableError,
)
from everytouch.collect.dialects.parties import described, identified, of_party, same
from everytouch.collect.dialects.values import (
    an_object,
    behind,
    fields,
    head,
    object_of,
    parts,
    string,
    text,
    when,
)
from everytouch.moments.api import EITHER

USER, ANONYMOUS, GROUP = "user_id", "anonymous_id", "group_id"
TYPES = ("track", "identify", "page", "screen", "group", "alias")
MERGE = "merge"
_BATCHES = ("batch", "import", "b")
_SHORT = {name[0]: name for name in TYPES}
_BEACON = "/beacon/v1/batch"
_UNKEPT = ("traits", "ip", "library")  # of the context: kept as traits, or not at all


class _Head(msgspec.Struct):
    messageId: str | None = None  # noqa: N815 - its name there


_head = msgspec.json.Decoder(_Head)


def find(request: Request) -> Found:
    """The messages of a batch, or one; bodies are JSON whatever type they say they are of."""
    whole = fields(request.json)
    if request.path.rpartition("/")[2] in _BATCHES or "batch" in whole:
        if "batch" not in whole:
            raise NotJsonError("there is no list of events: batch is missing")
        events = parts(whole["batch"])
    else:
        events = [object_of(whole)]
    shift = behind(string(whole.get("sentAt")), request.received)
    key = string(whole.get("writeKey")) or request.query.get("writeKey", "")
    return Found(events, [_id(event) for event in events], shift, key)


def _id(event: bytes) -> str | None:
    found = head(event, _head)
    return found.messageId or None if found else None


def understand(event: bytes, given: str | None, taken: Taken) -> list[Record | Event]:
    """What one message says: of the party, and of what happened.

    Raises:
        UnusableError: it names nobody, or is of a type there is not.
    """
    value = an_object(event)
    row = _row(value, given, taken)
    name = value.get("type") or _SHORT.get(taken.route, taken.route)
    return of_party(row, lambda: _said(str(name), value, row))


def _said(name: str, value: dict[str, Any], row: Row) -> list[Record | Event]:
    if name not in _CALLS:
        raise UnusableError(f"type {name!r} is none of {', '.join(_CALLS)}")
    context = value.get("context")
    known = context.get("traits") if isinstance(context, dict) else None
    return [*described(row, known), *_CALLS[name]({**value, "type": name}, row)]


def _row(value: dict[str, Any], given: str | None, taken: Taken) -> Row:
    who = {USER: value.get("userId"), ANONYMOUS: value.get("anonymousId")}
    return {
        "id": given or text(value.get("messageId")),
        "occurred_at": _time(value, taken),
        **(_merged_party(value) if value.get("type") == MERGE else identified(who)),
    }


def _time(value: dict[str, Any], taken: Taken) -> str:
    """Return when it happened.

    What names its ``channel`` comes from RudderStack, or was forwarded: its ``timestamp`` is the
    time that the program gave, or one that is corrected already. RudderStack's library for
    Node adds an ``originalTimestamp`` of its own, that of the call.
    """
    given, original = value.get("timestamp"), value.get("originalTimestamp")
    if given and value.get("channel"):
        return when(given, 0, taken.received)
    shift = behind(text(value.get("sentAt")) or "", taken.received) or taken.shift
    return when(original or given, shift, taken.received)


def _tracked(value: dict[str, Any], row: Row) -> list[Record | Event]:
    name = text(value.get("event"))
    if not name:
        raise UnusableError("a track call names no event")
    return [Event((name,), row, value, _kept(value))]


def _seen(value: dict[str, Any], row: Row) -> list[Record | Event]:
    kind, name = str(value.get("type") or "page"), text(value.get("name"))
    return [Event((name, kind) if name else (kind,), row, value, _kept(value))]


def _identified(value: dict[str, Any], row: Row) -> list[Record | Event]:
    other = text(value.get("anonymousId"))
    both = [same(row, ANONYMOUS, other, "identify")] if other and "also" in row else []
    return [*both, *described(row, value.get("traits"))]


def _aliased(value: dict[str, Any], row: Row) -> list[Record | Event]:
    before = text(value.get("previousId"))
    if not before:
        raise UnusableError("an alias call names no previousId")
    # What it was an id of is not said: of a user, or of a browser nobody had signed in at.
    return [same(row, space, before, "alias", EITHER) for space in (USER, ANONYMOUS)]


def _merged_party(value: dict[str, Any]) -> Row:
    first, _ = _merge_properties(value)
    return identified({first[0]: first[1]})


def _merged(value: dict[str, Any], row: Row) -> list[Record | Event]:
    _, (space, identifier) = _merge_properties(value)
    return [same(row, space, identifier, MERGE)]


def _merge_properties(value: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the two identifiers that a merge call joins, each as (type, value)."""
    given = value.get("mergeProperties")
    pairs = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    named = [(text(one.get("type")), text(one.get("value"))) for one in pairs]
    both = [(space, identifier) for space, identifier in named if space and identifier]
    if len(both) != 2:
        raise UnusableError("a merge call needs two mergeProperties, each with a type and a value")
    return both


def _grouped(value: dict[str, Any], row: Row) -> list[Record | Event]:
    group = text(value.get("groupId"))
    if not group:
        raise UnusableError("a group call names no groupId")
    there = {**row, "namespace": GROUP, "identifier": group}
    of_group: list[Record] = [
        one for one in described(there, value.get("traits")) if one[0] == "traits"
    ]
    return [*described(row, {GROUP: group}), *of_group]


def _kept(value: dict[str, Any]) -> dict[str, Any]:
    own, context = value.get("properties"), value.get("context")
    kept = dict(own) if isinstance(own, dict) else {}
    if value.get("category"):
        kept.setdefault("category", value["category"])
    around = context.items() if isinstance(context, dict) else ()
    beside = {name: item for name, item in around if name not in _UNKEPT}
    return kept | ({"context": beside} if beside else {})


_CALLS: dict[str, Callable[[dict[str, Any], Row], list[Record | Event]]] = {
    "track": _tracked,
    "page": _seen,
    "screen": _seen,
    "identify": _identified,
    "alias": _aliased,
    "group": _grouped,
    MERGE: _merged,
}


def answer(_found: Found, _given: Sequence[str | None], _request: Request) -> Answer:
    """As Segment says it."""
    return Answer(200, b'{"success":true}')


def page(path: str, works: Callable[[str], bool]) -> bytes | None:
    """The settings that the browser's library asks for before it sends: it sends here alone."""
    start, _, rest = path.partition("/projects/")
    key, _, last = rest.partition("/")
    if start != "/v1" or last != "settings" or not works(key):
        return None
    every = {"__default": {"enabled": True, "integrations": {}}}
    own = {"apiKey": key, "unbundledIntegrations": [], "addBundledMetadata": True}
    return msgspec.json.encode(
        {
            "integrations": {"Segment.io": own},
            "plan": dict.fromkeys(("track", "identify", "group"), every),
            "edgeFunction": {},
            "analyticsNextEnabled": True,
            "middlewareSettings": {},
            "enabledMiddleware": {},
            "metrics": {"sampleRate": 0},
            "legacyVideoPluginsEnabled": False,
            "remotePlugins": [],
        }
    )


DIALECT = Dialect(
    "segment",
    (*(f"/v1/{name}" for name in (*TYPES, MERGE, *_SHORT, *_BATCHES)), _BEACON),
    find,
    understand,
    answer,
    page,
    marks=(b'"messageId"', b'"userId"', b'"anonymousId"'),
)
