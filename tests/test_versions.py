"""Conflicts and corrections: what becomes of a record that comes again with other content."""

import contextlib
import datetime
import json
import shutil
import threading

import msgspec
import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake
from hypothesis import example, given
from hypothesis import strategies as st

import everytouch
from everytouch.cli.commands import main
from everytouch.collect.dialects.base import Taken
from everytouch.errors import UnknownNameError, WorkspaceError
from everytouch.journal.api import Log
from everytouch.ledger.api import TABLES, Loader, Tables, entries, pack, unpack
from everytouch.ledger.content import content_of, with_time
from everytouch.moments.api import Vocabulary, schema
from tests.conftest import SECRET, histories
from tests.test_extend import same_as_anew

encode = msgspec.msgpack.Encoder().encode
JAN = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
CATALOGUE = """organisation: Acme
stages: [buy]
touchpoints:
  checkout: {label: Check-out, stage: buy, channel: web, element: process}
  store: {label: Store, stage: buy, channel: store, element: place}
instruments:
  nps: {label: Recommend, kind: nps, low: 0, high: 10}
  csat: {label: Satisfaction, kind: csat, low: 1, high: 5}
"""
ORDERS = """name = "shop"
{versions}
[inputs.orders]
path = "orders.csv"
[[interactions]]
sql = '''SELECT id, "at" AS occurred_at, 'customer' AS namespace, who AS identifier,
  CASE WHEN also IS NOT NULL THEN [also] END AS also,
  place AS touchpoint, amount FROM orders'''
"""
HEADER = "id,at,who,also,place,amount\n"


def day(number):
    return JAN + datetime.timedelta(days=number)


def made(folder, name="w"):
    workspace = everytouch.create(folder / name, "Acme", secret=SECRET)
    (workspace.path / "catalogue.yaml").write_text(CATALOGUE)
    return workspace


@pytest.fixture
def own(tmp_path):
    return made(tmp_path)


def order(one, amount=10, who="ana", at="2026-01-01 10:00", also="", place="checkout"):
    return f"{one},{at},{who},{also},{place},{amount}"


def bring(workspace, *lines, versions="", now=None):
    """Import orders from a CSV file by a source file."""
    folder = workspace.path.parent
    (folder / "orders.csv").write_text(HEADER + "\n".join(lines) + "\n")
    stated = f'versions = "{versions}"' if versions else ""
    text = ORDERS.format(versions=stated)
    (folder / "source.toml").write_text(text)
    return workspace.import_source(folder / "source.toml", now=now).total


def said(workspace, *words):
    """What a command prints."""
    done = CliRunner().invoke(main, ["-w", str(workspace.path), *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def adds_up(workspace):
    for one in workspace.status():
        ever = one.ever
        assert ever.received == (
            ever.stored + ever.duplicate + ever.conflict + ever.quarantined + ever.refused
        )


def total(workspace):
    """The sum of all amounts, by three ways of asking that agree."""
    trails = workspace.trails()
    told = sum(
        int(bucket["amount"][i]) for bucket in trails.buckets for i in range(len(bucket))
        if bucket.live[bucket.owner()[i]]
    ) / 10_000  # fmt: skip
    (by_sql,) = workspace.sql("SELECT coalesce(sum(amount), 0) AS n FROM moments")["n"].to_pylist()
    (ledger,) = workspace.sql("SELECT coalesce(sum(amount), 0) AS n FROM interactions")[
        "n"
    ].to_pylist()
    assert told == by_sql == float(ledger)
    return told


def test_the_same_content_is_a_duplicate_and_other_content_a_conflict(own):
    assert bring(own, order("a", 10), order("b", 20)).stored == 2
    again = bring(own, order("a", 10), order("b", 25))
    assert (again.duplicate, again.conflict, again.stored) == (1, 1, 0)
    assert total(own) == 30
    adds_up(own)


def test_a_correction_counts_from_then_on(own):
    bring(own, order("a", 10), order("b", 20), versions="newest", now=day(1))
    assert total(own) == 30
    told = bring(own, order("a", 12), order("b", 20), versions="newest", now=day(2))
    assert (told.stored, told.duplicate, told.conflict) == (1, 1, 0)
    assert total(own) == 32
    assert own.status()[0].stored["interactions"] == 2
    adds_up(own)


def test_the_same_import_again_adds_nothing_whatever_versions_a_file_holds(own):
    lines = [order("a", 1), order("b", 5), order("a", 2), order("a", 3)]
    assert bring(own, *lines, versions="newest").stored == 4
    for _ in range(2):
        again = bring(own, *lines, versions="newest")
        assert (again.stored, again.duplicate) == (0, 4)
    assert total(own) == 8
    adds_up(own)


def test_the_last_that_an_import_says_counts_also_when_it_said_so_before(own):
    bring(own, order("a", 10), versions="newest")
    bring(own, order("a", 12), versions="newest")
    back = bring(own, order("a", 10), versions="newest")
    assert (back.received, back.stored, back.duplicate) == (1, 1, 0)
    assert total(own) == 10
    assert [v.record["amount"] for v in own.versions("shop", "a")] == [10, 12, 10]
    bring(own, order("a", 12), order("a", 10), versions="newest")  # said, and taken back
    assert total(own) == 10
    assert len(own.versions("shop", "a")) == 3
    adds_up(own)


def test_both_versions_are_readable_and_reading_is_audited(own):
    bring(own, order("a", 10), versions="newest", now=day(1))
    bring(own, order("a", 12), versions="newest", now=day(2))
    first, second = own.versions("shop", "a")
    assert [(v.number, v.counts, v.received_at) for v in (first, second)] == [
        (1, False, day(1)), (2, True, day(2))
    ]  # fmt: skip
    assert (first.record["amount"], second.record["amount"]) == (10, 12)
    assert [entry.action for entry in entries(own.path)][:1] == ["read versions"]
    with pytest.raises(UnknownNameError, match="no record 'z'"):
        own.versions("shop", "z")
    (moment,) = own.trail("customer:ana").rows
    assert moment.amount == 12


def test_as_known_then_gives_the_older_figure(own):
    bring(own, order("a", 10), order("b", 20), versions="newest", now=day(1))
    bring(own, order("a", 12), order("c", 5), versions="newest", now=day(3))
    bring(own, order("a", 10), versions="newest", now=day(5))
    figures = [total(own.as_known(day(n))) for n in range(6)]
    assert figures == [0, 30, 30, 37, 37, 35]
    assert total(own) == 35
    then = own.as_known(day(2))
    assert then.trail("customer:ana").rows[0].amount == 10
    assert then.status()[0].stored["interactions"] == 2
    with pytest.raises(WorkspaceError, match="read only"):
        bring(then, order("z"))


def test_links_are_as_known_then(own):
    bring(own, order("a", who="ana", also="card:d1"), order("b", who="bob"), now=day(1))
    bring(own, order("c", who="bob", also="card:d1"), now=day(2))
    assert own.as_known(day(1)).trails().parties == 2
    assert own.trails().parties == 1


def test_a_command_answers_as_known_then(own):
    bring(own, order("a", place="store"), versions="newest", now=day(1))
    bring(own, order("a", place="checkout"), versions="newest", now=day(3))
    then = said(own, "graph", "--known-at", "2026-01-03", "--json")
    now = said(own, "graph", "--json")
    assert "store" in then
    assert "checkout" not in then
    assert "store" not in now


@pytest.mark.parametrize("take", ["new", "stored"])
def test_a_conflict_is_resolved_either_way(own, take):
    bring(own, order("a", 10), now=day(1))
    bring(own, order("a", "1234567890123.4567"), now=day(2))
    (one,) = own.conflicts()
    assert one.differs == ("amount",)
    assert one.held.row["amount"] == "1234567890123.4567"  # exactly as it was sent
    assert own.status()[0].conflicts == 1
    code = json.loads(said(own, "conflicts", "list", "--json"))[0]["code"]
    assert "1234567890123.4567" in said(own, "conflicts", "show", code[:8])
    assert "1 conflicts resolved" in said(own, "conflicts", "resolve", code, "--take", take)
    assert own.conflicts() == ()
    (counted,) = own.sql("SELECT amount FROM interactions")["amount"].to_pylist()
    assert str(counted) == ("1234567890123.4567" if take == "new" else "10.0000")
    assert len(own.versions("shop", "a")) == 2
    for amount in (10, "1234567890123.4567"):  # both are known now
        assert bring(own, order("a", amount)).duplicate == 1
    assert own.conflicts() == ()
    assert own.as_known(day(1)).sql("SELECT amount FROM interactions")["amount"].to_pylist() == [10]
    adds_up(own)


def test_a_conflict_is_held_once_and_counted_each_time(own):
    bring(own, order("a", 10))
    for _ in range(3):
        assert bring(own, order("a", 11)).conflict == 1
    assert len(own.conflicts()) == 1
    bring(own, order("a", 12))
    assert len(own.conflicts()) == 2
    own.resolve([c.held for c in own.conflicts("shop")], take=True)
    assert total(own) == 12  # the last one that came
    assert len(own.versions("shop", "a")) == 3


def test_a_correction_may_change_whose_when_and_where(own, tmp_path):
    bring(own, *(order(f"o{i}", i, f"p{i % 7}", f"2026-01-0{1 + i % 5} 10:00") for i in range(60)),
          versions="newest")  # fmt: skip
    layers = len(own.trails().layers)
    for number, change in enumerate((
        {"who": "p1"}, {"who": "new"}, {"at": "2025-01-01 10:00"}, {"at": "2027-01-01 10:00"},
        {"place": "store"}, {"amount": 99},
    )):  # fmt: skip
        line = order(**{"one": f"o{number * 7}", "amount": 1, "who": "p0"} | change)
        bring(own, line, versions="newest", now=day(400 + number))
        same_as_anew(own, tmp_path / f"whole{number}")
    assert len(own.trails().layers) > layers  # extended, not built again


def test_who_has_no_other_moment_is_gone_when_it_was_somebody_elses(own, tmp_path):
    many = [order(f"o{i}", 1, f"p{i}") for i in range(40)]
    bring(own, *many, order("a", 5, "ana"), versions="newest")
    parties = own.trails().parties
    bring(own, order("a", 5, "p3"), versions="newest")
    assert same_as_anew(own, tmp_path / "whole").parties == parties - 1


def test_a_corrected_link_is_withdrawn(own, tmp_path):
    bring(own, order("a", who="ana", also="card:d1"), order("b", who="bob", also="card:d1"),
          versions="newest", now=day(1))  # fmt: skip
    assert own.trails().parties == 1
    bring(own, order("b", who="bob"), versions="newest", now=day(2))
    assert same_as_anew(own, tmp_path / "apart").parties == 2
    assert own.as_known(day(1)).trails().parties == 1
    bring(own, order("b", who="bob", also="card:d1"), versions="newest", now=day(3))
    assert same_as_anew(own, tmp_path / "together").parties == 1


def test_erasure_removes_every_version_and_what_is_held(own):
    bring(own, order("a", 10, "ana"), order("b", 10, "bob"), order("c", 1, "eve"),
          versions="newest")  # fmt: skip
    bring(own, order("a", 11, "bob"), order("b", 12, "bob"), order("c", 1, "eve"),
          versions="newest")  # fmt: skip
    bring(own, order("c", 7, "bob"))  # a conflict that names bob
    assert len(own.conflicts()) == 1
    own.erase_party(own.find("customer:bob"))
    assert own.conflicts() == ()
    rows = own.tables.read("interactions", ["id", "identifier"], every=True).to_pylist()
    assert rows == [{"id": "c", "identifier": "eve"}]  # ana's version does not count again
    assert total(own) == 1


def test_a_backup_and_small_files_put_together_keep_versions(own, tmp_path):
    for amount in (10, 11, 12):
        bring(own, order("a", amount), order("b", 1), versions="newest", now=day(amount))
    own.tables.compact("interactions")
    assert total(own) == 13
    packed = pack(own.path, tmp_path / "backups", {}, day(20))
    unpack(packed.path, tmp_path / "again")
    again = everytouch.open(tmp_path / "again")
    assert total(again) == 13
    assert total(again.as_known(day(11))) == 12
    assert len(again.versions("shop", "a")) == 3


def without_versions(workspace):
    """Make the ledger one that is older than versions, contents and inventories."""
    for name in ("interactions", "perceptions", "links", "traits", "imports"):
        names = [n for n in TABLES[name].names if n not in ("content", "version", "conflict")]
        rows = workspace.tables.read(name, names, every=True)
        shutil.rmtree(workspace.path / "ledger" / name)
        schema = pa.schema([TABLES[name].field(n) for n in names])
        DeltaTable.create(str(workspace.path / "ledger" / name), schema)
        write_deltalake(str(workspace.path / "ledger" / name), rows, mode="append")
    for name in ("conflicts", "inventory"):
        shutil.rmtree(workspace.path / "ledger" / name)


def test_an_older_ledger_opens_and_recognises_what_it_has(own):
    lines = [order("a", 10, also="card:d"), order("b", 20)]
    bring(own, *lines)
    without_versions(own)
    assert total(own) == 30
    assert own.conflicts() == ()
    assert own.status()[0].ever.stored == 2
    again = bring(own, *lines, order("b", 25))
    assert (again.duplicate, again.conflict, again.stored) == (2, 1, 0)
    bring(own, order("a", 15), versions="newest")
    assert total(own) == 35
    back = bring(own, order("a", 10, also="card:d"), order("a", 15), versions="newest")
    assert (back.stored, back.duplicate) == (0, 2)
    assert bring(own, order("a", 10, also="card:d"), versions="newest").stored == 1
    assert total(own) == 30


ANSWERS = """name = "survey"
[inputs.answers]
path = "answers.csv"
[[perceptions]]
sql = '''SELECT id, TIMESTAMP '2026-01-01 10:00' AS occurred_at, 'customer' AS namespace,
  who AS identifier, instrument, raw, 'relationship' AS about FROM answers'''
"""


def answer(workspace, *lines):
    folder = workspace.path.parent
    (folder / "answers.csv").write_text("id,who,instrument,raw\n" + "\n".join(lines) + "\n")
    (folder / "survey.toml").write_text(ANSWERS)
    return workspace.import_source(folder / "survey.toml").total


BOTH = ("r1,ana,nps,9", "r1,ana,csat,4")


@pytest.mark.parametrize("lines", [BOTH, BOTH[::-1]])
def test_two_answers_under_one_id_are_two_records(own, lines):
    assert answer(own, *lines).stored == 2
    assert answer(own, *lines[::-1]).duplicate == 2
    assert answer(own, "r1,ana,nps,3").conflict == 1
    assert sorted(v.record["instrument"] for v in own.versions("survey", "r1")) == ["csat", "nps"]


@pytest.mark.parametrize("kept", BOTH)
def test_answers_of_an_older_ledger_are_recognised(own, kept):
    answer(own, kept)
    without_versions(own)
    rows = own.tables.read("perceptions", ["id"])
    old, _ = Loader(own.tables, SECRET, "survey", day(0), Vocabulary(frozenset()))._stored.key(
        rows["id"]
    )
    path = str(own.path / "ledger" / "perceptions")
    DeltaTable(path).update(updates={"key_first": str(old[0])})
    again = answer(own, *BOTH)
    assert (again.stored, again.duplicate) == (1, 1)
    assert answer(own, *BOTH).duplicate == 2
    own.resolve([], take=True)
    name = kept.split(",")[2]
    assert answer(own, f"r1,ana,{name},2").conflict == 1
    own.resolve([c.held for c in own.conflicts()], take=True)
    assert len(own.versions("survey", "r1")) == 3
    raws = {
        v.record["instrument"]: v.record["raw"] for v in own.versions("survey", "r1") if v.counts
    }
    assert raws[name] == 2
    assert answer(own, *BOTH, f"r1,ana,{name},2").duplicate == 3


def survey(uuid, at, submission, done=False, **answers):
    """An event as PostHog's library sends it."""
    own = {"$survey_id": "s", "$survey_name": "Recommend", "$survey_submission_id": submission,
           "$survey_completed": done, "token": "t", **answers}  # fmt: skip
    return {"uuid": uuid, "event": "survey sent", "distinct_id": "ana", "timestamp": at,
            "properties": own}  # fmt: skip


def post(workspace, *events, source="app"):
    """Put events into the log as the collector does, and load it."""
    raw = [msgspec.json.encode(event) for event in events]
    ids = [event.get("uuid") or event.get("id") for event in events]
    dialect = "posthog" if "event" in events[0] else "own"
    now = int(datetime.datetime.now(datetime.UTC).timestamp() * 1e6)
    taken = Taken(dialect, source, now, 0, raw, ids)
    told = threading.Semaphore(0)
    log = Log(workspace.log, lambda tickets, _: [told.release() for _ in tickets])
    log.append(encode(taken), 0)
    told.acquire()
    log.close()
    return workspace.drain().run()


PARTIAL = survey("u1", "2026-01-01T10:00:00Z", "sub", **{"$survey_response": "3"})
WHOLE = survey("u2", "2026-01-01T10:00:09Z", "sub", True,
               **{"$survey_response": "3", "$survey_response_1": "Too slow"})  # fmt: skip


@pytest.mark.parametrize("groups", [
    [[PARTIAL], [WHOLE]], [[PARTIAL, WHOLE]], [[WHOLE], [PARTIAL]], [[WHOLE, PARTIAL]],
    [[PARTIAL], [WHOLE], [PARTIAL], [PARTIAL, WHOLE]],
])  # fmt: skip
def test_the_events_of_one_submission_are_versions_of_one_response(own, groups):
    for group in groups:
        post(own, *group)
    rows = own.sql("SELECT text, score FROM perceptions").to_pylist()
    assert rows == [{"text": "Too slow", "score": 30.0}]
    assert own.trails().moments == 1
    assert own.conflicts() == ()
    (name,) = {v.record["id"] for v in (v for v in own.versions("app", "survey submission\x1fsub"))}
    assert len(own.versions("app", name)) == 2
    adds_up(own)


GOOD = {"namespace": "customer", "identifier": "ana", "touchpoint": "checkout",
        "occurred_at": "2026-01-01T10:00:00Z"}  # fmt: skip


def test_programs_correct_what_they_sent_where_their_key_says_so(own):
    own.create_key("crm", versions="newest")
    own.create_key("till")
    for source in ("crm", "till"):
        for amount in (10, 12, 10):
            post(own, GOOD | {"id": "t1", "amount": amount}, source=source)
    ever = {one.source: one.ever for one in own.status()}
    assert (ever["crm"].stored, ever["crm"].conflict, ever["crm"].duplicate) == (2, 0, 1)
    assert (ever["till"].stored, ever["till"].conflict, ever["till"].duplicate) == (1, 1, 1)
    assert total(own) == 22
    adds_up(own)


def test_over_http_a_time_alone_is_no_other_content(own):
    post(own, GOOD | {"id": "t1"})
    assert post(own, GOOD | {"id": "t1", "occurred_at": "2026-01-01T10:00:01Z"}).duplicate == 1


class CrashedError(BaseException):
    """Stands for a process that is killed."""


@pytest.mark.parametrize("way", ["file", "log"])
@pytest.mark.parametrize("commit", range(8))
def test_a_crash_between_commits_changes_nothing(tmp_path, monkeypatch, way, commit):
    """Corrections, links, conflicts: what was broken off is run again, and ends the same."""

    def first(workspace):
        if way == "file":
            bring(workspace, order("a", 1, also="card:d"), order("b", 1), versions="newest")
        else:
            workspace.create_key("app", versions="newest")
            post(workspace, GOOD | {"id": "a", "also": ["card:d"]}, GOOD | {"id": "b"})

    def second(workspace):
        if way == "file":
            return bring(workspace, order("a", 2, who="bob"), order("b", 3), order("b", 4),
                         order("c", also="card:d"), versions="newest")  # fmt: skip
        sent = ("a", {"amount": 2}), ("b", {"amount": 3}), ("b", {"amount": 4})
        events = [GOOD | {"id": one} | more for one, more in (*sent, ("c", {"also": ["card:d"]}))]
        return post(workspace, *events)

    calm, struck = made(tmp_path / "calm"), made(tmp_path / "struck")

    for workspace in (calm, struck):
        first(workspace)
    second(calm)
    done, append = [0], Tables.append

    def dying(self, name, rows, stamp=None):
        if done[0] == commit:
            raise CrashedError
        done[0] += 1
        append(self, name, rows, stamp)

    with monkeypatch.context() as patch:
        patch.setattr(Tables, "append", dying)
        with contextlib.suppress(CrashedError):
            second(struck)
    if way == "file":
        second(struck)
    else:
        struck.drain().run()
        adds_up(struck)
        assert [one.ever for one in struck.status()] == [one.ever for one in calm.status()]
    for name in ("interactions", "links"):
        columns = ", ".join(n for n in TABLES[name].names if n != "received_at")
        sql = f"SELECT {columns} FROM ledger ORDER BY ALL"
        found = [w.tables.query(name, sql, every=True).to_pylist() for w in (struck, calm)]
        assert found[0] == found[1]


LINE = st.tuples(
    st.integers(0, 6), st.integers(0, 2), st.integers(0, 4),
    st.sampled_from(["", "card:1", "device:1", "device:2"]), st.integers(1, 4),
)  # fmt: skip


# A link that only one row of a file states, and the file's last row on that id does not.
TAKEN_BACK = [[(5, 1, 1, "card:1", 4), (5, 1, 1, "", 2)], [(5, 0, 3, "", 3)]]


@example(imports=TAKEN_BACK, again=False)
@histories(4)
@given(st.lists(st.lists(LINE, min_size=1, max_size=6), min_size=1, max_size=5), st.booleans())
def test_any_imports_give_what_the_last_of_them_say(tmp_path_factory, imports, again):
    """The last content of each id counts, trails are those of the ledger, imports repeat freely.

    All imports are later than all records: what lies in the future is quarantined.
    """
    folder = tmp_path_factory.mktemp("any")
    own, last = made(folder), {}
    base = [order(f"first{i}", 1, f"p{i}") for i in range(40)]
    bring(own, *base, versions="newest")
    own.trails()
    for number, lines in enumerate(imports):
        text = [
            order(f"o{one}", amount, f"p{who}", f"2026-01-0{at} 10:00", also)
            for one, amount, who, also, at in lines
        ]
        for _ in range(1 + again):
            bring(own, *text, versions="newest", now=day(10 + number))
        last |= {one: (amount, f"p{who}") for one, amount, who, _, _ in lines}
        if again:
            assert bring(own, *text, versions="newest", now=day(10 + number)).stored == 0
        same_as_anew(own, folder / f"whole{number}")
    found = own.sql("SELECT id, amount, identifier FROM interactions WHERE id LIKE 'o%'")
    assert {int(r["id"][1:]): (r["amount"], r["identifier"]) for r in found.to_pylist()} == last
    assert total(own) == 40 + sum(amount for amount, _ in last.values())
    adds_up(own)


TEXT = st.none() | st.text(st.characters(codec="utf-8"), max_size=20)
RECORD = st.fixed_dictionaries({
    "occurred_at": st.integers(0, 10**9).map(lambda s: JAN + datetime.timedelta(seconds=s)),
    "namespace": TEXT, "identifier": TEXT, "outcome": TEXT, "properties": TEXT,
    "also": st.none() | st.lists(TEXT.filter(bool), max_size=3),
    "correlations": st.none() | st.lists(TEXT.filter(bool), max_size=3),
    "duration_s": st.none() | st.floats(allow_nan=False),
    "amount": st.none() | st.decimals(-10**13, 10**13, places=4),
})  # fmt: skip


@given(st.lists(RECORD, min_size=1, max_size=6), st.integers(0, 5))
def test_equal_records_have_equal_content_wherever_they_lie(rows, cut):
    """Content depends on the values alone: not on the batch, its place, or missing columns."""
    names = schema("interactions").names
    whole = pa.Table.from_pylist(
        [{n: row.get(n) for n in names} for row in rows], schema("interactions")
    )
    said = content_of("interactions", whole, SECRET)
    parts = pa.concat_tables([whole.slice(0, cut), whole.slice(cut)])
    assert content_of("interactions", parts, SECRET).tolist() == said.tolist()
    for at in range(len(rows)):
        alone = whole.slice(at, 1)
        assert content_of("interactions", alone, SECRET).tolist() == [said[at]]
    timed = with_time(said, whole)

    def key(row, *left):
        also = sorted(row["also"]) if row["also"] is not None else None
        flat = {**row, "also": also, "duration_s": (row["duration_s"] or 0) + 0.0
                if row["duration_s"] is not None else None}  # fmt: skip
        return repr([flat[n] for n in flat if n not in left])

    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            same = key(one, "occurred_at") == key(other, "occurred_at")
            assert (said[i] == said[j]) == same
            assert (timed[i] == timed[j]) == (key(one) == key(other))
