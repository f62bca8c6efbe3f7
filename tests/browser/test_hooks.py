"""A webhook from its address to a rule made of an example, as a person goes it."""

import json
import urllib.request

from playwright.sync_api import Page, expect

from tests.browser.running import App, settled, sign_in
from tests.browser.screenshots import HELD, held_webhook

PATIENT = 60_000  # milliseconds: the demo has only begun, and builds its trails


def test_from_a_held_example_to_a_rule_to_a_stored_event(window, demo: App):
    page: Page = window(locale="en-GB")
    page.set_default_timeout(PATIENT)
    sign_in(page, demo)
    page.goto(demo.base + held_webhook(page, demo))
    preview = page.locator("#drafted")
    expect(preview).to_contain_text("the rule names no touchpoint", timeout=PATIENT)
    page.select_option("#touchpoint", label="Check-out on the web")
    expect(preview).to_contain_text("77.80 EUR", timeout=PATIENT)  # followed the click
    expect(preview).to_contain_text("email: ana.example@example.org", timeout=PATIENT)
    page.get_by_role("row", name="metadata.order_id").get_by_role("combobox").select_option("Order")
    expect(preview).to_contain_text("order:1001", timeout=PATIENT)
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_text("1 received = 1 stored")).to_be_visible(timeout=60_000)
    page.goto(f"{demo.base}/rules")
    expect(page.locator("#rules")).to_have_value(
        "- event: charge.succeeded\n  source: pay\n  interaction:\n    touchpoint: web_checkout\n"
        "    namespace: email\n    identifier: '{data.object.billing_details.email}'\n"
        "    occurred_at: '{created|epoch_s}'\n"
        "    correlations:\n    - order:{data.object.metadata.order_id}\n"
        "    amount: '{data.object.amount|stripe}'\n"
        "    currency: '{data.object.currency|upper}'\n"
    )


def test_an_example_becomes_a_rule_without_scripts(window, demo: App):
    page: Page = window(locale="en-GB", java_script_enabled=False)
    page.set_default_timeout(PATIENT)
    page.goto(f"{demo.base}/accounts/login/")
    page.fill("input[name=login]", "owner@demo.invalid")
    page.fill("input[name=password]", demo.password)
    page.press("input[name=password]", "Enter")
    page.goto(f"{demo.base}/sources/keys")
    page.fill("#hook-source", "kiosk")
    page.get_by_role("button", name="Make an address").click()
    body = HELD | {"id": "evt_2", "type": "kiosk.paid"}
    request = urllib.request.Request(
        page.locator("#hook").inner_text(), json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.loads(answer.read()) == {"received": 1}
    link = page.get_by_role("link", name="Make a rule from an example kiosk.paid")
    for _ in range(100):
        page.goto(f"{demo.base}/rules")
        if link.count():
            break
        page.wait_for_timeout(200)
    link.click()
    page.select_option("#touchpoint", "web_checkout")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#drafted")).to_contain_text("77.80 EUR", timeout=PATIENT)
    assert page.locator("#touchpoint").input_value() == "web_checkout"
    page.get_by_role("button", name="Save the rule").click()
    assert "/jobs/" in page.url
    settled(page)
