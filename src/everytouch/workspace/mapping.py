"""Maps of designed journeys: kept in versions, and held against what people live through."""

import difflib
import re
from pathlib import Path

from everytouch.catalogue import api as catalogue_room
from everytouch.catalogue.api import Changes, JourneyMap
from everytouch.errors import CatalogueError, UnknownNameError
from everytouch.journeys import api as journeys
from everytouch.journeys.api import Against, Journeys, PromiseGaps
from everytouch.ledger.api import audit
from everytouch.trails.api import EVERYTHING, Scope
from everytouch.workspace.base import Base
from everytouch.workspace.telling import tells_who_is_left_out

MAPS = "maps"
_VERSION = re.compile(r"(\d{4,})\.yaml")


@tells_who_is_left_out
class Mapping(Base):
    """Maps: a folder each, a file a version; a version is never changed."""

    def map_names(self) -> tuple[str, ...]:
        """Names of the maps there are."""
        found = (path.name for path in (self.path / MAPS).glob("*/") if self._versions(path.name))
        return tuple(sorted(found))

    def map_versions(self, name: str) -> tuple[int, ...]:
        """The versions of a map, oldest first.

        Raises:
            UnknownNameError: there is no such map.
        """
        versions = self._versions(name)
        if not versions:
            there = ", ".join(self.map_names()) or "none is saved yet"
            raise UnknownNameError(f"there is no map {name!r}", f"use one of: {there}")
        return versions

    def maps_state(self) -> tuple[tuple[str, int, int], ...]:
        """Of each map its name, newest version, and when that was written: what is new is told."""
        found = [(name, self._versions(name)[-1]) for name in self.map_names()]
        return tuple(
            (name, number, self._version_file(name, number).stat().st_mtime_ns)
            for name, number in found
        )

    def map_text(self, name: str, version: int | None = None) -> str:
        """A map as it was written; its newest version if none is named.

        Raises:
            UnknownNameError: there is no such map, or no such version of it.
        """
        return self._version_file(name, version).read_text(encoding="utf-8")

    def journey_map(self, name: str, version: int | None = None) -> JourneyMap:
        """A map, checked against the catalogue as it is now.

        Raises:
            UnknownNameError: there is no such map, or no such version of it.
            CatalogueError: it says something impossible.
        """
        path = self._version_file(name, version)
        text = path.read_text(encoding="utf-8")
        return catalogue_room.load_map(text, name, self.catalogue, int(path.stem), str(path))

    def save_map(self, name: str, text: str, *, after: int | None = None) -> JourneyMap:
        """Keep a map as its newest version; what is the same already is not kept again.

        Args:
            after: the version it was made of; none if it does not matter.

        Raises:
            CatalogueError: it says something impossible, or there is a version after that.
        """
        known = self.catalogue
        catalogue_room.load_map(text, name, known)
        with self._changing(MAPS):
            versions = self._versions(name)
            if after is not None and versions[-1:] != (after,):
                raise CatalogueError(
                    f"somebody saved version {versions[-1]} of map {name} meanwhile",
                    "look at it, and make your changes there",
                )
            if not versions or self.map_text(name) != text:
                number = versions[-1] + 1 if versions else 1
                folder = self.path / MAPS / name
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._replace(f"{MAPS}/{name}/{number:04d}.yaml", text)
                audit(self.path, "map saved", f"{name}, version {number}", self.who)
        return self.journey_map(name)

    def change_map(self, name: str, changes: Changes, version: int) -> JourneyMap:
        """Change cells of a map's sheet; what comes of it is its newest version.

        Args:
            version: that was looked at.

        Raises:
            CatalogueError: it says something impossible, or somebody saved a version meanwhile.
        """
        changed = catalogue_room.with_cells(self.journey_map(name, version), changes)
        return self.save_map(name, catalogue_room.dump_map(changed), after=version)

    def map_changes(self, name: str, first: int, second: int) -> tuple[str, ...]:
        """What is otherwise in the second of two versions: lines as ``diff -u`` writes them."""
        old, new = (self.map_text(name, number).splitlines() for number in (first, second))
        said = difflib.unified_diff(
            old, new, f"version {first}", f"version {second}", lineterm="", n=2
        )
        return tuple(said)

    def undo_map(self, name: str, version: int | None = None) -> JourneyMap:
        """Save an older version of a map as the newest; the last but one if none is named.

        Raises:
            UnknownNameError: there is no older one.
        """
        versions = self.map_versions(name)
        if version is None and len(versions) < 2:
            raise UnknownNameError(f"map {name!r} has one version only", "there is nothing to undo")
        back = versions[-2] if version is None else version
        return self.save_map(name, self.map_text(name, back))

    def against(
        self, name: str, scope: Scope = EVERYTHING, *, version: int | None = None
    ) -> Against:
        """Every real journey held against a map: what is skipped, added, late …, and its price."""
        journey = self.journey_map(name, version)
        return journeys.against(
            self.trails(), self._engine, self.catalogue, journey, self.settings, scope
        )

    def promise_gaps(self, scope: Scope = EVERYTHING) -> PromiseGaps:
        """How the steps of all maps were meant to feel, less how they do."""
        if not self.pinned:
            return self.pin().promise_gaps(scope)
        held = [(name, self.against(name, scope)) for name in self.map_names()]
        return journeys.promise_gaps(held)

    def journeys_with(
        self, name: str, deviation: str, scope: Scope = EVERYTHING, *, limit: int = 50
    ) -> Journeys:
        """The newest journeys with a deviation, as ``late:delivered``: the moments behind it."""
        return journeys.journeys_with(
            self.trails(), self._engine, self.catalogue, self.journey_map(name), self.settings,
            deviation, scope, limit=limit,
        )  # fmt: skip

    def _versions(self, name: str) -> tuple[int, ...]:
        if catalogue_room.MAP_NAME.fullmatch(name) is None:
            return ()
        files = (_VERSION.fullmatch(path.name) for path in (self.path / MAPS / name).glob("*.yaml"))
        return tuple(sorted(int(found[1]) for found in files if found))

    def _version_file(self, name: str, version: int | None) -> Path:
        versions = self.map_versions(name)
        number = versions[-1] if version is None else version
        if number not in versions:
            said = ", ".join(map(str, versions))
            raise UnknownNameError(f"map {name!r} has no version {number}", f"use one of: {said}")
        return self.path / MAPS / name / f"{number:04d}.yaml"
