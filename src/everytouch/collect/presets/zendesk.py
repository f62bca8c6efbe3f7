"""Zendesk Support: tickets of its API, with the users beside them."""

from dataclasses import replace

from everytouch.catalogue.api import Instrument
from everytouch.collect.mapping.look import Look, looking
from everytouch.collect.mapping.members import member
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value, Who
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.support import by_channel
from everytouch.collect.source import Input

SOURCE = "zendesk"
USER = "zendesk_user"
RATING = Instrument("zendesk_rating", "Zendesk rating (good or bad)", "mean", 0, 1)


def fits(look: Look) -> bool:
    """Recognise a page of tickets, or a list of them."""
    if look.has("requester_id", "via", "ticket_form_id", "assignee_id"):
        return True
    if not look.has("tickets") or look.size != 1:
        return False
    found = look.sql(
        "SELECT contains(tickets, '\"requester_id\"') AND contains(tickets, '\"via\"') FROM file"
    )
    return bool(found[0][0])


def plan(look: Look, asked: Asked) -> Plan:
    """Return a ticket as an interaction, and a good or bad rating as a response."""
    if not look.has("tickets"):
        return _plan(look, replace(look.given, name="tickets"), None, NOBODY)
    tickets = replace(look.given, name="tickets", records="tickets")
    users = replace(look.given, name="users", records="users") if look.has("users") else None
    people = NOBODY
    if users:
        with looking(users, look.settings, asked.timezone) as beside:
            people = (
                f"SELECT id AS user_id, any_value({beside.cell('email')}) AS email, "
                f"any_value({beside.cell('phone')}) AS phone FROM users GROUP BY id"
            )
    with looking(tickets, look.settings, asked.timezone) as inside:
        return _plan(inside, tickets, users, people)


NOBODY = "SELECT NULL::VARCHAR AS user_id, NULL::VARCHAR AS email, NULL::VARCHAR AS phone"


def rated(score: str) -> str:
    """Return SQL of a rating: 1 for good, 0 for bad, nothing where none was given."""
    return f"CASE WHEN {score} LIKE 'good%' THEN '1' WHEN {score} LIKE 'bad%' THEN '0' END"


def _plan(look: Look, tickets: Input, users: Input | None, people: str) -> Plan:
    channel = member(look.cell("via"), "channel")
    found = look.sql(f"SELECT DISTINCT {channel} FROM file WHERE {channel} IS NOT NULL ORDER BY 1")
    touchpoint, points = by_channel(channel, [row[0] for row in found])
    made = _made(look, touchpoint)
    ticket = Mapping(
        table="requested",
        columns=(*look.columns,),
        id=("id",),
        when=("created_at",),
        who=(Who("email", "requester_email"), Who("phone", "requester_phone"),
             Who(USER, "requester_id")),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        outcome=Value("status"),
        due=look.named("due_at"),
        counterpart=Who(USER, "assignee_id"),
        objects=(("ticket", "id"),),
        leave=("url",),
        nested=look.nested,
    )  # fmt: skip
    response = replace(
        ticket,
        columns=("rating_reason",),
        interaction=False,
        questions=(Question("rating", RATING.name, when="rated_at", id="rating_id"),),
        text=("rating_comment",),
        nested=(),
    )
    added = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    requested = f"SELECT tickets.*, {added} FROM tickets LEFT JOIN people ON user_id = requester_id"
    return Plan(
        title="Zendesk tickets",
        source=SOURCE,
        timezone="UTC",
        inputs=(tickets, users) if users else (tickets,),
        mappings=(ticket, response),
        tables=(("people", people), ("requested", requested)),
        touchpoints=points,
        instruments=(RATING,),
        assumed=("A ticket does not say when it was rated: the time of its last update is taken.",),
    )


def _made(look: Look, touchpoint: str) -> dict[str, str]:
    rating = look.cell("satisfaction_rating")
    return {
        "touchpoint": touchpoint,
        "requester_email": "people.email",
        "requester_phone": "people.phone",
        "rating": rated(member(rating, "score")),
        "rating_comment": member(rating, "comment"),
        "rating_reason": member(rating, "reason"),
        "rating_id": "'rating:' || tickets.id",
        "rated_at": look.cell("updated_at", "created_at"),
    }


PRESET = Preset("zendesk_tickets", "Zendesk tickets (JSON)", fits, plan)
