"""A copy of one person's data for that person, in plain words and in their language."""

import datetime
import json
import re
import zoneinfo
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from everytouch.catalogue.api import Catalogue
from everytouch.consent.api import Choice
from everytouch.identity.api import Profile
from everytouch.report.page import pdf_of, templates
from everytouch.report.person_words import WORDS

_PLAIN = ("id", "source", "occurred_at", "received_at", "version", "touchpoint", "instrument",
          "namespace", "identifier", "title", "text", "properties", "sequence", "party_kind",
          "also", "about", "mode")  # fmt: skip

_UNBROKEN = re.compile(r"(\S{60})(?=\S)")  # so many signs without a space


@dataclass(frozen=True)
class PersonCopy:
    """All that is known of somebody.

    Attributes:
        moments: rows of the ledger by table, without its keys.
        said: every statement on what the data may be used for; ``choices``: how that is now.
        contact: whom they write to about it.
    """

    profile: Profile
    moments: Mapping[str, Sequence[Mapping[str, Any]]]
    choices: Sequence[Choice]
    said: Sequence[Choice]
    catalogue: Catalogue
    contact: str
    timezone: str
    made_at: datetime.datetime

    @property
    def language(self) -> str:
        """The language in which they wrote most, of those there are words for."""
        written = Counter(
            str(row["language"])[:2].lower()
            for row in self.moments["perceptions"]
            if row["language"]
        )
        return next((name for name, _ in written.most_common() if name in WORDS), "en")


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    at: datetime.datetime
    what: str
    channel: str
    identifier: str
    source: str
    text: str
    details: tuple[tuple[str, str], ...]


def person_html(copy: PersonCopy, language: str = "") -> str:
    """Return the copy as one HTML document that needs nothing else.

    Args:
        language: en or de; the one they wrote in when empty.
    """
    chosen = language if language in WORDS else copy.language
    zone, words = zoneinfo.ZoneInfo(copy.timezone), WORDS[chosen]

    def day(time: datetime.datetime | None) -> str:
        return time.astimezone(zone).strftime(words["day"]) if time else "–"

    entries = _timeline(copy, words)
    return (
        templates()
        .overlay(finalize=_breakable)
        .get_template("person.html")
        .render(
            copy=copy,
            w=words,
            language=chosen,
            day=day,
            entries=entries,
            sources=sorted(Counter(entry.source for entry in entries).items()),
        )
    )


def person_pdf(copy: PersonCopy, language: str = "") -> bytes:
    """Return the copy as PDF (needs ``everytouch[pdf]``)."""
    return pdf_of(person_html(copy, language))


def _breakable(value: Any) -> Any:
    """A text that may be parted where it has no spaces: a line that fits no page takes minutes."""
    if type(value) is not str or not _UNBROKEN.search(value):
        return value
    return Markup("<wbr>").join(filter(None, _UNBROKEN.split(value)))


def _timeline(copy: PersonCopy, words: Mapping[str, str]) -> list[Entry]:
    found = [_entry(row, copy.catalogue, words) for rows in copy.moments.values() for row in rows]
    return sorted(found, key=lambda entry: entry.at)


def _entry(row: Mapping[str, Any], known: Catalogue, words: Mapping[str, str]) -> Entry:
    point = known.touchpoints.get(row["touchpoint"] or "")
    asked = known.instruments.get(row.get("instrument") or "")
    named = [one.label for one in (point, asked) if one is not None]
    said = [str(row[name]) for name in ("title", "text") if row.get(name)]
    return Entry(
        row["occurred_at"],
        " · ".join(named) or words["something"],
        point.channel if point else "",
        f"{row['namespace']}:{row['identifier']}",
        row["source"],
        " – ".join(said),
        tuple(_details(row, words)),
    )


def _details(row: Mapping[str, Any], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Whatever else is held of a moment, its properties one by one."""
    rest = {name: value for name, value in row.items() if name not in _PLAIN}
    for name in ("also", "properties"):
        if row.get(name):
            value = row[name]
            rest |= _properties(value) if name == "properties" else {name: value}
    return [
        (words.get(name, name), _said(value)) for name, value in rest.items() if value is not None
    ]


def _properties(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"properties": text}
    return found if isinstance(found, dict) else {"properties": found}


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value))
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, float) and value.is_integer():
        return f"{value:,.0f}"
    if isinstance(value, Decimal | float):
        return f"{value:,.2f}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
