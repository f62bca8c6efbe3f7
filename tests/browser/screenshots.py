"""Pictures of every page, at 1440 and 390 px, light and dark: make screenshots.

    python -m tests.browser.screenshots [--workspace demo] [--out screenshots] [--only NAME]

Starts the demo on a free port, signs in as its owner, and drives the system's Chromium.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.running import FLAGS, chromium, running, settled, sign_in

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
