"""The connections of this process's server: those that only take up room are closed.

The server itself closes those whose headers do not come. It counts none by their address, and
waits for a place where all are taken; so they are looked at here, beside it, through the file
descriptors of the process.
"""

import contextlib
import logging
import math
import os
import resource
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from everytouch.collect.bounds import Bounds

FOLDER = Path("/dev/fd")  # what this process has open
LOOK = 0.25  # seconds between two looks, at least
REST = 10.0  # times as long as a look took, until the next
KEPT = 512  # files that are not for connections
HIGHEST = 1 << 20  # files: more are never needed
ROOM = 4  # one part in so many is kept free between two looks
TOLD = 60.0  # seconds until the same address is named again
log = logging.getLogger("everytouch.connections")


Rank = tuple[bool, float]
"""Whether a client sent a whole request, and when; infinite while it waits for an answer."""


@dataclass(frozen=True)
class Peer:
    """One open connection.

    Attributes:
        name: address and port, as the server names its client.
        rank: the lowest is closed first: those that never sent a whole request before others,
            then by when they did, or were seen first.
    """

    file: int
    address: str
    name: str
    rank: Rank


class Connections:
    """Keeps the connections of a listening port within their bounds.

    Args:
        port: where the server of this process listens.
    """

    def __init__(self, port: int, bounds: Bounds) -> None:
        self.port, self.bounds = port, bounds
        self.closed: Counter[str] = Counter()
        self._ranks: dict[str, Rank] = {}
        self._absent = set[str]()
        self._told: dict[str, float] = defaultdict(lambda: -math.inf)

    def whole(self, name: str) -> None:
        """Note that a request of a client is there as a whole, and will be answered."""
        self._ranks[name] = (True, math.inf)

    def answered(self, name: str) -> None:
        """Note that it was answered."""
        self._ranks[name] = (True, time.monotonic())

    def watch(self) -> None:
        """Look again and again, in a thread of its own."""
        threading.Thread(target=self._watch, name="connections", daemon=True).start()

    def _watch(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self.look()
            except OSError:
                log.exception("the connections cannot be looked at")
            time.sleep(max(LOOK, REST * (time.monotonic() - began)))

    def look(self) -> None:
        """Close what is too much of one address, then what is too much in all."""
        found = sorted(self.open(), key=lambda one: one.rank)
        self._remember(found)
        excess = Counter(one.address for one in found)
        kept = []
        for one in found:  # the longest without a whole request first
            if excess[one.address] > self._allowed(one.address):
                excess[one.address] -= 1
                self._close(one, "address")
            else:
                kept.append(one)
        for one in kept[: max(0, len(kept) - self.bounds.most)]:
            self._close(one, "all")

    def _remember(self, found: list[Peer]) -> None:
        """Keep the times of those that are there, or were at the last look.

        The event loop notes times meanwhile, perhaps of one that was not there yet.
        """
        for one in found:
            self._ranks.setdefault(one.name, one.rank)
        absent = set(self._ranks) - {one.name for one in found}
        for name in absent & self._absent:
            self._ranks.pop(name, None)
        self._absent = absent

    def open(self) -> Iterator[Peer]:
        """Yield the connections there are."""
        now = time.monotonic()
        for file in FOLDER.iterdir():
            with self._held(int(file.name)) as one:
                if one is not None:
                    address, name = _named(one)
                    yield Peer(int(file.name), address, name, self._ranks.get(name, (False, now)))

    def _allowed(self, address: str) -> float:
        return math.inf if self.bounds.trusts(address) else self.bounds.per_address

    def _close(self, peer: Peer, why: str) -> None:
        with self._held(peer.file) as one:
            if one is None or _named(one)[1] != peer.name:
                return  # it went by itself, and the number is another's by now
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.closed[why] += 1
        self._tell(peer.address if why == "address" else "")

    @contextlib.contextmanager
    def _held(self, file: int) -> Iterator[socket.socket | None]:
        """Hold on to a connection, which stays the same whatever becomes of its number."""
        one = _socket(file)
        if one is None:
            yield None
            return
        with one:
            yield one if self._ours(one) else None

    def _ours(self, one: socket.socket) -> bool:
        """Whether it is a connection that our port accepted."""
        if one.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        try:
            return bool(one.getsockname()[1] == self.port and one.getpeername())
        except OSError:
            return False  # it listens, or has just ended

    def _tell(self, address: str) -> None:
        """Say it in the log, at most once a minute."""
        now = time.monotonic()
        if now - self._told[address] < TOLD:
            return
        self._told = defaultdict(lambda: -math.inf, {address: now})
        if not address:
            log.warning("over %d connections: the longest idle are closed", self.bounds.most)
            return
        log.warning(
            "%s has over %d connections: the longest idle are closed. If it is a proxy, add it to "
            "proxies under [connections] in everytouch.toml",
            address,
            self.bounds.per_address,
        )


def _socket(file: int) -> socket.socket | None:
    """A second handle on a socket; None where a file is closed by now, or is none."""
    try:
        copy = os.dup(file)
    except OSError:
        return None
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        return None


def _named(one: socket.socket) -> tuple[str, str]:
    """The address of a client, and its name with the port as servers write it."""
    try:
        address, port = one.getpeername()[:2]
    except OSError:  # it has just ended
        return "", ""
    return address, f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def room_for(bounds: Bounds) -> tuple[Bounds, int]:
    """Raise the limit of open files as far as may be; return what fits, and what to accept.

    More is accepted than is kept, so that nobody waits for a place until the next look.
    """
    allowed = _files()
    most = min(bounds.most, (allowed - KEPT) * ROOM // (ROOM + 1))
    if most < bounds.most:
        log.warning("only %d files may be open: %d connections are kept", allowed, most)
    most = max(most, 1)
    return replace(bounds, most=most), most + -(-most // ROOM)


def _files() -> int:
    """How many files this process and its children may open, once that is raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = HIGHEST if hard == resource.RLIM_INFINITY else min(hard, HIGHEST)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(soft, most)
