"""The wizard: a file is recognised, matched, reviewed and imported, and the next one like it."""

import html
import io
import json
import re
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from everytouch.collect.api import read_source, source_of
from everytouch.web.wizard.state import resume
from tests.web.test_jobs import work

SURVEY = """Date;E-Mail;How likely are you to recommend us?;Why?;Region
13/04/2026 09:05;a@x.de;9;Fine;Nord
14/04/2026 10:00;b@x.de;10;;Nord
15/04/2026 11:30;c@x.de;3;Slow;Süd
16/04/2026 11:30;d@x.de;8;;Süd
"""
EVENTS = """Event;Date;Customer No;Revenue;Duration
Shop visit;13/04/2026 09:05;K1;19,90;00:04:10
Call;14/04/2026 10:00;K2;1.005,00;00:01:00
"""


@pytest.fixture
def uploaded(visit, own):
    """Upload a text; a client and the address of its page."""

    def make(text: str | bytes = SURVEY, name: str = "survey.csv"):
        client = visit("analyst")
        file = io.BytesIO(text.encode() if isinstance(text, str) else text)
        file.name = name
        return client, client.post("/uploads", {"file": file})["Location"]

    return make


def page(client, address: str, **form: str) -> str:
    """The page, after a change of the form where one is given; what is seen, unescaped."""
    if form:
        answer = client.post(address, form, headers={"HX-Request": "true"})
    else:
        answer = client.get(address)
    assert answer.status_code == 200
    return html.unescape(
        re.sub(r"\s+", " ", re.sub(r"<option[^>]*>[^<]*", "", answer.content.decode()))
    )


def fields(client, address: str) -> dict[str, str]:
    """The form as the page fills it in."""
    text = client.get(address).content.decode()
    form = text[
        text.index('<form id="match"') : text.index("</form>", text.index('<form id="match"'))
    ]
    found = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form)
        if not name.endswith("kind")
    }
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        found[html.unescape(name)] = html.unescape(
            (chosen[1] if chosen[1] is not None else chosen[2]) if chosen else ""
        )
    return found


def imported(client, address: str, **form: str) -> str:
    """Import; the job's page when it is done."""
    answer = client.post(address, fields(client, address) | {"do": "import"} | form)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    work()
    return page(client, answer["Location"])


def test_a_survey_is_recognised_and_ends_on_its_first_score(uploaded, own):
    client, address = uploaded()
    seen = page(client, address)
    assert "We recognised: Responses" in seen
    assert "13/04/2026 09:05" in seen
    assert "13 Apr 2026, 09:05 UTC" in seen
    assert re.search(r'value="responses" checked', seen)
    tried = page(client, address + "/review")
    assert re.search(r"<b>4 responses</b> can be imported\. No problems", tried)
    before = own.status()
    assert own.status() == before
    done = imported(client, address)
    assert "<b>4 responses</b> from 4 customers." in done
    assert "4 received = 4 stored + 0 duplicate + 0 in conflict + 0 quarantined + 0 refused" in done
    assert not list((own.path / "uploads").iterdir())
    question = next(
        one for one in own.catalogue.instruments.values() if "recommend us" in one.label
    )
    assert (question.kind, question.low, question.high) == ("nps", 0, 10)
    rows = own.tables.query(
        "perceptions", "SELECT * FROM ledger WHERE source = 'survey'"
    ).to_pylist()
    assert {row["identifier"]: row["raw"] for row in rows}["c@x.de"] == 3
    assert json.loads(rows[0]["properties"])["Region"] in ("Nord", "Süd")


def test_a_column_is_used_and_written_otherwise(uploaded, own):
    client, address = uploaded(EVENTS, "shop.csv")
    seen = page(client, address)
    assert "1005.00" not in seen
    assert "1,005.00 EUR" in seen
    assert "19.90 EUR" in seen
    assert "4 min 10 s" in seen
    form = fields(client, address)
    wrong = page(client, address, **(form | {"m0-c3-format": "number:."}))
    assert "not understood" in wrong
    plan = resume(address.split("/")[-1], own).plan
    assert plan.inputs[0].columns["Revenue"].decimal == "."
    form = fields(client, address)
    page(client, address, **(form | {"m0-c3-format": "number:,", "m0-c2-role": "leave"}))
    plan = resume(address.split("/")[-1], own).plan
    assert plan.inputs[0].columns["Revenue"].decimal == ","
    assert plan.mappings[0].who == ()
    assert plan.mappings[0].leave == ("Customer No",)


def test_what_a_row_is_can_be_changed_and_changed_back(uploaded, own):
    client, address = uploaded()
    code = address.split("/")[-1]
    first = resume(code, own).plan
    page(client, address, **{"m0-kind": "interactions"})
    plan = resume(code, own).plan
    assert plan.mappings[0].interaction
    assert plan.mappings[0].questions == ()
    assert plan.mappings[0].touchpoint.constant
    page(client, address, **{"m0-kind": "customers"})
    assert "Region" in resume(code, own).plan.mappings[0].traits
    page(client, address, **{"m0-kind": "responses"})
    assert resume(code, own).plan == first


def test_questions_are_made_and_changed_in_the_form(uploaded, own):
    client, address = uploaded(
        "when,email,Staff,mood\n2026-04-01,a@x.de,2,good\n2026-04-02,b@x.de,4,bad\n"
    )
    code = address.split("/")[-1]
    page(client, address, **{"m0-c2-role": "csat"})
    plan = resume(code, own).plan
    asked = next(one for one in plan.instruments if one.label == "Staff")
    assert (asked.kind, asked.low, asked.high) == ("csat", 1, 5)
    form = fields(client, address)
    page(
        client,
        address,
        **(
            form
            | {
                "m0-c2-low": "0",
                "m0-c2-high": "4",
                "m0-c2-label": "Our staff",
                "m0-c2-reversed": "on",
            }
        ),
    )
    asked = next(one for one in resume(code, own).plan.instruments if one.label == "Our staff")
    assert (asked.low, asked.high, asked.reversed) == (0, 4, True)
    refused = page(client, address, **(form | {"m0-c2-low": "5", "m0-c2-high": "1"}))
    assert "is not a scale" in refused
    page(client, address, **{"m0-c3-role": "mean"})
    form = fields(client, address)
    assert (form["m0-c3-format"], form["m0-c3-a0"], form["m0-c3-a1"]) == ("choice", "1", "2")
    page(client, address, **(form | {"m0-c3-a0": "1", "m0-c3-a1": "5"}))
    assert dict(resume(code, own).plan.inputs[0].columns["mood"].answers) == {
        "bad": "1",
        "good": "5",
    }
    done = imported(client, address)
    assert "2 responses" in done
    rows = own.tables.query(
        "perceptions", "SELECT instrument, raw FROM ledger WHERE source = 'survey'"
    )
    assert sorted((row["instrument"], row["raw"]) for row in rows.to_pylist()) == [
        ("mood", 1.0), ("mood", 5.0), ("staff", 2.0), ("staff", 4.0),
    ]  # fmt: skip


def test_touchpoints_of_a_column_are_known_mapped_or_new(uploaded, own):
    text = EVENTS.replace("Call", "web_checkout")
    client, address = uploaded(text, "shop.csv")
    code = address.split("/")[-1]
    form = fields(client, address)
    assert form["m0-v1"] in ("t:web_checkout", "t:shop_visit")
    at = next(name for name in ("m0-v0", "m0-v1") if form[name] == "t:shop_visit")
    changed = form | {f"{at}-stage": "consider", f"{at}-channel": "store"}
    page(client, address, **changed)
    point = next(one for one in resume(code, own).plan.touchpoints if one.name == "shop_visit")
    assert (point.stage, point.channel) == ("consider", "store")
    page(client, address, **(fields(client, address) | {at: "t:store_visit"}))
    assert ("Shop visit", "store_visit") in resume(code, own).plan.mappings[0].touchpoint.names
    assert "2 interactions" in imported(client, address)
    assert "shop_visit" not in own.catalogue.touchpoints
    rows = own.tables.query(
        "interactions", "SELECT touchpoint, amount, duration_s FROM ledger WHERE source = 'shop'"
    ).to_pylist()
    assert sorted((r["touchpoint"], str(r["amount"]), r["duration_s"]) for r in rows) == [
        ("store_visit", "19.9000", 250.0), ("web_checkout", "1005.0000", 60.0),
    ]  # fmt: skip


def test_a_new_touchpoint_is_made_inline(uploaded, own):
    client, address = uploaded()
    form = fields(client, address)
    named = {
        "m0-tp": "new",
        "m0-tp-label": "Hotline",
        "m0-tp-stage": "get help",
        "m0-tp-channel": "phone",
    }
    page(client, address, **(form | named))
    imported(client, address)
    made = own.catalogue.touchpoints["hotline"]
    assert (made.label, made.stage, made.channel) == ("Hotline", "get help", "phone")


def test_problems_are_grouped_and_fixed_for_all_rows(uploaded, own):
    rows = [f"{n},2026-04-{n % 27 + 1:02d} 10:00,u{n},{n % 11},web_checkout" for n in range(40)]
    rows += [f"{n},2026-04-01 10:00,u{n},99,web_checkout" for n in range(40, 52)]
    rows += [f"{n},2026-04-01 10:00,u{n},often,web_checkout" for n in range(52, 55)]
    text = "\n".join(["id,time,customer_id,nps,place", *rows])
    client, address = uploaded(text, "many.csv")
    page(client, address, **{"m0-c3-role": "nps"})
    seen = page(client, address + "/review")
    assert re.search(r"<b>12 rows: Off the scale of the question</b>", seen)
    assert re.search(r"<b>3 rows: The answer is not understood</b>", seen)
    fix(client, address, "Off the scale", "missing")
    fix(client, address, "not understood", "missing")
    assert "No problems" in page(client, address + "/review")
    done = imported(client, address)
    assert "0 quarantined" in done
    raw = own.tables.query(
        "perceptions", "SELECT max(raw) AS m, count(*) AS n FROM ledger WHERE source = 'many'"
    ).to_pylist()
    assert raw == [{"m": 10.0, "n": 40}]


def fix(client, address: str, words: str, name: str, **more: str) -> None:
    """Fix all rows of the problem whose words these are."""
    text = client.get(address + "/review").content.decode()
    item = next(one for one in text.split("<li>")[1:] if words in one)
    number = re.search(r'name="cause" value="(\d+)"', item)[1]
    assert f'name="fix" value="{name}"' in item
    form = {"cause": number, "fix": name} | more
    assert client.post(address + "/review", form).status_code == 302


def test_a_scale_is_extended_and_a_format_changed_by_a_fix(uploaded, own):
    rows = "\n".join(f"{n};0{n % 9 + 1}/13/2026;{n % 8}" for n in range(1, 30))
    client, address = uploaded(f"id;Date;How easy?\n{rows}\n", "ease.csv")
    form = fields(client, address)
    page(client, address, **(form | {"m0-c1-format": "time:day-first", "m0-c2-role": "ces"}))
    fix(client, address, "The time is not understood", "format", format="time:month-first")
    form = fields(client, address)
    page(client, address, **(form | {"m0-c2-low": "1", "m0-c2-high": "6"}))
    fix(client, address, "Off the scale", "scale")
    assert "No problems" in page(client, address + "/review")
    plan = resume(address.split("/")[-1], own).plan
    assert (plan.instruments[0].low, plan.instruments[0].high) == (0, 7)


def test_unknown_touchpoints_are_created_or_mapped_by_a_fix(uploaded, own):
    client, address = uploaded(EVENTS, "shop.csv")
    code = address.split("/")[-1]
    upload = resume(code, own)
    value = upload.plan.mappings[0].touchpoint
    bare = type(value)(value.column)
    mapping = type(upload.plan.mappings[0])(**{**vars(upload.plan.mappings[0]), "touchpoint": bare})
    upload.changed(upload.plan.changed(mappings=(mapping,), touchpoints=())).save()
    fix(client, address, "Unknown touchpoint", "create")
    assert "No problems" in page(client, address + "/review")
    upload.changed(upload.plan.changed(mappings=(mapping,), touchpoints=())).save()
    fix(client, address, "Unknown touchpoint", "map", point="help_call")
    assert dict(resume(code, own).plan.mappings[0].touchpoint.names) == {
        "Call": "help_call", "Shop visit": "help_call",
    }  # fmt: skip
    assert "No problems" in page(client, address + "/review")


def test_a_fix_of_another_state_is_refused(uploaded):
    client, address = uploaded()
    assert client.post(address + "/review", {"cause": "0", "fix": "missing"}).status_code == 422


def test_the_next_file_of_the_same_shape_is_matched_as_the_last_one(uploaded, own):
    client, address = uploaded()
    page(
        client, address, **(fields(client, address) | {"m0-c4-role": "leave", "source": "Monthly"})
    )
    imported(client, address)
    client, address = uploaded(SURVEY.replace("2026", "2025"), "again.csv")
    seen = page(client, address)
    assert "Same as last time" in seen
    plan = resume(address.split("/")[-1], own).plan
    assert plan.source == "Monthly"
    assert plan.mappings[0].leave == ("Region",)
    assert plan.inputs[0].paths[0].name == "again.csv"
    assert client.post(address, {"do": "afresh"}).status_code == 302
    assert "Same as last time" not in page(client, address)
    assert resume(address.split("/")[-1], own).plan.source == "again"


def test_the_source_file_imports_the_same(uploaded, own, tmp_path: Path):
    client, address = uploaded(EVENTS, "shop.csv")
    answer = client.get(address + "/source.toml")
    assert answer["Content-Disposition"] == 'attachment; filename="source.toml"'
    (tmp_path / "source.toml").write_bytes(answer.content)
    (tmp_path / "shop.csv").write_text(EVENTS)
    read, plan = read_source(tmp_path / "source.toml"), resume(address.split("/")[-1], own).plan
    made = source_of(plan, own.settings.currency)
    assert {(one.kind, one.sql) for one in read.statements} == {
        (o.kind, o.sql) for o in made.statements
    }
    assert (read.name, read.timezone, read.left_out) == (made.name, made.timezone, made.left_out)
    assert read.inputs[0].columns == made.inputs[0].columns
    assert str(own.path) not in answer.content.decode()
    assert tomllib.loads(answer.content.decode())["inputs"]["file"]["path"] == "shop.csv"


def test_json_lines_and_parquet_with_zoned_times(uploaded, own):
    lines = '{"when": "2026-04-13T09:05:00+02:00", "email": "a@x.de", "nps": 9}\n' * 1
    lines += '{"when": "2026-04-14T09:05:00+02:00", "email": "b@x.de", "nps": 2}\n'
    client, address = uploaded(lines, "answers.ndjson")
    assert "13 Apr 2026, 07:05 UTC" in page(client, address)
    assert "2 responses" in imported(client, address)
    times = pa.array(
        [1_776_063_900_000_000, 1_776_150_300_000_000], pa.timestamp("us", "Europe/Berlin")
    )
    table = pa.table({"when": times, "email": ["c@x.de", "d@x.de"], "nps": pa.array([9, 2])})
    out = io.BytesIO()
    pq.write_table(table, out)
    client, address = uploaded(out.getvalue(), "answers.parquet")
    assert "<b>2 responses</b> can be imported" in page(client, address + "/review")
    assert "2 responses" in imported(client, address, source="parquet answers")
    found = own.tables.query(
        "perceptions", "SELECT min(occurred_at) AS at FROM ledger WHERE source = 'parquet answers'"
    )
    assert found.to_pylist()[0]["at"].isoformat() == "2026-04-13T07:05:00+00:00"


def test_a_file_without_a_time_says_so_and_is_not_imported(uploaded):
    client, address = uploaded("email,nps\na@x.de,9\nb@x.de,3\n", "bare.csv")
    page(client, address)
    form = {"do": "import"}
    seen = client.post(address, form).content.decode()
    if "No column says when" in seen:
        assert "Nothing can be imported yet" in seen


def test_an_upload_is_thrown_away_on_cancel(uploaded, own):
    client, address = uploaded()
    assert client.post(address, {"do": "discard"})["Location"] == "/sources"
    assert not list((own.path / "uploads").iterdir())
    assert client.get(address).status_code == 404
