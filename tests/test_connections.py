"""Connections that only take up room keep nobody out."""

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
import time

import pytest

from everytouch.collect.api import Bounds
from everytouch.collect.connections import Connections, room_for
from everytouch.collect.deadlines import Deadlines
from everytouch.errors import SettingError
from tests.collecting import collecting, made

MANY = 5_000
HEAD = b"POST /v1/moments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
STALLS = (b"", b"POST /v1/mom", HEAD, HEAD + b"Content-Length: 100\r\n\r\n[")
GIVEN = ["127.0.0.1", "::ffff:10.1.2.3", "10.2.0.1", "fe80::1%eth0"]
GOOD = {"namespace": "email", "identifier": "ana@x.org", "touchpoint": "checkout"}
SHORT = "[connections]\nhead_seconds = 1\nbody_seconds = 1\n"


@pytest.fixture
def home(tmp_path):
    return made(tmp_path)


def bound(workspace, text):
    with (workspace.path / "everytouch.toml").open("a") as file:
        file.write(f"\n{text}")
    return workspace


@contextlib.contextmanager
def held(port, number, address="127.0.0.1", sent=lambda _: b""):
    """So many connections from an address, each with what it sends."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(opened(port, address, sent(n))) for n in range(number)]


def opened(port, address, sent=b""):
    one = socket.create_connection(("127.0.0.1", port), 20, (address, 0))
    one.sendall(sent)
    return one


def ended(one):
    """Whether the server closed it; whatever it said before."""
    one.setblocking(False)
    try:
        return not one.recv(1 << 16)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def until(there):
    """Wait for something that must come."""
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)


def test_honest_senders_are_answered_while_thousands_stall(home):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    many = min(MANY, hard - 1_000)
    key = home.create_key("shop").encode()
    stalls = [text % key if b"%s" in text else text for text in STALLS]
    try:
        with (
            collecting(
                bound(home, "[connections]\nhead_seconds = 600\nbody_seconds = 600\n")
            ) as it,
            held(it.port, many, sent=lambda n: stalls[n % len(stalls)]) as stalled,
        ):
            assert it.send(b"", "/health", "GET")[0] == 200
            assert it.send([GOOD])[0] == 200
            assert len(stalled) > 1_100
            assert not any(map(ended, stalled))  # they were there all the time
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_address_gets_no_more_than_its_part(home):
    text = '[connections]\nper_address = 20\nproxies = ["127.0.0.1"]\n'
    with (
        collecting(bound(home, text)) as it,
        held(it.port, 50, "127.0.0.2") as hoard,
        held(it.port, 50) as proxied,
    ):
        until(lambda: sum(map(ended, hoard)) >= 30)
        assert it.send([GOOD])[0] == 200
        assert sum(map(ended, hoard)) == 30
        assert not any(map(ended, proxied))


def test_where_all_are_taken_those_make_room_that_only_wait(home):
    with collecting(bound(home, "[connections]\nmost = 40\n")) as it:
        busy = opened(it.port, "127.0.0.1", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        with busy, held(it.port, 39) as first:
            for group in range(4):
                with held(it.port, 9, f"127.0.0.{group + 2}"):
                    busy.setblocking(True)
                    busy.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert b"200 OK" in busy.recv(1 << 16)
                    until(lambda: sum(map(ended, first)) >= 9)
                    assert it.send([GOOD])[0] == 200
                    assert not ended(busy)


@pytest.mark.parametrize("text", STALLS)
def test_what_does_not_come_in_time_is_given_up(home, text):
    with collecting(bound(home, SHORT)) as it:
        with opened(
            it.port, "127.0.0.1", text % it.secret.encode() if b"%s" in text else text
        ) as one:
            said = b""
            while part := one.recv(1 << 16):
                said += part
        assert said.startswith(b"HTTP/1.1 408") if b"Length" in text else said == b""
        assert it.send([GOOD])[0] == 200


def test_headers_that_drip_are_given_up_too(home):
    with collecting(bound(home, SHORT)) as it, opened(it.port, "127.0.0.1", b"GET / HT") as one:
        until(lambda: ended(one) or dripped(one))


def dripped(one):
    with contextlib.suppress(OSError):
        one.setblocking(True)
        one.sendall(b"X")
    return False


def test_the_longest_without_a_whole_request_goes_first():
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as stack:
        port = server.getsockname()[1]
        ours = Connections(port, Bounds(most=3, proxies=("127.0.0.1",)))
        clients = {}
        for number in range(6):
            client = stack.enter_context(opened(port, "127.0.0.1"))
            stack.enter_context(server.accept()[0])
            clients["{}:{}".format(*client.getsockname())] = client
            ours.look() if number < 3 else None
        first, second, third, *_ = clients
        ours.whole(first)  # it waits for its answer
        ours.answered(second)
        ours.look()
        # Those of one look came at one time: which of them stay is left open.
        assert ended(clients[third])
        assert not ended(clients[first])
        assert sum(map(ended, clients.values())) == 3
        assert ours.closed == {"all": 3}
        assert {one.name for one in ours.open()} <= set(clients)


def test_the_file_limit_is_raised_and_bounds_what_is_kept():
    command = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (256, 2512));"
        "from everytouch.collect.api import Bounds;"
        "from everytouch.collect.connections import room_for;"
        "print(room_for(Bounds())[0].most, r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1600", "2512"]
    assert room_for(Bounds(most=100)) == (Bounds(most=100), 125)


@pytest.mark.parametrize(
    "line", ["most = 0", "most = true", "proxies = ['shop']", "proxies = '::1'", "least = 1"]
)
def test_bounds_that_are_none_are_refused(home, line):
    bound(home, f"[connections]\n{line}\n")
    with pytest.raises(SettingError, match=line.partition(" ")[0]):
        Bounds.read(home.path)


def test_proxies_are_known_by_address_and_network():
    ours = Bounds(proxies=("127.0.0.1", "10.1.0.0/16"))
    known = [one for one in GIVEN if ours.trusts(one)]
    assert known == GIVEN[:2]


def test_a_task_that_is_late_is_told_and_others_go_on():
    ours, told = Deadlines(), []

    async def late():
        try:
            with ours.within(-1):
                await asyncio.sleep(600)
        except TimeoutError:
            told.append("late")

    async def early():
        with ours.within(600):
            await asyncio.sleep(0)
        told.append("early")

    async def stopped():
        with ours.within(600):
            await asyncio.sleep(600)

    async def main():
        task = asyncio.create_task(stopped())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(ours.start, asyncio.get_running_loop())
        await asyncio.gather(late(), early())
        task.cancel()  # by somebody else: that is no deadline
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert told == ["early", "late"]
    assert (ours._due, ours._late) == ({}, set())
