"""Pictures of every page, at 1440 and 390 px, light and dark: make screenshots.

    python -m tests.browser.screenshots [--workspace demo] [--out screenshots] [--only NAME]

Starts the demo on a free port, signs in as its owner, and drives the system's Chromium.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.running import FLAGS, App, chromium, running, settled, sign_in

SIZES = ((1440, 900), (390, 844))
PAGES = {
    "overview": "/",
    "touchpoints": "/touchpoints",
    "touchpoint": "/touchpoints/parcel_delivered",
    "touchpoint-edit": "/touchpoints/parcel_delivered/edit",
    "journeys": "/journeys",
    "funnel": "/journeys/funnel",
    "around": "/journeys/around?at=help_call",
    "compare": "/journeys/compare?what=drop-off&versus=urban",
    "cohorts": "/journeys/cohorts?start=web_checkout&back=web_checkout",
    "maps": "/maps",
    "map": "/maps/online_order",
    "map-edit": "/maps/online_order/edit",
    "map-sheet": "/maps/online_order/sheet",
    "map-versions": "/maps/online_order/versions",
    "map-journeys": "/maps/online_order/journeys?deviation=late:delivered",
    "people": "/people",
    "segments": "/segments",
    "segment": "/segments/members",
    "persona": "/personas/settler",
    "feeling": "/feeling",
    "drivers": "/drivers",
    "worth": "/worth",
    "worked": "/worked",
    "initiative": "/initiatives/second_courier",
    "finding": "/findings/late:parcel_delivered",
    "sources": "/sources",
    "schedule-new": "/sources/scheduled/new?kind=database",
    "quarantine": "/quarantine",
    "conflicts": "/conflicts",
    "source-keys": "/sources/keys",
    "rules": "/rules",
    "settings": "/settings",
    "tokens": "/settings/tokens",
    "shares": "/settings/shares",
    "team": "/settings/people",
    "invite": "/settings/people/invite",
    "organisation": "/settings/organisation",
    "privacy": "/settings/privacy",
    "audit": "/settings/audit",
    "two-factors": "/accounts/2fa/",
}


HELD = {
    "id": "evt_1", "object": "event", "type": "charge.succeeded", "created": 1772439160,
    "data": {"object": {
        "id": "ch_1", "object": "charge", "amount": 7780, "currency": "eur", "paid": True,
        "billing_details": {"email": "ana.example@example.org", "name": "Ana Example"},
        "customer": "cus_1", "description": None, "metadata": {"order_id": "1001"},
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "receipt_url": "https://pay.example.org/receipts/" + "long" * 20,
    }},
}  # fmt: skip


def held_webhook(page: Page, app: App) -> str:
    """Send a webhook that no rule names; the address of the page that makes one of it."""
    page.goto(f"{app.base}/sources/keys")
    page.fill("#hook-source", "pay")
    page.get_by_role("button", name="Make an address").click()
    answer = page.request.post(page.locator("#hook").inner_text(), data=HELD)
    assert answer.ok, answer.text()
    link = page.get_by_role("link", name="Make a rule from an example charge.succeeded")
    deadline = time.monotonic() + 180
    while not link.count():
        assert time.monotonic() < deadline, "the event is not held"
        page.wait_for_timeout(200)
        page.goto(f"{app.base}/rules")
    return str(link.get_attribute("href"))


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", action="append")
    given = parser.parse_args()
    given.out.mkdir(exist_ok=True)
    place = given.workspace or Path(tempfile.mkdtemp()) / "demo"
    with running("demo", str(place)) as app, sync_playwright() as play:
        base = app.base
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, locale="en-GB")
            page = context.new_page()
            sign_in(page, app)
            pages = dict(PAGES)
            page.goto(f"{base}/people")
            page.fill("#identifier", "customer_no:C00000007")
            page.press("#identifier", "Enter")
            page.wait_for_url("**/people/*")
            pages["person"] = page.url.removeprefix(base)
            pages["rule-draft"] = held_webhook(page, app)
            for name, path in pages.items():
                if given.only and name not in given.only:
                    continue
                for width, height in SIZES:
                    page.set_viewport_size({"width": width, "height": height})
                    page.goto(base + path)
                    settled(page)
                    target = given.out / f"{name}-{width}-{scheme}.png"
                    page.screenshot(path=target, full_page=True)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    note = f"  WIDER THAN THE PAGE: {wide}" if wide > width else ""
                    sys.stdout.write(f"{target}{note}\n")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
