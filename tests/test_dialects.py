"""What the libraries people already have send is understood, each call of theirs."""

import base64
import datetime
import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from everytouch.collect.api import DIALECTS, read_rules
from everytouch.errors import SourceError
from tests.collecting import collecting, made, sender_of_its_own, settled

CATALOGUE = """organisation: Acme
stages: [buy]
touchpoints:
  checkout: {label: Check-out, stage: buy, channel: web, element: process}
  order_completed: {label: Order completed, stage: buy, channel: web, element: process}
  support_call: {label: Call, stage: buy, channel: phone, element: people}
instruments:
  nps: {label: Recommend, kind: nps, low: 0, high: 10}
"""
RULES = """
- event: Paid *
  when: {properties.status: [settled, paid]}
  interaction:
    touchpoint: checkout
    outcome: ok
    amount: "{properties.total.value}"
    correlations: ["order:{properties.order}", "basket:{properties.basket}"]
- event: Paid *
  interaction: {touchpoint: checkout, outcome: failed}
- event: Call Rated
  interaction: {touchpoint: support_call}
  perception: {touchpoint: support_call, instrument: nps, raw: "{properties.score}"}
  traits: {last_agent: "{properties.agent}"}
- event: Heartbeat
  ignore: true
- event: com.acme.parcel.*
  interaction:
    touchpoint: order_completed
    namespace: customer_no
    identifier: "{data.customer}"
    outcome: "{data.state}"
  traits: {parcel: "{data.state}"}
"""
START = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


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


def rows(home, source, kind="interactions"):
    return home.tables.query(kind, "SELECT * FROM ledger WHERE source = $1", [source]).to_pylist()


def traits(home, source):
    """(namespace, identifier, name) → value."""
    return {
        (row["namespace"], row["identifier"], row["name"]): row["value"]
        for row in rows(home, source, "traits")
    }


def links(home, source):
    found = rows(home, source, "links")
    return {
        (f"{r['namespace']}:{r['identifier']}", f"{r['other_namespace']}:{r['other_identifier']}")
        for r in found
    }


PYTHON = """
import datetime, sys
import segment.analytics as analytics
analytics.write_key, analytics.host, analytics.gzip = sys.argv[2], sys.argv[1], True
analytics.on_error = lambda error, items: sys.exit(f"{error} {items}")
at = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
for _ in range(2):
    analytics.identify("u1", {"email": "Ana@x.org", "plan": "gold"}, anonymous_id="a1",
        timestamp=at, message_id="m-identify")
    analytics.track("u1", "Order Completed", {"revenue": 12.5}, timestamp=at, message_id="m-track",
        context={"traits": {"city": "Bonn"}, "ip": "10.0.0.1"})
    analytics.page("u1", "shop", "Check-out", {"url": "https://x"}, timestamp=at,
        message_id="m-page")
    analytics.screen("u1", "app", "checkout", {}, timestamp=at, message_id="m-screen")
    analytics.group("u1", "g1", {"name": "Acme"}, timestamp=at, message_id="m-group")
    analytics.alias("a0", "u1", timestamp=at, message_id="m-alias")
    analytics.flush()
"""

NODE = """
import { Analytics } from '@segment/analytics-node'
const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host })
analytics.on('error', error => { console.error(error); process.exit(1) })
const timestamp = new Date('2026-03-01T12:00:00Z')
const of = { userId: 'u1', timestamp }
analytics.identify({ ...of, messageId: 'm-identify', anonymousId: 'a1',
  traits: { email: 'Ana@x.org', plan: 'gold' } })
analytics.track({ ...of, messageId: 'm-track', event: 'Order Completed',
  properties: { revenue: 12.5 }, context: { traits: { city: 'Bonn' }, ip: '10.0.0.1' } })
analytics.page({ ...of, messageId: 'm-page', name: 'Check-out', category: 'shop',
  properties: { url: 'https://x' } })
analytics.screen({ ...of, messageId: 'm-screen', name: 'checkout' })
analytics.group({ ...of, messageId: 'm-group', groupId: 'g1', traits: { name: 'Acme' } })
analytics.alias({ ...of, messageId: 'm-alias', previousId: 'a0' })
await analytics.closeAndFlush()
"""


def run_python(own, program, tmp_path):
    command = [sys.executable, "-c", program, f"http://127.0.0.1:{own.port}", own.secret]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def run_node(own, program, tmp_path, package="@segment/analytics-node@3.1.0"):
    beside = Path(sys.executable).parent
    npm, node = (shutil.which(n, path=f"{beside}:{os.environ['PATH']}") for n in ("npm", "node"))
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", tmp_path]
    subprocess.run([*install, package], check=True, capture_output=True, timeout=300)
    (tmp_path / "send.mjs").write_text(program)
    command = [node, "send.mjs", f"http://127.0.0.1:{own.port}", own.secret]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)


@pytest.mark.parametrize(("run", "program"), [(run_python, PYTHON), (run_node, NODE)])
def test_each_call_of_the_segment_libraries(own, home, tmp_path, run, program):
    run(own, program, tmp_path)
    assert settled(home, own).quarantined == 0
    found = {row["id"]: row for row in rows(home, own.source)}
    assert {i: (r["touchpoint"], r["namespace"], r["identifier"]) for i, r in found.items()} == {
        "m-track": ("order_completed", "user_id", "u1"),
        "m-page": ("checkout", "user_id", "u1"),
        "m-screen": ("checkout", "user_id", "u1"),
    }
    for row in found.values():  # the clocks are the same, what is left is the way
        assert abs(row["occurred_at"] - START) < datetime.timedelta(seconds=20)
    kept = json.loads(found["m-track"]["properties"])
    assert (kept["event"], kept["revenue"]) == ("Order Completed", 12.5)
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
    trail = home.trail("email:ana@x.org")
    assert {"m-track", "m-page", "m-screen"} <= {one.id for one in trail.rows}


POSTHOG = """
import datetime, sys
from posthog import Posthog
client = Posthog(sys.argv[2], host=sys.argv[1], gzip=True, capture_mode="MODE",
    on_error=lambda error, items: sys.exit(f"{error} {items}"))
at = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
ids = [f"00000000-0000-4000-8000-{n:012d}" for n in range(9)]
of = {"distinct_id": "d1", "timestamp": at}
for _ in range(2):
    client.capture("order_completed", uuid=ids[1], properties={"total": 3, "$ip": "10.0.0.1",
        "$set": {"email": "Ana@x.org"}, "$set_once": {"first": "web"}}, groups={"firm": "f1"}, **of)
    client.capture("survey sent", uuid=ids[2], properties={"$survey_name": "NPS",
        "$survey_response": "9", "$survey_response_q2": "Fine, thanks"}, **of)
    client.set(properties={"plan": "gold"}, uuid=ids[3], **of)
    client.set_once(properties={"first": "phone"}, uuid=ids[4], **of)
    client.alias("d0", "d1", timestamp=at, uuid=ids[5])
    client.group_identify("firm", "f1", {"name": "Acme"}, uuid=ids[6], timestamp=at)
    client.capture("$identify", uuid=ids[7], properties={"$anon_distinct_id": "anon7"}, **of)
    client.flush()
client.shutdown()
"""


@pytest.mark.parametrize("mode", ["v0", "v1"])
def test_each_call_of_the_posthog_library(own, home, tmp_path, mode):
    run_python(own, POSTHOG.replace("MODE", mode), tmp_path)
    assert settled(home, own).quarantined == 0
    (bought,) = rows(home, own.source)
    assert (bought["id"][-1], bought["touchpoint"]) == ("1", "order_completed")
    assert (bought["namespace"], bought["identifier"]) == ("distinct_id", "d1")
    assert abs(bought["occurred_at"] - START) < datetime.timedelta(seconds=20)
    kept = json.loads(bought["properties"])
    assert (kept["total"], "$ip" in kept, "$set" in kept) == (3, False, False)
    (said,) = rows(home, own.source, "perceptions")
    assert (said["instrument"], said["raw"], said["text"]) == ("nps", 9.0, "Fine, thanks")
    assert said["about"] == "relationship"
    assert traits(home, own.source) == {
        ("distinct_id", "d1", "email"): "Ana@x.org",
        ("distinct_id", "d1", "first"): "web",
        ("distinct_id", "d1", "plan"): "gold",
        ("distinct_id", "d1", "firm"): "f1",
        ("firm", "f1", "name"): "Acme",
    }
    assert links(home, own.source) == {
        ("distinct_id:d1", "email:Ana@x.org"),
        ("distinct_id:d0", "distinct_id:d1"),
        ("distinct_id:d1", "distinct_id:anon7"),
    }


def test_what_posthog_answers(own):
    event = {"event": "checkout", "distinct_id": "d", "uuid": "u-1"}
    path = "/i/v1/analytics/events"
    status, _, said = own.send({"batch": [event, {"event": "x"}]}, path)
    assert status == 200
    assert said["results"].pop("u-1") == {"result": "ok"}
    assert [one["result"] for one in said["results"].values()] == [
        "ok"
    ]  # under the id it was given
    assert own.send(event, "/capture/")[2] == {"status": 1}


@pytest.mark.parametrize("name", ["gzip-js", "form", "beacon", "list", "base64"])
def test_how_posthogs_script_packs_events(own, home, name):
    event = {
        "event": "checkout",
        "properties": {"distinct_id": f"d-{name}", "token": own.secret},
        "uuid": f"u-{name}",
        "offset": 90_000,
    }
    raw = json.dumps(event).encode()
    coded = quote(base64.b64encode(raw).decode())
    form = {"content_type": "application/x-www-form-urlencoded"}
    body, path, given, expected = {
        "gzip-js": (gzip.compress(raw), "/e/?compression=gzip-js&ip=1", {}, 200),
        "form": (f"data={coded}&compression=base64".encode(), "/e/", form, 200),
        "beacon": (f"data={coded}".encode(), "/i/v0/e/?beacon=1", form, 204),
        "list": (b"[" + raw + b"]", "/batch/", {"content_type": "text/plain"}, 200),
        "base64": (base64.b64encode(raw), "/e/?compression=base64", {}, 200),
    }[name]
    started = datetime.datetime.now(datetime.UTC)
    assert own.send(body, path, Authorization="", **given)[0] == expected
    settled(home, own)
    (row,) = rows(home, own.source)
    assert (row["id"], row["identifier"]) == (f"u-{name}", f"d-{name}")
    assert 80 < (started - row["occurred_at"]).total_seconds() < 100  # by its offset


def test_what_posthogs_script_packs_is_held_against_the_limits_too(own):
    bomb = gzip.compress(b" " * (60 << 20))
    assert own.send(bomb, "/e/?compression=gzip-js")[0] == 413
    assert own.send(gzip.compress(b"{}")[:-4], "/e/?compression=gzip-js")[0] == 400
    assert own.send(b"x", "/e/?compression=lz64")[0] == 400
    form = "application/x-www-form-urlencoded"
    assert own.send(b"data=%%%", "/e/", content_type=form)[0] == 400
    assert own.send(b"!", "/e/?compression=base64")[0] == 400


@pytest.mark.parametrize("short", ["t", "p", "s", "i", "g", "a", "track", "page"])
def test_browsers_send_to_segments_short_paths(own, home, short):
    message = {
        "writeKey": own.secret, "userId": 7, "event": "checkout", "name": "checkout",
        "previousId": "b", "groupId": "g", "traits": {"k": short}, "messageId": f"m-{short}",
    }  # fmt: skip
    status, headers, said = own.send(
        message, f"/v1/{short}", Authorization="", content_type="text/plain",
        Origin="https://shop.example",
    )  # fmt: skip
    assert (status, said) == (200, {"success": True})
    assert headers["access-control-allow-origin"] == "https://shop.example"
    status = settled(home, own)
    assert status.ever.stored == {"a": 2, "g": 2}.get(short, 1)
    assert status.quarantined == 0


def test_segments_browser_library_is_told_its_settings(own):
    status, _, said = own.send(b"", f"/v1/projects/{own.secret}/settings", "GET")
    assert (status, said["integrations"]["Segment.io"]["apiKey"]) == (200, own.secret)
    assert own.send(b"", "/v1/projects/nobody/settings", "GET")[0] == 404


def test_a_batch_keeps_what_holds_and_holds_the_rest(own, home):
    batch = [
        {"type": "track", "userId": "u", "event": "checkout", "messageId": "fine"},
        {"type": "track", "event": "checkout", "messageId": "nobody"},
        {"type": "track", "userId": "u", "messageId": "nothing"},
        {"type": "dream", "userId": "u", "messageId": "strange"},
        {"type": "alias", "userId": "u", "messageId": "halfway"},
        {"type": "track", "userId": "u", "event": "checkout", "timestamp": "soon"},
        {"type": "track", "userId": "u", "event": "checkout", "properties": {"a": "\x00"}},
        "no object",
        {"type": "track", "userId": "\x00", "event": "checkout", "messageId": "nul"},
    ]
    assert own.send({"batch": batch}, "/v1/batch")[0] == 200
    status = settled(home, own)
    assert (status.ever.stored, status.ever.quarantined) == (2, 7)
    reasons = {row.reason for row in home.quarantine(own.source)}
    for reason in (
        "names nobody: give user_id or anonymous_id", "names no event", "type 'dream' is none of",
        "no previousId", "'soon' is not a time", "it is no object", "NUL",
    ):  # fmt: skip
        assert any(reason in one for one in reasons), (reason, reasons)
    assert own.send({"messages": []}, "/v1/batch")[0] == 400
    assert own.send({"batch": {}}, "/v1/batch")[0] == 400


@pytest.mark.parametrize("dialect", ["segment", "posthog"])
def test_the_clock_of_a_sender_is_set_right(own, home, dialect):
    """A clock that is a day slow: what it says of itself when it sends is a day old too."""
    now = datetime.datetime.now(datetime.UTC)
    slow = now - datetime.timedelta(days=1)
    happened = (slow - datetime.timedelta(minutes=5)).isoformat()
    event = {"timestamp": happened, "event": "checkout"}
    if dialect == "segment":
        body = {"batch": [{"type": "track", "userId": "u", **event}], "sentAt": slow.isoformat()}
        own.send(body, "/v1/batch")
    else:
        own.send({"batch": [{"distinct_id": "u", **event}], "sent_at": slow.isoformat()}, "/batch")
    settled(home, own)
    (row,) = rows(home, own.source)
    assert 295 < (now - row["occurred_at"]).total_seconds() < 305


def test_cloud_events_in_all_three_modes(own, home):
    attributes = {
        "specversion": "1.0", "id": "1", "source": "/till", "type": "com.acme.parcel.sent",
        "time": "2026-03-01T12:00:00Z",
    }  # fmt: skip
    data = {"customer": "C7", "state": "ok"}
    binary = {f"ce_{name}": value for name, value in attributes.items()}
    path = "/v1/cloudevents"
    assert own.send(data, path, content_type="application/json", **binary)[0] == 204
    one = {**attributes, "id": "2", "data": data}
    kind = "application/cloudevents"
    assert own.send(one, path, content_type=f"{kind}+json; charset=utf-8")[0] == 204
    several = [
        {**one, "id": "3"},
        {**one, "id": "3"},
        {**one, "id": "4", "type": "checkout", "subject": "email:ana@x.org", "data": "x"},
        {**one, "specversion": "0.3"},
        {"id": "5"},
    ]
    assert own.send(several, path, content_type=f"{kind}-batch+json")[0] == 204
    assert settled(home, own).ever.duplicate == 2  # an interaction and a trait
    found = {row["id"]: row for row in rows(home, own.source)}
    assert found.keys() == {"/till#1", "/till#2", "/till#3", "/till#4"}
    assert {found[i]["identifier"] for i in ("/till#1", "/till#2", "/till#3")} == {"C7"}
    assert found["/till#1"]["outcome"] == "ok"
    assert traits(home, own.source) == {("customer_no", "C7", "parcel"): "ok"}
    assert found["/till#1"]["occurred_at"] == START
    assert (found["/till#4"]["namespace"], found["/till#4"]["touchpoint"]) == ("email", "checkout")
    assert len(home.quarantine(own.source)) == 2
    assert own.send(data, path, content_type="application/json")[0] == 400  # no attributes
    assert (
        own.send(b"\xff\x00", path, content_type="image/png", **binary | {"ce_id": "6"})[0] == 204
    )


def test_the_first_rule_that_fits_says_what_an_event_is(own, home):
    def track(name, number, **properties):
        return {
            "type": "track", "userId": "u", "event": name, "messageId": number,
            "properties": properties,
        }  # fmt: skip

    batch = [
        track("Paid now", "1", status="paid", total={"value": 9.5}, order=17),
        track("Paid now", "2", status="declined", total={"value": 9.5}),
        track("Call Rated", "3", score=8, agent="Kim"),
        track("Heartbeat", "4"),
        track("Parcel Unpacked", "5"),
    ]
    own.send({"batch": batch}, "/v1/batch")
    status = settled(home, own)
    found = {row["id"]: row for row in rows(home, own.source)}
    assert (found["1"]["outcome"], float(found["1"]["amount"])) == ("ok", 9.5)
    assert found["1"]["correlations"] == ["order:17"]  # it has no basket
    assert (found["2"]["outcome"], found["2"]["amount"]) == ("failed", None)
    assert found["3"]["touchpoint"] == "support_call"
    (said,) = rows(home, own.source, "perceptions")
    assert (said["id"], said["score"], said["touchpoint"]) == ("3", 80.0, "support_call")
    assert traits(home, own.source) == {("user_id", "u", "last_agent"): "Kim"}
    assert (status.ever.refused, status.ever.quarantined) == (1, 1)
    assert "4" not in found


def test_what_no_rule_names_is_held_once_and_stored_when_one_does(own, home):
    message = {
        "userId": "u", "event": f"Box {own.source}", "messageId": "m", "properties": {"a": 1},
        "timestamp": "2026-03-01T12:00:00Z",
    }  # fmt: skip
    for _ in range(3):
        own.send(message, "/v1/track")
        settled(home, own)
    (held,) = home.quarantine(own.source)
    assert held.reason == f"uncatalogued: no rule and no touchpoint is named 'Box {own.source}'"
    assert json.loads(held.row["events"]) == message
    assert home.replay(own.source).total.quarantined == 1
    path = home.path / "rules.yaml"
    before = path.read_text()
    path.write_text(
        before + f"- event: Box {own.source}\n  interaction: {{touchpoint: checkout}}\n"
    )
    try:
        assert home.replay(own.source).total.stored == 1
    finally:
        path.write_text(before)
    assert home.quarantine(own.source) == ()
    (row,) = rows(home, own.source)
    assert (row["id"], row["occurred_at"], row["touchpoint"]) == ("m", START, "checkout")
    own.send(message, "/v1/track")  # late, and again
    settled(home, own)
    assert len(rows(home, own.source)) == 1


def test_an_erased_person_leaves_what_is_held_too(own, home):
    who = f"gone-{own.source}"
    own.send({"userId": who, "event": "Unheard of", "messageId": "m"}, "/v1/track")
    own.send({"userId": who, "event": "checkout", "messageId": "n"}, "/v1/track")
    dream = {"kind": "dream", "id": "d", "namespace": "user_id", "identifier": who}
    own.send(dream, "/v1/moments")
    settled(home, own)
    assert len(home.quarantine(own.source)) == 2
    home.erase_party(home.find(f"user_id:{who}"))
    assert home.quarantine(own.source) == ()
    assert rows(home, own.source) == []


WRONG = {
    "no list": ("a: 1", "is no list"),
    "no event": ("- interaction: {touchpoint: checkout}", "rule 1 names no event"),
    "nothing": ("- event: x", "says nothing of 'x'"),
    "no such key": ("- {event: x, interactions: {}}", "did you mean 'interaction'"),
    "no such column": ("- {event: x, interaction: {touchpont: a}}", "did you mean 'touchpoint'"),
    "no touchpoint": ("- {event: x, interaction: {outcome: ok}}", "names no touchpoint"),
    "unknown": ("- {event: x, interaction: {touchpoint: chekout}}", "did you mean 'checkout'"),
    "instrument": ("- {event: x, perception: {instrument: npss}}", "did you mean 'nps'"),
    "braces": ("- {event: x, perception: {raw: {properties.a}}}", "write it in quotes"),
    "no yaml": ("- event: [", "is no YAML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_said_with_its_place_and_remedy(home, name):
    content, said = WRONG[name]
    with pytest.raises(SourceError) as error:
        read_rules(content, home.catalogue, "rules.yaml")
    assert said in str(error.value)
    assert "rules.yaml" in str(error.value)


PAGE = (Path(__file__).parent.parent / "docs" / "collector.md").read_text()


def test_the_page_on_the_collector_names_every_address_and_its_rules_hold(simulated):
    named = {word for line in PAGE.splitlines() if line.startswith("|") for word in line.split("`")}
    for dialect in DIALECTS.values():
        assert set(dialect.routes) <= named, dialect.name
    found = read_rules(PAGE.partition("```yaml")[2].partition("```")[0], simulated.catalogue)
    assert len(found.rules) == 4


def test_a_file_that_is_no_text_is_said_in_words(home, tmp_path):
    (tmp_path / "rules.yaml").write_bytes(b"\xff\xfe")
    words = ["-w", home.path, "rules", "check", tmp_path / "rules.yaml"]
    command = [sys.executable, "-m", "everytouch", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
