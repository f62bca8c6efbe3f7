"""RudderStack's and Snowplow's libraries are understood; so are bodies that are packed oddly."""

import base64
import datetime
import gzip
import http.client
import json
import zlib
from pathlib import Path
from urllib.parse import urlencode

import hypothesis
import pytest
from hypothesis import strategies as st

from everytouch.collect.body import BadEncodingError, Limits, TooLargeError, read, unpack
from everytouch.collect.dialects.values import to_microseconds
from everytouch.errors import SourceError
from tests.collecting import collecting, made, sender_of_its_own, settled
from tests.test_dialects import CATALOGUE, links, rows, run_node, run_python, traits

RULES = """
- event: order_completed
  interaction:
    touchpoint: order_completed
    namespace: customer_no
    identifier: "{properties.customer}"
    amount: "{properties.total}"
- event: page_ping
  ignore: true
- event: transaction
  interaction: {touchpoint: order_completed}
- event: iglu:com.acme/rated/*
  perception: {touchpoint: support_call, instrument: nps, raw: "{properties.score}"}
"""
START = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
TP2 = "/com.snowplowanalytics.snowplow/tp2"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory.mktemp("dialects"), CATALOGUE, RULES)


@pytest.fixture(scope="module")
def sender(home):
    with collecting(home) as started:
        yield started


@pytest.fixture
def own(home, sender):
    return sender_of_its_own(home, sender, origins=("https://shop.example",))


RUDDER = """
import datetime, sys
import rudderstack.analytics as analytics
analytics.write_key, analytics.host, analytics.gzip = sys.argv[2], sys.argv[1], True
analytics.on_error = lambda error, items: sys.exit(f"{error} {items}")
at = datetime.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=datetime.timezone.utc)
for _ in range(2):
    analytics.identify("u1", {"email": "Ana@x.org", "plan": "gold"}, anonymous_id="a1",
        timestamp=at, message_id="m-identify")
    analytics.track("u1", "Order Completed", {"customer": "C1", "total": 12.5}, timestamp=at,
        message_id="m-track", context={"traits": {"city": "Bonn"}, "ip": "10.0.0.1"})
    analytics.page("u1", "shop", "Check-out", {"url": "https://x"}, timestamp=at,
        message_id="m-page")
    analytics.screen("u1", "app", "checkout", {}, timestamp=at, message_id="m-screen")
    analytics.group("u1", "g1", {"name": "Acme"}, timestamp=at, message_id="m-group")
    analytics.alias("a0", "u1", timestamp=at, message_id="m-alias")
    analytics.flush()
"""

RUDDER_NODE = """
import Analytics from '@rudderstack/rudder-sdk-node'
const [dataPlaneUrl, writeKey] = process.argv.slice(2)
const analytics = new Analytics(writeKey, { dataPlaneUrl, flushAt: 20,
  errorHandler: error => { console.error(error); process.exit(1) } })
const timestamp = new Date('2026-03-01T12:00:00.123Z')
const of = { userId: 'u1', timestamp }
analytics.flushed = true // send all of it together
for (let round = 0; round < 2; round++) {
  analytics.identify({ ...of, messageId: 'm-identify', anonymousId: 'a1',
    traits: { email: 'Ana@x.org', plan: 'gold' } })
  analytics.track({ ...of, messageId: 'm-track', event: 'Order Completed',
    properties: { customer: 'C1', total: 12.5 },
    context: { traits: { city: 'Bonn' }, ip: '10.0.0.1' } })
  analytics.page({ ...of, messageId: 'm-page', name: 'Check-out', category: 'shop',
    properties: { url: 'https://x' } })
  analytics.screen({ ...of, messageId: 'm-screen', name: 'checkout' })
  analytics.group({ ...of, messageId: 'm-group', groupId: 'g1', traits: { name: 'Acme' } })
  analytics.alias({ ...of, messageId: 'm-alias', previousId: 'a0' })
  await analytics.flush()
}
"""


def run_rudder_node(own, program, tmp_path):
    run_node(own, program, tmp_path, "@rudderstack/rudder-sdk-node@3.0.13")


@pytest.mark.parametrize(
    ("run", "program", "microseconds"),
    [(run_python, RUDDER, 123_456), (run_rudder_node, RUDDER_NODE, 123_000)],
)
def test_each_call_of_the_rudderstack_libraries(own, home, tmp_path, run, program, microseconds):
    run(own, program, tmp_path)
    assert settled(home, own).quarantined == 0
    found = {row["id"]: row for row in rows(home, own.source)}
    assert {i: (r["touchpoint"], r["namespace"], r["identifier"]) for i, r in found.items()} == {
        "m-track": ("order_completed", "user_id", "u1"),
        "m-page": ("checkout", "user_id", "u1"),
        "m-screen": ("checkout", "user_id", "u1"),
    }
    # The user's time, exactly; not the time at which the library was called.
    assert {row["occurred_at"] for row in found.values()} == {
        START.replace(microsecond=microseconds)
    }
    kept = json.loads(found["m-track"]["properties"])
    assert (kept["event"], kept["total"]) == ("Order Completed", 12.5)
    assert "10.0.0.1" not in found["m-track"]["properties"]
    assert traits(home, own.source) == {
        ("user_id", "u1", "email"): "Ana@x.org",
        ("user_id", "u1", "plan"): "gold",
        ("user_id", "u1", "city"): "Bonn",
        ("user_id", "u1", "group_id"): "g1",
        ("group_id", "g1", "name"): "Acme",
    }
    assert links(home, own.source) == {
        ("user_id:u1", "anonymous_id:a1"),
        ("user_id:u1", "email:Ana@x.org"),
        ("user_id:u1", "user_id:a0"),
        ("user_id:u1", "anonymous_id:a0"),
    }


WRONG_KEY = """
import sys
from rudderstack.analytics.client import Client
from rudderstack.analytics.request import APIError
client = Client("ek_wrong", sys.argv[1], sync_mode=True)
try:
    client.track("u1", "checkout")
except APIError as error:
    assert error.status == 401, error
    assert error.code == "invalid_write_key", error.code
    assert "source key" in error.message, error.message
else:
    sys.exit("a wrong key was taken")
"""


def test_rudderstacks_library_is_told_that_its_key_is_wrong(own, tmp_path):
    run_python(own, WRONG_KEY, tmp_path)


@pytest.mark.parametrize(
    ("status", "code", "path", "body"),
    [
        (400, "bad_request", "/v1/batch", b"{"),
        (404, "not_found", "/v1/nowhere", b"{}"),
        (413, "too_large", "/v1/batch", b" " * (11 << 20)),
    ],
)
def test_every_refusal_has_a_code_and_a_message(own, status, code, path, body):
    answered, _, said = own.send(body, path)
    assert (answered, said["code"]) == (status, code)
    assert said["message"] == said["error"] != ""


def test_rudderstacks_browser_library_sends_when_a_page_is_closed(own, home):
    event = {
        "type": "track", "channel": "web", "event": "checkout", "messageId": "b",
        "anonymousId": "a",
        "originalTimestamp": "2026-03-01T11:59:00Z", "sentAt": "2026-03-01T12:00:00Z",
    }  # fmt: skip
    path = f"/beacon/v1/batch?writeKey={own.secret}"
    before = datetime.datetime.now(datetime.UTC)
    assert own.send({"batch": [event]}, path, Authorization="", content_type="text/plain")[0] == 200
    settled(home, own)
    (row,) = rows(home, own.source)
    assert (row["namespace"], row["identifier"]) == ("anonymous_id", "a")
    assert 55 < (before - row["occurred_at"]).total_seconds() < 65  # its own clock is set right


def test_a_merge_call_joins_two_identifiers(own, home):
    pair = [{"type": "email", "value": "ana@x.org"}, {"type": "phone", "value": "+4912345678"}]
    merge = {"type": "merge", "mergeProperties": pair, "messageId": "m"}
    wrong = [{**merge, "messageId": "n", "mergeProperties": given} for given in (None, pair[:1])]
    assert own.send({"batch": [merge, *wrong]}, "/v1/batch")[0] == 200
    assert settled(home, own).quarantined == 2
    assert links(home, own.source) == {("email:ana@x.org", "phone:+4912345678")}
    assert all("two mergeProperties" in row.reason for row in home.quarantine(own.source))


SNOWPLOW = """
import logging, sys, warnings
from snowplow_tracker import (Emitter, PagePing, PageView, ScreenView, SelfDescribing,
    SelfDescribingJson, StructuredEvent, Subject, Tracker)
warnings.simplefilter("ignore")
logging.disable()
host = sys.argv[1].removeprefix("http://")
failed = []
emitter = Emitter(host, protocol="http", method="METHOD", batch_size=20,
    on_failure=lambda sent, events: failed.extend(events))
subject = Subject().set_user_id("u1").set_domain_user_id("d1").set_ip_address("10.0.0.1")
subject.set_network_user_id("n1").set_domain_session_id("s1")
tracker = Tracker("shop", emitter, subject=subject, app_id=sys.argv[2], encode_base64=ENCODED)
acme = SelfDescribingJson("iglu:com.acme/basket/jsonschema/1-0-0", {"items": 2})
at = 1772366400123
for _ in range(2):
    tracker.track(PageView("https://x/checkout", "Check-out", true_timestamp=at, context=[acme]))
    tracker.track(PagePing("https://x/checkout", true_timestamp=at, max_x=7))
    tracker.track(StructuredEvent("shop", "checkout", "red", "size", 12.5, true_timestamp=at))
    tracker.track(SelfDescribing(SelfDescribingJson("iglu:com.acme/order_completed/jsonschema/1-0-0",
        {"customer": "C7", "total": 12.5}), true_timestamp=at))
    tracker.track(SelfDescribing(SelfDescribingJson("iglu:com.acme/rated/jsonschema/1-0-0",
        {"score": 8}), true_timestamp=at))
    tracker.track_ecommerce_transaction("o1", 30.5, currency="EUR", tstamp=at,
        items=[{"sku": "k", "price": 15.25, "quantity": 2}])
    tracker.track(ScreenView("i", "home", true_timestamp=at))
tracker.flush()
if failed:
    sys.exit(f"not sent: {failed}")
"""


@pytest.mark.parametrize(("method", "encoded"), [("post", True), ("post", False), ("get", True)])
def test_each_event_of_the_snowplow_library(own, home, tmp_path, method, encoded):
    program = SNOWPLOW.replace("METHOD", method).replace("ENCODED", str(encoded))
    run_python(own, program, tmp_path)
    status = settled(home, own)
    found = rows(home, own.source)
    seen = sorted((row["touchpoint"], row["namespace"], row["identifier"]) for row in found)
    assert seen == sorted(
        2
        * [
            ("checkout", "user_id", "u1"),  # the page's title
            ("checkout", "user_id", "u1"),  # the structured event's action
            ("order_completed", "customer_no", "C7"),  # as the rule says
            ("order_completed", "user_id", "u1"),  # the transaction
        ]
    )
    assert status.ever.refused == 2  # page pings, as a rule says
    exact = [row for row in found if "tr_orderid" not in row["properties"]]
    assert {row["occurred_at"] for row in exact} == {START.replace(microsecond=123_000)}
    (bought,) = {
        (tuple(row["correlations"]), float(row["amount"]), row["currency"])
        for row in found
        if "tr_orderid" in row["properties"]
    }
    assert bought == (("order:o1",), 30.5, "EUR")
    assert {row["score"] for row in rows(home, own.source, "perceptions")} == {80.0}
    kept = [json.loads(row["properties"]) for row in found]
    (page,) = [one for one in kept if one["event"] == "Check-out"][:1]
    assert (page["page_url"], page["page_title"]) == ("https://x/checkout", "Check-out")
    assert page["context"]["contexts"] == {"basket": {"items": 2}}
    assert page["context"]["domain_sessionid"] == "s1"
    (action,) = [one for one in kept if one["event"] == "shop checkout"][:1]
    assert {name: str(action[name]) for name in ("se_label", "se_property", "se_value")} == {
        "se_label": "red", "se_property": "size", "se_value": "12.5",
    }  # fmt: skip
    whole = json.dumps([str(row) for row in (*found, *home.quarantine(own.source))])
    assert own.secret not in whole  # the app id was the key
    assert "10.0.0.1" not in json.dumps(kept)
    assert links(home, own.source) >= {
        ("user_id:u1", "domain_userid:d1"),
        ("user_id:u1", "network_userid:n1"),
    }
    held = {row.reason for row in home.quarantine(own.source)}
    assert held == {
        "uncatalogued: no rule and no touchpoint is named 'screen_view'",
        "uncatalogued: no rule and no touchpoint is named 'transaction_item'",
    }


def test_snowplows_library_gives_up_where_the_key_is_wrong(own, home, tmp_path):
    program = SNOWPLOW.replace("METHOD", "post").replace("ENCODED", "True")
    program = program.replace("sys.argv[2]", "'ek_wrong'")
    with pytest.raises(AssertionError, match="not sent"):
        run_python(own, program, tmp_path)
    assert own.source not in {one.source for one in home.status()}


def tp2(*events):
    schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
    return {"schema": schema, "data": list(events)}


def test_what_snowplows_trackers_are_answered(own):
    event = {"e": "pp", "eid": "p", "aid": own.secret}
    connection = http.client.HTTPConnection("127.0.0.1", own.port, timeout=20)
    origin = {"Origin": "https://shop.example"}
    connection.request("POST", TP2, json.dumps(tp2(event)), origin)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"ok")
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    connection.request("GET", f"/i?{urlencode(event)}")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.read()[:6] == b"GIF89a"
    connection.request("GET", "/i")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (400, "bad_request")
    connection.request("GET", TP2)
    assert connection.getresponse().status == 405
    connection.close()


def test_the_time_of_a_snowplow_event(own, home):
    """True time, or the device's set right by when it says it sent; a bad one is held."""
    now = int(datetime.datetime.now(datetime.UTC).timestamp() * 1000)
    slow, who = now - 86_400_000, {"e": "se", "se_ac": "checkout", "uid": "u"}
    given = {
        "true": {"ttm": str(now - 7_200_000), "dtm": str(slow), "stm": "soon"},
        "set right": {"dtm": str(slow - 300_000), "stm": str(slow)},
        "as it is": {"dtm": str(slow)},
        "received": {},
        "bad": {"dtm": "soon", "stm": str(slow)},
        "far": {"ttm": "9" * 30},
    }
    events = [{**who, "eid": name, **times} for name, times in given.items()]
    assert own.send(json.dumps(tp2(*events)).encode(), TP2)[0] == 200
    settled(home, own)
    ago = {row["id"]: now / 1000 - row["occurred_at"].timestamp() for row in rows(home, own.source)}
    assert ago.keys() == given.keys() - {"bad", "far"}
    assert ago["true"] == 7_200
    assert ago["as it is"] == 86_400
    assert abs(ago["set right"] - 300) < 20
    assert abs(ago["received"]) < 20
    reasons = {row.id: row.reason for row in home.quarantine(own.source)}
    assert "'soon' is not in milliseconds" in reasons["bad"]
    assert reasons.keys() == {"bad", "far"}


def test_snowplow_events_that_cannot_be_read_are_held_with_their_party(own, home):
    coded = base64.urlsafe_b64encode(b"{").decode()
    fine = {"schema": "iglu:com.acme/x/jsonschema/1-0-0", "data": {"schema": "s", "data": {}}}
    wrong = {
        "type": {"e": "zz"},
        "none": {},
        "json": {"e": "ue", "ue_px": coded},
        "base64": {"e": "ue", "ue_px": "a"},
        "nothing": {"e": "ue"},
        "schema": {"e": "ue", "ue_pr": json.dumps({"schema": "x", "data": {}})},
        "context": {"e": "se", "se_ac": "checkout", "co": "["},
        "nul": {"e": "se", "se_ac": "check\x00out"},
        "unnamed": {"e": "ue", "ue_pr": json.dumps(fine)},
    }
    events = [{"eid": eid, "uid": "u", **given} for eid, given in wrong.items()]
    nobody = {"eid": "nobody", "e": "se", "se_ac": "checkout"}
    events[0]["aid"] = own.secret
    body = json.dumps(tp2(*events, nobody, 7, {"aid": 7, "eid": "number", "uid": "u"})).encode()
    assert own.send(body, TP2, Authorization="")[0] == 200
    status = settled(home, own)
    assert (status.ever.stored, status.quarantined) == (0, len(wrong) + 3)
    held = {row.id: row for row in home.quarantine(own.source)}
    assert "number" in held
    assert own.secret not in str(held)
    assert all(held[eid].row["identifier"] == "u" for eid in wrong)
    assert "'zz' is not one of" in held["type"].reason
    assert "names no schema" in held["nothing"].reason
    assert "identifier is missing" in held["nobody"].reason


def test_phones_name_themselves_in_a_context(own, home):
    session = {
        "schema": "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2",
        "data": {"userId": "phone-1", "sessionIndex": 3},
    }
    attached = {"schema": "iglu:…/contexts/jsonschema/1-0-1", "data": [session]}
    event = {"e": "se", "se_ac": "checkout", "eid": "1", "co": json.dumps(attached)}
    own.send(tp2(event), TP2)
    settled(home, own)
    (row,) = rows(home, own.source)
    assert (row["namespace"], row["identifier"]) == ("device_userid", "phone-1")


def test_events_of_snowplow_are_recognised_by_their_looks(home):
    event = {"e": "se", "se_ac": "checkout", "eid": "1", "uid": "u", "aid": "ek_abc"}
    for body in (tp2(event), event):
        (one,) = home.try_events(json.dumps(body).encode())
        ((kind, row),) = one.records
        assert (kind, row["touchpoint"], row["identifier"]) == ("interactions", "checkout", "u")
        assert "ek_abc" not in one.event


# Bodies


def members(*texts):
    return b"".join(gzip.compress(text) for text in texts)


EVENTS = [
    {"id": f"{n}", "namespace": "email", "identifier": "a@x.org", "touchpoint": "checkout"}
    for n in range(5)
]
LINES = [json.dumps(event).encode() + b"\n" for event in EVENTS]
BOM = b"\xef\xbb\xbf"


def test_all_members_of_a_compressed_body_are_read(own, home):
    body = members(*LINES[:2], b"", *LINES[2:]) + b"\x00" * 100
    kind = {"content_type": "application/x-ndjson", "content_encoding": "gzip"}
    assert own.send(body, **kind)[2] == {"received": 5}
    events = [{"event": "checkout", "uuid": f"p{n}", "distinct_id": "d"} for n in range(2)]
    first, second = json.dumps(events).encode()[:20], json.dumps(events).encode()[20:]
    assert own.send(members(first, second), "/e/?compression=gzip-js")[0] == 200
    settled(home, own)
    assert {row["id"] for row in rows(home, own.source)} == {*"01234", "p0", "p1"}


@pytest.mark.parametrize(
    "body",
    [members(b"{}") + b"rest", members(b"[]", b" ")[:-4], members(b"[]") + b"\x1f"],
    ids=["something else follows", "the last ends too early", "the last has only begun"],
)
def test_what_follows_a_member_must_be_one(own, body):
    assert own.send(body, content_encoding="gzip")[0] == 400
    assert own.send(body, "/e/?compression=gzip-js")[0] == 400


def test_many_small_members_are_no_way_around_the_limits(own):
    bomb = members(*([b" " * (6 << 20)] * 10))
    assert own.send(bomb, content_encoding="gzip")[0] == 413
    assert own.send(bomb, "/e/?compression=gzip-js")[0] == 413
    empty = gzip.compress(b"") * 20_000
    assert own.send(empty, content_encoding="gzip")[0] == 413
    assert own.send(empty, "/e/?compression=gzip-js")[0] == 413


async def _pieces(body, sizes):
    at, sizes = 0, list(sizes) or [1]
    while at < len(body):
        size = sizes[at % len(sizes)]
        yield body[at : at + size]
        at += size


def run(coroutine):
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


@hypothesis.given(
    st.lists(st.binary(max_size=300), min_size=1, max_size=8),
    st.lists(st.integers(1, 90), min_size=1, max_size=5),
    st.integers(0, 40),
)
def test_however_members_are_cut_the_whole_is_read(texts, sizes, zeros):
    body = members(*texts) + b"\x00" * zeros
    assert run(read(_pieces(body, sizes), "gzip", Limits())) == b"".join(texts)
    assert unpack(body, Limits()) == b"".join(texts)
    short = Limits(unpacked=len(b"".join(texts)) - 1)
    if short.unpacked >= 0:
        with pytest.raises(TooLargeError):
            run(read(_pieces(body, sizes), "gzip", short))
        with pytest.raises(TooLargeError):
            unpack(body, short)
    with pytest.raises((BadEncodingError, TooLargeError)):
        unpack(members(*texts)[:-1], Limits())


def test_a_body_that_is_deflated_is_read_as_before():
    body = zlib.compress(b"abc" * 1000)
    assert run(read(_pieces(body, [7]), "deflate", Limits())) == b"abc" * 1000


def test_a_byte_order_mark_is_no_part_of_a_body_or_a_line(own, home):
    given = [
        (b"".join(BOM + line for line in LINES), "/v1/moments", "application/x-ndjson"),
        (BOM + json.dumps([{**EVENTS[0], "id": "list"}]).encode(), "/v1/moments", ""),
        (BOM + json.dumps({**EVENTS[0], "id": "one"}).encode(), "/v1/moments", ""),
        (gzip.compress(BOM + json.dumps({"batch": [{"uuid": "p", "event": "checkout",
            "distinct_id": "d"}]}).encode()), "/e/?compression=gzip-js", ""),
        (BOM + json.dumps({"messageId": "s", "event": "checkout", "userId": "u"}).encode(),
            "/v1/track", ""),
        (BOM + json.dumps(tp2({"e": "se", "se_ac": "checkout", "eid": "w", "uid": "u"})).encode(),
            TP2, ""),
        (BOM + json.dumps({"specversion": "1.0", "id": "c", "source": "/", "type": "checkout",
            "subject": "u"}).encode(), "/v1/cloudevents", "application/cloudevents+json"),
    ]  # fmt: skip
    for body, path, kind in given:
        assert own.send(body, path, content_type=kind)[0] in (200, 204), path
    assert settled(home, own).quarantined == 0
    assert {row["id"] for row in rows(home, own.source)} == {
        *"01234", "list", "one", "p", "s", "w", "/#c",
    }  # fmt: skip


def test_events_on_lines_with_marks_can_be_tried(home):
    found = home.try_events(b"".join(BOM + line for line in LINES))
    assert [len(one.records) for one in found] == [1] * 5
    with pytest.raises(SourceError):
        home.try_events(BOM + b"{")


# Times


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.123456Z"),
        ("2026-03-01T12:00:00.1234567Z", "2026-03-01T12:00:00.123456Z"),
        ("2026-03-01 12:00:00.999999999+02:00", "2026-03-01 12:00:00.999999+02:00"),
        ("2026-03-01T12:00:00.123456Z", "2026-03-01T12:00:00.123456Z"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        ("the year 2026 and a number 1234567890", "the year 2026 and a number 1234567890"),
        ("", ""),
    ],
)
def test_digits_beyond_microseconds_are_cut_off(given, understood):
    assert to_microseconds(given) == understood


def test_the_nanoseconds_of_go_are_taken_by_every_dialect(own, home):
    at = "2026-03-01T12:00:00.123456789Z"
    record = {**EVENTS[0], "occurred_at": at}
    own.send({"type": "track", "userId": "u", "event": "checkout", "messageId": "segment",
        "timestamp": at}, "/v1/track")  # fmt: skip
    own.send({"type": "track", "userId": "u", "event": "checkout", "messageId": "rudder",
        "channel": "server", "timestamp": at}, "/v1/track")  # fmt: skip
    own.send({"event": "checkout", "distinct_id": "d", "uuid": "posthog", "timestamp": at}, "/e")
    own.send({"specversion": "1.0", "id": "1", "source": "/", "type": "checkout", "subject": "u",
        "time": at}, "/v1/cloudevents", content_type="application/cloudevents+json")  # fmt: skip
    own.send([{**record, "id": "own"}, {**record, "id": "due", "due_at": at}])
    own.send([{**record, "id": "strange", "colour": "red", "due_at": at}])
    settled(home, own)
    found = {row["id"]: row for row in rows(home, own.source)}
    assert found.keys() == {"segment", "rudder", "posthog", "/#1", "own", "due", "strange"}
    exact = START.replace(microsecond=123_456)
    assert {row["occurred_at"] for row in found.values()} == {exact}
    assert {found[name]["due_at"] for name in ("due", "strange")} == {exact}


# Reading the quarantine


def test_a_long_value_leaves_the_quarantine_readable(own, home, tmp_path):
    from click.testing import CliRunner

    from everytouch.cli import main

    long = "5" * 500_000
    own.send([{**EVENTS[0], "id": "amount", "amount": f"{long}x"}, {**EVENTS[0], "id": long}])
    settled(home, own)
    run = CliRunner().invoke
    base = ["-w", str(home.path), "quarantine"]
    listed = run(main, [*base, "list", "--source", own.source])
    assert listed.exit_code == 0, listed.output
    assert len(listed.output) < 3_000
    assert "characters" in listed.output.replace("\n", "")
    (amount,) = [row for row in home.quarantine(own.source) if row.id == "amount"]
    assert amount.brief.reason.startswith("amount '555")
    assert amount.brief.reason.endswith("an amount with at most four decimals")
    assert "characters" in amount.brief.row["amount"]
    whole = run(main, [*base, "list", "--source", own.source, "--json"])
    assert long in whole.output
    target = tmp_path / "held.jsonl"
    assert run(main, [*base, "export", str(target), "--source", own.source]).exit_code == 0
    assert {len(json.loads(line)["row"]["id"]) for line in target.read_text().splitlines()} == {
        6, 500_000,
    }  # fmt: skip


def test_the_page_on_the_collector_names_the_libraries():
    page = (Path(__file__).parent.parent / "docs" / "collector.md").read_text()
    for name in ("RudderStack", "Snowplow", "rudder-sdk-node", "snowplow-tracker"):
        assert name in page
