"""Scheduled sources: adding, testing, running and pausing them."""

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path

from everytouch.collect.api import (
    Definition,
    Limits,
    Preview,
    Run,
    Runner,
    Trial,
    TrialVault,
    Vault,
    fits_name,
    parse_definition,
    read_definition,
    sealed,
)
from everytouch.errors import EverytouchError, SourceError, UnknownNameError
from everytouch.ledger.api import audit
from everytouch.workspace.ways_in import WaysIn

SOURCES, FETCHED = "sources", "fetched"
_SHOWN = 8


@dataclass(frozen=True)
class Scheduled:
    """A scheduled source, and how it is doing.

    Attributes:
        server: what it reads, without credentials.
        every: its schedule, as stated.
        next_run: None where it is paused or its file is invalid; in the past where it is due.
        problem: of its file, or of its last run.
    """

    name: str
    kind: str
    server: str
    every: str
    paused: bool
    running: bool
    next_run: datetime.datetime | None
    last: Run | None
    problem: str = ""
    remedy: str = ""

    @property
    def due(self) -> bool:
        """Whether it should run now."""
        return self.next_run is not None and self.next_run <= datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class Tested:
    """What a source gives: its first rows, and what they would be stored as.

    Attributes:
        trial: None where it is not stated yet what its rows are.
    """

    preview: Preview
    trial: Trial | None


def _last_turn(one: Scheduled) -> datetime.datetime:
    return one.last.started_at if one.last else datetime.datetime.min.replace(tzinfo=datetime.UTC)


class Scheduling(WaysIn):
    """Sources that are read again and again."""

    def scheduled(self) -> tuple[Scheduled, ...]:
        """List the scheduled sources and how they are doing."""
        paths = sorted((self.path / SOURCES).glob("*.toml"))
        return tuple(self._listed(path) for path in paths)

    def scheduled_source(self, name: str) -> Scheduled:
        """Return one scheduled source.

        Raises:
            UnknownNameError: there is none of this name.
        """
        return self._listed(self._file(name))

    def scheduled_text(self, name: str) -> str:
        """Return the file of a scheduled source; credentials are never part of it."""
        return self._file(name).read_text(encoding="utf-8")

    def runs(self, name: str, limit: int = 20) -> list[Run]:
        """Return the last runs of a source, the newest first."""
        self._file(name)
        return self._runner.state.runs(name, limit)

    def save_scheduled(self, name: str, text: str, *, new: bool = False) -> None:
        """Write a scheduled source; credentials in it are stored encrypted. Audited.

        Args:
            text: TOML, as docs/sources.md describes it.
            new: refuse a name that is taken.

        Raises:
            SourceError: it is invalid, or the name is taken.
        """
        path = self.path / SOURCES / f"{name}.toml"
        definition = self._checked(name, text)
        if not definition.complete:
            raise SourceError(
                f"source {name} does not state what its rows are",
                "add [[interactions]], [[perceptions]], [[links]], [[traits]] or [[consents]]",
            )
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with self._changing(f"{SOURCES}.lock"):
            if new and path.exists():
                raise SourceError(f"a source {name} exists already", "choose another name")
            self._replace(f"{SOURCES}/{name}.toml", sealed(text, path, self._vault))
            path.chmod(0o600)
        said = f"{name}: {definition.kind}, {definition.server}, every {definition.schedule.text}"
        audit(self.path, "save scheduled source", said, self.who)

    def remove_scheduled(self, name: str) -> None:
        """Remove a source, its credentials and its state; what it brought stays. Audited."""
        self._file(name).unlink()
        self._vault.forget(name)
        self._runner.state.forget(name)
        audit(self.path, "remove scheduled source", name, self.who)

    def pause_scheduled(self, name: str, paused: bool = True) -> None:
        """Pause a source, or resume it. Audited."""
        self._file(name)
        self._runner.state.pause(name, paused)
        audit(self.path, f"{'pause' if paused else 'resume'} scheduled source", name, self.who)

    def request_run(self, name: str) -> None:
        """Have the worker run a source as soon as it can. Audited."""
        self._file(name)
        self._runner.state.request(name, datetime.datetime.now(datetime.UTC))
        audit(self.path, "request run of source", name, self.who)

    def run_scheduled(self, name: str) -> Run:
        """Fetch and import what is new, now.

        Raises:
            SourceError: its file is invalid. What goes wrong while it is read is in the run.
            WorkspaceError: it is being run already.
        """
        return self._runner.run(read_definition(self._file(name)))

    def test_scheduled(self, name: str, text: str) -> Tested:
        """Fetch the first rows of a source, and try what they would be; stores nothing.

        Raises:
            SourceError: it is invalid, or cannot be reached.
        """
        definition = self._checked(name, text)
        vault = TrialVault(self._fetched)
        again = parse_definition(sealed(text, definition.path, vault), definition.path)
        source, context = self._runner.sample(again, _SHOWN, vault)
        try:
            fetched = next(one for one in source.inputs if one.name == definition.input)
            found = self.preview(fetched)
            return Tested(found, self.trial(source) if definition.complete else None)
        finally:
            shutil.rmtree(context.staging, ignore_errors=True)

    def due_scheduled(self) -> tuple[str, ...]:
        """Return the names of the sources that should run now, and do not.

        The one that has waited longest comes first: a source whose runs end the worker must not
        keep the others from their turn.
        """
        due = [one for one in self.scheduled() if one.due and not one.running]
        return tuple(one.name for one in sorted(due, key=_last_turn))

    @property
    def _fetched(self) -> Path:
        return self.path / FETCHED

    @property
    def _vault(self) -> Vault:
        return Vault(self._fetched)

    @property
    def _runner(self) -> Runner:
        return Runner(self._fetched, Limits.read(self.path), self.import_source)

    def _file(self, name: str) -> Path:
        path = self.path / SOURCES / f"{name}.toml"
        if not fits_name(name) or not path.is_file():
            names = ", ".join(one.stem for one in sorted(path.parent.glob("*.toml")))
            raise UnknownNameError(
                f"Unknown scheduled source {name!r}", f"use one of: {names or 'none is added yet'}"
            )
        return path

    def _checked(self, name: str, text: str) -> Definition:
        """Read a source's text and check all of its options, without connecting."""
        if not fits_name(name):
            raise SourceError(
                f"Invalid name {name!r}", "use small letters, digits, _ and -, up to 60"
            )
        definition = parse_definition(text, self.path / SOURCES / f"{name}.toml")
        self._runner.check(definition)
        return definition

    def _listed(self, path: Path) -> Scheduled:
        runner, name = self._runner, path.stem
        runs, paused = runner.state.runs(name, 1), runner.state.control(name)[0]
        last = runs[0] if runs else None
        try:
            found = read_definition(path)
            next_run = runner.next_run(found)
        except EverytouchError as error:
            return Scheduled(name, "", "", "", paused, False, None, last, error.what, error.remedy)
        return Scheduled(
            name,
            found.kind,
            found.server,
            found.schedule.text,
            paused,
            runner.running(name),
            next_run,
            last,
            last.problem if last else "",
            last.remedy if last else "",
        )
