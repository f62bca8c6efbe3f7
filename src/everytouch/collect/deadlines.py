"""Deadlines of many tasks, looked at by one timer: a timer of its own costs each request more."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOOK = 0.5  # seconds between two looks


class Deadlines:
    """Cancels tasks that are not done in time."""

    def __init__(self) -> None:
        self._due: dict[asyncio.Task[Any], float] = {}
        self._late = set[asyncio.Task[Any]]()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look again and again, in an event loop."""
        for task, due in list(self._due.items()):
            if due < time.monotonic() and task not in self._late:
                self._late.add(task)
                task.cancel()
        loop.call_later(LOOK, self.start, loop)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let the current task go on for so many seconds.

        Raises:
            TimeoutError: it was not done by then.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("there is no task to cancel")
        self._due[task] = time.monotonic() + seconds
        try:
            yield
        except asyncio.CancelledError as error:
            if task in self._late and not task.uncancel():
                raise TimeoutError from error
            raise
        finally:
            del self._due[task]
            self._late.discard(task)
