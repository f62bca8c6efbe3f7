"""A question as the address puts it: filters, options, whose rights; and answers that are kept."""

import datetime
import time
import urllib.parse
import zoneinfo
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from everytouch.errors import UnknownNameError
from everytouch.trails.api import Scope
from everytouch.web.answers import ANSWERS
from everytouch.web.numbers import whole
from everytouch.workspace import Workspace

T = TypeVar("T")
PERIODS = ("30", "90", "365")  # the last so many days of the data
NAMED = (
    "period", "since", "until", "segment", "persona", "stage", "channel", "touchpoint", "where",
)  # fmt: skip
LONGEST = 100
_FIRST, _LAST = 1900, 2199  # years that can be asked about, in whatever time zone


@dataclass(frozen=True)
class Filters:
    """What the pages can be narrowed to; empty where they are not.

    Attributes:
        where: a property of moments and its value, as NAME=VALUE.
        without: touchpoints that are left out; no address says so.
    """

    period: str = ""
    since: str = ""
    until: str = ""
    segment: str = ""
    persona: str = ""
    stage: str = ""
    channel: str = ""
    touchpoint: str = ""
    where: str = ""
    without: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Filters":
        """Filters of an address; whatever else it says is left to others.

        Raises:
            UnknownNameError: a period or a day that there is not, no property.
        """
        values: dict[str, Any] = {
            name: str(given.get(name, "")).strip()[:LONGEST] for name in NAMED
        }
        if values["period"] and values["period"] not in PERIODS:
            raise UnknownNameError(
                f"period {values['period']!r} is unknown", f"use one of: {', '.join(PERIODS)}"
            )
        for name in ("since", "until"):
            _day(values[name])
        if values["where"] and not all(values["where"].partition("=")[:2]):
            raise UnknownNameError(
                f"{values['where']!r} names no property", "write it as NAME=VALUE"
            )
        return cls(**values)

    def query(self, **changes: str) -> str:
        """As the address says it, with some changed; always in the same order."""
        values = {name: getattr(self, name) for name in NAMED} | changes
        return urllib.parse.urlencode({name: value for name, value in values.items() if value})

    def __bool__(self) -> bool:
        return bool(self.without) or any(getattr(self, name) for name in NAMED)


def _day(text: str) -> datetime.datetime | None:
    if not text:
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UnknownNameError(f"{text!r} is no day", "write it as YYYY-MM-DD") from error
    if not _FIRST <= found.year <= _LAST:
        raise UnknownNameError(f"{text!r} is out of range", f"give a year from {_FIRST} to {_LAST}")
    return found


_KINDS = {
    "period": ("period", "since", "until"),
    "segment": ("segment", "persona"),
    "places": ("stage", "channel", "touchpoint", "where", "without"),
}


@dataclass(frozen=True)
class Ask:
    """One visitor's question about one workspace.

    Attributes:
        only: touchpoints the visitor answers for, None for all.
        rights: what the visitor may.
        options: what a page lets one choose beside the filters.
        shared: whether it is asked through a share link.
    """

    workspace: Workspace
    filters: Filters = Filters()
    only: frozenset[str] | None = None
    rights: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    timezone: str = "UTC"
    shared: bool = False

    @cached_property
    def version(self) -> tuple[Any, ...]:
        """What an answer depends on beside the question: ledger, catalogue, settings, maps."""
        path, tables = self.workspace.path, self.workspace.tables
        files = [_stamp(path / name) for name in ("catalogue.yaml", "everytouch.toml")]
        ledger = self.workspace.trails().versions.values()
        maps = self.workspace.maps_state()
        return (str(path), *ledger, tables.version("traits"), *files, maps)

    def hourly(self, name: str, compute: Callable[[], T]) -> T:
        """What hardly changes with a moment and takes long: kept for an hour, of whatever ledger.

        It must hold nothing of single persons, who may be erased meanwhile.
        """
        return ANSWERS.get(self._hour(name), compute)

    def has_hourly(self, name: str) -> bool:
        """Whether it was worked out this hour."""
        return ANSWERS.has(self._hour(name))

    def _hour(self, name: str) -> tuple[Any, ...]:
        path = self.workspace.path
        files = [_stamp(path / name) for name in ("catalogue.yaml", "everytouch.toml")]
        return ((f"{path} hourly", *files, int(time.time() // 3600)), name)

    @cached_property
    def scope(self) -> Scope:
        """The part of the trails that is asked about."""
        return self.once("scope", lambda: self.scoped(self.filters))

    def keeping(self, *names: str) -> "Ask":
        """The same asked about the whole organisation, with none but these filters."""
        kept = Filters(**{name: getattr(self.filters, name) for name in names})
        return replace(self, filters=kept, only=None)

    def heeding(self, heeds: Collection[str]) -> "Ask":
        """The same with those filters that a question is narrowed by: period, segment, places."""
        if len(heeds) == len(_KINDS):
            return self
        kept = self.keeping(*(name for kind in heeds for name in _KINDS[kind]))
        return replace(kept, only=self.only) if "places" in heeds else kept

    @cached_property
    def everyone(self) -> "Ask":
        """The same about everything."""
        return self.keeping()

    @property
    def coarse(self) -> bool:
        """Whether single moments are not the visitor's to see, not even by subtraction."""
        return self.shared or "dig" not in self.rights

    def instead(self, **filters: Any) -> "Ask":
        """The same asked with some filters changed."""
        return replace(self, filters=replace(self.filters, **filters))

    @property
    def organisation(self) -> "Ask":
        """The same without places and the visitor's own limits, to compare with."""
        return self.keeping("period", "since", "until", "segment", "persona")

    def scoped(self, filters: Filters) -> Scope:
        """The scope of some filters, within the visitor's limits.

        Raises:
            UnknownNameError: something is not there.
        """
        since, until = self.period(filters)
        places = {
            name: [value]
            for name in ("stage", "channel", "touchpoint")
            if (value := getattr(filters, name))
        }
        name, _, value = filters.where.partition("=")
        scope = self.workspace.scope(
            filters.segment or None, since, until, places,
            persona=filters.persona or None, where={name: [value]} if name else None,
        )  # fmt: skip
        if self.only is not None:
            known = self.only & set(self.workspace.catalogue.touchpoints)
            scope = scope.narrowed(self._codes(known), "own touchpoints")
        if filters.without:
            scope = scope.avoiding(self._codes(filters.without))
        return scope

    def _codes(self, names: Collection[str]) -> NDArray[np.bool_]:
        known = self.workspace.trails().touchpoints
        return np.array([name in names for name in known], np.bool_)

    def period(self, filters: Filters) -> tuple[datetime.datetime | None, datetime.datetime | None]:
        """First time of the period, and the first one after it; None where it is open."""
        zone = zoneinfo.ZoneInfo(self.workspace.settings.timezone)
        last = self.workspace.trails().last
        if filters.period and last is not None:
            midnight = last.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight - datetime.timedelta(days=int(filters.period) - 1), None
        since, until = _day(filters.since), _day(filters.until)
        following = until + datetime.timedelta(days=1) if until else None
        begin, end = (day.replace(tzinfo=zone) if day else None for day in (since, following))
        return begin, end

    def option(self, name: str, choices: tuple[str, ...]) -> str:
        """A choice of the page; the first one when the address names none.

        Raises:
            UnknownNameError: it is none of the choices.
        """
        value = self.options.get(name) or choices[0]
        if value not in choices:
            raise UnknownNameError(f"{name} {value!r} is unknown", f"use: {', '.join(choices)}")
        return value

    @property
    def chosen(self) -> tuple[tuple[str, str], ...]:
        """All that the address chooses; as pairs, for templates: a name may be ``items``."""
        return tuple(self.options.items())

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What is chosen beside the filters; a place in a list is not kept with other filters."""
        return tuple((n, v) for n, v in self.chosen if n not in (*NAMED, "cursor") and v)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A number of the address, held within its limits."""
        return whole(self.options.get(name), default, low, high)

    def key(self, *names: object) -> tuple[Any, ...]:
        """What tells this question from every other."""
        return (self.version, self.filters, self.only, *names)

    def once(self, name: str, compute: Callable[[], T], *names: object) -> T:
        """The answer to a question, computed the first time it is asked."""
        return ANSWERS.get(self.key(name, *names), compute)

    def stored(self, name: str, tables: tuple[str, ...], compute: Callable[[], T]) -> T:
        """Something read off the ledger itself; read anew when one of its tables changed."""
        ledger = self.workspace.tables
        versions = (ledger.version(table) for table in tables)
        return ANSWERS.get(((f"{name} {self.workspace.path}", *versions),), compute)

    def query(self, **changes: str) -> str:
        """The address of this question: filters, then options."""
        options = {n: v for n, v in self.options.items() if n not in NAMED} | changes
        rest = urllib.parse.urlencode(sorted((n, v) for n, v in options.items() if v))
        return "&".join(part for part in (self.filters.query(), rest) if part)


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns
