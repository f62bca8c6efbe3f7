"""Turns: what waits is taken from one user after the other, whoever asked how much."""

import threading
from collections import Counter, OrderedDict, deque
from typing import Generic, TypeVar

from everytouch.errors import BusyError

T = TypeVar("T")


class Turns(Generic[T]):
    """A queue in which each user has a turn.

    Args:
        most: things of one user that may wait.
        at_once: things of one user that may be done at a time, so that one is left for others.
    """

    def __init__(self, most: int, at_once: int) -> None:
        self.most, self.at_once = most, at_once
        self._waiting = OrderedDict[str, deque[T]]()  # by user, whose turn it is first
        self._last = deque[T]()  # for nobody in particular: when nothing else waits
        self._doing = Counter[str]()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, user: str, thing: T) -> None:
        """Let something of a user wait for its turn; of nobody in particular where empty.

        Raises:
            BusyError: too much of this user waits.
        """
        with self._changed:
            queue = self._waiting.setdefault(user, deque()) if user else self._last
            if user and len(queue) >= self.most:
                raise BusyError(
                    f"{len(queue)} of your questions wait already", "wait until they are answered"
                )
            queue.append(thing)
            self._changed.notify()

    def take(self) -> tuple[str, T] | None:
        """Wait for the next thing to do; None once closed. Its user is told by ``done``."""
        with self._changed:
            while True:
                if self._closed:
                    return None
                if (found := self._next()) is not None:
                    self._doing[found[0]] += 1
                    return found
                self._changed.wait()

    def done(self, user: str) -> None:
        """Note that something of a user is done."""
        with self._changed:
            self._doing[user] -= 1
            if not self._doing[user]:
                del self._doing[user]
            self._changed.notify_all()

    def drop(self, user: str, thing: T) -> None:
        """Take something out again, where it still waits."""
        with self._changed:
            queue = self._waiting.get(user, deque()) if user else self._last
            if thing in queue:
                queue.remove(thing)
            if user and not queue:
                self._waiting.pop(user, None)

    def promote(self, thing: T, user: str) -> None:
        """Let something for nobody in particular have a user's turn, where it still waits."""
        with self._changed:
            if thing in self._last:
                self._last.remove(thing)
                self._waiting.setdefault(user, deque()).append(thing)
                self._changed.notify()

    def close(self) -> None:
        """Let those go that wait for something to do."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _next(self) -> tuple[str, T] | None:
        for user, queue in self._waiting.items():
            if self._doing[user] < self.at_once:
                thing = queue.popleft()
                del self._waiting[user]
                if queue:
                    self._waiting[user] = queue  # behind all others
                return user, thing
        if self._last and self._doing[""] < self.at_once:
            return "", self._last.popleft()
        return None
