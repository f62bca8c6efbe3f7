"""HTTP APIs that scheduled sources read: every way of paging, patience, limits, and attacks."""

import contextlib
import datetime
import gzip
import http.server
import ipaddress
import json
import socket
import ssl
import threading
import time
import urllib.parse
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from everytouch.collect.fetch import definition as definitions
from everytouch.collect.fetch.base import Context
from everytouch.collect.fetch.credentials import Vault
from everytouch.collect.fetch.guard import Limits
from everytouch.errors import SourceError

TOKEN = "s3cret-token"


class Api(http.server.ThreadingHTTPServer):
    """A server on loopback that answers as a test says, and remembers what it was asked.

    ``answer`` gets path, query and headers, and returns what is sent: a body, or status, headers
    and body; None drops the connection.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.answer = lambda *_: []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        split = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(split.query, True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((split.path, query, headers))
        found = self.server.answer(split.path, query, headers)
        self.close_connection = True
        if found is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, more, body = found if isinstance(found, tuple) else (200, {}, found)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | more).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def serving(server: Api):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def api():
    yield from serving(Api())


@pytest.fixture
def other():
    yield from serving(Api())


class Reader:
    """Reads a source again and again, as the runner does, and remembers its marks."""

    def __init__(self, folder: Path, url: str, more: str = "", private=("127.0.0.1/32",)) -> None:
        text = f'[schedule]\nevery = "1h"\n[inputs.v.http]\nurl = "{url}"\n{more}'
        self.definition = definitions.parse_definition(text, folder / "shop.toml")
        vault = Vault(folder)
        vault.store("shop", "auth.token", TOKEN, self.definition.server)
        vault.store("shop", "auth.value", TOKEN, self.definition.server)
        vault.store("shop", "auth.password", TOKEN, self.definition.server)
        limits = Limits(private_hosts=list(private), workspace=folder)
        self.context = Context("shop", limits, vault, folder)
        self.marks: dict[str, str] = {}

    def read(self) -> list[dict[str, str | None]]:
        rows = []
        for batch in self.definition.fetcher(self.context).batches(self.marks):
            for path in batch.paths:
                rows += pq.read_table(path).to_pylist()
            self.marks.update(batch.marks)
        return rows

    def ids(self) -> list[str | None]:
        return [row["id"] for row in self.read()]


BEARER = 'auth = {kind = "bearer", token = "stored"}\n'
TICKETS = [{"id": n} for n in range(7)]


# Paging


def by_link(path, query, headers):
    page = int(query.get("p", 0))
    following = f"?p={page + 1}" if page < 3 else None
    return {"data": {"items": TICKETS[page * 2 : page * 2 + 2]}, "links": {"next": following}}


def by_header(path, query, headers):
    page = int(query.get("p", 0))
    link = f'</x?p=0>; rel="first", </x?p={page + 1}>; rel="next"' if page < 3 else ""
    return 200, {"Link": link}, {"data": {"items": TICKETS[page * 2 : page * 2 + 2]}}


def by_page(path, query, headers):
    start = (int(query["page"]) - 1) * int(query["per_page"])
    return {"data": {"items": TICKETS[start : start + int(query["per_page"])]}}


def by_offset(path, query, headers):
    start = int(query["skip"])
    return {"data": {"items": TICKETS[start : start + 2]}}  # it gives fewer than were asked for


def by_cursor(path, query, headers):
    start = int(query.get("after", "c0")[1:])
    found = {"data": {"items": TICKETS[start : start + 3]}, "more": start + 3 < 7}
    return found | {"meta": {"cursor": f"c{start + 3}"}}


@pytest.mark.parametrize(
    ("answer", "paging"),
    [
        (by_link, 'kind = "next", path = "links.next"'),
        (by_header, 'kind = "link"'),
        (by_page, 'kind = "page", size = 3'),
        (by_offset, 'kind = "offset", parameter = "skip", size_parameter = "take", size = 5'),
        (by_cursor, 'kind = "cursor", parameter = "after", path = "meta.cursor", more = "more"'),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_all_pages_are_read_whatever_the_paging(api, tmp_path, answer, paging):
    api.answer = answer
    more = f'{BEARER}records = "data.items"\nparameters = {{status = "open"}}\n'
    reader = Reader(tmp_path, f"{api.url}/x?a=1", f"{more}paging = {{{paging}}}\nbatch_rows = 3")
    assert reader.ids() == [str(n) for n in range(7)]
    path, query, headers = api.asked[0]
    assert (path, query["a"], query["status"]) == ("/x", "1", "open")
    assert all(headers["authorization"] == f"Bearer {TOKEN}" for _, _, headers in api.asked)
    assert headers["host"] == f"127.0.0.1:{api.server_port}"


def test_a_server_that_ignores_the_page_is_noticed(api, tmp_path):
    api.answer = lambda *_: TICKETS
    with pytest.raises(SourceError, match="same page again"):
        Reader(tmp_path, api.url, 'paging = {kind = "page"}').read()


@pytest.mark.parametrize("path", ["", "data", "data.items.id", "nothing"])
def test_an_answer_without_records_says_where_it_looked(api, tmp_path, path):
    api.answer = lambda *_: {"data": {"items": TICKETS}}
    with pytest.raises(SourceError, match="no list of records") as told:
        Reader(tmp_path, api.url, f'records = "{path}"').read()
    assert "data.items" in told.value.remedy


def test_values_stay_as_they_were_written(api, tmp_path):
    api.answer = lambda *_: (
        b'[{"id": 12345678901234567890, "amount": 1.10, "big": 1e400, "s": "a\\u00e4\\n",'
        b' "at": "2024-3-1", "n": null, "yes": true, "deep": {"b": [1.50, "x"]}},'
        b' {"id": "007", "late": -0}]'
    )
    first, second = Reader(tmp_path, api.url).read()
    assert first == {
        "id": "12345678901234567890", "amount": "1.10", "big": "1e400", "s": "aä\n",
        "at": "2024-3-1", "n": None, "yes": "true", "deep": '{"b": [1.50, "x"]}', "late": None,
    }  # fmt: skip
    assert (second["id"], second["late"], second["amount"]) == ("007", "-0", None)


def test_columns_that_were_seen_once_stay(api, tmp_path):
    reader = Reader(tmp_path, api.url, 'columns = ["id", "wanted"]')
    api.answer = lambda *_: [{"id": 1, "rare": 2}]
    assert reader.read() == [{"id": "1", "wanted": None, "rare": "2"}]
    api.answer = lambda *_: [{"id": 2}]
    assert reader.read() == [{"id": "2", "wanted": None, "rare": None}]


# What is new


def test_only_what_is_new_is_asked_for(api, tmp_path):
    rows = [{"id": n, "changed": f"2026-01-0{n}T00:00:00Z"} for n in (3, 1, 2)]
    more = 'since = {parameter = "from", field = "changed", start = "2025-01-01", overlap = "1d"}'
    reader = Reader(tmp_path, api.url, more)
    api.answer = lambda *_: rows
    assert reader.ids() == ["3", "1", "2"]
    assert api.asked[-1][1]["from"] == "2025-01-01"
    reader.read()
    assert api.asked[-1][1]["from"] == "2026-01-02T00:00:00+00:00"


def test_the_mark_moves_only_when_all_pages_were_read(api, tmp_path):
    def answer(path, query, headers):
        if query["page"] == "3":
            return 404, {}, b""
        return [{"id": query["page"], "n": 10 - int(query["page"])}]

    more = 'since = {parameter = "from", field = "n"}\npaging = {kind = "page"}\nbatch_rows = 1'
    reader = Reader(tmp_path, api.url, more)
    api.answer = answer
    with pytest.raises(SourceError, match="status 404"):
        reader.read()
    assert "since" not in reader.marks
    api.answer = lambda _, query, __: (
        [{"id": query["page"], "n": 10 - int(query["page"])}] if int(query["page"]) < 4 else []
    )
    assert reader.ids() == ["1", "2", "3"]
    assert reader.marks["since"] == "9"


# Patience


def test_busy_servers_and_dropped_connections_are_asked_again(api, tmp_path):
    troubles = iter(
        [
            (429, {"Retry-After": "1"}, b""),
            None,  # the connection is dropped
            (200, {"Content-Length": "100"}, b'[{"id": 1}'),  # and here in the middle
        ]
    )
    api.answer = lambda *_: next(troubles, [{"id": 1}])
    began = time.monotonic()
    assert Reader(tmp_path, api.url).ids() == ["1"]
    assert len(api.asked) == 4
    assert time.monotonic() - began >= 1


def test_a_server_that_asks_for_too_much_patience_is_left(api, tmp_path):
    api.answer = lambda *_: (429, {"Retry-After": "3600"}, b"")
    with pytest.raises(SourceError, match="asks to wait 3,600 s"):
        Reader(tmp_path, api.url, "seconds = 5").read()


def test_a_server_that_stays_broken_is_given_up(api, tmp_path):
    api.answer = lambda *_: (503, {}, b"")
    with pytest.raises(SourceError, match="does not answer: status 503"):
        Reader(tmp_path, api.url, "seconds = 1").read()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(SourceError, match=r"does not answer: .*refused"):
            Reader(tmp_path, url, "seconds = 1").read()


@pytest.mark.parametrize(("status", "remedy"), [(401, "token"), (403, "token"), (404, "address")])
def test_a_refusal_says_what_to_check(api, tmp_path, status, remedy):
    api.answer = lambda *_: (status, {}, TOKEN.encode())
    with pytest.raises(SourceError, match=f"status {status}") as told:
        Reader(tmp_path, api.url, BEARER).read()
    assert remedy in told.value.remedy
    assert TOKEN not in str(told.value)
    assert len(api.asked) == 1


def test_answers_that_are_too_large_or_too_slow_are_cut(api, tmp_path):
    bomb = gzip.compress(b"[" + b" " * 60_000_000 + b"]")
    api.answer = lambda *_: (200, {"Content-Encoding": "gzip"}, bomb)
    with pytest.raises(SourceError, match="over 50 MB"):
        Reader(tmp_path, api.url).read()

    class Drip(bytes):
        pass

    def drip(path, query, headers):
        time.sleep(1.2)
        return [{"id": 1}]

    api.answer = drip
    with pytest.raises(SourceError, match=r"too slow|longer"):
        Reader(tmp_path, api.url, "seconds = 1").read()


# Attacks


def test_the_token_does_not_follow_a_redirect_to_another_server(api, other, tmp_path):
    other.answer = lambda *_: [{"id": "stolen"}]
    for status in (301, 302, 303, 307, 308):
        api.answer = lambda *_, status=status: (status, {"Location": f"{other.url}/x"}, b"")
        with pytest.raises(SourceError, match="to another server"):
            Reader(tmp_path, api.url, BEARER).read()
    api.answer = lambda *_: (302, {"Location": f"//127.0.0.1:{other.server_port}/x"}, b"")
    with pytest.raises(SourceError, match="to another server"):
        Reader(tmp_path, api.url, BEARER).read()
    assert other.asked == []


def test_the_token_does_not_follow_a_next_link_to_another_server(api, other, tmp_path):
    port = other.server_port
    lures = [
        f"{other.url}/x",
        f"//127.0.0.1:{port}/",
        f"https://127.0.0.1:{api.server_port}/",
        f"http://127.0.0.1:{api.server_port}@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "http://[::1",
        "http://127.0.0.1:x/",
    ]
    for lure in lures:
        api.answer = lambda *_, lure=lure: {"rows": TICKETS, "next": lure}
        more = f'{BEARER}records = "rows"\npaging = {{kind = "next", path = "next"}}'
        with pytest.raises(SourceError, match="to another server"):
            Reader(tmp_path, api.url, more).read()
    assert other.asked == []


def test_a_redirect_within_the_server_is_followed_but_not_for_ever(api, tmp_path):
    api.answer = lambda path, *_: (
        [{"id": 1}] if path == "/new" else (308, {"Location": "/new"}, b"")
    )
    assert Reader(tmp_path, f"{api.url}/old", BEARER).ids() == ["1"]
    api.answer = lambda *_: (302, {"Location": "/again"}, b"")
    with pytest.raises(SourceError, match="again and again"):
        Reader(tmp_path, api.url).read()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "0.0.0.0",
     "169.254.169.254", "10.1.2.3", "192.168.0.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]",
     "[fe80::1]", "[fd00::1]", "100.64.0.1", "224.0.0.1"],
)  # fmt: skip
def test_private_addresses_are_not_asked_however_they_are_written(api, tmp_path, host):
    reader = Reader(tmp_path, f"http://{host}:{api.server_port}/", BEARER, private=())
    with pytest.raises(SourceError, match=r"private network|cannot be found"):
        reader.read()
    assert api.asked == []


def test_a_name_is_resolved_once_and_what_was_checked_is_asked(api, tmp_path, monkeypatch):
    real, calls = socket.getaddrinfo, []

    def resolve(host, *rest, **more):
        if host == "shop.example":
            calls.append(host)
            host = "127.0.0.1" if len(calls) == 1 else "127.0.0.2"  # it changes its mind
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    api.answer = by_page
    more = 'records = "data.items"\npaging = {kind = "page", size = 3}'
    url = f"http://shop.example:{api.server_port}/"
    assert len(Reader(tmp_path, url, more).read()) == 7
    assert calls == ["shop.example"]
    assert api.asked[0][2]["host"] == f"shop.example:{api.server_port}"


def test_the_environment_sends_nothing_elsewhere(api, other, tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other.url)
    api.answer = lambda *_: TICKETS
    assert len(Reader(tmp_path, api.url).read()) == 7
    assert other.asked == []


def test_every_way_to_sign_in(api, tmp_path):
    ways = {
        BEARER: ("authorization", f"Bearer {TOKEN}"),
        'auth = {kind = "header", name = "X-Api-Key", value = "stored"}': ("x-api-key", TOKEN),
        'auth = {kind = "basic", user = "me", password = "stored"}': (
            "authorization",
            "Basic bWU6czNjcmV0LXRva2Vu",
        ),
    }
    api.answer = lambda *_: TICKETS
    for more, (name, value) in ways.items():
        Reader(tmp_path, api.url, more).read()
        assert api.asked[-1][2][name] == value
    Reader(tmp_path, api.url).read()
    assert "authorization" not in api.asked[-1][2]


# TLS


def certificate(folder: Path, name: str) -> Path:
    """A certificate of its own authority for a name, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_certificates_are_verified_against_the_name(tmp_path, monkeypatch):
    path = certificate(tmp_path, "localhost")
    server = Api()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answer = lambda *_: TICKETS
    server.handle_error = lambda *_: None  # a client that does not trust it goes away
    for _ in serving(server):
        url = f"https://localhost:{server.server_port}/"
        with pytest.raises(SourceError, match=r"does not answer: .*certificate"):
            Reader(tmp_path, url, f"{BEARER}seconds = 1").read()
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert len(Reader(tmp_path, url, BEARER).read()) == 7
        wrong = f"https://127.0.0.1:{server.server_port}/"
        with pytest.raises(SourceError, match="does not answer"):
            Reader(tmp_path, wrong, f"{BEARER}seconds = 1").read()
        assert len(server.asked) == 1


def test_addresses_in_lists_of_networks():
    limits = Limits(private_hosts=["10.0.0.0/8", "db.internal", "not an address"])
    assert limits.addresses("10.1.1.1", 1, "x") == ["10.1.1.1"]
    with pytest.raises(SourceError, match="private network"):
        limits.addresses("127.0.0.1", 1, "x")
    assert ipaddress.ip_address(limits.addresses("9.9.9.9", 1, "x")[0]).is_global
