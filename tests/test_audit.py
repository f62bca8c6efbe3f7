"""The audit log is provable: whatever was changed, taken out or cut off is named."""

import datetime
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import everytouch
from everytouch.cli import main
from everytouch.ledger import seals
from everytouch.ledger.api import (
    Actor,
    Entry,
    Head,
    audit,
    broken,
    entries,
    last_line,
    pack,
    prove,
    unpack,
    write_secret,
)

LINES = 8
CHANGES = [
    {"who": "eve"}, {"subject": "nobody"}, {"at": "x"}, {"number": 5}, {"user": "3"},
    {"seal": "0" * 64}, {"before": "1" * 64},
]  # fmt: skip
WRITER = """
import sys
from pathlib import Path
from everytouch.ledger.audit import audit
for number in range(int(sys.argv[3])):
    audit(Path(sys.argv[1]), "look", f"{sys.argv[2]} {number}", "ana")
    print(number, flush=True)
"""


def started(folder: Path, name: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(folder), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def logged(folder: Path, count: int = LINES, secret: bytes = b"0123456789abcdef") -> Path:
    """A workspace's folder with so many lines in its log."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "secret").exists():
        write_secret(folder, secret)
    for number in range(count):
        audit(folder, "look", f"subject {number}", "ana")
    return folder


def plain(count: int, who: str = "ana", start: int = 1, seal: str = "") -> list[str]:
    """Lines of an older version."""
    lines = []
    for number in range(start, start + count):
        entry = Entry(number, "2026-01-01T00:00:00+00:00", who, "look", f"s {number}", "")
        seal = seals.plain_seal(seal, entry)
        row = {k: v for k, v in vars(entry).items() if k not in ("user", "name", "before")}
        lines.append(json.dumps(row | {"seal": seal}))
    return lines


def lines_of(folder: Path) -> list[str]:
    return (folder / "audit.jsonl").read_text().splitlines()


def put(folder: Path, lines: list[str]) -> None:
    (folder / "audit.jsonl").write_text("".join(f"{line}\n" for line in lines))


def said(folder: Path) -> list[str]:
    return [problem.text for problem in prove(folder).problems]


def edited(line: str, **values: object) -> str:
    return json.dumps(json.loads(line) | values)


@pytest.fixture
def folder(tmp_path):
    return logged(tmp_path / "w")


def test_an_untouched_log_is_good_and_knows_who_acted(folder):
    audit(folder, "read trail", "somebody", Actor("ana@example.org", "7", "Ana"))
    proof = prove(folder)
    assert (proof.problems, proof.notes, proof.last.number) == ((), (), LINES + 1)
    newest, *rest = entries(folder)
    assert (newest.who, newest.user, newest.name) == ("ana@example.org", "7", "Ana")
    assert [entry.number for entry in rest] == list(range(LINES, 0, -1))
    assert "user" not in json.loads(lines_of(folder)[0])
    assert last_line(folder) == Head(newest.number, newest.seal)


@pytest.mark.parametrize("at", range(1, LINES + 1))
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_an_edited_line_is_named(folder, at, change):
    lines = lines_of(folder)
    if json.loads(lines[at - 1]) | change == json.loads(lines[at - 1]):
        return
    lines[at - 1] = edited(lines[at - 1], **change)
    put(folder, lines)
    assert f"line {at} was edited" in said(folder)
    assert broken(folder) == at
    audit(folder, "look", "later", "ana")
    assert broken(folder) == at


@pytest.mark.parametrize("text", ["no line", "{}", "[" * 100_000, '{"number": 1}', "\x00" * 40])
def test_what_is_no_line_any_more_was_edited(folder, text):
    lines = lines_of(folder)
    for at in (1, 4, LINES):
        put(folder, [*lines[: at - 1], text, *lines[at:]])
        assert said(folder)[0] == f"line {at} was edited: it is no line any more"


def test_bytes_of_a_line_count_and_not_only_what_they_mean(folder):
    lines = lines_of(folder)
    for other in (lines[2].replace('", "', '",  "'), lines[2].replace("{", '{"who": "eve", ')):
        put(folder, [*lines[:2], other, *lines[3:]])
        assert said(folder) == ["line 3 was edited"]


@pytest.mark.parametrize("at", [1, 2, 5, LINES - 1])
def test_a_line_taken_out_is_named(folder, at):
    lines = lines_of(folder)
    put(folder, lines[: at - 1] + lines[at:])
    assert said(folder) == [f"line {at} is missing"]
    put(folder, lines[: at - 1] + lines[at + 1 :])
    if at + 1 < LINES:
        assert said(folder) == [f"lines {at} to {at + 1} are missing"]


@pytest.mark.parametrize("at", [1, 4, LINES - 1])
def test_lines_that_are_swapped_or_there_twice_are_named(folder, at):
    lines = lines_of(folder)
    put(folder, [*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]])
    assert said(folder) == [f"line {at} is missing", f"line {at} stands after line {at + 1}"]
    put(folder, [*lines[:at], lines[at - 1], *lines[at:]])
    assert said(folder) == [f"line {at} stands after line {at}"]


@pytest.mark.parametrize("left", [1, 3, LINES - 1])
def test_a_log_that_was_cut_off_is_named_also_when_it_went_on(folder, left):
    put(folder, lines_of(folder)[:left])
    there = "1 is there" if left == 1 else f"{left} are there"
    assert said(folder) == [f"the log is truncated: the head says 8 lines, but {there}"]
    audit(folder, "look", "later", "ana")
    gone = f"lines {left + 1} to 8 are" if left < LINES - 1 else "line 8 is"
    assert said(folder) == [f"{gone} missing"]
    assert next(entries(folder)).number == LINES + 1


@pytest.mark.parametrize("how", ["emptied", "removed"])
def test_a_log_that_is_gone_is_named_also_when_it_went_on(folder, how):
    path = folder / "audit.jsonl"
    path.write_text("") if how == "emptied" else path.unlink()
    assert said(folder) == [f"the log was {how}: the head says 8 lines"]
    audit(folder, "look", "later", "ana")
    assert said(folder) == ["lines 1 to 8 are missing"]


@pytest.mark.parametrize("count", [3, LINES, 20])
def test_a_log_recomputed_without_the_secret_is_named(folder, count, tmp_path):
    other = logged(tmp_path / "other", count, b"another secret..")
    shutil.copy(other / "audit.jsonl", folder / "audit.jsonl")
    assert "the log was recomputed with another key, from line 1 on" in said(folder)
    shutil.copy(other / "audit.head", folder / "audit.head")
    assert "the head is not sealed with this workspace's secret" in said(folder)
    audit(folder, "look", "later", "ana")
    assert broken(folder) == 1


@pytest.mark.parametrize("count", [3, LINES, 20])
def test_nobody_converts_the_log_to_the_plain_chain(folder, count):
    lines = lines_of(folder)
    put(folder, plain(count, "eve"))
    assert said(folder) != []
    put(folder, [*lines, *plain(1, "eve", LINES + 1, json.loads(lines[-1])["seal"])])
    assert "a line of the old form was put in as line 9" in said(folder)
    put(folder, plain(count, "eve") + lines)
    assert said(folder) != []
    (folder / "audit.head").unlink()
    assert said(folder) != []


def test_a_head_that_is_missing_damaged_or_old_is_named_for_ever(folder):
    kept = (folder / "audit.head").read_text()
    (folder / "audit.head").unlink()
    assert said(folder) == ["the head is missing: lines may have been cut off"]
    audit(folder, "look", "later", "ana")
    assert "before line 9 the head was missing" in said(folder)[0]
    again = logged(folder.parent / "again")
    for text in ("", "{}", kept.replace("8", "7", 1)):
        (again / "audit.head").write_text(text)
        assert said(again) == ["the head is not sealed with this workspace's secret"]
    old = logged(folder.parent / "old", 2)
    kept = (old / "audit.head").read_text()
    logged(old, 2)
    (old / "audit.head").write_text(kept)
    assert said(old) == ["the head is an older one: it says 2 lines, but 4 are there"]
    audit(old, "look", "later", "ana")
    assert len(said(old)) == 1


def test_lines_of_older_versions_are_what_they_are_and_then_fixed(tmp_path):
    folder = logged(tmp_path / "w", 0)
    put(folder, plain(5))
    assert (said(folder), len(prove(folder).notes)) == ([], 1)
    for at, change in ((2, {"who": "eve"}), (5, {"subject": "x"})):
        put(folder, [edited(x, **change) if n == at else x for n, x in enumerate(plain(5), 1)])
        assert said(folder) == [f"line {at} was edited"]
    put(folder, plain(5)[:2] + plain(5)[3:])
    assert said(folder) == ["line 3 is missing"]
    put(folder, plain(5))
    logged(folder, 3)
    assert (said(folder), prove(folder).last.number) == ([], 8)
    put(folder, plain(5, "eve") + lines_of(folder)[5:])
    assert said(folder) == ["line 5 or an older one was replaced"]


def test_a_crash_between_line_and_head_is_healed(folder):
    kept = (folder / "audit.head").read_bytes()
    audit(folder, "look", "crash", "ana")
    (folder / "audit.head").write_bytes(kept)
    assert prove(folder).problems == prove(folder).notes == ()
    assert last_line(folder).number == LINES + 1
    audit(folder, "look", "later", "ana")
    assert prove(folder).problems == prove(folder).notes == ()
    fresh = logged(folder.parent / "fresh", 0)
    seals.Keys(fresh).write_head(fresh, Head(0, seals.START))  # before the very first line
    assert said(fresh) == []
    assert said(logged(fresh, 2)) == []


TORN = st.one_of(
    st.binary(min_size=1, max_size=60).filter(lambda raw: b"\n" not in raw),
    st.integers(1, 150).map(lambda size: ("line", size)),
    st.sampled_from([b"\x00" * 30 + b"\n", b"half\n", b"\xff\nhalf\n\n{"]),
)


@given(torn=TORN, older=st.integers(0, 2), count=st.integers(0, 3))
@settings(max_examples=40)
def test_a_torn_end_blocks_nothing_and_is_no_tampering(torn, older, count, tmp_path_factory):
    folder = logged(tmp_path_factory.mktemp("torn"), 0)
    put(folder, plain(older))
    logged(folder, count)
    path = folder / "audit.jsonl"
    if isinstance(torn, tuple):  # part of a line that would have been good, or all but its end
        before, kept = path.read_bytes(), folder / "audit.head"
        head = kept.read_bytes() if kept.exists() else None
        audit(folder, "look", "lost", "ana")
        torn = path.read_bytes()[len(before) :][: torn[1]].rstrip(b"\n")
        path.write_bytes(before)
        if head is None:
            kept.unlink()
        else:
            kept.write_bytes(head)
    with path.open("ab") as log:
        log.write(torn)
    proof = prove(folder)
    assert proof.problems == ()
    assert any("torn" in note for note in proof.notes)
    assert sum(1 for _ in entries(folder)) == older + count
    audit(folder, "look", "later", "ana")
    proof = prove(folder)
    assert proof.problems == ()
    assert any("a crash tore a line" in note for note in proof.notes)
    assert [e.action for _, e in zip(range(2), entries(folder), strict=False)] == [
        "look", "repair audit log"
    ]  # fmt: skip
    kept = json.loads((folder / "audit.torn").read_text())
    assert kept["torn"].encode("utf-8", "surrogateescape") == torn
    assert datetime.datetime.fromisoformat(kept["at"])


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_line_that_was_acknowledged_is_not_called_torn(folder, cut):
    path = folder / "audit.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    assert said(folder) != []
    audit(folder, "look", "later", "ana")
    assert said(folder) == ["line 8 is missing"]


def test_processes_and_threads_that_write_at_once_give_one_chain(tmp_path):
    folder = logged(tmp_path / "w", 0)
    writers = [started(folder, name, 60) for name in ("a", "b")]
    threads = [threading.Thread(target=logged, args=(folder, 20)) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(writer.poll() is None for writer in writers):
        assert said(folder) == []  # whoever looks meanwhile sees a whole log
    for thread in threads:
        thread.join()
    assert [len(writer.communicate()[0].split()) for writer in writers] == [60, 60]
    assert (said(folder), prove(folder).last.number) == ([], 180)
    mine = [e.subject for e in entries(folder) if e.subject.startswith("a ")]
    assert mine == [f"a {number}" for number in reversed(range(60))]


def kill_writers(folder: Path, times: int) -> None:
    """Kill a process that logs in a loop; every line it acknowledged must be there."""
    chance, acknowledged = random.Random(times), 0
    for turn in range(times):
        child = started(folder, f"turn {turn}", 100_000)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        os.kill(child.pid, signal.SIGKILL)
        count = 1 + len(re.findall(r"\d+\n", child.communicate()[0]))
        acknowledged += count
        assert said(folder) == []
        found = {entry.subject for entry in entries(folder)}
        assert {f"turn {turn} {number}" for number in range(count)} <= found
    audit(folder, "look", "last", "ana")
    assert said(folder) == []
    assert prove(folder).last.number > acknowledged


def test_killed_at_any_time_no_acknowledged_line_is_lost(tmp_path):
    kill_writers(logged(tmp_path / "w", 0), 10)


@pytest.mark.long
def test_killed_often_no_acknowledged_line_is_lost(tmp_path):
    kill_writers(logged(tmp_path / "w", 0), 50)


def test_a_backup_holds_the_head_and_its_log_verifies(tmp_path):
    workspace = everytouch.create(tmp_path / "w")
    logged(workspace.path, 4)
    before = last_line(workspace.path)
    done = pack(workspace.path, tmp_path / "b", {}, datetime.datetime.now(datetime.UTC))
    logged(workspace.path, 3)
    after = last_line(workspace.path)
    unpack(done.path, tmp_path / "back")
    assert last_line(tmp_path / "back") == before
    assert prove(tmp_path / "back", before).problems == ()
    (missing,) = prove(tmp_path / "back", after).problems
    assert missing.text == f"line {after.number} is not the line of the anchor"
    logged(tmp_path / "back", 2)
    assert prove(tmp_path / "back", before).problems == ()


def test_anchors_on_the_command_line(tmp_path):
    folder = everytouch.create(tmp_path / "w").path

    def run(*words):
        return CliRunner().invoke(main, ["-w", str(folder), "audit", *words])

    logged(folder, 3)
    anchor = run("head").output.strip()
    assert re.fullmatch("[0-9]+:[0-9a-f]{64}", anchor)
    logged(folder, 2)
    found = run("verify", "--anchor", anchor)
    assert (found.exit_code, "is the line of the anchor" in found.output) == (0, True)
    for wrong in ("3", "x:y", anchor[:-1], f"{anchor}0"):
        assert run("verify", "--anchor", wrong).exit_code == 2
    (folder / "audit.jsonl").unlink()
    (folder / "audit.head").unlink()  # a tamperer who starts a new log
    audit(folder, "look", "something else", "eve")
    logged(folder, 5)
    assert run("verify").exit_code == 0
    assert run("verify", "--anchor", anchor).exit_code != 0
    put(folder, lines_of(folder)[:2])
    assert "truncated" in run("head").stderr
