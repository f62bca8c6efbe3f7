"""JSON in columns as properties, values within JSON, and links and traits of mappings."""

import json
from decimal import Decimal

import duckdb
import hypothesis.strategies as st
import pytest
from hypothesis import given

from everytouch.collect.mapping.members import member, with_members
from everytouch.collect.mapping.model import Mapping, Who
from everytouch.collect.mapping.sql import selects

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.text(),
    st.decimals(-9, 9, places=30),
)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(NAMES, v), max_leaves=8)


def written(value: object) -> str:
    """JSON with decimals as they are."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} : {written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as opened:
        yield opened


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, st.text(min_size=1)))
def test_members_of_json_keep_every_digit(con, spread, plain):
    only = {name: value for name, value in spread.items() if name not in plain}
    sql = f"SELECT {with_members('$1', [], ['$2'])}"
    found = con.execute(sql, [json.dumps(plain), written(only)]).fetchone()[0]
    read = json.loads(found or "{}", parse_float=Decimal)
    assert read == plain | json.loads(written(only), parse_float=Decimal)


@pytest.mark.parametrize("empty", ["", " {} ", "[]", "null", None])
def test_members_leave_out_what_is_empty(con, empty):
    sql = "SELECT " + with_members("$1", [("'\"n\"'", "$2")], ["$3"])
    assert con.execute(sql, ['{"a":"1"}', empty, empty]).fetchone()[0] == '{"a":"1"}'
    assert con.execute(sql, [None, "[1.50]", empty]).fetchone()[0] == '{"n":[1.50]}'
    assert con.execute(sql, [None, empty, None]).fetchone()[0] is None


def test_a_value_within_json_is_found_by_keys_with_signs_and_places():
    text = json.dumps({"$a.b": [{"it's": "x"}, 1.5]})
    with duckdb.connect() as con:
        assert con.execute(
            f"SELECT {member('$1', '$a.b', 0, 'it' + chr(39) + 's')}", [text]
        ).fetchone() == ("x",)
        assert con.execute(f"SELECT {member('$1', '$a.b', 1)}", [text]).fetchone() == ("1.5",)
        assert con.execute(f"SELECT {member('$1', 'c')}", [text]).fetchone() == (None,)


def run(mapping: Mapping) -> dict[str, list[tuple]]:
    """What a mapping makes of two rows."""
    with duckdb.connect() as con:
        con.sql(
            "CREATE TABLE rows AS SELECT * FROM (VALUES ('1', 'u', 'a:b', 'place', 'x'), "
            "('2', 'w', '', 'answers', '')) v(id, who, device, name, value)"
        )
        return {kind: con.sql(sql).fetchall() for kind, sql in selects(mapping, (), "EUR")}


def test_links_and_traits_of_rows_that_are_no_moments():
    found = run(
        Mapping(
            table="rows",
            columns=("id", "who", "device", "name", "value"),
            id=("id",),
            who=(Who("user_id", "who"), Who("device", "device")),
            links=True,
            trait=("name", "value"),
        )
    )
    assert found["links"] == [
        ("1:link:device:a:b", None, "user_id", "u", "device", "a:b", "both in one row")
    ]
    assert found["traits"] == [("1:place", None, "user_id", "u", "place", "x")]
