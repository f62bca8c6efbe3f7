"""The collector killed at any moment, under load, with a third of the events sent twice."""

import contextlib
import http.client
import json
import os
import random
import signal
import threading
import time

import psutil
import pytest

from tests.collecting import collecting, loaded, made

GOOD = {"namespace": "email", "identifier": "ana@x.org", "touchpoint": "checkout"}


@pytest.mark.parametrize("part", range(2))
def test_killed_at_random_points_under_load(part, tmp_path, pytestconfig):
    kill(part, pytestconfig.getoption("points") // 2, tmp_path)


class Sending:
    """Threads that send events, a third of them again; what was answered for is kept.

    Args:
        seed: of what is sent again, and part of every id: no other sends the same.
    """

    def __init__(self, sender, seed):
        self.sender, self.answered, self.sent = sender, set(), 0
        self.ended, self._random = threading.Event(), random.Random(seed)
        names = [f"{seed}-{name}" for name in "abc"]
        self._threads = [threading.Thread(target=self._run, args=(name,)) for name in names]
        for thread in self._threads:
            thread.start()

    def _run(self, name):
        number, before = 0, []
        while not self.ended.is_set():
            again = self._random.sample(before, min(len(before), 2))
            ids = [f"{name}-{number}-{i}" for i in range(5)]
            number += 1
            body = [GOOD | {"id": one} for one in (*ids, *again)]
            self.sent += len(body)
            try:
                status = self.sender.send(body)[0]
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                time.sleep(0.02)
                continue
            if status == 200:
                self.answered.update(ids)
            before = [*before[-20:], *ids]

    def end(self):
        self.ended.set()
        for thread in self._threads:
            thread.join()


def server_of(process):
    """The process that answers, beside the one that loads."""
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "multiprocessing-fork" in " ".join(child.cmdline()):
                return child
    return None


def answers(sender):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return sender.send(b"", "/health", "GET")[0] == 200
    return False


def wait(sender):
    deadline = time.monotonic() + 60
    while not answers(sender):
        assert time.monotonic() < deadline, "it does not come back"
        time.sleep(0.02)


def kill(seed, points, folder):
    """Kill the server, which comes back by itself, and now and then all processes."""
    own = made(folder)
    secret, dice, answered, sent, killed = own.create_key("shop"), random.Random(seed), set(), 0, 0
    while killed < points:
        with collecting(own, secret) as sender:
            sending = Sending(sender, f"{seed}-{killed}")
            try:
                for _ in range(min(8, points - killed)):
                    wait(sender)
                    time.sleep(dice.uniform(0.0, 0.5))
                    whole = killed % 8 == 7
                    killed += 1
                    if whole:
                        os.killpg(sender.process.pid, signal.SIGKILL)
                        break
                    server_of(sender.process).kill()
            finally:
                sending.end()
        answered |= sending.answered
        sent += sending.sent
    with collecting(own, secret):
        status = loaded(own)
    rows = own.tables.query("interactions", "SELECT id FROM ledger")["id"].to_pylist()
    print(f"{killed} kills, {sent:,} sent, {len(answered):,} answered for, {len(rows):,} stored")
    assert len(answered) > 20 * points
    assert answered <= set(rows)
    assert len(rows) == len(set(rows)) == status.ever.stored
    assert status.ever.received == status.ever.stored + status.ever.duplicate
    assert status.ever.duplicate > len(rows) / 10
    assert not list(own.log.glob("*.damaged"))
