"""SPSS system files of any survey: labels, missing values, weights and multiple-response sets."""

import re
from collections.abc import Sequence

from everytouch.collect.columns.answers import plain
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.scales import RECOMMEND, Scale, kind_of, labelled, rates, scale_of
from everytouch.collect.formats.spss import SystemFile, Variable, describe
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Choice, Plan, Who
from everytouch.collect.mapping.sql import cell, literal
from everytouch.collect.naming import slug
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.people import email_of
from everytouch.collect.presets.survey import Draft

_ID = re.compile(
    r"(resp(ondent)?|case|record|interview|serial|participant|uniq|user|person)?_?"
    r"(id|no|nr|num(ber)?|key|serial|code)|uuid|caseid|lfdn|lfd_?nr",
    re.I,
)
_LONG_TEXT = 41
_MISSING = " (missing)"


def fits(look: Look) -> bool:
    """Recognise the format: a system file says itself what its variables are."""
    return look.given.format == "sav"


def plan(look: Look, asked: Asked) -> Plan:
    """Return a case a row; user-missing codes are no answers and stay as properties."""
    about = describe(look.path)
    stem = re.sub(r"[^\w]+", "_", look.path.stem)
    draft = Draft(look, asked, f"SPSS: {about.label or look.path.stem}", slug(f"spss {stem}"))
    variables = {one.name: one for one in about.variables}
    for one in about.variables:
        _without_missing(draft, one)
    used = {about.weight, *_sets(draft, about, variables)}
    key, times = _key(look, about.variables), [one.name for one in about.variables if one.is_time]
    email = email_of(look)
    used |= {key, email, *times}
    for name in times:
        draft.formats[name] = ColumnFormat("time")
    for one in about.variables:
        if one.name not in used:
            _sort(draft, one)
    who = [Who("email", email)] if email else []
    who += [Who(f"{draft.source}_respondent", key)] if key else []
    return draft.plan(
        key=(key,) if key else (), when=(_when(draft, times, about),), who=tuple(who),
        weight=about.weight,
    )  # fmt: skip


def _when(draft: Draft, times: Sequence[str], about: SystemFile) -> str:
    if times:
        draft.assumed.append(f"times of SPSS have no zone: they are of {draft.asked.timezone}")
        return times[0]
    made = f"{about.created:%Y-%m-%d %H:%M:%S}" if about.created else ""
    draft.replaced["answered on"] = literal(made)
    draft.assumed.append(f"no variable is a date: all answers are of {made}, when it was saved")
    return "answered on"


def _key(look: Look, variables: Sequence[Variable]) -> str:
    """The variable that numbers the cases: named so, and different in every case."""
    for one in variables:
        if _ID.fullmatch(one.name):
            distinct = f"SELECT count(DISTINCT {cell(one.name)}) FROM file"
            if look.sql(distinct)[0][0] == look.size:
                return one.name
    return ""


def _missing(one: Variable) -> str:
    """SQL condition: a value is user-missing; "" where none can be."""
    number = f"TRY_CAST({cell(one.name)} AS DOUBLE)"
    parts = [f"{number} BETWEEN {low!r} AND {high!r}" for low, high in one.missing if low > -1e300]
    parts += [f"{number} <= {high!r}" for low, high in one.missing if low <= -1e300]
    parts += [f"{cell(one.name)} = {literal(text)}" for text in one.missing_texts]
    return " OR ".join(parts)


def _without_missing(draft: Draft, one: Variable) -> None:
    """Take user-missing codes out; what they mean becomes a property of its own."""
    condition = _missing(one)
    if condition:
        draft.replaced[one.name + _MISSING] = f"CASE WHEN {condition} THEN {_label(one)} END"
        draft.replaced[one.name] = f"CASE WHEN {condition} THEN NULL ELSE {cell(one.name)} END"


def _label(one: Variable, value: str = "") -> str:
    """SQL: the label of a value, the value itself where it has none."""
    value = value or cell(one.name)
    if not one.labels:
        return value
    cases = " ".join(
        f"WHEN {literal(code)} THEN {literal(text)}" for code, text in one.labels.items()
    )
    return f"CASE {value} {cases} ELSE {value} END"


def _sets(draft: Draft, about: SystemFile, variables: dict[str, Variable]) -> list[str]:
    """Take multiple-response sets as questions with several answers."""
    used: list[str] = []
    for one in about.sets:
        if one.counted:
            labels = _apart([variables[name].label for name in one.variables])
            draft.choose(Choice(one.label, one.variables, tuple(labels), picked=(one.counted,)))
        else:
            for name in one.variables:
                draft.replaced[name] = _label(variables[name], f"({draft.value(name)})")
            draft.choose(Choice(one.label, one.variables))
        used += one.variables
    return used


def _apart(labels: Sequence[str]) -> list[str]:
    """Labels without the beginning that all of them share, as "Used: "."""
    signs = (": ", " - ", " – ")
    starts = {labels[0][: labels[0].find(sign) + len(sign)] for sign in signs if sign in labels[0]}
    shared = [one for one in starts if all(label.startswith(one) for label in labels)]
    cut = max(map(len, shared), default=0)
    rest = [label[cut:].strip() or label for label in labels]
    return [text[:1].upper() + text[1:] for text in rest]


def _sort(draft: Draft, one: Variable) -> None:
    """Take a variable as a question with a score, a text, a trait, or keep it as it is."""
    scale = None if one.is_text else _scale(draft, one)
    if scale:
        draft.score(one.name, one.label, scale, one.name)
    elif one.is_text and int(one.form[1:]) >= _LONG_TEXT:
        draft.write(one.name)
    elif _labelled(draft, one):
        draft.replaced[one.name] = _label(one, f"({draft.value(one.name)})")
        draft.describe(one.name)
    else:
        draft.answered.append(one.name)


def _valid(one: Variable) -> dict[str, str]:
    """The labelled values that are answers."""
    return {
        code: text for code, text in one.labels.items()
        if not any(low <= float(code) <= high for low, high in one.missing)
    }  # fmt: skip


def _labelled(draft: Draft, one: Variable) -> bool:
    """Whether every value that occurs has a label, so that it is one of several groups."""
    values = set(draft.look.values(one.name))
    return bool(one.labels) and values <= one.labels.keys()


def _scale(draft: Draft, one: Variable) -> Scale | None:
    valid = _valid(one) if one.labels else {}
    steps = labelled(list(valid.values())) if len(valid) > 2 else None
    words = f"{one.label} {one.name} {' '.join(valid.values())}"
    codes = sorted(float(code) for code in valid)
    if steps:
        order = [int(steps[plain(valid[code])]) for code in sorted(valid, key=float)]
        first_is_best = order == sorted(order, reverse=True)
        kind = kind_of(words, codes[0], codes[-1])
        return Scale(kind, codes[0], codes[-1], reversed=first_is_best)
    if len(codes) > 1 and codes[-1] - codes[0] in (4, 6, 9, 10) and rates(words):
        return Scale(kind_of(words, codes[0], codes[-1]), codes[0], codes[-1])
    rows = draft.look.sql(f"SELECT DISTINCT {draft.value(one.name)} FROM file")
    values = [row[0] for row in rows if row[0]]
    if one.measure == "scale" and not RECOMMEND.search(words):
        return None
    return scale_of(words, values) if values else None


PRESET = Preset("spss", "SPSS system file (SAV)", fits, plan)
