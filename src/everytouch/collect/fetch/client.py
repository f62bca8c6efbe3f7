"""Asking an HTTP API: one host, checked addresses, limits, and patience where it is asked for.

Built on urllib3: its retry policy knows Retry-After and backs off, its pools connect to the very
address that was checked, and it reads nothing from the environment.
"""

import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from everytouch.collect.fetch.guard import Limits
from everytouch.errors import SourceError
from everytouch.later import Later

if TYPE_CHECKING:
    import urllib3
else:
    urllib3 = Later("urllib3")

LARGEST = 50_000_000  # bytes of one answer, unpacked
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_MOVED = {301, 302, 303, 307, 308}
_REDIRECTS = 3


@dataclass(frozen=True)
class Answer:
    """What the server answered with success."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Client:
    """Asks one server, as often as it takes, until a time.

    Attributes:
        base: its address; nothing else is asked, so that credentials stay there.
        headers: sent with each request.
        until: when to give up, on the monotonic clock.
        backoff: seconds of the first wait; it doubles.
    """

    base: str
    headers: Mapping[str, str]
    limits: Limits
    place: str
    until: float
    backoff: float = 1.0
    _pools: "list[urllib3.HTTPConnectionPool]" = field(default_factory=list)

    def get(self, url: str) -> Answer:
        """Ask for an address of the server; it may redirect within itself.

        Raises:
            SourceError: the server refuses, does not answer, or leads elsewhere.
        """
        for _ in range(_REDIRECTS):
            status, answer = self._patiently(self._own(url))
            if status not in _MOVED:
                return answer
            url = joined(url, answer.headers.get("location", ""))
        raise SourceError(
            f"{self.place}: {self.base} redirects again and again", "check the address"
        )

    def close(self) -> None:
        """Close the connections."""
        for pool in self._pools:
            pool.close()

    def _own(self, url: str) -> str:
        """Return an address that is one of this server.

        Raises:
            SourceError: it leads to another host.
        """
        if origin(url) != origin(self.base):
            other = origin(url) or "what is no address of HTTP"
            raise SourceError(
                f"{self.place}: {origin(self.base)} leads to another server, {other}",
                "credentials are not sent there; if that is right, change the source's address",
            )
        return url

    def _patiently(self, url: str) -> tuple[int, Answer]:
        """Ask until there is an answer, with growing pauses."""
        retries = urllib3.Retry(8, backoff_factor=self.backoff, backoff_max=60, backoff_jitter=0.5)
        while True:
            response, problem = None, None
            try:
                with self._asked(url) as response:
                    if response.status not in _BUSY:
                        return self._understood(url, response)
            except urllib3.exceptions.HTTPError as error:
                problem = error
            reason = f"status {response.status}" if response else _shown(problem)
            try:
                retries = retries.increment("GET", url, response, problem)
            except urllib3.exceptions.HTTPError:
                raise self._silent(url, reason) from None
            self._wait(retries, response, self._silent(url, reason))

    def _silent(self, url: str, reason: str) -> SourceError:
        return SourceError(
            f"{self.place}: {origin(url)} does not answer: {reason}",
            "check the address, and that the server is up",
        )

    def _wait(
        self,
        retries: "urllib3.Retry",
        response: "urllib3.BaseHTTPResponse | None",
        silent: SourceError,
    ) -> None:
        """Wait as long as the server asks, or a little longer each time.

        Raises:
            SourceError: the run may not take that long.
        """
        asked = _asked_pause(retries, response)
        pause = asked or retries.get_backoff_time()
        if time.monotonic() + pause > self.until:
            if not asked:
                raise silent
            raise SourceError(
                f"{self.place}: {origin(self.base)} asks to wait {pause:,.0f} s, more than "
                "this run may take",
                "the next run goes on; run it less often, or raise seconds",
            )
        time.sleep(pause)

    @contextmanager
    def _asked(self, url: str) -> "Iterator[urllib3.BaseHTTPResponse]":
        if time.monotonic() > self.until:
            raise SourceError(
                f"{self.place}: the run took longer than it may",
                "raise seconds, or fetch less at once: since, or a smaller page",
            )
        split = urllib.parse.urlsplit(url)
        target = urllib.parse.urlunsplit(("", "", split.path or "/", split.query, ""))
        response = self._pool().urlopen(
            "GET",
            target,
            headers=self.headers,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            yield response
        finally:
            response.close()

    def _pool(self) -> "urllib3.HTTPConnectionPool":
        """Return connections to the address that was checked, under the server's own name."""
        if not self._pools:
            split = urllib.parse.urlsplit(self.base)
            host = split.hostname or ""
            port = split.port or (443 if split.scheme == "https" else 80)
            address = self.limits.addresses(host, port, self.place)[0]
            timeout = urllib3.Timeout(connect=10, read=30)
            if split.scheme == "https":
                self._pools.append(
                    urllib3.HTTPSConnectionPool(
                        address, port, timeout, server_hostname=host, assert_hostname=host
                    )
                )
            else:
                self._pools.append(urllib3.HTTPConnectionPool(address, port, timeout))
        return self._pools[0]

    def _understood(self, url: str, response: "urllib3.BaseHTTPResponse") -> tuple[int, Answer]:
        """Read an answer within its limits.

        Raises:
            SourceError: it is a refusal, or too large.
        """
        if response.status in _MOVED:
            return response.status, Answer(url, _lowered(response), b"")
        if response.status != 200:
            raise SourceError(
                f"{self.place}: {origin(url)} answers with status {response.status}",
                _remedy(response.status),
            )
        parts, size = list[bytes](), 0
        for part in response.stream(65_536, decode_content=True):
            size += len(part)
            if size > LARGEST or time.monotonic() > self.until:
                raise SourceError(
                    f"{self.place}: an answer is too slow, or over {LARGEST // 1_000_000} MB",
                    "ask for smaller pages",
                )
            parts.append(part)
        return 200, Answer(url, _lowered(response), b"".join(parts))


def joined(url: str, link: str) -> str:
    """Return where a link on a page leads; empty where it is no address."""
    try:
        return urllib.parse.urljoin(url, link)
    except ValueError:
        return ""


def origin(url: str) -> str:
    """Return scheme, host and port of an address; empty where it is none of HTTP."""
    try:
        split = urllib.parse.urlsplit(url)
        port = split.port or {"https": 443, "http": 80}[split.scheme]
    except (ValueError, KeyError):
        return ""
    host = split.hostname or ""
    return f"{split.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _asked_pause(
    retries: "urllib3.Retry", response: "urllib3.BaseHTTPResponse | None"
) -> float | None:
    """Return the seconds that a server asks to wait; None where it asks nothing that is a time."""
    try:
        return retries.get_retry_after(response) if response else None
    except urllib3.exceptions.InvalidHeader:
        return None


def _lowered(response: "urllib3.BaseHTTPResponse") -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _shown(problem: Exception | None) -> str:
    """Return why there was no answer, without addresses of objects."""
    return str(problem).rpartition(">: ")[2].rpartition("): ")[2] or type(problem).__name__


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "check the token, and that it may read this"
    if status == 404:
        return "check the address"
    return "check address and parameters against the server's documentation"
