"""Trails against the ledger they are built from."""

import numpy as np

import everytouch
from everytouch.engine.api import LocalEngine
from everytouch.identity.api import current
from everytouch.journeys.api import graph, paths, sessions
from everytouch.trails import model, store
from everytouch.trails.api import INTERACTION, PERCEPTION, load
from everytouch.trails.build import Builder
from everytouch.trails.model import bucket_numbers
from everytouch.trails.records import READ


def test_every_moment_is_in_the_trails_once(simulated):
    trails = simulated.trails()
    keys = np.concatenate([bucket["key"] for bucket in trails.buckets])
    stored = [
        simulated.tables.read(name, ["key_first"])["key_first"].to_numpy()
        for name in ("interactions", "perceptions")
    ]
    assert np.array_equal(np.sort(keys), np.sort(np.concatenate(stored)))
    kinds = np.concatenate([bucket["kind"] for bucket in trails.buckets])
    assert (kinds == INTERACTION).sum() == len(stored[0])
    assert (kinds == PERCEPTION).sum() == len(stored[1])


def many_buckets(workspace, folder):
    tables = workspace.tables
    builder = Builder(tables, current(tables), workspace._secret, bucket_rows=5_000, threads=2)
    files = {name: tables.files(name) for name in READ}
    builder.build(folder, folder.name, files, {})
    return load(folder)


def test_buckets_hold_whole_trails_in_order(simulated, tmp_path):
    trails = many_buckets(simulated, tmp_path / "t")
    assert len(trails.buckets) > 10
    for bucket in trails.buckets:
        numbers = bucket_numbers(bucket.parties, len(trails.buckets))
        assert (numbers == bucket.number).all()
        assert (np.diff(bucket.parties) > 0).all()
        step = np.diff(bucket["time"])
        inside = np.diff(bucket.owner()) == 0
        assert (step[inside] >= 0).all()
    assert sum(len(bucket.parties) for bucket in trails.buckets) == trails.parties


def test_money_in_trails_is_exact(simulated):
    exact = simulated.tables.query(
        "interactions", "SELECT sum(amount) AS a, sum(cost) AS c FROM ledger"
    ).to_pylist()[0]
    buckets = simulated.trails().buckets
    assert sum(int(b["amount"].sum()) for b in buckets) == int(exact["a"] * 10_000)
    assert sum(int(b["cost"].sum()) for b in buckets) == int(exact["c"] * 10_000)


def test_the_number_of_buckets_changes_no_result(simulated, tmp_path):
    one, many = simulated.trails(), many_buckets(simulated, tmp_path / "t")
    for ask in (graph, paths, sessions):
        first, second = (
            [
                {k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()}
                for row in ask(trails, LocalEngine(threads)).to_pylist()
            ]
            for trails, threads in ((one, 1), (many, 2))
        )
        assert first == second


def test_new_moments_are_seen_and_old_trails_go(workspace, company):
    assert workspace.trails().moments == 0
    workspace.import_source(company.source)
    assert workspace.trails().moments == company.moments
    assert len(list((workspace.path / "trails").glob("*-*-*"))) == 1


def test_damaged_trails_are_built_again(workspace, company):
    workspace.import_source(company.source)
    workspace.trails()
    manifest = next((workspace.path / "trails").glob("*/manifest.json"))
    manifest.write_text(manifest.read_text()[:100])
    assert workspace.trails().moments == company.moments


def test_a_changed_bit_in_any_file_of_the_trails_is_never_counted(workspace, company):
    workspace.import_source(company.source)
    before = workspace.perception()
    folder = next((workspace.path / "trails").glob("*-*-*"))
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert {"sums", "manifest.json", "score.npy"} <= {path.name for path in files}
    for path in files:
        place = workspace.path / "trails" / path.relative_to(workspace.path / "trails")
        content = bytearray(place.read_bytes())
        content[len(content) // 2] ^= 4
        place.write_bytes(content)
        store._load.cache_clear()  # as a process that begins now
        model._MAPPED.clear()
        assert everytouch.open(workspace.path).perception() == before, path


def test_a_build_that_died_leaves_nothing_in_the_way(workspace, company):
    workspace.import_source(company.source)
    left = workspace.path / "trails" / "building-999999999"
    left.mkdir(parents=True)
    (left / "0000.spill").write_bytes(b"half")
    assert workspace.trails().moments == company.moments
    assert not left.exists()
