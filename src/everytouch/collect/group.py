"""Group commit, seen from the event loop: what comes in one of its turns is handed over together.

A frame is laid where it is written from as soon as it is there, while it is in the processor's
caches; the log's thread is told once a turn, and not once a request.
"""

import asyncio
from typing import Any

from everytouch.journal.api import Log, LogFullError


class Group:
    """Between the event loop and the log.

    Args:
        loop: all but ``written`` is called in it.

    Attributes:
        log: whose writing thread tells ``written``; None before it is begun.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._called = False  # at the end of this turn
        self.log: Log | None = None

    @property
    def waiting(self) -> int:
        """Bytes that are not on disk yet."""
        return self.log.waiting if self.log else 0

    def write(self, frame: bytes) -> "asyncio.Future[None]":
        """Done when the frame is on disk; fails with what kept it from there.

        Raises:
            LogFullError: too much waits already, or the log is not begun.
        """
        if self.log is None:
            raise LogFullError("the log has not begun", "send later")
        written = self._loop.create_future()
        self.log.lay(frame, written)
        if not self._called:
            self._called = True
            self._loop.call_soon(self._hand_over)  # with what else is ready by then
        return written

    def _hand_over(self) -> None:
        self._called = False
        if self.log is not None:
            self.log.flush()

    def written(self, tickets: list[Any], failure: OSError | None) -> None:
        """In the log's thread: tell the event loop, once for a whole group."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._resolve, tickets, failure)

    def _resolve(self, futures: list[Any], failure: OSError | None) -> None:
        for future in futures:
            if future.done():  # its sender has gone
                continue
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)
