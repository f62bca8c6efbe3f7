"""The report: everything the other parts answer, in one file."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from everytouch.errors import EverytouchError, NotEnoughDataError
from everytouch.journeys.api import Paths
from everytouch.metrics.api import By
from everytouch.report.api import Beyond, MapOverlay, ReportData, to_send, write_html, write_pdf
from everytouch.workspace.collecting import Collecting
from everytouch.workspace.consenting import Consenting
from everytouch.workspace.judging import Judging
from everytouch.workspace.mapping import Mapping
from everytouch.workspace.matching import Matching
from everytouch.workspace.querying import Querying
from everytouch.workspace.retaining import Retaining
from everytouch.workspace.scheduling import Scheduling
from everytouch.workspace.verifying import Verifying
from everytouch.workspace.versions import Versions

T = TypeVar("T")


class Reporting(
    Judging,
    Mapping,
    Matching,
    Querying,
    Consenting,
    Retaining,
    Scheduling,
    Versions,
    Collecting,
    Verifying,
):
    """Writing the findings down."""

    def report(self, path: str | Path, *, full: bool = False) -> Path:
        """Write the findings as one HTML file, or, where the name ends in .pdf, as a PDF.

        Args:
            full: with the newest moments behind each finding and every count as it is, for those
                who may see single people. Without it the file may be sent: see the room
                ``disclosure``.
        """
        target = Path(path)
        write = write_pdf if target.suffix.lower() == ".pdf" else write_html
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            data = self.pin()._report_data()
            write(data if full else to_send(data), target)
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
        effects = self._or_nothing(self.effects)
        ranked = self.findings(worth=worth, effects=effects)
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
            maps=tuple(
                MapOverlay(self.journey_map(name), self.against(name)) for name in self.map_names()
            ),
            drivers=found,
            no_drivers=why,
            worth=worth,
            population=self._or_nothing(self.population),
            effects=effects,
            leaks=self.leaks(),
            staying=self.staying(),
            lifetimes=self._or_nothing(self.lifetimes),
            money=self.money(),
            verdicts=self.verdicts(),
            beyond=Beyond(
                self.emotions(),
                self.consistency(),
                self.promise_gaps(),
                self._or_nothing(self.remembered),
                self._or_nothing(self.aspects),
                self._or_nothing(self.interactions),
            ),
        )

    @staticmethod
    def _or_nothing(ask: Callable[[], T]) -> T | None:
        with contextlib.suppress(NotEnoughDataError):
            return ask()
        return None

    def _report_paths(self) -> Paths:
        """Paths by order or case where moments name one, else whole trails."""
        by_order = self.paths(unit="correlation", top=10)
        return by_order if by_order.rows else self.paths(top=10)
