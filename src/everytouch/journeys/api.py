"""What other rooms may import of observed journeys."""

from everytouch.journeys.charts import MOST_ARROWS, between_stages, monthly, observed
from everytouch.journeys.dropoff import DropOff, StageFlow, drop_off
from everytouch.journeys.flow import Change, StageFlows, stage_flows
from everytouch.journeys.funnel import Funnel, Step, funnel
from everytouch.journeys.graph import Edge, Graph, Node, graph
from everytouch.journeys.paths import Paths, Unit, WalkedPath, paths
from everytouch.journeys.sessions import SessionFacts, Sessions, sessions
from everytouch.journeys.volume import MonthVolume, Volume, volume

__all__ = [
    "MOST_ARROWS",
    "Change",
    "DropOff",
    "Edge",
    "Funnel",
    "Graph",
    "MonthVolume",
    "Node",
    "Paths",
    "SessionFacts",
    "Sessions",
    "StageFlow",
    "StageFlows",
    "Step",
    "Unit",
    "Volume",
    "WalkedPath",
    "between_stages",
    "drop_off",
    "funnel",
    "graph",
    "monthly",
    "observed",
    "paths",
    "sessions",
    "stage_flows",
    "volume",
]
