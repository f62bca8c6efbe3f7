"""The app's door: slow senders take no thread, who leaves is noticed, all arrives as sent."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from everytouch.web import boot
from everytouch.web.gateway import EXTRA, QUICK, THREADS
from tests.web.doors import UPLOAD

SERVE = """
import multiprocessing, sys
from pathlib import Path
from granian import Granian
from granian.constants import Interfaces, Loops
from everytouch.collect.api import kept
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn", force=True)
    Granian("tests.web.doors:create", factory=True, address="127.0.0.1", port=int(sys.argv[2]),
        interface=Interfaces.RSGI, loop=Loops.uvloop, websockets=False, log_level="critical",
        workers_kill_timeout=2, **kept(Path(sys.argv[1]))).serve()
"""
HALF = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nlogin="


def ready(port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if ask(port, "/health")[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError("it did not start")


@contextlib.contextmanager
def running(words, **environment):
    process = subprocess.Popen(
        [sys.executable, *words], env={**os.environ, **environment}, start_new_session=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """The port and the folder of the small app."""
    folder, port = tmp_path_factory.mktemp("door"), boot.free_port("127.0.0.1", 0)
    (folder / "everytouch.toml").write_text("[connections]\nbody_seconds = 2\n")
    words = ["-c", SERVE, str(folder), str(port)]
    named = {"EVERYTOUCH_WORKSPACE": str(folder), "EVERYTOUCH_PORT": str(port)}
    with running(words, **named):
        ready(port)
        yield port, folder


def ask(port, path, method="GET", body=None, headers=()):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as one:
        one.putrequest(method, path, skip_host=False)
        for name, value in headers:
            one.putheader(name, value)
        if body is not None:
            one.putheader("Content-Length", str(len(body)))
        one.endheaders(body)
        answer = one.getresponse()
        return answer.status, answer.headers, answer.read()


def test_a_request_arrives_as_it_was_sent(door):
    headers = [("X-A", "1"), ("X-A", "2"), ("X_A", "3"), ("Cookie", "a=1"), ("Cookie", "b=2")]
    status, got, body = ask(door[0], "/a%C3%A9%20b?c=%20d", "POST", b"x" * 150_000, headers)
    said = json.loads(body)
    assert status == 200
    assert got.get_all("x-twice") == ["1", "2"]
    assert said["PATH_INFO"].encode("latin-1").decode() == "/aé b"
    assert said["QUERY_STRING"] == "c=%20d"
    assert said["HTTP_X_A"] == "1,2"  # and nothing of the name that only looks like it
    assert said["HTTP_COOKIE"] == "a=1; b=2"
    assert (said["CONTENT_LENGTH"], said["size"]) == ("150000", 150_000)
    assert said["REMOTE_ADDR"] == "127.0.0.1"
    assert said["SERVER_PORT"] == str(door[0])


def test_long_answers_arrive_whole(door):
    assert ask(door[0], "/long")[2] == b"x" * 5_000_000
    assert ask(door[0], "/long", "HEAD")[2] == b""


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/accounts/login/", 1_100_000, 200),
        ("/accounts/login/", 1_300_000, 413),
        ("/uploads", UPLOAD, 200),
    ],
)
def test_bodies_have_limits(door, path, size, status):
    got, headers, body = ask(door[0], path, "POST", b"x" * size)
    assert got == status
    if status == 413:
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["status"] == 413


def test_of_an_upload_no_more_is_kept_than_its_page_needs_to_refuse_it(door):
    said = json.loads(ask(door[0], "/uploads", "POST", b"x" * (UPLOAD + 2 * EXTRA))[2])
    assert said["size"] == UPLOAD + EXTRA


def test_a_body_of_unknown_length_is_limited_while_it_comes(door):
    for parts, status in ([b"x" * 10_000] * 200, 413), ([b"ab", b"c"], 200):
        connection = http.client.HTTPConnection("127.0.0.1", door[0], timeout=60)
        with contextlib.closing(connection) as one:
            one.request("POST", "/form", iter(parts))
            answer = one.getresponse()
            said = json.loads(answer.read())
            assert answer.status == status
    assert (said["size"], said["CONTENT_LENGTH"]) == (3, "3")


def test_a_body_that_does_not_come_is_given_up(door):
    with socket.create_connection(("127.0.0.1", door[0]), 60) as slow:
        slow.sendall(HALF % b"/form")
        assert slow.recv(1 << 16).startswith(b"HTTP/1.1 408")


def test_a_visitor_that_leaves_is_noticed(door):
    port, folder = door
    with socket.create_connection(("127.0.0.1", port), 60) as visitor:
        visitor.sendall(b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
        deadline = time.monotonic() + 60
        while not (folder / "waits").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not (folder / "left").exists()
    while not (folder / "left").exists():
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.02)


def test_pages_are_served_while_more_senders_stall_than_there_are_threads(own):
    """Each once took a thread until it had sent its form: four kept everybody out."""
    with (own.path / "everytouch.toml").open("a") as file:
        file.write("\n[connections]\nbody_seconds = 600\n")
    port = boot.free_port("127.0.0.1", 0)
    words = ["-m", "everytouch", "-w", str(own.path), "web", "--port", str(port)]
    with running(words), contextlib.ExitStack() as stack:
        ready(port)
        for n in range(2 * (THREADS + QUICK)):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            one.sendall(HALF % (b"/accounts/login/", b"/uploads")[n % 2])
        assert ask(port, "/health")[0] == 200
        status, _, page = ask(port, "/accounts/login/")
        style = re.search(rb'href="(/static/[^"]+\.css)"', page)[1].decode()
        assert (status, ask(port, style)[0]) == (200, 200)
