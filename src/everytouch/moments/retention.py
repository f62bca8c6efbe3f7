"""How long records are kept: rules by kind and age, ``[retention]`` of ``everytouch.toml``.

A rule for a source or a touchpoint only shortens what the others say: a record goes as soon as one
rule says so.
"""

import calendar
import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from everytouch.errors import SettingError

KEPT = {
    "interactions": "Interactions, by when they happened.",
    "perceptions": "Responses with all they hold, by when they were given.",
    "texts": "Title and text of responses; score and the rest stay.",
    "properties": "Properties of interactions and responses; the rest stays.",
    "traits": "Traits of people, by when they were stated.",
    "links": "Links between IDs, once no other record of these people is left.",
    "counts": "Counts that name nobody, by when they were taken.",
    "quarantine": "Records and events in quarantine or in conflict, by when they came.",
}
"""What a rule may be about."""
NARROWED = {
    "sources": tuple(name for name in KEPT if name != "links"),
    "touchpoints": ("interactions", "perceptions", "texts", "properties"),
}
"""Rules for one source or one touchpoint: what they may be about."""
BLANKED: dict[str, dict[str, tuple[str, ...]]] = {
    "texts": {"perceptions": ("title", "text")},
    "properties": {"interactions": ("properties",), "perceptions": ("properties",)},
}
"""Rules that empty columns and leave the row."""
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_AGE = re.compile(r"(\d{1,5}) (day|week|month|year)s?")
_LONGEST = 100 * 366  # days


@dataclass(frozen=True)
class Age:
    """A length of time in units of the calendar."""

    count: int
    unit: str

    @classmethod
    def of(cls, text: Any, what: str = "age") -> "Age":
        """Read one, as ``5 years`` or ``90 days``.

        Raises:
            SettingError: it is none.
        """
        found = _AGE.fullmatch(" ".join(text.split())) if isinstance(text, str) else None
        age = cls(int(found[1]), found[2]) if found else cls(0, "day")
        if not 0 < age.days <= _LONGEST:
            raise SettingError(
                f"retention {what} = {str(text)[:40]!r} is no age",
                "write it as 90 days, 18 months or 5 years, at most 100 years",
            )
        return age

    @property
    def days(self) -> int:
        """About how many days."""
        return self.count * (_DAYS.get(self.unit) or _MONTHS[self.unit] * 365 // 12)

    def before(self, now: datetime.datetime) -> datetime.datetime:
        """The time so long before ``now``."""
        if self.unit in _DAYS:
            return now - datetime.timedelta(days=self.count * _DAYS[self.unit])
        months = now.year * 12 + now.month - 1 - self.count * _MONTHS[self.unit]
        year, month = max(1, months // 12), months % 12 + 1
        day = min(now.day, calendar.monthrange(year, month)[1])
        return now.replace(year=year, month=month, day=day)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True)
class Rule:
    """How long one kind of record is kept.

    Attributes:
        what: a name of ``KEPT``.
        source, touchpoint: only of this one, where it is named.
    """

    what: str
    age: Age
    source: str = ""
    touchpoint: str = ""

    def __str__(self) -> str:
        of = f" of source {self.source}" if self.source else ""
        at = f" at touchpoint {self.touchpoint}" if self.touchpoint else ""
        return f"{self.what}{of}{at}: {self.age}"


@dataclass(frozen=True)
class Retention:
    """The rules of a workspace."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, raw: Any) -> "Retention":
        """Read ``[retention]``.

        Raises:
            SettingError: an unknown name, or no age.
        """
        return cls(tuple(_rules(raw)))

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def plain(self) -> dict[str, Any]:
        """The rules as the file has them."""
        said: dict[str, Any] = {}
        for rule in self.rules:
            place = said
            if rule.source or rule.touchpoint:
                group = "sources" if rule.source else "touchpoints"
                named = said.setdefault(group, {})
                place = named.setdefault(rule.source or rule.touchpoint, {})
            place[rule.what] = str(rule.age)
        return said


def _rules(raw: Any) -> Iterator[Rule]:
    for name, value in _table(raw, "").items():
        if name not in NARROWED:
            yield Rule(_known(name, KEPT, (*KEPT, *NARROWED)), Age.of(value, name))
            continue
        for one, ages in _table(value, name).items():
            for what, age in _table(ages, f"{name}.{one}").items():
                known = _known(what, NARROWED[name], NARROWED[name], f"{name}.{one}.")
                yield Rule(
                    known, Age.of(age, f"{name}.{one}.{what}"), **{name.removesuffix("s"): one}
                )


def _table(raw: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        place = f"retention.{name}" if name else "retention"
        raise SettingError(f"{place} = {str(raw)[:40]!r} is no table", "write NAME = AGE under it")
    return raw


def _known(name: str, allowed: Any, offered: Any, place: str = "") -> str:
    if name not in allowed:
        raise SettingError(
            f"retention {place}{str(name)[:40]!r} is unknown", f"use one of: {', '.join(offered)}"
        )
    return name


def retention_table() -> str:
    """What rules may be about, as a Markdown table."""
    lines = ["| rule | what goes | of a source | at a touchpoint |", "| --- | --- | --- | --- |"]
    for name, text in KEPT.items():
        may = ("yes" if name in NARROWED[place] else "" for place in ("sources", "touchpoints"))
        lines.append(f"| `{name}` | {text} | {' | '.join(may)} |")
    return "\n".join(lines) + "\n"
