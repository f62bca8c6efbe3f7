"""The engine on this machine: threads over memory-mapped buckets.

A kernel is a pure function from one bucket to a result with ``__add__``; numba kernels let
go of the interpreter lock, so threads use all cores.
"""

import functools
import operator
from collections.abc import Callable, Sequence
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
            return functools.reduce(operator.add, map(kernel, buckets))
        with ThreadPoolExecutor(self.threads) as pool:
            return functools.reduce(operator.add, pool.map(kernel, buckets))
