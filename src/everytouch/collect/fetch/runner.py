"""Running scheduled sources: one at a time each, batch by batch, so that a crash is harmless.

A batch is imported, then the place it reaches to is saved. Whoever dies in between fetches the
batch again, and the ledger recognises its records.
"""

import datetime
import fcntl
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from everytouch.collect.fetch.base import Batch, Context
from everytouch.collect.fetch.credentials import Vault, redacted
from everytouch.collect.fetch.definition import Definition
from everytouch.collect.fetch.guard import Limits
from everytouch.collect.fetch.state import Run, State
from everytouch.collect.fetch.timing import duration, retry_after
from everytouch.collect.importer import Receipt
from everytouch.collect.source import Source
from everytouch.errors import EverytouchError, SourceError, WorkspaceError

BUSY = 120.0  # seconds to wait for another writer to the ledger
SAMPLE_SECONDS = 20  # somebody waits for it
_LOOK_AGAIN = duration("30s", "")  # at files that were still being written
Import = Callable[[Source], Receipt]


@dataclass(frozen=True)
class Runner:
    """Runs the scheduled sources of one workspace.

    Attributes:
        folder: where state, credentials and batches are kept.
        bring_in: imports a source file into the ledger.
    """

    folder: Path
    limits: Limits
    bring_in: Import

    @property
    def state(self) -> State:
        """How far each source was read."""
        return State(self.folder)

    def run(self, definition: Definition) -> Run:
        """Fetch and import what is new; the run says what became of it.

        Raises:
            WorkspaceError: the source is being run already.
        """
        name = definition.name
        with self._alone(name, 2.0), self._staging(name) as staging:
            number = self.state.begin(name, _now())
            context = Context(name, self.limits, Vault(self.folder), staging)
            step = _Step(self, definition, context, number)
            problem = step.all()
            what = redacted(problem.what if problem else "", context.secrets)
            remedy = redacted(problem.remedy if problem else "", context.secrets)
            self.state.end(number, _now(), step.waiting, what, remedy)
        return self.state.runs(name, 1)[0]

    def check(self, definition: Definition) -> None:
        """Check the options of a source, without connecting to anything.

        Raises:
            SourceError: an option is missing, unknown or invalid.
        """
        definition.fetcher(Context(definition.name, self.limits, Vault(self.folder), self.folder))

    def sample(self, definition: Definition, rows: int, vault: Vault) -> tuple[Source, Context]:
        """Fetch a few rows and return them as a source; its files are the caller's to remove.

        Raises:
            SourceError: the source cannot be read, or has nothing yet.
        """
        staging = self.folder / "staged" / f"{definition.name}.{time.monotonic_ns()}"
        staging.mkdir(mode=0o700, parents=True)
        context = Context(definition.name, self.limits, vault, staging, patience=SAMPLE_SECONDS)
        try:
            paths = definition.fetcher(context).sample(rows)
            if not paths:
                raise SourceError(
                    f"{context.place} can be reached, and has nothing to read yet",
                    "check the pattern or the address if there should be something",
                )
            return definition.source(paths, staging, self.limits), context
        except EverytouchError as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise type(error)(
                redacted(error.what, context.secrets), redacted(error.remedy, context.secrets)
            ) from None

    def next_run(self, definition: Definition) -> datetime.datetime | None:
        """Return when a source runs next: at latest now where it is due, None if paused."""
        paused, requested = self.state.control(definition.name)
        if requested:
            return _now()
        if paused:
            return None
        runs = self.state.runs(definition.name)
        if not runs or runs[0].ended_at is None:  # never run, or cut off: at once
            return _now()
        last, planned = runs[0], definition.schedule.after(runs[0].started_at)
        ended = last.ended_at or last.started_at
        if last.problem:
            return ended + retry_after(_failures(runs))
        return min(planned, ended + _LOOK_AGAIN) if last.waiting else planned

    def running(self, name: str) -> bool:
        """Return whether a source is being run."""
        try:
            with self._alone(name):
                return False
        except WorkspaceError:
            return True

    @contextmanager
    def _alone(self, name: str, patience: float = 0.0) -> Iterator[None]:
        """Hold the source's lock; the system frees it if the process dies.

        Args:
            patience: seconds to wait for it; whoever looks holds it for a moment, too.
        """
        (self.folder / "locks").mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "locks" / name).open("w") as lock:
            until = time.monotonic() + patience
            while not _locked(lock):
                if time.monotonic() >= until:
                    raise WorkspaceError(
                        f"source {name} is being run already", "wait until that run has ended"
                    )
                time.sleep(0.05)
            yield

    @contextmanager
    def _staging(self, name: str) -> Iterator[Path]:
        """Make an empty folder for batches; what a killed run left there is removed."""
        path = self.folder / "staged" / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700, parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


class _Step:
    """One run, batch by batch."""

    def __init__(
        self, runner: Runner, definition: Definition, context: Context, number: int
    ) -> None:
        self._runner, self._definition = runner, definition
        self._context, self._number = context, number
        self._counts: Counter[str] = Counter()
        self.waiting = 0

    def all(self) -> EverytouchError | None:
        """Fetch and import every batch; return the first problem."""
        first: EverytouchError | None = None
        marks = self._runner.state.marks(self._definition.name)
        try:
            for batch in self._definition.fetcher(self._context).batches(marks):
                try:
                    self._one(batch)
                except SourceError as error:
                    if not batch.alone:
                        raise
                    first = first or error
        except EverytouchError as error:
            return first or error
        except Exception as error:
            return first or SourceError(
                f"{self._context.place}: {type(error).__name__}: {error}",
                "this is a defect of Everytouch, or the disk is full; please report it",
            )
        return first

    def _one(self, batch: Batch) -> None:
        """Import a batch, then save where it reaches to: never the other way round."""
        self.waiting += batch.waiting
        if batch.paths:
            source = self._definition.source(
                batch.paths, self._context.staging, self._runner.limits
            )
            self._counts.update(vars(self._imported(source).total))
        name = self._definition.name
        self._runner.state.advance(self._number, name, batch.marks, dict(self._counts))

    def _imported(self, source: Source) -> Receipt:
        """Import, waiting for another writer where there is one."""
        began = time.monotonic()
        while True:
            try:
                return self._runner.bring_in(source)
            except WorkspaceError:
                if time.monotonic() - began > BUSY:
                    raise
                time.sleep(0.2)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _failures(runs: list[Run]) -> int:
    """Return how many runs in a row have failed."""
    return next((number for number, run in enumerate(runs) if not run.problem), len(runs))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
