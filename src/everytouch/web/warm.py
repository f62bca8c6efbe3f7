"""Answers made before anybody asks: the figures of the pages as they open, without filters."""

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Iterator

from django.conf import settings
from django.utils import translation

from everytouch.errors import BusyError, EverytouchError
from everytouch.settings import ROLES
from everytouch.web import waiting
from everytouch.web.access import RIGHTS
from everytouch.web.answers import ANSWERS
from everytouch.web.ask import Ask
from everytouch.web.figures import FIGURES
from everytouch.web.questions import findings, perception
from everytouch.web.shell import workspace_for

PAUSE = 2.0  # seconds between looks at the ledger
REST = 3.0  # times as long as figures took, until they are made again: visitors come first
log = logging.getLogger("everytouch.web")


def keep_warm() -> threading.Thread:
    """Make the figures of every new ledger, in a thread of its own."""
    thread = threading.Thread(target=_forever, name="warm", daemon=True)
    thread.start()
    return thread


def _forever() -> None:
    done: object = None
    while True:
        try:
            version = Ask(workspace_for(None)).version
            if version != done:
                began = time.monotonic()
                warm()
                done = version
                time.sleep(REST * (time.monotonic() - began))
        except EverytouchError as error:
            log.warning("figures could not be made beforehand: %s", error.what)
        except Exception:
            log.exception("figures could not be made beforehand")
        time.sleep(PAUSE)


def warm() -> None:
    """Make every figure once for each role and language, without filters.

    What is counted is counted once; the roles differ in the links that lead further.
    """
    ANSWERS.forget(Ask(workspace_for(None)).version)
    for role, (language, _) in itertools.product(ROLES, settings.LANGUAGES):
        rights = frozenset(name for name, (_, roles) in RIGHTS.items() if role in roles)
        with translation.override(language):
            ask = Ask(workspace_for(None), rights=rights, language=language)
            # The overview's scores, where pages are computed: that process is warm then, too.
            with _leaving("scores"), waiting.visiting(threading.Event(), page=True):
                perception(ask, "all")
            for spec in FIGURES.values():
                with _leaving(spec.name):
                    if not spec.forbids(ask):
                        spec.of(ask)
            with _leaving("findings"):
                findings(ask, "adjusted")


@contextlib.contextmanager
def _leaving(name: str) -> Iterator[None]:
    """Leave what takes too long to who asks for it."""
    try:
        yield
    except BusyError as error:
        log.warning("%s could not be made beforehand: %s", name, error.what)
