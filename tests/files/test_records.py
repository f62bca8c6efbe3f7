"""Tickets, calls, payments, orders and contacts of known tools."""

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from everytouch.collect.api import Plan
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
    check(file, "zendesk_tickets.json", own, set())
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
    check(file, "zendesk_events.ndjson", own, set())
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
    check(file, "intercom_conversations.ndjson", own, set())
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


def by_currency(
    file: Imported, columns: tuple[str, ...], currency: str, where: str = "true"
) -> dict[str, str]:
    """Sums of properties by the currency in another property, the first less the others."""
    found: dict[str, Decimal] = {}
    for one in properties(file, where=where):
        first, *others = (Decimal(one.get(column, "0")) for column in columns)
        code = one[currency].upper()
        found[code] = found.get(code, Decimal(0)) + first - sum(others)
    return {code: str(value) for code, value in found.items() if value}


def seconds(file: Imported, name: str) -> int:
    """Sum of a property in seconds."""
    return sum(int(one.get(name, "0")) for one in properties(file))


HAPPINESS = ("Extremely Unhappy", "Very Unhappy", "Unhappy", "Neutral", "Happy", "Very Happy",
             "Extremely Happy")  # fmt: skip


@pytest.mark.data
def test_freshdesk(tmp_path):
    def ratings(file: Imported) -> dict[str, int]:
        return dict(Counter(HAPPINESS[int(one) - 1] for one in file.answers("freshdesk_rating")))

    def left_out(file: Imported) -> dict[str, int]:
        reason = "spam (by a rule the user sets; all 8 come in without it)"
        return {reason: file.receipt.left_out["tickets of the type Spam"]}

    own = edges("interactions") | {
        "records": lambda f: f.receipt.counts["interactions"].received + 1,
        "kept": lambda f: f.receipt.counts["interactions"].stored,
        "left_out": left_out,
        "ratings": ratings,
        "happiness_1_to_7": lambda f: f.mean("freshdesk_rating"),
        "longest_resolution_s": lambda f: f.one("interactions", "max(duration_s)"),
        "sum_first_response_s": lambda f: seconds(f, "first_response_s"),
    }
    check(imported("freshdesk_tickets.csv", tmp_path), "freshdesk_tickets.csv", own, {"zone"})


@pytest.mark.data
def test_freshdesk_without_the_rule_for_spam(tmp_path):
    def all_of_them(plan: Plan) -> Plan:
        return plan.changed(
            mappings=tuple(replace(one, only="") for one in plan.mappings), left_out=()
        )

    file = imported("freshdesk_tickets.csv", tmp_path, change=all_of_them)
    assert file.one("interactions", "count(*)") == 8
    assert file.workspace.quarantine() == ()


def test_freshdesk_of_another_account(tmp_path):
    text = (
        "Status,Ticket ID,Created time,Source,Survey results,Contact ID,Resolution time (in hrs)\n"
        "Closed,9,05/13/2025 10:30 AM,Twitter,Sehr zufrieden,77,1.5\n"
        "Closed,10,05/02/2025 11:30 PM,Email,Splendid,78,26:00:00\n"
    )
    file = imported(written(tmp_path, "tickets.csv", text), tmp_path, "UTC")
    assert [r["duration_s"] for r in file.rows("interactions")] == [93_600, 5_400]
    assert file.answers("freshdesk_rating") == [6]
    (held,) = file.workspace.quarantine()
    assert "'Splendid' is not one of the answers" in held.reason


@pytest.mark.data
def test_salesforce(tmp_path):
    footer = "lines of the footer (4 of text, 1 of totals, and empty ones)"
    own = {
        "records": lambda f: f.receipt.total.received + f.receipt.left_out["lines of the footer"],
        "kept": lambda f: f.receipt.total.stored,
        "left_out": lambda f: {footer: f.receipt.left_out["lines of the footer"]},
        "amount_all": lambda f: by_currency(f, ("Betrag",), "Betrag Währung"),
        "amount_won": lambda f: {"EUR": f"{f.total():.2f}"},
        "outcomes": lambda f: counted(f, "interactions", "outcome"),
    }
    file = imported("salesforce_report.csv", tmp_path)
    check(file, "salesforce_report.csv", own, {"zone"})
    assert file.workspace.quarantine() == ()
    assert {row["party_kind"] for row in file.rows("interactions")} == {"account"}


def test_salesforce_in_english_with_a_padded_footer_and_a_torn_row(tmp_path):
    text = (
        "Account Name,Opportunity Name,Stage,Amount,Created Date,Probability (%)\n"
        'Nord Ltd,Boats,Signed,"1,250.50",3/14/2025,100\n'
        "Süd Ltd,Torn\n"
        'Süd Ltd,Oars,Closed Lost,"9,000.00",3/5/2025,0\n'
        "Grand Totals (2 records),,,,,\n"
        "\n"
        "Copyright (c) Example\n"
        "Two,values\n"
    )
    file = imported(written(tmp_path, "report.csv", text), tmp_path, "UTC")
    assert file.total() == Decimal("1250.50")
    assert file.receipt.left_out == {"lines of the footer": 2}
    assert {row.row["text"] for row in file.workspace.quarantine()} == {
        "Süd Ltd,Torn",
        "Two,values",
    }
    assert [r["occurred_at"].day for r in file.rows("interactions")] == [5, 14]


CONTACT_TRAITS = (
    "Lifecycle Stage", "Lead Status", "Marketing contact status", "City", "Country/Region",
    "Preferred language", "Associated Company", "Total Revenue", "Unsubscribed from all email",
)  # fmt: skip


@pytest.mark.data
def test_hubspot(tmp_path):
    def traits(name: str) -> Check:
        return lambda f: [r["value"] for r in f.rows("traits", where=f"name = '{name}'")]

    def nps(file: Imported) -> dict[str, Any]:
        given = list(map(int, traits("NPS (last)")(file)))
        high, low = sum(one >= 9 for one in given), sum(one <= 6 for one in given)
        share = 100 * (high - low) / len(given)
        passives = len(given) - high - low
        return {
            "n": len(given),
            "promoters": high,
            "passives": passives,
            "detractors": low,
            "nps": share,
        }

    def without_email(file: Imported) -> int:
        linked = file.one("links", "count(DISTINCT identifier)", "other_namespace = 'email'")
        return records(file) - linked

    def records(file: Imported) -> int:
        return int(file.one("traits", "count(DISTINCT identifier)"))

    named = ", ".join(f"'{name}'" for name in CONTACT_TRAITS)
    own = {
        "traits": lambda f: f.one("traits", "count(*)", f"name IN ({named})"),
        "trait_columns": lambda f: f.one("traits", "count(DISTINCT name)", f"name IN ({named})"),
        "records": records,
        "parties": records,
        "parties_by_email": lambda f: f.parties,
        "nps_last": nps,
        "revenue_usd_or_account_currency": lambda f: str(
            sum(map(Decimal, traits("Total Revenue")(f)))
        ),
        "without_email": without_email,
    }
    file = imported("hubspot_contacts.csv", tmp_path)
    check(file, "hubspot_contacts.csv", own, {"zone"})
    assert file.workspace.quarantine() == ()


def test_hubspot_in_german_with_addresses_of_several_people(tmp_path):
    text = (
        "E-Mail,Datensatz-ID,Lifecycle-Phase,Erstelldatum,Telefonnummer,Gesamtumsatz\n"
        'a@example.org;b@example.org,1,Kunde,31.12.2024 10:00,k. A.,"1.250,75"\n'
        'n/a,2,Kunde,01.02.2025 10:00,---,"20,00"\n'
        "n/a,3,Lead,02.02.2025 10:00,,\n"
        "B@example.org,4,Lead,03.02.2025 10:00,,\n"
    )
    file = imported(written(tmp_path, "kontakte.csv", text), tmp_path)
    assert file.parties == 3
    values = {(r["identifier"], r["name"]): r["value"] for r in file.rows("traits")}
    assert values["1", "Gesamtumsatz"] == "1250.75"
    assert values["4", "Lifecycle-Phase"] == "Lead"
    assert file.one("traits", "min(occurred_at)").month == 12


@pytest.mark.data
def test_call_detail_records(tmp_path):
    def agents(file: Imported) -> list[str]:
        return sorted({row["counterpart"] for row in file.rows("interactions")} - {None})

    alone = "namespace = 'record'"
    own = {
        "parties": lambda f: f.parties - f.one("interactions", "count(*)", alone),
        "records": lambda f: (
            f.receipt.counts["interactions"].received + f.receipt.left_out["total row"]
        ),
        "kept": lambda f: f.receipt.counts["interactions"].stored,
        "calls": lambda f: len({tuple(row["correlations"]) for row in f.rows("interactions")}),
        "without_identifier": lambda f: f.one("interactions", "count(*)", alone),
        "abandoned": lambda f: sum(one["Abandoned"] == "Y" for one in properties(f)),
        "csat": lambda f: f.mean("callcentre_csat"),
        "wait_s": lambda f: seconds(f, "wait_s"),
        "talk_s": lambda f: seconds(f, "talk_s"),
        "hold_s": lambda f: seconds(f, "hold_s"),
        "wrap_s": lambda f: seconds(f, "wrap_s"),
        "cost_eur": lambda f: f"{f.total('cost'):.2f}",
        "agents": agents,
    }
    file = imported("callcentre_cdr.csv", tmp_path)
    check(file, "callcentre_cdr.csv", own, {"zone"})
    assert file.one("interactions", "sum(duration_s)") == 6290 + 830


def test_call_detail_records_of_another_switch(tmp_path):
    text = (
        "Queue;DNIS;ANI;Start;Call ID;Talk (mm:ss);CSAT (0-10);Cost GBP\n"
        "Sales;0800;+44 7700 900111;13.05.2025 10:00:00;7;03:20;9;1,20\n"
        "Sales;0800;withheld;13.05.2025 11:00:00;8;00:20;n/a;0,10\n"
        "Summe;;;;Summe;03:40;;1,30\n"
    )
    file = imported(written(tmp_path, "cdr.csv", text), tmp_path, "UTC")
    assert file.receipt.left_out == {"total row": 1}
    assert [r["duration_s"] for r in file.rows("interactions")] == [200, 20]
    assert file.answers("callcentre_csat") == [9]
    assert file.total("cost") == 0  # pounds are not added to euros
    assert [one["Cost GBP"] for one in properties(file)] == ["1.20", "0.10"]
    assert [r["namespace"] for r in file.rows("interactions")] == ["phone", "record"]


@pytest.mark.data
def test_stripe_payments(tmp_path):
    paid = "outcome IN ('Paid', 'Refunded')"

    def statuses(*names: str) -> Check:
        return lambda f: sum(row["outcome"] in names for row in f.rows("interactions"))

    own = {
        "records": lambda f: f.receipt.total.received,
        "paid": statuses("Paid", "Refunded"),
        "failed": statuses("Failed"),
        "uncaptured": statuses("Uncaptured"),
        "amount_paid_by_currency": lambda f: by_currency(f, ("Amount",), "Currency", paid),
        "amount_paid_in_eur": lambda f: by_currency(
            f, ("Converted Amount",), "Converted Currency", paid
        ),
        "refunded_in_eur": lambda f: by_currency(
            f, ("Converted Amount Refunded",), "Converted Currency"
        ),
        "net_in_eur": lambda f: {"EUR": f"{f.total():.2f}"},
        "fees_in_eur": lambda f: {"EUR": f"{f.total('cost'):.2f}"},
        "refunds": lambda f: sum(Decimal(one["Amount Refunded"]) > 0 for one in properties(f)),
    }
    file = imported("stripe_charges.csv", tmp_path, "UTC")
    check(file, "stripe_charges.csv", own, set())


@pytest.mark.data
def test_a_stripe_event_and_its_row_of_the_export_are_one_payment(tmp_path):
    file = imported("stripe_charge_succeeded.json", tmp_path, "UTC")
    own = {"amount_eur": lambda f: f"{f.total():.2f}"}
    check(file, "stripe_charge_succeeded.json", own, set())
    file.workspace.import_plan(file.workspace.recognise(FILES / "stripe_charges.csv"))
    assert file.one("interactions", "count(*)") == 9


def test_stripe_payments_of_another_account(tmp_path):
    text = (
        "Status,Captured,Currency,Amount,Fee,Created (UTC),id,Customer ID,order no (metadata)\n"
        'Paid,true,eur,"1.250,50","3,10",2025-05-01 10:00:00,ch_1,cus_1,A7\n'
        'Paid,true,usd,"20,00","0,10",2025-05-01 11:00:00,ch_2,,\n'
    )
    file = imported(written(tmp_path, "payments.csv", text), tmp_path)
    rows = file.rows("interactions")
    assert [row["amount"] for row in rows] == [Decimal("1250.5"), None]
    assert rows[0]["correlations"] == ["order:A7"]


def charge(number: int, created: int, **values: Any) -> dict[str, Any]:
    """A webhook event about a charge."""
    made = {"id": f"ch_{number}", "object": "charge", "created": 1746093600, "status": "succeeded",
            "captured": True, "paid": True, "amount_refunded": 0, **values}  # fmt: skip
    return {"id": f"evt_{created}", "object": "event", "type": "charge.updated", "livemode": True,
            "created": created, "data": {"object": made}}  # fmt: skip


def test_stripe_events_in_minor_units_of_each_currency(tmp_path):
    events = [
        charge(1, 10, amount=500, currency="jpy"),
        charge(2, 11, amount=7_500, currency="kwd"),
        charge(3, 12, amount=1_999, currency="eur"),
        charge(3, 13, amount=1_999, currency="eur", amount_refunded=999),
        charge(4, 14, amount=800, currency="eur", captured=False),
        charge(5, 15) | {"type": "customer.created", "data": {"object": {"object": "customer"}}},
    ]
    path = written(tmp_path, "events.ndjson", "\n".join(map(json.dumps, events)))
    file = imported(path, tmp_path)
    assert file.total() == Decimal("10.00")
    assert file.receipt.left_out == {
        "earlier events of the same charge": 1, "events that are not about charges": 1,
    }  # fmt: skip
    assert counted(file, "interactions", "outcome") == {"Paid": 3, "Uncaptured": 1}
    yen = imported(path, tmp_path / "yen", currency="JPY")
    dinar = imported(path, tmp_path / "dinar", currency="KWD")
    assert (yen.total(), dinar.total()) == (500, Decimal("7.5"))


@pytest.mark.data
def test_shopify(tmp_path):
    paid = "outcome NOT IN ('pending', 'voided')"

    def items(file: Imported) -> list[dict[str, Any]]:
        return [item for one in properties(file) for item in one["items"]]

    own = {
        "records": lambda f: len(items(f)),
        "line_items": lambda f: len(items(f)),
        "pieces": lambda f: sum(int(item["quantity"]) for item in items(f)),
        "refunds": lambda f: sum(Decimal(one["Refunded Amount"]) > 0 for one in properties(f)),
        "total_all": lambda f: by_currency(f, ("Total",), "Currency"),
        "total_paid": lambda f: by_currency(f, ("Total",), "Currency", paid),
        "refunded": lambda f: by_currency(f, ("Refunded Amount",), "Currency"),
        "net_paid": lambda f: by_currency(f, ("Total", "Refunded Amount"), "Currency", paid),
        "statuses": lambda f: counted(f, "interactions", "outcome"),
    }
    file = imported("shopify_orders.csv", tmp_path, "UTC")
    check(file, "shopify_orders.csv", own, set())
    assert f"{file.total():.2f}" == "2580.20"  # pounds are not added to euros
    assert {one.get("Billing Zip") for one in properties(file)} == {"10115", "01067"}


def test_shopify_of_another_shop(tmp_path):
    text = (
        "Created at,Name,Lineitem quantity,Lineitem name,Financial Status,Currency,Total,"
        "Outstanding Balance,Source,Phone\n"
        "2025-05-01 10:00:00 -0400,S-1,2,Tea,partially_paid,EUR,30.00,12.50,pos,'+4930111222\n"
        "2025-05-01 10:00:00 -0400,S-1,1,Cup,,,,,,\n"
    )
    file = imported(written(tmp_path, "orders.csv", text), tmp_path)
    (row,) = file.rows("interactions")
    assert (row["id"], row["touchpoint"], row["amount"]) == ("S-1", "store_order", Decimal("17.5"))
    assert row["identifier"] == "+4930111222"
    assert [item["name"] for item in properties(file)[0]["items"]] == ["Tea", "Cup"]
