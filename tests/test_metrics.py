"""Perception in numbers: equal to SQL over the ledger, hidden where too few answered."""

import dataclasses
import json

import duckdb
import numpy as np
import pytest

import everytouch
from everytouch.metrics import api as metrics
from everytouch.metrics.api import Cell
from everytouch.metrics.breakdown import _hide_complements
from everytouch.metrics.consistency import FAR, _pairs, _variation
from everytouch.metrics.emotions import _CLUSTER, CLUSTERS, Felt, _net
from everytouch.metrics.remembered import WAYS, Episodes, compared, ways
from everytouch.perception.api import DAY
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate
from everytouch.stats.regression import GROUPS
from tests.conftest import NOW


def ledger(workspace, query):
    return workspace.tables.query("perceptions", query).to_pylist()


def test_headlines_equal_sql(simulated):
    query = """SELECT instrument, count(*) AS n, avg(score) AS score,
        100 * avg(CASE WHEN raw >= 9 THEN 1 WHEN raw <= 6 THEN -1 ELSE 0 END) AS nps,
        100 * avg(CASE WHEN raw >= 4 THEN 1 ELSE 0 END) AS top2
        FROM ledger GROUP BY instrument"""
    expected = {row["instrument"]: row for row in ledger(simulated, query)}
    found = {cell.instrument: cell for cell in simulated.perception("all").rows}
    assert found.keys() == expected.keys()
    for name, cell in found.items():
        assert cell.n == expected[name]["n"]
        assert cell.score.value == pytest.approx(expected[name]["score"], abs=1e-4)
    assert found["nps"].headline.value == pytest.approx(expected["nps"]["nps"])
    assert found["call_csat"].headline.value == pytest.approx(expected["call_csat"]["top2"])


def test_months_equal_sql(simulated):
    query = """SELECT strftime(occurred_at, '%Y-%m') AS month, instrument, count(*) AS n
        FROM ledger GROUP BY ALL"""
    expected = {(row["month"], row["instrument"], row["n"]) for row in ledger(simulated, query)}
    rows = simulated.perception("month").rows
    assert {(c.group, c.instrument, c.n) for c in rows} == expected
    assert [c.group for c in rows] == sorted(c.group for c in rows)


def test_an_answer_about_a_touchpoint_counts_there(simulated):
    calls = next(
        c
        for c in simulated.perception("touchpoint").rows
        if (c.group, c.instrument) == ("help_call", "call_csat")
    )
    query = "SELECT count(*) AS n FROM ledger WHERE instrument = 'call_csat'"
    assert calls.n == ledger(simulated, query)[0]["n"]


def test_segments_part_the_answers(simulated):
    rows = [c for c in simulated.perception("segment").rows if c.instrument == "nps"]
    by_name = {c.group: c.n for c in rows}
    total = simulated.perception("all").rows
    assert by_name["rural"] + by_name["urban"] == next(c.n for c in total if c.instrument == "nps")


def cell(group, n, hidden):
    estimate = Estimate(50.0, 40.0, 60.0, n, "x")
    return Cell(group, group, "nps", "NPS", n, n, estimate, estimate, hidden, estimate)


def test_a_single_hidden_group_hides_the_next_smallest():
    """Otherwise the total less the groups shown would give it away."""
    shown = _hide_complements([cell("a", 3, True), cell("b", 90, False), cell("c", 20, False)])
    assert [c.hidden for c in shown] == [True, False, True]
    assert shown[2].score.hidden
    both = [cell("a", 3, True), cell("b", 2, True), cell("c", 20, False)]
    assert _hide_complements(both) == both


def test_few_answers_are_hidden_in_every_figure(workspace, company):
    workspace.import_source(company.source, now=NOW)
    file = workspace.path / "everytouch.toml"
    file.write_text(file.read_text() + "minimum_n = 100000\n")
    strict = everytouch.open(workspace.path)
    for by in ("all", "touchpoint", "month", "segment"):
        assert all(c.hidden and c.score.hidden for c in strict.perception(by).rows)
    assert all(p.score_kept.hidden for p in strict.promises().rows)


def test_every_result_says_what_it_rests_on(simulated):
    for result in (simulated.perception("stage"), simulated.promises(), simulated.graph()):
        basis = dataclasses.asdict(result.basis)
        assert basis["formula"]
        assert basis["denominator"]
        assert basis["cut"]


QUESTIONS = {
    "perception": lambda w: w.perception("channel"),
    "promises": lambda w: w.promises(),
    "graph": lambda w: w.graph(),
    "paths": lambda w: w.paths(unit="correlation"),
    "funnel": lambda w: w.funnel(["web_checkout", "help_call"]),
    "sessions": lambda w: w.sessions(),
    "drop-off": lambda w: w.drop_off(),
    "drivers": lambda w: w.drivers(),
    "worth": lambda w: w.worth(),
    "findings": lambda w: w.findings(),
    "trail": lambda w: w.trail("customer_no:C00000001"),
    "moments": lambda w: w.moments_behind("late:parcel_delivered"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_result_becomes_a_frame(name, simulated):
    result = QUESTIONS[name](simulated)
    assert result.rows
    arrow = result.to_arrow()
    assert arrow.num_rows == len(result.rows)
    assert len(result.to_pandas()) == len(result.rows)
    assert result.to_polars().shape == (len(result.rows), arrow.num_columns)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.rows = ()
    assert json.loads(result.to_json())["basis"]["formula"]


def test_estimates_keep_their_parts_in_frames(simulated):
    headline = simulated.perception("channel").to_arrow()["headline"].to_pylist()[0]
    assert headline.keys() == {"value", "low", "high", "n", "method"}


def test_promises_equal_sql(simulated):
    query = """SELECT touchpoint, count(*) AS n,
        count(*) FILTER (due_at < occurred_at OR duration_s > CASE touchpoint
          WHEN 'website_search' THEN 2 WHEN 'store_checkout' THEN 300 ELSE 180 END) AS broken
        FROM ledger WHERE touchpoint IN
          ('parcel_delivered', 'website_search', 'store_checkout', 'help_call')
        GROUP BY touchpoint"""
    rows = simulated.tables.query("interactions", query).to_pylist()
    expected = {(row["touchpoint"], row["n"], row["broken"]) for row in rows}
    found = {(p.touchpoint, p.interactions, p.broken) for p in simulated.promises().rows}
    assert found == expected


def test_scores_of_broken_promises_equal_sql(simulated):
    """Answers to the most asked instrument, joined to their order."""
    query = """SELECT count(*), avg(score) FROM p WHERE instrument = 'nps' AND correlations[1] IN
        (SELECT correlations[1] FROM i WHERE touchpoint = 'parcel_delivered'
         AND occurred_at > due_at)"""
    with duckdb.connect() as con:
        for name, table in (("i", "interactions"), ("p", "perceptions")):
            files = [str(path) for path in simulated.tables.files(table)]
            con.read_parquet(files).create_view(name)
        ((n, score),) = con.sql(query).fetchall()
    broken = next(p for p in simulated.promises().rows if p.touchpoint == "parcel_delivered")
    assert broken.score_broken.n == n
    assert broken.score_broken.value == pytest.approx(score, abs=1e-4)
    assert broken.mean_broken == pytest.approx(score / 10, abs=1e-4)


@pytest.mark.data
def test_olist_lateness_and_scores(olist):
    """3,986 reviews; on delivered orders 323 late with mean 2.427, 3,562 on time with 4.294."""
    (overall,) = olist.perception("all").rows
    assert overall.n == 3_986
    delivery = next(p for p in olist.promises().rows if p.touchpoint == "parcel_delivered")
    assert delivery.score_broken.n == 323
    assert delivery.mean_broken == pytest.approx(2.427, abs=5e-4)
    assert delivery.score_kept.n == 3_562
    assert delivery.mean_kept == pytest.approx(4.294, abs=6e-4)


@pytest.mark.data
def test_olist_payments_add_up_to_the_cent(olist):
    query = "SELECT count(*) AS n, sum(amount) AS total FROM ledger WHERE touchpoint = 'payment'"
    (row,) = olist.tables.query("interactions", query).to_pylist()
    assert (row["n"], str(row["total"])) == (4_161, "645494.0500")
    assert sum(int(b["amount"].sum()) for b in olist.trails().buckets) == 6_454_940_500


def test_league_tables_are_ranked_by_what_is_drawn(simulated):
    result = simulated.perception("touchpoint")
    asked = [cell for cell in result.rows if cell.instrument == "nps" and not cell.hidden]
    assert all(cell.shrunk.method.startswith("shrunk") for cell in asked)
    values = [cell.shrunk.value for cell in result.rows if not cell.hidden]
    assert values == sorted(values)
    centre = np.mean([cell.shrunk.value for cell in asked])
    fewest, most = min(asked, key=lambda c: c.n), max(asked, key=lambda c: c.n)
    assert abs(fewest.shrunk.value - centre) < abs(fewest.score.value - centre)
    moved = [abs(cell.shrunk.value - cell.score.value) for cell in (most, fewest)]
    assert moved[0] < moved[1]
    hidden = [cell for cell in simulated.perception("channel").rows if cell.hidden]
    assert all(cell.shrunk.hidden for cell in hidden)


def test_a_turn_of_the_trend_is_said(simulated):
    months = simulated.perception("month")
    assert metrics.turns(months, "nps") == []  # nothing changed in the simulated company
    rows = [
        dataclasses.replace(
            cell, score=Estimate(v := cell.score.value - 12 * (i > 12), v - 3, v + 3, 99, "")
        )
        for i, cell in enumerate(c for c in months.rows if c.instrument == "nps")
    ]
    (said,) = metrics.turns(dataclasses.replace(months, rows=tuple(rows)), "nps")
    assert f"From {rows[13].label} on the score fell" in said


def test_ways_of_weighing_equal_plain_python():
    rng = np.random.default_rng(5)
    unit = np.sort(rng.integers(0, 40, 120))
    score = rng.integers(0, 11, 120) * 10.0
    found = ways(score, unit, 41)
    for u in range(41):
        mine = score[unit == u].tolist()
        if not mine:
            assert np.isnan(found[u]).all()
            continue
        peak, end = max(reversed(mine), key=lambda x: abs(x - 50)), mine[-1]
        told = [sum(mine) / len(mine), (peak + end) / 2, (min(mine) + end) / 2, end]
        assert found[u] == pytest.approx(told)


@pytest.mark.parametrize(("truth", "said"), [(1, "weigh by them"), (0, "keep it")])
def test_what_is_remembered_is_found(truth, said):
    rng = np.random.default_rng(6)
    n, each = 1_500, 4
    score = np.clip(rng.normal(60, 25, n * each), 0, 100)
    unit = np.repeat(np.arange(n), each)
    by = ways(score, unit, n)
    whole = by[:, truth] + rng.normal(0, 8, n)
    party = np.arange(n) // 2
    found = compared(Episodes(party, by, by, whole), Settings())
    assert said in found.sentence
    assert found.tried == n
    best = min(found.rows, key=lambda row: row.error.value)
    assert best.way == WAYS[truth]
    # |normal| of spread 8 has the mean 8 √(2/π).
    assert best.error.value == pytest.approx(8 * np.sqrt(2 / np.pi), rel=0.06)
    few = compared(Episodes(party[:50], by[:50], by[:50], whole[:50]), Settings())
    assert not few.sentence
    assert few.rows[1].nearer.hidden


def test_experience_scores_equal_sql(simulated):
    query = """SELECT avg(score) AS mean, count(*) AS n FROM (SELECT avg(score) AS score FROM ledger
        WHERE touchpoint IS NOT NULL AND mode = 'stated' AND score IS NOT NULL
        GROUP BY party_key, coalesce(correlations[1], id))"""
    (told,) = ledger(simulated, query)
    result = simulated.remembered(per="journey")
    assert result.experiences == told["n"]
    assert result.rows[0].score.value == pytest.approx(told["mean"])
    assert result.refused
    parties = simulated.remembered()
    assert parties.per == "party"
    assert parties.tried > 100
    assert parties.sentence


def test_consistency_finds_what_was_planted():
    rng = np.random.default_rng(8)
    n, each = 800, 6
    owner = np.repeat(np.arange(n), each)
    department = rng.integers(0, 3, n * each)
    liking = rng.normal(0, 9, (n, 3))  # each party likes each department as it does
    score = (
        60 + rng.normal(0, 8, n)[owner] + liking[owner, department] + rng.normal(0, 12, n * each)
    )
    time = np.tile(np.arange(each) * 60 * DAY, n)
    sums = np.zeros((GROUPS, 3, 2, 2))
    same = np.zeros(n * each, np.int64)
    _pairs(owner, owner % GROUPS, same, score, time, department, same - 1, sums)
    found = _variation("department", sums[:, 0], Settings())
    assert found.spread.low < 9 < found.spread.high
    assert found.chance == pytest.approx(12, abs=0.6)
    assert found.consistency.value == pytest.approx(100 * 144 / (144 + 81), abs=6)
    assert _variation("channel", sums[:, 1], Settings()).spread.hidden
    steady = _variation("time", sums[:, 2], Settings())
    assert steady.spread.low == 0.0


def test_pairs_of_answers_equal_sql(simulated):
    rows = {row.dimension: row for row in simulated.consistency().rows}
    with duckdb.connect() as con:
        files = [str(path) for path in simulated.tables.files("perceptions")]
        con.read_parquet(files).create_view("said")
        query = f"""SELECT count(*) FROM said a
            JOIN said b USING (namespace, identifier, instrument) WHERE a.id < b.id
            AND abs(epoch_us(a.occurred_at) - epoch_us(b.occurred_at)) > {FAR}"""
        ((apart,),) = con.execute(query).fetchall()
    assert rows["time"].apart == apart
    assert rows["time"].consistency.value <= 100


def test_emotions_and_their_net_value_equal_sql(simulated):
    result = simulated.emotions()
    with duckdb.connect() as con:
        files = [str(path) for path in simulated.tables.files("perceptions")]
        con.read_parquet(files).create_view("said")
        query = "SELECT emotion, count(*) FROM said WHERE emotion IS NOT NULL GROUP BY emotion"
        counted = dict(con.execute(query).fetchall())
    assert {row.emotion: row.n for row in result.rows} == counted
    n, bad = sum(counted.values()), set(CLUSTERS["destroying"])
    share = {name: k / n for name, k in counted.items()}
    low = sum(part for name, part in share.items() if name in bad) / 8
    high = sum(part for name, part in share.items() if name not in bad) / 12
    assert result.nev.value == pytest.approx(100 * (high - low))
    assert result.nev.low < result.nev.value < result.nev.high
    rural, urban = (simulated.emotions(simulated.scope(name)).nev for name in ("rural", "urban"))
    assert rural.value < urban.value


def test_the_net_value_is_covered():
    rng, inside = np.random.default_rng(4), []
    names = [name for several in CLUSTERS.values() for name in several]
    p = rng.dirichlet(np.ones(len(names)))
    weights = np.array([-1 / 8 if name in CLUSTERS["destroying"] else 1 / 12 for name in names])
    for _ in range(600):
        counts = rng.multinomial(120, p)
        rows = [
            Felt(name, _CLUSTER[name], int(k), int(k), Estimate(0, 0, 0, 0, ""))
            for name, k in zip(names, counts, strict=True)
        ]
        found = _net(rows, 120, 0.95)
        inside.append(found.low <= 100 * weights @ p <= found.high)
    assert 0.93 <= np.mean(inside) <= 0.97


def test_few_emotions_are_hidden(workspace):
    assert workspace.emotions().nev.hidden


def test_groups_that_differ_are_told_from_those_that_do_not(simulated):
    from scipy import stats

    rows = {(c.group, c.instrument): c for c in simulated.perception("segment").rows}
    rural, urban = rows["rural", "nps"], rows["urban", "nps"]
    assert max(rural.q, urban.q) < 0.01  # those in the country wait longer
    with duckdb.connect() as con:
        files = [str(path) for path in simulated.tables.files("perceptions")]
        con.read_parquet(files).create_view("said")
        query = "SELECT score, identifier FROM said WHERE instrument = 'nps'"
        said = con.execute(query).fetchnumpy()
        traits = [str(path) for path in simulated.tables.files("traits")]
        con.read_parquet(traits).create_view("traits")
        query = "SELECT identifier FROM traits WHERE name = 'region' AND value = 'rural'"
        members = set(con.execute(query).fetchnumpy()["identifier"])
    mine = np.array([one in members for one in said["identifier"]])
    alone = stats.ttest_ind(said["score"][mine], said["score"][~mine], equal_var=False).pvalue
    assert rural.q >= alone * 0.999  # the rate is never below the p-value
    assert rural.q <= alone * len([c for c in rows.values() if c.instrument == "nps"]) * 1.001
