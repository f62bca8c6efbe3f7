"""Segments of the log, read ahead of the loader: in a thread, or by processes where many wait."""

import contextlib
import datetime
import gc
import itertools
import logging
import multiprocessing
import os
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import msgspec

from everytouch.collect.dialects.base import Taken
from everytouch.collect.events import Understood, understood
from everytouch.collect.parent import end_with
from everytouch.collect.positions import IN_SEGMENT
from everytouch.collect.rules import Rules
from everytouch.journal.api import frames

MANY = 4  # segments waiting, from which on it pays to start processes
MOST = 2  # of them: the loader, that commits what they read, has no more to give
decode = msgspec.msgpack.Decoder(Taken).decode
log = logging.getLogger("everytouch.collect")


@dataclass(frozen=True)
class Segment:
    """A segment of the log, read.

    Attributes:
        now: when the first of it was received; of all it brings.
        found: what its events are, by source.
        damaged: bytes of it that are no frames.
    """

    path: Path
    now: datetime.datetime
    found: dict[str, Understood]
    damaged: int


def read(path: Path, rules: Rules) -> Segment:
    """Read a segment and understand its events by the rules."""
    payloads, damaged = frames(path)
    taken = [decode(frame) for frame in payloads]
    by_source: dict[str, tuple[list[Taken], list[int]]] = defaultdict(lambda: ([], []))
    position = int(path.stem) * IN_SEGMENT
    for one in taken:
        requests, firsts = by_source[one.source]
        requests.append(one)
        firsts.append(position)
        position += len(one)
    received = taken[0].received if taken else 0
    now = datetime.datetime.fromtimestamp(received / 1e6, datetime.UTC)
    gc.disable()  # nothing that is made here goes in circles, and much is made
    try:
        found = {
            name: understood(requests, rules, firsts)
            for name, (requests, firsts) in sorted(by_source.items())
        }
    finally:
        gc.enable()
    return Segment(path, now, found, damaged)


class Readers:
    """Reads segments while earlier ones are stored.

    Understanding events is work in Python, of which one process does one thing at a time. So a
    backlog is read by processes: they stay as long as there is one, and end with this process.

    Args:
        many: segments waiting, from which on processes read.
    """

    def __init__(self, many: int = MANY) -> None:
        self.many = many
        self._thread = ThreadPoolExecutor(1, "read")
        self._processes: ProcessPoolExecutor | None = None

    def each(self, paths: Sequence[Path], rules: Callable[[], Rules]) -> Iterator[Segment]:
        """The segments in their order; one more is begun with each that is taken."""
        ahead = self._prepare(len(paths))
        waiting, coming = iter(paths), deque[tuple[Path, Future[Segment]]]()
        for path in itertools.islice(waiting, ahead):
            coming.append((path, self._begun(path, rules())))
        while coming:
            path, future = coming.popleft()
            segment = self._result(path, future, rules)
            for following in itertools.islice(waiting, 1):
                coming.append((following, self._begun(following, rules())))
            yield segment

    def close(self) -> None:
        """End the processes, if there are any; they are started again when they are needed."""
        if self._processes is not None:
            self._processes.shutdown(cancel_futures=True)
            self._processes = None

    def _prepare(self, waiting: int) -> int:
        """Start or end the processes; how many segments are read ahead."""
        if waiting < self.many:
            self.close()
            return 1
        if self._processes is None:
            fresh = multiprocessing.get_context("spawn")
            self._processes = ProcessPoolExecutor(
                MOST, fresh, initializer=_begin, initargs=(os.getpid(),)
            )
        return MOST + 1

    def _begun(self, path: Path, rules: Rules) -> "Future[Segment]":
        if self._processes is not None:
            with contextlib.suppress(BrokenProcessPool):
                return self._processes.submit(read, path, rules)
        return self._thread.submit(read, path, rules)

    def _result(self, path: Path, future: "Future[Segment]", rules: Callable[[], Rules]) -> Segment:
        try:
            return future.result()
        except BrokenProcessPool:
            log.warning("a process that reads the log has died; it is read without")
            self._processes = None
            return read(path, rules())


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the loader says when it is over
    end_with(parent)
