"""What visitors who may not see single people are shown: whole months, and no part of a few."""

import datetime
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from everytouch.disclosure import api as disclosure
from everytouch.disclosure.api import EVERYBODY, Counted, Cut, Key, Menu, Place, Policy
from everytouch.errors import ForbiddenError, NotEnoughDataError, UnknownNameError
from everytouch.results import Result
from everytouch.trails.api import period_edges
from everytouch.web.ask import Ask

R = TypeVar("R", bound=Result)
Answer = dict[Key, Counted]
Count = Callable[[Ask], Answer]
GROUPS, PLACES = ("segment", "persona"), ("stage", "channel", "touchpoint")


def settled(ask: Ask) -> Ask:
    """The question as it is answered: of whole months, one group of people, one kind of place.

    Raises:
        WithheldError: it names more than one of them.
        ForbiddenError: it names a property: a value that one person has would show their trail.
    """
    f = ask.filters
    if f.where:
        raise ForbiddenError("your role does not ask by properties", "take the filter away")
    for several, what in ((GROUPS, "group of people"), (PLACES, "place")):
        if sum(bool(getattr(f, name)) for name in several) > 1:
            raise disclosure.withheld(f"your role asks about one {what} at a time")
    return at(ask, cut_of(ask))


def cut_of(ask: Ask) -> Cut:
    """The part that is asked about."""
    f, names, _ = ask.filters, *_months(ask)
    since, until = ask.period(f)
    first = _month(since, names) if since else 0
    last = len(names)
    if until is not None:
        last = min(last, _month(until - datetime.timedelta(microseconds=1), names) + 1)
    who = next((f"{n}:{v}" for n in GROUPS if (v := getattr(f, n))), EVERYBODY)
    place = next(((n, v) for n in PLACES if (v := getattr(f, n))), None)
    return Cut(who, min(first, last), max(first, last), place, ask.only is not None, f.without)


def at(ask: Ask, cut: Cut) -> Ask:
    """The same question about another part."""
    names, edges = _months(ask)
    filters: dict[str, str] = dict.fromkeys((*GROUPS, *PLACES, "period", "since", "until"), "")
    if (cut.first, cut.last) != (0, len(names)):
        days = (_day(ask, edges[cut.first]), _day(ask, edges[cut.last] - 1))
        filters["since"], filters["until"] = days if cut.first < cut.last else (days[0], days[1])
    if cut.who:
        name, _, value = cut.who.partition(":")
        filters[name] = value
    if cut.place:
        filters[cut.place[0]] = cut.place[1]
    asked = replace(ask.filters, **filters, without=cut.avoided)
    return replace(ask, filters=asked, only=ask.only if cut.own else None)


def _months(ask: Ask) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    zone = zoneinfo.ZoneInfo(ask.workspace.settings.timezone)
    return ask.once("months", lambda: period_edges(ask.workspace.trails(), zone, "month"))


def _month(time: datetime.datetime, names: tuple[str, ...]) -> int:
    """The number of a month; that after the last one for what is later."""
    return sum(name < f"{time:%Y-%m}" for name in names)


def _day(ask: Ask, microseconds: int) -> str:
    zone = zoneinfo.ZoneInfo(ask.workspace.settings.timezone)
    time = datetime.datetime.fromtimestamp(int(microseconds) // 1_000_000, zone)
    return time.date().isoformat()


def menu_of(ask: Ask) -> Menu:
    """What else the visitor may ask."""
    return Menu(len(_months(ask)[0]), _groups(ask), _places(ask), ask.only)


def _groups(ask: Ask) -> dict[str, NDArray[np.bool_]]:
    return ask.everyone.once("groups", lambda: _kinds_of_people(ask))


def _kinds_of_people(ask: Ask) -> dict[str, NDArray[np.bool_]]:
    """Which kinds of people belong to a group; people are of a kind who are in the same groups."""
    workspace, known = ask.workspace, ask.workspace.catalogue
    scopes = {EVERYBODY: workspace.scope()}
    for name in known.segments:
        scopes[f"segment:{name}"] = workspace.scope(name)
    for name, persona in known.personas.items():
        if persona.segment is not None:
            scopes[f"persona:{name}"] = workspace.scope(persona=name)
    buckets = workspace.trails().buckets
    none = np.zeros(0, np.bool_)
    members = [np.concatenate([none, *(one.take(b) for b in buckets)]) for one in scopes.values()]
    kinds = np.unique(np.array(members), axis=1)
    kinds = kinds[:, kinds.any(axis=0)]
    return dict(zip(scopes, kinds, strict=True))


def _places(ask: Ask) -> dict[Place, frozenset[str]]:
    found: dict[Place, set[str]] = {}
    for name in ask.workspace.trails().touchpoints:
        point = ask.workspace.catalogue.touchpoints.get(name)
        if point is not None:
            for kind, value in zip(PLACES, (point.stage, point.channel, name), strict=True):
                found.setdefault((kind, value), set()).add(name)
    return {place: frozenset(points) for place, points in found.items() if place[1]}


def shown(ask: Ask, policy: Policy, answer: Callable[[Ask], R]) -> R:
    """An answer without what would give a few people away.

    Args:
        ask: a question that is settled.
        answer: the answer to the question as it is, whoever asks.

    Raises:
        WithheldError: nothing of it may be shown.
    """

    def count(part: Ask) -> Answer:
        try:
            return disclosure.counted(answer(part), policy)
        except (NotEnoughDataError, UnknownNameError):  # nothing can be said of that part
            return {}

    least = ask.workspace.settings.minimum_n
    walks = _walks(ask, policy, count) if policy.adds else iter(())
    try:
        return disclosure.disclosed(answer(ask), policy, least, walks)
    except NotEnoughDataError as error:
        raise type(error)(disclosure.in_words(error.what, least), error.remedy) from error


def _walks(ask: Ask, policy: Policy, count: Count) -> Iterator[Iterator[Answer]]:
    """What subtraction may leave; see ``disclosed``."""
    cut, menu = cut_of(ask), menu_of(ask)
    if not policy.dated:
        for months in disclosure.months_beside(cut, menu):
            yield (count(at(ask, month)) for month in months)
    for terms, most in disclosure.people_beside(cut, menu):
        yield iter([_sum(ask, cut, terms, most, count)])
    for place in disclosure.places_beside(cut, menu):
        yield iter([count(at(ask, place))])


def _sum(ask: Ask, cut: Cut, terms: tuple[tuple[int, str], ...], most: int, count: Count) -> Answer:
    """People whom a sum of answers leaves, none of them counted more than ``most`` times.

    Rows that are withheld of one of the others, as they count a few people, add to nothing.
    """
    total, least = Answer(), ask.workspace.settings.minimum_n
    withheld = set[Key]()
    for sign, who in terms:
        for key, there in count(at(ask, replace(cut, who=who))).items():
            total[key] = total.get(key, Counted(())).plus(sign, there)
            if who != cut.who and any(0 < people < least for people in there.people):
                withheld.add(key)
    for key in withheld:
        del total[key]
    if most == 1:
        return total
    return {
        key: Counted(*(tuple(-(-n // most) for n in several) for several in (c.people, c.parts)))
        for key, c in total.items()
    }
