"""Everybody, causes and worth from now on, against the simulated truth and SQL over the ledger."""

import datetime
import json
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

import everytouch
from everytouch.drivers.whatif import Known, what_if
from everytouch.errors import NotEnoughDataError, UnknownNameError
from everytouch.metrics import raking
from everytouch.metrics.api import validated
from everytouch.perception.api import Rules, names_of, units
from everytouch.settings import Settings
from everytouch.stats.intervals import Estimate
from everytouch.trails.api import EVERYTHING, microseconds
from tests.test_cli import run


@pytest.fixture(scope="module")
def truth(company):
    return json.loads((company.folder / "truth.json").read_text())


@pytest.fixture(scope="module")
def effects(simulated):
    return simulated.effects()


def ledger(workspace):
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for name in ("interactions", "perceptions"):
        files = [str(path) for path in workspace.tables.files(name)]
        con.read_parquet(files).create_view(name)
    return con


def test_everybody_is_nearer_to_the_truth_than_who_answered(simulated, truth):
    result = simulated.population()
    (row,) = result.rows
    off = [abs(one.value - truth["nps"]) for one in (row.respondents, row.weighted, row.population)]
    assert off[2] < off[1] < off[0]
    off = [
        abs(one.value - truth["mean_feeling"])
        for one in (row.score_respondents, row.score_population)
    ]
    assert off[1] < 0.5 * off[0]
    assert row.stated == pytest.approx(row.answered / row.experiences)
    assert row.effective_n <= row.answered
    assert result.validation.useful
    assert result.validation.auc.low > 0.75
    assert any("1.5 times" in said for said in validated(result))
    ends = [(one.low, one.high) for one in result.beyond]
    assert ends[0][0] > ends[1][0] > ends[2][0]
    assert ends[0][1] < ends[1][1] < ends[2][1]


def test_journeys_answers_and_asks_equal_sql(simulated):
    (row,) = simulated.population().rows
    with ledger(simulated) as con:
        query = """SELECT count(DISTINCT correlations[1]),
            count(DISTINCT correlations[1]) FILTER (touchpoint = 'survey_asked')
            FROM interactions WHERE correlations[1] IN (SELECT correlations[1] FROM interactions
              WHERE touchpoint <> 'survey_asked')"""
        ((journeys, asked),) = con.execute(query).fetchall()
        query = "SELECT count(DISTINCT correlations[1]) FROM perceptions WHERE instrument = 'nps'"
        ((answered,),) = con.execute(query).fetchall()
    assert (row.asked, row.answered) == (asked, answered)
    # A device nobody was known on yet is a party of its own, with its part of an order.
    assert journeys <= row.experiences <= 1.01 * journeys


def test_parts_of_a_population_add_up(simulated):
    (whole,) = simulated.population().rows
    months = simulated.population("month").rows
    assert sum(row.experiences for row in months) == whole.experiences
    assert sum(row.answered for row in months) == whole.answered
    segments = {row.group: row for row in simulated.population("segment").rows}
    assert segments["rural"].population.high < segments["urban"].population.low
    with pytest.raises(UnknownNameError, match="'star sign'"):
        simulated.population("star sign")


def test_raked_answers_have_everybodys_margins(simulated, truth):
    trails, settings = simulated.trails(), simulated.settings
    rules = Rules.of(simulated.catalogue, trails, settings)
    asked = trails.instruments.index("nps")

    def of(bucket):
        return units(bucket, EVERYTHING, rules, asked, "journey", microseconds(trails.last))

    rural = raking.by_segment("rural", simulated._segment("rural"))
    margins = [raking.by_trouble(len(trails.touchpoints)), rural]
    found = raking.raked(of, trails, simulated._engine, margins, 10)
    for margin in margins:
        here, everybody = np.zeros(margin.size), np.zeros(margin.size)
        for bucket in trails.buckets:
            them = of(bucket)
            code = margin.of(bucket, them)
            here += np.bincount(code, found.of(bucket, them), margin.size)
            everybody += np.bincount(code, minlength=margin.size)
        assert here / here.sum() == pytest.approx(everybody / everybody.sum(), abs=1e-6)
    # One margin alone: each side's mean, for as many as there are.
    alone = raking.raked(of, trails, simulated._engine, [rural], 10)
    sums = np.zeros((3, 2))
    total = weight = 0.0
    for bucket in trails.buckets:
        them = of(bucket)
        code, there, w = rural.of(bucket, them), them.answered, alone.of(bucket, them)
        rows = (None, there, np.where(there, them.score, 0))
        sums += [np.bincount(code, row, 2) for row in rows]
        total, weight = total + w[there] @ them.score[there], weight + w.sum()
    assert total / weight == pytest.approx(sums[0] @ (sums[2] / sums[1]) / sums[0].sum())
    (row,) = simulated.population(weights="raked").rows
    assert abs(row.weighted.value - truth["nps"]) < abs(row.respondents.value - truth["nps"])
    assert row.effective_n < row.answered
    (same,) = simulated.population().rows
    assert (row.population, row.respondents) == (same.population, same.respondents)
    with pytest.raises(UnknownNameError, match="'lot'"):
        simulated.population(weights="lot")


def test_margins_too_thin_are_put_together():
    counts = np.array([5, 1, 1, 30, 2])
    assert raking.merged(counts, 5).tolist() == [0, 1, 1, 1, 1]
    assert raking.merged(np.array([3, 0, 1]), 5).tolist() == [0, 0, 0]
    assert raking.merged(np.array([9, 9]), 5).tolist() == [0, 1]


def test_what_the_trail_knows_of_a_journey_equals_sql(simulated):
    trails = simulated.trails()
    rules = Rules.of(simulated.catalogue, trails, simulated.settings)
    asked, now = trails.instruments.index("nps"), microseconds(trails.last)
    names = names_of(trails.touchpoints, "journey")
    found = simulated._engine.run(
        lambda bucket: units(bucket, EVERYTHING, rules, asked, "journey", now), trails.buckets
    )
    total = dict(zip(names, found.X.sum(0, dtype=np.float64), strict=True))
    with ledger(simulated) as con:
        query = """SELECT count(*), count(*) FILTER (occurred_at > due_at), sum(cost)
            FROM interactions WHERE touchpoint = 'parcel_delivered'"""
        ((delivered, late, _),) = con.execute(query).fetchall()
    assert total["passed parcel_delivered"] == delivered
    assert total["late parcel_delivered"] == late
    assert total["passed survey_asked"] == 0
    first = found.X[:, names.index("journeys before")] == 0
    assert (found.X[first][:, names.index("before: interactions")] == 0).all()


def test_nothing_is_predicted_where_it_is_no_better_than_the_mean(workspace, tmp_path):
    rng = np.random.default_rng(1)
    lines = ["id,occurred_at,namespace,identifier,touchpoint,instrument,raw,correlations"]
    acts = ["id,occurred_at,namespace,identifier,touchpoint,correlations"]
    for i in range(1_200):
        day = f"2025-{1 + i % 9:02d}-{1 + i % 27:02d}"
        acts.append(f"a{i},{day} 10:00:00,no,{i},visit,order:{i}")
        if rng.random() < 0.5:
            lines.append(f"p{i},{day} 12:00:00,no,{i},,nps,{rng.integers(0, 11)},order:{i}")
    (tmp_path / "acts.csv").write_text("\n".join(acts))
    (tmp_path / "said.csv").write_text("\n".join(lines))
    (tmp_path / "catalogue.yaml").write_text(
        "touchpoints: {visit: {label: Visit, stage: use, channel: web}}\n"
        "instruments: {nps: {label: Recommend, kind: nps, low: 0, high: 10}}\n"
    )
    (tmp_path / "source.toml").write_text(
        'name = "chance"\ntimezone = "UTC"\ncatalogue = "catalogue.yaml"\n'
        '[inputs.acts]\npath = "acts.csv"\n[inputs.said]\npath = "said.csv"\n'
        '[[interactions]]\nname = "acts"\nsql = "SELECT * REPLACE ([correlations] AS correlations, '
        'identifier::text AS identifier) FROM acts"\n'
        '[[perceptions]]\nname = "said"\nsql = "SELECT * REPLACE ([correlations] AS correlations, '
        "identifier::text AS identifier), 'journey' AS about FROM said\"\n"
    )
    workspace.import_source(tmp_path / "source.toml")
    result = everytouch.open(workspace.path).population()
    assert result.rows[0].population.hidden
    assert not result.rows[0].respondents.hidden
    assert "may be chance" in result.refused[0]


def test_effects_lie_where_they_were_planted(effects, truth):
    rows = {row.name: row for row in effects.rows}
    # What a problem leads to is part of it: a late parcel brings calls, which lower the score too.
    direct = ("failed:overhead_music", "slow:store_checkout")
    for name in direct:
        effect = rows[name].effect
        assert effect.low - 1.5 <= truth["effects"][name] <= effect.high + 1.5, name
    assert rows["late:parcel_delivered"].effect.high < truth["effects"]["late:parcel_delivered"] + 1
    assert [row.effect.value for row in effects.rows] == sorted(
        row.effect.value for row in effects.rows
    )


def test_grades_rise_where_no_warning_stands(effects):
    rows = {row.name: row for row in effects.rows}
    assert rows["slow:store_checkout"].grade == "quasi-causal"
    again = rows["repeated:help_call"]  # only who was not helped calls again
    assert again.grade == "association"
    assert any("no overlap" in said for said in again.warnings)
    assert all(bool(row.warnings) == (row.grade == "association") for row in effects.rows)
    assert all(row.e_value >= row.e_bound >= 1 for row in effects.rows)
    assert all("likelier" in row.sentence or "no effect" in row.sentence for row in effects.rows)


def test_one_effect_is_the_same_as_among_all(simulated, effects):
    (one,) = simulated.effects(only="slow:store_checkout").rows
    assert one == next(row for row in effects.rows if row.name == one.name)
    with pytest.raises(NotEnoughDataError, match="no problem has 60 answers"):
        simulated.effects(only="late:newsletter")
    with pytest.raises(UnknownNameError, match="'late:moon'"):
        simulated.effects(only="late:moon")


def test_money_is_the_ledgers_to_the_cent(simulated):
    result = simulated.money()
    with ledger(simulated) as con:
        query = """SELECT touchpoint, sum(amount), sum(cost) FROM interactions GROUP BY touchpoint
            HAVING sum(amount) <> 0 OR sum(cost) <> 0"""
        rows = con.execute(query).fetchall()
    found = {row.touchpoint: (row.received, row.cost) for row in result.rows}
    assert found == {name: (Decimal(a or 0), Decimal(c or 0)) for name, a, c in rows}
    assert result.reconciled
    assert result.received == result.by_parties == result.by_months
    assert result.received == sum(row.received for row in result.rows)


def test_the_better_the_past_the_longer_they_stay(simulated):
    result = simulated.staying()
    assert result.hazard.value < 1
    shown = [row.after[1].value for row in result.rows if not row.after[1].hidden]
    assert shown[-1] > shown[0]
    with ledger(simulated) as con:
        last = simulated.trails().last
        days = simulated.settings.follow_up_days + simulated.settings.dormant_days
        query = f"""SELECT count(*) FROM (
            SELECT identifier, max(occurred_at) FILTER (occurred_at < $1) AS before
            FROM interactions WHERE namespace = 'customer_no' GROUP BY identifier)
            WHERE before >= $1 - INTERVAL {simulated.settings.dormant_days} DAY"""
        freeze = last - datetime.timedelta(days=days)
        ((there,),) = con.execute(query, [freeze]).fetchall()
    assert 0 < sum(row.parties for row in result.rows) <= there


def test_what_parties_will_bring_is_near_what_they_brought(simulated):
    result = simulated.lifetimes()
    assert result.expected == pytest.approx(result.bought, rel=0.1)
    shown = {row.level: row for row in result.rows if not row.value.hidden}
    assert shown["best"].value.low > shown["middling"].value.high
    with ledger(simulated) as con:
        query = "SELECT count(DISTINCT identifier) FROM interactions WHERE amount > 0"
        ((buyers,),) = con.execute(query).fetchall()
    assert sum(row.parties for row in result.rows) >= buyers


def test_half_a_problem_gone_is_half_the_change(simulated):
    whole = simulated.what_if("slow:store_checkout", adjusted=False)
    half = simulated.what_if("slow:store_checkout", removed=0.5, adjusted=False)
    rows = {row.measure: row for row in whole.rows}
    assert half.rows[0].change.value == pytest.approx(rows["score"].change.value / 2, rel=1e-6)
    finding = next(f for f in simulated.findings().rows if f.name == "slow:store_checkout")
    assert rows["score"].change.value == pytest.approx(finding.overall.value, rel=0.05)
    assert rows["score"].quantiles == tuple(sorted(rows["score"].quantiles))
    with pytest.raises(UnknownNameError, match="early:bird"):
        simulated.what_if("early:bird")


def test_what_cannot_be_said_is_refused():
    one = Estimate(10.0, 8.0, 12.0, 100, "")
    result = what_if(
        Known("late", one, Estimate(0.1, 0.08, 0.12, 900, ""), 50, None, None, 0.0, "association"),
        Settings(),
    )
    assert [row.measure for row in result.rows] == ["score"]
    assert len(result.refused) == 2


def test_every_party_gets_a_lifetime_value(simulated, tmp_path):
    file = tmp_path / "values.parquet"
    done = run("-w", simulated.path, "lifetime", "--to", file)
    assert done.exit_code == 0, done.output
    table = pq.read_table(file).to_pandas()
    rows = [row for row in simulated.lifetimes().rows if not row.value.hidden]
    assert len(table) >= sum(row.parties for row in rows)
    assert table.value.sum() == pytest.approx(sum(row.total for row in rows), rel=0.01)
    assert table.alive.between(0, 1).all()
    assert np.allclose(table.value, table.expected * table.amount)
    with ledger(simulated) as con:
        query = "SELECT count(DISTINCT party_key) FROM interactions WHERE amount > 0"
        ((payers,),) = con.execute(query).fetchall()
    assert len(table) <= payers  # a party may have several keys
    log = [json.loads(line) for line in (simulated.path / "audit.jsonl").read_text().splitlines()]
    (written,) = [one for one in log if one["action"] == "export lifetime values"]
    assert f"{len(table)} rows" in written["subject"]


def test_johnsons_weights_have_intervals_and_agree_with_lmg(simulated):
    found = simulated.drivers()
    assert sum(row.weight.value for row in found.rows) == pytest.approx(found.r2)
    for row in found.rows:
        assert row.weight.low <= row.weight.value <= row.weight.high
        assert row.weight.low <= row.share.high
        assert row.share.low <= row.weight.high


def test_every_journey_gets_a_score_of_its_own(simulated, tmp_path):
    file = tmp_path / "scores.parquet"
    done = run("-w", simulated.path, "predict", file, "--per", "journey")
    assert done.exit_code == 0, done.output
    table = pq.read_table(file).to_pandas()
    assert len(table) == simulated.population().rows[0].experiences
    stated = table.stated.notna()
    assert 0 < stated.sum() < len(table)
    assert table.predicted.between(0, 100).all()
    assert table.chance.between(0, 1).all()
    assert np.corrcoef(table.stated[stated], table.predicted[stated])[0, 1] > 0.4
    with ledger(simulated) as con:
        query = "SELECT count(DISTINCT correlations[1]) FROM perceptions WHERE instrument = 'nps'"
        ((answered,),) = con.execute(query).fetchall()
    assert stated.sum() == answered
