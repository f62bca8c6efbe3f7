"""Retention: what is too old goes for good, leaves a certificate, and does not come back."""

import datetime
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import everytouch
from everytouch.cli import main
from everytouch.errors import SettingError
from everytouch.ledger.api import entries
from everytouch.moments.api import Age, Retention
from everytouch.workspace import Workspace
from tests.conftest import NOW

CUT = datetime.datetime(2025, 1, 31, 12, tzinfo=datetime.UTC)  # a year before NOW
OLD_TEXT = "The box was wet, says Xaverina"


@pytest.fixture
def mine(simulated: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(simulated.path, tmp_path / "mine")
    return everytouch.open(tmp_path / "mine")


def count(workspace: Workspace, table: str, where: str = "true") -> int:
    sql = f"SELECT count(*) AS n FROM ledger WHERE {where}"
    return workspace.tables.query(table, sql, every=True)["n"][0].as_py()


def older(workspace: Workspace, table: str) -> int:
    return count(workspace, table, f"occurred_at < TIMESTAMPTZ '{CUT.isoformat()}'")


def bytes_of(folder: Path) -> bytes:
    parts = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            parts.append(json.dumps(pq.read_table(path).to_pylist(), default=str).encode())
        if path.is_file():
            parts.append(path.read_bytes())
    return b"\n".join(parts)


def write(folder: Path, name: str, kind: str, rows: str) -> Path:
    (folder / f"{name}.csv").write_text(rows, encoding="utf-8")
    (folder / f"{name}.toml").write_text(
        f'name = "{name}"\n[inputs.f]\npath = "{name}.csv"\n[[{kind}]]\nsql = "SELECT * FROM f"\n'
    )
    return folder / f"{name}.toml"


def reopened(workspace: Workspace) -> Workspace:
    return everytouch.open(workspace.path)


def test_what_is_too_old_goes_and_the_certificate_says_so(mine):
    due, all_before = older(mine, "interactions"), count(mine, "interactions")
    assert 0 < due < all_before
    moments = mine.trails().moments
    mine.change_retention({"interactions": "1 year"})
    assert mine.retention_due(NOW).rows == due
    assert count(mine, "interactions") == all_before  # a dry run changes nothing
    done = mine.retain(NOW)
    assert older(mine, "interactions") == 0
    assert count(mine, "interactions") == all_before - due
    said = json.loads(mine.expiries()[0].text)
    assert said == json.loads(done.text)
    (rule,) = said["rules"]
    assert (rule["rule"], rule["table"], rule["rows"]) == (
        "interactions: 1 year",
        "interactions",
        due,
    )
    assert rule["oldest"] <= rule["newest"] < rule["before"] == CUT.isoformat()
    assert mine.trails().moments == moments - due
    assert len(list((mine.path / "ledger/interactions/_delta_log").glob("*.json"))) <= 3
    found = reopened(mine).verify()
    assert found.whole, found.damaged
    actions = [entry.action for entry in entries(mine.path)]
    assert {"change retention", "apply retention"} <= set(actions)


def test_the_same_files_do_not_bring_it_back(mine, company):
    mine.change_retention({"interactions": "1 year", "perceptions": "1 year"})
    gone = mine.retain(NOW).rows
    before = mine.trails().moments
    counts = reopened(mine).import_source(company.source, now=NOW).total
    assert counts.stored == 0
    assert counts.expired == counts.refused == gone > 0
    assert counts.received == counts.stored + counts.duplicate + counts.quarantined + counts.refused
    (status,) = mine.status()
    assert status.expired == counts.expired
    assert mine.retain(NOW).rows == 0
    assert mine.trails().moments == before
    mine.change_retention({})  # an owner's decision, and audited: what is there may come again
    again = reopened(mine).import_source(company.source, now=NOW).total
    assert (again.stored, again.refused) == (gone, 0)


def test_texts_go_and_scores_stay(mine, company, tmp_path):
    rows = (
        "id,occurred_at,namespace,identifier,instrument,raw,title,text\n"
        f'1,2024-06-01T00:00:00Z,customer_no,C00000003,nps,3,Wet,"{OLD_TEXT}"\n'
        "2,2025-12-01T00:00:00Z,customer_no,C00000003,nps,9,Dry,All went well\n"
    )
    source = write(tmp_path, "written", "perceptions", rows)
    mine.import_source(source, now=NOW)
    assert OLD_TEXT.encode() in bytes_of(mine.path / "ledger")
    scores = count(mine, "perceptions", "score IS NOT NULL")
    mine.change_retention({"texts": "1 year"})
    mine.retain(NOW)
    assert OLD_TEXT.encode() not in bytes_of(mine.path / "ledger")
    assert count(mine, "perceptions", "score IS NOT NULL") == scores
    assert count(mine, "perceptions", "text = 'All went well'") == 1
    # Recognised with its text: neither new nor a conflict.
    again = reopened(mine).import_source(source, now=NOW).total
    assert (again.stored, again.duplicate, again.conflict) == (0, 2, 0)
    # An old one that comes for the first time leaves its text at the door.
    late = write(tmp_path, "late", "perceptions", rows)
    assert reopened(mine).import_source(late, now=NOW).total.stored == 2
    assert OLD_TEXT.encode() not in bytes_of(mine.path / "ledger")
    assert reopened(mine).verify().whole


def test_one_source_and_one_touchpoint(mine, tmp_path):
    rows = "id,occurred_at,namespace,identifier,touchpoint,properties\n" + "".join(
        f'{n},2025-{month}-01T00:00:00Z,customer_no,C00000003,{point},"{{""a"": ""{n}""}}"\n'
        for n, (month, point) in enumerate(
            [("03", "store_visit"), ("11", "store_visit"), ("03", "help_call"), ("11", "help_call")]
        )
    )
    mine.import_source(write(tmp_path, "till", "interactions", rows), now=NOW)
    others = count(mine, "interactions", "source <> 'till' AND touchpoint <> 'help_call'")
    till = "source = 'till'"
    mine.change_retention({"touchpoints": {"help_call": {"properties": "6 months"}}})
    mine.retain(NOW)
    assert count(mine, "interactions", f"{till} AND properties IS NOT NULL") == 3
    mine.change_retention({"sources": {"till": {"interactions": "6 months"}}})
    mine.retain(NOW)
    assert count(mine, "interactions", till) == 2
    assert count(mine, "interactions", "source <> 'till' AND touchpoint <> 'help_call'") == others


def test_held_records_go_by_when_they_came(mine, tmp_path):
    rows = "id,occurred_at,namespace,identifier,touchpoint\n1,2025-01-01,customer_no,C1,nowhere\n"
    mine.import_source(write(tmp_path, "bad", "interactions", rows), now=NOW)
    mine.change_retention({"quarantine": "90 days"})
    assert mine.retain(NOW + datetime.timedelta(days=89)).rows == 0
    assert mine.retain(NOW + datetime.timedelta(days=91)).rows == 1
    assert mine.quarantine() == ()


def test_links_go_with_the_last_of_their_people(mine, tmp_path):
    rows = (
        "id,occurred_at,namespace,identifier,other_namespace,other_identifier\n"
        "1,2024-06-01,email,gone@example.org,phone,+49301234567\n"
        "2,2024-06-01,email,kept@example.org,customer_no,C00000003\n"
        "3,2025-12-01,email,young@example.org,phone,+49307654321\n"
    )
    mine.import_source(write(tmp_path, "crm", "links", rows), now=NOW)
    people = mine.trails().parties
    mine.change_retention({"links": "1 year"})
    mine.retain(NOW)
    left = mine.tables.query("links", "SELECT id FROM ledger WHERE source = 'crm' ORDER BY id")
    assert left["id"].to_pylist() == ["2", "3"]
    assert mine.trails().parties == people
    assert b"gone@example.org" not in bytes_of(mine.path / "ledger")


def test_no_earlier_version_comes_to_count_again(mine, tmp_path):
    head = "id,occurred_at,namespace,identifier,touchpoint,outcome\n"
    for month, outcome in (("12", "first"), ("01", "second")):  # corrected to an earlier day
        year = "2025" if month == "12" else "2024"
        row = f"1,{year}-{month}-01,customer_no,C00000003,store_visit,{outcome}\n"
        path = write(tmp_path, "fixed", "interactions", head + row)
        path.write_text(path.read_text().replace("[inputs", 'versions = "newest"\n[inputs', 1))
        mine.import_source(path, now=NOW)
    where = "source = 'fixed'"
    assert count(mine, "interactions", where) == 2
    mine.change_retention({"interactions": "1 year"})
    mine.retain(NOW)
    assert count(mine, "interactions", where) == 0


def test_a_killed_run_is_run_again(mine, monkeypatch):
    mine.change_retention({"interactions": "1 year", "perceptions": "1 year"})
    due = mine.retention_due(NOW).rows

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("everytouch.ledger.expiry.forget", killed)
        with pytest.raises(KeyboardInterrupt):
            mine.retain(NOW)
    assert reopened(mine).verify().whole
    assert mine.expiries()[0].rows == due  # nothing is gone that no certificate names
    mine.retain(NOW)
    assert older(mine, "interactions") == older(mine, "perceptions") == 0
    assert reopened(mine).verify().whole


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"visits": "1 year"}, "'visits' is unknown"),
        ({"texts": "soon"}, "'soon' is no age"),
        ({"texts": 5}, "'5' is no age"),
        ({"texts": "0 days"}, "no age"),
        ({"texts": "101 years"}, "no age"),
        ({"sources": {"web": {"links": "1 year"}}}, "'links' is unknown"),
        ({"sources": "web"}, "no table"),
        ({"touchpoints": {"nowhere": {"texts": "1 year"}}}, "nowhere"),
    ],
)
def test_impossible_rules_are_refused(workspace, raw, said):
    before = (workspace.path / "everytouch.toml").read_text()
    with pytest.raises(SettingError, match=said):
        workspace.change_retention(raw)
    assert (workspace.path / "everytouch.toml").read_text() == before


def test_rules_are_written_as_they_are_read(workspace):
    rules = {"texts": "2 years", "sources": {"a b'\"": {"interactions": "1 day"}}}
    workspace.change_retention(rules)
    assert reopened(workspace).retention_rules == Retention.of(rules)
    assert reopened(workspace).retention_rules.plain == rules
    workspace.retain(NOW)  # a hostile name of a source breaks nothing


def test_months_are_those_of_the_calendar():
    leap = datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC)
    assert Age.of("1 year").before(leap).date() == datetime.date(2023, 2, 28)
    assert Age.of("3 months").before(leap.replace(day=1)).date() == datetime.date(2023, 11, 1)
    assert Age.of("2 weeks").before(leap).date() == datetime.date(2024, 2, 15)


def test_the_command(mine):
    mine.change_retention({"interactions": "1 year"})
    call = ["-w", str(mine.path), "admin", "retention"]
    shown = CliRunner().invoke(main, [*call, "--dry-run"])
    assert "interactions: 1 year" in shown.output
    assert mine.expiries() == []
    ran = CliRunner().invoke(main, [*call, "--run"])
    assert f"certificate {mine.expiries()[0].certificate}" in ran.output
    assert CliRunner().invoke(main, [*call, "--run"]).output.endswith("nothing to certify\n")
    again = CliRunner().invoke(main, [*call, "--run", "--json"])
    assert json.loads(again.output)["rows"] == 0
    mine.change_retention({})
    for command in ("--dry-run", "--run"):
        said = CliRunner().invoke(main, [*call, command])
        assert "rule" in said.output
        assert "older than" not in said.output
