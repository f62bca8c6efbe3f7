"""SurveyMonkey: all responses data, exported as XLSX, XLS or CSV."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.order import date_order
from everytouch.collect.mapping.look import Look, looking
from everytouch.collect.mapping.model import Choice, Plan, Who
from everytouch.collect.mapping.sql import cell, literal
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.sorting import is_personal, sort_answers
from everytouch.collect.presets.survey import Draft

_TIMES = ("End Date", "Date Modified", "Start Date", "Date Created")
_STANDARD = frozenset(
    name.casefold() for name in (
        "Respondent ID", "Collector ID", *_TIMES, "IP Address", "Email Address", "First Name",
        "Last Name", "Custom Data 1", "Collector Name", "Response Status",
    )
)  # fmt: skip
_WRITTEN = ("open-ended response", "response (open-ended)", "antwort mit offenem ende")
_OTHER = re.compile(r"\bother\b.*specify|sonstiges|\bautre\b|\botro\b", re.I)


@dataclass(frozen=True)
class _Column:
    """A column, and what the second row of the header says under its question."""

    name: str
    question: str
    label: str


def fits(look: Look) -> bool:
    """Recognise the columns of every export."""
    return look.has("Respondent ID", "Collector ID") and look.has("Start Date")


def plan(look: Look, asked: Asked) -> Plan:
    """Return a response a row; the row under the header names choices and rows of questions."""
    rows = look.first(1)
    second = [(text or "").strip() for text in rows[0]] if rows else []
    at = look.columns.index(look.named("Respondent ID"))
    headed = bool(second) and not second[at]
    columns = _columns(look.columns, second if headed else [""] * len(look.columns))
    with looking(replace(look.given, skip=int(headed)), look.settings, asked.timezone) as data:
        draft = Draft(data, asked, "SurveyMonkey responses", "surveymonkey")
        order, certain = date_order([v for n in _present(data) for v in data.values(n)])
        draft.formats |= {name: ColumnFormat("time", order=order) for name in _present(data)}
        if not certain:
            draft.assumed.append(f"dates are written {order.replace('-', ' ')}")
        groups: dict[str, list[_Column]] = {}
        for one in columns:
            if one.question.casefold() not in _STANDARD:
                groups.setdefault(one.question, []).append(one)
        for question, group in groups.items():
            _question(draft, question, group)
        email, response = data.named("Email Address"), data.named("Respondent ID")
        return draft.plan(
            key=(response,), when=tuple(_present(data)),
            who=(Who("email", email),) if email else (),
            partial=_partial(data),
        )  # fmt: skip


def _present(look: Look) -> list[str]:
    return [look.named(name) for name in _TIMES if look.has(name)]


def _partial(look: Look) -> str:
    status = look.named("Response Status")
    return f"lower({cell(status)}) IN ('partial', 'incomplete')" if status else ""


def _columns(names: Sequence[str], second: Sequence[str]) -> list[_Column]:
    """The columns with their questions: one without a name belongs to the question before it."""
    found: list[_Column] = []
    for place, (name, label) in enumerate(zip(names, second, strict=True), 1):
        before = found[-1].question if found else name
        again = re.fullmatch(re.escape(before) + r"_\d+", name) or name == f"column_{place}"
        found.append(_Column(name, before if again else name, label))
    return found


def _question(draft: Draft, question: str, group: Sequence[_Column]) -> None:
    only = group[0]
    if len(group) == 1:
        if only.label.casefold() in _WRITTEN:
            draft.write(only.name)
        elif not draft.rate([only.name], lambda _: question, sure=only.label in ("☆", "★")):
            sort_answers(draft, only.name, question)
        return
    choices = [one for one in group if _chooses(draft, one)]
    rows = [one for one in group if one not in choices]
    labels = {one.name: f"{question} - {one.label}" for one in rows}
    if rows and not draft.rate(list(labels), labels.__getitem__):
        for one in rows:
            if one.label.casefold() in _WRITTEN or not is_personal(one.label):
                sort_answers(draft, one.name, labels[one.name])
    if choices:
        _choices(draft, question, choices)


def _chooses(draft: Draft, one: _Column) -> bool:
    """Whether a column holds its own label where it was chosen, or what was written in."""
    values = draft.look.values(one.name, 2)
    return values in ([one.label], []) or bool(_OTHER.search(one.label))


def _choices(draft: Draft, question: str, choices: Sequence[_Column]) -> None:
    names = tuple(one.name for one in choices)
    draft.choose(Choice(question, names, tuple(one.label for one in choices)))
    for one in choices:
        if _OTHER.search(one.label):
            text = cell(one.name)
            draft.replaced[one.label] = f"CASE WHEN {text} <> {literal(one.label)} THEN {text} END"


PRESET = Preset("surveymonkey", "SurveyMonkey responses (XLSX, CSV)", fits, plan)
