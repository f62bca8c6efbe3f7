"""Event logs as XES (IEEE 1849-2016): a trace a journey. Also compressed, as .xes.gz."""

import datetime
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from everytouch.journeys.logs.events import Event, Journey, Value

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/></global>
<classifier name="Activity" keys="concept:name"/>
"""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {str: "string", float: "float", datetime.datetime: "date"}


def write_xes(path: Path, journeys: Iterator[Journey]) -> tuple[int, int]:
    """Write a log; how many journeys and events."""
    traces = events = 0
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.write(_HEAD)
        for journey in journeys:
            traces, events = traces + 1, events + len(journey.events)
            told = "".join(map(_event, journey.events))
            file.write(f"<trace>{_said('concept:name', journey.id)}{told}</trace>\n")
        file.write("</log>\n")
    return traces, events


def _event(event: Event) -> str:
    named: dict[str, Value] = {
        "concept:name": event.name,
        "time:timestamp": event.time,
        "identity:id": event.id,
        "party": event.party,
        "party_kind": event.party_kind,
    }
    if event.link is not None:
        named["correlation"] = event.link
    said = "".join(_said(key, value) for key, value in (named | event.values).items())
    return f"<event>{said}</event>"


def _said(key: str, value: Value) -> str:
    text = value.isoformat() if isinstance(value, datetime.datetime) else str(value)
    safe = quoteattr(_NO_XML.sub("\ufffd", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    return f"<{_TAGS[type(value)]} key={quoteattr(key)} value={safe}/>"
