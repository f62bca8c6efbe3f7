"""The collector under load: wrk, server and loader on one machine.

    PYTHONPATH=. python benchmarks/collect.py [--seconds 10] [--repeat 3] [--minutes 0]

Events have 600 bytes. "collector" is server and loader; "no log" answers and writes nothing.
"""

import argparse
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import psutil

import everytouch
from everytouch.collect import server
from everytouch.collect.dialects.base import Request, Taken
from everytouch.collect.dialects.own import find
from everytouch.collect.server import Collector, encode
from everytouch.journal.api import Log, sealed
from everytouch.workspace import Workspace

CATALOGUE = """organisation: Acme
stages: [buy]
touchpoints:
  checkout: {label: Check-out, stage: buy, channel: web, element: process}
"""
BYTES, BATCH = 600, 100
CONNECTIONS = {1: 128, BATCH: 64}  # by batch: enough that somebody sends while others wait
# The request is put together of fixed parts: what wrk spends is taken from the server.
SCRIPT = """
local parts = {%s}
local head = "POST /v1/moments HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer %s\\r\\n" ..
  "Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"
local n, join, format = 0, table.concat, string.format
function request()
  n = n + 1
  return head .. join(parts, format("%s-%%08d", n))
end
"""


WHOLE, SERVER, BARE = "collector", "server", "server, no log"
APPS = {SERVER: "everytouch.collect.server:create", BARE: "benchmarks.collect:without_log"}


class Nothing(Log):
    """A log that writes nothing: a group is done as soon as it is handed over."""

    tickets: ClassVar[list[object]] = []

    def lay(self, _payload: bytes, ticket: object) -> None:
        """Wait for the end of the turn."""
        self.tickets.append(ticket)

    def flush(self) -> None:
        """Done."""
        self._done(self.tickets.copy(), None)
        self.tickets.clear()


def without_log() -> Collector:
    """The app as Granian makes it, its log replaced."""
    server.Log = Nothing  # type: ignore[misc]
    return server.create()


def event(name: str) -> str:
    """One event of 600 bytes as JSON."""
    known = {
        "id": name,
        "occurred_at": "2026-03-01T12:00:00Z",
        "namespace": "customer_no",
        "identifier": "C0000017",
        "touchpoint": "checkout",
        "outcome": "ok",
        "amount": 12.5,
        "correlations": ["order:17"],
        "properties": {"page": "https://shop.example/checkout", "items": 3, "note": ""},
    }
    missing = BYTES - len(json.dumps(known))
    known["properties"]["note"] = "x" * missing  # type: ignore[index]
    return json.dumps(known)


def script(batch: int, run: str, key: str) -> str:
    """For wrk: one event a request, or a list of them, no id twice."""
    mark = "R" * (len(run) + 9)  # stands for the request's number
    events = [event(mark if batch == 1 else f"{mark}-{i:02d}") for i in range(batch)]
    body = events[0] if batch == 1 else "[" + ",".join(events) + "]"
    parts = ",".join(f"[==[{part}]==]" for part in body.split(mark))
    return SCRIPT % (parts, key, len(body), run)


@contextlib.contextmanager
def serving(workspace: Workspace, mode: str) -> Iterator[tuple[int, psutil.Process]]:
    """The collector on a free port, its server alone, or that without its log."""
    port = free_port()
    if mode == WHOLE:
        words = [sys.executable, "-m", "everytouch", "-w", str(workspace.path), "collect"]
        words += ["--port", str(port), "--quiet"]
    else:
        words = [sys.executable, "-c", ALONE.format(port=port, app=APPS[mode])]
    environment = {**os.environ, "EVERYTOUCH_WORKSPACE": str(workspace.path)}
    process = subprocess.Popen(words, env=environment)
    try:
        deadline = time.monotonic() + 60
        while subprocess.run(probe(port), capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(600)


ALONE = """
import multiprocessing
from granian import Granian
from granian.constants import Interfaces, Loops
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn", force=True)
    Granian("{app}", factory=True, address="127.0.0.1", port={port},
        interface=Interfaces.RSGI, workers=1, loop=Loops.uvloop, log_access=False,
        log_level="warning", websockets=False).serve()
"""


def probe(port: int) -> list[str]:
    """A command that succeeds once the server answers."""
    return ["curl", "-sf", f"http://127.0.0.1:{port}/health"]


def free_port() -> int:
    """A port nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def load(port: int, key: str, batch: int, seconds: float, run: str) -> tuple[float, float, int]:
    """Requests a second, the 99th percentile in ms, and how many got no 2xx."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script(batch, run, key))
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS[batch]}", f"-d{seconds:.0f}s", "--latency"]
        command += ["-s", file.name, f"http://127.0.0.1:{port}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    return rate, float(number) * scale, int(wrong[1]) if wrong else 0


def throughput(workspace: Workspace, key: str, seconds: float, repeat: int) -> None:
    """The server without its log, with it, and with the loader beside it; in turns."""
    print(f"{'':32}{'requests/s':>12}{'events/s':>12}{'p99 ms':>9}{'refused':>9}")
    for batch in (1, BATCH):
        found: dict[str, list[tuple[float, float, int]]] = {}
        for turn in range(repeat):
            for mode in (BARE, SERVER, WHOLE):
                with serving(workspace, mode) as (port, _):
                    load(port, key, batch, 2, f"warm{turn}")
                    found.setdefault(mode, []).append(load(port, key, batch, seconds, str(turn)))
                for path in sealed(workspace.log):
                    path.unlink()
        shares = [a[0] / b[0] for a, b in zip(found[SERVER], found[BARE], strict=True)]
        for mode, runs in found.items():
            rate, tail, wrong = (statistics.median(part) for part in zip(*runs, strict=True))
            name = f"batches of {batch}, {mode}"
            print(f"{name:32}{rate:12,.0f}{rate * batch:12,.0f}{tail:9.1f}{wrong:9.0f}", flush=True)
        print(f"{'':32}with the log: {statistics.median(shares):.0%} of the server without it")


def steady(workspace: Workspace, key: str, minutes: float) -> None:
    """Memory of the collector while it is under load."""
    with serving(workspace, WHOLE) as (port, process):
        ended = threading.Event()

        def press() -> None:
            for n in range(10_000):
                if ended.is_set():
                    return
                load(port, key, 1, 5, f"steady{n}")

        thread = threading.Thread(target=press)
        thread.start()
        for _ in range(round(minutes * 6)):
            time.sleep(10)
            family = [process, *process.children(recursive=True)]
            sizes = [one.memory_info().rss / 1e6 for one in family]
            said = "  ".join(f"{size:,.0f}" for size in sizes)
            print(f"memory MB: {said}   in the log: {len(sealed(workspace.log))}", flush=True)
        ended.set()
        thread.join()


def loading(workspace: Workspace, events: int) -> None:
    """From the log into the ledger, as a loader does that is at work already."""
    drain = workspace.drain()
    first = 400_000 // BATCH  # a backlog, that starts what reads one
    fill(workspace, range(first))
    drain.run()
    fill(workspace, range(first, first + events // BATCH))
    began = time.perf_counter()
    counts = drain.run()
    spent = time.perf_counter() - began
    print(f"loader: {counts.stored:,} events in {spent:.1f} s, {counts.stored / spent:,.0f}/s")


def fill(workspace: Workspace, batches: range) -> None:
    """Put batches into the log, as the server does."""
    told = threading.Semaphore(0)
    log = Log(workspace.log, lambda tickets, _: [told.release() for _ in tickets])
    for n in batches:
        body = "[" + ",".join(event(f"load-{n}-{i}") for i in range(BATCH)) + "]"
        found = find(Request("/v1/moments", "", {}, body.encode(), 0))
        now, whole = int(time.time() * 1e6), (found.whole, found.count)
        log.append(encode(Taken("own", "bench", now, 0, [], [], "", *whole)), 0)
        told.acquire()
    log.close()


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0, help="of steady load")
    parser.add_argument("--events", type=int, default=1_000_000, help="for the loader")
    parser.add_argument("--only", choices=("throughput", "steady", "loader"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = everytouch.create(Path(folder) / "w")
        (workspace.path / "catalogue.yaml").write_text(CATALOGUE)
        key = workspace.create_key("bench")
        if given.only in (None, "loader"):
            loading(workspace, given.events)
        if given.only in (None, "throughput"):
            throughput(workspace, key, given.seconds, given.repeat)
        if given.minutes:
            steady(workspace, key, given.minutes)


if __name__ == "__main__":
    main()
