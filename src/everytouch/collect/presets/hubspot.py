"""HubSpot: contacts, exported as CSV, in English or German."""

import re
from dataclasses import replace

from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.written import decimal_of, order_of
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Who
from everytouch.collect.presets.base import Asked, Preset

_ID = ("Record ID", "Contact ID", "Datensatz-ID", "Record ID - Contact")
_EMAIL = ("Email", "E-Mail", "E-Mail-Adresse")
_PHONE = ("Phone Number", "Telefonnummer")
_CREATED = ("Create Date", "Erstelldatum", "Erstellungsdatum")
_KNOWN = ("Lifecycle Stage", "Lifecycle-Phase", "Lead Status", "Lead-Status",
          "Marketing contact status", "Marketingkontaktstatus")  # fmt: skip
_MONEY = re.compile(r"revenue|amount|umsatz|betrag", re.IGNORECASE)
_MOST = 20  # e-mail addresses of a contact


def fits(look: Look) -> bool:
    """Recognise contacts by their record and lifecycle."""
    return bool(look.named(*_ID) and look.named(*_KNOWN) and look.named(*_CREATED))


def plan(look: Look, asked: Asked) -> Plan:
    """Return what is known of a contact as traits, and its identifiers as links.

    A score such as ``NPS (last)`` is a trait, too: it has no time of its own.
    """
    email, phone, created = look.cell(*_EMAIL), look.cell(*_PHONE), look.named(*_CREATED)
    counted = f"SELECT coalesce(max(len(string_split({email}, ';'))), 0) FROM file"
    places = range(1, min(_MOST, look.sql(counted)[0][0]) + 1)
    made = {f"email_{n}": f"CASE WHEN {_part(email, n)} LIKE '%_@_%' THEN {_part(email, n)} END"
            for n in places}  # fmt: skip
    made["own_phone"] = f"CASE WHEN regexp_matches({phone}, '([0-9][^0-9]*){{5}}') THEN {phone} END"
    identifiers = {look.named(*names) for names in (_ID, _EMAIL, _PHONE, _CREATED)}
    formats = {created: ColumnFormat("time", order=order_of(look.values(created), "month-first"))}
    for name in look.columns:
        if _MONEY.search(name) and (values := look.values(name)):
            formats[name] = ColumnFormat("number", decimal=decimal_of(values))
    contact = Mapping(
        table="contacts",
        columns=look.columns,
        id=(look.named(*_ID),),
        when=(created,),
        who=(
            Who("hubspot_contact", look.named(*_ID)),
            *(Who("email", f"email_{n}") for n in places),
            Who("phone", "own_phone"),
        ),
        traits=tuple(name for name in look.columns if name not in identifiers),
        links=True,
    )
    added = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    return Plan(
        title="HubSpot contacts",
        source="hubspot",
        timezone=asked.timezone,
        inputs=(replace(look.given, name="given", columns=formats),),
        mappings=(contact,),
        tables=(("contacts", f"SELECT *, {added} FROM given"),),
        assumed=(
            "Traits hold since a contact was created: the export has no other time for them.",
            "Contacts with the same e-mail address or phone number are one person.",
        ),
    )


def _part(cell: str, number: int) -> str:
    return f"trim(split_part({cell}, ';', {number}))"


PRESET = Preset("hubspot", "HubSpot contacts (CSV)", fits, plan)
