"""Object-centric event logs, OCEL 2.0, as JSON. Events are written as they come."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from everytouch.journeys.logs.events import Event, Journey
from everytouch.journeys.logs.ocel import ATTRIBUTES, objects_of, plain, time_of


def write_ocel_json(path: Path, journeys: Iterator[Journey]) -> tuple[int, int]:
    """Write a log; how many journeys and events."""
    traces = events = 0
    objects: dict[str, str] = {}
    names: set[str] = set()
    with path.open("w", encoding="utf-8") as file:
        file.write('{"events": [')
        for journey in journeys:
            traces += 1
            for event in journey.events:
                file.write(",\n" if events else "\n")
                file.write(json.dumps(_told(event), ensure_ascii=False))
                events += 1
                names.add(event.name)
                objects.update((key, kind) for key, kind, _ in objects_of(event))
        file.write('],\n"objects": ')
        _list(file, ({"id": k, "type": t, "attributes": [], "relationships": []}
                     for k, t in objects.items()))  # fmt: skip
        said = [{"name": name, "type": kind} for name, kind in ATTRIBUTES.items()]
        file.write(',\n"eventTypes": ')
        _list(file, ({"name": name, "attributes": said} for name in sorted(names)))
        file.write(',\n"objectTypes": ')
        _list(file, ({"name": t, "attributes": []} for t in sorted(set(objects.values()))))
        file.write("}\n")
    return traces, events


def _told(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.name,
        "time": time_of(event.time),
        "attributes": [{"name": n, "value": plain(v)} for n, v in event.values.items()],
        "relationships": [
            {"objectId": key, "qualifier": qualifier} for key, _, qualifier in objects_of(event)
        ],
    }


def _list(file: IO[str], items: Iterator[dict[str, Any]]) -> None:
    file.write("[")
    for number, item in enumerate(items):
        file.write(",\n" if number else "\n")
        file.write(json.dumps(item, ensure_ascii=False))
    file.write("]")
