"""PostHog's capture API, the old paths and the first numbered one.

Source: PostHog's API documentation (capture, batch, clock skew) and what its libraries send.
"""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

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
    bare,
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
    time_text,
    when,
)
from everytouch.moments.api import EITHER, SECOND

PERSON = "distinct_id"
RESULTS = "/i/v1/analytics/events"  # answers for each event by itself
_PATHS = ("/batch", "/capture", "/track", "/e", "/i/v0/e", RESULTS)
_FORM = "application/x-www-form-urlencoded"
_ANSWER = "$survey_response"
_SUBMISSION = "$survey_submission_id"
_SUBMITTED = "survey submission\x1f"  # begins the ids of answers that are sent as they grow
_GZIP = b"\x1f\x8b"  # how a compressed body begins
# Of how it was sent rather than of what happened, or kept as records of their own.
_UNKEPT = frozenset(
    ("token", "$set", "$set_once", "$groups", "$ip", "$lib", "$lib_version", "$geoip_disable")
)


class _Head(msgspec.Struct):
    uuid: str | None = None


_head = msgspec.json.Decoder(_Head)


def find(request: Request) -> Found:
    """The events of a body: {"batch": […]}, a list, or one; also packed in a form's ``data``."""
    body = bare(_unpacked(request))
    if body[:1] == b"[":
        events, whole = parts(body), {}
    else:
        whole = fields(body)
        events = parts(whole["batch"]) if "batch" in whole else [object_of(whole)]
    sent = string(whole.get("sent_at")) or request.query.get("sent_at", "")
    shift = behind(request.headers.get("posthog-request-timestamp") or sent, request.received)
    key = string(whole.get("api_key")) or string(whole.get("token"))
    return Found(events, [_id(one) for one in events], shift, key or _token(events))


def _unpacked(request: Request) -> bytes:
    """The JSON of a body: base64 in a form, compressed by the script itself, or as it is."""
    packed_already = request.body[:2] == _GZIP  # where space at the end may mean something
    body = request.body if packed_already else request.json
    packed = request.query.get("compression", "")
    if request.content_type == _FORM or body[:5] == b"data=":
        form = parse_qs(body.decode("ascii", "replace"))
        packed = form.get("compression", [packed])[-1]
        body = _from_base64(form.get("data", [""])[-1].replace(" ", "+").encode(), strict=True)
    elif packed == "base64":
        body = _from_base64(body)
    if packed == "lz64":
        raise NotJsonError("compression lz64 is not known: use gzip-js")
    return request.unpacked(body) if body[:2] == _GZIP else body


def _from_base64(text: bytes, *, strict: bool = False) -> bytes:
    try:
        return base64.b64decode(text, validate=strict)
    except ValueError as error:
        raise NotJsonError(f"the data is not base64: {error}") from error


def _token(events: Sequence[bytes]) -> str:
    """The key, where only the events say it."""
    first = events[0] if events else b"{}"
    try:
        value = an_object(first)
    except UnusableError:
        return ""
    own = value.get("properties")
    found = (own.get("token") if isinstance(own, dict) else None) or value.get("token")
    return found if isinstance(found, str) else ""


def _id(event: bytes) -> str | None:
    found = head(event, _head)
    return found.uuid or None if found else None


def understand(event: bytes, given: str | None, taken: Taken) -> list[Record | Event]:
    """What one event says: of the person, of its groups, and of what happened.

    Raises:
        UnusableError: it has no name, or names nobody.
    """
    value = an_object(event)
    own = value.get("properties")
    properties: dict[str, Any] = own if isinstance(own, dict) else {}
    row = {
        "id": given or text(value.get("uuid")),
        "occurred_at": _time(value, properties, taken),
        **identified({PERSON: value.get("distinct_id") or properties.get("distinct_id")}),
    }
    return of_party(row, lambda: _said(value, properties, row))


def _said(value: dict[str, Any], properties: dict[str, Any], row: Row) -> list[Record | Event]:
    name = text(value.get("event"))
    if not name:
        raise UnusableError("it names no event")
    found: list[Record | Event] = []
    device = _nobody_signed_in(properties, row)
    for where in (value, properties):
        found += described(row, where.get("$set"), device=device)
        found += described(row, where.get("$set_once"), once=True, device=device)
    groups = properties.get("$groups")
    if isinstance(groups, dict):
        found += described(row, groups, once=True)
    return [*found, *_happened(name, value, properties, row)]


def _nobody_signed_in(properties: dict[str, Any], row: Row) -> bool:
    """Whether the person is still the device: what is said of them is said of who has it now."""
    device = text(properties.get("$device_id"))
    return properties.get("$is_identified") is False or device == row["identifier"]


def _time(value: dict[str, Any], properties: dict[str, Any], taken: Taken) -> str:
    if isinstance(value.get("offset"), int | float) and not value.get("timestamp"):
        return time_text(taken.received - int(value["offset"]) * 1000)
    options = value.get("options")
    exact = properties.get("$ignore_sent_at") or (
        isinstance(options, dict) and options.get("disable_skew_correction")
    )
    happened = value.get("timestamp") or properties.get("timestamp")
    return when(happened, 0 if exact else taken.shift, taken.received)


def _happened(
    name: str, value: dict[str, Any], properties: dict[str, Any], row: Row
) -> list[Record | Event]:
    if name in ("$set", "$set_once"):
        return []
    if name == "$identify":
        before = text(properties.get("$anon_distinct_id"))
        return [same(row, PERSON, before, "identify", SECOND)] if before else []
    if name in ("$create_alias", "$merge_dangerously"):
        other = text(properties.get("alias"))
        if not other:
            raise UnusableError(f"{name} names no alias")
        # An alias must not be a known person there; who says so merges dangerously.
        return [same(row, PERSON, other, "alias", EITHER if name == "$create_alias" else None)]
    if name == "$groupidentify":
        return _group(properties, row)
    kept = {key: item for key, item in properties.items() if key not in _UNKEPT}
    if name == "survey sent":
        return [_answered(value, properties, kept, row)]
    names = (name, "page") if name == "$pageview" else (name,)
    return [Event(names, row, value, kept)]


def _group(properties: dict[str, Any], row: Row) -> list[Record | Event]:
    kind, key = text(properties.get("$group_type")), text(properties.get("$group_key"))
    if not kind or not key:
        raise UnusableError("$groupidentify names no $group_type and $group_key")
    there = {**row, "namespace": kind, "identifier": key}
    return [one for one in described(there, properties.get("$group_set")) if one[0] == "traits"]


def _answered(
    value: dict[str, Any], properties: dict[str, Any], kept: dict[str, Any], row: Row
) -> Event:
    """A survey's answer: its first number, and the first words that go with it.

    An answer is sent again with each question; all that one submission sends are versions of it.
    """
    answers = [item for key, item in properties.items() if key.startswith(_ANSWER)]
    numbers = [item for item in answers if _number(item)]
    words = [item for item in answers if isinstance(item, str) and item and not _number(item)]
    given = {"raw": text(numbers[0])} if numbers else {}
    given |= {"text": text(words[0])} if words else {}
    asked = [text(properties.get(key)) for key in ("$survey_name", "$survey_id")]
    names = tuple(name for name in asked if name)
    submission = text(properties.get(_SUBMISSION))
    if submission:
        row = row | {"id": _SUBMITTED + submission}
    return Event(("survey sent",), row, value, kept, names, given)


def _number(item: Any) -> bool:
    if isinstance(item, bool):
        return False
    return isinstance(item, int | float) or (isinstance(item, str) and item.strip().isdecimal())


def answer(found: Found, given: Sequence[str | None], request: Request) -> Answer:
    """As PostHog says it: nothing to a beacon, a result for each event on the numbered path."""
    if request.path == RESULTS:
        ids = [own or new for own, new in zip(found.ids, given, strict=True)]
        results = {one: {"result": "ok"} for one in ids}
        return Answer(200, msgspec.json.encode({"results": results}))
    if request.query.get("beacon") == "1":
        return Answer(204)
    return Answer(200, b'{"status":1}')


def versioned(row: Row) -> bool:
    """Return whether a record is an answer that is sent as it grows."""
    return str(row.get("id")).startswith(_SUBMITTED)


DIALECT = Dialect(
    "posthog",
    _PATHS,
    find,
    understand,
    answer,
    marks=(b'"distinct_id"',),
    versioned=versioned,
)
