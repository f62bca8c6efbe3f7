"""Answers that are kept by their question, each computed by one thread."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from everytouch.web import waiting

T = TypeVar("T")
Key = tuple[Any, ...]
KEPT = 5_000  # answers


class Computing:
    """An answer that somebody computes while others wait for it."""

    def __init__(self) -> None:
        self.lock, self.waiting = threading.Lock(), 0


class Answers:
    """Answers by their question, the longest unused ones forgotten; each computed by one thread.

    Answers of an older ledger are dropped as soon as a newer one is asked, so that nothing of
    a person erased is kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._kept = most, OrderedDict[Key, Any]()
        self._lock, self._busy = threading.Lock(), dict[Key, Computing]()
        self._newest = dict[str, Key]()
        self._mine = threading.local()

    def get(self, key: Key, compute: Callable[[], T]) -> T:
        """The answer kept under a key, or computed now."""
        with self._lock:
            self._forget_older(key[0])
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
            busy = self._busy.setdefault(key, Computing())
        with self._computing(busy):
            with self._lock:
                if key in self._kept:
                    again: T = self._kept[key]
                    return again
            made = compute()
            with self._lock:
                self._kept[key] = made
                self._busy.pop(key, None)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return made

    def wanted(self) -> bool:
        """Whether others wait for what this thread computes."""
        return any(busy.waiting for busy in self._held)

    def has(self, key: Key) -> bool:
        """Whether an answer is kept."""
        with self._lock:
            return key in self._kept

    def forget(self, version: Key) -> None:
        """Forget the answers of other versions of the same workspace."""
        with self._lock:
            self._forget_older(version)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._newest.clear()

    @property
    def _held(self) -> list[Computing]:
        held: list[Computing] = self._mine.__dict__.setdefault("held", [])
        return held

    @contextmanager
    def _computing(self, busy: Computing) -> Iterator[None]:
        """Wait until nobody else computes it, and as long as somebody waits for this thread."""
        with self._lock:
            busy.waiting += 1
        try:
            while not busy.lock.acquire(timeout=waiting.LOOK):
                waiting.let_go()
                if not self.wanted():
                    waiting.check()
        finally:
            with self._lock:
                busy.waiting -= 1
        self._held.append(busy)
        try:
            yield
        finally:
            self._held.pop()
            busy.lock.release()

    def _forget_older(self, version: Key) -> None:
        path = version[0]
        if self._newest.get(path) == version:
            return
        self._newest[path] = version
        for key in [k for k in self._kept if k[0][0] == path and k[0] != version]:
            del self._kept[key]


ANSWERS = Answers(KEPT)
