"""Event logs of the trails, for the tools of process mining: one file a format."""

from everytouch.journeys.logs.events import Event, Journey, journeys_of
from everytouch.journeys.logs.ocel_json import write_ocel_json
from everytouch.journeys.logs.ocel_sqlite import write_ocel_sqlite
from everytouch.journeys.logs.xes import write_xes

LOGS = {
    ".xes": write_xes,
    ".xes.gz": write_xes,
    ".jsonocel": write_ocel_json,
    ".sqlite": write_ocel_sqlite,
}

__all__ = ["LOGS", "Event", "Journey", "journeys_of"]
