"""Tickets, calls, payments, orders and contacts of known tools."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.files.measuring import FILES, Check, Imported, check, imported


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    """A file of one's own."""
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def properties(
    file: Imported, kind: str = "interactions", where: str = "true"
) -> list[dict[str, Any]]:
    """Properties of the moments of a kind, in order of time."""
    return [json.loads(row["properties"] or "{}") for row in file.rows(kind, where=where)]


def edges(kind: str) -> dict[str, Check]:
    """First and last time of one kind of moments, where others have a time of their own."""
    return {
        "first_utc": lambda f: f.one(kind, "min(occurred_at)"),
        "last_utc": lambda f: f.one(kind, "max(occurred_at)"),
    }


def counted(file: Imported, kind: str, column: str) -> dict[str, int]:
    """How many moments have each value of a column."""
    return dict(sorted(Counter(row[column] for row in file.rows(kind)).items()))


@pytest.mark.data
def test_zendesk_tickets(tmp_path):
    def not_ratings(file: Imported) -> dict[str, int]:
        scores = [(one.get("satisfaction_rating") or {}).get("score") for one in properties(file)]
        return dict(Counter(s or "null" for s in scores if s not in ("good", "bad")))

    def channels(file: Imported) -> dict[str, int]:
        return dict(Counter(one["via"]["channel"] for one in properties(file)))

    own = edges("interactions") | {
        "records": lambda f: f.receipt.counts["interactions"].received,
        "csat_good": lambda f: f.answers("zendesk_rating").count(1),
        "csat_bad": lambda f: f.answers("zendesk_rating").count(0),
        "csat_percent_good": lambda f: 100 * f.mean("zendesk_rating")["mean"],
        "not_ratings": not_ratings,
        "by_channel": channels,
    }
    file = imported("zendesk_tickets.json", tmp_path, "UTC")
    check(file, "zendesk_tickets.json", own, frozenset())
    assert file.workspace.quarantine() == ()


@pytest.mark.data
def test_zendesk_events(tmp_path):
    def kept(file: Imported) -> int:
        audits = {
            one["audit"] for k in ("interactions", "perceptions") for one in properties(file, k)
        }
        alone = file.receipt.left_out["private notes"] + 1  # and the rule's notification
        return len(audits) + alone

    def left_out(file: Imported) -> dict[str, int]:
        return {"the same event twice (same id)": file.receipt.left_out["the same audit twice"]}

    def sides(file: Imported) -> dict[str, int]:
        found = Counter(one["from"] for one in properties(file))
        return {"from customers": found["customer"], "from agents": found["agent"]}

    def ratings(file: Imported) -> dict[str, int]:
        given = file.answers("zendesk_rating")
        return {"good": given.count(1), "bad": given.count(0)}

    own = {
        "records": lambda f: kept(f) + f.receipt.left_out["the same audit twice"],
        "kept": kept,
        "left_out": left_out,
        "public_comments": sides,
        "private_notes": lambda f: f.receipt.left_out["private notes"],
        "tickets_created": lambda f: f.receipt.left_out["tickets created"],
        "tickets_solved": lambda f: f.receipt.left_out["tickets solved"],
        "ratings": ratings,
    }
    file = imported("zendesk_events.ndjson", tmp_path, "UTC")
    check(file, "zendesk_events.ndjson", own, frozenset())
    assert file.receipt.left_out["other changes and notifications"] == 2


@pytest.mark.data
@pytest.mark.parametrize(
    "order", [("tickets.json", "events.ndjson"), ("events.ndjson", "tickets.json")]
)
def test_zendesk_ratings_count_once_with_tickets_and_events(tmp_path, order):
    first = imported(f"zendesk_{order[0]}", tmp_path, "UTC")
    plan = first.workspace.recognise(FILES / f"zendesk_{order[1]}")
    first.workspace.import_plan(plan)
    assert sorted(first.answers("zendesk_rating")) == [0, 1, 1, 1]
    assert first.parties == 7  # comments join the people of the tickets


ZENDESK = {
    "count": 3,
    "tickets": [
        {"id": 11, "created_at": "2025-05-01T10:00:00Z", "updated_at": "2025-05-02T10:00:00Z",
         "via": {"channel": "whatsapp"}, "requester_id": 71, "assignee_id": None,
         "status": "solved", "subject": "[URGENT] Ladder",
         "satisfaction_rating": {"score": "bad", "comment": "Late"}},
        {"id": 12, "created_at": "2025-05-01T11:00:00Z", "updated_at": "2025-05-03T10:00:00Z",
         "via": {"channel": "email"}, "requester_id": 72, "assignee_id": 90, "status": "closed",
         "subject": "Nails", "satisfaction_rating": {"score": "good"}, "tags": ["nails"]},
        {"id": 13, "created_at": "2025-05-02T11:00:00Z", "updated_at": "2025-05-02T11:00:00Z",
         "via": {"channel": "fax"}, "requester_id": 71, "assignee_id": 90, "status": "open"},
    ],
    "users": [{"id": 71, "email": "lu@example.com"}, {"id": 72, "email": None}],
}  # fmt: skip


def test_zendesk_tickets_of_another_account(tmp_path):
    file = imported(written(tmp_path, "page.json", json.dumps(ZENDESK)), tmp_path)
    assert counted(file, "interactions", "touchpoint") == {
        "support_email": 1, "support_fax": 1, "support_whatsapp": 1,
    }  # fmt: skip
    assert file.answers("zendesk_rating") == [0, 1]
    assert file.texts() == 1
    assert file.parties == 2
    assert properties(file)[0]["subject"] == "[URGENT] Ladder"
    assert properties(file)[1]["tags"] == ["nails"]


@pytest.mark.parametrize("listed", ["array", "lines", "one key"])
def test_zendesk_tickets_without_users(tmp_path, listed):
    tickets = [one | {"ticket_form_id": 1} for one in ZENDESK["tickets"]]
    text = {
        "array": json.dumps(tickets),
        "lines": "\n".join(map(json.dumps, tickets)),
        "one key": json.dumps({"tickets": tickets, "count": 3}),
    }[listed]
    file = imported(written(tmp_path, "tickets.json", text), tmp_path)
    assert [row["namespace"] for row in file.rows("interactions")] == ["zendesk_user"] * 3
    assert file.parties == 2


def test_zendesk_events_whose_ticket_was_created_before(tmp_path):
    def audit(number: int, ticket: int, author: int, *children: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": number, "ticket_id": ticket, "timestamp": 1746093600 + number,
            "created_at": f"2025-05-01T10:00:{number:02}Z", "updater_id": author, "via": "Mail",
            "event_type": "Audit", "child_events": list(children),
        }  # fmt: skip

    said = {"id": 1, "event_type": "Comment", "public": True, "body": "Hello"}
    created = {"id": 3, "event_type": "Create", "requester_id": 8, "via": "Chat"}
    lines = [
        audit(1, 5, 7, said),
        audit(2, 6, 90, created, said | {"id": 4, "author_id": 90}),
        audit(3, 6, 8, {"id": 5, "event_type": "Change", "satisfaction_score": "bad"}),
        audit(4, 6, 8, {"id": 6, "event_type": "Change", "satisfaction_score": "good"}),
    ]
    path = written(tmp_path, "events.ndjson", "\n".join(map(json.dumps, lines)))
    file = imported(path, tmp_path)
    rows = file.rows("interactions")
    assert [(r["namespace"], r["identifier"], r["counterpart"]) for r in rows] == [
        ("zendesk_ticket", "5", None), ("zendesk_user", "8", "90"),
    ]  # fmt: skip
    assert file.answers("zendesk_rating") == [1]
    assert file.receipt.left_out["earlier ratings of the same ticket"] == 1


@pytest.mark.data
def test_intercom(tmp_path):
    def share(file: Imported) -> float:
        given = file.answers("intercom_rating")
        return 100 * sum(one >= 4 for one in given) / len(given)

    def middle(file: Imported) -> list[int]:
        waited = sorted(
            int(one["time_to_admin_reply_s"])
            for one in properties(file)
            if "time_to_admin_reply_s" in one
        )
        half = len(waited) // 2
        return waited[half - 1 : half + 1]

    own = edges("interactions") | {
        "records": lambda f: f.receipt.counts["interactions"].received,
        "csat_1_to_5": lambda f: f.mean("intercom_rating"),
        "csat_4_and_5_percent": share,
        "median_time_to_admin_reply_s": middle,
        "last_rating_utc": lambda f: f.one("perceptions", "max(occurred_at)"),
    }
    file = imported("intercom_conversations.ndjson", tmp_path, "UTC")
    check(file, "intercom_conversations.ndjson", own, frozenset())
    assert file.workspace.quarantine() == ()


def test_intercom_conversation_that_staff_began(tmp_path):
    talk = {
        "id": 5, "created_at": 1746093600, "state": "open", "admin_assignee_id": 3,
        "contacts": {"contacts": [{"id": "c1", "external_id": None}]},
        "source": {"type": "email", "author": {"type": "admin", "id": "3", "email": "a@b.org"}},
        "statistics": {"time_to_admin_reply": None},
        "conversation_rating": {"rating": None, "remark": None, "created_at": None},
    }  # fmt: skip
    rated = {"rating": 2, "remark": "no", "created_at": 1746180000}
    lines = [talk, talk | {"id": 6, "conversation_rating": rated}]
    path = written(tmp_path, "talks.json", json.dumps({"conversations": lines}))
    file = imported(path, tmp_path)
    assert counted(file, "interactions", "touchpoint") == {"support_email": 2}
    rows = file.rows("interactions")
    assert {(row["namespace"], row["identifier"], row["counterpart"]) for row in rows} == {
        ("intercom_contact", "c1", "3"),
    }
    assert file.answers("intercom_rating") == [2]
