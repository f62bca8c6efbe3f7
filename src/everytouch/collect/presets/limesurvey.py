"""LimeSurvey: responses exported as CSV, with question codes or texts, answer codes or texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.scales import NO_ANSWERS, Scale
from everytouch.collect.definitions.model import SurveyDefinition, SurveyQuestion
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Choice, Plan, Value, Who
from everytouch.collect.mapping.sql import cell
from everytouch.collect.naming import slug
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.sorting import sort_answers
from everytouch.collect.presets.survey import Draft

_ID = ("id", "Response ID", "Antwort-ID", "Antwort ID")
_SUBMITTED = ("submitdate", "Date submitted", "Datum Abgeschickt")
_PAGE = ("lastpage", "Last page", "Letzte Seite")
_LANGUAGE = ("startlanguage", "Start language", "Start-Sprache", "Startsprache")
_SEED = ("seed", "Zufallsstartwert")
_STARTED = ("startdate", "Date started", "Datum gestartet")
_LAST = ("datestamp", "Date last action", "Datum letzte Aktivität")
_TOKEN = ("token", "Access code", "Zugangscode", "Zugangsschlüssel")
_EMAIL = ("email", "Email address", "E-Mail-Adresse")
_OTHERS = (
    "ipaddr", "IP address", "IP-Adresse", "refurl", "Referrer URL", "firstname", "First name",
    "Vorname", "lastname", "Last name", "Nachname", "emailstatus", "interviewtime", "Total time",
    "Gesamtzeit", "language", "participant_id", "usesleft", "validfrom", "validuntil",
    "blacklisted",
)  # fmt: skip
_STANDARD = frozenset(
    name.casefold()
    for names in (
        _ID,
        _SUBMITTED,
        _PAGE,
        _LANGUAGE,
        _SEED,
        _STARTED,
        _LAST,
        _TOKEN,
        _EMAIL,
        _OTHERS,
    )
    for name in names
)
_TIMING = re.compile(r"(group|question) ?time|gruppenzeit|fragenzeit|attribute_\d+|.*Time$")
_ROW = re.compile(r"(.*?)\s*\[(.*)\]", re.DOTALL)
_CODE = re.compile(r"AO?0*(\d+)")
_DECIMALS = re.compile(r"-?\d+\.\d{10}")
_FEWEST = 5
_NONE = (*NO_ANSWERS, "-oth-")
_CHOSEN = ("Y", "Yes", "Ja", "Oui", "Sí")
_NO_DATE = "1980-01-01 00:00:00"


@dataclass(frozen=True)
class _Column:
    """A column with its question and the row or choice it stands for."""

    name: str
    question: str
    row: str


def fits(look: Look) -> bool:
    """Recognise the columns that begin every export."""
    codes = look.has(_ID[0], _SUBMITTED[0], _PAGE[0], _LANGUAGE[0])
    texts = (_ID[1:], _SUBMITTED[1:], _LANGUAGE[1:])
    return codes or all(look.named(*names) for names in texts)


def plan(look: Look, asked: Asked) -> Plan:
    """Return a response a row; what its answer codes mean is known from the survey's structure."""
    draft = Draft(look, asked, "LimeSurvey responses", "limesurvey")
    groups: dict[str, list[_Column]] = {}
    for name in look.columns:
        if name.casefold() not in _STANDARD and not _TIMING.match(name):
            found = _ROW.fullmatch(name)
            one = _Column(name, found[1], found[2]) if found else _Column(name, name, "")
            groups.setdefault(one.question, []).append(one)
    survey = asked.survey("limesurvey", list(groups))
    for code, group in groups.items():
        known = survey.question(code) if survey else None
        _decimals(draft, group)
        _question(draft, code, group, known)
    if survey is None and draft.assumed:
        draft.assumed.append("the survey's structure (.lss), imported first, says what codes mean")
    return _finished(draft, survey)


def _finished(draft: Draft, survey: SurveyDefinition | None) -> Plan:
    look = draft.look
    times = [look.named(*names) for names in (_LAST, _SUBMITTED, _STARTED)]
    when = tuple(name for name in times if name)
    draft.formats |= {
        name: ColumnFormat("time", missing=(_NO_DATE,)) for name in when if name != times[2]
    }
    if times[1] and _NO_DATE in look.values(times[1]):
        draft.assumed.append(
            "the survey stores no dates: 1 January 1980 is not a time of an answer"
        )
    seed = look.named(*_SEED) or times[2]
    token, email = look.named(*_TOKEN), look.named(*_EMAIL)
    who = [Who("email", email)] if email else []
    who += [Who("limesurvey_token", token)] if token else []
    if survey:
        draft.replaced["survey"] = f"'{slug(survey.id)}'"
    return draft.plan(
        key=tuple(filter(None, (look.named(*_ID), seed))), when=when, who=tuple(who),
        partial=f"{cell(times[1])} IS NULL", language=Value(look.named(*_LANGUAGE)),
    )  # fmt: skip


def _decimals(draft: Draft, group: Sequence[_Column]) -> None:
    """Numbers are written with ten decimals: drop those that are 0."""
    for one in group:
        values = draft.look.values(one.name)
        if values and all(map(_DECIMALS.fullmatch, values)):
            draft.replaced[one.name] = rf"regexp_replace({cell(one.name)}, '\.?0+$', '')"


def _question(
    draft: Draft, code: str, group: Sequence[_Column], known: SurveyQuestion | None
) -> None:
    written = [one for one in group if one.row == "other" or one.row.endswith("comment")]
    draft.write(*(one.name for one in written))
    rest = [one for one in group if one not in written]
    if not rest or _scored(draft, rest, known):
        return
    if rest[0].row and _chosen(draft, rest):
        labels = {row.code: row.label for row in known.rows} if known else {}
        draft.choose(
            Choice(known.text if known else code, tuple(one.name for one in rest),
                   tuple(labels.get(one.row, one.row) for one in rest), picked=_CHOSEN)
        )  # fmt: skip
        return
    for one in rest:
        if known and known.kind == "text":
            draft.write(one.name)
        else:
            sort_answers(draft, one.name, f"{one.name} {known.text if known else ''}".strip())


def _chosen(draft: Draft, group: Sequence[_Column]) -> bool:
    values = {value for one in group for value in draft.look.values(one.name)}
    return values <= {*_CHOSEN, "N", "No", "Nein"}


def _scored(draft: Draft, group: Sequence[_Column], known: SurveyQuestion | None) -> bool:
    if known and known.ends:
        rows = {row.code: row for row in known.rows}
        for one in group:
            text = known.row_text(rows[one.row]) if one.row in rows else known.text
            scale = Scale(known.instrument_kind(text), *known.ends, known.scores, _NONE)
            draft.score(one.name, text, scale, one.name)
        return True
    names = [one.name for one in group]
    values = [value for name in names for value in draft.look.values(name)]
    codes = [found for found in map(_CODE.fullmatch, values) if found]
    if codes and len(codes) == sum(value.casefold() not in NO_ANSWERS for value in values):
        _by_code(draft, names, [(found[0], int(found[1])) for found in codes])
        return True
    nps = "nps" in names[0].casefold()
    return draft.rate(names, str, sure=nps, code=str, name=_name)


def _name(text: str, scale: Scale) -> str:
    """A code alone may mean something else in another survey: at least the scale is the same."""
    if " " in text:
        return slug(text)
    return slug(f"limesurvey {text} {scale.low:g} to {scale.high:g}")


def _by_code(draft: Draft, names: Sequence[str], codes: Sequence[tuple[str, int]]) -> None:
    """Answers A1, A2 …: by LimeSurvey's convention the first is the best."""
    most = max(_FEWEST, *(number for _, number in codes))
    answers = {code: str(most + 1 - number) for code, number in codes}
    scale = Scale("mean", 1, most, answers, _NONE)
    for name in names:
        draft.score(name, name, scale, name, _name(name, scale))
    first = min(codes, key=lambda one: one[1])[0]
    draft.assumed.append(f"{names[0]}: answer {first} is the best of {most}")


PRESET = Preset("limesurvey", "LimeSurvey responses (CSV)", fits, plan)
