"""Ways in: imports, quarantine, what is stored."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from everytouch.catalogue import api as catalogue_room
from everytouch.catalogue.api import Catalogue
from everytouch.collect.api import (
    Asked,
    Importer,
    Input,
    Keys,
    Plan,
    Preview,
    Progress,
    Receipt,
    Sample,
    Source,
    SurveyDefinition,
    Trial,
    definitions,
    dump_source,
    in_log,
    input_of,
    preview,
    read_source,
    recognise,
    samples,
    source_of,
    with_needed,
)
from everytouch.errors import CatalogueError, SettingError
from everytouch.later import Later
from everytouch.ledger.api import (
    Arrival,
    Quarantined,
    Reason,
    SourceStatus,
    arrivals,
    audit,
    held,
    quarantined,
    reasons,
    status_of,
)
from everytouch.moments.api import KINDS
from everytouch.settings import FILE, Settings
from everytouch.workspace.base import CATALOGUE, LOG, SURVEYS, Base

if TYPE_CHECKING:
    import tomlkit
else:
    tomlkit = Later("tomlkit")

IMPORTS = "imports"
"""Folder of source files that were made of files."""


class WaysIn(Base):
    """Bringing moments in."""

    def import_source(
        self,
        source: str | Path | Source,
        folder: str | Path | None = None,
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
        now: datetime.datetime | None = None,
    ) -> Receipt:
        """Import a source; what is stored already is recognised and left.

        The source's catalogue, if it names one, adds what the workspace's does not have.

        Raises:
            SourceError: the source, an input or a SELECT cannot be used.
        """
        if not isinstance(source, Source):
            source = read_source(Path(source), Path(folder) if folder else None)
        known = self.catalogue
        if source.catalogue is not None:
            before = known
            known = catalogue_room.merged(known, catalogue_room.load(source.catalogue))
            if not dry_run and known != before:
                (self.path / CATALOGUE).write_text(catalogue_room.dumps(known), encoding="utf-8")
        return self._importer(known, now).run(source, dry_run, progress)

    def recognise(self, path: str | Path, timezone: str | None = None) -> Plan:
        """Return how a file would be imported: the tool it comes from, and what each column is.

        Args:
            timezone: of times that name none; the workspace's when left out.

        Raises:
            SourceError: the file cannot be read.
        """
        asked = Asked(timezone or self.settings.timezone, self.settings.currency, self.surveys)
        return recognise(input_of(Path(path)), self.settings, asked)

    def import_plan(
        self,
        plan: Plan,
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
        now: datetime.datetime | None = None,
    ) -> Receipt:
        """Import a file by a plan; touchpoints and questions it needs are added to the catalogue.

        Raises:
            SourceError: the file cannot be read.
        """
        known = self.catalogue
        wanted = with_needed(known, plan)
        if not dry_run and wanted != known:
            self.save_catalogue(wanted, known)
        if plan.definition:
            return self._keep_survey(plan, dry_run)
        source = source_of(plan, self.settings.currency)
        return self._importer(wanted, now).run(source, dry_run, progress)

    def samples(self, plan: Plan) -> tuple[Sample, ...]:
        """Return the columns of a plan as they are understood, with their first values."""
        return samples(plan, self.settings)

    def write_source(self, plan: Plan) -> Path:
        """Write the source file that a plan stands for into the workspace; its path."""
        source = source_of(plan, self.settings.currency)
        folder = self.path / IMPORTS
        folder.mkdir(mode=0o700, exist_ok=True)
        name = re.sub(r"[^\w-]+", "-", source.name).strip("-") or "file"
        text = dump_source(source, f"{plan.title}, as it was recognised; change what is wrong.")
        self._replace(f"{IMPORTS}/{name}.toml", text)
        return folder / f"{name}.toml"

    @property
    def surveys(self) -> tuple[SurveyDefinition, ...]:
        """Definitions of surveys that were imported, the newest version of each."""
        return definitions.stored(self.path / SURVEYS)

    def _keep_survey(self, plan: Plan, dry_run: bool) -> Receipt:
        given = plan.inputs[0]
        survey = definitions.read_definition(given.paths[0], given.format)
        if not dry_run:
            (self.path / SURVEYS).mkdir(exist_ok=True)
            self._replace(f"{SURVEYS}/{definitions.file_name(survey)}", definitions.as_json(survey))
            audit(self.path, "import survey", f"{survey.tool} {survey.id}", self.who)
        return Receipt(plan.source, dry_run, {})

    def preview(self, given: Input) -> Preview:
        """Columns and first rows of a file."""
        return preview(given, self.settings)

    def trial(self, source: Source) -> Trial:
        """What an import would make of the first records; nothing is stored."""
        return self._importer(self.catalogue, None).trial(source)

    def save_catalogue(self, new: Catalogue, before: Catalogue) -> None:
        """Write a changed catalogue; the change is audited.

        Args:
            before: the catalogue that was changed.

        Raises:
            CatalogueError: it says something impossible, or somebody changed it meanwhile.
        """
        text = catalogue_room.dumps(new)
        catalogue_room.loads(text)
        with self._changing(CATALOGUE):
            if self.catalogue != before:
                raise CatalogueError(
                    "somebody else changed the catalogue meanwhile",
                    "reload it and make the change again",
                )
            self._replace(CATALOGUE, text)
        audit(self.path, "change catalogue", _changed(before, new), self.who)

    def change_settings(self, changes: Mapping[str, str | float]) -> None:
        """Write changed settings, leaving the rest of the file as it is; the change is audited.

        Raises:
            SettingError: an unknown name, a wrong type, or a value out of range.
        """
        with self._changing(FILE):
            text = tomlkit.parse((self.path / FILE).read_text(encoding="utf-8"))
            table = text.setdefault("settings", tomlkit.table())
            table.update(changes)
            new = Settings.from_mapping(table.unwrap())
            if "headline" in changes and new.headline not in {"", *self.catalogue.instruments}:
                raise SettingError(
                    f"setting headline = {new.headline!r} is no question of the catalogue",
                    f"use one of: {', '.join(self.catalogue.instruments)}",
                )
            self._replace(FILE, tomlkit.dumps(text))
        said = ", ".join(f"{name} = {value}" for name, value in changes.items())
        audit(self.path, "change settings", said, self.who)

    def rename(self, organisation: str) -> None:
        """Give the organisation another name."""
        known = self.catalogue
        self.save_catalogue(replace(known, organisation=organisation), known)

    def replay(self, source: str | None = None) -> Receipt:
        """Try what is in quarantine again, after the catalogue was corrected."""
        return self._importer(self.catalogue, None).replay(source)

    def fix(self, rows: Sequence[Quarantined]) -> Receipt:
        """Store corrected records; those that hold leave the quarantine."""
        return self._importer(self.catalogue, None).fix(list(rows))

    def quarantine(
        self, source: str | None = None, limit: int | None = None
    ) -> tuple[Quarantined, ...]:
        """Records that broke a rule and events that no rule names, with the reasons."""
        return quarantined(self.tables, source, limit)

    def held(self, key: tuple[int, int]) -> Quarantined | None:
        """One of them, by its key; None where it is not held any more."""
        return held(self.tables, key)

    def reasons(self, source: str | None = None) -> tuple[Reason, ...]:
        """Why records are held, and how many for each reason."""
        return reasons(self.tables, source)

    def arrivals(self, limit: int = 20) -> list[Arrival]:
        """What came in last, of all sources, held or stored; without whom it is of."""
        return arrivals(self.tables, limit)

    def status(self) -> tuple[SourceStatus, ...]:
        """What is stored, in quarantine and in the log, by source."""
        waiting, known = in_log(self.path / LOG), status_of(self.tables)
        absent = sorted(waiting.keys() - {one.source for one in known})
        nothing = [SourceStatus(name, dict.fromkeys(KINDS, 0), 0, None) for name in absent]
        return tuple(replace(one, waiting=waiting.get(one.source, 0)) for one in (*known, *nothing))

    def _importer(self, known: Catalogue, now: datetime.datetime | None) -> Importer:
        now = now or datetime.datetime.now(datetime.UTC)
        latest = now + datetime.timedelta(days=1)
        words = catalogue_room.vocabulary(known, self.settings, latest, self.retention_rules)
        versions = Keys(self.path).versions
        return Importer(self.tables, self._secret, words, self.settings, now, self.rules, versions)


def _changed(before: Catalogue, new: Catalogue) -> str:
    """Names of what differs, by section."""
    parts = []
    for section in (
        "touchpoints",
        "instruments",
        "segments",
        "personas",
        "initiatives",
        "purposes",
    ):
        old, now = getattr(before, section), getattr(new, section)
        names = sorted(name for name in old.keys() | now.keys() if old.get(name) != now.get(name))
        parts += [f"{section}: {', '.join(names)}"] if names else []
    return "; ".join(parts) or "organisation, stages or outcomes"
