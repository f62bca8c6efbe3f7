"""The five questions, each a call of the room that answers it."""

import zoneinfo
from collections.abc import Sequence

from everytouch.drivers import api as drivers_room
from everytouch.drivers.api import Drivers, Worth
from everytouch.errors import UnknownNameError
from everytouch.improvement import api as improvement
from everytouch.improvement.api import Movement, RankedList
from everytouch.journeys import api as journeys
from everytouch.journeys.api import (
    Between,
    Counting,
    Direction,
    DropOff,
    Foresight,
    From,
    Funnel,
    Graph,
    JourneyKinds,
    Lifecycle,
    Order,
    Paths,
    Repeats,
    Retention,
    Sessions,
    StageFlows,
    StepMatrix,
    Together,
    Unit,
    Volume,
)
from everytouch.metrics import api as metrics
from everytouch.metrics.api import BY, Breakdown, By, Promises
from everytouch.moments.api import PARTY_KINDS
from everytouch.perception import api as perception_room
from everytouch.perception.api import Comments
from everytouch.trails import api as trails_room
from everytouch.trails.api import ANY, EVERYTHING, Every, Glimpse, Scope, Trails, Wanted
from everytouch.workspace.base import Base
from everytouch.workspace.telling import tells_who_is_left_out


@tells_who_is_left_out
class Asking(Base):
    """What people live through, feel, what drives that, its worth, what to change first."""

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
        self,
        steps: Sequence[str],
        scope: Scope = EVERYTHING,
        *,
        window_days: float = 30.0,
        order: Order = "ordered",
        without: Sequence[str] = (),
    ) -> Funnel:
        """Parties that take steps: in their order, one directly after the other, or in any."""
        return journeys.funnel(
            self.trails(), self._engine, steps, scope,
            window_days=window_days, order=order, without=without,
        )  # fmt: skip

    def around(
        self,
        touchpoint: str,
        scope: Scope = EVERYTHING,
        *,
        places: int = 5,
        direction: Direction = "after",
    ) -> StepMatrix:
        """What comes after (or before) a touchpoint, place by place."""
        return journeys.around(
            self.trails(), self._engine, touchpoint, scope, places=places, direction=direction
        )

    def between(
        self,
        first: str,
        second: str,
        scope: Scope = EVERYTHING,
        *,
        unit: Unit = "party",
        from_: From = "first",
    ) -> Between:
        """The time from one touchpoint or instrument to the next of another, month by month."""
        return journeys.between(
            self.trails(), self._engine, first, second, self.settings.timezone, scope,
            unit=unit, from_=from_, gap_minutes=self.settings.session_gap_minutes,
            confidence=self.settings.confidence,
        )  # fmt: skip

    def foresight(
        self,
        after: Sequence[str] = (),
        scope: Scope = EVERYTHING,
        *,
        unit: Unit = "correlation",
        top: int = 5,
    ) -> Foresight:
        """What comes next in a journey and what time is left, and how good that guess is.

        Raises:
            NotEnoughDataError: there is too little to learn from.
        """
        return journeys.foresight(
            self.trails(), self._engine, self.settings, scope,
            after=tuple(after), unit=unit, top=top,
        )  # fmt: skip

    def journey_kinds(
        self, scope: Scope = EVERYTHING, *, unit: Unit = "correlation", most: int = 8
    ) -> JourneyKinds:
        """Kinds of journeys: those that pass much the same touchpoints.

        Raises:
            NotEnoughDataError: there are fewer than ten journeys.
        """
        return journeys.kinds(
            self.trails(), self._engine, self.settings, scope, unit=unit, most=most
        )

    def goes_with(
        self, touchpoint: str, scope: Scope = EVERYTHING, *, unit: Unit = "correlation"
    ) -> Together:
        """Which touchpoints go with reaching another one, and with a better or worse score."""
        return journeys.goes_with(
            self.trails(), self._engine, self.catalogue, touchpoint, self.settings, scope, unit=unit
        )

    def sessions(self, scope: Scope = EVERYTHING) -> Sessions:
        """Sessions by silence."""
        gap = self.settings.session_gap_minutes
        return journeys.sessions(self.trails(), self._engine, scope, gap_minutes=gap)

    def retention(
        self,
        scope: Scope = EVERYTHING,
        *,
        every: Every = "month",
        start: str | None = None,
        back: str | None = None,
        how: Counting = "first",
        periods: int = 12,
    ) -> Retention:
        """Of those who came in a period, how many come back in the ones after."""
        zone, asked = self.settings.timezone, {"start": start, "back": back}
        return journeys.retention(
            self.trails(), self._engine, zone, scope, every=every, how=how, periods=periods, **asked
        )

    def lifecycle(self, scope: Scope = EVERYTHING, *, every: Every = "month") -> Lifecycle:
        """Who is new, comes back, goes dormant, is revived; how often people come."""
        zone = self.settings.timezone
        return journeys.lifecycle(self.trails(), self._engine, zone, scope, every=every)

    def repeats(self, scope: Scope = EVERYTHING, *, days: float | None = None) -> Repeats:
        """How often parties come to a touchpoint again; ``repeat_contact_days`` without days."""
        within = float(self.settings.repeat_contact_days) if days is None else days
        return journeys.repeats(self.trails(), self._engine, scope, days=within)

    def stage_flows(self, scope: Scope = EVERYTHING) -> StageFlows:
        """Flow of parties from stage to stage, change by change."""
        return journeys.stage_flows(self.trails(), self._engine, self.catalogue, scope)

    def volume(self, scope: Scope = EVERYTHING) -> Volume:
        """Interactions by touchpoint and month."""
        return journeys.volume(self.trails(), self._engine, self.settings.timezone, scope)

    def comments(self, scope: Scope = EVERYTHING, *, limit: int = 50) -> Comments:
        """The newest comments, with what gives a person away masked."""
        return perception_room.comments(
            self.tables,
            self.trails(),
            self._engine,
            self._resolution(),
            self.catalogue,
            self.settings,
            scope,
            limit,
        )

    def newest(
        self,
        wanted: Wanted = ANY,
        scope: Scope = EVERYTHING,
        *,
        limit: int = 100,
        before: tuple[int, int] | None = None,
    ) -> list[Glimpse]:
        """The newest moments that meet a description (``before`` a time and key), nameless."""
        return trails_room.newest(self.trails(), wanted, scope, limit, before)

    def drop_off(self, scope: Scope = EVERYTHING) -> DropOff:
        """Flow of parties through the stages."""
        return journeys.drop_off(self.trails(), self._engine, self.catalogue, scope)

    def perception(self, by: By = "all", scope: Scope = EVERYTHING) -> Breakdown:
        """Stated perception by touchpoint, stage, channel, owner, segment or month."""
        if by not in BY:
            raise UnknownNameError(f"nothing is broken down by {by!r}", f"use: {', '.join(BY)}")
        if not self.pinned:
            return self.pin().perception(by, scope)
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
        trails = self.trails()
        asked = customers(trails) if scope == EVERYTHING else scope
        return drivers_room.worth(trails, self._engine, self.settings, asked)

    def findings(self, scope: Scope = EVERYTHING, worth: Worth | None = None) -> RankedList:
        """The ranked list of what to improve; in the last year, where the scope has no period.

        Args:
            worth: what experience is worth to everybody, where it is known already.
        """
        trails, known = self.trails(), self.worth() if worth is None else worth
        return improvement.ranked(trails, self._engine, self.catalogue, self.settings, known, scope)

    def movement(self, scope: Scope = EVERYTHING, *, days: int = 90) -> Movement:
        """What moved in the scope's period against the one before; its last ``days`` without."""
        trails = self.trails()
        zone = zoneinfo.ZoneInfo(self.settings.timezone)
        _, months = trails_room.period_edges(trails, zone, "month")
        now, before = improvement.periods(trails, scope, days, months)
        return improvement.movement(
            trails, self._engine, self.catalogue, self.settings, now, before
        )


def customers(trails: Trails) -> Scope:
    """All parties that are customers."""
    customer = PARTY_KINDS.index("customer")
    chosen = {b.place: b["party_kind"][b.offsets[:-1]] == customer for b in trails.buckets}
    return Scope(chosen, text="customers, all time")
