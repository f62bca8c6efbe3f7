"""Erasure: one party leaves every table, every older version, every backup that comes back."""

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import everytouch
from everytouch.collect.scratch import scratch
from everytouch.errors import UnknownNameError, WorkspaceError
from everytouch.ledger.api import Loader, erasures, pack, unpack
from everytouch.moments.api import schema
from everytouch.workspace import Workspace
from tests.conftest import NOW, SECRET
from tests.test_moments import WORDS, record

WHO = "customer_no:C00000007"
NAMES = ("C00000007", "d-7")


@pytest.fixture
def mine(simulated: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(simulated.path, tmp_path / "mine")
    return everytouch.open(tmp_path / "mine")


def everything(folder: Path) -> bytes:
    """All bytes of a workspace, with Parquet and trails read as they would be."""
    parts = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            parts.append(json.dumps(pq.read_table(path).to_pylist(), default=str).encode())
        if path.is_file():
            parts.append(path.read_bytes())
    return b"\n".join(parts)


def names_left(folder: Path) -> list[str]:
    held = everything(folder)
    return [name for name in NAMES if f'"{name}"'.encode() in held or f':{name}"'.encode() in held]


def test_nothing_is_left_of_a_person(mine):
    party, others = mine.find(WHO), mine.trails().parties
    moments = len(mine.trail(WHO).rows)
    assert names_left(mine.path) == list(NAMES)
    done = mine.erase_party(party, "asked for it")
    assert names_left(mine.path) == []
    with pytest.raises(UnknownNameError):
        mine.trail(WHO)
    assert mine.trails().parties == others - 1
    said = json.loads(done.text)
    assert said["removed"]["interactions"] + said["removed"]["perceptions"] == moments
    assert said["identifiers"] == 2
    assert "C00000007" not in done.text
    assert len(list((mine.path / "trails").glob("*-*-*"))) == 1


def test_others_stay_as_they_were(mine):
    before = {name: mine.trail(f"customer_no:{name}").rows for name in ("C00000006", "C00000008")}
    mine.erase_party(mine.find(WHO))
    for name, rows in before.items():
        assert mine.trail(f"customer_no:{name}").rows == rows


def test_what_came_in_last_is_read_of_what_an_erasure_has_rewritten(mine):
    before = mine.arrivals(50)
    mine.erase_party(mine.find(WHO))
    after = mine.arrivals(50)
    assert len(after) == len(before) == 50
    assert {one.source for one in after} == {one.source for one in before}


def test_the_same_files_do_not_bring_them_back(mine, company):
    mine.erase_party(mine.find(WHO))
    counts = mine.import_source(company.source, now=NOW).total
    assert counts.stored == 0
    assert counts.refused > 0
    assert counts.received == counts.stored + counts.duplicate + counts.quarantined + counts.refused
    assert names_left(mine.path) == []
    assert mine.status()[0].refused == counts.refused


def test_who_comes_again_later_is_welcome(mine, tmp_path):
    mine.erase_party(mine.find(WHO))
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    (tmp_path / "new.csv").write_text(
        f"id,occurred_at,namespace,identifier,touchpoint\n1,{later:%Y-%m-%dT%H:%M:%SZ},"
        "customer_no,C00000007,store_visit\n2,2025-01-01T00:00:00Z,customer_no,C00000007,store_visit\n"
    )
    (tmp_path / "s.toml").write_text(
        'name = "new"\n[inputs.f]\npath = "new.csv"\n[[interactions]]\nsql = "SELECT * FROM f"\n'
    )
    counts = mine.import_source(tmp_path / "s.toml", now=later).total
    assert (counts.stored, counts.refused) == (1, 1)
    assert [row.id for row in mine.trail(WHO).rows] == ["1"]


def test_an_employee_leaves_the_moments_of_others(mine):
    rows = mine.tables.query(
        "interactions", "SELECT counterpart AS c, count(*) AS n FROM ledger "
        "WHERE counterpart_namespace = 'employee_no' GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
    ).to_pylist()  # fmt: skip
    name, count = rows[0]["c"], rows[0]["n"]
    before = mine.trails().moments
    gone = len(mine.trail(f"employee_no:{name}").rows)
    mine.erase_party(mine.find(f"employee_no:{name}"))
    assert count > 0
    assert f'"{name}"'.encode() not in everything(mine.path / "ledger")
    assert mine.trails().moments == before - gone


def test_the_quarantine_forgets_them_too(mine, tmp_path):
    (tmp_path / "bad.csv").write_text(
        "id,occurred_at,namespace,identifier,touchpoint\n1,2025-01-01,customer_no,C00000007,nowhere\n"
        "2,2025-01-01,customer_no,C00000009,nowhere\n"
    )
    (tmp_path / "s.toml").write_text(
        'name = "bad"\n[inputs.f]\npath = "bad.csv"\n[[interactions]]\nsql = "SELECT * FROM f"\n'
    )
    mine.import_source(tmp_path / "s.toml", now=NOW)
    mine.erase_party(mine.find(WHO))
    assert [row.row["identifier"] for row in mine.quarantine()] == ["C00000009"]
    assert mine.import_source(tmp_path / "s.toml", now=NOW).total.refused == 1


def test_a_restored_backup_forgets_again(mine, tmp_path):
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    backup = pack(mine.path, tmp_path / "backups", {"app.json": b"[]"}, when)
    assert backup.path.stat().st_mode & 0o077 == 0
    done = mine.erase_party(mine.find(WHO))
    # Elsewhere, with nothing but the folder of backups.
    restored = unpack(backup.path, tmp_path / "elsewhere")
    assert restored.erased == 1
    assert restored.extra == {"app.json": b"[]"}
    assert names_left(tmp_path / "elsewhere") == []
    assert done.certificate in {
        row.certificate for row in erasures(everytouch.open(restored.folder).tables)
    }
    # In place, with the register lost: the workspace that stands there knows.
    for register in (tmp_path / "backups").glob("erasures-*"):
        register.unlink()
    again = unpack(backup.path, mine.path, replace=True)
    assert again.erased == 1
    assert names_left(mine.path) == []
    assert again.before is not None


def test_a_backup_comes_back_as_it_was(mine, tmp_path):
    backup = pack(mine.path, tmp_path / "b", {}, NOW)
    restored = everytouch.open(unpack(backup.path, tmp_path / "new").folder)
    assert restored.findings() == mine.findings()
    assert restored.trail(WHO).rows == mine.trail(WHO).rows


def test_a_damaged_backup_and_a_taken_folder_are_refused(mine, tmp_path):
    backup = pack(mine.path, tmp_path / "b", {}, NOW).path
    with pytest.raises(WorkspaceError, match="not empty"):
        unpack(backup, mine.path)
    body = bytearray(backup.read_bytes())
    at = body.find(b"organisation")
    body[at : at + 5] = b"XXXXX"
    backup.write_bytes(body)
    with pytest.raises(WorkspaceError, match="damaged"):
        unpack(backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "b" / "none.tar").write_bytes(b"nothing")
    with pytest.raises(WorkspaceError, match="no whole backup"):
        unpack(tmp_path / "b" / "none.tar", tmp_path / "new")


def test_an_erasure_that_died_is_run_again(mine, monkeypatch):
    from everytouch.ledger import erasure

    party = mine.find(WHO)
    real, calls = erasure.forget, []

    def dying(tables, name):
        calls.append(name)
        if len(calls) == 2:
            raise OSError("out of space")
        real(tables, name)

    monkeypatch.setattr(erasure, "forget", dying)
    with pytest.raises(OSError, match="space"):
        mine.erase_party(party)
    monkeypatch.undo()
    again = everytouch.open(mine.path)
    keys = erasures(again.tables)[-1].keys
    with again.tables.writing():
        erasure.erase(again.tables, SECRET, keys, NOW)
    again.trails()
    assert names_left(mine.path) == []


def test_copies_of_a_process_that_was_killed_are_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    old, mine, somebodys = (
        tmp_path / "everytouch-abcd1234",
        tmp_path / f"everytouch-staging-{os.getpid()}-x",
        tmp_path / "everytouch-workshop",
    )
    dead = tmp_path / f"everytouch-staging-{gone}-x"
    for folder in (old, mine, somebodys, dead):
        folder.mkdir()
        (folder / "f-0.parquet").write_bytes(b"C00000007")
    (somebodys / "notes.txt").write_bytes(b"my own")
    for folder in (old, somebodys):
        os.utime(folder, (0, 0))
    with scratch() as own:
        assert own.is_dir()
        assert {path.name for path in tmp_path.iterdir()} == {mine.name, somebodys.name, own.name}
    assert not own.exists()


def test_a_backup_that_was_copied_finds_its_register_or_warns(mine, tmp_path):
    backup = pack(mine.path, tmp_path / "backups", {}, NOW).path
    (tmp_path / "usb").mkdir()
    copied = shutil.copy(backup, tmp_path / "usb")
    mine.erase_party(mine.find(WHO))
    found = unpack(Path(copied), tmp_path / "same machine")
    assert (found.erased, found.informed) == (1, True)
    (tmp_path / "backups").rename(tmp_path / "unplugged")
    found = unpack(Path(copied), tmp_path / "another machine")
    assert (found.erased, found.informed) == (0, False)


def test_somebody_with_very_many_names_is_erased(tmp_path):
    """The names together are longer than any pattern may be."""
    made = everytouch.create(tmp_path / "w", secret=SECRET)
    rows = [
        {"id": str(n), "namespace": "x", "identifier": f"victim {n}", "occurred_at": NOW,
         "also": [f"x:{k:04} {'n' * 900}" for k in range(300)]}
        for n in range(2)
    ]  # fmt: skip
    note = json.dumps({"note": f"with 0299 {'n' * 900} and victim 1"})
    other = {"id": "other", "namespace": "x", "identifier": "other", "occurred_at": NOW}
    rows.append(other | {"properties": note})
    loader = Loader(made.tables, SECRET, "s", NOW, WORDS, False)
    table = pa.Table.from_pylist([record("interactions").to_pylist()[0] | row for row in rows])
    assert loader.store("interactions", table.cast(schema("interactions"))).stored == 3
    made.erase_party(made.find("x:victim 0"))
    (left,) = made.tables.read("interactions", ["identifier", "properties"]).to_pylist()
    assert left["identifier"] == "other"
    assert "nnn" not in left["properties"]
