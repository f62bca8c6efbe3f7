"""What else may be asked, and what is left when one answer is taken from another.

A question is asked about some people, some months, some places. Taken from the answer about a
larger part it leaves the rest of that part: if the rest is a few people, their figures are known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

FAR = 12  # months that are looked at on either side of the end of a period
EVERYBODY = ""
Place = tuple[str, str]  # what it is named by, as "channel", and its name


@dataclass(frozen=True)
class Cut:
    """The part of everything that a question is about.

    Attributes:
        who: name of a group of people.
        first, last: months, by their number; the last one does not belong to it any more.
        place: where; None for everywhere.
        own: whether it is kept to the places that the visitor answers for.
        avoided: touchpoints that are left out.
    """

    who: str = EVERYBODY
    first: int = 0
    last: int = 0
    place: Place | None = None
    own: bool = False
    avoided: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Menu:
    """What else may be asked.

    Attributes:
        months: how many there are.
        who: groups of people, by which kinds of people belong to them, (a,): two people are of one
            kind who belong to the same groups.
        places: touchpoints of each place that may be asked about.
        own: touchpoints the visitor answers for; None for who answers for all.
    """

    months: int
    who: Mapping[str, NDArray[np.bool_]]
    places: Mapping[Place, frozenset[str]]
    own: frozenset[str] | None = None

    def touchpoints(self, cut: Cut) -> frozenset[str] | None:
        """The touchpoints that a part is of; None for all."""
        there = None if cut.place is None else self.places.get(cut.place, frozenset())
        if not cut.own or self.own is None:
            return there
        return self.own if there is None else there & self.own


def months_beside(cut: Cut, menu: Menu) -> Iterator[Iterator[Cut]]:
    """Single months on both sides of each end of the period, the nearest first.

    A period that is a month longer, or shorter, leaves that month.
    """
    for edge in (cut.first, cut.last):
        if 0 < edge < menu.months and cut.first < cut.last:
            before = range(edge - 1, max(edge - FAR, 0) - 1, -1)
            after = range(edge, min(edge + FAR, menu.months))
            for side in (before, after):
                yield (replace(cut, first=month, last=month + 1) for month in side)


Sum = tuple[tuple[int, str], ...]


def people_beside(cut: Cut, menu: Menu) -> Iterator[tuple[Sum, int]]:
    """Sums and differences of two or three groups that leave whole people: signs and names.

    With each comes how often it counts those it counts most often. A group that holds all others of
    the sum is not to be hidden for their sake: they are.
    """
    if cut.who == EVERYBODY:
        return
    names = [name for name in menu.who if name != cut.who]
    mine = menu.who[cut.who].astype(np.int8)
    for others in (*combinations(names, 1), *combinations(names, 2)):
        masks = [menu.who[name].astype(np.int8) for name in others]
        if all((mine >= mask).all() for mask in masks):
            continue
        for signs in product((1, -1), repeat=len(others)):
            left = mine + sum(sign * mask for sign, mask in zip(signs, masks, strict=True))
            side = 1 if left.max(initial=0) > 0 else -1
            if (side * left).min(initial=0) == 0 and left.any() and -1 in signs:
                terms = (
                    (side, cut.who),
                    *((side * s, n) for s, n in zip(signs, others, strict=True)),
                )
                yield terms, int(abs(left).max())


def places_beside(cut: Cut, menu: Menu) -> Iterator[Cut]:
    """What a larger place leaves without this one, and without one more of its kind."""
    mine = menu.touchpoints(cut)
    if mine is None:
        return
    for wider in _wider(cut, menu):
        yield replace(wider, avoided=mine)
    if cut.place is None:
        return
    everywhere = replace(cut, place=None)
    for place, points in menu.places.items():
        if place[0] == cut.place[0] and points and not points & mine:
            yield replace(everywhere, avoided=mine | points)


def _wider(cut: Cut, menu: Menu) -> Iterator[Cut]:
    mine = menu.touchpoints(cut) or frozenset()
    if cut.place is not None:
        yield replace(cut, place=None)
    if cut.own:
        yield replace(cut, own=False)
        yield replace(cut, own=False, place=None)
    for place in menu.places:
        other = replace(cut, place=place)
        if mine < (menu.touchpoints(other) or frozenset()):
            yield other
