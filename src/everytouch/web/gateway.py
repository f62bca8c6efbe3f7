"""The door of the app: takes requests, has Django answer them in threads, and keeps them apart.

A body is read whole before a thread is taken, so that none waits for a slow sender. What is
always quick (being alive, signing in, static files) has threads of its own. A visitor that
leaves is noticed, and what only they waited for is given up.
"""

import asyncio
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any

from everytouch.collect.api import Bounds, Connections, end_with
from everytouch.web import waiting
from everytouch.web.crowd import LIGHT
from everytouch.web.environ import environ

THREADS, QUICK = 128, 4
LATER = ("/figures/", "/api/", "/report.html")
"""Where the addresses begin that nobody expects at once."""
FORM = 1_200_000  # bytes of a request that is no upload; Django's own limit is below
UPLOADS = "/uploads"
EXTRA = 1_000_000  # bytes of an upload that are not the file
DISCARDED = 4  # times the limit that is read of a body; who sends more is cut off
IN_MEMORY = 100_000  # bytes of a body
WHOLE = 1 << 20  # bytes of an answer that are sent at once; longer ones go in parts
STALLED = 60.0  # seconds that a visitor may take for a part
Headers = list[tuple[str, str]]


class RefusedError(Exception):
    """A request that Django never sees."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail


@dataclass
class Reply:
    """What Django answers, as WSGI says it."""

    status: int = 500
    headers: Headers = field(default_factory=list)
    parts: Iterable[bytes] = ()

    def start(self, status: str, headers: Headers, _error: Any = None) -> None:
        """WSGI's ``start_response``."""
        self.status, self.headers = int(status.split(" ", 1)[0]), headers

    def close(self) -> None:
        """Tell Django that it is over."""
        if hasattr(self.parts, "close"):
            self.parts.close()


class Gateway:
    """The app as Granian calls it (RSGI), around Django's (WSGI).

    Args:
        application: Django's.
        upload: bytes that an upload may have.
    """

    def __init__(
        self, application: Callable[..., Any], bounds: Bounds, port: int, upload: int
    ) -> None:
        self.application, self.bounds, self.upload = application, bounds, upload
        self.connections = Connections(port, bounds)
        self._threads = ThreadPoolExecutor(THREADS, "page")
        self._quick = ThreadPoolExecutor(QUICK, "quick")

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server before the first request."""
        end_with(os.getppid())
        self.connections.watch()

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """One request."""
        try:
            with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
                await self._read(scope, proto, body)
                self.connections.whole(scope.client)
                await self._answer(scope, proto, body)
        except RefusedError as error:
            _refuse(proto, error)
        finally:
            self.connections.answered(scope.client)

    async def _read(self, scope: Any, proto: Any, body: IO[bytes]) -> None:
        """Read the body within its limits of size and time."""
        if scope.method in ("GET", "HEAD") and "content-length" not in scope.headers:
            return
        uploads = scope.path.startswith(UPLOADS)
        most = self.upload + EXTRA if uploads else FORM
        length = scope.headers.get("content-length") or ""
        size = int(length) if length.isdecimal() else most
        try:
            async with asyncio.timeout(self.bounds.body_time(min(size, DISCARDED * most))):
                sent = await _kept(proto, body, most)
        except TimeoutError as error:
            raise RefusedError(
                408, "Request Timeout", "the body comes too slowly: send it again"
            ) from error
        if sent > most and not uploads:  # of an upload there is a page that says it
            raise _too_large(most)
        body.seek(0)

    async def _answer(self, scope: Any, proto: Any, body: IO[bytes]) -> None:
        """Have it answered in a thread; give it up when the visitor goes."""
        loop, gone = asyncio.get_running_loop(), threading.Event()
        threads = self._quick if scope.path.startswith(LIGHT) else self._threads
        leaving = asyncio.ensure_future(proto.client_disconnect())
        leaving.add_done_callback(lambda _: gone.set())  # also when all is sent
        try:
            reply, parts = await loop.run_in_executor(threads, self._run, scope, body, gone)
            if not gone.is_set():
                await self._send(proto, reply, parts, threads)
        finally:
            leaving.cancel()

    def _run(self, scope: Any, body: IO[bytes], gone: threading.Event) -> tuple[Reply, list[bytes]]:
        """In a thread: the answer, and its first parts, all of them where it is short."""
        reply, size = Reply(), 0
        with waiting.visiting(gone, page=not scope.path.startswith(LATER)):
            reply.parts = self.application(environ(scope, body), reply.start)
            first = list[bytes]()
            for part in reply.parts:
                first.append(part)
                size += len(part)
                if size > WHOLE:
                    return reply, first
            reply.close()
        return Reply(reply.status, reply.headers), first

    async def _send(
        self, proto: Any, reply: Reply, first: list[bytes], threads: ThreadPoolExecutor
    ) -> None:
        if reply.parts == ():
            proto.response_bytes(reply.status, reply.headers, b"".join(first))
            return
        loop, rest = asyncio.get_running_loop(), iter(reply.parts)
        stream = proto.response_stream(reply.status, reply.headers)
        part = b"".join(first)
        try:
            while part:
                async with asyncio.timeout(STALLED):
                    await stream.send_bytes(part)
                part = await loop.run_in_executor(threads, _more, rest)
        finally:
            await loop.run_in_executor(threads, reply.close)


async def _kept(proto: Any, body: IO[bytes], most: int) -> int:
    """Keep a body up to a limit, and read on so that its sender comes to read the answer."""
    sent = 0
    async for part in proto:
        body.write(part[: max(0, most - sent)])
        sent += len(part)
        if sent > DISCARDED * most:
            raise _too_large(most)
    return sent


def _too_large(most: int) -> RefusedError:
    return RefusedError(413, "Content Too Large", f"send no more than {most:,} bytes")


def _more(rest: Any) -> bytes:
    """The next part of a long answer, put together of small ones."""
    found, size = list[bytes](), 0
    for part in rest:
        found.append(part)
        size += len(part)
        if size > WHOLE:
            break
    return b"".join(found)


def _refuse(proto: Any, error: RefusedError) -> None:
    said = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    headers = [
        ("content-type", "application/problem+json"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ]
    proto.response_bytes(error.status, headers, json.dumps(said).encode())
