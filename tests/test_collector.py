"""The collector: what is answered for is in the ledger exactly once, whatever comes."""

import base64
import contextlib
import datetime
import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path

import msgspec
import pytest

from everytouch.collect.dialects.base import Taken
from everytouch.collect.keys import FRESH
from everytouch.collect.pulse import Watch
from everytouch.collect.server import encode
from everytouch.errors import DamageError, UnknownNameError
from everytouch.journal.api import Log, sealed, unwritable
from everytouch.ledger.api import TABLES, Tables, entries
from tests.collecting import Sender, collecting, loaded, made, stored

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
GOOD = {"namespace": "email", "identifier": "Ana@x.org", "touchpoint": "checkout"}


@pytest.fixture
def own(tmp_path):
    """A workspace that knows one touchpoint."""
    return made(tmp_path)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return made(tmp_path_factory.mktemp("collect"))


@pytest.fixture(scope="module")
def sender(home):
    with collecting(home) as started:
        yield started


def test_what_is_sent_is_stored_once_with_everything_it_said(sender, home):
    moment = GOOD | {
        "id": "o-1", "occurred_at": "2026-02-03T10:00:00+01:00", "amount": 12.5, "outcome": "ok",
        "also": ["device:d7"], "correlations": "order:o-1", "colour": "red",
        "properties": {"size": 3},
    }  # fmt: skip
    answer = {"kind": "perception", "id": "p-1", "instrument": "nps", "raw": 9, **GOOD}
    link = {
        "kind": "link", "id": "l-1", "namespace": "email", "identifier": "ana@x.org",
        "other_namespace": "phone", "other_identifier": "+49 151 23456",
    }  # fmt: skip
    trait = {
        "kind": "trait", "id": "t-1", "namespace": "email", "identifier": "ana@x.org",
        "name": "plan", "value": "gold",
    }  # fmt: skip
    for _ in range(2):
        assert sender.send([moment, answer, link, trait])[0] == 200
    assert sender.send({"moments": [moment]})[2] == {"received": 1}
    status = loaded(home)
    assert status.ever.received == status.ever.stored + status.ever.duplicate
    assert {kind: status.stored[kind] for kind in ("perceptions", "traits")} == {
        "perceptions": 1, "traits": 1,
    }  # fmt: skip
    row = stored(home)["o-1"]
    assert row["occurred_at"] == datetime.datetime(2026, 2, 3, 9, tzinfo=datetime.UTC)
    assert float(row["amount"]) == 12.5
    assert json.loads(row["properties"]) == {"size": 3, "colour": "red"}
    assert stored(home, "perceptions")["p-1"]["score"] == 90
    trail = home.trail("phone:+49 151 23456")
    assert {one.id for one in trail.rows} == {"o-1", "p-1"}  # one person by three identifiers


def test_an_event_without_id_is_given_one_and_told(sender, home):
    status, _, said = sender.send([GOOD | {"id": "own-1"}, GOOD, GOOD | {"id": 7}])
    assert (status, said["received"], list(said["ids"])) == (200, 3, ["1"])
    loaded(home)
    assert {"own-1", said["ids"]["1"], "7"} <= stored(home).keys()


def test_lines_and_compressed_bodies(sender, home):
    lines = b"\n".join(json.dumps(GOOD | {"id": f"n-{i}"}).encode() for i in range(3))
    broken = lines + b"\n{nope\n\n"
    assert sender.send(broken, content_type="application/x-ndjson")[2]["received"] == 4
    for encoding, packed in (("gzip", gzip.compress(lines)), ("deflate", zlib.compress(lines))):
        taken = sender.send(packed, content_type="application/jsonl", content_encoding=encoding)
        assert taken[0] == 200, taken
    loaded(home)
    assert {"n-0", "n-1", "n-2"} <= stored(home).keys()
    assert any("it is no JSON" in row.reason for row in home.quarantine("shop"))


BAD = {
    "unknown": (GOOD | {"id": "b-1", "touchpoint": "teleport"}, "'teleport' is not in the"),
    "future": (GOOD | {"id": "b-2", "occurred_at": "2399-01-01"}, "in the future"),
    "before 1970": (GOOD | {"id": "b-3", "occurred_at": "1969-12-31T23:59:59Z"}, "before 1970"),
    "30 digits": (GOOD | {"id": "b-4", "amount": 10**30}, "is not an amount"),
    "NaN": (GOOD | {"id": "b-5", "duration_s": float("nan")}, "is not a number"),
    "NUL": (GOOD | {"id": "b-6", "outcome": "a\x00b"}, "NUL"),
    "deep": (
        GOOD | {"id": "b-7", "properties": json.loads('{"a":' * 60 + "1" + "}" * 60)},
        "nested deeper than 32",
    ),
    "kind": (GOOD | {"id": "b-8", "kind": "dream"}, "kind 'dream' is none of"),
    "no object": ([], "it is no object"),
    "long": (GOOD | {"id": "b-9", "outcome": "x" * 2_000}, "longer than 1024"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_bad_event_is_held_with_its_reason_and_costs_nothing_else(sender, home, name):
    bad, reason = BAD[name]
    good = f"beside-{name}"
    status, _, said = sender.send([GOOD | {"id": good}, bad])
    assert (status, said["received"]) == (200, 2)
    loaded(home)
    assert good in stored(home)
    assert any(reason in row.reason for row in home.quarantine("shop"))


def test_what_unicode_and_json_allow_is_taken(sender, home):
    body = (
        b'[{"id":"u-1","id":"u-2","namespace":"email","identifier":"\\ud800x@x.org",'
        b'"touchpoint":"checkout"},{"id":"u-3","namespace":"email","identifier":"b@x.org",'
        b'"touchpoint":"checkout","outcome":"\xff"}]'
    )
    assert sender.send(body)[0] == 200
    loaded(home)
    assert stored(home)["u-2"]["identifier"] == "\ufffdx@x.org"  # the last of two keys counts
    assert stored(home)["u-3"]["outcome"] == "\ufffd"
    assert "u-1" not in stored(home)


def test_what_no_retry_can_mend_is_refused(sender):
    assert sender.send(b"{nope")[0] == 400
    assert sender.send(b"[" * 100_000)[0] == 400
    assert sender.send(b"hello", content_encoding="gzip")[0] == 400
    assert sender.send(b"hello", content_encoding="zstd")[0] == 400
    assert sender.send(gzip.compress(b"[]")[:-3], content_encoding="gzip")[0] == 400
    assert sender.send([], Authorization="Bearer ek_nobody")[0] == 401
    assert sender.send([], Authorization="Basic ?")[0] == 401
    assert sender.send([], path="/v1/nothing")[0] == 404
    assert sender.send(b"", method="GET")[0] == 405
    assert sender.send(b"[" + b" " * (10 << 20) + b"]")[0] == 413
    bomb = gzip.compress(b" " * (60 << 20))
    assert len(bomb) < 100_000
    assert sender.send(bomb, content_encoding="gzip")[0] == 413
    assert sender.send([{}] * 10_001)[0] == 413
    assert sender.send([])[2] == {"received": 0}


def test_basic_authorisation_and_pages_of_allowed_origins(sender):
    basic = base64.b64encode(f"{sender.secret}:".encode()).decode()
    status, headers, _ = sender.send(
        [GOOD], Authorization=f"Basic {basic}", Origin="https://shop.example"
    )
    assert (status, headers["access-control-allow-origin"]) == (200, "https://shop.example")
    status, headers, _ = sender.send(b"", method="OPTIONS", Origin="https://shop.example")
    assert status == 204
    assert "authorization" in headers["access-control-allow-headers"]
    _, headers, _ = sender.send(b"", method="OPTIONS", Origin="https://evil.example")
    assert headers["access-control-allow-origin"] is None


def test_keys_are_kept_as_hashes_rotated_and_revoked_at_once(sender, home):
    secret = home.create_key("till", rate=100)
    assert secret not in (home.path / "keys.json").read_text()
    number = max(one.number for one in home.source_keys())
    other = Sender(sender.port, secret, None)
    assert other.send([GOOD])[0] == 200
    newer = Sender(sender.port, home.rotate_key(number), None)
    home.revoke_key(number)
    time.sleep(2 * FRESH)
    assert (other.send([GOOD])[0], newer.send([GOOD])[0]) == (401, 200)
    with pytest.raises(UnknownNameError, match="no key"):
        home.revoke_key(number)
    with pytest.raises(UnknownNameError, match="cannot name a source"):
        home.create_key("../x")
    said = [entry.action for entry in entries(home.path)]
    assert {"make source key", "rotate source key", "revoke source key"} <= set(said)


def test_a_damaged_register_of_keys_is_not_believed(tmp_path):
    own = made(tmp_path)
    secret, path = own.create_key("shop"), own.path / "keys.json"
    whole = path.read_text()
    path.write_text(whole.replace('"shop"', '"chop"'))
    with pytest.raises(DamageError, match="not as it was written"):
        own.source_keys()
    with collecting(own, secret) as sender:  # others would be told that their key is wrong
        status, headers, _ = sender.send([GOOD])
        assert (status, headers["retry-after"] is not None) == (503, True)
        path.write_text(whole)
        time.sleep(2 * FRESH)
        assert sender.send([GOOD])[0] == 200
    path.write_text(json.dumps(json.loads(whole)["keys"]))  # as older versions wrote it
    assert [key.source for key in own.source_keys()] == ["shop"]


def test_health_says_that_the_ledger_cannot_be_written(tmp_path):
    own = made(tmp_path)
    with collecting(own) as sender:
        assert sender.send(b"", "/health", "GET")[2]["ledger"] == ""
        newest = sorted((own.path / "ledger" / "interactions" / "_delta_log").glob("*.json"))[-1]
        kept = newest.read_bytes()
        newest.unlink()
        assert sender.send([GOOD])[0] == 200  # the log keeps it
        said = _until(lambda: sender.send(b"", "/health", "GET")[2], lambda s: s["ledger"])
        assert (said["ledger"], said["healthy"]) == ("damaged", True)
        assert b"everytouch_collector_ledger_writable 0.0" in sender.send(b"", "/metrics", "GET")[2]
        newest.write_bytes(kept)
        said = _until(lambda: sender.send(b"", "/health", "GET")[2], lambda s: not s["ledger"])
    assert len(stored(own)) == 1


def _until(ask, good):
    """The first answer that is as wanted."""
    deadline = time.monotonic() + 60
    while not good(said := ask()):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    return said


def test_pages_answer_head_without_a_body(sender):
    for path in ("/health", "/metrics", "/openapi.json"):
        status, headers, body = sender.send(b"", path, "HEAD")
        assert (status, body) == (200, None), path
        assert headers["content-type"]


def test_lag_is_never_negative(tmp_path):
    own = made(tmp_path)
    own.log.mkdir()
    ahead = time.time() + 3_600
    for number in (1, 2):
        path = own.log / f"{number:012d}.sealed"
        path.touch()
        os.utime(path, (ahead, ahead))  # the clock was set back since
    assert Watch(own.path, "").look(None).lag_s == 0.0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_without_the_right_to_write_is_named():
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        assert unwritable(folder) == ""
        os.seteuid(65534)
        try:
            assert unwritable(folder) == "read only"
        finally:
            os.seteuid(0)
        assert unwritable(folder / "none") == "missing"


def test_without_a_key_the_list_says_how_to_make_one(own):
    command = [sys.executable, "-m", "everytouch", "-w", str(own.path), "keys", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "everytouch keys create SOURCE" in done.stdout


def test_a_second_collector_and_a_taken_port_are_said_in_words(sender, home, own):
    for workspace, port, said in (
        (home, 0, "another process writes to"),
        (own, sender.port, "Address already in use"),
    ):
        command = ["-w", workspace.path, "collect", "--port", port]
        done = subprocess.run(
            [sys.executable, "-m", "everytouch", *map(str, command)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
        assert "Traceback" not in done.stderr


def test_a_key_sends_no_more_than_it_may(sender, home):
    other = Sender(sender.port, home.create_key("burst", rate=50), None)
    answers = [other.send([GOOD] * 10) for _ in range(12)]
    statuses = [status for status, _, _ in answers]
    assert statuses[:5] == [200] * 5
    assert statuses.count(503) >= 3
    refused = next(headers for status, headers, _ in answers if status == 503)
    assert int(refused["retry-after"]) >= 1


def test_killed_while_it_takes_events_nothing_answered_for_is_lost_or_twice(own):
    secret, answered = own.create_key("shop"), []

    def hammer(sender, name):
        with contextlib.suppress(OSError, http.client.HTTPException):
            for n in range(10_000):
                ids = [f"{name}-{n}-{i}" for i in range(5)]
                if sender.send([GOOD | {"id": one} for one in ids])[0] == 200:
                    answered.extend(ids)

    for life in range(2):
        with collecting(own, secret) as sender:
            names = [f"{life}-{thread}" for thread in range(3)]
            threads = [threading.Thread(target=hammer, args=(sender, one)) for one in names]
            for thread in threads:
                thread.start()
            time.sleep(1.0 + 0.5 * life)
            os.killpg(sender.process.pid, signal.SIGKILL)
            for thread in threads:
                thread.join()
    with collecting(own, secret):
        status = loaded(own)
    rows = own.tables.query("interactions", "SELECT id FROM ledger")["id"].to_pylist()
    assert len(answered) > 100
    assert set(answered) <= set(rows)
    assert len(rows) == len(set(rows)) == status.ever.stored
    assert status.ever.received == status.ever.stored + status.ever.duplicate


class CrashedError(Exception):
    """Stands for a process that is killed."""


def in_a_segment(workspace):
    """A segment with all kinds, two sources, broken and repeated events."""

    def taken(source, events):
        raw = [msgspec.json.encode(event) for event in events]
        return encode(Taken("own", source, int(NOW.timestamp() * 1e6), 0, raw, [None] * len(raw)))

    events = [GOOD | {"id": f"e{i}", "also": [f"device:d{i % 3}"]} for i in range(20)]
    events += [GOOD | {"id": "e1"}, GOOD | {"id": "x", "touchpoint": "nope"}, 7]
    events += [{"kind": "perception", "id": "p", "instrument": "nps", "raw": 3, **GOOD}]
    told = threading.Semaphore(0)
    log = Log(workspace.log, lambda tickets, _: [told.release() for _ in tickets])
    for source in ("shop", "till", "shop"):
        log.append(taken(source, events), 0)
        told.acquire()
    log.close()


def contents(workspace):
    """Every table without the times of receipt, and the counts."""
    found = {}
    for name in TABLES:
        rows = workspace.tables.query(name, "SELECT * FROM ledger").to_pylist()
        found[name] = sorted(str(row) for row in rows)
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a segment is in the ledger when nothing happens: contents and counts."""
    whole = made(tmp_path_factory.mktemp("whole"))
    in_a_segment(whole)
    return whole.drain().run(), contents(whole)


@pytest.mark.parametrize("commit", range(14))
def test_a_crash_between_any_two_commits_repeats_nothing_and_counts_the_same(
    own, commit, monkeypatch, undisturbed
):
    expected, stored_then = undisturbed
    in_a_segment(own)
    done, append = [0], Tables.append

    def dying(self, name, rows, stamp=None):
        if done[0] == commit:
            raise CrashedError
        done[0] += 1
        append(self, name, rows, stamp)

    with monkeypatch.context() as patch:
        patch.setattr(Tables, "append", dying)
        with contextlib.suppress(CrashedError):
            own.drain().run()
    own.drain().run()
    assert sealed(own.log) == []
    assert contents(own) == stored_then
    total = sum((one.ever for one in own.status()), start=type(expected)())
    assert total == expected
    assert (expected.received, expected.quarantined) == (72, 6)


def test_small_files_are_put_together(own, monkeypatch):
    from everytouch.collect import drain

    monkeypatch.setattr(drain, "SMALL", 3)
    loader = own.drain()
    for _ in range(3):
        in_a_segment(own)
        loader.run()
    assert len(own.tables.files("interactions")) == 1
    assert own.status()[0].ever.stored > 20
