"""The simulated company: the same seed, the same bytes; the rates it says it has."""

import hashlib
import json

import pyarrow.parquet as pq
import pytest

from everytouch.simulate.api import simulate
from everytouch.simulate.company import COMPANY


def digests(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        simulate(tmp_path / name, 200, 1.0, 5)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    simulate(tmp_path / "c", 200, 1.0, 6)
    assert (
        digests(tmp_path / "a")["interactions.parquet"]
        != digests(tmp_path / "c")["interactions.parquet"]
    )


def test_ids_are_unique_and_counts_true(company):
    ids = [
        pq.read_table(company.folder / f"{name}.parquet", columns=["id"])["id"].to_pylist()
        for name in ("interactions", "perceptions")
    ]
    assert sum(map(len, ids)) == company.moments
    assert all(len(part) == len(set(part)) for part in ids)


def test_rates_are_those_of_the_truth(company):
    table = pq.read_table(company.folder / "interactions.parquet").to_pandas()
    unpacked = table[table.touchpoint == "parcel_unpacked"]
    assert (unpacked.outcome == "damaged").mean() == pytest.approx(COMPANY.damaged, abs=0.01)
    delivered = table[table.touchpoint == "parcel_delivered"]
    late = (delivered.occurred_at > delivered.due_at).mean()
    assert COMPANY.late_urban < late < COMPANY.late_rural


def test_a_minority_answers_and_it_is_biased(company):
    answers = pq.read_table(company.folder / "perceptions.parquet").to_pandas()
    asked = answers[answers.instrument == "nps"]
    truth = json.loads((company.folder / "truth.json").read_text())
    assert len(asked) / truth["purchases"] < 0.3
    assert asked.raw.mean() * 10 < truth["mean_feeling"] - 1


def test_every_kind_of_party_has_a_life(simulated):
    kinds = simulated.tables.query(
        "interactions", "SELECT party_kind, count(*) AS n FROM ledger GROUP BY 1"
    ).to_pylist()
    assert {row["party_kind"] for row in kinds} == {"customer", "employee", "partner"}
    assert len(simulated.trails().touchpoints) == 21
