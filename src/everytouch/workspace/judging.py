"""Everybody and not only who answered; causes and not only company; worth from now on."""

import contextlib

import pyarrow as pa

from everytouch.drivers import api as drivers_room
from everytouch.drivers.api import (
    Aspects,
    Effects,
    Interactions,
    Known,
    Leaks,
    Lifetimes,
    Money,
    Staying,
    WhatIf,
    Worth,
)
from everytouch.errors import NotEnoughDataError, UnknownNameError
from everytouch.improvement import api as improvement
from everytouch.improvement.api import RankedList, Verdicts
from everytouch.ledger.api import audit
from everytouch.metrics import api as metrics
from everytouch.metrics.api import (
    POPULATION_BY,
    WEIGHTS,
    Consistency,
    Emotions,
    Population,
    PopulationBy,
    Remembered,
    Weights,
)
from everytouch.perception.api import Per
from everytouch.stats import intervals
from everytouch.trails.api import EVERYTHING, Scope
from everytouch.workspace.asking import Asking, customers
from everytouch.workspace.telling import tells_who_is_left_out


@tells_who_is_left_out
class Judging(Asking):
    """Figures that need a model behind them, and say how far it may be trusted."""

    def population(
        self,
        by: PopulationBy = "all",
        scope: Scope = EVERYTHING,
        *,
        per: Per = "journey",
        weights: Weights = "chance",
    ) -> Population:
        """Everybody beside those who answered: weighted, and predicted of the silent.

        Args:
            weights: answers by their chance to be given, or raked to everybody's months,
                segments and troubles.

        Raises:
            NotEnoughDataError: too few answered to learn from, or nobody is silent.
        """
        if by not in POPULATION_BY:
            words = ", ".join(POPULATION_BY)
            raise UnknownNameError(f"a population is not parted by {by!r}", f"use: {words}")
        if weights not in WEIGHTS:
            raise UnknownNameError(
                f"answers are not weighted by {weights!r}", f"use: {', '.join(WEIGHTS)}"
            )
        if not self.pinned:
            return self.pin().population(by, scope, per=per, weights=weights)
        trails, known = self.trails(), self.catalogue
        scopes = {name: self._segment(name) for name in known.segments}
        if by == "segment":
            labels = {name: segment.label for name, segment in known.segments.items()}
            among = metrics.among_segments(scopes, labels)
        elif by == "month":
            among = metrics.among_months(trails, self.settings.timezone)
        else:
            among = metrics.among_all()
        return metrics.population(
            trails, self._engine, known, self.settings, among, scope,
            per=per, weights=weights, segments=scopes,
        )  # fmt: skip

    def predictions(self, scope: Scope = EVERYTHING, *, per: Per = "party") -> pa.Table:
        """A score for every party or journey, stated and predicted side by side. Audited.

        Raises:
            NotEnoughDataError: the model is no better than the mean, or too few answered.
        """
        found = metrics.predictions(
            self.trails(), self._engine, self.catalogue, self.settings, scope, per=per
        )
        found = self.exported(found)
        audit(self.path, "export predictions", f"{scope.text}; {len(found)} rows", self.who)
        return found

    def consistency(self, scope: Scope = EVERYTHING) -> Consistency:
        """How far the same party feels differently across departments, channels and time."""
        return metrics.consistency(
            self.trails(), self._engine, self.catalogue, self.settings, scope
        )

    def remembered(self, scope: Scope = EVERYTHING, *, per: Per | None = None) -> Remembered:
        """The experience score by plain mean and by peak and end, and which is nearer to the whole.

        Args:
            per: journey or party; left out: journeys where enough rate touchpoints.

        Raises:
            NotEnoughDataError: nobody answered.
        """
        return metrics.remembered(self.trails(), self._engine, self.settings, scope, per=per)

    def emotions(self, scope: Scope = EVERYTHING) -> Emotions:
        """Emotions that were named, and the Net Emotional Value."""
        return metrics.emotions(self.trails(), self._engine, self.settings, scope)

    def effects(self, scope: Scope = EVERYTHING, *, only: str | None = None) -> Effects:
        """What problems do to the score, adjusted for who meets them.

        Args:
            only: one problem, as late:parcel_delivered.

        Raises:
            NotEnoughDataError: too few answers with a problem, or without.
        """
        if not self.pinned:
            return self.pin().effects(scope, only=only)
        segments = {name: self._segment(name) for name in self.catalogue.segments}
        return drivers_room.effects(
            self.trails(), self._engine, self.catalogue, self.settings, segments, scope, only=only
        )

    def aspects(self, scope: Scope = EVERYTHING) -> Aspects:
        """What ratings of single touchpoints punish and delight, by senses and values, too.

        Raises:
            NotEnoughDataError: nobody rated both the whole and its parts.
        """
        return drivers_room.aspects(
            self.trails(), self._engine, self.catalogue, self.settings, scope
        )

    def interactions(self, scope: Scope = EVERYTHING) -> Interactions:
        """Drivers that do more, or less, together than each alone.

        Raises:
            NotEnoughDataError: there are no drivers to be told.
        """
        if not self.pinned:
            return self.pin().interactions(scope)
        return drivers_room.interactions(
            self.trails(), self._engine, self.catalogue, self.settings, self.drivers(scope), scope
        )

    def leaks(self, scope: Scope = EVERYTHING) -> Leaks:
        """Questions whose answers give leaving away."""
        return drivers_room.leaks(self.trails(), self._engine, self.catalogue, self.settings, scope)

    def staying(self, scope: Scope = EVERYTHING) -> Staying:
        """How long parties stay, by their past experience; of customers."""
        trails = self.trails()
        asked = customers(trails) if scope == EVERYTHING else scope
        return drivers_room.staying(trails, self._engine, self.catalogue, self.settings, asked)

    def lifetimes(self, scope: Scope = EVERYTHING) -> Lifetimes:
        """What parties will bring in the time to come.

        Raises:
            NotEnoughDataError: too few came back to learn from.
        """
        return drivers_room.lifetimes(self.trails(), self._engine, self.settings, scope)

    def lifetime_values(self, scope: Scope = EVERYTHING) -> pa.Table:
        """What each party that ever bought will bring in the time to come. Audited.

        Raises:
            NotEnoughDataError: too few came back to learn from.
        """
        found = drivers_room.lifetime_values(self.trails(), self._engine, self.settings, scope)
        found = self.exported(found)
        audit(self.path, "export lifetime values", f"{scope.text}; {len(found)} rows", self.who)
        return found

    def money(self, scope: Scope = EVERYTHING) -> Money:
        """Money by touchpoint, reconciled over parties and time."""
        return drivers_room.money(self.trails(), self._engine, self.catalogue, self.settings, scope)

    def verdicts(self) -> Verdicts:
        """Whether the catalogue's initiatives worked."""
        if not self.pinned:
            return self.pin().verdicts()
        initiatives = tuple(self.catalogue.initiatives.values())
        named = {n for one in initiatives for n in (*one.rollout, one.control, *one.others) if n}
        scopes = {name: self._segment(name) for name in sorted(named)}
        return improvement.verdicts(self.trails(), self._engine, self.settings, scopes, initiatives)

    def findings(
        self,
        scope: Scope = EVERYTHING,
        worth: Worth | None = None,
        effects: Effects | None = None,
    ) -> RankedList:
        """The ranked list, graded by what is known beyond the regression.

        Args:
            worth: what experience is worth to everybody, where it is known already.
            effects: adjusted effects, where they are known already: they raise grades.
        """
        found = super().findings(scope, worth)
        initiatives = self.catalogue.initiatives
        tried = {
            initiatives[row.name].finding: row.grade
            for row in (
                self.verdicts().rows if any(o.finding for o in initiatives.values()) else ()
            )
            if row.grade == "experiment" and initiatives[row.name].finding
        }
        adjusted = {row.name: row.grade for row in effects.rows} if effects else {}
        return improvement.graded(found, adjusted, tried)

    def what_if(self, finding: str, *, removed: float = 1.0, adjusted: bool = True) -> WhatIf:
        """What would change were a part of a problem gone, as late:parcel_delivered.

        Args:
            removed: the part, 0..1; ``adjusted`` as for ``known``.
        """
        return drivers_room.what_if(
            self.known(finding, adjusted=adjusted), self.settings, removed=removed
        )

    def known(self, finding: str, *, adjusted: bool = True) -> Known:
        """All that is known of a problem, to say what would change without it.

        Args:
            adjusted: by the adjusted effect where there is one, not by the regression's.

        Raises:
            UnknownNameError: there is no such finding.
            NotEnoughDataError: nothing is known of what it does.
        """
        if not self.pinned:
            return self.pin().known(finding, adjusted=adjusted)
        worth = self.worth()
        ranked = self.findings(worth=worth)
        row = next((one for one in ranked.rows if one.name == finding), None)
        if row is None:
            raise UnknownNameError(
                f"finding {finding!r} is unknown", "use a name of the ranked list: findings"
            )
        if row.lowers.hidden:
            raise NotEnoughDataError(
                f"what {finding} does is not known: too few answers after it", "ask more"
            )
        lowers, grade = row.lowers, row.grade
        with contextlib.suppress(NotEnoughDataError):  # then the regression's stays
            if adjusted:
                (effect,) = self.effects(only=finding).rows
                lowers, grade = intervals.negative(effect.effect), effect.grade
        share = intervals.share(row.answers, max(row.answers, row.lowers.n))
        return Known(
            row.problem, lowers, share, ranked.buyers, worth.slope, self.staying().hazard,
            row.direct_cost, grade,
        )  # fmt: skip
