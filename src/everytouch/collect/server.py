"""The collector: an RSGI app that answers once what it was sent is on disk.

Started by Granian, apart from the pages. One event loop, one log: requests that wait are made
durable together.
"""

import asyncio
import base64
import binascii
import json
import logging
import os
import signal
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from everytouch.collect.body import BadEncodingError, Limits, TooLargeError, read, unpack
from everytouch.collect.dialects import DIALECTS
from everytouch.collect.dialects.base import Dialect, Found, NotJsonError, Request, Taken, new_id
from everytouch.collect.keys import Keys, SourceKey
from everytouch.collect.pulse import EVERY, Watch, exposition
from everytouch.journal.api import Log, LogFullError

RETRY = "2"  # seconds after which a sender may try again
_JSON = ("content-type", "application/json")
_METRICS = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
log = logging.getLogger("everytouch.collect")
encode = msgspec.msgpack.Encoder().encode


class RefusedError(Exception):
    """A request that gets no 200; says which status and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


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
        self.keys = Keys(workspace)
        self.routes = {path: one for one in DIALECTS.values() for path in one.routes}
        self.watch = Watch(workspace, os.environ.get("EVERYTOUCH_COLLECTOR", ""))
        self._allowances: dict[int, Allowance] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._log: Log | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server before the first request."""
        self._loop = loop
        self._log = Log(self.workspace / "log", self._written)
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        threading.Thread(target=self._note, name="pulse", daemon=True).start()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server at its end."""
        if self._log is not None:
            self._log.close()

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """One request."""
        origin = scope.headers.get("origin")
        try:
            status, headers, body = await self._answer(scope, proto)
        except RefusedError as error:
            self.watch.refused[str(error.status)] += 1
            status, headers = error.status, [_JSON]
            if status == 503:  # a sender may try again
                headers.append(("retry-after", RETRY))
            if status == 401:
                headers.append(("www-authenticate", "Bearer"))
            body = json.dumps({"error": error.why}).encode()
        if origin and self._may(origin):
            headers += [("access-control-allow-origin", origin), ("vary", "Origin")]
        proto.response_bytes(status, headers, body)

    async def _answer(self, scope: Any, proto: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        path = scope.path.rstrip("/")
        if scope.method == "GET" and (page := self._page(path)) is not None:
            return page
        dialect = self.routes.get(path)
        if dialect is None:
            raise RefusedError(404, f"there is nothing at {scope.path}")
        if scope.method == "OPTIONS":
            return 204, _preflight(scope.headers), b""
        if scope.method != "POST":
            raise RefusedError(405, "send it with POST")
        if scope.headers.get("authorization"):  # who has no key is not read from
            self._key(scope.headers, "")
        now = time.time_ns() // 1000
        body = await self._body(scope, proto)
        request = Request(path, scope.query_string, scope.headers, body, now, self._unpacked)
        found = self._found(dialect, request)
        key = self._key(scope.headers, found.key)
        given = await self._store(dialect, key, found, request)
        status, said = dialect.answer(found, given, request)
        return status, [_JSON] if said else [], said

    def _page(self, path: str) -> tuple[int, list[tuple[str, str]], bytes] | None:
        if path == "/health":
            now = self.watch.look(self._log)
            said = msgspec.json.encode({"healthy": now.healthy, **asdict(now)})
            return 200 if now.healthy else 503, [_JSON], said
        if path == "/metrics":
            return 200, [_METRICS], exposition(self.watch.look(self._log))
        pages = (one.page(path, self._works) for one in DIALECTS.values() if one.page)
        return next(((200, [_JSON], said) for said in pages if said is not None), None)

    def _works(self, secret: str) -> bool:
        return self.keys.of(secret) is not None

    def _key(self, headers: Any, within: str) -> SourceKey:
        """The key of a request, of its header or, where that has none, of its body."""
        kind, _, value = (headers.get("authorization") or "").partition(" ")
        secret = value.strip()
        if kind.lower() == "basic":
            try:
                secret = base64.b64decode(secret, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                secret = ""
        secret = secret or within
        key = self.keys.of(secret) if secret else None
        if key is None:
            raise RefusedError(401, "send a source key that works: Authorization: Bearer ek_…")
        return key

    async def _body(self, scope: Any, proto: Any) -> bytes:
        try:
            return await read(proto, scope.headers.get("content-encoding") or "", self.limits)
        except TooLargeError as error:
            raise RefusedError(413, str(error)) from error
        except BadEncodingError as error:
            raise RefusedError(400, str(error)) from error

    def _unpacked(self, packed: bytes) -> bytes:
        return unpack(packed, self.limits)

    def _found(self, dialect: Dialect, request: Request) -> Found:
        try:
            found = dialect.find(request)
        except (NotJsonError, BadEncodingError) as error:
            raise RefusedError(400, str(error)) from error
        except TooLargeError as error:
            raise RefusedError(413, str(error)) from error
        if len(found.events) > self.limits.events:
            raise RefusedError(413, f"more than {self.limits.events} events in one request")
        if any(len(event) > self.limits.event for event in found.events):
            raise RefusedError(413, f"an event is over {self.limits.event} bytes")
        return found

    async def _store(
        self, dialect: Dialect, key: SourceKey, found: Found, request: Request
    ) -> list[str | None]:
        """Wait until the events are on disk; the ids that were given to those without."""
        if not found.events:
            return []
        if key.rate:
            allowance = self._allowances.setdefault(key.number, Allowance(float(key.rate)))
            if not allowance.take(len(found.events), key.rate):
                raise RefusedError(503, f"this key may send {key.rate} events a second")
        ids = [new_id() if own is None else None for own in found.ids]
        route = request.path.rpartition("/")[2]
        taken = Taken(
            dialect.name,
            key.source,
            request.received,
            found.shift,
            list(found.events),
            ids,
            route,
        )
        if self._loop is None or self._log is None:
            raise RefusedError(503, "the collector has not begun")
        written: asyncio.Future[None] = self._loop.create_future()
        try:
            self._log.append(encode(taken), written)
        except LogFullError as error:
            raise RefusedError(503, error.what) from error
        try:
            await written
        except OSError as error:
            raise RefusedError(503, f"the log cannot be written: {error.strerror}") from error
        self.watch.events[key.source] += len(found.events)
        return ids

    def _written(self, waiting: list[Any], failure: OSError | None) -> None:
        """In the log's thread: tell the event loop, once for a whole group."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_resolve, waiting, failure)

    def _note(self) -> None:
        while True:
            self.watch.note(self._log)
            time.sleep(EVERY)

    def _may(self, origin: str) -> bool:
        return any(
            not key.revoked_at and ("*" in key.origins or origin in key.origins)
            for key in self.keys.all()
        )


def _end_with(parent: int) -> None:
    """End when the process that started this one is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def _resolve(waiting: list[Any], failure: OSError | None) -> None:
    for future in waiting:
        if future.done():  # its sender has gone
            continue
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)


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
