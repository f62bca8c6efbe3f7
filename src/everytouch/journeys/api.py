"""What other rooms may import of observed journeys."""

from everytouch.journeys.against import Against, Deviation, StepTaken, against
from everytouch.journeys.around import (
    DIRECTIONS,
    NOTHING,
    Around,
    Direction,
    Passage,
    StepMatrix,
    around,
)
from everytouch.journeys.behind import Journeys, JourneyTaken, journeys_with
from everytouch.journeys.between import FROM, Between, From, TimeBetween, between
from everytouch.journeys.charts import (
    MOST_ARROWS,
    as_meant,
    between_stages,
    cohort_triangle,
    coming_back,
    monthly,
    observed,
    passing,
    step_matrix,
    taken,
)
from everytouch.journeys.clusters import JourneyKind, JourneyKinds, Mark, kinds
from everytouch.journeys.dropoff import DropOff, StageFlow, drop_off
from everytouch.journeys.flow import Change, StageFlows, stage_flows
from everytouch.journeys.foresight import Foresight, foresight
from everytouch.journeys.funnel import (
    ORDERS,
    Funnel,
    Order,
    Step,
    funnel,
)
from everytouch.journeys.gap import PromiseGaps, promise_gaps
from everytouch.journeys.graph import Edge, Graph, Node, graph
from everytouch.journeys.lifecycle import Lifecycle, PeriodLife, lifecycle
from everytouch.journeys.logs import LOGS, journeys_of
from everytouch.journeys.paths import Paths, WalkedPath, paths
from everytouch.journeys.repeats import Repeat, Repeats, repeats
from everytouch.journeys.retention import COUNTING, Counting, Retention, Returned, retention
from everytouch.journeys.sessions import SessionFacts, Sessions, sessions
from everytouch.journeys.together import GoesWith, Together, goes_with
from everytouch.journeys.volume import MonthVolume, Volume, volume
from everytouch.journeys.walks import UNITS, Unit

__all__ = [
    "COUNTING",
    "DIRECTIONS",
    "FROM",
    "LOGS",
    "MOST_ARROWS",
    "NOTHING",
    "ORDERS",
    "UNITS",
    "Against",
    "Around",
    "Between",
    "Change",
    "Counting",
    "Deviation",
    "Direction",
    "DropOff",
    "Edge",
    "Foresight",
    "From",
    "Funnel",
    "GoesWith",
    "Graph",
    "JourneyKind",
    "JourneyKinds",
    "JourneyTaken",
    "Journeys",
    "Lifecycle",
    "Mark",
    "MonthVolume",
    "Node",
    "Order",
    "Passage",
    "Paths",
    "PeriodLife",
    "PromiseGaps",
    "Repeat",
    "Repeats",
    "Retention",
    "Returned",
    "SessionFacts",
    "Sessions",
    "StageFlow",
    "StageFlows",
    "Step",
    "StepMatrix",
    "StepTaken",
    "TimeBetween",
    "Together",
    "Unit",
    "Volume",
    "WalkedPath",
    "against",
    "around",
    "as_meant",
    "between",
    "between_stages",
    "cohort_triangle",
    "coming_back",
    "drop_off",
    "foresight",
    "funnel",
    "goes_with",
    "graph",
    "journeys_of",
    "journeys_with",
    "kinds",
    "lifecycle",
    "monthly",
    "observed",
    "passing",
    "paths",
    "promise_gaps",
    "repeats",
    "retention",
    "sessions",
    "stage_flows",
    "step_matrix",
    "taken",
    "volume",
]
