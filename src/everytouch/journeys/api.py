"""What other rooms may import of observed journeys."""

from everytouch.journeys.charts import observed
from everytouch.journeys.dropoff import DropOff, StageFlow, drop_off
from everytouch.journeys.funnel import Funnel, Step, funnel
from everytouch.journeys.graph import Edge, Graph, Node, graph
from everytouch.journeys.paths import Paths, Unit, WalkedPath, paths
from everytouch.journeys.sessions import SessionFacts, Sessions, sessions

__all__ = [
    "DropOff",
    "Edge",
    "Funnel",
    "Graph",
    "Node",
    "Paths",
    "SessionFacts",
    "Sessions",
    "StageFlow",
    "Step",
    "Unit",
    "WalkedPath",
    "drop_off",
    "funnel",
    "graph",
    "observed",
    "paths",
    "sessions",
]
