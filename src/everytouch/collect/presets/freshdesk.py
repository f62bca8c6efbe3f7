"""Freshdesk: tickets, exported as CSV."""

from dataclasses import replace

from everytouch.catalogue.api import Instrument
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.columns.written import order_of
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value, Who
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.support import by_channel
from everytouch.collect.source import LeftOut

RATING = Instrument("freshdesk_rating", "Freshdesk satisfaction survey", "mean", 1, 7)
SPAM = "tickets of the type Spam"
_STEPS = (
    ("Extremely Unhappy", "Äußerst unzufrieden", "Extrem unzufrieden"),
    ("Very Unhappy", "Sehr unzufrieden"),
    ("Unhappy", "Unzufrieden"),
    ("Neutral",),
    ("Happy", "Zufrieden"),
    ("Very Happy", "Sehr zufrieden"),
    ("Extremely Happy", "Äußerst zufrieden", "Extrem zufrieden"),
)
_ANSWERS = {label: str(step) for step, labels in enumerate(_STEPS, 1) for label in labels}
_TIMES = ("Created time", "Due by Time", "Resolved time", "Closed time", "Last update time",
          "Initial response time")  # fmt: skip
_LENGTHS = {
    "first_response_s": "First response time (in hrs)",
    "resolution_s": "Resolution time (in hrs)",
    "tracked_s": "Time tracked",
}


def fits(look: Look) -> bool:
    """Recognise the columns that every export of tickets has."""
    return look.has("Ticket ID", "Created time", "Status", "Source") and (
        look.has("Survey results") or look.has("Contact ID") or look.has("Resolution time (in hrs)")
    )


def plan(look: Look, asked: Asked) -> Plan:
    """Return a ticket as an interaction, and an answered survey as a response.

    Durations are seconds under names that say so. A rating has no time in this export: the ticket
    was resolved when the customer was asked.
    """
    touchpoint, points = by_channel(look.cell("Source"), look.values(look.named("Source")))
    lengths = {name: look.named(column) for name, column in _LENGTHS.items() if look.has(column)}
    made = {name: look.cell(column) for name, column in lengths.items()}
    made |= {"touchpoint": touchpoint, "rated_at": _rated_at(look)}
    added = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    spam = f"lower(trim({look.cell('Type')})) = 'spam'"
    ticket = Mapping(
        table="tickets",
        columns=(*look.columns, *lengths),
        id=(look.named("Ticket ID"),),
        when=(look.named("Created time"),),
        who=_who(look),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        outcome=Value(look.named("Status")),
        duration="resolution_s" if "resolution_s" in lengths else "",
        due=look.named("Due by Time"),
        counterpart=Who("agent", look.named("Agent")) if look.has("Agent") else None,
        objects=(("ticket", look.named("Ticket ID")),),
        leave=tuple(lengths.values()),
        only=f"NOT coalesce({spam}, false)",
    )
    response = replace(
        ticket,
        columns=tuple(filter(None, (look.named("Group"), look.named("Product")))),
        interaction=False,
        questions=(Question(look.named("Survey results"), RATING.name, when="rated_at"),),
    )
    return Plan(
        title="Freshdesk tickets",
        source="freshdesk",
        timezone=asked.timezone,
        inputs=(replace(look.given, name="given", columns=_formats(look)),),
        mappings=(ticket, response) if look.has("Survey results") else (ticket,),
        tables=(("tickets", f"SELECT *, {added} FROM given"),),
        left_out=(LeftOut(SPAM, f"SELECT count(*) FROM given WHERE {spam}"),),
        touchpoints=points,
        instruments=(RATING,),
        assumed=(
            "Tickets of the type Spam are left out.",
            "The export does not say when a ticket was rated: the time it was resolved is taken.",
        ),
    )  # fmt: skip


def _rated_at(look: Look) -> str:
    times = ", ".join(
        look.cell(name)
        for name in ("Resolved time", "Closed time", "Last update time", "Created time")
        if look.has(name)
    )
    return f"coalesce({times})"


def _who(look: Look) -> tuple[Who, ...]:
    given = {
        "email": look.named("Email", "Contact email", "Requester email"),
        "phone": look.named("Work phone", "Mobile phone", "Phone"),
        "freshdesk_contact": look.named("Contact ID"),
    }
    return tuple(Who(space, column) for space, column in given.items() if column)


def _formats(look: Look) -> dict[str, ColumnFormat]:
    created = look.values(look.named("Created time"))
    time = ColumnFormat("time", order=order_of(created, "month-first"))
    found = {look.named(name): time for name in _TIMES if look.has(name)}
    duration = ColumnFormat("duration", unit="hours")
    found |= {look.named(name): duration for name in _LENGTHS.values() if look.has(name)}
    if look.has("Survey results"):
        missing = ("Not responded", "No response", "-", "--")
        found[look.named("Survey results")] = ColumnFormat(
            "choice", answers=_ANSWERS, missing=missing
        )
    return found


PRESET = Preset("freshdesk", "Freshdesk tickets (CSV)", fits, plan)
