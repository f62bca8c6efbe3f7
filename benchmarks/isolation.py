"""One visitor cannot slow the others: the app and the collector while others ask and stall.

    PYTHONPATH=. python benchmarks/isolation.py [--workspace FOLDER] [--stalled 5000]

Starts `everytouch serve` on a simulated company. Several visitors ask ten expensive questions each,
of which none was asked before, and so many connections to the collector stall: silent, with half
a head, with half a body. Meanwhile another visitor opens pages, `/health` of the app and of the
collector is asked, and an honest sender sends events. All goes on for some rounds; printed are
the figures of all rounds, with their medians, and what they were before anybody asked or stalled.
"""

import argparse
import contextlib
import http.client
import json
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import web
from benchmarks.collect import free_port

import everytouch
from everytouch.simulate.api import simulate
from everytouch.web import boot

HOARDERS, QUESTIONS = 4, 10
PAUSE = 0.05  # seconds between two requests of one kind
MARKS = {  # what each should stay under: percentile, milliseconds
    "app /health": (95, 100),
    "collector /health": (95, 100),
    "another visitor's page": (100, 1000),
    "honest events": (99, 250),
}
FILTERS = ("since=2024-0{}-11", "until=2025-0{}-21", "since=2024-0{}-05&segment=rural")
EXPENSIVE = ("effects", "drivers", "population", "kinds", "lifetime", "interactions", "findings")
PAGES = ("/", "/touchpoints", "/journeys", "/feeling", "/drivers", "/worth", "/settings")
Times = dict[str, list[float]]


def built(parties: int) -> Path:
    """A workspace with the simulated company, its users, and a catalogue for events."""
    folder = Path(tempfile.mkdtemp(prefix="everytouch-bench-"))
    workspace = everytouch.create(folder / "w")
    workspace.import_source(simulate(folder / "simulated", parties, 2.0, 1).source)
    workspace.trails()
    return folder / "w"


def visitors(workspace: Path) -> list[str]:
    """Make the visitors' accounts; their addresses."""
    boot.prepare(workspace)
    from everytouch.web.models import User  # noqa: PLC0415 - after Django is set up

    found = [f"bench{n}@example.org" for n in range(HOARDERS + 1)]
    for address in found:
        if not User.objects.filter(email=address).exists():
            User.objects.create_user(address, web.PASSWORD, role="owner")
    return found


class Stage:
    """The app and the collector, running."""

    def __init__(self, workspace: Path, key: str, addresses: list[str]) -> None:
        self.key, self.app, self.collector = key, free_port(), free_port()
        words = ["-m", "everytouch", "-w", str(workspace), "serve", "--port", str(self.app)]
        words += ["--no-open", "--collect-port", str(self.collector)]
        self.process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        self.others = [self._signed_in(address) for address in addresses]

    def _signed_in(self, address: str) -> web.Visitor:
        web.EMAIL = address
        for _ in range(600):
            with contextlib.suppress(OSError):
                return web.Visitor(self.app)
            time.sleep(0.1)
        raise SystemExit("the app did not start")

    def fresh(self, visitor: web.Visitor) -> web.Visitor:
        """The same visitor on a connection of its own."""
        copy = object.__new__(web.Visitor)
        copy.connection = http.client.HTTPConnection("127.0.0.1", self.app, timeout=600)
        copy.cookies = dict(visitor.cookies)
        return copy

    def end(self) -> None:
        """End all of it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)


@contextlib.contextmanager
def stalling(port: int, number: int, key: str) -> Iterator[None]:
    """So many connections that never send a whole request; who is closed comes again."""
    head = b"POST /v1/moments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key.encode()
    sent = (b"", b"POST /v1/mo", head, head + b"\r\nContent-Length: 500\r\n\r\n[")
    ended, held = threading.Event(), [open_one(port, sent[n % 4]) for n in range(number)]

    def again() -> None:
        while not ended.wait(0.2):
            for n, one in enumerate(held):
                with contextlib.suppress(BlockingIOError, OSError):
                    if not one.recv(1 << 12):
                        held[n] = open_one(port, sent[n % 4])

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for one in held:
            one.close()


def open_one(port: int, sent: bytes) -> socket.socket:
    """A connection that has sent something, and no more."""
    one = socket.create_connection(("127.0.0.1", port), 60)
    one.sendall(sent)
    one.setblocking(False)
    return one


@contextlib.contextmanager
def asking(stage: Stage, round_: int) -> Iterator[None]:
    """Visitors that ask ten expensive questions each, all at once; at the end they leave."""
    connections = []
    for number, visitor in enumerate(stage.others[:-1]):
        for question in range(QUESTIONS):
            kind = FILTERS[question % len(FILTERS)].format(1 + (question + number + round_) % 9)
            name = EXPENSIVE[question % len(EXPENSIVE)]
            one = stage.fresh(visitor).connection
            cookies = "; ".join(f"{k}={v}" for k, v in visitor.cookies.items())
            address = f"/api/v1/{name}?{kind}&limit={question}"
            one.request("GET", address, headers={"Cookie": cookies})
            connections.append(one)
    try:
        yield
    finally:
        for one in connections:
            one.close()


def timed(call: Callable[[], None], into: list[float]) -> None:
    """Milliseconds of a call."""
    began = time.perf_counter()
    call()
    into.append(1000 * (time.perf_counter() - began))


def measure(stage: Stage, seconds: float) -> Times:
    """Ask for a while what honest people ask, one kind beside the other."""
    times: Times = defaultdict(list)
    end, numbers = time.monotonic() + seconds, iter(range(10**9))

    def get(port: int) -> None:
        one = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(one):
            one.request("GET", "/health")
            answer = one.getresponse()
            assert (answer.status, bool(answer.read())) == (200, True)

    def page(visitor: web.Visitor) -> None:
        address = PAGES[next(numbers) % len(PAGES)]
        status, _ = visitor.ask(f"{address}?since=2024-02-{1 + next(numbers) % 27:02d}")
        assert status == 200, address

    def send() -> None:
        one = http.client.HTTPConnection("127.0.0.1", stage.collector, timeout=60)
        with contextlib.closing(one):
            body = json.dumps([{"id": f"b{time.time_ns()}", "touchpoint": "web_visit"}])
            one.request("POST", "/v1/moments", body, {"Authorization": f"Bearer {stage.key}"})
            assert one.getresponse().status == 200

    def repeat(name: str, call: Callable[[], None], pause: float) -> None:
        while time.monotonic() < end:
            timed(call, times[name])
            time.sleep(pause)

    visitor = stage.fresh(stage.others[-1])
    kinds = [
        ("app /health", lambda: get(stage.app), PAUSE),
        ("collector /health", lambda: get(stage.collector), PAUSE),
        ("another visitor's page", lambda: page(visitor), 4 * PAUSE),
        ("honest events", send, PAUSE / 2),
    ]
    threads = [threading.Thread(target=repeat, args=kind) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def percentile(values: list[float], part: int) -> float:
    """A percentile; the largest for 100."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part / 100 * len(ordered)))]


def told(title: str, rounds: list[Times]) -> None:
    """Print medians over rounds, and whether they are under what they should be."""
    print(f"\n{title}")
    for name, (part, mark) in MARKS.items():
        values = [percentile(times[name], part) for times in rounds]
        medians = [statistics.median(times[name]) for times in rounds]
        found = statistics.median(values)
        verdict = "holds" if found < mark else "does not hold"
        print(
            f"{name:24s} asked {sum(len(t[name]) for t in rounds):6d}   median "
            f"{statistics.median(medians):7.1f} ms   p{part} {found:7.1f} ms   "
            f"(worst round {max(values):7.1f})   under {mark} ms: {verdict}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--parties", type=int, default=30_000)
    parser.add_argument("--stalled", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    workspace = given.workspace or built(given.parties)
    key = everytouch.open(workspace).create_key("bench")
    stage = Stage(workspace, key, visitors(workspace))
    try:
        time.sleep(30)  # figures without filters are made before anybody asks
        measure(stage, 5)  # each process loads its compiled kernels once
        told("nobody else is there", [measure(stage, given.seconds)])
        rounds = []
        for number in range(given.rounds):
            with stalling(stage.collector, given.stalled, key), asking(stage, number):
                rounds.append(measure(stage, given.seconds))
        asked, stalled = HOARDERS * QUESTIONS, given.stalled
        told(f"{asked} expensive questions wait, {stalled:,} connections stall", rounds)
    finally:
        stage.end()
        if given.workspace is None:
            shutil.rmtree(workspace.parent)


if __name__ == "__main__":
    main()
