"""Kinds of journeys against kinds that were planted, and groups against a reading by hand."""

import numpy as np
import pytest

from everytouch.errors import NotEnoughDataError
from everytouch.stats.groups import grouped, silhouette
from tests.test_extend import POINTS, moment, send


def test_silhouette_equals_its_definition():
    rng = np.random.default_rng(4)
    spots = rng.random((12, 2))
    apart = np.linalg.norm(spots[:, None] - spots[None], axis=2)
    labels = np.array([0] * 5 + [1] * 6 + [2])
    values = []
    for i in range(12):
        mine = [apart[i, j] for j in range(12) if labels[j] == labels[i] and j != i]
        others = [apart[i, labels == g].mean() for g in range(3) if g != labels[i]]
        if not mine:
            values.append(0.0)
            continue
        a, b = np.mean(mine), min(others)
        values.append((b - a) / max(a, b))
    assert silhouette(apart, labels) == pytest.approx(np.mean(values))


def test_as_many_groups_are_found_as_there_are():
    rng = np.random.default_rng(5)
    middles = np.eye(5)[:4] * 3
    truth = np.repeat(np.arange(4), [40, 30, 20, 10])
    vectors = np.abs(middles[truth] + rng.normal(0, 0.2, (100, 5)))
    labels, clear = grouped(vectors, 8)
    assert labels.tolist() == truth.tolist()  # counted from 0 by size
    assert clear > 0.7


def test_vectors_without_groups_part_less_clearly():
    rng = np.random.default_rng(6)
    _, clear = grouped(rng.random((200, 6)), 8)
    assert clear < 0.5


def planted(workspace):
    """300 browse and buy on the web, 150 in the shop, 50 only call, each with some noise."""
    rng = np.random.default_rng(7)
    rows = []
    for person in range(500):
        kind = 0 if person < 300 else 1 if person < 450 else 2
        steps = [[0, 0, 3], [1, 1, 1], [2, 2]][kind]
        if rng.random() < 0.1:
            steps = [*steps, int(rng.integers(4))]
        rows += [
            moment(f"{person}-{i}", person, person * 100 + i, step) for i, step in enumerate(steps)
        ]
    send(workspace, rows)


def test_planted_kinds_are_found_and_told(workspace):
    planted(workspace)
    found = workspace.journey_kinds(unit="party")
    assert found.silhouette > 0.6
    top = found.rows[:3]
    assert sum(row.journeys for row in found.rows) == 500
    assert [row.journeys for row in top] == pytest.approx([300, 150, 50], abs=25)
    assert [{m.touchpoint for m in row.marks if m.inside > 0.9} for row in top] == [
        {POINTS[0], POINTS[3]}, {POINTS[1]}, {POINTS[2]}
    ]  # fmt: skip
    assert top[0].typical == ("web", "web", "parcel")
    assert top[2].name == "with call"


def test_the_shares_of_marks_are_those_of_all_journeys(simulated):
    found = simulated.journey_kinds()
    rows = simulated.sql(
        "SELECT DISTINCT party, correlation, touchpoint FROM moments "
        "WHERE kind = 'interaction' AND correlation IS NOT NULL"
    ).to_pylist()
    everybody = {(row["party"], row["correlation"]) for row in rows}
    assert sum(row.journeys for row in found.rows) == len(everybody)
    assert sum(row.share for row in found.rows) == pytest.approx(1)
    passed = {}
    for row in rows:
        passed[row["touchpoint"]] = passed.get(row["touchpoint"], 0) + 1
    for kind in found.rows:
        for mark in kind.marks:
            inside = mark.inside * kind.journeys
            outside = mark.outside * (len(everybody) - kind.journeys)
            assert inside + outside == pytest.approx(passed[mark.touchpoint])


def test_the_web_and_the_store_are_kinds_of_orders(simulated):
    names = [row.name for row in simulated.journey_kinds().rows[:2]]
    assert "web_checkout" in names[0]
    assert "store" in names[1]


def test_too_few_journeys_are_said(workspace):
    send(workspace, [moment(i, i, i) for i in range(3)])
    with pytest.raises(NotEnoughDataError, match="3 journeys"):
        workspace.journey_kinds(unit="party")
