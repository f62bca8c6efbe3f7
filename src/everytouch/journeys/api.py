"""What other rooms may import of observed journeys."""

from everytouch.journeys.charts import MOST_ARROWS, between_stages, coming_back, monthly, observed
from everytouch.journeys.dropoff import DropOff, StageFlow, drop_off
from everytouch.journeys.flow import Change, StageFlows, stage_flows
from everytouch.journeys.funnel import Funnel, Step, funnel
from everytouch.journeys.graph import Edge, Graph, Node, graph
from everytouch.journeys.paths import Paths, WalkedPath, paths
from everytouch.journeys.retention import COUNTING, Counting, Retention, Returned, retention
from everytouch.journeys.sessions import SessionFacts, Sessions, sessions
from everytouch.journeys.volume import MonthVolume, Volume, volume
from everytouch.journeys.walks import Unit

__all__ = [
    "COUNTING",
    "MOST_ARROWS",
    "Change",
    "Counting",
    "DropOff",
    "Edge",
    "Funnel",
    "Graph",
    "MonthVolume",
    "Node",
    "Paths",
    "Retention",
    "Returned",
    "SessionFacts",
    "Sessions",
    "StageFlow",
    "StageFlows",
    "Step",
    "Unit",
    "Volume",
    "WalkedPath",
    "between_stages",
    "coming_back",
    "drop_off",
    "funnel",
    "graph",
    "monthly",
    "observed",
    "paths",
    "retention",
    "sessions",
    "stage_flows",
    "volume",
]
