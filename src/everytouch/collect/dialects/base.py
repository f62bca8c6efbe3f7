"""What a dialect is: how events are taken from a request, and made into records later."""

import datetime
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from everytouch.moments.api import Kind

Row = dict[str, Any]
"""A record as text: column → text, or a list of texts; missing columns are left out."""

_raws = msgspec.json.Decoder(list[msgspec.Raw])


class NotJsonError(ValueError):
    """The body is no JSON at all: no retry can mend that."""


class UnusableError(ValueError):
    """One event cannot become a record; says why."""


class Taken(msgspec.Struct, array_like=True, frozen=True):
    """What one request brought: a frame of the log.

    Attributes:
        dialect: name of the one it speaks.
        source: of the key it came with.
        received: microseconds since 1970.
        shift: microseconds by which the sender's clock is behind ours.
        events: each as JSON.
        ids: for each the id it was given here, None where it has its own.
    """

    dialect: str
    source: str
    received: int
    shift: int
    events: list[bytes]
    ids: list[str | None]


@dataclass(frozen=True)
class Dialect:
    """A way to send events.

    Attributes:
        routes: path → how the events of a body are found: (body, content type) → JSON of each,
            and its id or None.
        records: one event → its records; raises UnusableError.
    """

    name: str
    routes: dict[str, Callable[[bytes, str], "Found"]]
    records: Callable[[bytes, str | None, Taken], list[tuple[Kind, Row]]]


Found = Sequence[tuple[bytes, str | None]]


def parts(body: bytes) -> list[bytes]:
    """The values of a JSON array, each as JSON.

    What is JSON by its grammar but says what Unicode and numbers do not have (half a surrogate
    pair, NaN) is taken all the same: halves become U+FFFD, NaN the text "NaN".

    Raises:
        NotJsonError: it is no JSON array.
    """
    try:
        return [bytes(part) for part in _raws.decode(body)]
    except (msgspec.DecodeError, RecursionError):
        value = loosely(body)
    if not isinstance(value, list):
        raise NotJsonError("the body is no list")
    return [msgspec.json.encode(part) for part in value]


def loosely(body: bytes) -> Any:
    """A JSON value, with what it cannot hold replaced.

    Raises:
        NotJsonError: it is no JSON.
    """
    try:
        value = json.loads(body.decode("utf-8", "replace"), parse_constant=str)
        return _whole(value)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(f"the body is no JSON: {error}") from error


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def new_id() -> str:
    """An id for an event that came without one; later ones sort after earlier ones."""
    return f"{time.time_ns():020d}-{secrets.token_hex(6)}"


def time_text(microseconds: int) -> str:
    """A time as a record's column is written."""
    return datetime.datetime.fromtimestamp(microseconds / 1e6, datetime.UTC).isoformat()
