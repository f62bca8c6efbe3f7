"""Typeform: responses exported as CSV."""

import re

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Choice, Plan, Who
from everytouch.collect.mapping.sql import cell
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.people import email_of, phone_of
from everytouch.collect.presets.sorting import sort_answers
from everytouch.collect.presets.survey import Draft, one_of

_TIMES = ("Submit Date (UTC)", "Stage Date (UTC)", "Start Date (UTC)")
_STANDARD = frozenset(
    name.casefold()
    for name in ("#", *_TIMES, "Response Type", "Network ID", "Tags", "Ending", "Score", "Outcome")
)
_PIPED = re.compile(r",?\s*\{\{[^}]*\}\}")
_HIDDEN = re.compile(r"[a-z0-9_]+")
_OTHER = ("other", "andere", "anderes", "sonstiges", "autre", "otro", "otra")
_ORDERS = ("order_id", "order", "orderid", "order_no", "order_number")


def fits(look: Look) -> bool:
    """Recognise the columns around the questions."""
    return look.has("#", "Start Date (UTC)", "Submit Date (UTC)")


def plan(look: Look, asked: Asked) -> Plan:
    """Return a response a row; fields in small letters and underscores are hidden ones."""
    draft = Draft(look, asked, "Typeform responses", "typeform", once=True)
    times = tuple(look.named(name) for name in _TIMES if look.has(name))
    draft.formats |= {name: ColumnFormat("time", timezone="UTC") for name in times}
    email, phone = email_of(look), phone_of(look)
    skip = _STANDARD | {email.casefold(), phone.casefold()}
    chosen: list[str] = []
    for name in look.columns:
        values = look.values(name, 2)
        other = bool(chosen) and name.casefold() in _OTHER
        if other:
            draft.write(name)
        if name.casefold() in skip or other:
            continue
        if values == [name] or (chosen and not values and "?" not in name):
            chosen.append(name)
            continue
        chosen = _choices(draft, chosen)
        if not _HIDDEN.fullmatch(name):
            _question(draft, name)
    _choices(draft, chosen)
    if phone:
        draft.replaced[phone] = f"ltrim({cell(phone)}, '''')"
    order = look.named(*_ORDERS)
    return draft.plan(
        key=(look.named("#"),), when=times, zone="UTC", partial=_partial(look),
        who=tuple(Who(space, name) for space, name in (("email", email), ("phone", phone)) if name),
        objects=(("order", order),) if order else (),
    )  # fmt: skip


def _partial(look: Look) -> str:
    kind = look.named("Response Type")
    return one_of(kind, "partial") if kind else f"{cell(look.named(_TIMES[0]))} IS NULL"


def _choices(draft: Draft, names: list[str]) -> list[str]:
    """Columns of one question: the export does not say what was asked."""
    if names:
        draft.choose(Choice(" / ".join(names), tuple(names)))
    return []


def _question(draft: Draft, name: str) -> None:
    text = " ".join(_PIPED.sub("", name).split())
    if not draft.rate([name], lambda _: text):
        sort_answers(draft, name, text)


PRESET = Preset("typeform", "Typeform responses (CSV)", fits, plan)
