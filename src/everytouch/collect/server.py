"""The collector: an RSGI app that answers once what it was sent is on disk.

Started by Granian, apart from the pages. One event loop, one log: requests that wait are made
durable together.
"""

import asyncio
import base64
import binascii
import contextlib
import gc
import logging
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from everytouch.collect.body import BadEncodingError, Limits, TooLargeError, read, unpack
from everytouch.collect.bounds import Bounds
from everytouch.collect.connections import Connections, room_for
from everytouch.collect.deadlines import Deadlines
from everytouch.collect.dialects import DIALECTS, hooks
from everytouch.collect.dialects.base import Dialect, Found, NotJsonError, Request, Taken, new_id
from everytouch.collect.dialects.values import apart
from everytouch.collect.group import Group
from everytouch.collect.hooks import Hooks, echoed
from everytouch.collect.keys import Keys, SourceKey
from everytouch.collect.openapi import described
from everytouch.collect.parent import end_with
from everytouch.collect.pulse import EVERY, Watch, exposition
from everytouch.errors import EverytouchError
from everytouch.journal.api import Log, LogFullError

HANDOVER = 0.0002  # seconds the log may have to wait for the interpreter; 5 ms else
RETRY = "2"  # seconds after which a sender may try again
_JSON = ("content-type", "application/json")
_TEXT = ("content-type", "text/plain; charset=utf-8")
_PRIVATE = [  # the address of a webhook holds its key
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
]
_CODES = {
    400: "bad_request",
    401: "invalid_write_key",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    503: "unavailable",
}
# Snowplow's browser library asks for it; the collector reads no cookies.
_CREDENTIALS = ("access-control-allow-credentials", "true")
_METRICS = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
log = logging.getLogger("everytouch.collect")
encode = msgspec.msgpack.Encoder().encode


class RefusedError(Exception):
    """A request that gets no 200; says which status and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why

    @property
    def body(self) -> dict[str, str]:
        """What the sender is told: in ``error``, and as Segment's and RudderStack's libraries."""
        return {"error": self.why, "code": _CODES[self.status], "message": self.why}


@dataclass
class Allowance:
    """How many events a key may still send now; fills up with time."""

    left: float
    at: float = field(default_factory=time.monotonic)

    def take(self, events: int, rate: int) -> bool:
        """Whether so many more may come; a second's worth may come at once."""
        now = time.monotonic()
        self.left = min(float(rate), self.left + (now - self.at) * rate)
        self.at = now
        if self.left < min(events, rate):
            return False
        self.left -= events
        return True


class Collector:
    """The app.

    Args:
        workspace: its folder.
    """

    def __init__(self, workspace: Path, limits: Limits | None = None) -> None:
        self.workspace, self.limits = workspace, limits or Limits()
        self.bounds = room_for(Bounds.read(workspace))[0]
        self.keys = Keys(workspace)
        self.hooks = Hooks(workspace, self.keys)
        self.routes = {path: one for one in DIALECTS.values() for path in one.routes}
        address = os.environ.get("EVERYTOUCH_COLLECTOR", "")
        self.watch = Watch(workspace, address)
        self.connections = Connections(int(address.rpartition(":")[2] or 0), self.bounds)
        self.deadlines = Deadlines()
        self._allowances: dict[int, Allowance] = {}
        self._group: Group | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server before the first request."""
        group = Group(loop)
        group.log = Log(self.workspace / "log", group.written)
        self._group = group
        gc.freeze()  # what is here stays: nothing of it need be looked at again
        sys.setswitchinterval(HANDOVER)
        end_with(os.getppid())
        threading.Thread(target=self._note, name="pulse", daemon=True).start()
        self.connections.watch()
        self.deadlines.start(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server at its end."""
        if self._group is not None and self._group.log is not None:
            self._group.log.close()

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """One request."""
        try:
            status, headers, body = await self._answered(scope, proto)
        except RefusedError as error:
            status, headers, body = self._refused(error)
        finally:
            self.connections.answered(scope.client)
        origin = scope.headers.get("origin")
        if origin and self._may(origin):
            headers += [("access-control-allow-origin", origin), ("vary", "Origin"), _CREDENTIALS]
        proto.response_bytes(status, headers, body)

    async def _answered(self, scope: Any, proto: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        """An answer; where a file of the workspace is damaged, senders are to try again."""
        try:
            return await self._answer(scope, proto)
        except EverytouchError as error:
            log.error("%s; %s", error.what, error.remedy)
            raise RefusedError(503, "the collector cannot read its files") from error

    def _refused(self, error: RefusedError) -> tuple[int, list[tuple[str, str]], bytes]:
        self.watch.refused[str(error.status)] += 1
        headers = [_JSON]
        if error.status == 503:  # a sender may try again
            headers.append(("retry-after", RETRY))
        if error.status == 401:
            headers.append(("www-authenticate", "Bearer"))
        return error.status, headers, msgspec.json.encode(error.body)

    async def _answer(self, scope: Any, proto: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        path = scope.path.rstrip("/")
        if path == hooks.PATH or path.startswith(f"{hooks.PATH}/"):
            return await self._hook(path, scope, proto)
        if scope.method in ("GET", "HEAD") and (page := self._page(path)) is not None:
            return page if scope.method == "GET" else (*page[:2], b"")
        dialect = self.routes.get(path)
        if dialect is None:
            raise RefusedError(404, f"there is nothing at {scope.path}")
        if scope.method == "OPTIONS":
            return 204, _preflight(scope.headers), b""
        if scope.method != "POST" and not (scope.method == "GET" and path in dialect.gets):
            raise RefusedError(405, "send it with POST")
        given = scope.headers.get("authorization")
        key = self._key(_secret(given)) if given else None  # who has none is not read from
        now = time.time_ns() // 1000
        body = await self._body(scope, proto)
        request = Request(path, scope.query_string, scope.headers, body, now, self._unpacked)
        return await self._taken(dialect, key, request)

    async def _taken(
        self, dialect: Dialect, key: SourceKey | None, request: Request
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        found = self._found(dialect, request)
        new = await self._store(dialect, key or self._key(found.key), found, request)
        said = dialect.answer(found, new, request)
        return said.status, [("content-type", said.content_type)] if said.body else [], said.body

    async def _hook(
        self, path: str, scope: Any, proto: Any
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Take what a tool sends to a webhook's address; the address is never said again."""
        key = self.hooks.key(path)
        if key is None:
            raise RefusedError(404, "there is no webhook at this address")
        now = time.time_ns() // 1000
        asked = Request(hooks.PATH, scope.query_string, scope.headers, b"", now)
        if (echo := echoed(asked.query, scope.method)) is not None:
            return 200, [_TEXT, *_PRIVATE], echo.encode()
        if scope.method in ("GET", "HEAD"):
            return 200, list(_PRIVATE), b""
        if scope.method != "POST":
            raise RefusedError(405, "send it with POST")
        body = await self._body(scope, proto)
        self._check_signature(key, scope.headers, body, now)
        request = replace(asked, body=body, unpacked=self._unpacked, repeats=key.repeats)
        status, headers, said = await self._taken(DIALECTS["hooks"], key, request)
        return status, headers + _PRIVATE, said

    def _check_signature(self, key: SourceKey, headers: Any, body: bytes, now: int) -> None:
        try:
            right = self.hooks.signed(key, headers, body, now / 1e6)
        except EverytouchError as error:
            log.error("%s; %s", error.what, error.remedy)
            raise RefusedError(503, "signatures cannot be verified now") from error
        if not right:
            self.watch.unsigned[key.source] += 1
            raise RefusedError(401, "the signature is missing, wrong or too old")

    def _page(self, path: str) -> tuple[int, list[tuple[str, str]], bytes] | None:
        if path == "/health":
            now = self.watch.look(self._group)
            said = msgspec.json.encode({"healthy": now.healthy, **asdict(now)})
            return 200 if now.healthy else 503, [_JSON], said
        if path == "/metrics":
            return 200, [_METRICS], exposition(self.watch.look(self._group))
        if path == "/openapi.json":
            return 200, [_JSON], msgspec.json.encode(described())
        pages = (one.page(path, self._works) for one in DIALECTS.values() if one.page)
        return next(((200, [_JSON], said) for said in pages if said is not None), None)

    def _works(self, secret: str) -> bool:
        key = self.keys.of(secret)
        return key is not None and not key.hook

    def _key(self, secret: str) -> SourceKey:
        key = self.keys.of(secret) if secret else None
        if key is None or key.hook:  # what is sent to a webhook may have to be signed
            raise RefusedError(401, "send a source key that works: Authorization: Bearer ek_…")
        return key

    async def _body(self, scope: Any, proto: Any) -> bytes:
        """Return the body, which must come at a rate: nobody keeps a place by waiting."""
        encoding = scope.headers.get("content-encoding") or ""
        length = scope.headers.get("content-length") or ""
        size = int(length) if length.isdecimal() else self.limits.body
        try:
            with self.deadlines.within(self.bounds.body_time(min(size, self.limits.discarded))):
                if not encoding and length and size <= self.limits.body:
                    body: bytes = await proto()  # no more than it says can come
                else:
                    body = await read(proto, encoding, self.limits)
        except TimeoutError as error:
            raise RefusedError(408, "the body comes too slowly: send it again") from error
        except TooLargeError as error:
            raise RefusedError(413, str(error)) from error
        except BadEncodingError as error:
            raise RefusedError(400, str(error)) from error
        self.connections.whole(scope.client)
        return body

    def _unpacked(self, packed: bytes) -> bytes:
        return unpack(packed, self.limits)

    def _found(self, dialect: Dialect, request: Request) -> Found:
        try:
            found = dialect.find(request)
        except (NotJsonError, BadEncodingError) as error:
            raise RefusedError(400, str(error)) from error
        except TooLargeError as error:
            raise RefusedError(413, str(error)) from error
        if len(found) > self.limits.events:
            raise RefusedError(413, f"more than {self.limits.events} events in one request")
        if len(found.whole) > self.limits.event:
            found = apart(found)
        if any(len(event) > self.limits.event for event in found.events):
            raise RefusedError(413, f"an event is over {self.limits.event} bytes")
        return found

    async def _store(
        self, dialect: Dialect, key: SourceKey, found: Found, request: Request
    ) -> list[str | None]:
        """Wait until the events are on disk; the ids that were given to those without."""
        if not len(found):
            return []
        if key.rate:
            allowance = self._allowances.setdefault(key.number, Allowance(float(key.rate)))
            if not allowance.take(len(found), key.rate):
                raise RefusedError(503, f"this key may send {key.rate} events a second")
        new = [new_id() if own is None else None for own in found.ids]
        ids = [own or one for own, one in zip(found.ids, new, strict=True)]
        events, route = list(found.events), found.route
        if route is None:
            route = request.path.rpartition("/")[2]
        taken = Taken(
            dialect.name,
            key.source,
            request.received,
            found.shift,
            events,
            ids if found.keep_ids else new,
            route,
            found.whole,
            found.count,
        )
        if self._group is None:
            raise RefusedError(503, "the collector has not begun")
        try:
            await self._group.write(encode(taken))
        except LogFullError as error:
            raise RefusedError(503, error.what) from error
        except OSError as error:
            raise RefusedError(503, f"the log cannot be written: {error.strerror}") from error
        self.watch.events[key.source] += len(found)
        return new

    def _note(self) -> None:
        while True:
            self.watch.note(self._group)
            time.sleep(EVERY)

    def _may(self, origin: str) -> bool:
        with contextlib.suppress(EverytouchError):  # a damaged register allows nobody
            return any(
                not key.revoked_at and ("*" in key.origins or origin in key.origins)
                for key in self.keys.all()
            )
        return False


def _secret(authorization: str) -> str:
    """The key of a header: a bearer's, or the name of Basic without a password."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return value.strip()
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _preflight(headers: Any) -> list[tuple[str, str]]:
    asked = headers.get("access-control-request-headers") or "authorization, content-type"
    return [
        ("access-control-allow-methods", "POST, GET"),
        ("access-control-allow-headers", asked),
        ("access-control-max-age", "600"),
    ]


def create() -> Collector:
    """The app as Granian makes it."""
    return Collector(Path(os.environ["EVERYTOUCH_WORKSPACE"]))
