"""Event logs: out in every format, and back in to the same journeys."""

import datetime
import json
import re
import sqlite3
import tomllib
from contextlib import closing
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import everytouch
from everytouch.cli import main
from everytouch.errors import EverytouchError, SourceError
from everytouch.journeys.logs.events import Event, Journey
from everytouch.journeys.logs.xes import write_xes
from tests.conftest import ROOT, SECRET

SINCE = datetime.datetime(2025, 3, 1, tzinfo=datetime.UTC)
UNTIL = datetime.datetime(2025, 4, 1, tzinfo=datetime.UTC)
TOML = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "logs.md").read_text(), re.DOTALL)
XES, OCEL = (tomllib.loads(text)["interactions"][0]["sql"] for text in TOML)
ENDINGS = {"xes": XES, "xes.gz": XES, "jsonocel": OCEL, "sqlite": OCEL}


def source(folder, file, sql, extra=""):
    path = folder / "source.toml"
    text = f'name = "log"\ncatalogue = "catalogue.yaml"\n[inputs.log]\npath = "{file}"\n{extra}\n'
    path.write_text(f'{text}[[interactions]]\nsql = """{sql}"""\n')
    return path


def rounded(result):
    return [
        {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        for row in result.to_pylist()
    ]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_goes_out_comes_back_as_the_same_journeys(ending, simulated, tmp_path):
    scope = simulated.scope(since=SINCE, until=UNTIL)
    written = simulated.export_log(tmp_path / f"log.{ending}", scope)
    (tmp_path / "catalogue.yaml").write_text((simulated.path / "catalogue.yaml").read_text())
    other = everytouch.create(tmp_path / "w", secret=SECRET)
    receipt = other.import_source(source(tmp_path, f"log.{ending}", ENDINGS[ending]))
    assert receipt.total.quarantined == 0
    assert rounded(other.graph()) == rounded(simulated.graph(scope))
    assert other.graph().nodes == simulated.graph(scope).nodes
    assert written.events > receipt.total.stored > 1_000
    assert len(other.paths(unit="correlation", top=50).rows) > 10
    asked = {"unit": "correlation", "top": 100}
    assert other.paths(**asked).to_pylist() == simulated.paths(scope, **asked).to_pylist()
    paid = "SELECT sum(amount) AS a, sum(cost) AS c FROM moments"
    period = f"WHERE occurred_at >= '{SINCE}' AND occurred_at < '{UNTIL}'"
    assert other.sql(paid).to_pylist()[0] == pytest.approx(
        simulated.sql(f"{paid} {period}").to_pylist()[0]
    )


@pytest.mark.parametrize("unit", ["party", "session", "correlation"])
def test_a_trace_is_a_journey(unit, simulated, tmp_path):
    scope = simulated.scope(since=SINCE, until=UNTIL)
    written = simulated.export_log(tmp_path / "log.xes", scope, unit=unit)
    root = ElementTree.parse(tmp_path / "log.xes").getroot()
    space = {"x": "http://www.xes-standard.org/"}
    traces = root.findall("x:trace", space)
    names = [trace.find("x:string", space).get("value") for trace in traces]
    assert len(set(names)) == len(names) == written.journeys
    for trace in traces:
        times = [d.get("value") for d in trace.findall("x:event/x:date", space)
                 if d.get("key") == "time:timestamp"]  # fmt: skip
        assert [datetime.datetime.fromisoformat(t) for t in times] == sorted(
            map(datetime.datetime.fromisoformat, times)
        )
    assert len(root.findall("x:trace/x:event", space)) == written.events


def test_ocel_declares_every_type_and_object_it_uses(simulated, tmp_path):
    scope = simulated.scope(since=SINCE, until=UNTIL)
    simulated.export_log(tmp_path / "log.jsonocel", scope)
    log = json.loads((tmp_path / "log.jsonocel").read_text())
    assert set(log) == {"events", "objects", "eventTypes", "objectTypes"}
    types = {one["name"]: {a["name"] for a in one["attributes"]} for one in log["eventTypes"]}
    objects = {one["id"]: one["type"] for one in log["objects"]}
    assert set(objects.values()) == {one["name"] for one in log["objectTypes"]}
    assert len({one["id"] for one in log["events"]}) == len(log["events"])
    for event in log["events"]:
        assert {a["name"] for a in event["attributes"]} <= types[event["type"]]
        assert {r["objectId"] for r in event["relationships"]} <= set(objects)


def test_both_forms_of_ocel_hold_the_same(simulated, tmp_path):
    scope = simulated.scope(since=SINCE, until=UNTIL)
    for ending in ("jsonocel", "sqlite"):
        simulated.export_log(tmp_path / f"log.{ending}", scope)
    log = json.loads((tmp_path / "log.jsonocel").read_text())
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as con:
        assert dict(con.execute("SELECT * FROM event")) == {
            e["id"]: e["type"] for e in log["events"]
        }
        assert dict(con.execute("SELECT * FROM object")) == {
            o["id"]: o["type"] for o in log["objects"]
        }
        related = {(e["id"], r["objectId"]) for e in log["events"] for r in e["relationships"]}
        assert set(con.execute("SELECT ocel_event_id, ocel_object_id FROM event_object")) == related


def test_nobody_is_named_in_a_log_and_that_it_was_written_is_audited(simulated, tmp_path):
    simulated.export_log(tmp_path / "log.jsonocel", simulated.scope(since=SINCE, until=UNTIL))
    text = (tmp_path / "log.jsonocel").read_text()
    named = simulated.sql("SELECT DISTINCT identifier FROM interactions")["identifier"].to_pylist()
    assert not [name for name in named if f'"{name}"' in text]
    assert (
        "export log"
        in (simulated.path / "audit.jsonl").read_text().splitlines()[-2:][0]
        + ((simulated.path / "audit.jsonl").read_text().splitlines()[-1])
    )


def test_objects_of_an_ocel_become_traits(workspace, tmp_path):
    (tmp_path / "log.jsonocel").write_text(json.dumps({
        "objectTypes": [], "eventTypes": [], "events": [],
        "objects": [{"id": "c1", "type": "customer", "attributes": [
            {"name": "tier", "time": "2025-01-01T00:00:00Z", "value": "gold"}]},
            {"id": "o1", "type": "order", "attributes": []}],
    }))  # fmt: skip
    file = tmp_path / "source.toml"
    file.write_text("""name = "log"
[inputs.objects]
path = "log.jsonocel"
sheet = "objects"
[[traits]]
sql = '''SELECT "ocel:oid" || "ocel:name" AS id, "ocel:time" AS occurred_at, 'c' AS namespace,
  "ocel:oid" AS identifier, "ocel:name" AS name, "ocel:value" AS value
  FROM objects WHERE "ocel:type" = 'customer' '''
""")
    workspace.import_source(file)
    assert workspace.sql("SELECT identifier, name, value FROM traits").to_pylist() == [
        {"identifier": "c1", "name": "tier", "value": "gold"}
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "no OCEL 2.0"),
        (b"not json", "no OCEL 2.0"),
        (b'{"events": [], "objects": []}', "holds no event"),
        (b"SQLite format 3\x00 and then nothing", "no OCEL 2.0"),
    ],
)
def test_what_is_no_ocel_is_refused(content, said, workspace, tmp_path):
    (tmp_path / "log.jsonocel").write_bytes(content)
    (tmp_path / "catalogue.yaml").write_text("organisation: X\n")
    with pytest.raises(SourceError, match=said):
        workspace.import_source(source(tmp_path, "log.jsonocel", OCEL))


def test_views_of_somebody_elses_database_are_not_run(workspace, tmp_path):
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as con, con:
        con.execute("CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT)")
        con.execute("CREATE VIEW event_x AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                    "SELECT i + 1 FROM n) SELECT i FROM n")  # fmt: skip
    (tmp_path / "catalogue.yaml").write_text("organisation: X\n")
    with pytest.raises(SourceError, match="it has the view event_x"):
        workspace.import_source(source(tmp_path, "log.sqlite", OCEL))


def test_what_ends_as_no_log_is_refused(simulated, tmp_path):
    with pytest.raises(EverytouchError, match="does not end as an event log"):
        simulated.export_log(tmp_path / "log.csv")
    (tmp_path / "there").write_text("a file")
    with pytest.raises(EverytouchError, match="cannot be written"):
        simulated.export_log(tmp_path / "there" / "log.xes")


def test_the_command_says_what_it_wrote(simulated, tmp_path):
    words = ["-w", str(simulated.path), "export-log", str(tmp_path / "log.xes.gz")]
    done = CliRunner().invoke(main, [*words, "--since", "2025-03-01", "--until", "2025-03-08"])
    assert done.exit_code == 0, done.output
    assert "journeys" in done.output
    assert (tmp_path / "log.xes.gz").exists()
    told = json.loads(CliRunner().invoke(main, [*words, "--since", "2025-12-01", "--json"]).output)
    assert told["events"] > 0


def test_what_xml_cannot_hold_is_replaced(tmp_path):
    odd = 'a"b<c>&\x00\x0b\ufffe\n'
    event = Event("1", odd, SINCE, "p", "customer", None, {"outcome": odd})
    assert write_xes(tmp_path / "odd.xes", iter([Journey("1", (event,))])) == (1, 1)
    (string,) = [
        s for s in ElementTree.parse(tmp_path / "odd.xes").getroot().iter()
        if s.get("key") == "outcome"
    ]  # fmt: skip
    assert string.get("value") == 'a"b<c>&\ufffd\ufffd\ufffd\n'
