"""Group commit, seen from the event loop: what waits is handed to the log together.

One group is being written while the next one gathers, so that two threads change places twice a
group and not twice a request.
"""

import asyncio
from typing import Any

from everytouch.journal.api import WAITING, Log, LogFullError

Waiting = tuple[bytes, "asyncio.Future[None]"]


class Group:
    """Between the event loop and the log.

    Args:
        loop: all but ``written`` is called in it.

    Attributes:
        log: whose writing thread tells ``written``; None before it is begun.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._gathered: list[Waiting] = []
        self._size, self._busy = 0, False
        self.log: Log | None = None

    @property
    def waiting(self) -> int:
        """Bytes that are not on disk yet."""
        return self._size + (self.log.waiting if self.log else 0)

    def write(self, frame: bytes) -> "asyncio.Future[None]":
        """Done when the frame is on disk; fails with what kept it from there.

        Raises:
            LogFullError: too much waits already.
        """
        if self._size + len(frame) > WAITING:
            raise LogFullError("the log cannot be written as fast as events come", "send later")
        written = self._loop.create_future()
        if not self._busy and not self._gathered:
            self._loop.call_soon(self._hand_over)  # with what else is ready by then
        self._gathered.append((frame, written))
        self._size += len(frame)
        return written

    def _hand_over(self) -> None:
        if self._busy or not self._gathered or self.log is None:
            return
        gathered, self._gathered = self._gathered, []
        self._busy, self._size = True, 0
        frames, tickets = zip(*gathered, strict=True)
        self.log.extend(frames, [tickets])

    def written(self, tickets: list[Any], failure: OSError | None) -> None:
        """In the log's thread: tell the event loop, once for a whole group."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._resolve, tickets, failure)

    def _resolve(self, groups: list[Any], failure: OSError | None) -> None:
        self._busy = False
        self._hand_over()
        for future in (future for group in groups for future in group):
            if future.done():  # its sender has gone
                continue
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)
