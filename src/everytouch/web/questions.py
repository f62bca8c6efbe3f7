"""What pages and API ask the library, once for both."""

from dataclasses import replace

from everytouch.disclosure import api as disclosure
from everytouch.drivers import api as drivers_room
from everytouch.drivers.api import (
    Aspects,
    Drivers,
    Effects,
    Interactions,
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
    Counting,
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
from everytouch.trails.api import Every
from everytouch.web.ask import Ask
from everytouch.web.disclosing import at, cut_of
from everytouch.web.question import PRESENCES, Given, Number, question
from everytouch.web.words import COUNTING, EVERY, UNITS


def weighed(ask: Ask) -> bool:
    """Whether grades by adjusted effects are known already: to work them out takes long."""
    return ask.has_hourly("grades")


def _grades(ask: Ask) -> dict[str, str]:
    try:
        return {row.name: row.grade for row in effects.raw(ask.everyone).rows}
    except NotEnoughDataError:  # then the regression's stay
        return {}


@question(grades=GRADED_BY)
def findings(ask: Ask, grades: GradedBy = "regression") -> RankedList:
    """The ranked list of what to improve, graded by the regression or by adjusted effects, too."""
    found = ask.workspace.findings(ask.scope, worth.raw(ask.everyone))
    if grades == "regression":
        return found
    return improvement.graded(found, ask.hourly("grades", lambda: _grades(ask)), {})


def _last_months(ask: Ask) -> Ask:
    """The last three months, where no period is asked about."""
    f = ask.filters
    return ask if f.period or f.since or f.until else ask.instead(period="90")


def _before(ask: Ask) -> tuple[Ask, ...]:
    """The period that a movement is held against."""
    cut = cut_of(ask)
    return (at(ask, replace(cut, first=max(0, 2 * cut.first - cut.last), last=cut.first)),)


@question(coarsely=_last_months, also=_before)
def movement(ask: Ask) -> Movement:
    """What moved against the period before, and what that goes with."""
    return ask.workspace.movement(ask.scope)


@question(by=tuple(BY))
def perception(ask: Ask, by: By) -> Breakdown:
    """Stated perception, broken down by touchpoint, stage, channel and the like."""
    return ask.workspace.perception(by, ask.scope)


def _answered(ask: Ask) -> None:
    """Whether enough people answered the question that is asked most.

    Raises:
        WithheldError: they are too few, or taken from other answers would leave too few.
    """
    most = metrics.most_asked(perception.raw(ask, "all"))
    if most and most not in {cell.instrument for cell in perception(ask, "all").rows}:
        raise disclosure.withheld("of this part it is hidden: too few people answered")


def _came(ask: Ask) -> None:
    """Whether enough people had an interaction: see ``_answered``."""
    sessions(ask)


PRESENCES["answers"] = _answered
PRESENCES["interactions"] = _came


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


@question(
    every=tuple(EVERY),
    how=tuple(COUNTING),
    start=Given("the touchpoint that begins a cohort; any where none is given", 0),
    back=Given("the touchpoint that counts as coming back; any where none is given", 0),
)
def cohorts(ask: Ask, every: Every, how: Counting, start: str, back: str) -> Retention:
    """Who comes back to what, after having begun with what."""
    return ask.workspace.retention(
        ask.scope, every=every, how=how, start=start or None, back=back or None
    )


@question()
def volume(ask: Ask) -> Volume:
    """Interactions by touchpoint and month."""
    return ask.workspace.volume(ask.scope)


TOUCHPOINT = Given("a touchpoint's name")


@question(
    steps=Given("touchpoints in their order, parted by commas", 1, 12),
    order=ORDERS,
    days=Number("within so many days", 30, 1, 3650),
)
def funnel(ask: Ask, steps: tuple[str, ...], order: Order, days: int) -> Funnel:
    """How many take steps one after the other, within so many days."""
    return ask.workspace.funnel(steps, ask.scope, window_days=days, order=order)


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


@question(heeds=("period", "segment"), whole=True, map=Given("a map's name"))
def against(ask: Ask, name: str) -> Against:
    """Real journeys against a map, each deviation priced; of a period and a segment."""
    return ask.workspace.against(name, ask.scope)


@question()
def drivers(ask: Ask) -> Drivers:
    """What the score goes with."""
    return ask.workspace.drivers(ask.scope)


@question(heeds=("segment",))
def worth(ask: Ask) -> Worth:
    """Spend, return and cost to serve by past experience; narrowed by who it was alone."""
    return ask.workspace.worth(ask.scope)


def _as_perceived(ask: Ask, found: Population, by: PopulationBy, _: Weights) -> Population:
    """Without the groups whose answers are withheld."""
    shown = {cell.group for cell in perception(ask, by).rows if cell.instrument == found.instrument}
    return replace(found, rows=tuple(row for row in found.rows if row.group in shown))


@question(likewise=_as_perceived, by=POPULATION_BY, weights=WEIGHTS)
def population(ask: Ask, by: PopulationBy, weights: Weights) -> Population:
    """Everybody beside those who answered: weighted, and predicted of the silent."""
    return ask.workspace.population(by, ask.scope, weights=weights)


@question()
def emotions(ask: Ask) -> Emotions:
    """Emotions that were named, and the Net Emotional Value."""
    return ask.workspace.emotions(ask.scope)


@question()
def peak_end(ask: Ask) -> Remembered:
    """The experience score by plain mean and by peak and end, and which is nearer to the whole."""
    return ask.workspace.remembered(ask.scope)


@question()
def consistency(ask: Ask) -> Consistency:
    """How far the same party feels differently across departments, channels and time."""
    return ask.workspace.consistency(ask.scope)


@question(heeds=("period", "segment"), whole=True)
def promise_gaps(ask: Ask) -> PromiseGaps:
    """How the steps of all maps were meant to feel, less how they do."""
    return ask.workspace.promise_gaps(ask.scope)


@question(heeds=("period", "segment"), whole=True)
def effects(ask: Ask) -> Effects:
    """What problems do to the score, adjusted for who meets them; of a period and a segment."""
    return ask.workspace.effects(ask.scope)


@question()
def aspects(ask: Ask) -> Aspects:
    """What ratings of single touchpoints punish and delight; senses and values, too."""
    return ask.workspace.aspects(ask.scope)


@question()
def interactions(ask: Ask) -> Interactions:
    """Drivers that do more, or less, together than each alone."""
    return ask.workspace.interactions(ask.scope)


@question(heeds=("segment",))
def leaks(ask: Ask) -> Leaks:
    """Questions whose answers give leaving away; narrowed by who it was alone."""
    return ask.workspace.leaks(ask.scope)


@question(heeds=("segment",))
def staying(ask: Ask) -> Staying:
    """How long parties stay, by past experience; narrowed by who it was alone."""
    return ask.workspace.staying(ask.scope)


@question(heeds=("segment",))
def lifetime(ask: Ask) -> Lifetimes:
    """What parties will bring in the time to come; narrowed by who it was alone."""
    return ask.workspace.lifetimes(ask.scope)


@question(heeds=("period", "segment"), whole=True)
def money(ask: Ask) -> Money:
    """Money by touchpoint, reconciled over parties and time."""
    return ask.workspace.money(ask.scope)


@question(
    heeds=(),
    whole=True,
    finding=Given("a finding, as late:parcel_delivered"),
    removed=Number("per cent of it that go", 100, 1, 100),
)
def what_if(ask: Ask, finding: str, removed: int) -> WhatIf:
    """What changes when a problem, or a part of it, goes: score, spend, leaving, cost."""
    known = ask.once("known", lambda: ask.workspace.known(finding), finding)
    return drivers_room.what_if(known, ask.workspace.settings, removed=removed / 100)


@question(heeds=(), whole=True)
def verdicts(ask: Ask) -> Verdicts:
    """Did it work: a verdict on each initiative, by what was named beforehand."""
    return ask.workspace.verdicts()


@question(need="comments")
def comments(ask: Ask) -> Comments:
    """What people wrote, newest first, with what gives a person away masked."""
    return ask.workspace.comments(ask.scope)
