"""Intercom: conversations of its API."""

from dataclasses import replace

from everytouch.catalogue.api import Instrument
from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.members import member
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value, Who
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.support import by_channel
from everytouch.collect.source import LeftOut

RATING = Instrument("intercom_rating", "Conversation rating in Intercom", "csat", 1, 5)
MESSAGES = "later messages of a conversation"
_ADMIN = "intercom_admin"


def fits(look: Look) -> bool:
    """Recognise conversations with their parts."""
    return look.has("contacts", "source", "admin_assignee_id", "conversation_rating", "statistics")


def plan(look: Look, _asked: Asked) -> Plan:
    """Return a conversation as an interaction, and its rating as a response of its own time."""
    way = f"coalesce({member('source', 'type')}, 'conversation')"
    found = look.sql(f"SELECT DISTINCT {way} FROM file ORDER BY 1")
    touchpoint, points = by_channel(way, [row[0] for row in found])
    made = _made() | {"touchpoint": touchpoint}
    conversation = Mapping(
        table="conversations",
        columns=(*look.columns, "time_to_admin_reply_s"),
        id=("id",),
        when=("began",),
        who=(Who("user_id", "external_id"), Who("email", "contact_email"),
             Who("intercom_contact", "contact_id")),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        outcome=Value(look.named("state")),
        duration="time_to_first_close_s",
        counterpart=Who(_ADMIN, "admin_assignee_id"),
        objects=(("conversation", "id"),),
        leave=("created_at", "conversation_parts"),
        nested=tuple(name for name in look.nested if name != "conversation_parts"),
    )  # fmt: skip
    response = replace(
        conversation,
        columns=("state",) if look.has("state") else (),
        interaction=False,
        outcome=Value(),
        questions=(Question("rating", RATING.name, when="rated_at"),),
        text=("remark",),
        nested=(),
    )
    added = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    return Plan(
        title="Intercom conversations",
        source="intercom",
        timezone="UTC",
        inputs=(replace(look.given, name="given"),),
        mappings=(conversation, response),
        tables=(("conversations", f"SELECT *, {added} FROM given"),),
        left_out=(
            LeftOut(
                MESSAGES, f"SELECT CAST(coalesce(sum({_later(look)}), 0) AS BIGINT) FROM given"
            ),
        ),
        touchpoints=points,
        instruments=(RATING,),
        assumed=("The first contact of a conversation is its customer.",),
    )


def _later(look: Look) -> str:
    parts = f"json_extract({look.cell('conversation_parts')}, '$.conversation_parts')"
    return f"coalesce(json_array_length({parts}), 0)"


def _made() -> dict[str, str]:
    contact = member("contacts", "contacts", 0, "id")
    author = member("source", "author", "id")
    by_contact = f"{author} = {contact} OR {contact} IS NULL"
    not_staff = f"{member('source', 'author', 'type')} NOT IN ('admin', 'bot')"
    return {
        "began": _time("created_at"),
        "external_id": member("contacts", "contacts", 0, "external_id"),
        "contact_id": f"coalesce({contact}, CASE WHEN {not_staff} THEN {author} END)",
        "contact_email": f"CASE WHEN {not_staff} AND ({by_contact}) "
                         f"THEN {member('source', 'author', 'email')} END",
        "rating": member("conversation_rating", "rating"),
        "remark": member("conversation_rating", "remark"),
        "rated_at": _time(member("conversation_rating", "created_at")),
        "time_to_admin_reply_s": member("statistics", "time_to_admin_reply"),
        "time_to_first_close_s": member("statistics", "time_to_first_close"),
    }  # fmt: skip


def _time(seconds: str) -> str:
    return f"to_timestamp(TRY_CAST({seconds} AS BIGINT))"


PRESET = Preset("intercom", "Intercom conversations (JSON)", fits, plan)
