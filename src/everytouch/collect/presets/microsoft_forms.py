"""Microsoft Forms: responses opened in Excel."""

import re

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.order import date_order
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Plan, Who
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.sorting import sort_answers
from everytouch.collect.presets.survey import Draft

_ID = ("ID", "Id")
_START = ("Start time", "Startzeit", "Heure de début", "Hora de inicio")
_END = ("Completion time", "Fertigstellungszeit", "Heure de fin", "Hora de finalización")
_EMAIL = ("Email", "E-Mail", "Adresse de messagerie", "Correo electrónico")
_OTHERS = ("Name", "Nom", "Nombre", "Last modified time", "Uhrzeit der letzten Änderung",
           "Zeitpunkt der letzten Änderung", "Language", "Sprache", "Total points", "Quiz feedback",
           "Grade posted time")  # fmt: skip
_STANDARD = frozenset(n.casefold() for names in (_ID, _START, _END, _EMAIL, _OTHERS) for n in names)
_AT_WORK = re.compile(
    r"your team|which team|department|colleague|your manager|supervisor|line manager|employer|"
    r"abteilung|kolleg|vorgesetz|welche[ms]? team|arbeitgeber|working here", re.I,
)  # fmt: skip
_NOT_AT_WORK = re.compile(r"friends?,?( family)? (or|and) colleague|freund.{0,20}kolleg", re.I)


def fits(look: Look) -> bool:
    """Recognise the columns before the questions."""
    return bool(look.named(*_ID) and look.named(*_START) and look.named(*_END))


def plan(look: Look, asked: Asked) -> Plan:
    """Return a response a row; ids count from 1 in every form, so the start time is part of it."""
    draft = Draft(look, asked, "Microsoft Forms responses", "microsoft_forms")
    start, end, email = look.named(*_START), look.named(*_END), look.named(*_EMAIL)
    order, certain = date_order(look.values(end))
    if order == "iso":  # dates of Excel; what was typed over them is written as in the U.S.
        order = "month-first"
    draft.formats[end] = ColumnFormat("time", order=order)
    if not certain:
        draft.assumed.append(f"dates are written {order.replace('-', ' ')}")
    draft.assumed.append(f"times without a zone are of {asked.timezone}")
    questions = [name for name in look.columns if name.casefold() not in _STANDARD]
    for name in questions:
        if not draft.rate([name], str):
            sort_answers(draft, name, name, ";")
    return draft.plan(
        key=(look.named(*_ID), start), when=(end,), party_kind=_party_kind(draft, questions),
        who=(Who("email", email),) if email else (),
    )  # fmt: skip


def _party_kind(draft: Draft, questions: list[str]) -> str:
    """Employees, where a question is about the place where people work."""
    for name in questions:
        if _AT_WORK.search(name) and not _NOT_AT_WORK.search(name):
            draft.assumed.append(f"employees answered, since a question is “{name}”")
            return "employee"
    return "customer"


PRESET = Preset("microsoft_forms", "Microsoft Forms responses (XLSX)", fits, plan)
