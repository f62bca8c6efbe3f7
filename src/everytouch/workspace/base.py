"""What every part of a workspace stands on: its folder, settings, catalogue, ledger, trails."""

import contextlib
import datetime
import fcntl
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import pyarrow as pa

from everytouch.catalogue import api as catalogue_room
from everytouch.catalogue.api import Catalogue, Segment
from everytouch.collect.api import Rules, read_rules
from everytouch.consent import api as consent
from everytouch.consent.api import Allowed
from everytouch.engine.api import Engine, engine_of
from everytouch.errors import SourceError, UnknownNameError, WorkspaceError
from everytouch.identity import api as identity
from everytouch.identity.api import Resolution
from everytouch.ledger.api import Tables, read_secret
from everytouch.moments.api import Nobody, Retention, device_types
from everytouch.settings import FILE, Settings
from everytouch.trails import api as trails_room
from everytouch.trails.api import EVERYTHING, Scope, Trails, Where, microseconds

T = TypeVar("T")
CATALOGUE, RULES, LOG = "catalogue.yaml", "rules.yaml", "log"
KNOWN = "known"  # trails of the ledger as it was known at earlier times
SURVEYS = "surveys"
PLACES = {"touchpoint": "name", "stage": "stage", "channel": "channel", "owner": "owner"}


@dataclass(frozen=True)
class Base:
    """A workspace's folder, opened.

    Attributes:
        who: on whose behalf, for the audit log; the system's user when empty.
        stale: whether trails of an older ledger will do while somebody else adds what is new.
        pinned: whether trails stay as they are first seen, so that a scope fits them as long as
            this object lives.
        known_at: answer from the ledger as it was known then.
    """

    path: Path
    who: str = ""
    stale: bool = False
    pinned: bool = False
    known_at: datetime.datetime | None = None

    @cached_property
    def settings(self) -> Settings:
        """Its settings, checked."""
        return Settings.from_mapping(self._configuration.get("settings", {}))

    @property
    def retention_rules(self) -> Retention:
        """How long records are kept, as the file is now.

        Raises:
            SettingError: the file says something impossible.
        """
        return Retention.of(self._configuration.get("retention", {}))

    @property
    def _configuration(self) -> dict[str, Any]:
        try:
            return tomllib.loads((self.path / FILE).read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise WorkspaceError(f"{FILE} is not valid TOML: {error}", "correct it") from error

    @property
    def catalogue(self) -> Catalogue:
        """Its catalogue, as the file is now."""
        return catalogue_room.load(self.path / CATALOGUE)

    @contextlib.contextmanager
    def _changing(self, name: str) -> Iterator[None]:
        """One process at a time changes a file."""
        with (self.path / f".{Path(name).stem}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _replace(self, name: str, text: str) -> None:
        """The old file or the new one is there, never half of one."""
        fresh = (self.path / name).with_name(f".{Path(name).name}.new")
        fresh.write_text(text, encoding="utf-8")
        if (self.path / name).exists():
            fresh.chmod((self.path / name).stat().st_mode)
        fresh.replace(self.path / name)

    @property
    def rules_text(self) -> str:
        """The file of rules, as it is now; empty where there is none."""
        path = self.path / RULES
        try:
            return path.read_text(encoding="utf-8") if path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{path} cannot be read: {error}", "give UTF-8") from error

    @property
    def rules(self) -> Rules:
        """What the events of programs are, as the file of rules is now.

        Raises:
            SourceError: the file says something impossible.
        """
        rules = read_rules(self.rules_text, self.catalogue, RULES)
        return replace(rules, nobody=Nobody.of(self.settings.ids_of_nobody))

    @cached_property
    def tables(self) -> Tables:
        """Its ledger."""
        return Tables(self.path / "ledger", self.known_at)

    @cached_property
    def _secret(self) -> bytes:
        return read_secret(self.path)

    @cached_property
    def _engine(self) -> Engine:
        return engine_of(self.settings.engine, self.settings.cores)

    @cached_property
    def _device_types(self) -> frozenset[str]:
        return device_types(self.settings.device_id_types)

    def _resolution(self) -> Resolution:
        """Which identifiers are one party, as the ledger is now."""
        return identity.current(self.tables, types=self._device_types)

    def trails(self) -> Trails:
        """Trails as of the newest ledger; what is new is added when they are older.

        Those of people whose data may not be analysed are left out, so that no answer counts them.
        """
        return self._trails if self.pinned else self._of_those_allowed()

    def everyones_trails(self) -> Trails:
        """The trails of everybody, for what is done for one person and is no analysis."""
        return self._open_trails()

    def exported_trails(self) -> Trails:
        """The trails of those who may be analysed and whose data may be exported, too."""
        trails, allowed = self.trails(), self.allowed("export")
        return trails.of_those(allowed, "consents", allowed.versions[0]) if allowed else trails

    def exported(self, rows: pa.Table) -> pa.Table:
        """The rows, with a ``party`` each, of those whose data may be exported."""
        allowed = self.allowed("export")
        if not allowed:
            return rows
        return rows.filter(pa.array(allowed.of(rows["party"].to_numpy())))

    def allowed(self, gate: str) -> Allowed:
        """Of whom the purposes of the catalogue allow something.

        Args:
            gate: ``analysis``, ``export`` or ``contact``.
        """
        return consent.allowed(self.tables, self.catalogue, gate, self._device_types)

    def _of_those_allowed(self) -> Trails:
        trails, allowed = self._open_trails(), self.allowed("analysis")
        if not allowed:
            return trails
        return trails.of_those(allowed, "consents", allowed.versions[0])

    def pin(self) -> Self:
        """The same workspace with trails that stay, for questions that belong together."""
        return self if self.pinned else replace(self, pinned=True)

    @cached_property
    def _trails(self) -> Trails:
        return self._of_those_allowed()

    def _open_trails(self) -> Trails:
        folder = self.path / "trails"
        if self.known_at is not None:
            folder = self.path / KNOWN / f"{microseconds(self.known_at)}"
        return trails_room.open_trails(
            folder, self.tables, self._secret, self.settings, stale=self.stale
        )

    def scope(
        self,
        segment: str | None = None,
        since: datetime.datetime | None = None,
        until: datetime.datetime | None = None,
        places: Mapping[str, Collection[str]] | None = None,
        *,
        persona: str | None = None,
        where: Where | None = None,
    ) -> Scope:
        """The part of the trails a question is about.

        Args:
            places: of touchpoints, by what the catalogue says of them: touchpoint, stage,
                channel, owner, and the names that are meant, as ``{"channel": ["web"]}``.
            persona: only parties of its segment.
            where: only moments that carry these properties, each with one of these values, as
                ``{"plan": ["gold"]}``.

        Raises:
            UnknownNameError: the catalogue has no such segment or persona, or nothing at such a
                place.
        """
        scope = self._period(segment, since, until)
        if persona:
            scope = scope.within(self._persona(persona))
        if where:
            moments = trails_room.carrying(where, self.trails(), self.tables)
            words = (f"{name} = {' or '.join(sorted(values))}" for name, values in where.items())
            scope = scope.carrying(moments, ", ".join(words))
        for kind, names in (places or {}).items():
            scope = self._at(scope, kind, names)
        return scope

    def _at(self, scope: Scope, kind: str, names: Collection[str]) -> Scope:
        field, points = PLACES.get(kind), self.catalogue.touchpoints
        if field is None:
            raise UnknownNameError(f"place {kind!r} is unknown", f"use one of: {', '.join(PLACES)}")
        known = {getattr(point, field) for point in points.values()}
        for name in names:
            if name not in known:
                there = ", ".join(sorted(filter(None, known))) or "none is defined yet"
                raise UnknownNameError(
                    f"{kind} {name!r} is not in the catalogue", f"use one of: {there}"
                )
        codes = self.trails().touchpoints
        inside = [n in points and getattr(points[n], field) in names for n in codes]
        words = f"{kind} {', '.join(sorted(names)) or 'none'}"
        return scope.narrowed(np.array(inside, np.bool_), words)

    def _period(
        self,
        segment: str | None,
        since: datetime.datetime | None,
        until: datetime.datetime | None,
    ) -> Scope:
        scope = self._segment(segment) if segment else EVERYTHING
        if since is None and until is None:
            return scope
        start = microseconds(since) if since else scope.start
        stop = microseconds(until) if until else scope.stop
        words = [scope.text] if segment else ["all parties"]
        words += [f"from {since:%Y-%m-%d}"] if since else []
        words += [f"until {until:%Y-%m-%d}"] if until else []
        return Scope(scope.parties, start, stop, text=", ".join(words))

    def _segment(self, name: str) -> Scope:
        return self.selected(_known("segment", name, self.catalogue.segments))

    def _persona(self, name: str) -> Scope:
        persona = _known("persona", name, self.catalogue.personas)
        segment = persona.segment
        if segment is None:
            raise UnknownNameError(
                f"persona {name!r} has no segment", "say in the catalogue which segment it is"
            )
        return replace(self._segment(segment), text=f"persona {persona.label}")

    def selected(self, segment: Segment) -> Scope:
        """The parties a rule selects, be it in the catalogue or not."""
        traits = trails_room.traits_of(self.tables)
        return trails_room.scope_of(segment, self.trails(), traits, self._resolution())


def _known(kind: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise UnknownNameError(
            f"{kind} {name!r} is not in the catalogue",
            f"use one of: {', '.join(known) or 'none is defined yet'}",
        )
    return known[name]
