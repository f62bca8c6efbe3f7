"""What the app asks beyond the report: places, flows, volumes, movement; against SQL and truth."""

import datetime
import itertools

import numpy as np
import pytest

from everytouch.errors import UnknownNameError
from everytouch.trails.api import EVERYTHING, Wanted, newest


def test_volume_equals_sql(simulated):
    sql = """
        SELECT touchpoint, strftime(occurred_at, '%Y-%m') AS month, count(*) AS n,
               coalesce(sum(amount), 0)::DOUBLE AS amount, coalesce(sum(cost), 0)::DOUBLE AS cost
        FROM ledger GROUP BY ALL
    """
    rows = simulated.tables.query("interactions", sql).to_pylist()
    known = {(r["touchpoint"], r["month"]): r for r in rows}
    found = simulated.volume().rows
    assert {(r.touchpoint, r.month) for r in found} == set(known)
    for row in found:
        there = known[row.touchpoint, row.month]
        assert row.interactions == there["n"]
        assert (row.amount, row.cost) == pytest.approx((there["amount"], there["cost"]))


def walked(simulated):
    """Touchpoints of every trail, in order, read off the trails one by one."""
    trails = simulated.trails()
    for bucket in trails.buckets:
        for i in range(len(bucket.parties)):
            rows = slice(bucket.offsets[i], bucket.offsets[i + 1])
            codes = bucket["touchpoint"][rows][bucket["kind"][rows] == 0]
            yield [trails.touchpoints[code] for code in codes]


def test_flows_equal_a_reading_of_every_trail(simulated):
    stages = {p.name: p.stage for p in simulated.catalogue.touchpoints.values()}
    counts: dict[tuple[int, str, str], int] = {}
    for trail in walked(simulated):
        seen = [stages[name] for name in trail]
        changes = [(a, b) for a, b in itertools.pairwise(seen) if a != b][:6]
        for step, (a, b) in enumerate(changes, 1):
            counts[step, a, b] = counts.get((step, a, b), 0) + 1
    found = {(r.step, r.source, r.target): r.parties for r in simulated.stage_flows().rows}
    assert found == counts


def test_a_graph_at_places_joins_what_is_left(simulated):
    web = {p.name for p in simulated.catalogue.touchpoints.values() if p.channel == "web"}
    counts: dict[tuple[str, str], int] = {}
    for trail in walked(simulated):
        left = [name for name in trail if name in web]
        for pair in itertools.pairwise(left):
            counts[pair] = counts.get(pair, 0) + 1
    found = simulated.graph(simulated.scope(places={"channel": ["web"]})).rows
    assert {(e.source, e.target): e.count for e in found} == counts


def test_problems_elsewhere_are_held_still(simulated):
    """Narrowing to a place shows fewer findings, each with the same figures."""
    whole = {row.name: row for row in simulated.findings().rows}
    narrowed = simulated.findings(simulated.scope(places={"owner": ["Stores"]})).rows
    owners = {p.name for p in simulated.catalogue.touchpoints.values() if p.owner == "Stores"}
    assert {row.touchpoint for row in narrowed} <= owners
    assert narrowed
    for row in narrowed:
        there = whole[row.name]
        assert (row.moments, row.parties, row.lowers) == (
            there.moments,
            there.parties,
            there.lowers,
        )


def test_answers_at_a_place_are_about_it_or_passed_it(simulated):
    scope = simulated.scope(places={"touchpoint": ["help_call"]})
    cells = {c.instrument: c.n for c in simulated.perception("all", scope).rows}
    by_place = simulated.perception("touchpoint").rows
    assert cells == {c.instrument: c.n for c in by_place if c.group == "help_call"}


@pytest.mark.parametrize("places", [{"planet": ["mars"]}, {"channel": ["pigeon"]}])
def test_places_that_are_not_are_named(simulated, places):
    with pytest.raises(UnknownNameError):
        simulated.scope(places=places)


def test_movement_finds_nothing_where_nothing_moved(simulated):
    result = simulated.movement(days=180)
    assert result.change.low < result.change.value < result.change.high
    assert result.change.value == pytest.approx(result.now.value - result.before.value)
    for row in result.rows:
        assert np.sign(row.moved.value) == -np.sign(row.now - row.before) or row.now == row.before


def test_movement_of_a_period_compares_it_with_the_one_before(simulated):
    since = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
    until = datetime.datetime(2025, 4, 1, tzinfo=datetime.UTC)
    result = simulated.movement(simulated.scope(None, since, until))
    assert "now: 2025-01-01 to 2025-03-31" in result.basis.cut
    assert "before: 2024-10-01 to 2024-12-31" in result.basis.cut


def test_the_newest_come_in_order_and_go_on_without_gap(simulated):
    trails = simulated.trails()
    whole = newest(trails, limit=60)
    times = [(row.time, row.key) for row in whole]
    assert times == sorted(times, reverse=True)
    rest = newest(trails, limit=30, before=times[29])
    assert [row.key for row in rest] == [row.key for row in whole[30:]]
    poor = newest(trails, Wanted(kind=1, instrument="nps", high=30), EVERYTHING, 20)
    assert all(row.instrument == "nps" and row.score <= 30 for row in poor)
    assert len(poor) == 20


def test_the_members_of_a_breakdown_by_sense_are_those_of_its_touchpoints(simulated):
    cells = simulated.perception("sense").rows
    assert {cell.group for cell in cells} <= {"see", "hear", "taste", "smell", "touch", "feel"}
    assert simulated.perception("value").rows
    assert simulated.perception("element").rows
