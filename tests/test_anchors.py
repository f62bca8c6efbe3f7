"""Anchors of the audit log: written to a file, a real syslog socket and a real web server."""

import json
import logging
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

import everytouch
from everytouch.cli import main
from everytouch.errors import LedgerError, SettingError
from everytouch.ledger import anchors
from everytouch.ledger.api import audit, last_line, noted_in, prove, write_anchors
from everytouch.web.anchoring import anchor_due
from everytouch.web.config import WebConfig


@pytest.fixture
def folder(tmp_path):
    made = everytouch.create(tmp_path / "shop").path
    for number in range(4):
        audit(made, "look", str(number), "ana")
    return made


@pytest.fixture
def web():
    """A web server that keeps what it is sent, and answers with ``status``."""

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(self.server.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Takes)
    server.got, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def configured(folder: Path, *places: str) -> None:
    with (folder / "everytouch.toml").open("a") as file:
        file.write(f"\n[web]\naudit_anchors = {json.dumps(list(places))}\n")


def run(folder: Path, *words: str):
    return CliRunner().invoke(main, ["-w", str(folder), *words])


def test_a_file_has_a_line_of_each_and_the_log_is_held_against_all(folder, tmp_path):
    place = tmp_path / "elsewhere.anchors"
    heads = []
    for _ in range(3):
        head, problems = write_anchors(folder, [f"file:{place}"])
        assert problems == []
        heads.append(head)
        audit(folder, "look", "more", "ana")
    assert noted_in(place) == tuple(heads)
    assert place.stat().st_mode & 0o777 == 0o600
    assert prove(folder, *noted_in(place)).problems == ()
    with place.open("a") as file:
        file.write("2026-01-01T00:00:00+00:00 5:torn")  # a crash, while it was written
    assert noted_in(place) == tuple(heads)


def test_syslog_of_another_machine_gets_a_line_of_rfc_5424(folder):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        head, problems = write_anchors(folder, [f"syslog:127.0.0.1:{server.getsockname()[1]}"])
        said = server.recv(4_096).decode()
    assert problems == []
    line = re.fullmatch(r"<109>1 (\S+) \S+ everytouch \d+ audit-head - (\S+) (\S+) (\S+)", said)
    assert line, said
    assert line[1] == line[2]
    assert (line[3], json.loads(line[4])) == (f"{head.number}:{head.seal}", "shop")


def test_syslog_of_this_machine_gets_it_at_its_socket(folder, tmp_path, monkeypatch):
    path = Path("/tmp") / f"everytouch-{tmp_path.name}.log"  # such names must be short
    monkeypatch.setattr(anchors, "LOCAL_SYSLOG", path)
    (_, missing) = write_anchors(folder, ["syslog:"])
    assert missing == ["no anchor of the audit log was written to syslog:: FileNotFoundError"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        try:
            head, problems = write_anchors(folder, ["syslog:"])
            assert problems == []
            assert f"{head.number}:{head.seal}" in server.recv(4_096).decode()
        finally:
            path.unlink()


def test_a_web_server_gets_it_as_json_and_its_secret_is_in_no_message(folder, web):
    place = f"http://127.0.0.1:{web.server_port}/hooks/s3cret?k=s3cret"
    head, problems = write_anchors(folder, [place])
    assert problems == []
    ((path, kind, said),) = web.got
    assert (path, kind) == ("/hooks/s3cret?k=s3cret", "application/json")
    assert said.pop("at")
    assert said == {"workspace": "shop", "number": head.number, "seal": head.seal}
    for status in (302, 404, 500):  # nor does it go where it is sent
        web.status = status
        (problem,) = write_anchors(folder, [place])[1]
        assert str(status) in problem
        assert "s3cret" not in problem
    assert [path for path, *_ in web.got] == ["/hooks/s3cret?k=s3cret"] * 4


def test_one_place_that_fails_keeps_no_other_from_its_anchor(folder, tmp_path, web):
    web.server_close()
    good = tmp_path / "a.anchors"
    places = ["file:/nowhere/x", f"http://127.0.0.1:{web.server_port}/", f"file:{good}"]
    head, problems = write_anchors(folder, places)
    assert len(problems) == 2
    assert noted_in(good) == (head,)


def test_who_recomputes_the_log_with_its_secret_is_found_by_the_file(folder, tmp_path):
    place = tmp_path / "a.anchors"
    configured(folder, f"file:{place}")
    assert "none was written yet" in run(folder, "audit", "verify").output
    write_anchors(folder, [f"file:{place}"])
    found = run(folder, "audit", "verify")
    assert (found.exit_code, "line of the anchor" in found.output) == (0, True)
    (folder / "audit.jsonl").unlink()
    (folder / "audit.head").unlink()
    for number in range(9):
        audit(folder, "look", f"nothing {number}", "eve")
    assert prove(folder).problems == ()
    found = run(folder, "audit", "verify")
    assert found.exit_code == 2
    assert "is not the line of the anchor" in found.stderr
    assert run(folder, "audit", "verify", "--anchor", str(place)).exit_code == 2


def test_a_log_that_was_changed_is_never_anchored(folder, tmp_path, caplog):
    path = folder / "audit.jsonl"
    path.write_text(path.read_text().replace("ana", "eve", 1))
    place = tmp_path / "a.anchors"
    with pytest.raises(LedgerError, match="not as it was written"):
        write_anchors(folder, [f"file:{place}"])
    with caplog.at_level(logging.ERROR):
        assert anchor_due(folder, [f"file:{place}"], None) is None
    assert "line 1 was edited" in caplog.text
    assert not place.exists()


def test_the_worker_writes_again_where_a_place_failed(folder, tmp_path, caplog):
    place = tmp_path / "disk" / "a.anchors"
    assert anchor_due(folder, [f"file:{place}"], None) is None
    assert "no anchor" in caplog.text
    place.parent.mkdir()
    assert anchor_due(folder, [f"file:{place}"], None) == last_line(folder)
    assert len(noted_in(place)) == 1


def test_each_backup_writes_one_and_stays_where_that_fails(folder, tmp_path):
    place = tmp_path / "a.anchors"
    configured(folder, f"file:{place}", "file:/nowhere/x")
    # A process of its own: one process has one workspace's app.
    command = [sys.executable, "-m", "everytouch", "-w", folder, "backup", tmp_path / "backups"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert noted_in(place) == (last_line(folder),)
    assert "Warning: no anchor of the audit log was written to file:/nowhere/x" in done.stderr
    assert len(list((tmp_path / "backups").glob("*.tar"))) == 1


@pytest.mark.parametrize(
    "place",
    [
        "", "file:", "file:x", "file:/a\nb", "syslog:a/b", "syslog:h:x", "syslog::99", "ftp://h/",
        "https:", "https:///x", "https:h", "http://cx.example.org/", "//h", "https://h:x/",
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused_at_the_start(folder, place):
    configured(folder, place)
    with pytest.raises(SettingError, match=r"is no place for anchors|list of strings"):
        WebConfig.read(folder)


@pytest.mark.parametrize(
    "place", ["file:/a", "syslog:", "syslog:h", "syslog:[::1]:6514", "https://u:p@h/x?y"]
)
def test_what_is_one_is_taken(folder, place):
    configured(folder, place)
    assert WebConfig.read(folder).audit_anchors == [place]
