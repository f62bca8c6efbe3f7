"""Webhooks: any JSON or form a tool sends is kept once, verified, and understood by rules."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import pickle
import stat
import time
from pathlib import Path

import pytest
import stripe
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from everytouch.cli import main
from everytouch.collect.api import SCHEMES, read_rules
from everytouch.collect.dialects.paths import at, leaves, without
from everytouch.collect.signatures import TOLERANCE
from everytouch.collect.templates import CONVERTERS, template
from everytouch.errors import SourceError, UnknownNameError
from everytouch.ledger.api import entries
from tests.collecting import Sender, collecting, loaded, made, settled, stored

CATALOGUE = """organisation: Acme
stages: [buy]
touchpoints:
  checkout: {label: Check-out, stage: buy, channel: web, element: process}
  payment: {label: Payment, stage: buy, channel: web, element: process}
instruments:
  nps: {label: Recommend, kind: nps, low: 0, high: 10}
  ease: {label: Ease, kind: csat, low: 1, high: 5}
"""
RULES = """
- event: invoice.paid
  source: pay
  when: {data.object.status: [paid, settled]}
  interaction:
    touchpoint: payment
    occurred_at: "{data.object.paid_at|epoch_s}"
    namespace: customer_no
    identifier: "{data.object.customer}"
    also: ["email:{data.object.email|trim|lower}"]
    amount: "{data.object.amount|stripe}"
    currency: "{data.object.currency|upper}"
    correlations: ["order:{data.object.lines.0.order}"]
  drop: [data.object.card]
- event: form_response
  perception:
    - {touchpoint: checkout, instrument: nps, namespace: email,
       identifier: "{form_response.hidden.email}",
       raw: "{form_response.answers[field.ref=nps].number}"}
    - {touchpoint: checkout, instrument: ease, namespace: email,
       identifier: "{form_response.hidden.email}",
       raw: "{form_response.answers[field.ref=ease].number}"}
    - {touchpoint: checkout, namespace: email, identifier: "{form_response.hidden.email}",
       text: "{form_response.answers[field.ref=why].text}"}
- event: orders/*
  each: line_items
  interaction: {touchpoint: checkout, namespace: email, identifier: "{email}",
    amount: "{item.price|decimal_comma}", currency: EUR}
- event: pressed
  interaction: {touchpoint: checkout, namespace: terminal, identifier: "{terminal}"}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory.mktemp("hooks"), CATALOGUE, RULES)


@pytest.fixture(scope="module")
def sender(home):
    with collecting(home) as started:
        yield started


class Tool:
    """A tool with a webhook: its source, address and the number of its key."""

    def __init__(self, home, sender, source, **options):
        self.home, self.sender, self.source = home, sender, source
        self.number, self.path = home.create_hook(source, **options)

    def post(self, body, path="", method="POST", **headers):
        anonymous = Sender(self.sender.port, "nobody", None)
        status, got, said = anonymous.send(body, path or self.path, method, **headers)
        if isinstance(said, dict) and "error" in said:  # the same for every sender
            assert said["message"] == said["error"]
            assert said["code"]
            said = {"error": said["error"]}
        return status, got, said

    def held(self):
        return [json.loads(one.row["events"]) for one in self.home.quarantine(self.source)]

    def status(self):
        return settled(self.home, self)


@pytest.fixture
def tool(home, sender):
    return lambda source="", **options: Tool(
        home, sender, source or f"t{time.time_ns()}", **options
    )


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nreturn\r\n'
    b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nline 1\r\nline 2\r\n'
    b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG\r\n--x--\r\n"
)
FORM = b"kind=return&tag=a&tag=b&note=caf%C3%A9+%2B1&empty="
BODIES = {
    "JSON": ("application/json", b'{"kind": "return", "n": 1}', [{"kind": "return", "n": 1}]),
    "JSON of a type of its own": (
        "application/vnd.acme+json; charset=utf-8", b'\xef\xbb\xbf {"kind": 1}', [{"kind": 1}]
    ),
    "JSON without a type": ("", b'{"kind": 2}', [{"kind": 2}]),
    "JSON as curl sends it": ("application/x-www-form-urlencoded", b'{"a": "b=c"}', [{"a": "b=c"}]),
    "JSON as plain text": ("text/plain", b'[{"kind": 3}, 4]', [{"kind": 3}, {"value": 4}]),
    "lines": ("application/x-ndjson", b'{"kind": 5}\n\n{"kind": 6}\n', [{"kind": 5}, {"kind": 6}]),
    "a scalar": ("application/json", b'"hello"', [{"value": "hello"}]),
    "exact numbers": (
        "application/json", b'{"big": 123456789012345678901234567890, "exact": 0.10}',
        [{"big": 123456789012345678901234567890, "exact": 0.10}],
    ),
    "a form": (
        "application/x-www-form-urlencoded", FORM,
        [{"kind": "return", "tag": ["a", "b"], "note": "café +1", "empty": ""}],
    ),
    "a form without a type": ("", b"kind=return&x=1", [{"kind": "return", "x": "1"}]),
    "multipart": (
        'multipart/form-data; boundary="x"', MULTIPART,
        [{"kind": "return", "note": "line 1\r\nline 2",
          "photo": {"filename": "a.png", "content_type": "image/png", "bytes": 4}}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_any_json_or_form_is_held_whole_until_a_rule_names_it(tool, name):
    kind, body, wanted = BODIES[name]
    one = tool()
    headers = {"content_type": kind} if kind else {}
    status, answer, said = one.post(body, **headers)
    assert (status, said) == (200, {"received": len(wanted)})
    assert answer["referrer-policy"] == "no-referrer"
    assert one.status().ever.quarantined == len(wanted)
    key = json.dumps
    assert sorted(one.held(), key=key) == sorted(wanted, key=key)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{nope", "application/json"),
        (b"nothing", "text/plain"),
        (b"<order id='1'/>", "application/xml"),
        (b"--y\r\nbroken", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
        (MULTIPART[:-9], "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_neither_is_refused(tool, body, kind):
    status, _, said = tool().post(body, content_type=kind)
    assert (status, list(said)) == (400, ["error"])


def test_limits_of_a_body_and_of_the_rate_hold(tool):
    one = tool(rate=2)
    assert one.post(b'{"a": "' + b"x" * (10 << 20) + b'"}')[0] == 413
    assert one.post([{"a": "y" * (1 << 20)}])[0] == 413
    assert [one.post({"n": n})[0] for n in range(3)] == [200, 200, 503]


def test_a_key_is_good_for_its_address_alone_and_is_written_nowhere(tool, home, sender):
    one, other = tool(), tool()
    secret = one.path.rpartition("/")[2]
    assert one.post({"a": 1})[0] == 200
    home.rotate_key(one.number)
    wrong = [
        f"/v1/hooks/{one.source}/eh_wrong",
        f"/v1/hooks/{one.source}/{other.path.rpartition('/')[2]}",  # of another source
        f"/v1/hooks/{one.source}/{sender.secret}",  # a write key
        f"/v1/hooks/unknown/{secret}",
        f"/v1/hooks/{secret}",
        f"/v1/hooks/{one.source}",
        "/v1/hooks",
        f"{one.path}/more",
    ]
    answers = {repr(one.post({"a": 1}, path)[::2]) for path in wrong}
    assert answers == {"(404, {'error': 'there is no webhook at this address'})"}
    as_bearer = Sender(sender.port, secret, None)
    assert as_bearer.send([{"id": "1"}])[0] == 401  # it would not have to be signed there
    one.status()
    time.sleep(1.2)  # the collector notes how it is once a second
    for path in home.path.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    home.revoke_key(one.number)
    time.sleep(0.1)
    assert one.post({"a": 2})[0] == 404


def test_questions_of_senders_are_answered_and_are_no_events(tool, home):
    one = tool()
    for method in ("GET", "HEAD"):
        status, headers, said = one.post(b"", method=method)
        assert (status, said, headers["content-length"] or "0") == (200, None, "0")
    assert one.post(b"", method="PUT")[0] == 405
    assert one.post(b"", "/v1/hooks/x/y", "GET")[0] == 404
    echo = Sender(one.sender.port, "", None)
    for query, method in (("hub.challenge=12345", "GET"), ("validationToken=12345", "POST")):
        status, headers, said = echo.send(b"", f"{one.path}?{query}", method)
        assert (status, said, headers["content-type"].partition(";")[0]) == (
            200, b"12345", "text/plain",
        )  # fmt: skip
    asked = {"type": "url_verification", "challenge": "c1", "token": "t"}
    assert one.post(asked)[2] == {"challenge": "c1"}
    assert one.post(b"")[2] == {"received": 0}
    assert one.post(b'{"last": 1}', f"{one.path}?challenge=x")[2] == {"received": 1}
    assert one.status().ever.received == 1


def test_retries_are_duplicates_by_the_ids_of_the_senders(tool):
    order = {"id": 820982911946154508, "email": "a@x.org", "line_items": [{"price": "1,50"}]}
    deliveries = [
        ({"id": "evt_1", "object": "event", "type": "x", "pending": 1}, {}),
        ({"id": "evt_1", "object": "event", "type": "x", "pending": 0}, {}),  # Stripe, again
        ({"event_id": "01F", "event_type": "y", "try": 1}, {}),
        ({"event_id": "01F", "event_type": "y", "try": 2}, {}),  # Typeform, again
        ({"a": 1}, {"webhook_id": "msg_1"}),
        ({"a": 2}, {"webhook_id": "msg_1"}),  # Standard Webhooks, again
        ({"id": "e1", "type": "zen:event-type:ticket.created", "n": 1}, {}),
        ({"id": "e1", "type": "zen:event-type:ticket.created", "n": 2}, {}),  # Zendesk, again
        ({"id": 7, "status": "paid"}, {}),
        ({"id": 7, "status": "paid"}, {}),  # the same body
        ({"id": 7, "status": "refunded"}, {}),  # of one thing, not one event
        (order, {"x_shopify_topic": "orders/paid", "x_shopify_webhook_id": "w1"}),
        (order, {"x_shopify_topic": "orders/paid", "x_shopify_webhook_id": "w1"}),
        (order, {"x_shopify_topic": "orders/create", "x_shopify_webhook_id": "w2"}),
    ]
    one = tool()
    for body, headers in deliveries:
        assert one.post(body, **headers)[0] == 200
    ever = one.status().ever
    assert (ever.received, ever.duplicate, ever.quarantined, ever.stored) == (14, 1, 11, 2)
    assert len(one.held()) == 6


def test_a_button_pressed_twice_counts_twice_where_that_is_said(tool):
    once, each = tool(), tool(repeats=True)
    for one in (once, each):
        for _ in range(3):
            assert one.post({"type": "pressed", "terminal": "t1"})[0] == 200
    assert (once.status().ever.stored, once.status().ever.duplicate) == (1, 2)
    assert (each.status().ever.stored, each.status().ever.duplicate) == (3, 0)


INVOICE = {
    "id": "evt_9", "object": "event", "type": "invoice.paid", "created": 1772439999,
    "data": {"object": {
        "customer": "C7", "email": " Ana@X.org ", "paid_at": 1772439160, "amount": 7780,
        "currency": "eur", "status": "paid", "lines": [{"order": "o1"}], "card": {"last4": "4242"},
    }},
}  # fmt: skip


def changed(**fields):
    """The invoice with other fields."""
    return INVOICE | {
        "id": f"evt_{time.time_ns()}",
        "data": {"object": INVOICE["data"]["object"] | fields},
    }


def test_rules_select_and_convert_by_path(tool, home):
    home.create_hook("pay")
    pay = tool("pay")
    guest, yen = changed(customer=None), changed(amount=500, currency="jpy")
    for body in (INVOICE, guest, yen, changed(status="open"), changed(amount="free")):
        assert pay.post(body)[0] == 200
    pay.status()
    rows = stored(home)
    row = rows["evt_9"]
    assert row["occurred_at"] == datetime.datetime(2026, 3, 2, 8, 12, 40, tzinfo=datetime.UTC)
    assert (row["namespace"], row["identifier"], row["also"]) == (
        "customer_no", "C7", ["email:ana@x.org"],
    )  # fmt: skip
    assert (str(row["amount"]), row["currency"], row["correlations"]) == (
        "77.8000", "EUR", ["order:o1"],
    )  # fmt: skip
    kept = json.loads(row["properties"])
    assert kept["created"] == 1772439999
    assert "card" not in kept["data"]["object"]
    assert (rows[guest["id"]]["namespace"], rows[guest["id"]]["identifier"]) == (
        "email", "ana@x.org",
    )  # fmt: skip
    reasons = {one.reason for one in home.quarantine("pay")}
    assert "uncatalogued: no rule and no touchpoint is named 'invoice.paid'" in reasons
    assert "'free' is not a number" in reasons
    assert any("JPY" in reason for reason in reasons)  # the workspace's money is in EUR
    assert all("events" in one.row for one in home.quarantine("pay") if "number" in one.reason)


def test_one_event_becomes_a_record_for_each_item_or_question(tool, home):
    one = tool()
    items = [{"price": "1.234,50"}, {"price": "0,99"}]
    one.post(
        {"id": 1, "email": "a@x.org", "line_items": items},
        x_shopify_topic="orders/create", x_shopify_webhook_id=f"w-{one.source}",
    )  # fmt: skip
    answers = [
        {"type": "number", "number": 9, "field": {"ref": "nps", "id": "q1"}},
        {"type": "text", "text": "quick", "field": {"ref": "why", "id": "q3"}},
    ]
    form = {"hidden": {"email": "b@x.org"}, "answers": answers}
    one.post({"event_id": f"f-{one.source}", "event_type": "form_response", "form_response": form})
    ever = one.status().ever
    assert (ever.received, ever.stored) == (4, 4)  # the unanswered question is none
    amounts = sorted(
        str(row["amount"]) for row in stored(home).values() if row["source"] == one.source
    )
    assert amounts == ["0.9900", "1234.5000"]
    found = [row for row in stored(home, "perceptions").values() if row["source"] == one.source]
    assert {(row["instrument"], row["raw"], row["text"]) for row in found} == {
        ("nps", 9.0, None), (None, None, "quick"),
    }  # fmt: skip


def test_a_held_event_waits_for_a_rule_and_is_stored_by_a_replay(tmp_path):
    own = made(tmp_path, CATALOGUE)
    own.create_key("other")
    with collecting(own) as sender:
        one = Tool(own, sender, "kiosk")
        body = {"type": "rated", "who": "ana@x.org", "stars": 4, "at": 1772439160123}
        assert one.post(body)[0] == 200
        assert one.status().ever.quarantined == 1
    wrong = (
        "- event: rated\n  perception: {touchpoint: checkout, instrument: ease, "
        'namespace: email, identifier: "{WHO}", raw: "{stars}"}\n'
    )
    own.save_rules(wrong, "")
    assert own.replay().total.quarantined == 1
    (row,) = own.quarantine()
    assert (row.kind, row.reason.partition("; ")[0]) == (
        "events", "uncatalogued: no rule and no touchpoint is named 'rated'",
    )  # fmt: skip
    (tried,) = own.try_held([row], wrong)
    assert tried.reason == "the rule for 'rated' finds no identifier in it"
    right = wrong.replace("{WHO}", "{who}").replace(
        'raw: "{stars}"', 'raw: "{stars}", occurred_at: "{at|epoch_ms}"'
    )
    own.save_rules(right, wrong)
    assert own.replay().total.stored == 1
    (answer,) = stored(own, "perceptions").values()
    assert (answer["score"], answer["occurred_at"]) == (
        75.0, datetime.datetime(2026, 3, 2, 8, 12, 40, 123000, tzinfo=datetime.UTC),
    )  # fmt: skip
    assert own.quarantine() == ()


def test_who_is_erased_is_erased_from_held_webhooks_too(tmp_path):
    own = made(tmp_path, CATALOGUE)
    with collecting(own) as sender:
        one = Tool(own, sender, "kiosk")
        moment = {"namespace": "email", "identifier": "ana@x.org", "touchpoint": "checkout"}
        assert sender.send([moment | {"id": "1"}])[0] == 200
        one.post({"type": "rated", "by": {"contact": "Ana <Ana@x.org>"}})
        one.post({"type": "rated", "by": "bob@x.org"})
        loaded(own, "shop")
        assert one.status().ever.quarantined == 2
    own.erase_party(own.find("email:ana@x.org"))
    assert [json.loads(row.row["events"])["by"] for row in own.quarantine()] == ["bob@x.org"]


# Signatures


def stamped(now):
    return str(int(now))


def sign(scheme, secret, body, now):
    """Headers as the sender's own library or documentation makes them."""
    mac = lambda key, data: hmac.new(key, data, hashlib.sha256).digest()  # noqa: E731
    if scheme == "stripe":
        signature = stripe.WebhookSignature._compute_signature(
            f"{stamped(now)}.{body.decode()}", secret
        )
        return {"Stripe-Signature": f"t={stamped(now)},v1={signature},v0=00"}
    if scheme == "shopify":
        return {"X-Shopify-Hmac-Sha256": base64.b64encode(mac(secret.encode(), body)).decode()}
    if scheme == "typeform":
        digest = base64.b64encode(mac(secret.encode(), body)).decode()
        return {"Typeform-Signature": f"sha256={digest}"}
    if scheme == "zendesk":
        stamp = f"{datetime.datetime.fromtimestamp(now, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
        digest = base64.b64encode(mac(secret.encode(), stamp.encode() + body)).decode()
        return {
            "X-Zendesk-Webhook-Signature": digest,
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }
    moment = datetime.datetime.fromtimestamp(int(now), datetime.UTC)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamped(now),
        "webhook-signature": Webhook(secret).sign("msg_1", moment, body.decode()),
    }


SECRETS = dict.fromkeys(SCHEMES, "shared-secret") | {
    "stripe": "whsec_abc",
    "standard": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
DATED = ("stripe", "zendesk", "standard")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_only_what_is_signed_right_and_lately_is_taken(tool, home, sender, scheme):
    one, secret = tool(), SECRETS[scheme]
    home.sign_hook(one.number, scheme, f" {secret}\n")
    time.sleep(0.05)
    body, now = json.dumps({"n": "é", "id": one.source}).encode(), time.time()
    right = sign(scheme, secret, body, now)
    assert one.post(body, **right)[0] == 200
    assert one.post(body, **right)[0] == 200  # a replay within the tolerance
    bad = [
        (body, {}),
        (body + b" ", right),
        (body, sign(scheme, SECRETS["standard"][:-4] + "LaSw"[::-1], body, now)),
        (body, {name: f"v1,{value}x,=,é" for name, value in right.items()}),
        (body, dict.fromkeys(right, "")),
    ]
    if scheme in DATED:
        bad += [(body, sign(scheme, secret, body, now + gap)) for gap in (-3600, 3600)]
    for content, headers in bad:
        encoded = {
            name: value.encode("latin-1", "replace").decode("latin-1")
            for name, value in headers.items()
        }
        status, _, said = one.post(content, **encoded)
        assert (status, said) == (401, {"error": "the signature is missing, wrong or too old"})
    assert (one.status().ever.received, len(one.held())) == (2, 1)
    deadline = time.monotonic() + 10
    while home.collector().unsigned.get(one.source) != len(bad):
        assert time.monotonic() < deadline, home.collector().unsigned
        time.sleep(0.1)
    assert one.post(b"", method="GET")[0] == 200


def test_signatures_that_senders_publish_are_right():
    """Shopify's as SQLPage's tests have it, Standard Webhooks' of its libraries' tests."""
    body = b'{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}'
    digest = "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw="
    shopify = SCHEMES["shopify"].verify
    assert shopify("test-webhook-secret", {"x-shopify-hmac-sha256": digest}, body, 0.0)
    assert not shopify("test-webhook-secreT", {"x-shopify-hmac-sha256": digest}, body, 0.0)
    typeform = SCHEMES["typeform"].verify
    signed = {"typeform-signature": f"sha256={digest}"}
    assert typeform("test-webhook-secret", signed, body, 0.0)
    moment = datetime.datetime.fromtimestamp(1614265330, datetime.UTC)
    signer = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@given(
    body=st.binary(max_size=40).filter(lambda b: b == b.decode("utf-8", "ignore").encode()),
    age=st.integers(-10, 400),
    spoilt=st.booleans(),
)
def test_stripe_signatures_are_judged_as_stripes_own_library_does(body, age, spoilt):
    now = time.time()
    headers = sign("stripe", "whsec_1", body, now - age)
    header = headers["Stripe-Signature"] + ("0" if spoilt else "")
    header = header.replace("v1=", "v1=0") if spoilt else header
    try:
        stripe.WebhookSignature.verify_header(body.decode(), header, "whsec_1", int(TOLERANCE))
        right = True
    except stripe.SignatureVerificationError:
        right = False
    if abs(age - TOLERANCE) > 1:
        verify = SCHEMES["stripe"].verify
        assert verify("whsec_1", {"stripe-signature": header}, body, now) is right


def test_signing_secrets_are_encrypted_and_never_shown(tmp_path):
    own = made(tmp_path, CATALOGUE)
    number, _ = own.create_hook("pay")
    own.sign_hook(number, "stripe", "whsec_abc")
    for name in ("signing.json", "signing.key"):
        path = own.path / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "whsec_abc" not in path.read_text()
    assert "whsec_abc" not in repr(entries(own.path)) + repr(own.source_keys())
    own.rotate_key(number)
    first, second = own.source_keys()
    assert (first.hook, second.hook) == ("stripe", "stripe")
    own.revoke_key(number)
    assert list(json.loads((own.path / "signing.json").read_text())) == [str(second.number)]
    for scheme, secret, number, error in (
        ("none", "x", second.number, UnknownNameError),
        ("standard", "not base64!", second.number, SourceError),
        ("stripe", "  ", second.number, SourceError),
        ("stripe", "x" * 2_000, second.number, SourceError),
        ("stripe", "x", 99, UnknownNameError),
        ("stripe", "x", own.create_key("web") and 3, UnknownNameError),
    ):
        with pytest.raises(error):
            own.sign_hook(number, scheme, secret)


def test_a_lost_secret_opens_no_door(tmp_path):
    own = made(tmp_path, CATALOGUE)
    with collecting(own) as sender:
        one = Tool(own, sender, "pay")
        own.sign_hook(one.number, "shopify", "s")
        (own.path / "signing.key").write_bytes(b"damaged")
        time.sleep(0.05)
        assert one.post(b"{}", **sign("shopify", "s", b"{}", 0))[0] == 503
        (own.path / "signing.json").unlink()
        assert one.post(b"{}", **sign("shopify", "s", b"{}", 0))[0] == 401


def test_the_command_line_makes_an_address_and_asks_for_the_secret(tmp_path):
    own = made(tmp_path, CATALOGUE)
    run = lambda *words, **more: CliRunner().invoke(  # noqa: E731
        main, ["-w", str(own.path), "keys", *words], **more
    )
    said = run("create", "pay", "--hook").output
    assert "http://127.0.0.1:8010/v1/hooks/pay/eh_" in said
    assert "everytouch keys sign 1 SCHEME" in said
    done = run("sign", "1", "stripe", input="whsec_abc\n")
    assert (done.exit_code, "whsec_abc" in done.output) == (0, False)
    assert "only what Stripe has signed" in done.output
    assert json.loads(run("list", "--json").output)[0]["hook"] == "stripe"
    assert "/v1/hooks/pay/eh_" in run("rotate", "1").output


# Rules by path

WRONG = {
    "{a|minr}": "converter 'minr' is unknown",
    "{a|minor}": "minor units of an unknown currency",
}


@pytest.mark.parametrize("value", WRONG)
def test_converters_are_checked_when_rules_are_saved(home, value):
    text = f'- event: x\n  interaction: {{touchpoint: checkout, amount: "{value}"}}\n'
    with pytest.raises(SourceError, match=WRONG[value].replace("|", r"\|")):
        read_rules(text, home.catalogue)
    with pytest.raises(SourceError, match="outcome is not money"):
        read_rules(
            '- event: x\n  interaction: {touchpoint: checkout, outcome: "{a|minor}"}\n',
            home.catalogue,
        )
    with pytest.raises(SourceError, match="the same for every item"):
        read_rules(
            '- event: x\n  each: lines\n  interaction: {touchpoint: checkout, id: "{id}"}\n',
            home.catalogue,
        )


def test_rules_travel_to_the_processes_that_read_a_backlog(home):
    rules = read_rules(home.rules_text, home.catalogue)
    assert pickle.loads(pickle.dumps(rules)) == rules


CONVERTED = [
    ("{a|minor}", "EUR", 7780, "77.80"),
    ("{a|minor}", "jpy", 500, "500"),
    ("{a|minor}", "KWD", 5120, "5.120"),
    ("{a|minor}", "ISK", 500, "500"),
    ("{a|stripe}", "ISK", 500, "5.00"),
    ("{a|stripe}", "MGA", 500, "500"),
    ("{a|minor}", "EUR", -1, "-0.01"),
    ("{a|decimal_comma}", "", "-1.234.567,8", "-1234567.8"),
    ("{a|epoch_s}", "", 1772439160, "2026-03-02T08:12:40+00:00"),
    ("{a|epoch_ms}", "", "1772439160001", "2026-03-02T08:12:40.001000+00:00"),
    ("{a|epoch_us}", "", 1, "1970-01-01T00:00:00.000001+00:00"),
    ("order:{a|trim|upper}", "", " x1 ", "order:X1"),
    ("{b}", "", 1, None),
]


@pytest.mark.parametrize(("given", "currency", "value", "wanted"), CONVERTED)
def test_converters(given, currency, value, wanted):
    assert template(given, "here")({"a": value}, currency) == wanted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minor", "12.5"), ("minor", "NaN"), ("minor", "1e999999"), ("decimal_comma", "1.5"),
        ("decimal_comma", "1,2,3"), ("epoch_s", "soon"), ("epoch_s", "1e20"),
        ("epoch_us", "0.5"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_no_record(name, value):
    with pytest.raises(ValueError, match=r"not a|finer|out of range"):
        CONVERTERS[name].convert(value, "EUR")


names = st.text("ab.[]=", min_size=1, max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), json_values, max_size=3))
def test_every_path_that_is_offered_leads_to_its_value_or_to_nothing_else(value):
    whole = json.dumps(value)
    for path, leaf in leaves(value):
        assert not path or at(value, path) == leaf or any(mark in path for mark in ".[]=")
        assert path == "" or len(json.dumps(without(value, path))) <= len(whole)
    assert json.dumps(value) == whole


@pytest.mark.data
def test_a_charge_of_stripe_as_it_sends_it(tool, home):
    data = Path(os.environ.get("EVERYTOUCH_DATA", "../shared/data")).parent / "files"
    body = (data / "stripe_charge_succeeded.json").read_bytes()
    rule = """
- event: charge.succeeded
  interaction:
    touchpoint: payment
    occurred_at: "{data.object.created|epoch_s}"
    namespace: stripe_customer
    identifier: "{data.object.customer}"
    also: ["email:{data.object.billing_details.email}"]
    amount: "{data.object.amount|stripe}"
    currency: "{data.object.currency|upper}"
    correlations: ["order:{data.object.metadata.order_id}"]
"""
    one = tool()
    home.sign_hook(one.number, "stripe", "whsec_charge")
    before = home.rules_text
    home.save_rules(before + rule, before)
    for _ in range(2):
        assert one.post(body, **sign("stripe", "whsec_charge", body, time.time()))[0] == 200
    ever = one.status().ever
    assert (ever.received, ever.stored, ever.duplicate) == (2, 1, 1)
    (row,) = [row for row in stored(home).values() if row["source"] == one.source]
    assert (str(row["amount"]), row["currency"]) == ("77.8000", "EUR")
    assert f"{row['occurred_at']:%Y-%m-%dT%H:%M:%SZ}" == "2026-03-02T08:12:40Z"
    assert row["correlations"] == ["order:#1001"]
    assert row["also"] == ["email:ana.example@example.org"]
