"""Trails as journeys of events, with nothing in them that names a person."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from everytouch.catalogue.api import Catalogue
from everytouch.journeys.walks import Unit, cut
from everytouch.moments.api import MODES, MONEY_UNITS, PARTY_KINDS, key_name
from everytouch.trails.api import INTERACTION, NEVER, Bucket, Scope, Trails, utc

Value = str | float | datetime.datetime
# What an event may say beside its name and time, and the type of that.
VALUES: dict[str, type] = {
    "kind": str, "label": str, "stage": str, "channel": str, "owner": str, "outcome": str,
    "mode": str, "duration_s": float, "amount": float, "cost": float, "score": float,
    "due_at": datetime.datetime,
}  # fmt: skip
LINK = "correlation"


@dataclass(frozen=True)
class Event:
    """One moment.

    Attributes:
        id: of the moment, sixteen hexadecimal digits.
        name: the touchpoint; of a perception, the instrument.
        party: its key; kind: what kind of party.
        link: key of the order, case … it belongs to; None where it names none.
        values: of ``VALUES``, what is known.
    """

    id: str
    name: str
    time: datetime.datetime
    party: str
    party_kind: str
    link: str | None
    values: dict[str, Value]


@dataclass(frozen=True)
class Journey:
    """Events in the order of time.

    Attributes:
        id: key of the party, of the order or case and the party, or of the party with the
            session's number.
    """

    id: str
    events: tuple[Event, ...]


def journeys_of(
    trails: Trails, catalogue: Catalogue, scope: Scope, unit: Unit, gap_minutes: float
) -> Iterator[Journey]:
    """Journeys, bucket by bucket.

    Args:
        unit: what one journey is; of orders or cases only moments that name one.
        gap_minutes: silence that ends a session.
    """
    told = _Told(trails, catalogue)
    for bucket in trails.buckets:
        rows, edges = cut(bucket, scope.rows(bucket), unit, round(gap_minutes * 60e6))
        sessions: dict[str, int] = {}
        for begin, end in pairwise(edges.tolist()):
            events = told.events(bucket, rows[begin:end])
            name = events[0].party
            if unit == "correlation":
                name = f"{events[0].link}-{name}"
            elif unit == "session":
                sessions[name] = sessions.get(name, 0) + 1
                name = f"{name}-{sessions[name]}"
            yield Journey(name, events)


class _Told:
    """Tells moments in names instead of codes."""

    def __init__(self, trails: Trails, catalogue: Catalogue) -> None:
        self.trails = trails
        points = [catalogue.touchpoints.get(name) for name in trails.touchpoints]
        named = ("label", "stage", "channel", "owner")
        self.places: list[dict[str, Value]] = [
            {n: str(getattr(p, n)) for n in named if p is not None and getattr(p, n)}
            for p in points
        ]

    def events(self, bucket: Bucket, rows: Any) -> tuple[Event, ...]:
        at = int(np.searchsorted(bucket.offsets, rows[0], side="right")) - 1
        party = key_name(int(bucket.parties[at]))
        return tuple(self._event(bucket, int(row), party) for row in rows)

    def _event(self, bucket: Bucket, row: int, party: str) -> Event:
        link, point = int(bucket["correlation"][row]), int(bucket["touchpoint"][row])
        felt = bucket["kind"][row] != INTERACTION
        instrument = int(bucket["instrument"][row])
        name = self.trails.touchpoints[point] if point >= 0 else "feedback"
        return Event(
            key_name(int(bucket["key"][row])),
            self.trails.instruments[instrument] if felt and instrument >= 0 else name,
            utc(int(bucket["time"][row])),
            party,
            PARTY_KINDS[bucket["party_kind"][row]],
            key_name(link) if link else None,
            self._values(bucket, row, point, felt=felt),
        )

    def _values(self, bucket: Bucket, row: int, point: int, *, felt: bool) -> dict[str, Value]:
        said: dict[str, Value] = {"kind": "perception" if felt else "interaction"}
        said |= self.places[point] if point >= 0 else {}
        if felt:
            said["mode"] = MODES[bucket["mode"][row]]
        if (outcome := int(bucket["outcome"][row])) >= 0:
            said["outcome"] = self.trails.outcomes[outcome]
        for name, column in (("duration_s", "duration"), ("score", "score")):
            if not np.isnan(value := float(bucket[column][row])):
                said[name] = value
        for name in ("amount", "cost"):
            if value := int(bucket[name][row]):
                said[name] = value / MONEY_UNITS
        if (due := int(bucket["due"][row])) != NEVER:
            said["due_at"] = utc(due)
        return said
