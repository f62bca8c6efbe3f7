"""Medallia: feedback extracts with the aliases of fields as headers."""

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.scales import Scale, kind_of, scale_of, stated_ends
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Choice, Plan, Value, Who
from everytouch.collect.mapping.sql import cell, literal, quoted
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.survey import Draft

_WHEN = ("e_responsedate", "e_response_date", "a_responsedate", "a_response_date")
_ID = ("a_surveyid", "a_survey_id", "e_surveyid", "e_survey_id", "surveyid")
_MISSING = ("N/A", "NA", "n.a.", "Not applicable", "Don't know", "-")
_PARTS = frozenset(["q", "k", "e", "a", "ex", "enum", "multi", "cmt", "txt", "alt", "bp"])


def fits(look: Look) -> bool:
    """Recognise the id, the response date and the prefix of questions (q_)."""
    return bool(look.named(*_ID) and look.named(*_WHEN) and look.starting("q_"))


def plan(look: Look, asked: Asked) -> Plan:
    """Return a response a row; invitations that nobody answered are left out."""
    draft = Draft(look, asked, "Medallia responses", "medallia")
    when = look.named(*_WHEN)
    draft.formats[when] = ColumnFormat("time")
    for name in look.starting("q_"):
        _question(draft, name)
    for name in look.starting("k_"):
        if name.endswith("_multi"):
            draft.choices.append(Choice(label(name), (name,), split="|"))
        elif "nps_segment" in name:
            draft.leave.append(name)
    status = look.named("e_status", "a_status", "e_response_status")
    _unanswered(draft, status)
    known = (("customer_no", look.named("e_customer_id", "e_customerid", "e_customer_no")),
             ("email", look.named("e_email", "e_customer_email")))  # fmt: skip
    return draft.plan(
        key=(look.named(*_ID),), when=(when,),
        who=tuple(Who(space, name) for space, name in known if name),
        partial=f"upper({cell(status)}) IN ('PARTIAL', 'INCOMPLETE')" if status else "",
        language=Value(look.named("e_language", "e_survey_language")),
    )  # fmt: skip


def _unanswered(draft: Draft, status: str) -> None:
    """Leave out invitations without an answer, each under its status."""
    if not status:
        return
    nothing = draft.nothing
    rows = draft.look.sql(f"SELECT DISTINCT {cell(status)} FROM file WHERE {nothing}")
    for (word,) in rows:
        if word:
            condition = f"{nothing} AND {cell(status)} = {literal(word)}"
            draft.left_out[f"never answered ({word})"] = condition


def _question(draft: Draft, name: str) -> None:
    """A question whose alias ends in what it is: scale11, scale5, cmt."""
    if name.endswith(("_cmt", "_txt", "_comment")):
        draft.write(name)
        return
    ends = stated_ends(name)
    values = draft.look.values(name)
    if ends:
        words = label(name) + (" recommend" if "ltr" in name.split("_") else "")
        scale = Scale(kind_of(words, *ends), *ends, missing=_MISSING)
        draft.score(name, label(name), scale, name, name)
    elif scale_found := scale_of(name.replace("_", " "), values):
        draft.score(name, label(name), scale_found, name, name)
        draft.assumed.append(f"{name} has answers to {scale_found.high:g}")
    else:
        draft.answered.append(name)


def label(alias: str) -> str:
    """Return an alias in words: q_ex_osat_scale5 is "osat"."""
    parts = [
        part for part in alias.split("_") if part not in _PARTS and not part.startswith("scale")
    ]
    return " ".join(parts) or quoted(alias)


PRESET = Preset("medallia", "Medallia feedback (CSV)", fits, plan)
