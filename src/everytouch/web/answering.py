"""What a process of the pool does: answer one question after the other."""

import contextlib
import dataclasses
import logging
import os
import pickle
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from everytouch.collect.api import end_with
from everytouch.errors import EverytouchError
from everytouch.web.answers import ANSWERS
from everytouch.web.ask import Ask
from everytouch.workspace import Workspace

IDLE = 30.0  # seconds without a question after which nothing is kept any more
log = logging.getLogger("everytouch.web")


class BrokenAnswerError(RuntimeError):
    """A question could not be answered; the log of the process that tried says why."""


@dataclass(frozen=True)
class Question:
    """A function of a module, with what it is given; ``ask`` as values that can be sent."""

    function: Callable[..., Any]
    ask: dict[str, Any]
    given: tuple[Any, ...]
    named: dict[str, Any]

    def answer(self) -> Any:
        """Open the workspace and compute."""
        workspace = Workspace(**self.ask["workspace"])
        return self.function(Ask(**{**self.ask, "workspace": workspace}), *self.given, **self.named)


def described(ask: Ask) -> dict[str, Any]:
    """Return an ask as values that can be sent to another process."""
    return {**_fields(ask), "workspace": _fields(ask.workspace)}


def _fields(of: Any) -> dict[str, Any]:
    return {field.name: getattr(of, field.name) for field in dataclasses.fields(of)}


def serve(pipe: Connection, nice: int) -> None:
    """Answer until nobody asks any more: what a process of the pool runs.

    Args:
        nice: how much it steps back behind serving.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks says when it is over
    end_with(os.getppid())
    os.nice(nice)
    with contextlib.suppress(EOFError, OSError):  # who asked is gone
        while True:
            if not pipe.poll(IDLE):
                ANSWERS.clear()  # somebody may be erased meanwhile
            pipe.send_bytes(_answered(pipe.recv_bytes()))


def _answered(question: bytes) -> bytes:
    try:
        found: Question = pickle.loads(question)  # noqa: S301 - of the process that serves
        return pickle.dumps((True, found.answer()))
    except EverytouchError as error:
        return pickle.dumps((False, error))
    except Exception:
        log.exception("a question could not be answered")
        return pickle.dumps((False, BrokenAnswerError("the answer could not be computed")))
