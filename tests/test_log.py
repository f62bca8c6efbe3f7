"""The write-ahead log: what was answered for is there, whatever happened after."""

import errno
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everytouch.errors import LedgerError
from everytouch.journal import log as room
from everytouch.journal.api import Log, LogFullError, frames, identity, sealed, segments


class Told:
    """Waits until the log has told of so many tickets."""

    def __init__(self):
        self.tickets, self.failures, self.more = [], [], threading.Condition()

    def __call__(self, tickets, failure):
        with self.more:
            (self.failures if failure else self.tickets).extend(tickets)
            self.more.notify_all()

    def wait(self, n):
        with self.more:
            assert self.more.wait_for(lambda: len(self.tickets) + len(self.failures) >= n, 20)


@pytest.fixture
def told():
    return Told()


def written(folder, payloads):
    """Payloads in a segment that nobody has sealed, as a crash leaves it."""
    told = Told()
    log = Log(folder, told)
    log._due = lambda: False
    for number, payload in enumerate(payloads):
        log.append(payload, number)
    told.wait(len(payloads))
    path = log._path
    content = path.read_bytes()
    log.close()
    for each in segments(folder):
        each.unlink()
    path.write_bytes(content)
    return path


def everything(folder):
    return [payload for path in segments(folder) for payload in frames(path)]


def test_what_was_told_is_there_in_order(tmp_path, told):
    log = Log(tmp_path, told)
    payloads = [os.urandom(n % 700) for n in range(500)]
    for number, payload in enumerate(payloads):
        log.append(payload, number)
    told.wait(500)
    assert everything(tmp_path) == payloads
    log.close()
    assert told.tickets == list(range(500))
    assert [p for path in sealed(tmp_path) for p in frames(path)] == payloads


def test_many_that_wait_are_made_durable_together(tmp_path, told, monkeypatch):
    syncs = []
    sync = os.fdatasync
    monkeypatch.setattr(room.os, "fdatasync", lambda file: (syncs.append(1), sync(file)))
    log = Log(tmp_path, told)
    for number in range(5_000):
        log.append(b"x" * 100, number)
    told.wait(5_000)
    log.close()
    assert 1 <= len(syncs) < 1_000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.integers(0, 10_000), st.binary()
)
def test_what_a_crash_has_torn_off_is_cut_and_the_rest_is_there(
    tmp_path_factory, payloads, cut, rubbish
):
    folder = tmp_path_factory.mktemp("log")
    path = written(folder, payloads)
    content = path.read_bytes()
    cut %= len(content) + 1
    path.write_bytes(content[:cut] + rubbish)
    whole = [8]
    for payload in payloads:
        whole.append(whole[-1] + 8 + len(payload))
    survivors = sum(end <= cut for end in whole[1:])
    Log(folder, Told()).close()
    found = everything(folder)
    assert found[:survivors] == payloads[:survivors]
    if not rubbish:
        assert found == payloads[:survivors]


def test_a_sealed_segment_that_was_changed_is_refused(tmp_path, told):
    log = Log(tmp_path, told)
    for number in range(3):
        log.append(b"payload", number)
    told.wait(3)
    log.close()
    (path,) = sealed(tmp_path)
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="damaged from byte 8"):
        frames(path)


def test_numbers_never_come_again(tmp_path, told):
    numbers = []
    for _ in range(3):
        log = Log(tmp_path, told)
        log.append(b"x", 0)
        told.wait(len(numbers) + 1)
        log.close()
        numbers += [int(path.stem) for path in sealed(tmp_path)]
        for path in sealed(tmp_path):
            path.unlink()
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 3


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_disk_that_fails_is_told_and_then_forgotten(tmp_path, told, monkeypatch, call):
    log = Log(tmp_path, told)
    log.append(b"before", "before")
    told.wait(1)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(room.os, call, full)
        log.append(b"lost", "lost")
        told.wait(2)
        assert log.failure is not None
    log.append(b"after", "after")
    told.wait(3)
    log.close()
    assert told.failures == ["lost"]
    assert log.failure is None
    assert everything(tmp_path) == [b"before", b"after"]


def test_two_processes_cannot_write_to_it_and_it_does_not_grow_without_end(
    tmp_path, told, monkeypatch
):
    log = Log(tmp_path, told)
    with pytest.raises(LedgerError, match="another process writes"):
        Log(tmp_path, told)
    monkeypatch.setattr(room, "WAITING", 10)
    with pytest.raises(LogFullError):
        log.append(b"x" * 11, 0)
    name = identity(tmp_path)
    log.close()
    Log(tmp_path, told).close()
    assert identity(tmp_path) == name
