"""What every part of a workspace stands on: its folder, settings, catalogue, ledger, trails."""

import datetime
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from everytouch.catalogue import api as catalogue_room
from everytouch.catalogue.api import Catalogue
from everytouch.engine.api import LocalEngine
from everytouch.errors import UnknownNameError, WorkspaceError
from everytouch.identity import api as identity
from everytouch.ledger.api import Tables, read_secret
from everytouch.settings import Settings
from everytouch.trails import api as trails_room
from everytouch.trails.api import EVERYTHING, Scope, Trails, microseconds

FILE, CATALOGUE = "everytouch.toml", "catalogue.yaml"


@dataclass(frozen=True)
class Base:
    """A workspace's folder, opened."""

    path: Path

    @cached_property
    def settings(self) -> Settings:
        """Its settings, checked."""
        try:
            raw = tomllib.loads((self.path / FILE).read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise WorkspaceError(f"{self.path / FILE} is no TOML: {error}", "correct it") from error
        return Settings.from_mapping(raw.get("settings", {}))

    @property
    def catalogue(self) -> Catalogue:
        """Its catalogue, as the file is now."""
        return catalogue_room.load(self.path / CATALOGUE)

    @cached_property
    def tables(self) -> Tables:
        """Its ledger."""
        return Tables(self.path / "ledger")

    @cached_property
    def _secret(self) -> bytes:
        return read_secret(self.path)

    @cached_property
    def _engine(self) -> LocalEngine:
        return LocalEngine(self.settings.cores)

    def trails(self) -> Trails:
        """Trails as of the newest ledger; built when they are older."""
        return trails_room.open_trails(
            self.path / "trails", self.tables, self._secret, self.settings
        )

    def scope(
        self,
        segment: str | None = None,
        since: datetime.datetime | None = None,
        until: datetime.datetime | None = None,
    ) -> Scope:
        """The part of the trails a question is about.

        Raises:
            UnknownNameError: the catalogue has no such segment.
        """
        scope = self._segment(segment) if segment else EVERYTHING
        if since is None and until is None:
            return scope
        start = microseconds(since) if since else scope.start
        stop = microseconds(until) if until else scope.stop
        words = [scope.text] if segment else ["all parties"]
        words += [f"from {since:%Y-%m-%d}"] if since else []
        words += [f"until {until:%Y-%m-%d}"] if until else []
        return Scope(scope.parties, start, stop, ", ".join(words))

    def _segment(self, name: str) -> Scope:
        segments = self.catalogue.segments
        if name not in segments:
            raise UnknownNameError(
                f"segment {name!r} is not in the catalogue",
                f"use one of: {', '.join(segments) or 'none is defined yet'}",
            )
        traits = self.tables.read("traits", trails_room.TRAIT_COLUMNS)
        return trails_room.scope_of(
            segments[name], self.trails(), traits, identity.current(self.tables)
        )
