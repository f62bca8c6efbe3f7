"""Snowplow's tracker protocol: events as POST, or one in the address of a GET.

Source: Snowplow's tracker protocol (version 2 of the POST format, payload_data 1-0-4), its names
of the fields in the warehouse, its rule for derived_tstamp, and what its trackers send.
"""

import base64
from collections.abc import Mapping, Sequence
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
from everytouch.collect.dialects.parties import identified, of_party
from everytouch.collect.dialects.snowplow_names import GENERAL, NAMES, OWN, UNKEPT
from everytouch.collect.dialects.values import (
    an_object,
    fields,
    head,
    object_of,
    parts,
    text,
    time_text,
)

USER, DOMAIN, DEVICE, NETWORK = "user_id", "domain_userid", "device_userid", "network_userid"
POST, GET = "/com.snowplowanalytics.snowplow/tp2", "/i"
_SESSION = "client_session"  # the context in which phones name themselves
_KEY = "ek_"  # how write keys begin: an app id that is one is not kept
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class _Head(msgspec.Struct):
    eid: Any = None
    aid: Any = None

    @property
    def id(self) -> str | None:
        """Its own id; None where it has none that is a text."""
        return self.eid if isinstance(self.eid, str) and self.eid else None

    @property
    def key(self) -> str:
        """The write key, where the app id is one."""
        return self.aid if isinstance(self.aid, str) and self.aid.startswith(_KEY) else ""


_head = msgspec.json.Decoder(_Head)


def find(request: Request) -> Found:
    """Return the events of a body {"schema": …, "data": […]}, or the one of an address."""
    if request.path == GET and not request.body:
        if not request.query:
            raise NotJsonError("the address holds no event: send its fields as ?e=pv&eid=…")
        events = [msgspec.json.encode(request.query)]
    else:
        whole = fields(request.json)
        events = parts(whole["data"]) if "data" in whole else [object_of(whole)]
    heads = [head(event, _head) or _Head() for event in events]
    both = zip(events, heads, strict=True)
    events = [_without_key(event) if one.key else event for event, one in both]
    key = next((one.key for one in heads if one.key), "")
    return Found(events, [one.id for one in heads], key=key)


def _without_key(event: bytes) -> bytes:
    return object_of({name: value for name, value in fields(event).items() if name != "aid"})


def understand(event: bytes, given: str | None, taken: Taken) -> list[Record | Event]:
    """Return what one event says happened. A rule may name its party, where it names nobody.

    Raises:
        UnusableError: it is of a type there is not, or its JSON cannot be read.
    """
    value = an_object(event)
    row: Row = {"id": given or text(value.get("eid")), **_party(value, {})}

    def happened() -> list[Event]:
        at = {"occurred_at": _time(value, taken.received)}
        return [_happened(value, row | at)]

    return of_party(row, happened)


def _time(value: dict[str, Any], received: int) -> str:
    """Return the true time, or the device's set right by when the device says it sent."""
    if (true := _milliseconds(value.get("ttm"))) is not None:
        return time_text(true * 1000)
    if (device := _milliseconds(value.get("dtm"))) is None:
        return time_text(received)
    sent = _milliseconds(value.get("stm"))
    return time_text(device * 1000 + (0 if sent is None else received - sent * 1000))


def _milliseconds(given: Any) -> int | None:
    if given is None or given == "":
        return None
    try:
        found = int(str(given))
        time_text(found * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise UnusableError(f"the time {given!r} is not in milliseconds since 1970") from error
    return found


def _party(value: dict[str, Any], contexts: Mapping[str, Any]) -> Row:
    session = contexts.get(_SESSION)
    who = {
        USER: value.get("uid"),
        DOMAIN: value.get("duid"),
        DEVICE: session.get("userId") if isinstance(session, dict) else None,
        NETWORK: value.get("tnuid") or value.get("nuid"),
    }
    named = {space: one for space, one in who.items() if (text(one) or "").strip()}
    return identified(named) if named else {}


def _happened(value: dict[str, Any], row: Row) -> Event:
    kind = text(value.get("e")) or ""
    if kind not in OWN:
        raise UnusableError(f"the event type e={kind!r} is not one of {', '.join(OWN)}")
    if kind == "ue":
        names, own = _self_describing(value)
    else:
        names = _names(kind, value)
        own = {NAMES[name]: value[name] for name in OWN[kind] if name in value}
    contexts = _contexts(value)
    apart = UNKEPT.union(OWN[kind])
    around = {GENERAL.get(name, name): one for name, one in value.items() if name not in apart}
    around |= {"contexts": contexts} if contexts else {}
    row = row | _party(value, contexts) | _money(kind, value)
    seen = value | {"properties": own, "context": around}
    return Event(names, row, seen, own | ({"context": around} if around else {}))


_TYPES = {
    "pv": ("page_view", "page"),
    "pp": ("page_ping",),
    "se": ("struct",),
    "tr": ("transaction",),
    "ti": ("transaction_item",),
}


def _names(kind: str, value: dict[str, Any]) -> tuple[str, ...]:
    """Return what an event may be called, the most telling name first."""
    page, category, action = (text(value.get(name)) or "" for name in ("page", "se_ca", "se_ac"))
    telling = {"pv": (page,), "se": (f"{category} {action}".strip(), action)}.get(kind, ())
    return (*(name for name in telling if name), *_TYPES[kind])


def _self_describing(value: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    _, inner = _read(_json(value, "ue_pr", "ue_px"))
    schema, data = _read(inner)
    if not schema:
        raise UnusableError("the self-describing event names no schema: send ue_pr or ue_px")
    return (_name(schema), schema), data if isinstance(data, dict) else {"data": data}


def _money(kind: str, value: dict[str, Any]) -> Row:
    """Return what a transaction, or an item of one, says of its order and of money."""
    order = text(value.get(f"{kind}_id")) if kind in ("tr", "ti") else None
    found: Row = {"correlations": [f"order:{order}"]} if order else {}
    if kind == "tr" and value.get("tr_tt") not in (None, ""):
        found |= {"amount": text(value["tr_tt"]), "currency": text(value.get("tr_cu"))}
    return found


def _contexts(value: dict[str, Any]) -> dict[str, Any]:
    """Return the data of the entities attached to an event, by the names of their schemas."""
    if not value.get("co") and not value.get("cx"):
        return {}
    _, attached = _read(_json(value, "co", "cx"))
    found: dict[str, list[Any]] = {}
    for one in attached if isinstance(attached, list) else []:
        schema, data = _read(one)
        found.setdefault(_name(schema), []).append(data)
    return {name: those[0] if len(those) == 1 else those for name, those in found.items()}


def _json(value: dict[str, Any], plain: str, packed: str) -> Any:
    """Return a field that holds JSON, as it is or in base64."""
    given = text(value.get(plain)) or ""
    if not given and not value.get(packed):
        return {}
    if not given:
        coded = (text(value.get(packed)) or "").replace("+", "-").replace("/", "_").rstrip("=")
        try:
            octets = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
        except ValueError as error:
            raise UnusableError(f"{packed} is not base64: {error}") from error
        return an_object(octets)
    return an_object(given.encode())


def _read(one: Any) -> tuple[str, Any]:
    """Return schema and data of self-describing JSON."""
    if not isinstance(one, dict):
        return "", None
    return text(one.get("schema")) or "", one.get("data")


def _name(schema: str) -> str:
    """Return the name in a schema: iglu:com.acme/basket_filled/jsonschema/1-0-0."""
    found = schema.removeprefix("iglu:").split("/")
    return found[1] if len(found) > 1 else schema


def answer(_found: Found, _given: Sequence[str | None], request: Request) -> Answer:
    """Answer as Snowplow's collector does: "ok", or a picture of one transparent pixel."""
    if request.path == GET:
        return Answer(200, _PIXEL, "image/gif")
    return Answer(200, b"ok", "text/plain; charset=utf-8")


DIALECT = Dialect(
    "snowplow",
    (POST, GET),
    find,
    understand,
    answer,
    marks=(b"snowplow/payload_data", b'"eid"'),
    gets=(GET,),
)
