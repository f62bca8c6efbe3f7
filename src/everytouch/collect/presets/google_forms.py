"""Google Forms: responses downloaded as CSV, also through Sheets."""

import re

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.order import date_order
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Plan, Who
from everytouch.collect.mapping.sql import cell
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.people import email_of
from everytouch.collect.presets.sorting import sort_answers
from everytouch.collect.presets.survey import Draft

_TIMESTAMP = (
    "Timestamp",
    "Zeitstempel",
    "Horodateur",
    "Marca temporal",
    "Informazioni cronologiche",
)
_EMAIL = ("Email Address", "Username", "E-Mail-Adresse", "Nutzername", "Adresse e-mail",
          "Dirección de correo electrónico")  # fmt: skip
_SCORE = ("score", "total score", "punktzahl", "gesamtpunktzahl")
_DOWNLOADED = re.compile(
    r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2} (AM|PM|[ap]\.?m\.?) \S*|"
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4},? \d{1,2}:\d{2}:\d{2}( [AP]M)?", re.I,
)  # fmt: skip
_ROW = re.compile(r"(.*?)\s*\[(.*)\]", re.DOTALL)
_KEY = "row hash"


def fits(look: Look) -> bool:
    """Recognise the first column and how its times are written."""
    if not look.columns or look.columns[0].casefold() not in {one.casefold() for one in _TIMESTAMP}:
        return False
    times = look.values(look.columns[0], 20)
    return len(look.columns) > 1 and bool(times) and all(map(_DOWNLOADED.fullmatch, times))


def plan(look: Look, asked: Asked) -> Plan:
    """Return a response a row: it has no id, so the row itself is its identity."""
    draft = Draft(look, asked, "Google Forms responses", "google_forms")
    stamp, email = look.columns[0], email_of(look, *_EMAIL)
    order, certain = date_order(look.values(stamp))
    draft.formats[stamp] = ColumnFormat("time", order=order)
    if not certain:
        draft.assumed.append(f"dates are written {order.replace('-', ' ')}")
    grids: dict[str, list[str]] = {}
    for name in look.columns[1:]:
        if name != email and name.casefold() not in _SCORE:
            found = _ROW.fullmatch(name)
            grids.setdefault(found[1] if found else name, []).append(name)
    for names in grids.values():
        if not draft.rate(names, str):
            for name in names:
                sort_answers(draft, name, name, _split(look, name))
    cells = ", ".join(map(cell, look.columns))
    draft.replaced[_KEY] = f"md5(concat_ws(chr(31), {cells}))"
    return draft.plan(key=(_KEY,), when=(stamp,), who=(Who("email", email),) if email else ())


def _split(look: Look, name: str) -> str:
    """Choices are joined with semicolons in a download, with commas in a sheet."""
    return ";" if any(";" in value for value in look.values(name)) else ", "


PRESET = Preset("google_forms", "Google Forms responses (CSV)", fits, plan)
