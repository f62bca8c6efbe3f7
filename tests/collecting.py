"""A collector that runs, and looks at what it stored."""

import contextlib
import http.client
import json
import re
import signal
import subprocess
import sys
import time

import everytouch
from tests.conftest import SECRET

CATALOGUE = """organisation: Acme
stages: [buy]
touchpoints:
  checkout: {label: Check-out, stage: buy, channel: web, element: process}
instruments:
  nps: {label: Recommend, kind: nps, low: 0, high: 10}
"""


def made(folder, catalogue=CATALOGUE, rules=""):
    """A workspace with a catalogue, and rules where they are given."""
    workspace = everytouch.create(folder / "w", "Acme", secret=SECRET)
    (workspace.path / "catalogue.yaml").write_text(catalogue)
    if rules:
        (workspace.path / "rules.yaml").write_text(rules)
    return workspace


class Sender:
    """A program that sends to a running collector."""

    def __init__(self, port, secret, process):
        self.port, self.secret, self.process = port, secret, process

    def send(self, body, path="/v1/moments", method="POST", **headers):
        """Status, headers and JSON (or text) of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        given = {"Authorization": f"Bearer {self.secret}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        with contextlib.closing(connection):
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            text = answer.read()
            if answer.headers.get_content_type() != "application/json":
                return answer.status, answer.headers, text or None
            return answer.status, answer.headers, json.loads(text) if text else None


def sender_of_its_own(workspace, sender, **options):
    """A sender with a source of its own, so that tests do not see each other's records."""
    source = f"s{time.time_ns()}"
    own = Sender(sender.port, workspace.create_key(source, **options), None)
    own.source = source
    return own


@contextlib.contextmanager
def collecting(workspace, secret=""):
    """A collector of a workspace, in processes of its own."""
    secret = secret or workspace.create_key("shop", origins=("https://shop.example",))
    command = [sys.executable, "-m", "everytouch", "-w", workspace.path, "collect", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        port = int(re.search(r":(\d+)/v1", process.stdout.readline())[1])
        sender, deadline = Sender(port, secret, process), time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if sender.send(b"", "/health", "GET")[0] == 200:
                    break
            time.sleep(0.05)
        yield sender
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(300)  # it loads what is in the log first, after everybody else's work
        process.stdout.close()


def loaded(workspace, source="shop"):
    """The status of a source once its log is empty."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = {one.source: one for one in workspace.status()}
        if source in found and found[source].waiting == 0:
            return found[source]
        time.sleep(0.1)
    raise AssertionError(workspace.status())


def settled(workspace, sender):
    """The status of a sender's source, its log loaded; it adds up."""
    status = loaded(workspace, sender.source)
    ever = status.ever
    assert ever.received == ever.stored + ever.duplicate + ever.quarantined + ever.refused
    return status


def stored(workspace, kind="interactions"):
    rows = workspace.tables.query(kind, "SELECT * FROM ledger ORDER BY id").to_pylist()
    return {row["id"]: row for row in rows}
