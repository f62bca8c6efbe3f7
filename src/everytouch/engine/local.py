"""The engine on this machine: threads over memory-mapped buckets.

A kernel is a pure function from one bucket to a result with ``__add__``; numba kernels let
go of the interpreter lock, so threads use all cores.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, Self, TypeVar


class Mergeable(Protocol):
    """What a kernel returns: parts that add up to the whole."""

    def __add__(self, other: Self, /) -> Self: ...


R = TypeVar("R", bound=Mergeable)
B = TypeVar("B")


class Engine(Protocol):
    """What an engine must do."""

    def run(self, kernel: Callable[[B], R], buckets: Sequence[B]) -> R:
        """Apply ``kernel`` to every bucket and add the results up, in the buckets' order."""


class LocalEngine:
    """Runs kernels on ``threads`` threads of this process."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def run(self, kernel: Callable[[B], R], buckets: Sequence[B]) -> R:
        """See ``Engine.run``.

        Raises:
            ValueError: there is no bucket to run over.
        """
        if not buckets:
            raise ValueError("an engine needs at least one bucket")
        if len(buckets) == 1 or self.threads == 1:
            return added(map(kernel, buckets))
        with ThreadPoolExecutor(self.threads) as pool:
            return added(pool.map(kernel, buckets))


def added(results: Iterable[R]) -> R:
    """Add up in order, like sizes with like, as a binary counter does.

    Each result is then part of O(log n) additions, and O(log n) results are held at a time.
    """
    stack: list[tuple[int, R]] = []
    for result in results:
        level, total = 0, result
        while stack and stack[-1][0] == level:
            level, total = level + 1, stack.pop()[1] + total
        stack.append((level, total))
    return functools.reduce(lambda later, earlier: earlier + later, (r for _, r in stack[::-1]))
