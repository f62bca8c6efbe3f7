"""A map as an automaton: its states, and the steps that lead from one to another."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everytouch.catalogue.api import Block, JourneyMap, MapStep, Part
from everytouch.errors import CatalogueError

MOST_STATES = 5_000
SILENT = -1


@dataclass(frozen=True)
class Automaton:
    """States 0 … states − 1, of which 0 is the beginning.

    Attributes:
        end: the state in which the journey is whole.
        source, target: of each edge, (e,); an edge that leads on comes before those after it.
        step: that it takes, by its number in the map; SILENT for none.
        accept: which touchpoint codes are which step, (steps, codes).
    """

    states: int
    end: int
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    step: NDArray[np.int64]
    accept: NDArray[np.bool_]


Edge = tuple[int, int, int]


class _Drawing:
    """States and edges as they are drawn."""

    def __init__(self, numbers: Mapping[str, int], name: str) -> None:
        self.numbers, self.name = numbers, name
        self.states, self.edges = 1, list[Edge]()

    def state(self) -> int:
        self._room_for(1)
        self.states += 1
        return self.states - 1

    def _room_for(self, more: float) -> None:
        if self.states + more > MOST_STATES:
            raise CatalogueError(
                f"map {self.name} has more than {MOST_STATES:,} states",
                "lanes side by side multiply: make them fewer or shorter",
            )

    def draw(self, part: Part, start: int) -> int:
        """Draw a part from a state on; the state in which it is done.

        What repeats gets a beginning and an end of its own: else a part that shares one of
        them could be entered backwards.
        """
        first = self.state() if part.repeat else start
        if part.repeat:
            self.edges.append((start, first, SILENT))
        last = self._once(part, first)
        if part.repeat:
            self.edges.append((last, first, SILENT))
        if part.repeat or part.optional:
            end = self.state()
            self.edges.append((last, end, SILENT))
            last = end
        if part.optional:
            self.edges.append((start, last, SILENT))
        return last

    def _once(self, part: Part, start: int) -> int:
        if isinstance(part, MapStep):
            end = self.state()
            self.edges.append((start, end, self.numbers[part.step]))
            return end
        if part.shape == "then":
            for inner in part.parts:
                start = self.draw(inner, start)
            return start
        if part.shape == "all":
            return self._side_by_side(part, start)
        ends = [self.draw(inner, start) for inner in part.parts]
        joined = self.state()
        self.edges += [(end, joined, SILENT) for end in ends]
        return joined

    def _side_by_side(self, part: Block, start: int) -> int:
        """Each lane drawn alone; a state for each combination of where the lanes are."""
        lanes, ends = [], []
        for inner in part.parts:
            lane = _Drawing(self.numbers, self.name)
            ends.append(lane.draw(inner, 0))
            lanes.append(lane)
        sizes = [lane.states for lane in lanes]
        self._room_for(math.prod(sizes) - 1)
        places = {(0,) * len(lanes): start}
        for where in itertools.product(*map(range, sizes)):
            if where not in places:
                places[where] = self.state()
        for where, here in places.items():
            for number, lane in enumerate(lanes):
                for source, target, step in lane.edges:
                    if source == where[number]:
                        there = (*where[:number], target, *where[number + 1 :])
                        self.edges.append((here, places[there], step))
        return places[tuple(ends)]


def automaton(journey: JourneyMap, codes: Mapping[str, int]) -> Automaton:
    """The automaton of a map.

    Args:
        codes: code of each touchpoint; a step whose touchpoints have none can only be skipped.

    Raises:
        CatalogueError: the map has too many states.
    """
    steps = journey.steps
    drawing = _Drawing({one.step: number for number, one in enumerate(steps)}, journey.name)
    end = drawing.draw(journey.body, 0)
    accept = np.zeros((len(steps), max(codes.values(), default=0) + 1), np.bool_)
    for number, one in enumerate(steps):
        for name in one.touchpoints:
            if name in codes:
                accept[number, codes[name]] = True
    source, target, step = np.ascontiguousarray(np.array(drawing.edges, np.int64).T)
    return Automaton(drawing.states, end, source, target, step, accept)
