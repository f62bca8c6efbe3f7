"""Object-centric event logs, OCEL 2.0, as an SQLite database."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from everytouch.journeys.logs.events import Event, Journey
from everytouch.journeys.logs.ocel import ATTRIBUTES, objects_of, plain, time_of

_TABLES = """
CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);
CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT,
  PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));
CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT,
  PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier));
"""
_COLUMNS = {"string": "TEXT", "float": "REAL", "time": "TIMESTAMP"}


class _Writer:
    """Writes events; a type gets its table when it is first met."""

    def __init__(self, con: sqlite3.Connection) -> None:
        self.con = con
        self.maps: dict[tuple[str, str], str] = {}

    def event(self, event: Event) -> None:
        table = self._table("event", event.name)
        values = [event.values.get(name) for name in ATTRIBUTES]
        self.con.execute("INSERT INTO event VALUES (?, ?)", (event.id, event.name))
        self.con.execute(
            f'INSERT INTO "{table}" VALUES ({", ".join("?" * (2 + len(ATTRIBUTES)))})',
            [event.id, time_of(event.time), *(None if v is None else plain(v) for v in values)],
        )
        for key, kind, qualifier in objects_of(event):
            self._table("object", kind)
            self.con.execute("INSERT OR IGNORE INTO object VALUES (?, ?)", (key, kind))
            self.con.execute(
                "INSERT OR IGNORE INTO event_object VALUES (?, ?, ?)", (event.id, key, qualifier)
            )

    def _table(self, what: str, name: str) -> str:
        """The table of a type, by the name that stands for it."""
        if (what, name) not in self.maps:
            known = {short for (kind, _), short in self.maps.items() if kind == what}
            short = base = re.sub(r"\W", "_", name, flags=re.ASCII).lower() or "type"
            while short in known or f"{what}_{short}" in ("event_object", "object_object"):
                short = f"{base}_{len(known)}"
                known.add(base)
            self.maps[what, name] = short
            columns = [f'"{n}" {_COLUMNS[t]}' for n, t in ATTRIBUTES.items()]
            if what == "object":
                columns = ["ocel_changed_field TEXT"]
            self.con.execute(f"INSERT INTO {what}_map_type VALUES (?, ?)", (name, short))
            self.con.execute(
                f'CREATE TABLE "{what}_{short}" '
                f"(ocel_id TEXT, ocel_time TIMESTAMP, {', '.join(columns)})"
            )
        return f"{what}_{self.maps[what, name]}"


def write_ocel_sqlite(path: Path, journeys: Iterator[Journey]) -> tuple[int, int]:
    """Write a log; how many journeys and events."""
    path.unlink(missing_ok=True)
    traces = events = 0
    with closing(sqlite3.connect(path)) as con, con:
        con.executescript(_TABLES)
        writer = _Writer(con)
        for journey in journeys:
            traces, events = traces + 1, events + len(journey.events)
            for event in journey.events:
                writer.event(event)
    return traces, events
