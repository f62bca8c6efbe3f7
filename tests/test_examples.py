"""The examples on real data: raw files in, published figures out."""

import dataclasses

import numpy as np
import pytest

import everytouch
from everytouch.catalogue.api import Instrument
from everytouch.drivers.api import aspects
from everytouch.drivers.aspects import _judged
from everytouch.drivers.leaks import _leak
from everytouch.settings import Settings
from tests.conftest import DATA, ROOT, SECRET
from tests.test_cli import run

# Means of "the airport as a whole", as the airport's reports have them.
SFO = {2010: 3.925, 2011: 3.946, 2012: 3.998, 2013: 3.982, 2014: 3.996, 2015: 4.048}


@pytest.fixture(scope="module")
def sfo(tmp_path_factory):
    workspace = everytouch.create(tmp_path_factory.mktemp("sfo") / "w", secret=SECRET)
    workspace.import_source(ROOT / "examples/sfo/source.toml", DATA / "sfo_survey")
    return workspace


@pytest.fixture(scope="module")
def telco(tmp_path_factory):
    folder = tmp_path_factory.mktemp("telco") / "w"
    workspace = everytouch.create(folder, currency="USD", secret=SECRET)
    workspace.import_source(ROOT / "examples/telco/source.toml", DATA / "telco")
    return workspace


@pytest.mark.data
def test_six_waves_of_the_airports_survey_have_the_published_means(sfo):
    cells = {c.label: c for c in sfo.perception("month").rows if c.instrument == "overall"}
    means = {int(month[:4]): 1 + cell.score.value / 25 for month, cell in cells.items()}
    assert {year: round(mean, 3) for year, mean in means.items()} == SFO


@pytest.mark.data
def test_blanks_and_never_used_are_no_answers(sfo):
    query = "SELECT min(raw) AS low, max(raw) AS high, count(*) AS n FROM ledger"
    (row,) = sfo.tables.query("perceptions", query, []).to_pylist()
    assert (row["low"], row["high"], row["n"]) == (1, 5, 188_309)
    assert {cell.group for cell in sfo.perception("touchpoint").rows} >= {
        "food",
        "wifi",
        "airtrain",
    }


@pytest.mark.data
def test_what_punishes_at_the_airport_and_what_delights(sfo):
    settings = dataclasses.replace(sfo.settings, headline="overall")
    result = aspects(sfo.trails(), sfo._engine, sfo.catalogue, settings)
    rows = {(row.kind, row.name): row for row in result.rows}
    assert rows["touchpoint", "signs"].kano == "one-dimensional"
    assert rows["touchpoint", "parking"].kano == "must-be"
    assert {kind for kind, _ in rows} == {"touchpoint", "sense"}
    weights = [row.weight for row in result.rows if row.kind == "touchpoint"]
    assert weights == sorted(weights, reverse=True)
    assert 0.3 < sum(weights) < 0.7


def test_planted_penalties_and_rewards_are_told_apart():
    rng = np.random.default_rng(3)
    ratings = rng.choice([0.0, 25, 50, 75, 100], (4_000, 3), p=[0.1, 0.1, 0.2, 0.4, 0.2])
    low, high = ratings <= 50, ratings >= 87.5
    whole = 60 - 9 * low[:, 0] + 9 * high[:, 1] - 5 * low[:, 2] + 5 * high[:, 2]
    whole = whole + rng.normal(0, 12, 4_000)
    ratings[rng.random((4_000, 3)) < 0.2] = np.nan
    names = {name: name for name in ("lack", "gift", "both")}
    rows = {r.name: r for r in _judged("touchpoint", names, ratings, whole, Settings())}
    assert [rows[name].kano for name in names] == ["must-be", "attractive", "one-dimensional"]
    assert rows["lack"].penalty.low < -9 < rows["lack"].penalty.high + 3


@pytest.mark.data
def test_the_satisfaction_that_gives_churn_away_is_called_a_leak(telco):
    (leak,) = telco.leaks().rows
    assert (leak.always, leak.never) == ((1, 2), (4, 5))
    assert leak.parties == 7_043
    assert leak.left.value == pytest.approx(1_869 / 7_043)
    assert leak.sentence.startswith("Leak: How satisfied are you gives leaving away")
    said = run("-w", telco.path, "drivers")
    assert "Leak:" in said.stdout
    page = telco.report(telco.path / "report.html").read_text()
    assert "gives leaving away" in page


def test_what_only_goes_with_leaving_is_no_leak(simulated):
    assert simulated.leaks().rows == ()


def test_few_parties_at_an_answer_prove_nothing():
    counts = np.zeros((101, 2), np.int64)
    counts[0, 1], counts[100, 0] = 20, 20  # all of twenty: too few to say "always"
    asked = Instrument("q", "Q", "mean", 0, 10)
    assert _leak(asked, counts, Settings()) is None
    counts *= 2
    assert _leak(asked, counts, Settings()).always == (0.0,)
