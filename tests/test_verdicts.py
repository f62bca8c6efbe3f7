"""Verdicts on initiatives whose truth is planted, and what makes them void."""

import dataclasses
import datetime
import math

import numpy as np
import pytest

import everytouch
from everytouch.catalogue.api import Initiative, loads
from everytouch.errors import CatalogueError
from everytouch.improvement import api as improvement
from everytouch.stats import panel
from tests.conftest import SECRET

PARTIES, MONTHS, START = 1_500, 12, datetime.date(2025, 7, 1)
LIFTED, TREATED, DRIFTS = 6.0, 8.0, 2.0
SITES = ("south", "north", "east", "west", "drifting")
CATALOGUE = """
touchpoints: {visit: {label: Visit, stage: use, channel: store}}
instruments: {felt: {label: How was it, kind: mean, low: 0, high: 100}}
segments:
  b: {label: New page, trait: arm, values: [b]}
  a: {label: Old page, trait: arm, values: [a]}
  x: {label: Coin up, trait: coin, values: [x]}
  y: {label: Coin down, trait: coin, values: [y]}
  lost: {label: Lost some, trait: lost, values: ["yes"]}
  kept: {label: Kept all, trait: lost, values: ["no"]}
""" + "".join(f"  {s}: {{label: {s}, trait: site, values: [{s}]}}\n" for s in SITES)
SOURCE = '''name = "planted"
timezone = "UTC"
catalogue = "catalogue.yaml"
[inputs.acts]
path = "acts.csv"
[inputs.who]
path = "who.csv"
[[traits]]
name = "who"
sql = """SELECT id, TIMESTAMP '2025-01-01' AS occurred_at, 'no' AS namespace,
  identifier::text AS identifier, name, value FROM who"""
[[interactions]]
name = "acts"
sql = """SELECT 'i' || id AS id, occurred_at::timestamp AS occurred_at, 'no' AS namespace,
  identifier::text AS identifier, 'visit' AS touchpoint, spent AS amount FROM acts"""
[[perceptions]]
name = "said"
sql = """SELECT 'p' || id AS id, occurred_at::timestamp + INTERVAL 1 HOUR AS occurred_at,
  'no' AS namespace, identifier::text AS identifier, 'felt' AS instrument, raw::double AS raw,
  'relationship' AS about FROM acts"""
'''


def one(name, kind="experiment", metric="score", treated="b", **more):
    fields = {"named": START, "start": START, "label": name} | more
    return Initiative(name=name, kind=kind, metric=metric, treated=treated, **fields)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    rng = np.random.default_rng(21)
    base, acts, who = rng.normal(60, 8, PARTIES), [], []
    site = rng.integers(0, len(SITES), PARTIES)
    arms = {
        "arm": np.where(rng.random(PARTIES) < 0.5, "b", "a"),
        "coin": np.where(rng.random(PARTIES) < 0.5, "x", "y"),
        "lost": np.where(rng.random(PARTIES) < 0.42, "yes", "no"),
        "site": np.array(SITES)[site],
    }
    for party in range(PARTIES):
        for name, values in arms.items():
            who.append(f"{name}{party},{party},{name},{values[party]}")
        for month in range(MONTHS):
            after = month >= START.month - 1
            felt = base[party] + rng.normal(0, 6) + 0.3 * month
            felt += after * (LIFTED * (arms["arm"][party] == "b") + TREATED * (site[party] == 0))
            felt += DRIFTS * month * (SITES[site[party]] == "drifting")
            spent = rng.gamma(4, 5) + after * 5 * (arms["arm"][party] == "b")
            day = f"2025-{month + 1:02d}-{rng.integers(1, 28):02d} 10:00:00"
            acts.append(f"{party}-{month},{day},{party},{np.clip(felt, 0, 100):.2f},{spent:.2f}")
    acts.append(f"end,2026-01-02 00:00:00,0,{base[0]:.2f},0")
    (folder / "acts.csv").write_text("id,occurred_at,identifier,raw,spent\n" + "\n".join(acts))
    (folder / "who.csv").write_text("id,identifier,name,value\n" + "\n".join(who))
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    (folder / "source.toml").write_text(SOURCE)
    workspace = everytouch.create(folder / "w", secret=SECRET)
    workspace.import_source(folder / "source.toml")
    return workspace


@pytest.fixture
def judged(planted):
    def judge(*initiatives):
        names = planted.catalogue.segments
        pinned = planted.pin()
        scopes = {name: pinned._segment(name) for name in names}
        result = improvement.verdicts(
            pinned.trails(), pinned._engine, pinned.settings, scopes, initiatives
        )
        return result.rows if len(initiatives) > 1 else result.rows[0]

    return judge


def test_an_experiment_that_worked(judged):
    row = judged(one("page", control="a", planned=PARTIES))
    assert (row.verdict, row.grade) == ("worked", "experiment")
    assert row.effect.low < LIFTED < row.effect.high
    assert "it worked: score +" in row.sentence
    assert any("CUPED" in check for check in row.checks)
    money = judged(one("page", metric="spend", control="a", planned=PARTIES))
    assert money.effect.low < 5 * 6 < money.effect.high  # six months


def test_a_coin_shows_nothing(judged):
    row = judged(one("coin", treated="x", control="y", planned=PARTIES))
    assert row.verdict == "not shown"
    assert row.effect.low < 0 < row.effect.high


def test_an_arm_that_lost_people_is_void(judged):
    row = judged(one("lost", treated="lost", control="kept"))
    assert row.verdict == "void"
    assert row.effect.hidden
    assert "Something loses people" in row.sentence


def test_a_roll_out_is_held_against_those_it_did_not_come_to(judged):
    row = judged(one("south", "rollout", treated="south", control="north"))
    assert (row.verdict, row.grade) == ("worked", "quasi-causal")
    assert row.effect.low < TREATED < row.effect.high


def test_a_trend_already_there_is_said(judged):
    row = judged(one("drift", "rollout", treated="drifting", control="north"))
    assert row.verdict == "cannot be said"
    assert "trend was there already" in row.sentence
    assert row.grade == "association"


def test_waves_come_one_after_the_other(judged):
    row = judged(
        one("waves", "rollout", treated="south", control="north", waves=("west 2025-09-01",))
    )
    # the second wave changed nothing: its months weigh as they are
    assert 0 < row.effect.value < TREATED


def test_one_segment_beside_a_mixture(judged):
    row = judged(one("single", "single", treated="south", others=("north", "east", "west")))
    assert row.effect.value == pytest.approx(TREATED, abs=2)
    assert row.verdict == "not shown"  # of four segments one is always the first
    assert "name more" in row.sentence
    assert any("mixture" in check for check in row.checks)


def test_what_was_named_afterwards_is_an_exploration(judged):
    late = one("page", control="a", planned=PARTIES, named=datetime.date(2025, 9, 1))
    row = judged(late)
    assert row.grade == "association"
    assert any("exploration" in check for check in row.checks)


def test_an_experiment_raises_the_grade_of_its_finding(planted, simulated):
    text = (planted.path / "catalogue.yaml").read_text()
    named = "initiatives: {page: {label: Page, kind: experiment, metric: score, treated: b, "
    named += "control: a, named: 2025-06-01, start: 2025-07-01, planned: 1500}}\n"
    known = loads(text.replace("initiatives: {}\n", "") + named)
    (initiative,) = known.initiatives.values()
    assert initiative.rollout == {"b": START}
    assert planted.findings().rows == ()  # nothing goes wrong there
    found = simulated.findings()
    by = {"late:parcel_delivered": "quasi-causal", "slow:help_call": "quasi-causal"}
    rows = improvement.graded(found, by, {"late:parcel_delivered": "experiment"}).rows
    grades = {row.name: row.grade for row in rows}
    assert grades["late:parcel_delivered"] == "experiment"
    assert grades["slow:help_call"] == "quasi-causal"
    assert grades["failed:help_call"] == "association"
    found = dataclasses.replace(found, rows=rows)
    rows = improvement.graded(found, dict.fromkeys(by, "association"), {}).rows
    assert {row.name: row.grade for row in rows} == grades  # none is made worse


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("treated: nobody", "nobody"),
        ("treated: b", "no control"),
        ("treated: b, control: a, share: 1.5", "share"),
        ("treated: b, control: a, until: 2025-01-01", "until"),
        ("treated: b, control: a, waves: [a soon]", "waves"),
    ],
)
def test_an_initiative_that_says_something_impossible(fields, said):
    text = CATALOGUE + (
        "initiatives: {one: {kind: experiment, metric: score, named: 2025-06-01, "
        f"start: 2025-07-01, {fields}}}}}\n"
    )
    with pytest.raises(CatalogueError, match=said):
        loads(text)


def test_repeated_cross_sections_equal_the_four_means():
    rng = np.random.default_rng(2)
    cells = {(g, t): rng.normal(5 * g + t, 1, 40) for g in range(2) for t in range(2)}
    sums = [
        np.array([[f(cells[g, t]) for t in range(2)] for g in range(2)])
        for f in (len, np.sum, lambda x: x @ x)
    ]
    found = panel.repeated(*(s.astype(float) for s in sums), np.array([1, panel.NEVER]))
    means = {key: values.mean() for key, values in cells.items()}
    value = (means[0, 1] - means[0, 0]) - (means[1, 1] - means[1, 0])
    half = 1.959964 * math.sqrt(sum(values.var(ddof=1) / 40 for values in cells.values()))
    assert dataclasses.astuple(found.overall)[:3] == pytest.approx(
        (value, value - half, value + half), rel=1e-6
    )


def test_roll_outs_without_an_effect_seldom_seem_to_work():
    rng, false, trends = np.random.default_rng(9), 0, 0
    first = np.array([6, panel.NEVER])
    for _ in range(400):
        n = np.full((2, 12), 50.0)
        y = rng.normal(0, 1, (2, 12, 50))
        found = panel.repeated(n, y.sum(2), (y**2).sum(2), first)
        false += found.overall.low > 0
        trends += found.p_parallel < 0.05
    assert false / 400 <= 0.05
    assert trends / 400 <= 0.09
