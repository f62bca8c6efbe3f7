"""A workspace: one folder, one organisation. It composes the rooms; it computes nothing."""

import datetime
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from everytouch.catalogue import api as catalogue_room
from everytouch.catalogue.api import Catalogue
from everytouch.collect.api import Importer, Progress, Receipt, Source, read_source
from everytouch.drivers import api as drivers_room
from everytouch.drivers.api import Drivers, Worth
from everytouch.engine.api import LocalEngine
from everytouch.errors import EverytouchError, NotEnoughDataError, UnknownNameError, WorkspaceError
from everytouch.identity import api as identity
from everytouch.improvement import api as improvement
from everytouch.improvement.api import RankedList
from everytouch.journeys import api as journeys
from everytouch.journeys.api import DropOff, Funnel, Graph, Paths, Sessions, Unit
from everytouch.ledger.api import (
    Quarantined,
    SourceStatus,
    Tables,
    audit,
    quarantined,
    read_secret,
    status_of,
    write_secret,
)
from everytouch.metrics import api as metrics
from everytouch.metrics.api import Breakdown, By, Promises
from everytouch.moments.api import PARTY_KINDS, hash_strings, normalise
from everytouch.report.api import ReportData, write_html, write_pdf
from everytouch.settings import Settings
from everytouch.trails import api as trails_room
from everytouch.trails.api import EVERYTHING, Scope, Trail, Trails, microseconds

_FILE, _CATALOGUE = "everytouch.toml", "catalogue.yaml"


def create(
    path: str | Path,
    organisation: str = "",
    *,
    currency: str = "EUR",
    timezone: str = "UTC",
    secret: bytes | None = None,
) -> "Workspace":
    """Make a new workspace.

    Args:
        path: a folder that is not there yet, or is empty.
        currency: of all its money, ISO 4217.
        timezone: in which months are counted, IANA name.
        secret: 16 bytes for the keys of moments and parties; random when left out.

    Raises:
        WorkspaceError: the folder holds something already.
    """
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(f"{folder} is there already and not empty", "give a new folder")
    Settings.from_mapping({"currency": currency, "timezone": timezone})
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(organisation, ensure_ascii=False)
    (folder / _FILE).write_text(
        f"organisation = {text}\n\n[settings]\n"
        f"currency = {json.dumps(currency)}\ntimezone = {json.dumps(timezone)}\n",
        encoding="utf-8",
    )
    catalogue = Catalogue(organisation)
    (folder / _CATALOGUE).write_text(catalogue_room.dumps(catalogue), encoding="utf-8")
    write_secret(folder, secret)
    (folder / "ledger").mkdir(mode=0o700)
    Tables(folder / "ledger").create()
    return Workspace(folder)


def open_workspace(path: str | Path) -> "Workspace":
    """Open a workspace.

    Raises:
        WorkspaceError: the folder is no workspace.
    """
    folder = Path(path)
    if not (folder / _FILE).is_file():
        raise WorkspaceError(f"{folder} is no workspace", f"make one: everytouch init {folder}")
    return Workspace(folder)


@dataclass(frozen=True)
class Workspace:
    """One organisation's record, and everything that can be asked of it.

    Most questions take ``segment`` (a name of the catalogue) and ``since``/``until`` (aware
    times, the latter not included).
    """

    path: Path

    @cached_property
    def settings(self) -> Settings:
        """Its settings, checked."""
        try:
            raw = tomllib.loads((self.path / _FILE).read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise WorkspaceError(
                f"{self.path / _FILE} is no TOML: {error}", "correct it"
            ) from error
        return Settings.from_mapping(raw.get("settings", {}))

    @property
    def catalogue(self) -> Catalogue:
        """Its catalogue, as the file is now."""
        return catalogue_room.load(self.path / _CATALOGUE)

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

    # Ways in

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
                (self.path / _CATALOGUE).write_text(catalogue_room.dumps(known), encoding="utf-8")
        return self._importer(known, now).run(source, dry_run, progress)

    def replay(self, source: str | None = None) -> Receipt:
        """Try what is in quarantine again, after the catalogue was corrected."""
        return self._importer(self.catalogue, None).replay(source)

    def fix(self, rows: Sequence[Quarantined]) -> Receipt:
        """Store corrected records; those that hold leave the quarantine."""
        return self._importer(self.catalogue, None).fix(list(rows))

    def quarantine(self, source: str | None = None) -> tuple[Quarantined, ...]:
        """Records that broke a rule, with the reasons."""
        return quarantined(self.tables, source)

    def status(self) -> tuple[SourceStatus, ...]:
        """What is stored and what is in quarantine, by source."""
        return status_of(self.tables)

    def _importer(self, known: Catalogue, now: datetime.datetime | None) -> Importer:
        now = now or datetime.datetime.now(datetime.UTC)
        latest = now + datetime.timedelta(days=1)
        words = catalogue_room.vocabulary(known, self.settings.currency, latest)
        return Importer(self.tables, self._secret, words, self.settings, now)

    # What people live through

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

    def trail(self, identifier: str) -> Trail:
        """Everything one party lived through, under all its identifiers. Reading is audited.

        Args:
            identifier: namespace:value, as email:ana@example.org.

        Raises:
            UnknownNameError: nobody is known by it.
        """
        namespace, colon, value = identifier.partition(":")
        if not colon:
            raise UnknownNameError(
                f"identifier {identifier!r} names no namespace", "write it as namespace:value"
            )
        key, _ = hash_strings(normalise(pa.array([namespace]), pa.array([value])), self._secret)
        resolution = identity.current(self.tables)
        party = int(resolution.party(key)[0])
        audit(self.path, "read trail", f"{party & (2**64 - 1):016x}")
        trail = trails_room.trail_of(self.tables, resolution, party, self.catalogue)
        if not trail.rows:
            raise UnknownNameError(
                f"nobody is known as {identifier!r}", "check namespace and value"
            )
        return trail

    def graph(self, scope: Scope = EVERYTHING) -> Graph:
        """Directly-follows graph of interactions."""
        return journeys.graph(self.trails(), self._engine, scope)

    def paths(self, scope: Scope = EVERYTHING, *, unit: Unit = "party", top: int = 20) -> Paths:
        """Most frequent paths."""
        gap = self.settings.session_gap_minutes
        return journeys.paths(
            self.trails(), self._engine, scope, unit=unit, gap_minutes=gap, top=top
        )

    def funnel(
        self, steps: Sequence[str], scope: Scope = EVERYTHING, *, window_days: float = 30.0
    ) -> Funnel:
        """Parties that take steps in their order."""
        return journeys.funnel(self.trails(), self._engine, steps, scope, window_days=window_days)

    def sessions(self, scope: Scope = EVERYTHING) -> Sessions:
        """Sessions by silence."""
        gap = self.settings.session_gap_minutes
        return journeys.sessions(self.trails(), self._engine, scope, gap_minutes=gap)

    def drop_off(self, scope: Scope = EVERYTHING) -> DropOff:
        """Flow of parties through the stages."""
        return journeys.drop_off(self.trails(), self._engine, self.catalogue, scope)

    # What they feel, what drives it, what it is worth, what to change first

    def perception(self, by: By = "all", scope: Scope = EVERYTHING) -> Breakdown:
        """Stated perception by touchpoint, stage, channel, owner, segment or month."""
        trails, known = self.trails(), self.catalogue
        if by == "all":
            grouping = metrics.everyone()
        elif by == "month":
            grouping = metrics.by_month(trails, self.settings.timezone)
        elif by == "segment":
            scopes = {name: self._segment(name) for name in known.segments}
            labels = {name: segment.label for name, segment in known.segments.items()}
            grouping = metrics.by_segment(scopes, labels)
        else:
            grouping = metrics.by_place(trails, known, by)
        return metrics.breakdown(trails, self._engine, known, self.settings, by, grouping, scope)

    def promises(self, scope: Scope = EVERYTHING) -> Promises:
        """Promises kept and broken."""
        return metrics.promises(self.trails(), self._engine, self.catalogue, self.settings, scope)

    def drivers(self, scope: Scope = EVERYTHING) -> Drivers:
        """What the score goes with.

        Raises:
            NotEnoughDataError: the data cannot say.
        """
        return drivers_room.drivers(
            self.trails(), self._engine, self.catalogue, self.settings, scope
        )

    def worth(self, scope: Scope = EVERYTHING) -> Worth:
        """Spend, return and cost to serve by past experience, of customers."""
        if scope == EVERYTHING:
            scope = self._customers()
        return drivers_room.worth(self.trails(), self._engine, self.settings, scope)

    def findings(self) -> RankedList:
        """The ranked list of what to improve."""
        return improvement.ranked(
            self.trails(), self._engine, self.catalogue, self.settings, self.worth()
        )

    def moments_behind(self, finding: str, limit: int = 100) -> Trail:
        """The newest moments behind a finding of the last year. Reading is audited.

        Args:
            finding: its name, as late:parcel_delivered.

        Raises:
            UnknownNameError: there is no such finding.
        """
        audit(self.path, "read moments", finding)
        return self._behind(finding, limit)

    def _behind(self, finding: str, limit: int) -> Trail:
        keys = improvement.moments_behind(
            self.trails(), self.catalogue, self.settings, finding, limit
        )
        what = f"the newest {len(keys)} moments behind {finding}"
        return trails_room.moments_by_key(self.tables, keys, what, self.catalogue)

    def report(self, path: str | Path) -> Path:
        """Write the findings as one HTML file, or, where the name ends in .pdf, as a PDF."""
        target = Path(path)
        write = write_pdf if target.suffix.lower() == ".pdf" else write_html
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write(self._report_data(), target)
        except OSError as error:
            raise EverytouchError(
                f"the report cannot be written to {target}: {error}", "give another place"
            ) from error
        return target

    def _report_data(self) -> ReportData:
        trails = self.trails()
        try:
            found, why = self.drivers(), ""
        except NotEnoughDataError as error:
            found, why = None, error.what
        worth = self.worth()
        ranked = improvement.ranked(trails, self._engine, self.catalogue, self.settings, worth)
        by: tuple[By, ...] = ("touchpoint", "stage", "channel", "segment", "month")
        return ReportData(
            catalogue=self.catalogue,
            settings=self.settings,
            moments=trails.moments,
            parties=trails.parties,
            first=trails.first,
            last=trails.last,
            status=self.status(),
            ranked=ranked,
            behind={row.name: self._behind(row.name, 5).rows for row in ranked.rows},
            overall=self.perception("all"),
            perception=tuple(self.perception(each) for each in by),
            promises=self.promises(),
            graph=self.graph(),
            paths=self._report_paths(),
            drop_off=self.drop_off(),
            drivers=found,
            no_drivers=why,
            worth=worth,
        )

    def _report_paths(self) -> Paths:
        """Paths by order or case where moments name one, else whole trails."""
        by_order = self.paths(unit="correlation", top=10)
        return by_order if by_order.rows else self.paths(top=10)

    def _customers(self) -> Scope:
        trails, customer = self.trails(), PARTY_KINDS.index("customer")
        chosen = {b.number: b["party_kind"][b.offsets[:-1]] == customer for b in trails.buckets}
        return Scope(chosen, text="customers, all time")
