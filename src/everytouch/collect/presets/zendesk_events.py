"""Zendesk Support: the incremental export of ticket events, an audit of a ticket a record."""

from dataclasses import replace

from everytouch.collect.mapping.look import Look
from everytouch.collect.mapping.members import member
from everytouch.collect.mapping.model import Mapping, Plan, Question, Value, Who
from everytouch.collect.presets.base import Asked, Preset
from everytouch.collect.presets.support import by_channel
from everytouch.collect.presets.zendesk import RATING, SOURCE, USER, rated
from everytouch.collect.source import LeftOut

TWICE = "the same audit twice"
PRIVATE = "private notes"
CREATED, SOLVED = "tickets created", "tickets solved"
OTHER = "other changes and notifications"
EARLIER = "earlier ratings of the same ticket"

_COMMENT = "kind IN ('Comment', 'VoiceComment')"
_RATING = "rating IS NOT NULL"
_REMARK = "remark IS NOT NULL"
_CUSTOMER = "coalesce(asked_by, updater_id)"
_PARTS = {
    "kind": member("child", "event_type"),
    "part_id": member("child", "id"),
    "public": member("child", "public"),
    "author": f"coalesce({member('child', 'author_id')}, updater_id)",
    "body": member("child", "body"),
    "status": member("child", "status"),
    "rating": rated(member("child", "satisfaction_score")),
    "remark": member("child", "satisfaction_comment"),
    "call_s": member("child", "data", "call_duration"),
    "asked_by": member("child", "requester_id"),
}


def fits(look: Look) -> bool:
    """Recognise audits with child events."""
    return look.has("ticket_id", "updater_id", "child_events", "event_type")


def plan(look: Look, _asked: Asked) -> Plan:
    """Return a public comment or call as an interaction, and a rating as a response.

    The customer of a ticket is who created it. What an agent writes is an interaction of that
    customer with the agent.
    """
    touchpoint, points = by_channel("coalesce(t.way, p.via)", look.values("via"))
    comment = Mapping(
        table="comments",
        columns=("audit", "from", "via", "body", "ticket_status"),
        id=("comment_id",),
        when=("created_at",),
        who=(Who(USER, "requester"), Who("zendesk_ticket", "unknown_requester")),
        interaction=True,
        touchpoint=Value("touchpoint"),
        about="touchpoint",
        outcome=Value("ticket_status"),
        duration="call_s",
        counterpart=Who(USER, "agent"),
        objects=(("ticket", "ticket_id"),),
    )
    response = replace(
        comment,
        table="ratings",
        id=("rating_id",),
        columns=("audit", "via"),
        interaction=False,
        outcome=Value(),
        duration="",
        counterpart=None,
        questions=(Question("rating", RATING.name, id="rating_id"),),
        text=("last_remark",),
    )
    return Plan(
        title="Zendesk ticket events",
        source=SOURCE,
        timezone="UTC",
        inputs=(replace(look.given, name="events"),),
        mappings=(comment, response),
        tables=_tables(touchpoint),
        left_out=_left_out(),
        touchpoints=points,
        instruments=(RATING,),
        assumed=(
            "Who created a ticket is its customer; what others write in it is from agents.",
            "A rating has the same id as in an export of tickets, so it counts once.",
        ),
    )


def _tables(touchpoint: str) -> tuple[tuple[str, str], ...]:
    parts = ", ".join(f"{sql} AS {name}" for name, sql in _PARTS.items())
    people = (
        "p.*, p.id AS audit, t.requester, "
        "CASE WHEN t.requester IS NULL THEN p.ticket_id END AS unknown_requester, "
        f"{touchpoint} AS touchpoint"
    )
    joined = "FROM parts p LEFT JOIN tickets t ON t.ticket = p.ticket_id"
    status = "SELECT id AS audit_id, max(status) AS ticket_status FROM parts GROUP BY id"
    latest = "row_number() OVER (PARTITION BY p.ticket_id ORDER BY created_at DESC, place DESC) = 1"
    first = "row_number() OVER (PARTITION BY id ORDER BY place) = 1"
    tables = {
        "numbered": "SELECT *, row_number() OVER () AS place FROM events",
        "audits": f"SELECT * FROM numbered QUALIFY {first}",
        "children": "SELECT *, unnest(from_json(child_events, '[\"JSON\"]')) AS child FROM audits",
        "parts": f"SELECT id, ticket_id, created_at, via, updater_id, place, {parts} FROM children",
        "tickets": f"SELECT ticket_id AS ticket, arg_min({_CUSTOMER}, place) AS requester, "
        "arg_min(via, place) AS way FROM parts WHERE kind = 'Create' GROUP BY ticket_id",
        "comments": f"SELECT {people}, s.ticket_status, 'comment:' || p.part_id AS comment_id, "
        "CASE WHEN p.author = t.requester THEN 'customer' "
        "WHEN t.requester IS NOT NULL THEN 'agent' END AS \"from\", "
        "CASE WHEN p.author <> t.requester THEN p.author END AS agent "
        f"{joined} LEFT JOIN ({status}) s ON s.audit_id = p.id "
        f"WHERE {_COMMENT} AND public = 'true'",
        "remarks": "SELECT ticket_id AS about, arg_max(remark, (created_at, place)) AS last_remark "
        f"FROM parts WHERE {_REMARK} GROUP BY ticket_id",
        "ratings": f"SELECT {people}, r.last_remark, 'rating:' || p.ticket_id AS rating_id "
        f"{joined} LEFT JOIN remarks r ON r.about = p.ticket_id WHERE {_RATING} "
        f"QUALIFY {latest}",
    }
    return tuple(tables.items())


def _left_out() -> tuple[LeftOut, ...]:
    note = f"{_COMMENT} AND public IS DISTINCT FROM 'true'"
    solved = "kind = 'Change' AND status = 'solved'"
    known = f"({_COMMENT}) OR kind = 'Create' OR ({solved}) OR {_RATING} OR {_REMARK}"
    counts = {
        TWICE: "SELECT (SELECT count(*) FROM numbered) - (SELECT count(*) FROM audits)",
        PRIVATE: f"SELECT count(*) FROM parts WHERE {note}",
        CREATED: "SELECT count(*) FROM parts WHERE kind = 'Create'",
        SOLVED: f"SELECT count(*) FROM parts WHERE {solved}",
        OTHER: f"SELECT count(*) FROM parts WHERE NOT coalesce({known}, false)",
        EARLIER: f"SELECT (SELECT count(*) FROM parts WHERE {_RATING}) "
                 "- (SELECT count(*) FROM ratings)",
    }  # fmt: skip
    return tuple(LeftOut(reason, sql) for reason, sql in counts.items())


PRESET = Preset("zendesk_events", "Zendesk ticket events (JSON)", fits, plan)
