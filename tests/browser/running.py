"""The app in a process of its own, and a browser to look at it."""

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class App:
    """Where a visitor begins, how the demo's owner signs in, and how an event is sent."""

    address: str
    password: str
    curl: str

    @property
    def base(self) -> str:
        """The address without its path."""
        return "/".join(self.address.split("/")[:3])


def chromium() -> str | None:
    """The system's browser."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


@contextlib.contextmanager
def running(*words: str) -> Iterator[App]:
    """``everytouch`` with these words on a free port, until it is no longer needed."""
    command = [sys.executable, "-m", "everytouch", *words, "--no-open", "--port", "0"]
    command += ["--collect-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            password = address = curl = ""
            for line in process.stdout or ():
                if found := re.search(r"owner@demo.invalid with (\S+)", line):
                    password = found[1]
                if found := re.search(r"Everytouch is at (\S+)", line):
                    address = found[1]
                if found := re.search(r"curl .*", line):
                    curl = found[0]
                    break
            assert curl, "it did not start"
            yield App(address, password, curl)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def settled(page: Page, seconds: float = 60.0) -> None:
    """Wait until every figure is there and drawn; from outside, as the page allows no eval."""
    page.wait_for_load_state("load")
    deadline = time.monotonic() + seconds
    while page.evaluate(
        "Boolean(document.querySelector('.loading')) || "
        "[...document.querySelectorAll('figure[data-island=chart] .plot')]"
        ".some(plot => !plot.querySelector('svg'))"
    ):
        assert time.monotonic() < deadline, f"{page.url} does not settle"
        page.wait_for_timeout(50)


def sign_in(page: Page, app: App) -> None:
    """As the demo's owner, who may see everything."""
    page.goto(f"{app.base}/accounts/login/")
    page.fill("input[name=login]", "owner@demo.invalid")
    page.fill("input[name=password]", app.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{app.base}/")
