"""The app at size: every page and every figure with twenty filters, cold and warm.

    python benchmarks/web.py [--workspace FOLDER] [--parties 108500] [--repeat 3]

Starts the real server on loopback, signs in, and asks one request at a time. Cold is the first
time a question is asked since the server started; warm is every later time. What is timed is the
whole answer as it arrives. A browser then opens the overview until every figure is drawn.
Builds a workspace of 10 M simulated moments first, when none is given (some two minutes).
"""

import argparse
import http.client
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.browser.running import FLAGS, chromium, settled

import everytouch
from everytouch.simulate.api import simulate
from everytouch.web import boot

PAGES = [
    "/", "/touchpoints", "/touchpoints/parcel_delivered", "/journeys", "/people", "/segments",
    "/feeling", "/drivers", "/worth", "/sources", "/settings", "/moments",
    "/findings/late:parcel_delivered", "/live", "/palette.json",
]  # fmt: skip
FILTERS = [
    "", "period=30", "period=90", "period=365", "since=2024-03-01&until=2024-08-31",
    "segment=rural",
    "segment=urban", "segment=members", "segment=employees", "stage=buy", "stage=receive",
    "stage=get+help", "channel=web", "channel=store", "channel=phone", "touchpoint=store_checkout",
    "touchpoint=help_call", "segment=rural&channel=web", "segment=members&period=365",
    "stage=receive&period=90",
]  # fmt: skip
EMAIL, PASSWORD = "bench@example.org", "long enough to pass"


class Visitor:
    """One signed-in visitor on one kept connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        page = self.ask("/accounts/login/")[1].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = {"csrfmiddlewaretoken": token, "login": EMAIL, "password": PASSWORD}
        status, _ = self.ask("/accounts/login/", urllib.parse.urlencode(form))
        assert status == 302, status

    def ask(self, address: str, body: str | None = None) -> tuple[int, bytes]:
        """Status and body of an answer."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept-Encoding": "gzip",
        }
        if body is None:
            headers.pop("Accept-Encoding")
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if address.startswith("/figures/"):
            headers["HX-Request"] = "true"
        self.connection.request("POST" if body else "GET", address, body, headers)
        answer = self.connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        return answer.status, answer.read()

    def time(self, address: str) -> float:
        """Seconds until the whole answer is there."""
        began = time.perf_counter()
        status, _ = self.ask(address)
        assert status == 200, (address, status)
        return time.perf_counter() - began


def built(parties: int) -> Path:
    """A workspace with the simulated company."""
    folder = Path(tempfile.mkdtemp(prefix="everytouch-bench-"))
    workspace = everytouch.create(folder / "w")
    workspace.import_source(simulate(folder / "simulated", parties, 2.0, 1).source)
    workspace.trails()
    return folder / "w"


def line(name: str, times: list[float]) -> None:
    """One row of the table."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"{name:22s} {len(times):5d} asked   median {1000 * statistics.median(times):7.0f} ms   "
        f"p95 {1000 * p95:7.0f} ms   most {1000 * ordered[-1]:7.0f} ms"
    )


def browser(port: int, cookies: dict[str, str]) -> list[float]:
    """Seconds until the overview is there with every figure drawn, in new windows."""
    times = []
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        for _ in range(5):
            context = opened.new_context()
            context.add_cookies(
                [
                    {"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}
                    for name, value in cookies.items()
                ]
            )
            page = context.new_page()
            began = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}/")
            settled(page)
            times.append(time.perf_counter() - began)
            context.close()
        opened.close()
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--parties", type=int, default=108_500)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    workspace = given.workspace or built(given.parties)
    boot.prepare(workspace)
    from everytouch.web.figures import FIGURES  # noqa: PLC0415 - after Django is set up
    from everytouch.web.models import User  # noqa: PLC0415

    if not User.objects.filter(email=EMAIL).exists():
        User.objects.create_user(EMAIL, PASSWORD, role="owner")
    port = boot.free_port("127.0.0.1", 0)
    command = [sys.executable, "-m", "everytouch", "-w", str(workspace), "web", "--port", str(port)]
    figures = [f"/figures/{name}" for name in FIGURES]
    with subprocess.Popen(command) as server:
        try:
            measure(port, figures, given.repeat)
        finally:
            server.send_signal(signal.SIGTERM)
    if given.workspace is None:
        shutil.rmtree(workspace.parent)


def measure(port: int, figures: list[str], repeat: int) -> None:
    """Ask everything, cold then warm."""
    for _ in range(200):
        try:
            visitor = Visitor(port)
            break
        except OSError:
            time.sleep(0.1)
    time.sleep(15)  # the figures without filters are made before anybody asks
    trails = re.search(r"[\d,.]+ moments of [\d,.]+ parties", visitor.ask("/")[1].decode())
    print(trails[0] if trails else "an empty workspace")
    for title, addresses in (("pages", PAGES), ("figures", figures)):
        asked = [f"{address}?{query}" for query in FILTERS for address in addresses]
        line(f"{title}, cold", [visitor.time(address) for address in asked])
        line(f"{title}, warm", [visitor.time(a) for _ in range(repeat) for a in asked])
    line("overview in a browser", browser(port, visitor.cookies))


if __name__ == "__main__":
    main()
