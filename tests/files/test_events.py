"""Events of analytics tools."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from everytouch.catalogue.api import Instrument
from everytouch.collect.api import Plan, Question
from everytouch.collect.presets.events import Property, answers, touchpoint
from everytouch.identity import api as identity
from everytouch.moments.api import hash_strings, normalise
from tests.conftest import SECRET
from tests.files.measuring import Imported, check, expected, imported


def lines(folder: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """A file of JSON lines."""
    path = folder / "events.ndjson"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def together(file: Imported, first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether two identifiers are one person."""
    spaces, values = zip(first, second, strict=True)
    keys = hash_strings(normalise(pa.array(spaces), pa.array(values)), SECRET)[0]
    one, other = identity.current(file.workspace.tables).party(keys)
    return bool(one == other)


def named(file: Imported, key: str) -> Counter[str]:
    """How many moments each event became, by the property with its name."""
    return Counter(
        json.loads(row["properties"])[key]
        for kind in ("interactions", "perceptions")
        for row in file.rows(kind)
    )


def said(file: Imported) -> int:
    """How many links were stated by an event, rather than seen on one."""
    return int(file.one("links", "count(*)", "id LIKE '%:link:%'"))


def revenue(file: Imported) -> dict[str, str]:
    return {"EUR": str(file.total().normalize())}


@pytest.mark.data
def test_amplitude(tmp_path):
    reason = "events sent twice (same $insert_id)"

    def kept(file: Imported) -> int:
        return named(file, "event_type").total() + said(file)

    def links(file: Imported) -> dict[str, bool]:
        wanted = expected("amplitude_events.ndjson")["links"]
        pairs = {text: text.removeprefix("device ").split(" = ") for text in wanted}
        return {t: together(file, ("device", a), ("user_id", b)) for t, (a, b) in pairs.items()}

    own = {
        "records": lambda f: kept(f) + f.receipt.left_out[reason],
        "kept": kept,
        "left_out": lambda f: {"same $insert_id": f.receipt.left_out[reason]},
        "nps": lambda f: f.nps("amplitude_nps_answered"),
        "app_stars": lambda f: f.mean("amplitude_app_rated"),
        "revenue": revenue,
        "by_event": lambda f: {**named(f, "event_type"), "$identify": said(f)},
        "links": links,
    }
    file = imported("amplitude_events.ndjson", tmp_path, "Europe/Berlin")
    check(file, "amplitude_events.ndjson", own, set())
    assert file.workspace.quarantine() == ()
    assert not together(file, ("device", "dev-0001"), ("device", "server-0"))


def amplitude(
    number: int, name: str, device: str, user: str | None, **values: Any
) -> dict[str, Any]:
    given = {
        "$insert_id": f"i{number}", "amplitude_id": 1, "event_type": name, "user_id": user,
        "device_id": device, "session_id": 5, "event_time": f"2025-05-01 10:00:{number:02}.000000",
        "event_properties": {}, "user_properties": {}, "city": "Rome", "uuid": str(number),
    }  # fmt: skip
    return given | values


def test_amplitude_of_another_app(tmp_path):
    survey = {"Rating": 6, "Feedback": " ", "city": "mine", "exact": 0.5}
    rows = [
        amplitude(1, "Effort Survey", "d", "u", event_properties=survey),
        amplitude(2, "Effort Survey", "d", "u", event_properties={"Rating": "dismissed"}),
        amplitude(3, "Effort Survey", "d", "u", event_properties={"Rating": "six"}),
        amplitude(4, "Bought", "d", "u", event_properties={"amount": 5.25, "currency": "usd"}),
        amplitude(5, "Bought", "d", "u", event_properties={"amount": 7.25, "currency": "eur"}),
        amplitude(6, "Packed", "d", "u", event_properties={"amount": 99}),
        amplitude(7, "Seen", "d2", None, user_properties={"Plan": "a", "plan": "b"}),
        amplitude(8, "Seen", "d2", None, user_properties={"Plan": "a"}),
        amplitude(9, "Seen", "d2", None, user_properties={"Plan": "c"}),
    ]
    file = imported(lines(tmp_path, rows), tmp_path)
    assert file.answers("amplitude_effort_survey") == [6]
    assert file.workspace.catalogue.instruments["amplitude_effort_survey"].kind == "ces"
    assert file.receipt.left_out == {"answers that were skipped": 1}
    assert [held.reason for held in file.workspace.quarantine()] == ["raw 'six' is not a number"]
    assert file.total() == Decimal("7.25")
    properties = json.loads(file.rows("perceptions")[0]["properties"])
    assert (properties["city"], properties["amplitude city"]) == ("mine", "Rome")
    traits = [(row["name"], row["value"]) for row in file.rows("traits")]
    assert sorted(traits) == [("Plan", "a"), ("Plan", "c"), ("plan", "b")]


@pytest.mark.data
def test_mixpanel(tmp_path):
    twice = "events exported twice (same event, distinct_id, time and $insert_id)"
    skipped = "answers that were skipped"

    def left_out(file: Imported) -> dict[str, Any]:
        return {
            "same event, distinct_id, time and $insert_id": file.receipt.left_out[twice],
            "score “skipped”": file.receipt.left_out[skipped],
            "alias": f"{said(file)} (a link, no event)",
        }

    def by_event(file: Imported) -> dict[str, int]:
        answered = Counter({"Survey: CSAT": file.receipt.left_out[skipped]})
        return dict(named(file, "event") + answered + Counter({"$create_alias": said(file)}))

    def kept(file: Imported) -> int:
        return sum(by_event(file).values())

    own = {
        "records": lambda f: kept(f) + f.receipt.left_out[twice],
        "kept": kept,
        "left_out": left_out,
        "csat_1_to_5": lambda f: f.mean("mixpanel_survey_csat"),
        "revenue": lambda f: {"EUR": f"{f.total():.1f}"},
        "by_event": by_event,
        "last_utc": lambda f: f.one("links", "max(occurred_at)"),  # the alias is the last record
    }
    file = imported("mixpanel_events.ndjson", tmp_path, "Europe/Berlin")
    check(file, "mixpanel_events.ndjson", own, set())
    assert file.workspace.quarantine() == ()
    assert together(file, ("device", "18f3a0-02"), ("user_id", "u-0009"))


def test_mixpanel_identities_of_each_kind(tmp_path):
    def event(name: str, **values: Any) -> dict[str, Any]:
        return {"event": name, "properties": {"time": 1746093600, "$insert_id": name, **values}}

    rows = [
        event("Seen", distinct_id="$device:a"),
        event("Opened", distinct_id="anna", Amount="1.299,00", Currency="EUR"),
        event(
            "$identify", distinct_id="anna", **{"$identified_id": "anna", "$anon_id": "$device:a"}
        ),
        event("$merge", distinct_id="x", **{"$distinct_ids": ["anna", "old-anna"]}),
        event("Closed", distinct_id="old-anna", time=1746093600123),
    ]
    file = imported(lines(tmp_path, rows), tmp_path)
    assert (file.parties, said(file)) == (1, 2)
    assert file.total() == 0  # a text is not read as a number
    times = [row["occurred_at"].microsecond for row in file.rows("interactions")]
    assert times == [0, 0, 123_000]


@pytest.mark.data
def test_ga4(tmp_path):
    nobody, twice = "events without an identifier", "purchases sent twice (same transaction_id)"

    def left_out(file: Imported) -> dict[str, int]:
        return {
            "no identifier (consent refused)": file.receipt.left_out[nobody],
            "a purchase sent twice (same transaction_id, other bundle)": file.receipt.left_out[
                twice
            ],
        }

    def by_event(file: Imported) -> dict[str, int]:
        others = Counter(
            page_view=file.receipt.left_out[nobody], purchase=file.receipt.left_out[twice]
        )
        return dict(named(file, "event_name") + others)

    def mapped(_: Imported) -> dict[str, Any]:
        other = imported("ga4_events.ndjson", tmp_path / "mapped", "UTC", change=with_answers)
        (raw,) = other.answers("was_this_helpful")
        scale = other.workspace.catalogue.instruments["was_this_helpful"]
        return {"perceptions": 1, "raw": int(raw), "scale": f"{scale.low:g} to {scale.high:g}"}

    own = {
        "records": lambda f: sum(by_event(f).values()),
        "left_out": left_out,
        "events": by_event,
        "purchases": lambda f: {"EUR": f"{f.total('amount', purchase):.1f}"},
        "refunds": lambda f: {"EUR": f"{-f.total('amount', refund):.0f}"},
        "net": lambda f: {"EUR": f"{f.total():.1f}"},
        "if_survey_answer_is_mapped": mapped,
    }
    purchase, refund = "touchpoint = 'purchase'", "touchpoint = 'refund'"
    file = imported("ga4_events.ndjson", tmp_path, "Europe/Berlin")
    check(file, "ga4_events.ndjson", own, set())
    assert file.workspace.quarantine() == ()
    order = [(row["touchpoint"], row["sequence"]) for row in file.rows("interactions")[:2]]
    assert order == [("session_start", 1), ("page_view", 2)]


def with_answers(plan: Plan) -> Plan:
    """Map an event of GA4 to a question, as a person would who knows what it means."""
    scale = Instrument("was_this_helpful", "Was this helpful?", "mean", 1, 5)
    survey = (
        "SELECT *, json_extract_string(members, '$.answer') AS answer FROM events "
        "WHERE event = 'survey_answer'"
    )
    question = replace(
        plan.mappings[0], table="survey", interaction=False, only="", amount="",
        questions=(Question("answer", scale.name),),
    )  # fmt: skip
    return plan.changed(
        tables=(*plan.tables, ("survey", survey)),
        mappings=(*plan.mappings, question),
        instruments=(scale,),
    )


def test_ga4_of_another_property(tmp_path):
    def event(micros: int, name: str, user: str | None = None, **values: str) -> dict[str, Any]:
        params = [{"key": key, "value": {"string_value": value}} for key, value in values.items()]
        return {
            "event_name": name, "event_timestamp": str(1746093600000000 + micros), "user_id": user,
            "user_pseudo_id": "p", "event_params": params,
        }  # fmt: skip

    rows = [
        event(0, "scroll"), event(0, "scroll"), event(1, "nps_survey", nps="9", comment="fine"),
        event(2, "purchase", value="10.5", currency="GBP", transaction_id="(not set)"),
        event(3, "purchase", value="11.5", currency="eur"), event(4, "refund", currency="EUR"),
    ]  # fmt: skip
    file = imported(lines(tmp_path, rows), tmp_path)
    assert named(file, "event_name") == {"scroll": 2, "nps_survey": 1, "purchase": 2, "refund": 1}
    assert file.nps("ga4_nps_survey")["promoters"] == 1
    assert file.texts() == 1
    assert file.total() == Decimal("11.5")
    again = file.workspace.import_plan(file.plan)
    assert again.total.stored == 0


@pytest.mark.parametrize(
    ("event", "key", "high", "wanted"),
    [
        ("nps_answered", "score", 10, ("nps", 0, 10)),
        ("nps_answered", "score", 60, None),
        ("ProductRated", "stars", 4, ("mean", 1, 5)),
        ("CSAT survey", "Score", 6, ("csat", 1, 7)),
        ("ces", "score", 5, ("ces", 1, 7)),
        ("checkout", "csat_score", 5, ("csat", 1, 5)),
        ("game_over", "score", 5, None),
        ("survey", "answer", 5, None),
    ],
)
def test_an_answer_is_known_by_its_event_and_its_score(event, key, high, wanted):
    found = answers([Property(event, key, 3, 3, 1, high)], "tool")
    scales = [(a.instrument.kind, a.instrument.low, a.instrument.high) for a in found]
    assert scales == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    ("event", "stage"),
    [
        ("Page Viewed", "discover"), ("addToCart", "consider"), ("order_placed", "buy"),
        ("Parcel delivered", "receive"), ("Support Chat Ended", "get help"),
        ("subscription_cancelled", "leave"), ("nps_answered", "advocate"), ("login", "use"),
    ],
)  # fmt: skip
def test_the_stage_of_an_event_is_guessed_from_its_words(event, stage):
    assert touchpoint(event, "app").stage == stage
