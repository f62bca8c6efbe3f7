"""An import that is killed at any moment is continued by the next: nothing lost, nothing twice."""

import os
import random
import subprocess
import sys
import time

import pytest

import everytouch
from everytouch.simulate.api import simulate
from tests.conftest import SECRET

POINTS = 10
_SELECT = "SELECT {columns} FROM ledger ORDER BY id"  # what counts of a moment, whatever its run
_COLUMNS = {
    "interactions": "id, source, touchpoint, occurred_at, identifier, amount",
    "perceptions": "id, source, instrument, occurred_at, raw",
    "links": "id, identifier, other_identifier",
    "traits": "id, identifier, name, value",
}


def contents(workspace):
    return {
        table: workspace.tables.query(table, _SELECT.format(columns=columns)).to_pylist()
        for table, columns in _COLUMNS.items()
    }


def prepared(folder):
    """A workspace that commits small batches, so that a kill falls between and within them."""
    everytouch.create(folder, secret=SECRET)
    file = folder / "everytouch.toml"
    file.write_text(file.read_text() + "batch_rows = 4000\nthreads = 1\n")
    return everytouch.open(folder)


def importing(workspace, source):
    return subprocess.Popen(
        [sys.executable, "-m", "everytouch", "-w", str(workspace.path), "import", str(source)],
        env={**os.environ, "TMPDIR": str(workspace.path.parent)},  # who is killed clears nothing
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def commits(workspace):
    """Delta commits so far: they tell how far an import has come, however fast the machine."""
    return sum(1 for _ in (workspace.path / "ledger").glob("*/_delta_log/*.json"))


@pytest.mark.parametrize("part", range(2))
def test_killed_at_random_points_nothing_is_lost_or_twice(part, tmp_path):
    kill_imports(part, POINTS // 2, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("part", range(2, 4))
def test_killed_at_many_more_points(part, tmp_path):
    kill_imports(part, 100, tmp_path)


def kill_imports(part, points, tmp_path):
    """Kill imports ``points`` times; after each, whatever is stored is stored once."""
    company = simulate(tmp_path / "company", parties=600, years=2.0, seed=3)
    whole = prepared(tmp_path / "whole")
    assert importing(whole, company.source).wait() == 0
    expected, all_commits = contents(whole), commits(whole)
    rng = random.Random(part)

    done, cut = 0, 0
    workspace = prepared(tmp_path / "w0")
    for _ in range(points):
        kill_after(workspace, company.source, rng.randint(0, all_commits - commits(workspace)), rng)
        stored = contents(workspace)
        for table, rows in stored.items():
            ids = [row["id"] for row in rows]
            assert len(ids) == len(set(ids)), table
        cut += 0 < sum(map(len, stored.values())) < sum(map(len, expected.values()))
        if stored == expected:
            done += 1
            workspace = prepared(tmp_path / f"w{done}")
    assert cut > points // 4, "too few kills fell into the middle of an import"
    assert importing(workspace, company.source).wait() == 0
    assert contents(workspace) == expected
    assert workspace.import_source(company.source).total.stored == 0
    print(f"{points} kills, {cut} in the middle of an import, {done} after all was stored")


def kill_after(workspace, source, more, rng):
    """Kill an import a moment after it has made so many more commits, or before any."""
    before = commits(workspace)
    process = importing(workspace, source)
    try:
        while more and process.poll() is None and commits(workspace) < before + more:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.05) if more else rng.uniform(0, 1.5))
    finally:
        process.kill()
        process.wait()
