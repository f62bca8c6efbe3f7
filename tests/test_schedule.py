"""Scheduled sources: nothing is lost and nothing doubled, whoever dies in between."""

import contextlib
import datetime
import os
import random
import sqlite3
import subprocess
import sys
import time
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import everytouch
from everytouch.collect.fetch.cursors import earlier, in_future, order
from everytouch.collect.fetch.state import State
from everytouch.collect.fetch.timing import read_schedule, retry_after
from everytouch.collect.importer import Importer
from everytouch.errors import SourceError, UnknownNameError, WorkspaceError
from everytouch.workspace import Workspace
from tests.conftest import SECRET
from tests.databases import postgresql

CATALOGUE = """
organisation: A shop
touchpoints:
  till: {stage: buy, channel: store, element: process}
"""
SQL = """
SELECT id, seen AS occurred_at, 'login' AS namespace, who AS identifier,
       'till' AS touchpoint, amount FROM visits
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """An empty workspace whose sources may read loopback and one folder."""
    return make_shop(tmp_path / "w", tmp_path / "files")


def make_shop(folder: Path, files: Path) -> Workspace:
    everytouch.create(folder, secret=SECRET)
    files.mkdir()
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    with (folder / "everytouch.toml").open("a") as out:
        out.write(f'\n[sources]\nprivate_hosts = ["127.0.0.1"]\nfolders = ["{files}"]\n')
    return everytouch.open(folder)


def source(fetched: str, every: str = "1h", sql: str = SQL, name: str = "shop") -> str:
    """A source's text; ``fetched`` are the lines of its input."""
    return (
        f'name = "{name}"\n[schedule]\nevery = "{every}"\n{fetched}\n'
        f'[[interactions]]\nsql = """{sql}"""\n'
    )


def folder_source(
    files: Path, every: str = "1h", settle: str = "1s", pattern: str = "*.csv"
) -> str:
    return source(
        f'[inputs.visits.folder]\npath = "{files}"\npattern = "*.csv"\nsettle = "{settle}"',
        every,
        name="files",
    )


def csv(path: Path, ids, amount: str = "1.50", age: float = 60) -> Path:
    """A file of visits that was last changed some seconds ago."""
    lines = [f"{one},2025-03-01 10:00:00,p{one},{amount}" for one in ids]
    path.write_text("id,seen,who,amount\n" + "\n".join(lines) + "\n")
    os.utime(path, (time.time() - age,) * 2)
    return path


def stored(workspace: Workspace, columns: str = "id") -> list:
    rows = workspace.tables.query("interactions", f"SELECT {columns} FROM ledger ORDER BY ALL")
    return [tuple(row.values()) for row in rows.to_pylist()]


def ids(workspace: Workspace) -> list[str]:
    return [row[0] for row in stored(workspace)]


def run(workspace: Workspace, name: str):
    """Run a source that must succeed; what it counted."""
    done = workspace.run_scheduled(name)
    assert done.problem == "", (done.problem, done.remedy)
    assert done.ended_at is not None
    return done


# When it runs


ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu")


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(1_420_000_000, 1_890_000_000),
)
def test_a_time_of_day_comes_once_a_day_whatever_the_clocks_do(zone, hour, minute, start):
    schedule = read_schedule(f"daily {hour:02}:{minute:02}", zone, "source x")
    moment, days = datetime.datetime.fromtimestamp(start, datetime.UTC), []
    for _ in range(5):
        following = schedule.after(moment)
        assert following > moment
        assert following - moment <= datetime.timedelta(hours=25)
        local = following.astimezone(zoneinfo.ZoneInfo(zone))
        skipped = (local.hour, local.minute) != (hour, minute)
        # Only a time that does not exist that day is moved, and by no more than the change.
        naive = datetime.datetime.combine(local.date(), datetime.time(hour, minute))
        aware = naive.replace(tzinfo=zoneinfo.ZoneInfo(zone))
        exists = aware.astimezone(datetime.UTC).astimezone(aware.tzinfo).replace(tzinfo=None)
        assert skipped == (exists != naive)
        days.append(local.date())
        moment = following
    assert days == [days[0] + datetime.timedelta(days=n) for n in range(5)]


def test_the_night_without_half_past_two_and_the_night_with_two():
    schedule = read_schedule("daily 02:30", "Europe/Berlin", "source x")
    before = datetime.datetime(2025, 3, 29, 12, tzinfo=datetime.UTC)
    assert schedule.after(before) == datetime.datetime(2025, 3, 30, 1, 30, tzinfo=datetime.UTC)
    autumn = datetime.datetime(2025, 10, 25, 12, tzinfo=datetime.UTC)
    first = schedule.after(autumn)
    assert first == datetime.datetime(2025, 10, 26, 0, 30, tzinfo=datetime.UTC)
    assert schedule.after(first) == datetime.datetime(2025, 10, 27, 1, 30, tzinfo=datetime.UTC)


def test_a_weekday_and_an_interval():
    monday = read_schedule("monday 03:00", "UTC", "source x")
    saturday = datetime.datetime(2025, 3, 1, tzinfo=datetime.UTC)
    assert monday.after(saturday) == datetime.datetime(2025, 3, 3, 3, tzinfo=datetime.UTC)
    assert read_schedule("15m", "UTC", "source x").after(saturday) == (
        saturday + datetime.timedelta(minutes=15)
    )
    waits = [retry_after(n) for n in range(1, 40)]
    assert waits[:3] == [datetime.timedelta(minutes=n) for n in (1, 2, 4)]
    assert waits == sorted(waits)
    assert waits[-1] == datetime.timedelta(hours=6)


@pytest.mark.parametrize("text", ["", "0m", "15", "daily", "daily 25:00", "noday 03:00", "-1h"])
def test_schedules_that_cannot_be_are_refused(text):
    with pytest.raises(SourceError, match=r"schedule|time"):
        read_schedule(text, "UTC", "source x")


# Folders


def test_new_and_changed_files_are_read_once(shop, tmp_path):
    files = tmp_path / "files"
    shop.save_scheduled("files", folder_source(files))
    csv(files / "a.csv", [1, 2])
    csv(files / "notes.txt", [9])
    csv(files / ".hidden.csv", [9])
    (files / "empty.csv").touch()
    assert run(shop, "files").counts["stored"] == 2
    assert run(shop, "files").counts == {}
    os.utime(files / "a.csv")  # touched, with the same content
    time.sleep(1.1)
    assert run(shop, "files").counts == {}
    csv(files / "a.csv", [1, 2, 3], age=30)  # it has grown
    csv(files / "b.csv", [4])
    done = run(shop, "files")
    assert (done.counts["stored"], done.counts["duplicate"]) == (2, 2)
    assert ids(shop) == ["1", "2", "3", "4"]
    assert not list((shop.path / "fetched" / "staged").iterdir())


def test_a_file_that_is_still_being_written_is_left_for_later(shop, tmp_path):
    files = tmp_path / "files"
    shop.save_scheduled("files", folder_source(files, settle="2s"))
    csv(files / "a.csv", [1], age=-3600)
    first = run(shop, "files")
    assert (first.waiting, first.counts) == (1, {})
    planned = shop.scheduled_source("files").next_run
    assert planned <= first.ended_at + datetime.timedelta(seconds=31)  # not in an hour
    csv(files / "a.csv", [1, 2], age=-3500)
    assert run(shop, "files").waiting == 1  # written to meanwhile: wait again
    time.sleep(2.1)
    assert run(shop, "files").counts["stored"] == 2


def test_a_clock_that_is_ahead_does_not_hold_a_file_back_for_ever(shop, tmp_path):
    files = tmp_path / "files"
    shop.save_scheduled("files", folder_source(files))
    csv(files / "a.csv", [1], age=-3600)
    assert run(shop, "files").waiting == 1
    time.sleep(1.1)
    assert run(shop, "files").counts["stored"] == 1


def test_a_broken_file_does_not_stop_the_others_and_is_tried_again(shop, tmp_path):
    files = tmp_path / "files"
    shop.save_scheduled("files", folder_source(files))
    (files / "a.csv").write_text("number,day\n1,2\n")
    os.utime(files / "a.csv", (time.time() - 90,) * 2)
    csv(files / "b.csv", [1])
    failed = shop.run_scheduled("files")
    assert failed.problem
    assert failed.remedy
    assert failed.counts["stored"] == 1
    assert shop.scheduled_source("files").problem == failed.problem
    csv(files / "a.csv", [2], age=80)
    assert run(shop, "files").counts["stored"] == 1
    assert ids(shop) == ["1", "2"]


def test_records_that_break_a_rule_are_held_and_counted(shop, tmp_path):
    files = tmp_path / "files"
    shop.save_scheduled("files", folder_source(files))
    csv(files / "a.csv", [1], amount="much")
    csv(files / "b.csv", [2])
    done = run(shop, "files")
    assert (done.counts["stored"], done.counts["quarantined"]) == (1, 1)
    assert len(shop.quarantine("files")) == 1
    csv(files / "a.csv", [1], age=20)
    run(shop, "files")
    assert shop.quarantine("files") == ()


def test_names_that_look_like_patterns_and_links_out_of_the_folder(shop, tmp_path):
    files = tmp_path / "files"
    shop.save_scheduled("files", folder_source(files))
    csv(files / "a*[1]?.csv", [1])
    csv(files / "a b\n.csv", [2])
    secret = csv(tmp_path / "secret.csv", [3])
    (files / "link.csv").symlink_to(secret)
    run(shop, "files")
    assert ids(shop) == ["1", "2"]


# What may be read


def test_folders_outside_are_refused(shop, tmp_path):
    outside = tmp_path / "files-too"
    outside.mkdir()
    csv(outside / "a.csv", [1])
    for path in (outside, tmp_path / "files" / ".." / "files-too", "/etc", shop.path):
        shop.save_scheduled("files", folder_source(path))
        done = shop.run_scheduled("files")
        assert "outside the folders" in done.problem
        assert "everytouch.toml" in done.remedy
    assert ids(shop) == []


def test_other_inputs_and_catalogues_may_not_lie_outside_either(shop, tmp_path):
    csv(tmp_path / "files" / "a.csv", [1])
    csv(tmp_path / "secret.csv", [7])
    text = folder_source(tmp_path / "files")
    beside = f'[inputs.more]\npath = "{tmp_path / "secret.csv"}"\n'
    shop.save_scheduled("files", text.replace("[[inter", beside + "[[inter", 1))
    assert "outside the folders" in shop.run_scheduled("files").problem
    (tmp_path / "other.yaml").write_text(CATALOGUE)
    shop.save_scheduled("files", f'catalogue = "{tmp_path / "other.yaml"}"\n{text}')
    assert "outside the folders" in shop.run_scheduled("files").problem
    assert ids(shop) == []


def test_a_lookup_beside_the_source_may_be_joined(shop, tmp_path):
    csv(tmp_path / "files" / "a.csv", [1])
    sql = SQL.replace("'till'", "place").replace("visits", "visits JOIN places USING (who)")
    text = folder_source(tmp_path / "files").replace(SQL, sql)
    text = text.replace("[[inter", '[inputs.places]\npath = "places.csv"\n[[inter', 1)
    shop.save_scheduled("files", text)
    (shop.path / "sources" / "places.csv").write_text("who,place\np1,till\n")
    assert run(shop, "files").counts["stored"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "TOML"),
        ('name = "x"', "no schedule"),
        ('name = "x"\n[schedule]\nevery = "1h"', "no inputs"),
        (source('[inputs.v]\npath = "x.csv"'), "0 inputs to fetch"),
        (source('[inputs.v.folder]\npath="x"\n[inputs.w.folder]\npath="y"'), "2 inputs"),
        (source('[inputs.v.folder]\npath = "x"\npatern = "*"'), "unknown option 'patern'"),
        (source('[inputs.v.folder]\npath = "x"\nsettle = "soon"'), "invalid duration 'soon'"),
        (source("[inputs.v.folder]\npath = 3"), "path is not a text"),
        (source('[inputs.v.folder]\npath = "x"\npattern = "a/*"'), "invalid pattern"),
        (source('[inputs.v.database]\nsystem = "oracle"'), "unknown system 'oracle'"),
        (source('[inputs.v.database]\nsystem = "sqlite"\npath = "x"'), "a table or a query"),
        (source('[inputs.v.http]\nurl = "file:///etc/passwd"'), "invalid address"),
        (source('[inputs.v.http]\nurl = "https://me:pw@example.org"'), "invalid address"),
    ],
)
def test_sources_that_cannot_be_are_refused_in_words(shop, text, words):
    with pytest.raises(SourceError, match=words):
        shop.save_scheduled("shop", text)
    assert shop.scheduled() == ()


def test_names_and_absent_sources(shop, tmp_path):
    for name in ("../x", "", "A", "a/b", "x" * 61):
        with pytest.raises(SourceError):
            shop.save_scheduled(name, folder_source(tmp_path / "files"))
    with pytest.raises(UnknownNameError):
        shop.run_scheduled("nobody")
    shop.save_scheduled("files", folder_source(tmp_path / "files"), new=True)
    with pytest.raises(SourceError, match="exists already"):
        shop.save_scheduled("files", folder_source(tmp_path / "files"), new=True)


def test_a_file_that_was_damaged_by_hand_is_shown_and_does_not_run(shop, tmp_path):
    shop.save_scheduled("files", folder_source(tmp_path / "files"))
    (shop.path / "sources" / "files.toml").write_text("name = ")
    (one,) = shop.scheduled()
    assert "TOML" in one.problem
    assert shop.due_scheduled() == ()


# When it is due


def test_missed_runs_run_once_and_pauses_hold(shop, tmp_path):
    shop.save_scheduled("files", folder_source(tmp_path / "files", every="1d"))
    assert shop.due_scheduled() == ("files",)
    run(shop, "files")
    assert shop.due_scheduled() == ()
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=9)
    with sqlite3.connect(shop.path / "fetched" / "state.sqlite3") as state:
        state.execute("UPDATE runs SET started_at = ?, ended_at = ?", [long_ago.isoformat()] * 2)
    state.close()
    assert shop.due_scheduled() == ("files",)
    shop.pause_scheduled("files")
    assert shop.due_scheduled() == ()
    assert shop.scheduled_source("files").next_run is None
    shop.request_run("files")
    assert shop.due_scheduled() == ("files",)  # asked for, though paused
    run(shop, "files")
    assert shop.due_scheduled() == ()
    shop.pause_scheduled("files", False)
    assert shop.due_scheduled() == ()  # nine missed days are one run, and that is done
    actions = [entry.action for entry in everytouch.ledger.audit.entries(shop.path)]
    assert actions[:3] == [
        "resume scheduled source", "request run of source", "pause scheduled source",
    ]  # fmt: skip


def test_a_source_that_was_cut_off_does_not_keep_the_others_from_their_turn(
    shop, tmp_path, monkeypatch
):
    for name in ("a", "b"):
        shop.save_scheduled(name, folder_source(tmp_path / "files"))
    csv(tmp_path / "files" / "x.csv", [1])

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Importer, "run", die)
    for name in ("a", "b", "a"):
        assert shop.due_scheduled()[0] == name
        with pytest.raises(KeyboardInterrupt):
            shop.run_scheduled(name)


def test_errors_back_off(shop, tmp_path):
    shop.save_scheduled("files", folder_source(tmp_path / "absent", every="5s"))
    waits = []
    for _ in range(3):
        failed = shop.run_scheduled("files")
        assert failed.problem
        waits.append(shop.scheduled_source("files").next_run - failed.ended_at)
    assert [wait.total_seconds() for wait in waits] == [60, 120, 240]


@pytest.mark.parametrize("place", [(State, "advance"), (Importer, "run")], ids=["mark", "import"])
def test_dying_before_the_mark_or_the_import_is_harmless(shop, tmp_path, monkeypatch, place):
    """The order of the two: a mark without its records would lose them."""
    csv(tmp_path / "files" / "a.csv", [1, 2])
    shop.save_scheduled("files", folder_source(tmp_path / "files"))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(*place, die)
        with pytest.raises(KeyboardInterrupt):
            shop.run_scheduled("files")
    imported = place[0] is State
    assert ids(shop) == (["1", "2"] if imported else [])
    assert State(shop.path / "fetched").marks("files") == {}
    assert shop.runs("files")[0].ended_at is None
    assert shop.due_scheduled() == ("files",)  # cut off, so at once and not in an hour
    counts = run(shop, "files").counts
    assert (counts["stored"], counts["duplicate"]) == ((0, 2) if imported else (2, 0))
    assert ids(shop) == ["1", "2"]


def test_a_source_is_run_by_one_at_a_time(shop, tmp_path):
    import fcntl

    shop.save_scheduled("files", folder_source(tmp_path / "files"))
    run(shop, "files")
    with (shop.path / "fetched" / "locks" / "files").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert shop.scheduled_source("files").running
        with pytest.raises(WorkspaceError, match="being run already"):
            shop.run_scheduled("files")
    assert not shop.scheduled_source("files").running


def test_a_removed_source_leaves_what_it_brought(shop, tmp_path):
    csv(tmp_path / "files" / "a.csv", [1])
    shop.save_scheduled("files", folder_source(tmp_path / "files"))
    run(shop, "files")
    shop.remove_scheduled("files")
    assert shop.scheduled() == ()
    shop.save_scheduled("files", folder_source(tmp_path / "files"))
    assert run(shop, "files").counts["duplicate"] == 1  # read anew, and recognised
    assert ids(shop) == ["1"]


# Cursors


def test_tokens_are_compared_and_moved_as_what_they_are():
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert earlier("2026-01-01 10:00:00.25+00", "5m") == "2026-01-01 09:55:00.250000+00:00"
    assert earlier("text:2026-01-01T10:00:00", "") == "text:2026-01-01T09:55:00"
    assert earlier("2026-01-01", "1d") == "2025-12-31"
    assert earlier("9007199254740993", "") == "9007199254739993"
    assert earlier("integer:5", "0") == "integer:5"
    assert earlier("text:5", "") == "text:5"
    assert earlier("abc", "") == "abc"
    assert in_future("infinity", now)
    assert in_future("2027-01-01", now)
    assert not in_future("2026-01-01 23:00:00+00", now)
    assert not in_future("99999", now)
    assert max(["9", "10", "1e1"], key=order) == "10"
    assert max(["2026-01-01T00:30:00+01:00", "2026-01-01T00:00:00Z"], key=order)[-1] == "Z"


# The acceptance: a PostgreSQL and a folder, on schedule, and a worker that is killed


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with postgresql() as url:
        yield url


def postgres_source(url: str, batch_rows: int, table: str = "visits", every: str = "2s") -> str:
    port = url.rpartition(":")[2].partition("/")[0]
    return source(
        "[inputs.visits.database]\n"
        f'system = "postgresql"\nhost = "127.0.0.1"\nport = {port}\ndatabase = "postgres"\n'
        f'user = "everytouch"\ntable = "{table}"\ncursor = "changed"\n'
        f'batch_rows = {batch_rows}\noverlap = "1s"',
        every,
        name="database",
    )


NURSERY = """
import os, signal, sys
from pathlib import Path
import deltalake, duckdb, psycopg
from everytouch.web import boot
boot.prepare(Path(sys.argv[1]))
from django.core.management import call_command
from django.db import connections
from everytouch.web import jobs
connections.close_all()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that are killed
for _ in sys.stdin:
    child = os.fork()
    if not child:
        call_command("work")
    print("worker", child, flush=True)
"""


class Workers:
    """Workers of a workspace, each a process of its own, born with everything imported."""

    def __init__(self, workspace: Workspace) -> None:
        command = [sys.executable, "-c", NURSERY, str(workspace.path)]
        self._nursery = subprocess.Popen(
            command,
            env={
                **os.environ,
                "TMPDIR": str(workspace.path.parent),
            },  # who is killed clears nothing
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in psutil.Process(self._nursery.pid).children():
            worker.kill()
        self._nursery.stdin.close()
        self._nursery.wait(20)
        self._nursery.stdout.close()

    @contextlib.contextmanager
    def working(self) -> "Iterator[psutil.Process]":
        """A worker at work; it is killed at the end."""
        self._nursery.stdin.write("\n")
        self._nursery.stdin.flush()
        told = next(line for line in self._nursery.stdout if line.startswith("worker "))
        worker = psutil.Process(int(told.split()[1]))
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait(20)


def imports(workspace: Workspace) -> int:
    """Batches that are in the ledger so far: they tell how far the worker has come."""
    log = workspace.path / "ledger" / "imports" / "_delta_log"
    return sum(1 for _ in log.glob("*.json"))


def kill_workers(kills: int, url: str, tmp_path: Path) -> tuple[Workspace, int]:
    """Let rows and files come while the worker is killed again and again."""
    table = f"visits_{tmp_path.name.replace('-', '_')}"
    shop, files = make_shop(tmp_path / "w", tmp_path / "files"), tmp_path / "files"
    shop.save_scheduled("db", postgres_source(url, 40, table))
    shop.save_scheduled("files", folder_source(files, every="2s"))
    rng, written, filed, midway = random.Random(kills), 0, 0, 0
    with psycopg.connect(url, autocommit=True) as con, Workers(shop) as workers:
        con.execute(
            f"CREATE TABLE {table} (id bigint PRIMARY KEY, seen timestamptz, who text, "
            "amount numeric, changed timestamptz)"
        )
        for _ in range(kills):
            amount = rng.randint(100, 300)
            with con.transaction():  # many rows share a time: ties at every boundary of batches
                con.cursor().executemany(
                    f"INSERT INTO {table} VALUES (%s, now(), %s, %s, "
                    "date_trunc('minute', now()) + %s * interval '1 ms')",
                    [
                        (written + n, f"p{n % 9}", f"{n}.25", (written + n) // 25)
                        for n in range(amount)
                    ],
                )
            written += amount
            for _ in range(rng.randint(1, 3)):
                csv(files / f"f{filed}.csv", [f"{filed}-{n}" for n in range(3)])
                filed += 1
            before, wanted = imports(shop), rng.randint(1, 4)
            with workers.working() as worker:
                deadline = time.monotonic() + 60
                while imports(shop) < before + wanted and time.monotonic() < deadline:
                    assert worker.is_running()
                    time.sleep(0.005)
                time.sleep(rng.uniform(0, 0.03))
            found = ids(shop)
            assert len(found) == len(set(found))
            midway += len(found) < written + 3 * filed
        finish(shop, workers, written, filed)
    print(f"{written:,} rows and {filed} files; {midway} of {kills} kills fell into the middle")
    return shop, midway


def finish(shop: Workspace, workers: Workers, written: int, filed: int) -> None:
    """Let a worker that nobody kills do the rest; nothing may be lost or doubled."""
    expected = sorted(
        [str(n) for n in range(written)] + [f"{f}-{n}" for f in range(filed) for n in range(3)]
    )
    with workers.working() as worker:
        deadline = time.monotonic() + 900
        while len(ids(shop)) < len(expected) and time.monotonic() < deadline:
            assert worker.is_running()
            time.sleep(0.2)
        while any(one.running for one in shop.scheduled()) and time.monotonic() < deadline:
            time.sleep(0.1)
    assert ids(shop) == expected


def test_a_killed_worker_loses_and_doubles_nothing(postgres, tmp_path):
    shop, midway = kill_workers(4, postgres, tmp_path)
    assert midway >= 2
    check_state(shop)


@pytest.mark.long
def test_a_worker_that_is_killed_fifty_times_loses_and_doubles_nothing(postgres, tmp_path):
    shop, midway = kill_workers(50, postgres, tmp_path)
    assert midway >= 25
    check_state(shop)


def check_state(shop: Workspace) -> None:
    """Afterwards all is read, counts add up, and another run finds only the overlap."""
    before = ids(shop)
    for name in ("db", "files"):
        counts = run(shop, name).counts
        assert counts.get("stored", 0) == 0
    for done in shop.runs("db", 100):
        known = dict(done.counts)
        assert known.pop("received", 0) == sum(known.values())
    assert ids(shop) == before
    amounts = stored(shop, "CAST(amount AS VARCHAR)")
    assert {row[0][-5:] for row in amounts} == {".2500", ".5000"}
