"""The journeys behind a deviation from a map: who, when, and the path they took."""

import datetime
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from everytouch.catalogue.api import Catalogue, JourneyMap
from everytouch.engine.api import Engine
from everytouch.errors import UnknownNameError
from everytouch.journeys.against import Ints, ask, judged, named
from everytouch.results import Basis, Result
from everytouch.settings import Settings
from everytouch.trails.api import EVERYTHING, Bucket, Scope, Trails, utc

LONGEST = 200  # interactions of a path that are shown


@dataclass(frozen=True)
class JourneyTaken:
    """One journey; ``party`` and ``key`` (of its first moment) are those of the trails."""

    begun: datetime.datetime
    ended: datetime.datetime
    party: int
    key: int
    touchpoints: tuple[str, ...]


@dataclass(frozen=True)
class Journeys(Result):
    """Journeys with a deviation, the newest first."""

    row_type: ClassVar[type] = JourneyTaken


@dataclass(frozen=True)
class _Found:
    """Of each journey: end, bucket, number in it; the newest ``limit``."""

    places: tuple[tuple[int, int, int], ...]
    limit: int
    all: int

    def __add__(self, other: "_Found") -> "_Found":
        places = sorted((*self.places, *other.places), reverse=True)[: self.limit]
        return _Found(tuple(places), self.limit, self.all + other.all)


def journeys_with(
    trails: Trails, engine: Engine, catalogue: Catalogue, journey: JourneyMap, settings: Settings,
    deviation: str, scope: Scope = EVERYTHING, *, limit: int = 50,
) -> Journeys:  # fmt: skip
    """The newest journeys with a deviation of a map.

    Args:
        deviation: its name, as ``against`` gives it.

    Raises:
        UnknownNameError: there is no such deviation.
    """
    question = ask(trails, engine, catalogue, journey, settings, scope)
    names = {named(journey, trails, d)[0]: d for d in range(question[1].deviations)}
    if deviation not in names:
        raise UnknownNameError(
            f"map {journey.name} has no deviation {deviation!r}",
            "use one that `everytouch against` shows, as late:STEP or added:TOUCHPOINT",
        )

    def kernel(bucket: Bucket) -> _Found:
        _, _, having, (rows, edges) = judged(bucket, *question, names[deviation])
        which = np.flatnonzero(having)
        ends = bucket["time"][rows[edges[1:][which] - 1]]
        newest = np.argsort(-ends, kind="stable")[:limit]
        places = zip(ends[newest].tolist(), which[newest].tolist(), strict=True)
        return _Found(tuple((t, bucket.number, w) for t, w in places), limit, len(which))

    found = engine.run(kernel, trails.buckets)
    walks = {
        number: question[0].walks(trails.buckets[number])
        for number in {place[1] for place in found.places}
    }
    taken = tuple(_journey(trails, walks, *place) for place in found.places)
    basis = Basis(
        formula=f"journeys with the deviation {deviation}, the newest first",
        denominator=f"{found.all:,} journeys have it",
        cut=f"{scope.text}; map {journey.name}, version {journey.version}",
    )
    return Journeys(basis, taken)


def _journey(
    trails: Trails, walks: dict[int, tuple[Ints, Ints]], _end: int, number: int, walk: int
) -> JourneyTaken:
    bucket, (rows, edges) = trails.buckets[number], walks[number]
    mine = rows[edges[walk] : edges[walk + 1]]
    first, last = (int(bucket["time"][row]) for row in (mine[0], mine[-1]))
    party = int(np.searchsorted(bucket.offsets, mine[0], side="right")) - 1
    return JourneyTaken(
        utc(first),
        utc(last),
        int(bucket.parties[party]),
        int(bucket["key"][mine[0]]),
        tuple(trails.touchpoints[code] for code in bucket["touchpoint"][mine[:LONGEST]]),
    )
