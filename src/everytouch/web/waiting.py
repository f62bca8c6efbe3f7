"""Who waits for what a thread does: a visitor that may have gone, or nobody in particular."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from everytouch.errors import BusyError

LOOK = 0.25  # seconds between two looks whether the visitor is still there


class GoneError(BusyError):
    """The visitor has gone: nobody reads the answer."""


class Visit(threading.local):
    """The visit of a thread; ``gone`` is None where it works for nobody in particular.

    Attributes:
        page: a page is being put together, which is to be there soon; its figures come later.
    """

    gone: threading.Event | None = None
    page: bool = False


_here = Visit()


@contextmanager
def visiting(gone: threading.Event, *, page: bool = False) -> Iterator[None]:
    """Work for a visitor until they have gone."""
    before = _here.gone, _here.page
    _here.gone, _here.page = gone, page
    try:
        yield
    finally:
        _here.gone, _here.page = before


def visited() -> bool:
    """Return whether a visitor waits for what this thread does."""
    return _here.gone is not None


def for_page() -> bool:
    """Return whether this thread puts a page together."""
    return _here.page


def let_go() -> None:
    """Give the connection to the store back while waiting: others may need it."""
    for one in connections.all(initialized_only=True):
        if not one.in_atomic_block:
            one.close()


def check() -> None:
    """Raise where the visitor of this thread has gone.

    Raises:
        GoneError: they have.
    """
    if _here.gone is not None and _here.gone.is_set():
        raise GoneError("The visitor has gone", "ask again")
