"""What a dialect is: how events are taken from a request, and understood later."""

import gzip
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec

from everytouch.moments.api import Kind

Row = dict[str, Any]
"""A record as text: column → text, or a list of texts; missing columns are left out."""
Record = tuple[Kind, Row]


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
        whole: instead of events, the JSON array they came in, each with an id of its own.
        count: of events in that.
    """

    dialect: str
    source: str
    received: int
    shift: int
    events: list[bytes]
    ids: list[str | None]
    route: str = ""
    whole: bytes = b""
    count: int = 0

    def __len__(self) -> int:
        return self.count or len(self.events)


_BOM = b"\xef\xbb\xbf"


def bare(body: bytes) -> bytes:
    """Return a body, or a line, without a byte order mark and without space around it."""
    return body.strip().removeprefix(_BOM).strip()


@dataclass(frozen=True)
class Request:
    """A request whose body is here.

    Attributes:
        body: as it was sent; dialects of JSON read ``json`` or ``lines``.
        headers: by name in small letters, through ``get``.
        received: microseconds since 1970.
        unpacked: decompresses gzip within the limits of a body.
        repeats: whether the same body without an id of its own is another event each time.
    """

    path: str
    query_string: str
    headers: Any
    body: bytes
    received: int
    unpacked: Callable[[bytes], bytes] = gzip.decompress
    repeats: bool = False

    @property
    def content_type(self) -> str:
        """Its type, without parameters."""
        given: str = self.headers.get("content-type") or ""
        return given.partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> bytes:
        """Its body as JSON text."""
        return bare(self.body)

    @property
    def lines(self) -> list[bytes]:
        """The lines of its body that are not blank; each may begin with a byte order mark."""
        return [line for line in map(bare, self.body.splitlines()) if line]

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
        whole: instead of events, the JSON array they are in, each with an id of its own: taking
            it apart is left to the loader.
        count: of events in that.
        route: what the headers call the events; the last part of the path where it is None.
        keep_ids: whether ``ids`` are kept beside the events, which do not say them themselves.
    """

    events: Sequence[bytes]
    ids: Sequence[str | None]
    shift: int = 0
    key: str = ""
    whole: bytes = b""
    count: int = 0
    route: str | None = None
    keep_ids: bool = False

    def __len__(self) -> int:
        return self.count or len(self.events)


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
        mentions: identifiers seen in it, as namespace:value, by which it is found while it is
            held and one of them is erased.
    """

    names: tuple[str, ...]
    row: Row
    value: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    answer: Row = field(default_factory=dict)
    mentions: tuple[str, ...] = ()


class Answer(NamedTuple):
    """What a sender is told once its events are on disk."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


def told(found: Found, given: Sequence[str | None], _request: Request) -> Answer:
    """How many events came, and which ids those without were given."""
    new = {str(at): one for at, one in enumerate(given) if one is not None}
    said = {"received": len(found)} | ({"ids": new} if new else {})
    return Answer(200, msgspec.json.encode(said))


@dataclass(frozen=True)
class Dialect:
    """A way to send events.

    Attributes:
        routes: paths, without a slash at the end; the first takes any of its events.
        find: the events of a request; raises NotJsonError.
        understand: one event, the id it was given here, how it came → records, and events that
            the rules make into records; raises UnusableError.
        answer: what a sender is told once its events are on disk.
        page: the answer to a GET, of its path and whether it is of a key that works; None where
            there is nothing.
        usual: reads an event that is an interaction as it is, columns as attributes, much quicker
            than ``understand`` and to the same end; None where it cannot.
        usuals: the same of a JSON array of them; None where one of them is not so.
        marks: what stands in its events and in no other's.
        content_type: that its first route needs, where it needs one.
        versioned: whether a record is one of several versions that are sent of it, of which the
            latest counts.
        gets: those of its routes that take an event with GET, in the address.
    """

    name: str
    routes: tuple[str, ...]
    find: Callable[[Request], Found]
    understand: Callable[[bytes, str | None, Taken], list[Record | Event]]
    answer: Callable[[Found, Sequence[str | None], Request], Answer] = told
    page: Callable[[str, Callable[[str], bool]], bytes | None] | None = None
    usual: Callable[[bytes, str | None, Taken], Any] | None = None
    usuals: Callable[[Taken], list[Any] | None] | None = None
    marks: tuple[bytes, ...] = ()
    content_type: str = ""
    versioned: Callable[[Row], bool] = lambda _: False
    gets: tuple[str, ...] = ()


def new_id() -> str:
    """An id for an event that came without one; later ones sort after earlier ones."""
    return f"{time.time_ns():020d}-{secrets.token_hex(6)}"
