"""The write-ahead log: what was answered for is there, whatever happened after."""

import errno
import fcntl
import os
import threading
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everytouch.errors import LedgerError
from everytouch.journal import disk
from everytouch.journal import log as room
from everytouch.journal.api import (
    Log,
    LogFullError,
    damaged,
    frames,
    identity,
    sealed,
    segments,
    set_aside,
)


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
        told.wait(number + 1)
    path = log._path
    content = path.read_bytes()
    log.close()
    for each in segments(folder):
        each.unlink()
    path.write_bytes(content)
    return path


def everything(folder):
    return [payload for path in segments(folder) for payload in frames(path)[0]]


def test_what_was_told_is_there_in_order(tmp_path, told):
    log = Log(tmp_path, told)
    payloads = [os.urandom(n % 700) for n in range(500)]
    for number, payload in enumerate(payloads):
        log.append(payload, number)
    told.wait(500)
    assert everything(tmp_path) == payloads
    log.close()
    assert told.tickets == list(range(500))
    assert [p for path in sealed(tmp_path) for p in frames(path)[0]] == payloads


def test_many_that_wait_are_made_durable_together(tmp_path, told, monkeypatch):
    writes = []
    write = os.pwrite
    monkeypatch.setattr(disk.os, "pwrite", lambda *given: (writes.append(1), write(*given))[1])
    log = Log(tmp_path, told)
    for number in range(5_000):
        log.append(b"x" * 100, number)
    told.wait(5_000)
    log.close()
    assert 1 <= len(writes) < 1_000


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
    ends = [(n + 1) * disk.BLOCK + 12 + len(payload) for n, payload in enumerate(payloads)]
    survivors = sum(end <= cut for end in ends)
    Log(folder, Told()).close()
    found = everything(folder)
    assert found[:survivors] == payloads[:survivors]
    if not rubbish:
        assert found == payloads[:survivors]


def one_segment(folder, payloads):
    told = Told()
    log = Log(folder, told)
    for number, payload in enumerate(payloads):
        log.lay(payload, number)
    log.flush()
    told.wait(len(payloads))
    log.close()
    (path,) = sealed(folder)
    return path


def test_any_bit_that_flips_is_found_and_costs_its_own_frame_alone(tmp_path):
    """Of the zeros between the frames, one bit of each byte."""
    flip_bits(tmp_path, lambda bit, zero: not zero or bit % 8 == bit // 8 % 8)


@pytest.mark.long
def test_each_bit_of_the_zeros_that_flips_is_found(tmp_path):
    flip_bits(tmp_path, lambda _, zero: zero)


def flip_bits(tmp_path, chosen):
    payloads = [b"first", b"second, " + room.MARK, b"third"]
    path = one_segment(tmp_path, payloads)
    content = path.read_bytes()
    assert frames(path) == (payloads, 0)
    starts = [disk.BLOCK]
    for payload in payloads:
        starts.append(starts[-1] + 12 + len(payload))
    for bit in range(8 * len(content)):
        zero = room.HEAD <= bit // 8 < disk.BLOCK or bit // 8 >= starts[-1]
        if not chosen(bit, zero):
            continue
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        found, wrong = frames(path)
        assert wrong > 0, bit
        if zero:
            assert found == payloads, bit
        elif bit // 8 >= disk.BLOCK:
            hit = max(n for n, start in enumerate(starts) if start <= bit // 8)
            assert found == [one for n, one in enumerate(payloads) if n != hit], bit
        else:
            assert found == []  # the file is no log, or one of another seed


def test_any_byte_at_which_the_last_frame_is_cut_leaves_the_others(tmp_path):
    payloads = [b"first", b"second", b"third"]
    path = one_segment(tmp_path, payloads)
    content = path.read_bytes()
    last = content.index(b"third") + len(b"third")
    for end in range(last - 12 - len(b"third"), last):
        path.write_bytes(content[:end])
        assert frames(path)[0] == payloads[:2]
    path.write_bytes(content)
    kept = set_aside(path)
    assert (sealed(tmp_path), damaged(tmp_path)) == ([], [kept])


def test_a_segment_of_the_version_before_is_read(tmp_path):
    payloads, seed = [b"first", b"", b"second\0\0", b"third" * 2000], 17
    content = b"ETLOG002" + room._SEED.pack(seed)
    for one in payloads:
        content += room._FRAME.pack(room.MARK, len(one), zlib.crc32(one, seed)) + one
    path = tmp_path / "000000000007.open"
    path.write_bytes(content + content[12:20])  # torn
    Log(tmp_path, Told()).close()
    assert everything(tmp_path) == payloads
    assert frames(path.with_suffix(".sealed")) == (payloads, 0)


def test_large_and_many_payloads_go_in_groups_of_their_own(tmp_path, told):
    payloads = [os.urandom(n) for n in (3 << 20, 1, 900_000, 900_000, 0, 1 << 20, 5)] * 2
    log = Log(tmp_path, told)
    for number, payload in enumerate(payloads):
        log.lay(payload, number)
    log.flush()
    told.wait(len(payloads))
    log.close()
    assert everything(tmp_path) == payloads
    assert log.waiting == 0


def test_what_was_laid_is_written_when_the_log_is_closed(tmp_path, told):
    log = Log(tmp_path, told)
    log.lay(b"laid", 7)
    log.close()
    assert (told.tickets, everything(tmp_path)) == ([7], [b"laid"])


def test_nobody_who_sends_bytes_can_send_a_frame(tmp_path):
    inner = b"forged"
    forged = room._FRAME.pack(room.MARK, len(inner), room._checked(inner, 0)) + inner
    path = one_segment(tmp_path, [b"before", forged + b"!", b"after"])
    content = bytearray(path.read_bytes())
    content[disk.BLOCK + 12 + len(b"before") + 5] ^= 0xFF  # the length of the outer frame
    path.write_bytes(content)
    assert frames(path)[0] == [b"before", b"after"]


def half_write(file, content, at):
    """What still fitted on a disk that is full now."""
    plain = os.open(f"/proc/self/fd/{file}", os.O_WRONLY)
    os.pwrite(plain, bytes(content[: len(content.tobytes().rstrip(b"\0")) // 2]), at)
    os.close(plain)


class Faulty:
    """The system calls a log makes, of which the n-th fails."""

    def __init__(self, number, error):
        self.left, self.error = number, error

    def __getattr__(self, name):
        call = getattr(os, name)
        if name not in ("pwrite", "fsync"):
            return call

        def counted(file, *given):
            self.left -= 1
            if self.left == 0:
                if name == "pwrite" and self.error == errno.ENOSPC:
                    half_write(file, *given)
                elif name == "pwrite":
                    call(file, *given)  # all there, and yet not to be trusted
                raise OSError(self.error, os.strerror(self.error))
            return call(file, *given)

        return counted


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_whichever_write_or_sync_fails_what_was_answered_for_is_there_and_nothing_else(
    tmp_path, monkeypatch, error
):
    monkeypatch.setattr(room, "SEGMENT", 16 * disk.BLOCK)
    for number in range(1, 201):
        folder, told = tmp_path / str(number), Told()
        faulty = Faulty(number, error)
        monkeypatch.setattr(room, "os", faulty)
        monkeypatch.setattr(disk, "os", faulty)
        try:
            log = Log(folder, told)
        except OSError:
            assert faulty.left == 0
            continue
        sent = 0
        while faulty.left > -20:  # some calls after the one that fails
            log.append(b"%04d" % sent * 5, sent)
            sent += 1
            told.wait(sent)
        log.close()
        monkeypatch.setattr(room, "os", os)
        monkeypatch.setattr(disk, "os", os)
        acknowledged = [b"%04d" % n * 5 for n in told.tickets]
        assert len(acknowledged) >= sent - 1 > 5
        found = [one for path in segments(folder) for one in frames(path)[0]]
        assert found == acknowledged, number
        assert not any(frames(path)[1] for path in segments(folder))


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


def test_a_disk_that_fails_is_told_and_then_forgotten(tmp_path, told, monkeypatch):
    log = Log(tmp_path, told)
    log.append(b"before", "before")
    told.wait(1)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(disk.os, "pwrite", full)
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


@pytest.mark.parametrize("refused", ["at once", "when it is written to", "never"])
def test_what_is_appended_is_there_to_the_byte_whatever_the_file_system_can(
    tmp_path, monkeypatch, refused
):
    opened, wrote = os.open, os.pwrite

    def no_open(path, flags, *mode):
        if flags & disk._DIRECT:
            os.close(opened(path, flags & ~disk._DIRECT, *mode))  # as tmpfs did: made, and refused
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return opened(path, flags, *mode)

    def no_write(file, content, at):
        if fcntl.fcntl(file, fcntl.F_GETFL) & disk._DIRECT:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return wrote(file, content, at)

    with monkeypatch.context() as patch:
        if refused == "at once":
            patch.setattr(disk.os, "open", no_open)
        if refused == "when it is written to":
            patch.setattr(disk.os, "pwrite", no_write)
        file, whole, space = disk.Appender(tmp_path / "file"), b"", disk.Room()
        for size in (1, 4095, 1, 4096, 5000, disk.ROOM - 1, disk.ROOM + 1, 3 * disk.ROOM, 7):
            part = os.urandom(size)
            space.lay(part[: size // 2], part[size // 2 :])
            file.append(space)
            space.clear()
            whole += part + bytes(-size % disk.BLOCK)
            assert file.size == len(whole)
            assert (tmp_path / "file").read_bytes() == whole
        file.cut()
        file.close()
    assert (tmp_path / "file").read_bytes() == whole
