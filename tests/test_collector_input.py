"""Whatever comes in: it goes in and comes out unchanged, or it is refused with a reason."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from everytouch.catalogue.api import Catalogue
from everytouch.collect.api import read_rules
from everytouch.collect.dialects import own
from everytouch.collect.dialects.base import Request, Taken
from everytouch.collect.dialects.values import apart
from everytouch.collect.events import understood
from everytouch.moments.api import COLUMNS, Nobody
from tests.collecting import collecting, loaded, made, sender_of_its_own

GOOD = {"namespace": "email", "identifier": "ana@x.org", "touchpoint": "checkout"}

# By the grammar of RFC 8259; as y_ and n_ of "Parsing JSON is a Minefield" sort them.
ACCEPT = [
    "[]", "{}", "[[]]", "[ ]", "null", "true", "false", '""', '" "', "0", "-0", "-1", "1.5",
    "1e5", "1E5", "1e+5", "1e-5", "1.5e3", "0e1", "0e+1", "123456789012", "-123.456e-7",
    "[1,2,3]", "[1 , 2]", "\t[1]\n", "\r\n[1]", '{"a":1}', '{"a" : 1}', '{"":0}', '{"a":{}}',
    '{"a":[]}', '"\\u0041"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\uD834\\uDD1E"', '"\U0001d11e"',
    '"\u2028\u2029"', '"\x7f"', '"é"', '"e\u0301"', '"\\u00e9"', '"a/*b*/c"', '"#"', "[null]",
    "[1,null,null,2]", '{"a":"b","c":"d"}', '{"x\\ny":1}', '"\uffff"', '"\ufdd0"', "[[[[[[]]]]]]",
    "0.00000000000000000001", "20e1", '[{"a":[{"b":null}]}]', '"\\u005C"', '"\\u0022"',
]  # fmt: skip
REJECT = [
    "", " ", "[1 true]", "[a", "[,1]", "[1,]", "[1,,2]", "[1:2]", '["x"', '["x"]]', "[1][2]",
    "{a:1}", "{'a':1}", '{"a":1,}', '{"a",1}', '{"a":1 "b":2}', '{"a":}', '{"a"', '{"a":1',
    '{"a":1,,"b":2}', "{1:1}", "{null:1}", '{"a":1}#', '{"a":1}//', "01", "-01", "+1", ".5", "5.",
    "-", "--1", "1e", "1e+", "0x1", "1_000", "1.2.3", "nan", "inf", "True", "nul", "fals", "'a'",
    '"\\x41"', '"\\u00G0"', '"\\u00"', '"\\a"', '"\\', '"a', '"\t"', '"\n"', '"\x1f"', '"a\x00b"',
    "[\x0b]", "[\x0c1]", "\ufeff[]x", "[1]\x00", "//\n[]", "/**/[]", "<html>", "[1}",
    '{"a":1]', "*",
]  # fmt: skip
NAUGHTY = [
    "undefined", "null", "NaN", "Infinity", "-1", "1/0", "0x0", "1e1000", "00123", "true",
    "'; DROP TABLE interactions; --", '" OR ""="', "1' OR '1'='1", "${jndi:ldap://x}", "{{7*7}}",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)",
    "=HYPERLINK(1)", "+1", "@SUM(1)", "-cmd|' /C calc'!A0", "../../etc/passwd", "C:\\nul",
    "%00", "%s%n%d", "`id`", "$(id)", "|| id", "&amp;", "a\tb", "a\nb", "a\r\nb", "\u200bx",
    "\ufeffx", "\u202etxet", "\u0628\u0650", "\u0e49\u0e49\u0e49", "Z\u0351\u036b\u0343a\u030a",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea",
    "\u00df\u1e9e\u0130\u0131",
    "\u7530\u4e2d\u3055\u3093", "\ud55c\uad6d", "\x01\x02\x1f", "\x7f", "\x85", "\ufffe", "\uffff",
    "\u2028", "\u00a0x", "a:b:c", "a\x1fb", "'", '"', "\\", "\\u0000", "\\N", "#", ";", ",", "::",
    "x" * 1000, "\u00e9" * 500,
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory.mktemp("input"))


@pytest.fixture(scope="module")
def running(home):
    with collecting(home) as started:
        yield started


@pytest.fixture
def sender(home, running):
    return sender_of_its_own(home, running)


def rows(home, sender, kind="interactions"):
    loaded(home, sender.source)
    found = home.tables.query(kind, "SELECT * FROM ledger WHERE source = $1", [sender.source])
    return {row["id"]: row for row in found.to_pylist()}


def test_what_rfc_8259_accepts_goes_in_and_comes_out_unchanged(home, sender):
    for number, case in enumerate(ACCEPT):
        body = (
            f'{{"id":"{number}","namespace":"email","identifier":"a@x.org",'
            f'"touchpoint":"checkout","properties":{{"v":{case}}}}}'
        )
        assert sender.send(body.encode())[0] == 200, case
    found = rows(home, sender)
    assert len(found) == len(ACCEPT)
    for number, case in enumerate(ACCEPT):
        assert json.loads(found[str(number)]["properties"])["v"] == json.loads(case), case


def test_what_rfc_8259_rejects_is_refused(home, sender):
    for case in REJECT:
        for body in (case, f'{{"id":"x","properties":{{"v":{case}}}}}', f"[{case},{{}}]"):
            status, _, said = sender.send(body.encode())
            assert status == 400, (case, body)
            assert "JSON" in said["error"] or "object" in said["error"], said
    assert home.in_log().get(sender.source, 0) == 0


def test_numbers_and_names_that_json_allows_and_few_can_hold(home, sender):
    raw = (
        b'[{"id":"dup","id":"last","namespace":"email","identifier":"a@x","touchpoint":"checkout"},'
        b'{"id":"big","namespace":"email","identifier":"a@x","touchpoint":"checkout",'
        b'"properties":{"n":123456789012345678901234567890,"e":1e400}},'
        b'{"id":"long","namespace":"email","identifier":"a@x","touchpoint":"checkout",'
        b'"amount":' + b"9" * 5000 + b"},"
        b'{"id":"nan","namespace":"email","identifier":"a@x","touchpoint":"checkout",'
        b'"properties":{"v":NaN,"w":-Infinity,"x":"\\ud800"}},'
        b'{"id":"utf","namespace":"email","identifier":"\xff\xfe@x","touchpoint":"checkout"}]'
    )
    assert sender.send(raw)[0] == 200
    found = rows(home, sender)
    assert set(found) == {"last", "big", "nan", "utf"}
    kept = json.loads(found["big"]["properties"])
    assert (kept["n"], kept["e"]) == (123456789012345678901234567890, "1e400")
    assert json.loads(found["nan"]["properties"]) == {"v": "NaN", "w": "-Infinity", "x": "\ufffd"}
    assert found["utf"]["identifier"] == "\ufffd\ufffd@x"
    (held,) = home.quarantine(sender.source)
    assert "is not an amount" in held.reason


TEXTS = [c.name for c in COLUMNS["perceptions"] if str(c.type) == "string"]
BLANK = {"\x85", "\u2028"}  # white space, so that a name of it alone is none
REQUIRED = {c.name for c in COLUMNS["perceptions"] if c.required}
CHOSEN = {"about", "mode", "party_kind", "touchpoint", "instrument", "properties", "id"}


@pytest.mark.parametrize("column", [name for name in TEXTS if name not in CHOSEN])
def test_strings_of_every_naughty_kind_come_out_unchanged(home, sender, column):
    events = [
        {"kind": "perception", "id": str(n), "about": "relationship"} | GOOD | {column: text}
        for n, text in enumerate(NAUGHTY)
    ]
    for event in events:
        event.pop("touchpoint")
    assert sender.send(events)[0] == 200
    found = rows(home, sender, "perceptions")
    blank = {
        str(n)
        for n, text in enumerate(NAUGHTY)
        if (column in REQUIRED and text in BLANK)
        or (column == "identifier" and Nobody().has(GOOD["namespace"], text))
    }
    assert {row.id for row in home.quarantine(sender.source)} == blank
    for n, text in enumerate(NAUGHTY):
        assert str(n) in blank or found[str(n)][column] == text


def test_naughty_strings_as_ids_and_in_properties(home, sender):
    events = [GOOD | {"id": text, "properties": {text: [text]}} for text in NAUGHTY]
    assert sender.send(events)[0] == 200
    found = rows(home, sender)
    assert found.keys() == set(NAUGHTY) - BLANK
    for text in found:
        assert json.loads(found[text]["properties"]) == {text: [text]}


def test_a_nul_or_a_name_that_is_none_is_held_with_its_reason(home, sender):
    bad = [
        GOOD | {"id": "nul", "outcome": "a\x00b"},
        GOOD | {"id": "blank", "identifier": " \t"},
        GOOD | {"id": "long", "outcome": "x" * 1025},
        GOOD | {"id": "point", "touchpoint": "<b>"},
    ]
    assert sender.send(bad)[0] == 200
    assert rows(home, sender) == {}
    reasons = sorted(row.reason for row in home.quarantine(sender.source))
    assert [any(word in one for one in reasons) for word in ("NUL", "missing", "1024", "<b>")] == [
        True
    ] * 4


def test_nothing_that_the_description_allows_is_answered_with_a_fault(home, sender, tmp_path):
    beside = Path(sys.executable).parent / "schemathesis"
    command = [
        beside, "run", f"http://127.0.0.1:{sender.port}/openapi.json", "--checks",
        "not_a_server_error,status_code_conformance,response_schema_conformance",
        "--max-examples", "60", "--generation-database", "none", "--no-color",
        "-H", f"Authorization: Bearer {sender.secret}",
    ]  # fmt: skip
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=300, check=False,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "/v1/moments" in done.stdout or "passed" in done.stdout
    loaded(home, sender.source)  # and the loader has not stumbled over any of it


ODD = [
    None, "", "x", 0, 12.5, 10**30, True, [], ["a", "b"], ["a", None], [1], {"a": 1}, "a\x00b",
    "\ud800", "2026-03-01T12:00:00Z", "perception", "trait", "é\u2028", "NaN", -1, 1e300,
]  # fmt: skip


def understand(body):
    """What a list says, left whole where it may be, and event by event."""
    request = Request("/v1/moments", "", {"content-type": "application/json"}, body, 10**15)
    found, rules = own.find(request), read_rules("", Catalogue(""))
    for one in (found, apart(found)):
        ways = (list(one.events), list(one.ids), "", one.whole, one.count)
        said = understood([Taken("own", "shop", 10**15, 0, *ways)], rules)
        tables = {kind: pa.concat_tables(parts) for kind, parts in said.tables.items() if parts}
        yield (
            bool(one.whole),
            {kind: table.to_pylist() for kind, table in tables.items()},
            [(row | {"event": json.loads(row["events"])}, why) for row, why in said.held],
        )


@pytest.mark.parametrize("field", [*(c.name for c in COLUMNS["interactions"]), "kind", "other"])
def test_a_list_that_is_left_whole_is_understood_as_its_events_are(field):
    left_whole = 0
    for odd in ODD:
        events = [GOOD | {"id": f"e{n}"} | ({field: odd} if n else {}) for n in range(3)]
        for body in (json.dumps(events), json.dumps(events, ensure_ascii=False)):
            with contextlib.suppress(UnicodeEncodeError):
                (whole, *together), (_, *alone) = understand(body.encode())
                assert together == alone, odd
                left_whole += whole
    assert left_whole > len(ODD) if field != "id" else left_whole > 0


@pytest.mark.parametrize(
    "properties", ['{"a": ' + "[" * n + "]" * n + "}" for n in (1, 20, 31, 32, 33, 400)]
)
def test_deep_properties_are_the_same_in_a_list_left_whole(properties):
    events = [json.dumps(GOOD | {"id": f"e{n}"})[:-1] for n in range(3)]
    body = "[" + ",".join(f'{one}, "properties": {properties}}}' for one in events) + "]"
    (_, *together), (_, *alone) = understand(body.encode())
    assert together == alone


def test_a_list_that_the_loader_cannot_take_apart_is_held_as_it_came():
    deep = b"[" + b"[" * 200_000 + b"]" * 200_000 + b"]"
    said = understood(
        [Taken("own", "shop", 10**15, 0, [], [], "", deep, 3)], read_rules("", Catalogue(""))
    )
    ((row, reason),) = said.held
    assert row["events"].encode() == deep
    assert "no JSON" in reason
    assert not any(said.tables.values())
