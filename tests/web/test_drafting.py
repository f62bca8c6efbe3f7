"""A held webhook becomes a rule on a page, and its address is made on another."""

import json
import re
import time

import pytest
import yaml

from everytouch.collect.dialects.base import Taken
from everytouch.collect.server import encode
from everytouch.journal.api import Log
from everytouch.ledger.api import entries

CHARGE = {
    "id": "evt_1", "object": "event", "type": "charge.succeeded", "created": 1772439160,
    "data": {"object": {
        "amount": 7780, "currency": "eur", "order": "A-1", "customer": "<b>C00000007</b>",
        "billing": {"email": "ana@example.org"}, "card": {"last4": "4242"}, "status": "paid",
    }},
}  # fmt: skip
RATED = {
    "event_id": "r1", "event_type": "rated", "submitted": 1772439160123, "who": "C00000007",
    "answers": [{"ref": "likely", "n": 9}, {"ref": "ease", "n": 2}],
    "comment": "took too long", "tags": [], "nothing": None,
}  # fmt: skip


@pytest.fixture
def held(own):
    """Hold events of a webhook, or of a program; the addresses of their pages."""

    def hold(*events, source="pay", dialect="hooks"):
        raw = [json.dumps(event).encode() for event in events]
        names = ("id", "event_id", "messageId")
        ids = [next(event[name] for name in names if name in event) for event in events]
        log = Log(own.log, lambda *_: None)
        log.append(encode(Taken(dialect, source, int(time.time() * 1e6), 0, raw, ids)), 0)
        log.close()
        own.drain().run()
        rows = {row.id: row for row in own.quarantine(source)}
        halves = [[half % (1 << 64) for half in rows[one].key] for one in ids]
        return [f"/quarantine/{first:016x}{second:016x}/rule" for first, second in halves]

    return hold


def chosen(page, **uses):
    """The form of a page as a browser sends it, with some fields used otherwise."""
    found = {}
    for select in re.findall(r"<select.*?</select>", page, re.DOTALL):
        name = re.search(r'name="([^"]+)"', select)[1]
        value = re.search(r'value="([^"]*)" selected', select)
        found[name] = value[1] if value else ""
    paths = dict(re.findall(r'id="p-(\d+)"><code>([^<]*)</code>', page))
    numbers = {path: number for number, path in paths.items()}
    event = re.search(r'name="event"[^>]*value="([^"]*)"', page)[1]
    found |= {"event": event, "this-source": "on", "idtype": "", "touchpoint": ""}
    return found | {f"use-{numbers[path]}": use for path, use in uses.items() if path in numbers}


def test_an_example_is_shown_with_its_probable_uses_and_becomes_a_rule(visit, own, held):
    (address, other) = held(CHARGE, CHARGE | {"id": "evt_2"})
    client = visit("analyst")
    assert f'href="{other}"' in client.get("/rules").content.decode() or f'href="{address}"' in (
        client.get("/rules").content.decode()
    )
    assert f'href="{address}"' in client.get(address.removesuffix("/rule")).content.decode()
    page = client.get(address).content.decode()
    assert "&lt;b&gt;C00000007" in page
    assert "<b>C00000007" not in page
    assert "the rule names no touchpoint" in page
    form = chosen(page)
    assert sorted(filter(None, form.values())) == sorted(
        ["charge.succeeded", "on", "time", "minor", "currency", "person:email"]
    )
    form |= chosen(page, **{"data.object.card.last4": "drop", "data.object.order": "object:order",
                            "data.object.status": "only"})  # fmt: skip
    form["touchpoint"] = "web_checkout"
    part = client.post(address, form, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "77.80 EUR" in part
    assert "Of 1 other held events from pay, 1 would be stored." in part
    assert own.rules_text == ""  # nothing is saved by a preview
    saved = client.post(address, form | {"do": "save"})
    assert (saved.status_code, saved["Location"].startswith("/jobs/")) == (302, True)
    (rule,) = yaml.safe_load(own.rules_text)
    assert rule == {
        "event": "charge.succeeded",
        "source": "pay",
        "when": {"data.object.status": ["paid"]},
        "interaction": {
            "touchpoint": "web_checkout",
            "namespace": "email",
            "identifier": "{data.object.billing.email}",
            "occurred_at": "{created|epoch_s}",
            "correlations": ["order:{data.object.order}"],
            "amount": "{data.object.amount|stripe}",
            "currency": "{data.object.currency|upper}",
        },
        "drop": ["data.object.card.last4"],
    }
    assert "change rules" in [entry.action for entry in entries(own.path)]
    assert own.replay().total.stored == 2
    assert own.quarantine("pay") == ()


def test_several_questions_and_a_comment_of_one_event(visit, own, held):
    (address,) = held(RATED)
    client = visit("analyst")
    page = client.get(address).content.decode()
    asked = list(own.catalogue.instruments)[:2]
    form = chosen(page, **{
        "who": "person:customer_no", "submitted": "time", "comment": "text",
        "answers[ref=likely].n": f"score:{asked[0]}", "answers[ref=ease].n": f"score:{asked[1]}",
    })  # fmt: skip
    assert client.post(address, form | {"do": "save"}).status_code == 302
    (rule,) = yaml.safe_load(own.rules_text)
    assert [one.get("raw") for one in rule["perception"]] == [
        "{answers[ref=likely].n}", "{answers[ref=ease].n}", None,
    ]  # fmt: skip
    assert {one["about"] for one in rule["perception"]} == {"relationship"}
    assert {one["occurred_at"] for one in rule["perception"]} == {"{submitted|epoch_ms}"}
    assert own.replay().total.stored == 3


def test_a_rule_goes_before_the_one_that_does_not_do(visit, own, held):
    """The first that fits counts, and comments stay with the rules they are above."""
    (address,) = held(RATED, source="survey")
    text = (
        "# bells\n- event: bell\n  ignore: true\n# all else\n- event: '*'\n"
        "  interaction: {touchpoint: newsletter, namespace: card, identifier: '{card}'}\n"
    )
    own.save_rules(text, "")
    client = visit("owner")
    page = client.get(address).content.decode()
    assert "newsletter" in own.catalogue.touchpoints
    form = chosen(page, who="person:") | {"touchpoint": "newsletter", "idtype": "loyalty_card"}
    form |= {"event": "rat?d", "do": "preview"}
    form.pop("this-source")
    again = client.post(address, form).content.decode()
    assert "loyalty_card: C00000007" in again
    assert '<option value="person:" selected>' in again
    assert client.post(address, form | {"do": "save"}).status_code == 302
    assert [one["event"] for one in yaml.safe_load(own.rules_text)] == ["bell", "rat?d", "*"]
    assert own.rules_text.startswith("# bells\n- event: bell\n  ignore: true\n- event: rat?d\n")
    assert "\n# all else\n- event: '*'" in own.rules_text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "the rule names nobody"),
        ({"who": "person:"}, "the rule names nobody"),  # no ID type was written
        ({"nothing": "person:email"}, "finds no identifier"),
        ({"who": "person:phone", "comment": "time"}, "occurred_at"),
        ({"who": "shutdown"}, "the rule names nobody"),
    ],
)
def test_what_makes_no_record_is_said_and_not_saved(visit, own, held, change, said):
    (address,) = held(RATED)
    client = visit("analyst")
    form = chosen(client.get(address).content.decode(), **{"comment": ""} | change)
    form |= {"touchpoint": "newsletter", "do": "save"}
    answer = client.post(address, form)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert own.rules_text == ""


def test_an_event_of_a_program_needs_no_person_as_it_names_one(visit, own, held):
    track = {
        "type": "track", "event": "Box [1] Opened", "userId": "u1", "messageId": "m1",
        "timestamp": "2026-03-01T10:00:00Z", "properties": {"total": 12.5, "email": "a@x.org"},
    }  # fmt: skip
    (address,) = held(track, source="web", dialect="segment")
    client = visit("analyst")
    page = client.get(address).content.decode()
    assert '"drop"' not in page
    form = chosen(page) | {"touchpoint": "web_checkout", "do": "save"}
    assert client.post(address, form).status_code == 302
    assert yaml.safe_load(own.rules_text) == [
        {
            "event": "Box [[]1] Opened",
            "source": "web",
            "interaction": {"touchpoint": "web_checkout", "amount": "{properties.total}"},
        }
    ]
    assert own.replay().total.stored == 1


def test_german_is_complete_there(visit, held):
    (address,) = held(RATED)
    page = visit("analyst").get(address, headers={"Accept-Language": "de"}).content.decode()
    for word in (
        "Regel aus einem Beispiel erstellen",
        "dieses Feld verwenden als",
        "Betrag in Cent",
    ):
        assert word in page
    assert "Keep as a detail" not in page


def test_an_address_for_a_webhook_is_made_and_shown_once(visit, own):
    client = visit("analyst")
    made = client.post("/sources/keys", {"hook": "1", "source": "pay"}).content.decode()
    path = re.search(r"http://127\.0\.0\.1:8010(/v1/hooks/pay/eh_[\w-]+)</code>", made)[1]
    assert path not in client.get("/sources/keys").content.decode()
    assert "not signed" in made
    secret = {"scheme": "stripe", "signing": "whsec_abc"}
    signed = client.post("/sources/keys", {"sign": "1"} | secret).content.decode()
    assert "signed by Stripe" in signed
    assert "whsec_abc" not in signed
    whole = {"hook": "1", "source": "survey", "repeats": "on"} | secret
    assert client.post("/sources/keys", whole).status_code == 200
    first, second = own.source_keys()
    assert (first.hook, first.repeats, second.hook, second.repeats) == (
        "stripe", False, "stripe", True,
    )  # fmt: skip
    rotated = client.post("/sources/keys", {"rotate": "1"}).content.decode()
    assert "/v1/hooks/pay/eh_" in rotated
    count = len(own.source_keys())
    for wrong in (
        {"scheme": "stripe"}, {"signing": "x"}, {"scheme": "none", "signing": "x"},
        {"scheme": "standard", "signing": "not base64!"}, {"source": "../x"},
    ):  # fmt: skip
        answer = client.post("/sources/keys", {"hook": "1", "source": "more"} | wrong)
        assert answer.status_code == 422
    assert client.post("/sources/keys", {"sign": "99"} | secret).status_code == 422
    assert len(own.source_keys()) == count
