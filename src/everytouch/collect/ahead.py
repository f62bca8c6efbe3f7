"""The next item is made while one is worked on."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def ahead(items: Generator[T, None, None]) -> Iterator[Iterator[T]]:
    """Run a generator in a thread, one item ahead of whoever asks.

    What it raises is raised where its item is asked for. When the block is left, for whatever
    reason, the generator is closed and nothing runs on.
    """
    end: Any = object()
    with ThreadPoolExecutor(1, "ahead") as pool:

        def asked() -> Iterator[T]:
            following = pool.submit(next, items, end)
            while (item := following.result()) is not end:
                following = pool.submit(next, items, end)
                yield item

        try:
            yield asked()
        finally:
            pool.submit(items.close).result()
