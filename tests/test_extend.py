"""Trails that are extended, against trails rebuilt from the same ledger."""

import dataclasses
import datetime
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import everytouch
from everytouch.catalogue.api import Segment
from everytouch.engine.api import LocalEngine
from everytouch.errors import StaleScopeError
from everytouch.identity.api import current, resolve
from everytouch.journeys.api import funnel, graph, paths, retention, sessions
from everytouch.ledger.api import TABLES, Loader
from everytouch.moments.api import schema
from everytouch.trails import store
from everytouch.trails.api import COLUMNS, load
from everytouch.trails.build import Builder
from everytouch.trails.records import READ
from everytouch.workspace import Workspace
from tests.conftest import NOW, SECRET, histories
from tests.test_moments import WORDS

POINTS = ("web", "shop", "call", "parcel")


def moment(number, person, minutes, point=0, also=None, sequence=None):
    """One interaction as it is sent."""
    return {
        "id": f"m{number}",
        "occurred_at": NOW + datetime.timedelta(minutes=minutes),
        "namespace": "n",
        "identifier": f"p{person}",
        "touchpoint": POINTS[point],
        "also": None if also is None else [f"n:p{also}"],
        "sequence": sequence,
    }


def send(workspace, rows, kind="interactions"):
    names = schema(kind).names
    table = pa.Table.from_pylist([{n: row.get(n) for n in names} for row in rows], schema(kind))
    Loader(workspace.tables, SECRET, "s", NOW, WORDS).store(kind, table)


def statement(number, a, b, *, same, days=0):
    return {
        "id": f"l{number}",
        "occurred_at": NOW + datetime.timedelta(days=days),
        "namespace": "n",
        "identifier": f"p{a}",
        "other_namespace": "n",
        "other_identifier": f"p{b}",
        "same": same,
        "evidence": "said so",
    }


def contents(trails):
    """Every moment that counts: party, place in its trail, and all of its columns, by names."""
    rows = []
    for bucket in trails.buckets:
        for at in np.flatnonzero(bucket.live):
            for row in range(bucket.offsets[at], bucket.offsets[at + 1]):
                values = {name: bucket[name][row].item() for name in COLUMNS}
                for name, known in (
                    ("touchpoint", trails.touchpoints),
                    ("outcome", trails.outcomes),
                    ("instrument", trails.instruments),
                ):
                    values[name] = known[values[name]] if values[name] >= 0 else None
                step = row - int(bucket.offsets[at])
                rows.append((int(bucket.parties[at]), step, str(sorted(values.items()))))
    return sorted(rows)


def anew(workspace, folder):
    """Trails of the same ledger, built as a whole."""
    tables = workspace.tables
    files = {name: tables.files(name) for name in READ}
    resolution = resolve(tables.read("links", TABLES["links"].names))
    builder = Builder(tables, resolution, SECRET, bucket_rows=40, threads=2)
    builder.build(folder, folder.name, files, {})
    return load(folder)


def same_as_anew(workspace, folder):
    extended, whole = workspace.trails(), anew(workspace, folder)
    assert contents(extended) == contents(whole)
    for name in ("moments", "parties", "first", "last"):
        assert getattr(extended, name) == getattr(whole, name), name
    return extended


@pytest.fixture
def small(workspace):
    """A workspace of a thousand persons, 4,000 moments in four buckets."""
    return shop(workspace)


def shop(workspace):
    tuned = dataclasses.replace(workspace.settings, bucket_rows=1_000)
    object.__setattr__(workspace, "settings", tuned)
    rng = np.random.default_rng(5)
    send(workspace, [
        moment(i, int(rng.integers(1000)), int(rng.integers(50_000)), int(rng.integers(4)))
        for i in range(4_000)
    ])  # fmt: skip
    workspace.trails()
    return workspace


def written(workspace):
    """Size and time of each file of the trails."""
    files = (workspace.path / "trails").rglob("*.npy")
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_one_moment_writes_one_trail_and_nothing_else_again(small, tmp_path):
    before, base = written(small), small.trails()
    send(small, [moment("new", 3, 70_000, also=None)])
    after = same_as_anew(small, tmp_path / "whole")
    now = written(small)
    assert before.items() <= now.items()
    assert len(after.buckets) == len(base.buckets) + 1
    bucket, rows = after.rows_of(int(after.buckets[-1].parties[0]))
    assert bucket is after.buckets[-1]
    assert rows == slice(0, len(bucket))
    assert len(bucket) < 20
    assert sum(len(b.hidden) for b in after.buckets) == 1


def test_what_is_mapped_already_is_mapped_once(small):
    base = small.trails()
    send(small, [moment("new", 3, 70_000)])
    after = small.trails()
    for old, new in zip(base.buckets, after.buckets, strict=False):
        assert old["time"] is new["time"]


def test_a_bucket_travels_with_what_is_hidden_in_it(small):
    send(small, [moment("new", 3, 70_000)])
    for bucket in small.trails().buckets:
        there = pickle.loads(pickle.dumps(bucket))
        assert there == bucket
        assert there.live.tolist() == bucket.live.tolist()


def test_layers_stay_few_and_moments_are_copied_seldom(small, tmp_path):
    """Sixty updates: layers are a logarithm of them."""
    copied, seen = 0, set(written(small))
    for i in range(60):
        send(small, [moment(f"n{i}", i * 4, 60_000 + i)])
        trails = small.trails()
        assert len(trails.layers) <= 7  # the oldest, and twice, twice … of five moments
        times = {path for path in written(small) if path.name == "time.npy"} - seen
        copied += sum(len(np.load(path, mmap_mode="r")) for path in times)
        seen |= times
    same_as_anew(small, tmp_path / "whole")
    assert copied < 60 * 6 * 7  # six moments a trail, each copied a logarithm of times


def test_a_link_brings_two_trails_together(small, tmp_path):
    parties = small.trails().parties
    send(small, [statement(1, 10, 11, same=True)], "links")
    trails = same_as_anew(small, tmp_path / "one")
    assert trails.parties == parties - 1
    assert len(trails.layers) == 2
    send(small, [moment("x", 11, 9, also=12), moment("y", 5000, 9, also=10)])
    assert same_as_anew(small, tmp_path / "two").parties == parties - 2


def test_who_is_parted_is_built_anew(small, tmp_path):
    send(small, [statement(1, 10, 11, same=True)], "links")
    assert len(small.trails().layers) == 2
    send(small, [statement(2, 10, 11, same=False, days=1)], "links")
    assert len(same_as_anew(small, tmp_path / "parted").layers) == 1
    send(small, [statement(3, 10, 12, same=True, days=2)], "links")
    same_as_anew(small, tmp_path / "later")
    send(small, [moment("z", 10, 1)])  # no statement: only a moment
    assert len(same_as_anew(small, tmp_path / "moment").layers) == 2


def test_compaction_adds_nothing_and_loses_nothing(small, tmp_path):
    for i in range(3):
        send(small, [moment(f"c{i}", i, 70_000 + i)])
    small.tables.compact("interactions")
    send(small, [moment("c4", 7, 70_009)])
    assert len(same_as_anew(small, tmp_path / "whole").layers) == 2


def test_who_is_erased_is_in_no_file_of_the_trails(small, tmp_path):
    send(small, [moment("e", 42, 70_000, also=None)])
    trails = small.trails()
    party = int(trails.buckets[-1].parties[0])
    keys = trails.buckets[-1]["key"].tolist()
    small.erase_party(party)
    same_as_anew(small, tmp_path / "whole")
    for path in (small.path / "trails").rglob("key.npy"):
        assert not np.isin(np.load(path), keys).any()


def test_sequences_order_what_happened_at_one_time(small, tmp_path):
    for i, sequence in enumerate((5, 1, 3)):
        send(small, [moment(f"s{i}", 77, 80_000, i, sequence=sequence)])
        same_as_anew(small, tmp_path / f"w{i}")


def test_questions_answer_as_on_trails_built_anew(small, tmp_path):
    for i in range(30):
        send(small, [moment(f"q{i}", i * 17, 60_000 + i, i % 4, also=i + 2000)])
    small.trails()
    whole = anew(small, tmp_path / "whole")
    engine = LocalEngine(2)
    for ask in (
        graph, paths, sessions, lambda trails, engine: retention(trails, engine, "UTC"),
        lambda trails, engine: funnel(trails, engine, ["web", "call"]),
    ):  # fmt: skip
        assert ask(small.trails(), engine).to_pylist() == ask(whole, engine).to_pylist()
    assert small.sql("SELECT count(*) AS n FROM moments")["n"].to_pylist() == [whole.moments]


def test_a_scope_of_older_trails_is_refused_and_a_pinned_workspace_keeps_its_own(small):
    chosen = Segment(name="at_web", label="At web", touchpoint="web")
    pinned = small.pin()
    scope, before = pinned.selected(chosen), pinned.graph(pinned.selected(chosen))
    send(small, [moment("new", 3, 70_000)])
    assert pinned.graph(scope).to_pylist() == before.to_pylist()
    with pytest.raises(StaleScopeError, match="make the scope again"):
        small.graph(scope)
    assert small.graph(small.selected(chosen)).to_pylist() != before.to_pylist()


def test_two_processes_write_one_after_the_other(small, monkeypatch):
    """Who waited for the lock finds what the other has written, and writes nothing."""
    send(small, [moment("t", 3, 70_000)])
    other = Workspace(small.path)
    there = other.trails()
    monkeypatch.setattr(store, "extend", None)
    monkeypatch.setattr(store, "Builder", None)
    assert small.trails() is there


STEP = st.one_of(
    st.tuples(st.just("moments"), st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 5), st.integers(0, 3),
                  st.none() | st.integers(0, 15), st.none() | st.integers(0, 3)),
        min_size=1, max_size=6)),
    st.tuples(st.just("same"), st.tuples(st.integers(0, 15), st.integers(0, 15))),
    st.tuples(st.just("parted"), st.tuples(st.integers(0, 15), st.integers(0, 15))),
    st.tuples(st.just("compact"), st.none()),
)  # fmt: skip


@histories(12)
@given(st.lists(STEP, min_size=1, max_size=7))
def test_any_history_gives_the_trails_of_its_ledger(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("history")
    workspace = everytouch.create(folder / "w", secret=SECRET)
    object.__setattr__(
        workspace, "settings", dataclasses.replace(workspace.settings, bucket_rows=1_000)
    )
    send(workspace, [moment(f"first{i}", i % 16, i, i % 4) for i in range(200)])
    workspace.trails()
    for number, (what, given_) in enumerate(steps, 1):
        if what == "moments":
            send(workspace, [
                moment(f"{number}-{i}", person, minutes, point, also, sequence)
                for i, (person, minutes, point, also, sequence) in enumerate(given_)
            ])  # fmt: skip
        elif what == "compact":
            workspace.tables.compact("interactions")
        elif given_[0] != given_[1]:
            row = statement(number, *given_, same=what == "same", days=number)
            send(workspace, [row], "links")
        same_as_anew(workspace, folder / f"whole{number}")
        links = workspace.tables.read("links", ["party_key", "other_key", "same", "occurred_at",
                                                "received_at", "key_first"])  # fmt: skip
        keys = np.union1d(links["party_key"].to_numpy(), links["other_key"].to_numpy())
        found = current(workspace.tables).party(keys)
        assert np.array_equal(found, resolve(links).party(keys))
