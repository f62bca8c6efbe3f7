"""The files of examples/operations do what docs/operations.md says, before the real programs."""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.parse
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import everytouch
from everytouch.cli import main
from everytouch.collect.pulse import Pulse, exposition
from everytouch.ledger.api import entries
from everytouch.web.api import setup_key
from tests.conftest import ROOT
from tests.databases import absent, free_port, wait_until

FILES = ROOT / "examples" / "operations"
UNITS = sorted((FILES / "systemd").glob("*.service"))
APP, EVENTS = "cx.example.org", "events.example.org"
PASSWORD = "long enough to pass"
ELSEWHERE = "127.0.0.2"  # a visitor's address that is no proxy's
ONCE = (
    "strict-transport-security", "content-security-policy", "x-content-type-options",
    "referrer-policy", "x-frame-options", "cache-control", "cross-origin-opener-policy",
    "cross-origin-resource-policy", "content-type",
)  # fmt: skip
HSTS = "max-age=31536000; includeSubDomains; preload"


def nginx_binary() -> str:
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(found).exists():
        absent("nginx")
    return found


def certificate(folder: Path) -> Path:
    """A certificate for both names that signs itself."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = f"subjectAltName=DNS:{APP},DNS:{EVENTS}"
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    call = [*command, "-subj", f"/CN={APP}", "-addext", names, *files]
    subprocess.run(call, check=True, capture_output=True)
    return folder / "fullchain.pem"


def configuration(folder: Path, ports: SimpleNamespace) -> Path:
    """The example with its blanks filled in, inside the least that nginx needs around it."""
    text = (FILES / "nginx.conf").read_text()
    filled = {
        "listen 80": f"listen 127.0.0.1:{ports.clear}",
        "listen 443": f"listen 127.0.0.1:{ports.tls}",
        "127.0.0.1:8000": f"127.0.0.1:{ports.web}",
        "127.0.0.1:8010": f"127.0.0.1:{ports.collect}",
        "/etc/ssl/everytouch": str(folder),
    }
    for blank, value in filled.items():
        assert blank in text, blank
        text = text.replace(blank, value)
    (folder / "site.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder / 'pid'}; error_log stderr;"
        f"events {{ worker_connections 256; }}"
        f"http {{ access_log off; {places} include {folder / 'site.conf'}; }}"
    )
    return folder / "nginx.conf"


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """App and collector behind nginx, as they are set up by the example."""
    nginx, folder = nginx_binary(), tmp_path_factory.mktemp("site")
    workspace = everytouch.create(folder / "shop")
    with (workspace.path / "everytouch.toml").open("a") as file:
        file.write(f'\n[web]\nhttps = true\nhosts = ["{APP}"]\nproxies = ["127.0.0.1"]\n')
    key = workspace.create_key("shop")
    names = ("clear", "tls", "web", "collect")
    ports = SimpleNamespace(**{name: free_port() for name in names})
    trusted = certificate(folder)
    program = [sys.executable, "-m", "everytouch", "-w", str(workspace.path)]
    calls = (
        (ports.web, [*program, "web", "--port", str(ports.web)]),
        (ports.collect, [*program, "collect", "--port", str(ports.collect), "--quiet"]),
        (ports.tls, [nginx, "-e", "stderr", "-c", str(configuration(folder, ports))]),
    )
    running = []
    try:
        for port, call in calls:
            running.append(subprocess.Popen(call))
            wait_until(lambda port=port: answers(port), running[-1], call[0])
        yield SimpleNamespace(path=workspace.path, ports=ports, trusted=trusted, key=key)
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(30)


class Connection(http.client.HTTPSConnection):
    """To a name, wherever it is; from an address of one's own."""

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.name)


def ask(site, method, url, body=None, headers=None, address="127.0.0.1"):
    """Ask over TLS; status, all headers, body."""
    parts = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=site.trusted)
    given = {"timeout": 60, "context": context, "source_address": (address, 0)}
    connection = Connection("127.0.0.1", site.ports.tls, **given)
    connection.name = parts.hostname
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, path, body, {"Host": parts.hostname, **(headers or {})})
    answer = connection.getresponse()
    found = answer.status, [(k.lower(), v) for k, v in answer.getheaders()], answer.read()
    connection.close()
    return found


class Browser:
    """Keeps cookies as a browser does, and fills in forms."""

    def __init__(self, site):
        self.site, self.cookies, self.set = site, {}, []

    def get(self, path, **headers):
        return self._ask("GET", path, None, headers)

    def post(self, path, form, **headers):
        page = self.get(path)[2].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        body = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": token})
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{APP}"}
        return self._ask("POST", path, body, {**kind, "Referer": f"https://{APP}{path}", **headers})

    def _ask(self, method, path, body, headers):
        if self.cookies:
            headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        found = ask(self.site, method, f"https://{APP}{path}", body, headers, ELSEWHERE)
        for cookie in [value for name, value in found[1] if name == "set-cookie"]:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.split(";")[0]
            self.set.append(cookie)
        return found


@pytest.fixture(scope="module")
def owner(site):
    """The first owner, who has come in by the key and signed in by the password."""
    browser = Browser(site)
    who = {"organisation": "Shop", "name": "Ola", "email": "ola@example.org", "password": PASSWORD}
    status, _, page = browser.post(f"/start?key={setup_key(site.path)}", who)
    assert status == 302, page
    fresh = Browser(site)
    login = {"login": "ola@example.org", "password": PASSWORD}
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"}
    status, _, page = fresh.post("/accounts/login/", login, **forged)
    assert status == 302, page
    return fresh


def test_signing_in_works_and_the_visitor_s_address_is_the_one_nginx_saw(site, owner):
    assert owner.get("/settings")[0] == 200
    (line, *_) = [one for one in entries(site.path) if one.action == "sign in"]
    assert line.subject == f"with password, from {ELSEWHERE}"


def test_cookies_are_of_this_host_over_tls_and_no_script_s(owner):
    assert {cookie.split("=")[0] for cookie in owner.set} == {
        "__Host-sessionid", "__Host-csrftoken", "__Host-device"
    }  # fmt: skip
    for cookie in owner.set:
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= parts, cookie
        assert not [part for part in parts if part.startswith("domain")]
        assert len(cookie) < 4_096


def test_each_header_is_there_once_on_every_answer(site, owner):
    page = owner.get("/")[2].decode()
    static = re.search(r'(?:href|src)="(/static/[^"]+)"', page)[1]
    for path, status in (("/", 200), ("/health", 200), (static, 200), ("/static/", 404)):
        found, headers, _ = owner.get(path)
        assert found == status, path
        names = [name for name, _ in headers]
        assert {name: names.count(name) for name in ONCE} == dict.fromkeys(ONCE, 1), path
        assert dict(headers)["strict-transport-security"] == HSTS
        assert "nginx/" not in dict(headers)["server"]  # not which version
    assert "access-control-allow-origin" not in names


def test_what_nginx_says_itself_has_its_headers_too(site):
    for url, body, status in (
        (f"https://{APP}/settings", b"x" * 1_100_000, 413),
        (f"https://{APP}/uploads", b"", 403),  # the app's: no form of ours
        (f"https://{EVENTS}/v1/track", b"x" * 12_000_000, 413),
        (f"https://{EVENTS}/metrics", None, 404),
        (f"https://{EVENTS}/health", None, 200),
    ):
        length = {"Content-Length": str(len(body))} if body is not None else {}
        method = "GET" if body is None else "POST"
        try:
            found, headers, _ = ask(site, method, url, body, length)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            # It refuses by the length, before it has read what is sent.
            found, headers, _ = ask(site, method, url, None, length)
        names = [name for name, _ in headers]
        assert found == status, url
        assert names.count("strict-transport-security") == 1, url
        assert names.count("x-content-type-options") == 1, url
        assert names.count("content-security-policy") == 1, url
        assert "frame-ancestors 'none'" in dict(headers)["content-security-policy"]


def test_an_event_arrives_and_the_collector_says_413_for_more_than_it_takes(site):
    key = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json"}
    event = json.dumps({"userId": "ana", "event": "looked", "messageId": "m-1"})
    status, _, said = ask(site, "POST", f"https://{EVENTS}/v1/track", event, key)
    assert status == 200, said
    big = json.dumps({"userId": "ana", "event": "x" * 10_200_000})
    status, headers, _ = ask(site, "POST", f"https://{EVENTS}/v1/track", big, key)
    assert (status, "json" in dict(headers)["content-type"]) == (413, True)


def test_both_are_healthy(site):
    assert json.loads(ask(site, "GET", f"https://{APP}/health")[2])["status"] == "ok"
    assert json.loads(ask(site, "GET", f"https://{EVENTS}/health")[2])["healthy"] is True


def clear(site, method, url, **headers):
    """Ask without TLS."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", site.ports.clear, timeout=60)
    connection.request(method, parts.path, headers={"Host": parts.hostname, **headers})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("Location")


def test_in_the_clear_people_are_led_to_tls_and_programs_are_refused(site):
    assert clear(site, "GET", f"http://{APP}/people") == (301, f"https://{APP}/people")
    token = {"Authorization": "Bearer et_x"}
    assert clear(site, "GET", f"http://{APP}/api/v1/findings", **token) == (403, None)
    assert clear(site, "POST", f"http://{EVENTS}/v1/track") == (403, None)
    with pytest.raises(ConnectionResetError):  # which RemoteDisconnected is, too
        clear(site, "GET", "http://evil.example/")


def test_the_app_itself_takes_no_token_in_the_clear(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.ports.web, timeout=60)
    found = {}
    for path in ("/api/v1/findings", "/health", "/people"):
        connection.request("GET", path, headers={"Host": APP, "Authorization": "Bearer et_x"})
        answer = connection.getresponse()
        answer.read()
        found[path] = answer.status
    connection.close()
    assert found == {"/api/v1/findings": 403, "/health": 200, "/people": 301}


def test_no_other_methods_and_no_websocket(site):
    assert ask(site, "TRACE", f"https://{APP}/")[0] == 405
    upgrade = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    for url in (f"https://{APP}/live", f"https://{EVENTS}/health"):
        assert ask(site, "GET", url, headers=upgrade)[0] != 101


def test_length_and_chunks_at_once_are_no_way_to_smuggle(site):
    context = ssl.create_default_context(cafile=site.trusted)
    raw = socket.create_connection(("127.0.0.1", site.ports.tls), 60)
    with context.wrap_socket(raw, server_hostname=APP) as connection:
        connection.sendall(
            b"POST /accounts/login/ HTTP/1.1\r\nHost: cx.example.org\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n"
        )
        assert b" 400 " in connection.recv(4_096).splitlines()[0]


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_tls_is_refused_and_new_preferred(site, version):
    context = ssl.create_default_context(cafile=site.trusted)
    raw = socket.create_connection(("127.0.0.1", site.ports.tls), 60)
    with context.wrap_socket(raw, server_hostname=APP) as new:
        assert new.version() == "TLSv1.3"
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    raw = socket.create_connection(("127.0.0.1", site.ports.tls), 60)
    with raw, pytest.raises((ssl.SSLError, ConnectionResetError)):
        context.wrap_socket(raw, server_hostname=APP)


def test_weak_ciphers_are_refused(site):
    context = ssl.create_default_context(cafile=site.trusted)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    for ciphers, taken in (("ECDHE+AESGCM", True), ("AES128-SHA:AES256-SHA:@SECLEVEL=0", False)):
        context.set_ciphers(ciphers)
        raw = socket.create_connection(("127.0.0.1", site.ports.tls), 60)
        try:
            with context.wrap_socket(raw, server_hostname=APP) as connection:
                assert connection.cipher()[0].startswith("ECDHE")
            there = True
        except (ssl.SSLError, ConnectionResetError):
            there = False
        assert there == taken, ciphers


def test_nginx_takes_the_example_without_a_warning(tmp_path):
    nginx = nginx_binary()
    certificate(tmp_path)
    ports = SimpleNamespace(clear=1080, tls=1443, web=8000, collect=8010)
    call = [nginx, "-t", "-e", "stderr", "-c", str(configuration(tmp_path, ports))]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def test_caddy_takes_the_example():
    if not shutil.which("caddy"):
        pytest.skip("no caddy here: apt-get install caddy")
    call = ["caddy", "validate", "--adapter", "caddyfile", "--config", FILES / "Caddyfile"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def unit(path: Path) -> dict[str, list[str]]:
    """Settings of a unit: what each is set to."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_call_commands_there_are_without_rights(path):
    given = unit(path)
    words = given["ExecStart"][0].split()
    assert words[:3] == ["/opt/everytouch/bin/everytouch", "-w", "/srv/everytouch/%i"]
    command = main.commands[words[3]]
    options = {option for one in command.params for option in one.opts}
    assert {word for word in words[4:] if word.startswith("-")} <= options
    for name, value in {
        "User": "everytouch", "UMask": "0077", "NoNewPrivileges": "true",
        "ProtectSystem": "strict", "ProtectHome": "true", "PrivateTmp": "true",
        "PrivateDevices": "true", "CapabilityBoundingSet": "",
    }.items():  # fmt: skip
        assert given[name] == [value], name


def test_systemd_takes_the_units(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("no systemd-analyze here: apt-get install systemd")
    assert len(UNITS) == 4
    for path in (FILES / "systemd").iterdir():
        text = path.read_text().replace("/opt/everytouch/bin/everytouch", sys.executable)
        (tmp_path / path.name).write_text(text)
    names = [tmp_path / path.name.replace("@", "@shop") for path in UNITS]
    for path, name in zip(UNITS, names, strict=True):
        name.write_text((tmp_path / path.name).read_text())
    call = [analyze, "verify", "--man=no", "--recursive-errors=no", *names]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "everytouch" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
    safe = [analyze, "security", "--offline=true", "--threshold=25", *names]
    done = subprocess.run(safe, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2_000:]


def test_every_metric_that_a_rule_names_is_printed():
    printed = exposition(Pulse("", 0.0, {"s": 1}, refused={"401": 1}, unsigned={"s": 1})).decode()
    there = {line.split("{")[0].split(" ")[0] for line in printed.splitlines() if line[0] != "#"}
    (group,) = yaml.safe_load((FILES / "prometheus.rules.yml").read_text())["groups"]
    named = set()
    for rule in group["rules"]:
        assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        named |= set(re.findall(r"\beverytouch_\w+", rule["expr"]))
        assert set(re.findall(r"\b(\w+)=~?\"", rule["expr"])) <= {"job", "status"}
        assert "source" not in rule["expr"] or 'source="s"' in printed
    assert named - there == set()
    assert len(named) >= 11
    jobs = yaml.safe_load((FILES / "prometheus.yml").read_text())["scrape_configs"]
    text = (FILES / "prometheus.rules.yml").read_text()
    assert set(re.findall(r'job="([^"]+)"', text)) == {job["job_name"] for job in jobs}


def test_prometheus_takes_the_rules():
    if not shutil.which("promtool"):
        pytest.skip("no promtool here: apt-get install prometheus")
    call = ["promtool", "check", "rules", FILES / "prometheus.rules.yml"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def steps(text: str) -> list[tuple[str, str]]:
    """Instructions of a Containerfile, lines put together."""
    whole = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in whole.splitlines() if line]


def test_the_image_is_built_from_the_lock_for_somebody_without_rights():
    found = steps((FILES / "Containerfile").read_text())
    bases = [value.split(" ")[0] for name, value in found if name == "FROM"]
    for base in bases:
        assert re.fullmatch(r"docker\.io/library/python:3\.\d+\.\d+-slim-\w+", base)
    last = [name for name, _ in found][::-1].index("FROM")
    final = dict(found[-last:])
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", final["USER"])
    assert final["USER"].split(":")[0] in final["RUN"]
    called = [value for name, value in found if name == "RUN" and "pip install" in value]
    assert "--require-hashes --only-binary :all: -r requirements.lock" in called[0]
    assert all("--no-deps" in value for value in called[1:])
    for name, value in found:
        if name == "COPY" and "--from" not in value:
            assert all((ROOT / part).exists() for part in value.split()[:-1]), value
            assert not set(value.split()[:-1]) & {".", ".git", "tests"}
    entry, default = json.loads(final["ENTRYPOINT"]), json.loads(final["CMD"])
    scripts = (ROOT / "pyproject.toml").read_text().partition("[project.scripts]")[2]
    assert f"{entry[0]} = " in scripts
    assert default[0] in main.commands
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==", lock, re.M)
    assert len(pins) > 30
    assert lock.count("--hash=sha256:") >= len(pins)
    for build in ("hatchling", "editables"):
        assert f"\n{build}==" in lock  # what --no-build-isolation needs


def test_the_guide_names_every_file():
    guide = (ROOT / "docs" / "operations.md").read_text()
    for path in FILES.rglob("*"):
        if path.is_file():
            assert f"](../examples/operations/{path.relative_to(FILES)})" in guide, path.name
