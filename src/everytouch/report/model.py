"""What a report shows: results that were computed elsewhere."""

import datetime
from dataclasses import dataclass

from everytouch.catalogue.api import Catalogue, JourneyMap
from everytouch.drivers.api import (
    Aspects,
    Drivers,
    Effects,
    Interactions,
    Leaks,
    Lifetimes,
    Money,
    Staying,
    Worth,
)
from everytouch.improvement.api import RankedList, Verdicts
from everytouch.journeys.api import Against, DropOff, Graph, Paths, PromiseGaps
from everytouch.ledger.api import SourceStatus
from everytouch.metrics.api import (
    Breakdown,
    Consistency,
    Emotions,
    Population,
    Promises,
    Remembered,
)
from everytouch.settings import Settings
from everytouch.trails.api import Moment


@dataclass(frozen=True)
class MapOverlay:
    """A designed journey, and every real one held against it."""

    journey: JourneyMap
    against: Against


@dataclass(frozen=True)
class Beyond:
    """What lies behind the score; None where the data cannot say."""

    emotions: Emotions
    consistency: Consistency
    gaps: PromiseGaps
    remembered: Remembered | None
    aspects: Aspects | None
    interactions: Interactions | None


@dataclass(frozen=True)
class ReportData:
    """Everything on the page.

    Attributes:
        behind: some of the newest moments behind each finding, by its name.
        drivers: None where the data cannot say, for the reason in ``no_drivers``.
    """

    catalogue: Catalogue
    settings: Settings
    moments: int
    parties: int
    first: datetime.datetime | None
    last: datetime.datetime | None
    status: tuple[SourceStatus, ...]
    ranked: RankedList
    behind: dict[str, tuple[Moment, ...]]
    overall: Breakdown
    perception: tuple[Breakdown, ...]
    promises: Promises
    graph: Graph
    paths: Paths
    drop_off: DropOff
    maps: tuple[MapOverlay, ...]
    drivers: Drivers | None
    no_drivers: str
    worth: Worth
    population: Population | None
    effects: Effects | None
    leaks: Leaks
    staying: Staying
    lifetimes: Lifetimes | None
    money: Money
    verdicts: Verdicts
    beyond: Beyond
