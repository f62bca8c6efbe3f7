"""The collector's pages: keys, rules, what came in just now."""

import json
import time

import pytest

from everytouch.collect.dialects.base import Taken
from everytouch.collect.server import encode
from everytouch.journal.api import Log
from everytouch.ledger.api import entries

RULE = "- event: Box Opened\n  interaction: {touchpoint: parcel_unpacked}\n"


@pytest.fixture
def brought(own):
    """The workspace, and two events in it: one stored, one that no rule names."""
    events = [
        {"type": "track", "userId": "<b>u</b>", "event": name, "messageId": f"m-{name}"}
        for name in ("Newsletter", "Box Opened")
    ]
    raw = [json.dumps(event).encode() for event in events]
    taken = Taken("segment", "shop", int(time.time() * 1e6), 0, raw, [None, None])
    log = Log(own.log, lambda *_: None)
    log.append(encode(taken), 0)
    log.close()
    assert own.drain().run().stored == 1
    return own


def test_what_came_in_is_shown_without_whom_it_is_of(visit, brought):
    text = visit("analyst").get("/sources/arrivals").content.decode()
    assert "Newsletter" in text
    assert "uncatalogued: no rule and no touchpoint is named &#x27;Box Opened&#x27;" in text
    assert "No collector is at work" in text
    assert "u</b>" not in text
    page = visit("analyst").get("/sources").content.decode()
    assert "2 received = 1 stored + 0 duplicate + 0 in conflict + 1 quarantined" in page
    assert "1 quarantined + 0 refused + 0 in the log" in page


def test_a_held_event_is_mended_as_what_it_is(visit, brought):
    client = visit("analyst")
    page = client.get("/quarantine?source=shop").content.decode()
    code = page.partition('href="/quarantine/')[2].partition('"')[0]
    shown = client.get(f"/quarantine/{code}").content.decode()
    assert "&quot;event&quot;: &quot;Box Opened&quot;" in shown
    assert "&quot;userId&quot;: &quot;[ID]&quot;" in shown  # masked, and stored as it came
    event = {"type": "track", "userId": "u", "event": "checkout on mars", "messageId": "x"}
    still = client.post(f"/quarantine/{code}", {"events": json.dumps(event)})
    assert (still.status_code, "still breaks" in still.content.decode()) == (422, True)
    event["event"] = "Newsletter"
    done = client.post(f"/quarantine/{code}", {"events": json.dumps(event)})
    assert done.status_code == 302
    assert brought.quarantine("shop") == ()
    for wrong in ("", "0" * 32, "x" * 32, "../etc"):
        assert client.get(f"/quarantine/{wrong}x").status_code == 404


def test_rules_are_tried_checked_and_saved_where_nobody_else_changed_them(visit, brought):
    client = visit("analyst")
    assert "Box Opened" in client.get("/rules").content.decode()
    tried = client.post("/rules", {"rules": RULE, "before": "", "do": "try"}).content.decode()
    assert "interaction: touchpoint parcel_unpacked" in tried
    assert brought.rules_text == ""
    wrong = client.post("/rules", {"rules": "- event: [", "before": "", "do": "save"})
    assert (wrong.status_code, "is no YAML" in wrong.content.decode()) == (422, True)
    assert client.post("/rules", {"rules": RULE, "before": "", "do": "save"}).status_code == 302
    assert brought.rules_text == RULE
    late = client.post("/rules", {"rules": "", "before": "", "do": "save"})
    assert "somebody else changed the rules" in late.content.decode()
    assert "change rules" in [entry.action for entry in entries(brought.path)]


def test_keys_are_made_by_who_may_and_said_once(visit, own):
    client = visit("analyst")
    made = client.post("/sources/keys", {"source": "till", "rate": "50", "origins": "https://a.b"})
    assert "ek_" in made.content.decode()
    (key,) = own.source_keys()
    assert (key.source, key.rate, key.origins) == ("till", 50, ("https://a.b",))
    again = client.get("/sources/keys").content.decode()
    assert "ek_" not in again
    assert client.post("/sources/keys", {"source": "../x"}).status_code == 422
    assert client.post("/sources/keys", {"revoke": "77"}).status_code == 422
    assert client.post("/sources/keys", {"source": "a", "rate": "many"}).status_code == 422
    client.post("/sources/keys", {"revoke": str(key.number)})
    assert own.source_keys()[0].revoked_at


@pytest.mark.parametrize("path", ["/sources", "/sources/keys", "/rules", "/quarantine"])
def test_its_pages_belong_to_the_sources(visit, path):
    page = visit("analyst").get(path).content.decode()
    assert '<a href="/sources" aria-current="page">' in page
