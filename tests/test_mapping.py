"""What a mapping makes of a row: who it is, its properties, its traits."""

import json

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

import everytouch
from everytouch.collect.mapping.model import Mapping, Plan, Question, Who
from everytouch.collect.mapping.nobody import identifying
from everytouch.collect.mapping.sql import selects, source_of
from everytouch.collect.source import Input
from tests.conftest import SECRET


def identified(text: str | None, namespace: str) -> str | None:
    with duckdb.connect() as con:
        sql = f"SELECT {identifying('$1::VARCHAR', namespace)}"
        return con.execute(sql, [text]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("namespace", "text"),
    [
        ("email", "n/a"), ("email", "anonymous"), ("email", "ana at example.org"), ("email", "@"),
        ("email", " None "), ("phone", "-"), ("phone", "+49"), ("phone", "00 000 000"),
        ("customer_no", "0"), ("customer_no", "0000-00"), ("customer_no", "[object Object]"),
        ("customer_no", "–"), ("customer_no", "UNDEFINED"), ("email", None), ("user", "null"),
    ],
)  # fmt: skip
def test_values_that_identify_nobody(namespace, text):
    assert identified(text, namespace) is None


@pytest.mark.parametrize(
    ("namespace", "text"),
    [
        ("email", "Ana.Example@EXAMPLE.org"), ("phone", "(030) 23125-001"), ("customer_no", "C-0"),
        ("customer_no", "007"), ("user", "名前"), ("user", "Nona"),
    ],
)  # fmt: skip
def test_values_that_identify_somebody(namespace, text):
    assert identified(f" {text} ", namespace) == text


@given(st.from_regex(r"[A-Za-z1-9]{1,8}@[a-z]{2,8}\.org", fullmatch=True))
def test_every_address_identifies_somebody(text):
    assert identified(text, "email") == text


def rows(mapping: Mapping, table: str, kind: str) -> list[dict]:
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE answers AS {table}")
        sql = dict(selects(mapping, (), "EUR"))[kind]
        return con.sql(sql).to_arrow_table().to_pylist()


BOTH = """
    SELECT * FROM (VALUES ('1', 'a@example.org', '9', 'North', 'quick', 'friendly'),
                          ('2', 'anonymous', '3', 'South', 'slow', NULL))
    AS t(no, mail, score, region, liked, more)
"""
MAPPING = Mapping(
    "answers", ("no", "mail", "score", "region", "liked", "more"), id=("no",),
    who=(Who("email", "mail"),), questions=(Question("score", "nps", key="Q1"),),
    text=("liked", "more"), traits=("region",),
)  # fmt: skip


def test_only_known_people_have_traits():
    traits = rows(MAPPING, BOTH, "traits")
    assert [(one["identifier"], one["value"]) for one in traits] == [("a@example.org", "North")]
    first, second = rows(MAPPING, BOTH, "perceptions")
    assert "region" not in json.loads(first["properties"])
    assert json.loads(second["properties"])["region"] == "South"
    assert (second["namespace"], second["identifier"]) == ("record", "2")


def test_an_answer_is_named_by_the_code_of_its_question():
    assert [one["id"] for one in rows(MAPPING, BOTH, "perceptions")] == ["1:Q1", "2:Q1"]


def test_several_texts_are_joined_and_kept_apart():
    first = rows(MAPPING, BOTH, "perceptions")[0]
    assert first["text"] == "quick\nfriendly"
    assert json.loads(first["properties"]) == {"liked": "quick", "more": "friendly"}


def test_a_mapping_without_identifiers_knows_records_only(tmp_path):
    mapping = Mapping("answers", ("no", "score"), id=("no",), questions=MAPPING.questions)
    found = rows(mapping, BOTH, "perceptions")
    assert [(one["namespace"], one["also"]) for one in found] == [("record", []), ("record", [])]
    given_file = Input("answers", (tmp_path / "x.csv",), "csv")
    assert len(source_of(Plan("x", "x", "UTC", (given_file,), (mapping,)), "EUR").statements) == 1


OFF = [11 if n == 7 else 99 if n == 9 else n % 11 for n in range(40)]
POINTS = [7 * n for n in range(40)]


@pytest.mark.parametrize(
    ("header", "scores", "kind"),
    [
        ("Would you recommend us?", OFF, "nps"),
        ("Satisfaction", [-1 if n == 3 else n % 5 + 1 for n in range(40)], "csat"),
        ("Score", POINTS, None),
        ("Rating", [n % 100 for n in range(100)], None),
    ],
)
def test_a_few_answers_off_the_scale_do_not_hide_a_question(tmp_path, header, scores, kind):
    lines = [f"2026-03-01 10:00:{n % 60:02},c{n}@x.org,{one}\n" for n, one in enumerate(scores)]
    (tmp_path / "f.csv").write_text(f"Date,Mail,{header}\n" + "".join(lines))
    workspace = everytouch.create(tmp_path / "w", secret=SECRET)
    plan = workspace.recognise(tmp_path / "f.csv")
    assert [one.kind for one in plan.instruments] == ([kind] if kind else [])
    assert [(one.namespace, one.column) for one in plan.mappings[0].who] == [("email", "Mail")]
    received = workspace.import_plan(plan).total
    assert received.received == len(scores)
    off = sum(one in (11, 99, -1) for one in scores) if kind else 0
    assert received.quarantined == off
