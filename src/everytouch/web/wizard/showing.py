"""A plan as people read it: columns by what they are used for, with values as understood."""

import datetime
import zoneinfo
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.collect.api import ColumnFormat, marked, role_of, row_kind, to_score, understand
from everytouch.web.wizard.editing import METRICS, Editor
from everytouch.web.wizard.formats import choices, code_of

USES: dict[str, Any] = {
    "nps": lazy("NPS (0 to 10, would you recommend us)"),
    "csat": lazy("CSAT (satisfied)"),
    "ces": lazy("CES (easy)"),
    "mean": lazy("Rating on another scale"),
    "text": lazy("Comment"),
    "title": lazy("Title of the comment"),
    "choice": lazy("Choice of several answers"),
    "when": lazy("When it happened"),
    "who": lazy("Who it was (ID)"),
    "else_who": lazy("Name, where no ID is given"),
    "trait": lazy("Describes the person"),
    "touchpoint": lazy("Touchpoint"),
    "outcome": lazy("Outcome"),
    "duration": lazy("How long it took"),
    "due": lazy("When it was promised for"),
    "object": lazy("Order, case, session …"),
    "counterpart": lazy("Employee or partner"),
    "source_order": lazy("Order within the same time"),
    "amount": lazy("Amount paid"),
    "cost": lazy("What it cost us"),
    "currency": lazy("Currency"),
    "language": lazy("Language"),
    "weight": lazy("Survey weight"),
    "property": lazy("Keep as a property"),
    "leave": lazy("Leave out"),
}
"""What a column can be used for."""
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (lazy("Question"), ("nps", "csat", "ces", "mean", "text", "title", "choice")),
    (lazy("Time and person"), ("when", "due", "who", "else_who", "trait")),
    (lazy("What happened"), ("touchpoint", "outcome", "duration", "object", "counterpart",
                             "source_order")),
    (lazy("Money"), ("amount", "cost", "currency")),
    (lazy("Other"), ("language", "weight", "property", "leave")),
)  # fmt: skip
SECTIONS = {"when": "when", "who": "who", "questions": "mean", "touchpoint": "touchpoint",
            "money": "amount", "more": "outcome"}  # fmt: skip
"""Sections of the page, and what a column is used for that is added there."""
_SECTION = {
    **dict.fromkeys(("when", "due"), "when"),
    **dict.fromkeys(("who", "else_who"), "who"),
    **dict.fromkeys((*METRICS, "text", "title", "choice"), "questions"),
    **dict.fromkeys(("amount", "cost", "currency"), "money"),
    "touchpoint": "touchpoint",
    **dict.fromkeys(("property", "leave", "trait"), "rest"),
}
BARS, SHOWN_POINTS = 12, 200


@dataclass(frozen=True)
class Sample:
    """A value as it is written, and as it is understood.

    Attributes:
        said: "" where the value stays as it is.
    """

    text: str
    said: str
    good: bool


@dataclass(frozen=True)
class Bar:
    """How often a score was given; ``inside`` the question's scale."""

    label: str
    count: int
    width: int
    inside: bool


def understood(text: str, form: ColumnFormat, role: str, zone: str, currency: str) -> Sample:
    """Return a value as its column's format and use understand it."""
    timed = role in ("when", "due")
    if timed and form.is_ == "text":
        form = ColumnFormat("time", timezone=form.timezone)
    value = understand(pa.array([text], pa.string()), form, zone).values[0].as_py()
    if value is None:
        return Sample(text, _("no answer"), True)
    if marked(value):
        return Sample(text, _("not understood"), False)
    if form.is_ == "time":
        return Sample(text, _time(value, form.timezone or zone), True)
    if role in ("amount", "cost"):
        return Sample(text, f"{_number(value, 2)} {currency}", True)
    if role == "duration" and form.is_ in ("duration", "number"):
        return Sample(text, _clock(float(value)), True)
    return Sample(text, "" if value == text else value, True)


def _time(value: str, zone: str) -> str:
    when = datetime.datetime.fromisoformat(value)
    place = zoneinfo.ZoneInfo(zone)
    local = when.astimezone(place) if when.tzinfo else when.replace(tzinfo=place)
    shown = date_format(local, "j M Y, H:i:s" if local.second else "j M Y, H:i")
    return f"{shown} {zone.rpartition('/')[2].replace('_', ' ')}"


def _clock(seconds: float) -> str:
    """A duration, exact to the second."""
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    parts += [f"{rest:g} s"] if rest or not parts else []
    return ("−" if seconds < 0 else "") + " ".join(parts)


def _number(text: str, least: int = 0) -> str:
    whole, _point, decimals = text.partition(".")
    if not whole.lstrip("+-").isdecimal():
        return text
    digits = max(least, len(decimals.rstrip("0")))
    return str(number_format(text, digits, use_l10n=True, force_grouping=True)).replace("-", "−")


def column_of(editor: Editor, place: int, currency: str) -> dict[str, Any]:
    """Return a column as the page shows it."""
    name = editor.mapping.columns[place]
    role, code, form = role_of(editor.mapping, name), editor.code(name), editor.format(name)
    held = editor.column(name)
    as_is = form if editor.raw else ColumnFormat()
    zone = editor.plan.timezone
    shown = {
        "name": name,
        "prefix": f"m{editor.number}-c{place}-",
        "place": f"c{place}",
        "code": code,
        "section": _SECTION.get(code, "more"),
        "filled": held.filled,
        "different": held.different,
        "samples": [understood(v, as_is, role, zone, currency) for v in held.first],
        "formats": choices(role, form) if editor.input_with(name) else [],
        "format": code_of(form),
        "zone": form.timezone if form.is_ == "time" else None,
        "type": _type(editor, name, role),
    }
    return shown | (_question(editor, name, form) if role == "question" else {})


def _type(editor: Editor, name: str, role: str) -> str:
    if role == "who":
        return next(one.namespace for one in editor.mapping.who if one.column == name)
    if role == "object":
        return next(kind for kind, column in editor.mapping.objects if column == name)
    return ""


def _question(editor: Editor, name: str, form: ColumnFormat) -> dict[str, Any]:
    instrument = editor.instrument(name)
    answers = list(form.answers.items()) if form.is_ == "choice" else []
    return {
        "instrument": instrument,
        "existing": instrument.name in editor.known.instruments,
        "of": f"q:{instrument.name}",
        "answers": [(f"a{place}", *one) for place, one in enumerate(answers)],
        "bars": bars(editor, name, form),
    }


def bars(editor: Editor, name: str, form: ColumnFormat) -> list[Bar]:
    """Return the scores of a column and how often each was given, by their size."""
    instrument = editor.instrument(name)
    counts: dict[float, int] = {}
    known = {answer.casefold(): number for answer, number in form.answers.items()}
    for value, count in editor.column(name).values:
        text = known.get(value.casefold(), value) if form.is_ == "choice" else value
        found = to_score(text)
        if found is not None:
            counts[float(found)] = counts.get(float(found), 0) + count
    ends = (instrument.low, instrument.high)
    if all(end == int(end) for end in ends) and 0 < ends[1] - ends[0] < BARS:
        for step in range(int(ends[0]), int(ends[1]) + 1):
            counts.setdefault(float(step), 0)
    most = max(counts.values(), default=0) or 1
    return [
        Bar(f"{score:g}", count, round(100 * count / most), ends[0] <= score <= ends[1])
        for score, count in sorted(counts.items())[: 2 * BARS]
    ]


def mapping_of(editor: Editor, currency: str) -> dict[str, Any]:
    """Return a mapping as the page shows it: its columns by section, and what is missing."""
    mapping = editor.mapping
    columns = [column_of(editor, place, currency) for place in range(len(mapping.columns))]
    named = {column["name"]: column for column in columns}
    return {
        "prefix": f"m{editor.number}-",
        "mapping": mapping,
        "kind": row_kind(mapping),
        "rows": editor.upload.table(mapping.table).rows,
        "sections": {
            name: [one for one in columns if one["section"] == name] for name in (*SECTIONS, "rest")
        },
        "columns": columns,
        "id": named[mapping.id[0]]["place"] if len(mapping.id) == 1 else "",
        "several": " + ".join(mapping.id) if len(mapping.id) > 1 else "",
        "touchpoint": _touchpoint(editor),
        "gaps": gaps(editor),
    }


def gaps(editor: Editor) -> list[str]:
    """Return the sections where something is missing without which nothing can be imported."""
    mapping, found = editor.mapping, []
    if not mapping.when and not mapping.at:
        found.append("when")
    if mapping.interaction and not mapping.touchpoint:
        found.append("touchpoint")
    if row_kind(mapping) == "responses" and not (mapping.questions or mapping.text):
        found.append("questions")
    return found


def _touchpoint(editor: Editor) -> dict[str, Any]:
    value, own = editor.mapping.touchpoint, {one.name: one for one in editor.plan.touchpoints}
    own = {name: one for name, one in own.items() if name not in editor.known.touchpoints}
    everywhere = {**editor.known.touchpoints, **own}
    chosen = "column" if value.column else f"t:{value.constant}" if value.constant else ""
    names = dict(value.names)
    values = editor.column(value.column).values[:SHOWN_POINTS] if value.column else ()
    rows = [
        {
            "field": f"{place}", "text": text, "count": count,
            "chosen": f"t:{names.get(text, text)}" if names.get(text, text) in everywhere else "",
            "own": own.get(names.get(text, text)),
        }
        for place, (text, count) in enumerate(values)
    ]  # fmt: skip
    return {
        "chosen": chosen,
        "own": own.get(value.constant),
        "known": [(f"t:{name}", one.label) for name, one in everywhere.items()],
        "values": rows,
        "column": value.column,
        "fresh": len(own),
    }
