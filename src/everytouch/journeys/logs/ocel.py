"""What the forms of an object-centric log (OCEL 2.0) share: types, and objects of an event."""

import datetime

from everytouch.journeys.logs.events import LINK, VALUES, Event, Value

TYPES = {str: "string", float: "float", datetime.datetime: "time"}
ATTRIBUTES = {name: TYPES[kind] for name, kind in VALUES.items()}
# How an object is part of an event.
WHOSE, OF = "whose it is", "belongs to"


def objects_of(event: Event) -> list[tuple[str, str, str]]:
    """The objects of an event: id, type, qualifier. A party, and the order or case."""
    mine = [(event.party, event.party_kind, WHOSE)]
    if event.link is not None:
        mine.append((event.link, LINK, OF))
    return mine


def plain(value: Value) -> str | float:
    """A value as JSON and SQLite hold it."""
    return time_of(value) if isinstance(value, datetime.datetime) else value


def time_of(time: datetime.datetime) -> str:
    """A time as the standard writes it."""
    return time.isoformat().replace("+00:00", "Z")
