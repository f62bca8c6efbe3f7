"""An erased person is gone from every place that named them, or the certificate says where."""

import gzip
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import everytouch
from everytouch.collect.dialects.base import Taken
from everytouch.collect.server import encode
from everytouch.journal.api import Log, sealed, set_aside
from everytouch.ledger.mentions import MASK, Words
from tests.conftest import NOW, SECRET

CANARY = "canary.person@erase.example"
CATALOGUE = """organisation: Acme
stages: [use]
touchpoints:
  call: {label: Call, stage: use, channel: phone}
instruments:
  nps: {label: Recommend, kind: nps, low: 0, high: 10}
"""
SOURCE = """name = "{name}"
[inputs.f]
path = "{name}.csv"
[[{kind}]]
sql = "SELECT * FROM f"
"""
FRIEND = (
    "p1,2025-01-03,email,bob@stays.example,call,"
    f'"{{""friend"": ""{CANARY.upper()}"", ""plan"": ""gold""}}"'
)
ANSWER = (
    "t1,2025-01-04,email,bob@stays.example,nps,9,relationship,"
    f'"Bob Brown and {CANARY}, {CANARY} helped",about {CANARY}'
)
RECORDS = {
    "own": ("interactions", "id,occurred_at,namespace,identifier,touchpoint",
            f"o1,2025-01-01,email,{CANARY},call"),
    "counterparts": ("interactions",
                     "id,occurred_at,namespace,identifier,touchpoint,counterpart_namespace,counterpart",
                     f"c1,2025-01-02,email,bob@stays.example,call,email,{CANARY}"),
    "properties": ("interactions", "id,occurred_at,namespace,identifier,touchpoint,properties",
                   FRIEND),
    "texts": ("perceptions", "id,occurred_at,namespace,identifier,instrument,raw,about,text,title",
              ANSWER),
    "traits": ("traits", "id,occurred_at,namespace,identifier,name,value",
               f"r1,2025-01-05,email,bob@stays.example,referred_by,{CANARY}"),
    "links": ("links",
              "id,occurred_at,namespace,identifier,other_namespace,other_identifier,evidence",
              f"l1,2025-01-06,email,bob@stays.example,customer_no,B100200,told by {CANARY}"),
    "quarantine": ("interactions", "id,occurred_at,namespace,identifier,touchpoint",
                   f"q1,2025-01-07,email,{CANARY},nowhere"),
    "mentioned": ("interactions", "id,occurred_at,namespace,identifier,touchpoint,outcome",
                  f"q2,2025-01-07,email,bob@stays.example,nowhere,asked for {CANARY}"),
    "conflict": ("interactions", "id,occurred_at,namespace,identifier,touchpoint,outcome",
                 f"x1,2025-01-08,email,{CANARY},call,ok"),
}  # fmt: skip


def bring(workspace, folder, name, row=None, source=""):
    kind, header, line = RECORDS[name]
    (folder / f"{name}.csv").write_text(f"{header}\n{row or line}\n")
    text = SOURCE.format(name=name, kind=kind)
    (folder / f"{name}.toml").write_text(text)
    return workspace.import_source(folder / f"{name}.toml", now=NOW).total


def log_of(workspace, *events):
    log = Log(workspace.log, lambda *_: None)
    for event in events:
        text = json.dumps(event).encode()
        log.append(encode(Taken("own", "hook", 10**15, 0, [text], [event["id"]])), 0)
    log.close()
    return sealed(workspace.log)


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A workspace that names somebody in every place we know of."""
    own = everytouch.create(tmp_path / "w", secret=SECRET)
    (own.path / "catalogue.yaml").write_text(CATALOGUE)
    (tmp_path / "in").mkdir()
    for name in RECORDS:
        bring(own, tmp_path / "in", name)
    bring(own, tmp_path / "in", "conflict", RECORDS["conflict"][2].replace(",ok", ",failed"))
    log_of(own, {"id": "w1", "event": "unknown", "deep": [{"to": CANARY}]})
    log_of(own, {"id": "w2", "event": "unknown", "note": f"call {CANARY} back"})
    own.drain().run()
    (path,) = log_of(own, {"id": "w3", "event": "unknown", "to": CANARY})
    set_aside(path)
    (path,) = log_of(own, {"id": "w4", "event": "unknown", "to": CANARY})
    for place in ("uploads/a1/file/list.csv", "fetched/staged/crm.1/rows.csv"):
        (own.path / place).parent.mkdir(parents=True)
        (own.path / place).write_text(CANARY)
    with sqlite3.connect(own.path / "app.sqlite3") as store:
        store.execute("CREATE TABLE web_job (id INTEGER, payload TEXT, progress TEXT, result TEXT)")
        job = json.dumps({"answer": [f"first: {CANARY}"], "n": 3})
        store.execute("INSERT INTO web_job VALUES (1, '{}', '{}', ?)", [job])
    store.close()
    (own.path / "rules.yaml").write_text(f"# ask {CANARY}\n- event: Heartbeat\n  ignore: true\n")
    (own.path / "sources").mkdir(exist_ok=True)
    (own.path / "sources" / "old.csv.gz").write_bytes(gzip.compress(CANARY.encode()))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    stale = tmp_path / "tmp" / "everytouch-staging-999999999-x"
    stale.mkdir(parents=True)
    (stale / "f-0.parquet").write_text(CANARY)
    own.trails()
    return everytouch.open(own.path)


def places(folder: Path) -> set[str]:
    """Every file that names the canary, whatever it is packed in."""
    found = set()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet" and content[:4] == b"PAR1":
            content += json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        if path.suffix == ".gz":
            content += gzip.decompress(content)
        if CANARY.encode() in content.lower():
            found.add(path.relative_to(folder).as_posix())
    return found


def test_a_canary_in_twenty_places_is_gone_or_named_in_the_certificate(named, tmp_path):
    before = places(named.path) | places(tmp_path / "tmp")
    tables = {"interactions", "perceptions", "traits", "links", "quarantine", "conflicts"}
    assert tables <= {name.split("/")[1] for name in before if name.startswith("ledger/")}
    assert len(before) >= 14, before
    done = named.erase_party(named.find(f"email:{CANARY}"), "asked for it")
    said = json.loads(done.text)
    assert places(tmp_path / "tmp") == set()
    left = places(named.path)
    assert left == {line.partition(":")[0] for line in said["left"]}
    assert left == {"rules.yaml", "sources/old.csv.gz"}
    assert CANARY not in done.text
    assert all(line.partition(":")[2] for line in said["left"])
    assert said["masked"] == {"interactions": 1, "perceptions": 1, "traits": 1, "links": 1,
                              "quarantine": 2}  # fmt: skip
    assert said["removed"]["quarantine"] == 3  # the record and the webhooks that are about them
    assert any("app.sqlite3" in line for line in said["elsewhere"])
    assert len(said["looked_in"]) == 8


def test_others_keep_all_else_and_are_recognised_again(named, tmp_path):
    named.erase_party(named.find(f"email:{CANARY}"))
    rows = {row.id: row for row in named.trail("email:bob@stays.example").rows}
    assert rows["t1"].text == f"about {MASK} – Bob Brown and {MASK}, {MASK} helped"
    (props,) = named.sql("SELECT properties FROM interactions WHERE id = 'p1'").to_pylist()
    assert json.loads(props["properties"]) == {"friend": MASK, "plan": "gold"}
    for name in ("properties", "texts", "traits"):
        counts = bring(named, tmp_path / "in", name)
        assert (counts.duplicate, counts.conflict, counts.stored) == (1, 0, 0), name
    assert bring(named, tmp_path / "in", "own").refused == 1
    (job,) = sqlite3.connect(named.path / "app.sqlite3").execute("SELECT result FROM web_job")
    assert json.loads(job[0]) == {"answer": [f"first: {MASK}"], "n": 3}
    assert named.verify().whole


def test_short_identifiers_are_not_sought_in_texts():
    words = Words(("7", "12345", "ana", "123456", "a.b+c@x.org", "Ünal"))
    assert words.sought == ("a.b+c@x.org", "123456", "Ünal")
    assert words.too_short == 3
    assert words.masked("A.B+C@X.org? (ünal) 1234567 ünalx aab+c@x.org") == (
        f"{MASK}? ({MASK}) 1234567 ünalx aab+c@x.org"
    )


def test_an_erasure_that_died_after_masking_masks_again(named, monkeypatch):
    from everytouch.ledger import erasure

    def dies(*_: object) -> None:
        raise OSError("out of space")

    party = named.find(f"email:{CANARY}")
    monkeypatch.setattr(erasure, "forget", dies)
    with pytest.raises(OSError, match="space"):
        named.erase_party(party)
    monkeypatch.undo()
    again = everytouch.open(named.path)
    keys = erasure.erasures(again.tables)[-1].keys
    with again.tables.writing():
        erasure.erase(again.tables, SECRET, keys, NOW)
    shutil.rmtree(again.path / "trails")
    assert not [name for name in places(again.path) if name.startswith("ledger/")]
