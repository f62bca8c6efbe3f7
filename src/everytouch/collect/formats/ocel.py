"""Object-centric event logs (OCEL 2.0), JSON or SQLite, as a table: of events or of objects.

SQL of a source then says which object is the party and which are correlations.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from everytouch.collect.formats.base import Reading
from everytouch.collect.source import Input
from everytouch.errors import SourceError

SHEETS = ("events", "objects")
_OBJECTS = pa.list_(
    pa.struct([("id", pa.string()), ("type", pa.string()), ("qualifier", pa.string())])
)
_OBJECT = pa.schema([(f"ocel:{n}", pa.string()) for n in ("oid", "type", "time", "name", "value")])
_SQLITE = b"SQLite format 3\x00"


def read_ocel(path: Path, given: Input, _reading: Reading) -> Iterator[pa.Table]:
    """Read a log's events, one row each, or its objects.

    Args:
        given: its sheet is events (when left out): ocel:eid, ocel:activity, ocel:timestamp,
            event_index, the attributes as text, and objects, a list of {id, type, qualifier}.
            objects: one row a value, ocel:oid, type, time, name, value; a row without a name
            for one that has none.

    Raises:
        SourceError: it is no such log.
    """
    sheet = given.sheet
    if sheet not in (None, *SHEETS):
        raise SourceError(f"{path}: an OCEL has no sheet {sheet!r}", f"use {' or '.join(SHEETS)}")
    try:
        with path.open("rb") as file:
            stored = file.read(len(_SQLITE)) == _SQLITE
        read = (_stored_objects if stored else _said_objects) if sheet == "objects" else (
            _stored_events if stored else _said_events)  # fmt: skip
        rows = list(read(path))
    except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} is no OCEL 2.0: {type(error).__name__} {error}", "give its JSON or SQLite form"
        ) from error
    if sheet == "objects":
        yield pa.Table.from_pylist(rows, _OBJECT)
        return
    names = dict.fromkeys(name for row in rows for name in row if name != "objects")
    if not rows:
        raise SourceError(f"{path} holds no event", "check that it is an OCEL 2.0 log")
    columns = {n: pa.array([row.get(n) for row in rows], pa.string()) for n in names}
    yield pa.table({**columns, "objects": pa.array([row["objects"] for row in rows], _OBJECTS)})


def _event(number: int, key: Any, name: Any, time: Any, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "ocel:eid": _text(key),
        "ocel:activity": _text(name),
        "ocel:timestamp": _text(time),
        "event_index": str(number),
        **{name: _text(value) for name, value in said.items()},
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _said_events(path: Path) -> Iterator[dict[str, Any]]:
    log = _json(path)
    types = {one["id"]: one["type"] for one in log["objects"]}
    for number, event in enumerate(log["events"]):
        said = {one["name"]: one["value"] for one in event.get("attributes") or ()}
        named = [
            {"id": r["objectId"], "type": types.get(r["objectId"]), "qualifier": r["qualifier"]}
            for r in event.get("relationships") or ()
        ]
        row = _event(number, event["id"], event["type"], event["time"], said)
        yield {**row, "objects": named}


def _said_objects(path: Path) -> Iterator[dict[str, Any]]:
    for one in _json(path)["objects"]:
        attributes: list[dict[str, Any]] = one.get("attributes") or [{}]
        for said in attributes:
            values = one["id"], one["type"], said.get("time"), said.get("name"), said.get("value")
            yield dict(zip(_OBJECT.names, map(_text, values), strict=True))


def _json(path: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return log


def _tables(con: sqlite3.Connection, what: str) -> Iterator[tuple[str, list[str], sqlite3.Cursor]]:
    """Of each type its name, the columns of its table, and the rows."""
    for name, short in con.execute(f"SELECT ocel_type, ocel_type_map FROM {what}_map_type"):
        table = f"{what}_{short}".replace('"', '""')
        rows = con.execute(f'SELECT * FROM "{table}"')
        yield name, [column[0] for column in rows.description], rows


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file is somebody else's: it is only read, and nothing that it holds is run."""
    where = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(where, uri=True)) as con:
        con.execute("PRAGMA trusted_schema = OFF")
        views = con.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
        if views:
            raise ValueError(f"it has the view {views[0][0]}, and OCEL has tables only")
        yield con


def _stored_events(path: Path) -> Iterator[dict[str, Any]]:
    with _opened(path) as con:
        named: dict[str, list[dict[str, str]]] = {}
        joined = (
            "SELECT e.ocel_event_id, o.ocel_id, o.ocel_type, e.ocel_qualifier "
            "FROM event_object e JOIN object o ON o.ocel_id = e.ocel_object_id ORDER BY e.rowid"
        )
        for event, key, kind, qualifier in con.execute(joined):
            named.setdefault(event, []).append({"id": key, "type": kind, "qualifier": qualifier})
        number = 0
        for name, columns, rows in _tables(con, "event"):
            for row in rows:
                said = dict(zip(columns, row, strict=True))
                key, time = said.pop("ocel_id"), said.pop("ocel_time")
                yield {**_event(number, key, name, time, said), "objects": named.get(key, [])}
                number += 1


def _stored_objects(path: Path) -> Iterator[dict[str, Any]]:
    with _opened(path) as con:
        told = set()
        for kind, columns, rows in _tables(con, "object"):
            for row in rows:
                said = dict(zip(columns, row, strict=True))
                key, time = said.pop("ocel_id"), said.pop("ocel_time", None)
                said.pop("ocel_changed_field", None)
                for name, value in said.items():
                    if value is not None:
                        told.add(key)
                        values = map(_text, (key, kind, time, name, value))
                        yield dict(zip(_OBJECT.names, values, strict=True))
        for key, kind in con.execute("SELECT ocel_id, ocel_type FROM object"):
            if key not in told:
                yield dict(zip(_OBJECT.names, (key, kind, None, None, None), strict=True))
