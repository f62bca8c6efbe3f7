"""Drivers, worth and the ranked list against the simulated truth and the real data."""

import datetime
import json
import math
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

import everytouch
from everytouch.drivers.interactions import _rows
from everytouch.drivers.worth import After, _levels, _slope, _spend
from everytouch.errors import EverytouchError, NotEnoughDataError, UnknownNameError
from everytouch.improvement.ranking import effects
from everytouch.ledger.api import Loader
from everytouch.moments.api import schema
from everytouch.settings import Settings
from everytouch.stats.regression import GROUPS, CrossProducts
from tests.conftest import NOW, SECRET
from tests.test_moments import WORDS, record


@pytest.fixture(scope="module")
def truth(company):
    return json.loads((company.folder / "truth.json").read_text())


def test_problems_are_found_with_the_strength_they_have(simulated, truth):
    found = {f.name: f for f in simulated.findings().rows}
    assert found.keys() == truth["effects"].keys()
    names = sorted(found)
    strength = spearmanr(
        [found[n].lowers.value for n in names], [-truth["effects"][n] for n in names]
    ).statistic
    assert strength >= 0.9
    assert all(f.grade == "association" for f in found.values())


def test_the_list_is_ranked_by_what_it_costs(simulated):
    rows = simulated.findings().rows
    assert [f.rank for f in rows] == list(range(1, len(rows) + 1))
    costs = [f.overall.value for f in rows]
    assert costs == sorted(costs, reverse=True)
    assert rows[0].name == "late:parcel_delivered"
    assert all(f.worth.low <= f.worth.value <= f.worth.high for f in rows)


def test_reach_equals_sql(simulated):
    """Moments and money of a year, by SQL over the ledger."""
    last = simulated.trails().last
    since = last - datetime.timedelta(days=365)
    query = """SELECT count(*) AS n FROM ledger WHERE touchpoint = 'parcel_delivered'
        AND occurred_at > due_at AND occurred_at > $1"""
    (row,) = simulated.tables.query("interactions", query, [since]).to_pylist()
    finding = next(f for f in simulated.findings().rows if f.name == "late:parcel_delivered")
    assert finding.moments == row["n"]
    behind = simulated.moments_behind(finding.name, limit=100_000)
    assert len(behind.rows) == finding.moments
    assert all(m.due_at < m.occurred_at for m in behind.rows)
    assert {m.touchpoint for m in behind.rows} == {"parcel_delivered"}


def test_repeats_equal_sql(simulated):
    query = """SELECT count(*) FROM (SELECT occurred_at - lag(occurred_at) OVER
        (PARTITION BY identifier ORDER BY occurred_at) AS gap, occurred_at FROM ledger
        WHERE touchpoint = 'help_call') WHERE gap <= INTERVAL 7 DAY AND occurred_at > $1"""
    since = simulated.trails().last - datetime.timedelta(days=365)
    files = [str(path) for path in simulated.tables.files("interactions")]
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.read_parquet(files).create_view("ledger")
        ((expected,),) = con.execute(query, [since]).fetchall()
    finding = next(f for f in simulated.findings().rows if f.name == "repeated:help_call")
    assert finding.moments == expected
    assert finding.direct_cost == pytest.approx(expected * 7.5)


def test_an_unknown_finding_is_said(simulated):
    with pytest.raises(UnknownNameError, match="'early:bird'"):
        simulated.moments_behind("early:bird")


def test_shares_add_up_and_signs_are_right(simulated):
    result = simulated.drivers()
    assert sum(d.share.value for d in result.rows) == pytest.approx(result.r2)
    assert 0.2 < result.r2 < 0.9
    assert all(d.share.low <= d.share.value <= d.share.high for d in result.rows)
    problems = [d for d in result.rows if d.kind in ("late", "slow", "failed", "repeated")]
    assert len(problems) >= 7
    assert all(d.sign == -1 for d in problems)


def test_drivers_explain_one_instrument(simulated):
    assert "answers to nps" in simulated.drivers().basis.denominator
    file = simulated.path / "everytouch.toml"
    before = file.read_text()
    try:
        file.write_text(before + 'headline = "moon"\n')
        with pytest.raises(UnknownNameError, match="nobody has answered"):
            everytouch.open(simulated.path).drivers()
    finally:
        file.write_text(before)


def test_problems_that_always_come_together_are_said_to():
    rng = np.random.default_rng(8)
    one, other = rng.random(600) < 0.2, rng.random(600) < 0.2
    X = np.column_stack([one, one, other]).astype(float)
    y = 70 - 10 * one - 5 * other + rng.normal(0, 5, 600)
    found = effects(CrossProducts.of(X, y, np.arange(600) % GROUPS), Settings())
    assert (found[0].tied, found[1].tied, found[2].tied) == ((1,), (0,), ())
    assert found[0].lowers.value + found[1].lowers.value == pytest.approx(10, abs=1)


def test_nothing_asked_is_refused(workspace):
    with pytest.raises(NotEnoughDataError, match="there are 0 scores"):
        workspace.drivers()
    worth = workspace.worth()
    assert worth.refusals
    assert worth.rows == ()
    assert workspace.findings().rows == ()


def test_better_experience_is_worth_more_as_simulated(simulated):
    worth = simulated.worth()
    assert worth.spend_ratio is not None
    assert worth.spend_ratio.low > 1
    assert worth.slope is not None
    assert worth.slope.low > 0
    assert "more than those" in worth.sentences[0]
    assert not worth.refusals


def test_spend_by_level_equals_sql(simulated):
    """Frozen at one day: scores before it, money after it."""
    stop = simulated.trails().last
    freeze = stop - datetime.timedelta(days=365) + datetime.timedelta(microseconds=1)
    files = {
        name: [str(path) for path in simulated.tables.files(name)]
        for name in ("interactions", "perceptions")
    }
    query = """WITH s AS (SELECT identifier, avg(score) AS score FROM p
        WHERE occurred_at < $1 AND namespace = 'customer_no' GROUP BY 1),
      m AS (SELECT identifier, sum(amount) AS spend FROM i
        WHERE occurred_at >= $1 AND namespace = 'customer_no' GROUP BY 1)
      SELECT least(floor(score / 20), 4) AS level, count(*), avg(coalesce(spend, 0))
      FROM s LEFT JOIN m USING (identifier) GROUP BY 1 ORDER BY 1"""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.read_parquet(files["interactions"]).create_view("i")
        con.read_parquet(files["perceptions"]).create_view("p")
        expected = con.execute(query, [freeze]).fetchall()
    rows = [row for row in simulated.worth().rows if row.parties]
    assert [row.parties for row in rows] == [n for _, n, _ in expected]
    for row, (_, _, spend) in zip(rows, expected, strict=True):
        if not row.spend.hidden:
            assert row.spend.value == pytest.approx(float(spend))


def after(n, rng, slope):
    score = rng.choice([0.0, 25.0, 50.0, 75.0, 100.0], n)
    spend = np.where(
        rng.random(n) < 0.5, np.maximum(0, 100 + slope * score + rng.normal(0, 30, n)), 0
    )
    return After(score, spend, (spend > 0).astype(np.int64), np.zeros(n))


def test_the_slope_of_spend_is_covered():
    inside = 0
    for seed in range(300):
        found = after(400, np.random.default_rng(seed), 0.6)
        estimate = _slope(found, Settings())
        inside += estimate.low <= 0.5 * 0.6 <= estimate.high
    assert 0.92 <= inside / 300 <= 0.98


def test_too_few_buyers_are_refused_not_guessed():
    found = after(400, np.random.default_rng(1), 0.6)
    none = After(found.score, found.spend * 0, found.purchases * 0, found.cost)
    settings = Settings()
    ratio, slope, said, refused = _spend(none, _levels(none, settings), settings)
    assert (ratio, slope, said) == (None, None, ())
    assert "cannot be said" in refused[0]


@pytest.mark.data
def test_olist_lateness_is_the_first_driver_and_the_first_finding(olist):
    drivers = olist.drivers().rows
    assert (drivers[0].name, drivers[0].sign) == ("late:parcel_delivered", -1)
    assert drivers[0].share.low > drivers[1].share.high
    first = olist.findings().rows[0]
    assert first.name == "late:parcel_delivered"
    assert 40 < first.lowers.value < 50
    assert first.worth is None
    assert "cannot be said" in first.note


@pytest.mark.data
def test_olist_cannot_say_what_experience_is_worth(olist):
    worth = olist.worth()
    assert worth.spend_ratio is None
    assert len(worth.refusals) == 2
    assert not any(math.isnan(row.spend.value) for row in worth.rows)


def test_drivers_that_are_worse_together_are_found():
    rng = np.random.default_rng(6)
    X = (rng.random((6_000, 3)) < 0.3).astype(float)
    y = 70 - 5 * X[:, 0] - 4 * X[:, 1] - 6 * X[:, 2] - 8 * X[:, 0] * X[:, 1]
    y = y + rng.normal(0, 10, 6_000)
    pairs = np.column_stack([X, X[:, 0] * X[:, 1], X[:, 0] * X[:, 2], X[:, 1] * X[:, 2]])
    products = CrossProducts.of(pairs, y, rng.integers(0, GROUPS, 6_000))
    rows = _rows(products, ["a", "b", "c"], ["A", "B", "C"], Settings())
    assert (rows[0].first, rows[0].second, rows[0].label) == ("a", "b", "A and B")
    assert rows[0].effect.low < -8 < rows[0].effect.high
    assert rows[0].q < 0.001
    assert min(row.q for row in rows[1:]) > 0.01


def test_nothing_interacts_in_the_simulated_company(simulated):
    """Its effects add up."""
    rows = simulated.interactions().rows
    assert rows
    assert sum(row.q < 0.01 for row in rows) <= 1
    assert all(row.both >= 30 for row in rows)


def test_sums_that_no_whole_number_holds_are_refused(tmp_path):
    made = everytouch.create(tmp_path / "w", secret=SECRET)
    rows = [
        record("interactions").to_pylist()[0] | {"id": str(n), "amount": Decimal(10**12)}
        for n in range(923)
    ]
    loader = Loader(made.tables, SECRET, "s", NOW, WORDS, False)
    for part, answered in ((rows[:900], True), (rows[900:], False)):
        loader.store("interactions", pa.Table.from_pylist(part, schema("interactions")))
        if answered:
            assert made.money().received == 900 * 10**12
        else:
            with pytest.raises(EverytouchError, match="counted exactly"):
                made.money()
