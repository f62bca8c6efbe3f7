"""Formbricks: responses downloaded as CSV, or read from its API as JSON; the same either way."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.scales import scale_of
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Choice, Plan, Value, Who
from everytouch.collect.mapping.sql import cell, literal, quoted
from everytouch.collect.naming import slug
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.sorting import is_written
from everytouch.collect.presets.survey import Draft

_NUMBERED = re.compile(r"\d+\. (.*)", re.DOTALL)
_OPTION = " - Option ID"
_PERSON = "person."
_JOINED = "\x1f"


def fits_csv(look: Look) -> bool:
    """Recognise the columns before the questions of a download."""
    return look.has("Response ID", "Survey ID", "Timestamp", "Finished")


def fits_json(look: Look) -> bool:
    """Recognise the keys of a response."""
    return look.has("id", "surveyId", "createdAt", "finished", "data")


class _Answers:
    """Scored questions by what they are: the first of a kind has the same key in both exports."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._taken: dict[str, int] = {}

    def score(self, survey: str, column: str, text: str, values: Sequence[str]) -> bool:
        """Take a column as a question with a score; False where it has none."""
        scale = scale_of(text, list(values), sure=True)
        if scale is None:
            return False
        if (scale.low, scale.high) == (0, 10):
            scale = replace(scale, kind="nps")
        what = "nps" if scale.kind == "nps" else "rating"
        number = self._taken[survey + what] = self._taken.get(survey + what, 0) + 1
        key = what if number == 1 else f"{what}_{number}"
        if not scale.certain:
            self._draft.assumed.append(f"“{text}” has answers from {scale.low:g} to {scale.high:g}")
        self._draft.score(column, text, scale, key, slug(f"formbricks {survey} {key}"))
        return True


def plan_csv(look: Look, asked: Asked) -> Plan:
    """Return a response a row."""
    draft = Draft(look, asked, "Formbricks responses", "formbricks")
    survey = " ".join(look.values(look.named("Survey ID"), 2)[:1])
    answers = _Answers(draft)
    stamp, finished = look.named("Timestamp"), look.named("Finished")
    draft.formats[stamp] = ColumnFormat("time")
    draft.traits += look.starting(_PERSON)
    for name in look.columns:
        found = _NUMBERED.fullmatch(name)
        if not found or name.endswith(_OPTION):
            continue
        values = look.values(name)
        options = look.named(name + _OPTION)
        if options and any("," in one for one in look.values(options)):
            draft.choose(Choice(found[1], (name,), split="; "))
        elif not _numbers(values) or not answers.score(survey, name, found[1], values):
            _other(draft, name, found[1], bool(options))
    known = (("user", look.named("User ID")), ("email", look.named("person.email")))
    return draft.plan(
        key=(look.named("Response ID"),), when=(stamp,),
        who=tuple(Who(space, name) for space, name in known if name),
        partial=f"lower({cell(finished)}) IN ('no', 'false')",
    )  # fmt: skip


def _numbers(values: Sequence[str]) -> bool:
    return bool(values) and all(value.isdecimal() for value in values)


def _other(draft: Draft, column: str, text: str, chosen: bool) -> None:
    if not chosen and is_written(draft, column, text):
        draft.write(column)
    else:
        draft.answered.append(column)


def plan_json(look: Look, asked: Asked) -> Plan:
    """Return a response a row; answers lie under the ids of questions, whose texts it has not."""
    draft = Draft(look, asked, "Formbricks responses", "formbricks")
    created, data = look.named("createdAt"), look.named("data")
    draft.formats[created] = ColumnFormat("time", timezone="UTC")
    draft.leave.append(data)
    answers = _Answers(draft)
    for survey, key, kinds in _keys(look):
        column = key if key.casefold() not in look.plain else f"data.{key}"
        _answer(draft, answers, survey, column, key, kinds)
    who = _people(draft)
    draft.assumed.append("the export has no texts of questions: name them in the catalogue")
    return draft.plan(
        key=(look.named("id"),), when=(created,), zone="UTC", who=who,
        language=Value(look.named("language")),
        partial=f"lower({cell(look.named('finished'))}) = 'false'",
    )  # fmt: skip


def _keys(look: Look) -> list[tuple[str, str, set[str]]]:
    """Surveys with the ids of their questions, in order, and the JSON types of the answers."""
    survey, data = quoted(look.named("surveyId")), quoted(look.named("data"))
    rows = look.sql(f"SELECT {survey}, {data} FROM file WHERE {data} IS NOT NULL")
    found: dict[tuple[str, str], set[str]] = {}
    for number, text in rows:
        for key, value in json.loads(text).items():
            kinds = found.setdefault((str(number), key), set())
            if value not in (None, "", []):
                kinds.add(type(value).__name__)
    return [(*one, kinds) for one, kinds in found.items()]


def _path(key: str) -> str:
    """A JSON path to one key, whatever characters it has."""
    return '$."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _answer(
    draft: Draft, answers: _Answers, survey: str, column: str, key: str, kinds: set[str]
) -> None:
    look = draft.look
    data = f"CAST({quoted(look.named('data'))} AS JSON)"
    value = f"json_extract_string({data}, {literal(_path(key))})"
    if kinds == {"list"}:
        items = f"from_json(json_extract({data}, {literal(_path(key))}), '[\"VARCHAR\"]')"
        draft.replaced[column] = f"array_to_string({items}, chr(31))"
        draft.choose(Choice(key, (column,), split=_JOINED))
        return
    draft.replaced[column] = f"nullif({value}, '')"
    rows = look.sql(f"SELECT DISTINCT {value} FROM file WHERE nullif({value}, '') IS NOT NULL")
    values = [row[0] for row in rows]
    if kinds <= {"int", "float"} and values and answers.score(survey, column, key, values):
        draft.formats.pop(column)  # numbers of JSON are numbers already
    elif kinds == {"str"} and _free(look, value, values):
        draft.write(column)


def _free(look: Look, value: str, values: Sequence[str]) -> bool:
    """Whether texts were written and not chosen: few come again, and some are of several words."""
    filled = look.sql(f"SELECT count(*) FROM file WHERE nullif({value}, '') IS NOT NULL")[0][0]
    return len(values) * 2 > filled and any(" " in one.strip() for one in values)


def _people(draft: Draft) -> tuple[Who, ...]:
    """Who answered, and their attributes under the names that a download gives them."""
    look = draft.look
    contact = look.named("contact", "person")
    attributes = look.named("contactAttributes", "personAttributes")
    who = []
    if contact:
        draft.replaced["user"] = f"json_extract_string(CAST({quoted(contact)} AS JSON), '$.userId')"
        who.append(Who("user", "user"))
    if not attributes:
        return tuple(who)
    rows = look.sql(
        f"SELECT DISTINCT unnest(json_keys(CAST({quoted(attributes)} AS JSON))) FROM file "
        f"WHERE json_type(CAST({quoted(attributes)} AS JSON)) = 'OBJECT' ORDER BY 1"
    )
    for (name,) in rows:
        if name == "userId":
            continue
        column = _PERSON + name
        path = literal(_path(name))
        draft.replaced[column] = f"json_extract_string(CAST({quoted(attributes)} AS JSON), {path})"
        draft.traits.append(column)
        if name == "email":
            who.append(Who("email", column))
    draft.leave.append(attributes)
    return tuple(who)


CSV = Preset("formbricks", "Formbricks responses (CSV)", fits_csv, plan_csv)
JSON = Preset("formbricks_json", "Formbricks responses (JSON)", fits_json, plan_json)
