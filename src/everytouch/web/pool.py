"""Answers computed apart: in processes, in turn for each user, and given up when nobody waits.

What a page or the API asks is a function of an ``Ask``. The process that serves has other things
to do than to count, and cannot stop what it has begun; so a job goes to a process of the pool.
It opens the workspace's trails by itself and sends back the result.
"""

import logging
import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from everytouch.errors import BusyError, EverytouchError
from everytouch.web import waiting
from everytouch.web.answering import Question, described, serve
from everytouch.web.answers import ANSWERS
from everytouch.web.ask import Ask
from everytouch.web.turns import Turns

T = TypeVar("T")
PRELOADED = "everytouch.web.prefork"
GRACE = 2.0  # seconds after which it is worth it to kill what nobody waits for
NICE = 10  # how much counting for figures steps back behind serving
AWAITED = "awaited"  # the user of such a job
MOST = 16  # questions of one user that may wait
log = logging.getLogger("everytouch.web")


@dataclass(eq=False)
class Job:
    """A question on its way.

    Attributes:
        seconds: that it may take.
        unwanted: nobody waits for it any more.
        answer: what came of it: whether it is an answer, and it or the error.
    """

    user: str
    question: Question
    seconds: float
    unwanted: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    answer: tuple[bool, Any] = (False, None)

    def end(self, good: bool, answer: Any) -> None:
        """Tell who waits."""
        self.answer = good, answer
        self.ended.set()


class Answerer:
    """One process of the pool; started when it is needed, and again when it was killed."""

    def __init__(self, nice: int) -> None:
        self._nice = nice
        self._process: Any = None
        self._pipe: Connection | None = None

    def do(self, job: Job) -> None:
        """Do a job within its time, and as long as somebody waits for it."""
        pipe = self._ready()
        try:
            pipe.send_bytes(pickle.dumps(job.question))
            began = time.monotonic()
            while not pipe.poll(waiting.LOOK):
                spent = time.monotonic() - began
                if job.unwanted.is_set() and spent > GRACE:
                    return self._give_up(job, waiting.GoneError("Nobody waits for the answer"))
                if spent > job.seconds:
                    return self._give_up(job, too_long(job.seconds))
            job.end(*pickle.loads(pipe.recv_bytes()))  # noqa: S301 - of our own process
        except (EOFError, OSError):
            self.kill()
            job.end(False, FailedError("The process that computed the answer died", "ask again"))

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._pipe is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _give_up(self, job: Job, error: EverytouchError) -> None:
        self.kill()
        job.end(False, error)

    def _ready(self) -> Connection:
        if self._process is not None and self._process.is_alive() and self._pipe is not None:
            return self._pipe
        self.kill()
        context = multiprocessing.get_context("forkserver")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._nice), daemon=True)
        self._process.start()
        theirs.close()
        return self._pipe


class Pool:
    """Processes that answer, or none: then the asking thread computes.

    What a page needs before it can be shown does not queue behind figures: one more process is
    there for it alone.
    """

    def __init__(self) -> None:
        self._turns: Turns[Job] | None = None
        self._pages: Turns[Job] | None = None
        self._seconds = 0.0

    def start(self, processes: int, seconds: float) -> None:
        """Let so many processes answer, and one for pages, each within so many seconds."""
        if not processes:
            return
        # What all need is imported once; a process that was killed is there again at once.
        multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOADED])
        self._seconds, turns = seconds, Turns[Job](MOST, max(1, processes - 1))
        self._turns, self._pages = turns, Turns[Job](MOST, 1)
        for given in [(turns, NICE)] * processes + [(self._pages, 0)]:
            threading.Thread(target=self._work, args=given, name="answer", daemon=True).start()

    def stop(self) -> None:
        """End the processes; questions are answered by the asking threads again."""
        for turns in self._turns, self._pages:
            if turns is not None:
                turns.close()
        self._turns = self._pages = None

    def answer(self, function: Callable[..., T], ask: Ask, *given: Any, **named: Any) -> T:
        """The answer of a function to an ask; the function is sent by its name in its module.

        Raises:
            BusyError: it took too long, too much waits, or the visitor has gone.
            EverytouchError: what the function raises.
        """
        return self.patiently(1.0, function, ask, *given, **named)

    def patiently(
        self, patience: float, function: Callable[..., T], ask: Ask, *given: Any, **named: Any
    ) -> T:
        """The same, of what may take so many times as long as others."""
        turns = self._pages if waiting.for_page() else self._turns
        if turns is None:
            return function(ask, *given, **named)
        question = Question(function, described(ask), given, named)
        job = Job(_user(ask), question, self._seconds * patience)
        turns.put(job.user, job)
        try:
            self._wait(job, turns)
        finally:
            job.unwanted.set()
            turns.drop(job.user, job)
        good, found = job.answer
        if not good:
            raise found
        answer: T = found
        return answer

    @property
    def running(self) -> bool:
        """Whether processes answer."""
        return self._turns is not None

    def _wait(self, job: Job, turns: Turns[Job]) -> None:
        while not job.ended.wait(waiting.LOOK):
            waiting.let_go()
            if ANSWERS.wanted():
                turns.promote(job, AWAITED)  # a visitor waits for what is made beforehand
            else:
                waiting.check()

    def _work(self, turns: Turns[Job], nice: int) -> None:
        answerer = Answerer(nice)
        while (taken := turns.take()) is not None:
            user, job = taken
            try:
                if not job.unwanted.is_set():
                    answerer.do(job)
            except Exception as error:
                log.exception("a question could not be answered")
                job.end(False, error)
            finally:
                turns.done(user)
        answerer.kill()


class FailedError(BusyError):
    """An answer took too long, or more than its process could bear."""


def too_long(seconds: float) -> FailedError:
    """The error of an answer that takes too long."""
    return FailedError(
        f"The answer takes longer than {seconds:g} seconds",
        "narrow the question, or raise answer_seconds under [web] in everytouch.toml",
    )


def _user(ask: Ask) -> str:
    """Whose turn it is; nobody's in particular where no visitor waits."""
    if not waiting.visited():
        return ""
    who = ask.workspace.who
    return getattr(who, "user", "") or str(who) or "somebody"


POOL = Pool()
