"""What the app answers to requests that are none of its own: 4xx in words, with all headers."""

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

from tests.test_yaml import BOMBS
from tests.web.test_access import EXPECTED, filled

HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Resource-Policy",
    "Cache-Control",
)


def refused(answer, status: int, path: str) -> None:
    assert answer.status_code == status, answer.content[:300]
    for name in HEADERS:
        assert name in answer, name
    if path.startswith("/api/"):
        assert answer["Content-Type"] == "application/problem+json"
        assert json.loads(answer.content)["status"] == status
    else:
        assert "<html" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/api/v1/findings", "/health", "/start"])
@pytest.mark.parametrize("secure", [False, True])
def test_a_foreign_host_is_refused(path, secure, settings_of, visit):
    settings_of(ALLOWED_HOSTS=["localhost"], SECURE_SSL_REDIRECT=secure)
    for host in ("evil.example", "localhost:x", "a b", "localhost@evil.example"):
        refused(visit("owner").get(path, headers={"Host": host}), 400, path)


BODIES = (
    ("/settings", "application/x-www-form-urlencoded", "name=" + "x" * 1_100_000, 413),
    ("/accounts/login/", "application/x-www-form-urlencoded", "login=" + "x" * 1_100_000, 413),
    ("/api/v1/people/find", "application/json", '{"identifier": "' + "x" * 1_100_000 + '"}', 413),
    ("/settings", "application/x-www-form-urlencoded", "&".join(["a=1"] * 5_001), 400),
    ("/settings", "multipart/form-data; boundary=", "x", 400),
    ("/api/v1/people/find", "application/json", "[" * 100_000, 400),
    ("/api/v1/people/find", "application/json", '{"identifier": 1' + "0" * 5_000 + "}", 400),
    ("/api/v1/people/find", "application/json", b"\xff\xfe", 400),
)


@pytest.mark.parametrize(("path", "kind", "body", "status"), BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_too_much_is_refused(visit, path, kind, body, status):
    refused(visit("owner").post(path, body, content_type=kind), status, path)


@pytest.mark.parametrize("name", BOMBS)
def test_a_yaml_bomb_is_refused_by_pages_and_api(visit, own, name):
    client, text = visit("owner"), BOMBS[name]
    before = (own.path / "catalogue.yaml").read_text()
    put = client.put("/api/v1/catalogue", {"yaml": text}, content_type="application/json")
    refused(put, 413 if len(text) > 1_000_000 else 422, "/api/v1/catalogue")
    for path, form in (
        ("/maps/new", {"name": "m", "map": text}),
        ("/maps/online_order/edit", {"map": text}),
        ("/rules", {"rules": text}),
    ):
        answer = client.post(path, form)
        assert 400 <= answer.status_code < 500, path
        assert "Content-Security-Policy" in answer
    assert (own.path / "catalogue.yaml").read_text() == before


def test_head_is_answered_wherever_get_is(visit, party, own):
    client, wrong = visit("owner"), []
    for path, method in EXPECTED:
        if method == "GET":
            address = filled(path, party)
            get, head = client.get(address), client.head(address)
            if (get.status_code, b"") != (head.status_code, b"".join(head)):
                wrong.append((path, get.status_code, head.status_code))
    assert wrong == []


@pytest.fixture(scope="module")
def served(home):
    """The port of the app, as it is really served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "everytouch", "-w", str(home.path), "web", "--port", str(port)]
    with subprocess.Popen(command) as process:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
        os.kill(process.pid, signal.SIGTERM)
        process.wait(30)


def ask(port: int, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"Host": "localhost", **headers})
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_as_served_static_files_are_for_no_other_origin(served):
    _, _, page = ask(served, "GET", "/accounts/login/")
    (path, *_) = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())
    status, headers, _ = ask(served, "GET", path, Origin="https://evil.example")
    assert status == 200
    assert "access-control-allow-origin" not in headers
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert "max-age" in headers["cache-control"]


def test_as_served_hosts_heads_and_bodies(served):
    for path in ("/", "/api/v1/findings"):
        status, headers, body = ask(served, "GET", path, Host="evil.example")
        assert status == 400
        assert "content-security-policy" in headers
        assert b"Traceback" not in body
    for path in ("/health", "/accounts/login/", "/api/v1/findings"):
        get, head = ask(served, "GET", path), ask(served, "HEAD", path)
        assert (head[0], head[2]) == (get[0], b"")
    cookie = ask(served, "GET", "/accounts/login/")[1]["set-cookie"].split(";")[0]
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=30)
    form = {
        "Cookie": cookie,
        "Host": "localhost",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", "/accounts/login/", b"login=" + b"x" * 1_100_000, form)
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 413
