"""Webhooks: any JSON or form that a tool sends to an address of its own; rules say what it is.

Names and ids are read where well-known senders put them; everything else is up to the rules.
"""

import datetime
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

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
from everytouch.collect.dialects.paths import at, texts
from everytouch.collect.dialects.values import (
    UNREADABLE,
    an_object,
    fields,
    object_of,
    parts,
    string,
    text,
    time_text,
)

PATH = "/v1/hooks"
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
FIELDS = 10_000  # of a form
LONGEST = 200  # characters of a name or an id in a header
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
EARLIEST = 10**9 * 10**6  # 2001: digits below are not seconds since 1970
AHEAD = 24 * 3600 * 10**6
MENTIONED = 50  # e-mail addresses by which a held event is found when somebody is erased

_TOPICS = ("x-shopify-topic", "x-wc-webhook-topic", "x-github-event", "x-gitlab-event")
_NAMES = ("topic", "event_type", "eventType", "event", "event.type", "event_name", "type")
_DELIVERIES = (
    "x-shopify-webhook-id",
    "webhook-id",  # Standard Webhooks
    "svix-id",
    "x-wc-webhook-delivery-id",
    "x-github-delivery",
)
_INVOCATION = "x-zendesk-webhook-invocation-id"
_TIMES = ("created", "created_at", "occurred_at", "timestamp", "event_time", "time")
_TIMES_WITHIN = ("form_response.submitted_at", "submitted_at", "submittedAt", "createdAt")
_FORM = re.compile(rb"[^\s=&<]+=")
# From the start of a run only, and without going back: a comment may be a million letters long.
_EMAIL = re.compile(r"(?<![^\s@<>,;:\"])[^\s@<>,;:\"]++@[^\s@<>,;:\"]+\.[^\s@<>,;:\".]+")
_exact = msgspec.json.Decoder(float_hook=Decimal)


def find(request: Request) -> Found:
    """Return the events of a body: of a list each item, of anything else the one it is.

    Raises:
        NotJsonError: it is neither JSON nor a form.
    """
    if challenge(request) is not None:
        return Found((), ())
    events = list(_events(request))
    topic = next(_headers(request, _TOPICS), "")
    ids: list[str | None] = [_id(event, request, n, len(events)) for n, event in enumerate(events)]
    if not request.repeats:
        ids = [own or _content_id(topic, event) for own, event in zip(ids, events, strict=True)]
    return Found(events, ids, route=topic, keep_ids=True)


def _events(request: Request) -> Iterator[bytes]:
    kind, body = request.content_type, request.body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        return
    if kind == MULTIPART:
        yield msgspec.json.encode(_several(_parts(request)))
    elif "ndjson" in kind or "jsonl" in kind:
        yield from map(_object, filter(None, map(bytes.strip, body.splitlines())))
    elif body[:1] == b"[":
        yield from map(_object, parts(body))
    elif (kind == FORM and body[:1] != b"{") or (not _json(kind) and _FORM.match(body)):
        yield msgspec.json.encode(_several(_pairs(body)))
    else:
        yield _object(body)


def _json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _object(body: bytes) -> bytes:
    """Return an event as a JSON object; what is none becomes its one field ``value``."""
    if body[:1] == b"{":
        return object_of(fields(body))
    return msgspec.json.encode({"value": msgspec.Raw(parts(b"[" + body + b"]")[0])})


def _pairs(body: bytes) -> list[tuple[str, Any]]:
    try:
        given = body.decode("utf-8", "replace")
        found = parse_qsl(given, keep_blank_values=True, max_num_fields=FIELDS, errors="replace")
    except ValueError as error:
        raise NotJsonError(f"the form has more than {FIELDS} fields") from error
    if not found:
        raise NotJsonError("the body is neither JSON nor a form")
    return list(found)


def _parts(request: Request) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a multipart form; of a file its name, type and size."""
    _, options = parse_options_header(request.headers.get("content-type") or "")
    segment: MultipartSegment | None = None
    content: list[bytes] = []
    try:
        with PushMultipartParser(options.get("boundary", ""), max_segment_count=FIELDS) as parser:
            for part in parser.parse(request.body):
                if isinstance(part, MultipartSegment):
                    segment, content = part, []
                elif part is not None:
                    content.append(bytes(part))
                elif segment is not None:
                    yield segment.name or "", _value(segment, b"".join(content))
    except MultipartError as error:
        raise NotJsonError(f"the multipart form cannot be read: {error}") from error


def _value(segment: MultipartSegment, content: bytes) -> Any:
    if segment.filename is None:
        return content.decode("utf-8", "replace")
    return {
        "filename": segment.filename,
        "content_type": segment.content_type or "",
        "bytes": len(content),
    }


def _several(pairs: Iterator[tuple[str, Any]] | list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a form as an object; a field that comes again becomes a list."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: those[0] if len(those) == 1 else those for name, those in found.items()}


def _id(event: bytes, request: Request, number: int, count: int) -> str | None:
    """Return the id by which the sender would know the event again; None where it gives none.

    The id of the object that an event is about does not do: it is the same at every change.
    """
    own = _own_id(fields(event))
    if own:
        return own
    zendesk = (_INVOCATION,) if count == 1 else ()
    delivery = next(_headers(request, (*_DELIVERIES, *zendesk)), None)
    if delivery is None:
        action = request.headers.get("x-shopify-event-id")  # one action may have several topics
        topic = request.headers.get("x-shopify-topic")
        delivery = f"{action}\x1f{topic}"[:LONGEST] if action and topic else None
    return delivery if delivery is None or count == 1 else f"{delivery}\x1f{number}"


def _own_id(event: Mapping[str, bytes]) -> str:
    for name in ("event_id", "sg_event_id"):  # Typeform, Slack; SendGrid
        if one := string(event.get(name)):
            return one
    stripe = string(event.get("object")) in ("event", "v2.core.event")
    zendesk = string(event.get("type")).startswith("zen:event-type:")
    intercom = string(event.get("type")) == "notification_event"
    return string(event.get("id")) if stripe or zendesk or intercom else ""


def _headers(request: Request, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if value := (request.headers.get(name) or "").strip():
            yield value[:LONGEST]


def _content_id(topic: str, event: bytes) -> str:
    digest = hashlib.sha256(topic.encode("utf-8", "replace") + b"\x00" + event)
    return f"sha256:{digest.hexdigest()[:40]}"


def challenge(request: Request) -> str | None:
    """Return what a sender wants to hear back before it sends events; None for events."""
    if b"url_verification" not in request.body[: LONGEST * 10]:
        return None
    try:
        given = fields(request.body)
    except NotJsonError:
        return None
    asks = string(given.get("type")) == "url_verification"
    return (string(given.get("challenge")) or None) if asks else None


def understand(event: bytes, given: str | None, taken: Taken) -> list[Record | Event]:
    """Return the event for the rules, with the names it may go by and the time it seems to say.

    Raises:
        UnusableError: it is no object.
    """
    value = _exactly(event)
    said = [taken.route, *(one for one in (at(value, path) for path in _NAMES))]
    names = [one for one in said if isinstance(one, str) and one.strip()]
    row = {"id": given, "occurred_at": _time(value, taken.received)}
    mentions = tuple(f"email:{one}" for one in sorted(_addresses(value))[:MENTIONED])
    unique = tuple(dict.fromkeys([*names, taken.source]))
    return [Event(unique, row, value, value, mentions=mentions)]


def _exactly(event: bytes) -> dict[str, Any]:
    """Return an event with its decimals as they were written."""
    try:
        value = _exact.decode(event)
    except UNREADABLE:
        return an_object(event)
    if not isinstance(value, dict):
        raise UnusableError("it is no object")
    return value


def _addresses(value: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for leaf in texts(value):
        if "@" in leaf:
            found |= set(_EMAIL.findall(leaf))
    return found


def _time(value: Mapping[str, Any], received: int) -> str:
    """Return the first time that an event says beyond doubt, or that of its receipt."""
    for path in (*_TIMES, *_TIMES_WITHIN):
        if (found := as_time(at(value, path), received)) is not None:
            return time_text(found)
    return time_text(received)


def as_time(value: Any, received: int) -> int | None:
    """Return a time as microseconds since 1970: ISO 8601 with a zone, or digits of an epoch.

    None where a value is not a time beyond doubt, or lies more than a day ahead.
    """
    digits = text(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if digits and re.fullmatch("[0-9]{10}|[0-9]{13}", digits):
        found = int(digits) * 10 ** (16 - len(digits))
    else:
        try:
            moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            return None
        if moment is None or moment.tzinfo is None:
            return None
        found = (moment - EPOCH) // datetime.timedelta(microseconds=1)
    return found if EARLIEST <= found <= received + AHEAD else None


def answer(found: Found, _given: Sequence[str | None], request: Request) -> Answer:
    """Return how many events came, or what the sender wants to hear back."""
    asked = challenge(request)
    said: dict[str, Any] = {"received": len(found)} if asked is None else {"challenge": asked}
    return Answer(200, msgspec.json.encode(said))


DIALECT = Dialect("hooks", (PATH,), find, understand, answer)
