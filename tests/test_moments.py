"""Keys, identifiers, and every rule a record must meet."""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everytouch.moments.api import (
    COLUMNS,
    Scale,
    Vocabulary,
    find_broken,
    hash_strings,
    normalise,
    schema,
    score,
    split,
)

REFERENCE_KEY = bytes(range(16))
# The reference implementation's vectors_sip128: input bytes 00 01 02 … of these lengths.
VECTORS = {
    0: "a3817f04ba25a8e66df67214c7550293",
    1: "da87c1d86b99af44347659119b22fc45",
    7: "a1f1ebbed8dbc153c0b84aa61ff08239",
    8: "3b62a9ba6258f5610f83e264f31497b4",
    15: "5493e99933b0a8117e08ec0f97cfc3d9",
}
WORDS = Vocabulary(
    frozenset({"call", "shop"}),
    {"nps": Scale(0, 10), "effort": Scale(1, 5, True)},
    "EUR",
    purposes=frozenset({"insight"}),
)
GOOD = {
    "interactions": {"touchpoint": "call"},
    "perceptions": {"instrument": "nps", "raw": 9.0, "mode": "stated", "about": "journey"},
    "links": {"other_namespace": "email", "other_identifier": "a@b.org", "same": True},
    "traits": {"name": "region", "value": "north"},
    "consents": {"purpose": "insight", "given": True},
    "counts": {"name": "in", "value": 12.0, "place": "north"},
}


def record(kind, **values):
    row = {
        "id": "1",
        "occurred_at": datetime.datetime(2025, 5, 1, tzinfo=datetime.UTC),
        "namespace": "customer_no",
        "identifier": "7",
        "party_kind": "customer",
    } | GOOD[kind]
    row = {name: value for name, value in row.items() if name in schema(kind).names}
    return pa.Table.from_pylist([row | values], schema(kind))


@pytest.mark.parametrize("length", VECTORS)
def test_keys_are_siphash_128(length):
    first, second = hash_strings(pa.array([bytes(range(length)).decode("latin-1")]), REFERENCE_KEY)
    assert (first.tobytes() + second.tobytes()).hex() == VECTORS[length]


def test_keys_of_a_slice_and_of_chunks_are_the_same():
    texts = pa.array(["zero", "ä", "", "three", None])
    whole = hash_strings(texts, REFERENCE_KEY)[0]
    assert hash_strings(texts.slice(1, 3), REFERENCE_KEY)[0].tolist() == whole[1:4].tolist()
    chunks = pa.chunked_array([texts.slice(0, 2), texts.slice(2)])
    assert hash_strings(chunks, REFERENCE_KEY)[0].tolist() == whole.tolist()
    assert len(set(whole.tolist())) == 4  # null counts as the empty string


@pytest.mark.parametrize(
    ("namespace", "one", "other"),
    [
        ("email", " Ana@Example.org", "ana@example.ORG "),
        ("phone", "+49 (30) 123-45", "+493012345"),
        ("customer_no", " 7 ", "7"),
    ],
)
def test_equal_identifiers_are_compared_in_normal_form(namespace, one, other):
    made = normalise(pa.array([namespace] * 2), pa.array([one, other]))
    assert made[0] == made[1]


def test_case_counts_where_it_is_no_email():
    made = normalise(pa.array(["login"] * 2), pa.array(["Ana", "ana"]))
    assert made[0] != made[1]


def test_an_identifier_may_hold_colons():
    namespace, value = split(pa.array(["urn:a:b", "email:x@y.org"]))
    assert namespace.to_pylist() == ["urn", "email"]
    assert value.to_pylist() == ["a:b", "x@y.org"]


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_good_record_breaks_no_rule(kind):
    assert find_broken(record(kind), kind, WORDS) == {}


UTC = datetime.UTC
BROKEN = [
    ("interactions", {"id": None}, "id is missing"),
    ("interactions", {"identifier": "  "}, "identifier is missing"),
    ("interactions", {"occurred_at": None}, "occurred_at is missing"),
    ("interactions", {"occurred_at": datetime.datetime(1969, 1, 1, tzinfo=UTC)}, "before 1970"),
    ("interactions", {"occurred_at": datetime.datetime(2222, 1, 1, tzinfo=UTC)}, "in the future"),
    ("interactions", {"touchpoint": "moon"}, "touchpoint 'moon' is not in the catalogue"),
    ("interactions", {"party_kind": "user"}, "party_kind 'user' is none of"),
    ("interactions", {"duration_s": -1.0}, "no length of time"),
    ("interactions", {"duration_s": float("nan")}, "no length of time"),
    ("interactions", {"duration_s": 1e308}, "longer than a century"),
    ("interactions", {"amount": Decimal("99999999999999.9999")}, "is over 10,000,000,000,000"),
    ("interactions", {"cost": Decimal(-(10**13) - 1)}, "is over 10,000,000,000,000"),
    ("interactions", {"currency": "USD"}, "currency 'USD' is not the workspace's EUR"),
    ("interactions", {"outcome": "x" * 2_000}, "outcome is longer than 1024"),
    ("interactions", {"also": ["email:a@b.org", "nobody"]}, "is no list of namespace:value"),
    ("interactions", {"also": [None]}, "is no list of namespace:value"),
    ("perceptions", {"raw": 11.0}, "off the scale of nps, 0 to 10"),
    ("perceptions", {"raw": float("nan")}, "off the scale of nps"),
    ("perceptions", {"instrument": "moon"}, "instrument 'moon' is not in the catalogue"),
    ("perceptions", {"instrument": None}, "names no instrument"),
    ("perceptions", {"mode": "guessed"}, "mode 'guessed' is none of"),
    ("perceptions", {"about": "life"}, "about 'life' is none of"),
    ("perceptions", {"confidence": -0.1}, "confidence -0.1 is negative"),
    ("links", {"other_identifier": None}, "other_identifier is missing"),
    ("traits", {"value": ""}, "value is missing"),
]


@pytest.mark.parametrize(("kind", "values", "reason"), BROKEN)
def test_each_rule_says_what_is_wrong(kind, values, reason):
    broken = find_broken(record(kind, **values), kind, WORDS)
    assert reason in broken[0]


def test_all_reasons_of_a_record_are_named():
    broken = find_broken(record("interactions", id="", touchpoint="moon"), "interactions", WORDS)
    assert broken == {0: "id is missing; touchpoint 'moon' is not in the catalogue"}


@given(st.floats(1, 5))
def test_a_reversed_scale_runs_the_other_way(raw):
    table = record("perceptions", instrument="effort", raw=raw)
    assert score(table, WORDS)[0].as_py() == pytest.approx(100 - (raw - 1) / 4 * 100)


def test_a_perception_without_an_answer_has_no_score():
    table = record("perceptions", instrument=None, raw=None)
    assert find_broken(table, "perceptions", WORDS) == {}
    assert score(table, WORDS).to_pylist() == [None]
