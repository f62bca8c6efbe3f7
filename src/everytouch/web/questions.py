"""What pages and API ask the library, once for both."""

from everytouch.drivers import api as drivers_room
from everytouch.drivers.api import (
    Aspects,
    Drivers,
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
from everytouch.errors import NotEnoughDataError
from everytouch.improvement import api as improvement
from everytouch.improvement.api import (
    GRADED_BY,
    GradedBy,
    Movement,
    RankedList,
    Verdicts,
)
from everytouch.journeys.api import (
    DIRECTIONS,
    ORDERS,
    Against,
    Between,
    Direction,
    DropOff,
    Foresight,
    Funnel,
    Graph,
    JourneyKinds,
    Lifecycle,
    Order,
    Paths,
    PromiseGaps,
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
from everytouch.metrics.api import (
    BY,
    POPULATION_BY,
    WEIGHTS,
    Breakdown,
    By,
    Consistency,
    Emotions,
    Population,
    PopulationBy,
    Promises,
    Remembered,
    Weights,
)
from everytouch.perception.api import Comments
from everytouch.trails.api import EVERYTHING, Every, Scope
from everytouch.web.ask import Ask
from everytouch.web.pool import POOL
from everytouch.web.question import Given, question
from everytouch.web.words import EVERY, UNITS


def weighed(ask: Ask) -> bool:
    """Whether grades by adjusted effects are known already: to work them out takes long."""
    return ask.has_hourly("grades")


def _grades(ask: Ask) -> dict[str, str]:
    try:
        return {row.name: row.grade for row in effects(ask.keeping()).rows}
    except NotEnoughDataError:  # then the regression's stay
        return {}


@question(grades=GRADED_BY)
def findings(ask: Ask, grades: GradedBy = "regression") -> RankedList:
    """The ranked list of what to improve, graded by the regression or by adjusted effects, too."""
    found = ask.workspace.findings(ask.scope, worth(ask.keeping()))
    if grades == "regression":
        return found
    return improvement.graded(found, ask.hourly("grades", lambda: _grades(ask)), {})


@question()
def movement(ask: Ask) -> Movement:
    """What moved against the period before, and what that goes with."""
    return ask.workspace.movement(ask.scope)


@question(coarse=True, by=tuple(BY))
def perception(ask: Ask, by: By) -> Breakdown:
    """Stated perception, broken down by touchpoint, stage, channel and the like."""
    found, least = _counted(ask, by), ask.workspace.settings.minimum_n
    if ask.coarse:
        found = ask.workspace.perception(by, ask.scope, blocks=True)
    for wider in ask.wider:  # what is left of a wider answer must not be too few, either
        found = metrics.guarded(found, perception(wider, by), least)
        found = metrics.guarded(found, _counted(wider, by), least, _counted(ask, by))
    return found


def _counted(ask: Ask, by: By) -> Breakdown:
    """As it is, for whoever may see it, and to tell what subtraction would leave."""
    return ask.once("counted", lambda: ask.workspace.perception(by, ask.scope), by)


@question()
def promises(ask: Ask) -> Promises:
    """Promises kept and broken."""
    return ask.workspace.promises(ask.scope)


@question()
def graph(ask: Ask) -> Graph:
    """What directly follows what."""
    return ask.workspace.graph(ask.scope)


@question()
def stage_flows(ask: Ask) -> StageFlows:
    """Flow of parties from stage to stage."""
    return ask.workspace.stage_flows(ask.scope)


@question(unit=tuple(UNITS))
def paths(ask: Ask, unit: Unit) -> Paths:
    """The most frequent paths."""
    return ask.workspace.paths(ask.scope, unit=unit)


@question()
def drop_off(ask: Ask) -> DropOff:
    """Who goes on from stage to stage, who stops."""
    return ask.workspace.drop_off(ask.scope)


@question(every=tuple(EVERY))
def retention(ask: Ask, every: Every) -> Retention:
    """Of those who came in a period, how many come back in the ones after."""
    return ask.workspace.retention(ask.scope, every=every)


@question()
def volume(ask: Ask) -> Volume:
    """Interactions by touchpoint and month."""
    return ask.workspace.volume(ask.scope)


TOUCHPOINT = Given("a touchpoint's name")


@question(
    steps=Given("touchpoints in their order, parted by commas", 1, 12),
    order=ORDERS,
    days=("30", "1", "7", "14", "60", "90", "180", "365"),
)
def funnel(ask: Ask, steps: tuple[str, ...], order: Order, days: str) -> Funnel:
    """How many take steps one after the other, within so many days."""
    return ask.workspace.funnel(steps, ask.scope, window_days=int(days), order=order)


@question()
def sessions(ask: Ask) -> Sessions:
    """Sessions by silence."""
    return ask.workspace.sessions(ask.scope)


@question(every=tuple(EVERY))
def lifecycle(ask: Ask, every: Every) -> Lifecycle:
    """Who is new, comes back, goes dormant, is revived."""
    return ask.workspace.lifecycle(ask.scope, every=every)


@question()
def repeats(ask: Ask) -> Repeats:
    """How often parties come to a touchpoint again, within the setting's days."""
    return ask.workspace.repeats(ask.scope)


@question(at=TOUCHPOINT, direction=DIRECTIONS)
def around(ask: Ask, at: str, direction: Direction) -> StepMatrix:
    """What comes after, or before, a party's first time at a touchpoint, place by place."""
    return ask.workspace.around(at, ask.scope, direction=direction)


@question(first=Given("a touchpoint or instrument"), second=Given("another"), unit=tuple(UNITS))
def between(ask: Ask, first: str, second: str, unit: Unit) -> Between:
    """The time from one touchpoint or instrument to the next of another, month by month."""
    return ask.workspace.between(first, second, ask.scope, unit=unit)


@question(at=TOUCHPOINT, unit=tuple(UNITS))
def goes_with(ask: Ask, at: str, unit: Unit) -> Together:
    """Which touchpoints go with reaching another one, and with a better or worse score."""
    return ask.workspace.goes_with(at, ask.scope, unit=unit)


@question(after=Given("the touchpoints passed so far, parted by commas", 0, 12), unit=tuple(UNITS))
def foresee(ask: Ask, after: tuple[str, ...], unit: Unit) -> Foresight:
    """What comes next in a journey, what time is left, and how good that guess is."""
    return ask.workspace.foresight(after, ask.scope, unit=unit)


@question(unit=tuple(UNITS))
def kinds(ask: Ask, unit: Unit) -> JourneyKinds:
    """Kinds of journeys: those that pass much the same touchpoints."""
    return ask.workspace.journey_kinds(ask.scope, unit=unit)


@question(whole=True, map=Given("a map's name"))
def against(ask: Ask, name: str) -> Against:
    """Real journeys against a map, each deviation priced; of a period and a segment."""
    return ask.workspace.against(name, ask.organisation.scope)


@question()
def drivers(ask: Ask) -> Drivers:
    """What the score goes with."""
    return ask.workspace.drivers(ask.scope)


@question()
def worth(ask: Ask) -> Worth:
    """Spend, return and cost to serve by past experience; narrowed by who it was alone."""
    return ask.workspace.worth(_who(ask))


def _who(ask: Ask) -> Scope:
    """The parties of the question, without its period and places."""
    kept = ask.keeping("segment", "persona")
    return kept.scope if kept.filters else EVERYTHING


@question(coarse=True, by=POPULATION_BY, weights=WEIGHTS)
def population(ask: Ask, by: PopulationBy, weights: Weights) -> Population:
    """Everybody beside those who answered: weighted, and predicted of the silent."""
    found = ask.once(
        "everybody", lambda: ask.workspace.population(by, ask.scope, weights=weights), by, weights
    )
    if not (ask.coarse and ask.narrowed):
        return found
    # Where perception hides a group, or its blocks leave answers out, it would be had from here.
    shown = {
        cell.group: cell.n
        for cell in perception(ask, by).rows
        if cell.instrument == found.instrument and not cell.hidden
    }
    whole = {
        cell.group
        for cell in _counted(ask, by).rows
        if cell.instrument == found.instrument and shown.get(cell.group) == cell.n
    }
    return metrics.withheld(found, {row.group for row in found.rows} - whole)


@question(coarse=True)
def emotions(ask: Ask) -> Emotions:
    """Emotions that were named, and the Net Emotional Value."""
    _given_away(ask)
    found, least = ask.workspace.emotions(ask.scope), ask.workspace.settings.minimum_n
    for wider in ask.wider if ask.coarse else ():
        if 0 < ask.workspace.emotions(wider.scope).n - found.n < least:
            raise _hidden()
    return found


@question(coarse=True)
def peak_end(ask: Ask) -> Remembered:
    """The experience score by plain mean and by peak and end, and which is nearer to the whole."""
    _given_away(ask)
    return ask.workspace.remembered(ask.scope)


def _hidden() -> NotEnoughDataError:
    return NotEnoughDataError(
        "of this part it is hidden: taken from a larger part it would give a few people away",
        "take a filter away, or choose another period",
    )


def _given_away(ask: Ask) -> None:
    """Whether perception hides something of this part, or leaves answers of it out.

    Raises:
        NotEnoughDataError: it does, and the visitor may not see single moments.
    """
    if not (ask.coarse and ask.narrowed):
        return
    shown = {cell.instrument: cell.n for cell in perception(ask, "all").rows if not cell.hidden}
    if any(shown.get(cell.instrument) != cell.n for cell in _counted(ask, "all").rows):
        raise _hidden()


@question()
def consistency(ask: Ask) -> Consistency:
    """How far the same party feels differently across departments, channels and time."""
    return ask.workspace.consistency(ask.scope)


@question(whole=True)
def promise_gaps(ask: Ask) -> PromiseGaps:
    """How the steps of all maps were meant to feel, less how they do."""
    return ask.workspace.promise_gaps(ask.organisation.scope)


@question(whole=True)
def effects(ask: Ask) -> Effects:
    """What problems do to the score, adjusted for who meets them; of a period and a segment."""
    return ask.workspace.effects(ask.organisation.scope)


@question()
def aspects(ask: Ask) -> Aspects:
    """What ratings of single touchpoints punish and delight; senses and values, too."""
    return ask.workspace.aspects(ask.scope)


@question()
def interactions(ask: Ask) -> Interactions:
    """Drivers that do more, or less, together than each alone."""
    return ask.workspace.interactions(ask.scope)


@question()
def leaks(ask: Ask) -> Leaks:
    """Questions whose answers give leaving away; narrowed by who it was alone."""
    return ask.workspace.leaks(_who(ask))


@question()
def staying(ask: Ask) -> Staying:
    """How long parties stay, by past experience; narrowed by who it was alone."""
    return ask.workspace.staying(_who(ask))


@question()
def lifetime(ask: Ask) -> Lifetimes:
    """What parties will bring in the time to come; narrowed by who it was alone."""
    return ask.workspace.lifetimes(_who(ask))


@question(whole=True)
def money(ask: Ask) -> Money:
    """Money by touchpoint, reconciled over parties and time."""
    return ask.workspace.money(ask.organisation.scope)


@question(
    whole=True,
    finding=Given("a finding, as late:parcel_delivered"),
    removed=("100", "75", "50", "25"),
)
def what_if(ask: Ask, finding: str, removed: str) -> WhatIf:
    """What changes when a problem goes: score, spend, leaving, cost."""
    return without(ask, finding, int(removed))


@question(whole=True)
def verdicts(ask: Ask) -> Verdicts:
    """Did it work: a verdict on each initiative, by what was named beforehand."""
    return ask.workspace.verdicts()


def _known(ask: Ask, finding: str) -> Known:
    return ask.workspace.known(finding)


def without(ask: Ask, finding: str, removed: int) -> WhatIf:
    """What changes when so many per cent of a problem go; what is known of it is kept."""
    known = ask.once("known", lambda: POOL.answer(_known, ask, finding), finding)
    return drivers_room.what_if(known, ask.workspace.settings, removed=removed / 100)


@question(need="comments")
def comments(ask: Ask) -> Comments:
    """What people wrote, newest first, with what gives a person away blotted out."""
    return ask.workspace.comments(ask.scope)
