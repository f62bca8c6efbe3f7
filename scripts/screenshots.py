"""Pictures of every page, at 1440 and 390 px, light and dark: make screenshots.

    python scripts/screenshots.py [--workspace demo] [--out screenshots] [--only NAME] [--keep]

Starts the demo on a free port, signs in as its owner, and drives the system's Chromium.
"""

import argparse
import contextlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SIZES = ((1440, 900), (390, 844))
PAGES = {
    "overview": "/",
    "touchpoints": "/touchpoints",
    "touchpoint": "/touchpoints/parcel_delivered",
    "touchpoint-edit": "/touchpoints/parcel_delivered/edit",
    "journeys": "/journeys",
    "people": "/people",
    "segments": "/segments",
    "segment": "/segments/members",
    "persona": "/personas/settler",
    "feeling": "/feeling",
    "drivers": "/drivers",
    "worth": "/worth",
    "finding": "/findings/late:parcel_delivered",
    "sources": "/sources",
    "quarantine": "/quarantine",
    "settings": "/settings",
    "tokens": "/settings/tokens",
    "shares": "/settings/shares",
    "team": "/settings/people",
    "invite": "/settings/people/invite",
    "privacy": "/settings/privacy",
    "audit": "/settings/audit",
    "two-factors": "/accounts/2fa/",
}


@contextlib.contextmanager
def demo(workspace: Path) -> Iterator[tuple[str, str]]:
    """A running demo: its address with the key, and the owner's password."""
    command = [
        sys.executable,
        "-m",
        "everytouch",
        "demo",
        str(workspace),
        "--no-open",
        "--port",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            password = address = ""
            for line in process.stdout or ():
                if found := re.search(r"owner@demo.invalid with (\S+)", line):
                    password = found[1]
                if found := re.search(r"Everytouch is at (\S+)", line):
                    address = found[1]
                    break
            yield address, password
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def settled(page: Page) -> None:
    """Wait until every figure is there and drawn."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("!document.querySelector('.loading')", timeout=60_000)
    page.wait_for_function(
        "[...document.querySelectorAll('figure[data-island=chart] .plot')]"
        ".every(p => p.querySelector('svg'))",
        timeout=30_000,
    )


def sign_in(page: Page, base: str, password: str) -> None:
    """As the demo's owner, who may see everything."""
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", "owner@demo.invalid")
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{base}/")


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
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with demo(place) as (address, password), sync_playwright() as play:
        base = address.split("/enter")[0]
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, locale="en-GB")
            page = context.new_page()
            sign_in(page, base, password)
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
