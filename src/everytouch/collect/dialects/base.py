"""What a dialect is: how events are taken from a request, and understood later."""

import datetime
import gzip
import json
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec

from everytouch.moments.api import Kind

Row = dict[str, Any]
"""A record as text: column → text, or a list of texts; missing columns are left out."""
Record = tuple[Kind, Row]
H = TypeVar("H")

DEEPEST = 32  # levels of a property
_DIGITS = 1_000  # of a number that is counted with
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class NotJsonError(ValueError):
    """The body is no JSON at all: no retry can mend that."""


class UnusableError(ValueError):
    """One event cannot become a record; says why.

    Attributes:
        row: what is known of its party all the same, as columns.
    """

    row: "Row | None" = None


class Taken(msgspec.Struct, array_like=True, frozen=True):
    """What one request brought: a frame of the log.

    Attributes:
        dialect: name of the one it speaks.
        source: of the key it came with.
        received: microseconds since 1970.
        shift: microseconds by which the sender's clock is behind ours.
        events: each as JSON.
        ids: for each the id it was given here, None where it has its own.
        route: the last part of the path, where that says what the events are.
    """

    dialect: str
    source: str
    received: int
    shift: int
    events: list[bytes]
    ids: list[str | None]
    route: str = ""


@dataclass(frozen=True)
class Request:
    """A request whose body is here.

    Attributes:
        headers: by name in small letters, through ``get``.
        received: microseconds since 1970.
        unpacked: decompresses gzip within the limits of a body.
    """

    path: str
    query_string: str
    headers: Any
    body: bytes
    received: int
    unpacked: Callable[[bytes], bytes] = gzip.decompress

    @property
    def content_type(self) -> str:
        """Its type, without parameters."""
        given: str = self.headers.get("content-type") or ""
        return given.partition(";")[0].strip().lower()

    @cached_property
    def query(self) -> dict[str, str]:
        """What the address says after its question mark."""
        return {name: values[-1] for name, values in parse_qs(self.query_string).items()}


@dataclass(frozen=True)
class Found:
    """The events of a request.

    Attributes:
        events: each as JSON.
        ids: of each its own id, None where it has none.
        shift: microseconds by which the sender's clock is behind ours.
        key: the source key, where the body carries it.
    """

    events: Sequence[bytes]
    ids: Sequence[str | None]
    shift: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something a program says happened; the rules say what it is.

    Attributes:
        names: what the program calls it, the most telling first.
        row: what the dialect knows of its record: id, time, party.
        value: the whole event, for rules to look in.
        properties: what is kept beside the columns.
        asked: names of the survey it answers, if it does.
        answer: to that: columns of a perception.
    """

    names: tuple[str, ...]
    row: Row
    value: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    answer: Row = field(default_factory=dict)


Answer = tuple[int, bytes]


def told(found: Found, given: Sequence[str | None], _request: Request) -> Answer:
    """How many events came, and which ids those without were given."""
    new = {str(at): one for at, one in enumerate(given) if one is not None}
    said = {"received": len(found.events)} | ({"ids": new} if new else {})
    return 200, msgspec.json.encode(said)


@dataclass(frozen=True)
class Dialect:
    """A way to send events.

    Attributes:
        routes: paths, without a slash at the end.
        find: the events of a request; raises NotJsonError.
        understand: one event, the id it was given here, how it came → records, and events that
            the rules make into records; raises UnusableError.
        answer: what a sender is told once its events are on disk.
        page: the answer to a GET, of its path and whether it is of a key that works; None where
            there is nothing.
    """

    name: str
    routes: tuple[str, ...]
    find: Callable[[Request], Found]
    understand: Callable[[bytes, str | None, Taken], list[Record | Event]]
    answer: Callable[[Found, Sequence[str | None], Request], Answer] = told
    page: Callable[[str, Callable[[str], bool]], bytes | None] | None = None


def parts(body: bytes) -> list[bytes]:
    """The values of a JSON array, each as JSON.

    What is JSON by its grammar but says what Unicode and numbers do not have (half a surrogate
    pair, NaN) is taken all the same: halves become U+FFFD, NaN the text "NaN".

    Raises:
        NotJsonError: it is no JSON array.
    """
    try:
        return [bytes(part) for part in _raws.decode(body)]
    except _UNREADABLE:
        value = loosely(body)
    if not isinstance(value, list):
        raise NotJsonError("there is no list of events")
    return [msgspec.json.encode(part) for part in value]


def fields(body: bytes) -> dict[str, bytes]:
    """The values of a JSON object, each as JSON; as with ``parts``.

    Raises:
        NotJsonError: it is no JSON object.
    """
    try:
        return {name: bytes(part) for name, part in _fields.decode(body).items()}
    except _UNREADABLE:
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
    except _UNREADABLE:
        return None


def string(raw: bytes | None) -> str:
    """A JSON value that should be a text; empty where it is none."""
    try:
        value = msgspec.json.decode(raw) if raw else None
    except _UNREADABLE:
        return ""
    return value if isinstance(value, str) else ""


def an_object(event: bytes) -> dict[str, Any]:
    """An event as a mapping.

    Raises:
        UnusableError: it is none.
    """
    try:
        value = msgspec.json.decode(event)
    except _UNREADABLE:
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
    return str(value) if isinstance(value, int | float) else as_json(value)


def as_json(value: Any) -> str:
    """A value of properties, as text.

    Raises:
        UnusableError: it is nested too deep.
    """
    if _depth(value) > DEEPEST:
        raise UnusableError(f"it is nested deeper than {DEEPEST} levels")
    return msgspec.json.encode(value).decode()


def _depth(value: Any, level: int = 1) -> int:
    if level > DEEPEST or not isinstance(value, list | dict):
        return level
    items = value.values() if isinstance(value, dict) else value
    return max((_depth(item, level + 1) for item in items), default=level)


def new_id() -> str:
    """An id for an event that came without one; later ones sort after earlier ones."""
    return f"{time.time_ns():020d}-{secrets.token_hex(6)}"


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
    """The time of an event on our clock: its own, shifted; that of receipt where it has none."""
    if given is None or given == "":
        return time_text(received)
    if shift:
        try:
            return time_text(_microseconds(str(given)) + shift)
        except (ValueError, OverflowError):
            pass  # held with its reason, as a record whose time is none
    return text(given) or ""


def _microseconds(given: str) -> int:
    moment = datetime.datetime.fromisoformat(given)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return round(moment.timestamp() * 1_000_000)


def of_party(row: Row, found: Callable[[], Sequence[Record | Event]]) -> list[Record | Event]:
    """What is found in an event of this party, whose name goes with what is wrong with it."""
    try:
        return list(found())
    except UnusableError as error:
        error.row = row
        raise


def identified(given: Mapping[str, Any]) -> Row:
    """A party as columns, of identifiers by namespace, the strongest first.

    Raises:
        UnusableError: there is none.
    """
    found = [(space, value) for space, one in given.items() if (value := text(one)) is not None]
    found = [(space, value) for space, value in found if value.strip()]
    if not found:
        raise UnusableError(f"it names nobody: give {' or '.join(given)}")
    (space, value), *others = found
    also = [f"{other}:{name}" for other, name in others]
    return {"namespace": space, "identifier": value} | ({"also": also} if also else {})


_REACHED = ("email", "phone")  # traits that identify


def described(row: Row, traits: Any, *, once: bool = False) -> list[Record]:
    """Traits of the party of a row as records, and the links that an address among them makes.

    Args:
        row: with id, occurred_at, namespace and identifier.
        once: only the first value that ever came counts.
    """
    if not isinstance(traits, dict):
        return []
    found: list[Record] = []
    who = {name: row[name] for name in ("occurred_at", "namespace", "identifier")}
    for name, given in traits.items():
        value = text(given)
        if value is None or not value.strip():
            continue
        whose = f"once\x1f{row['namespace']}\x1f{row['identifier']}" if once else row["id"]
        found.append(("traits", {"id": f"{whose}\x1f{name}", **who, "name": name, "value": value}))
        if name in _REACHED and row["namespace"] != name:
            found.append(same(row, name, value, f"trait {name}"))
    return found


def same(row: Row, namespace: str, identifier: str, evidence: str) -> Record:
    """A link between the party of a row and another identifier of it."""
    return "links", {
        "id": f"{row['id']}\x1f{namespace}\x1f{identifier}",
        "occurred_at": row["occurred_at"],
        "namespace": row["namespace"],
        "identifier": row["identifier"],
        "other_namespace": namespace,
        "other_identifier": identifier,
        "evidence": evidence,
    }
