"""Statistics against published values and independent computations."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from everytouch.stats import differences, discovery, intervals
from everytouch.stats.durations import BINS, duration_bin, quantile
from everytouch.stats.intervals import Moments2
from everytouch.stats.regression import (
    GROUPS,
    CrossProducts,
    coefficients,
    correlation,
    forward_selection,
    lmg,
)
from tests.conftest import DATA


@pytest.mark.parametrize(
    ("counts", "low", "high"), [((50, 20, 100), 0.1405, 0.4420), ((5, 2, 10), -0.1905, 0.6520)]
)
def test_nps_interval_equals_the_published_examples(counts, low, high):
    estimate = intervals.nps(*counts)
    assert estimate.low == pytest.approx(low, abs=5e-5)
    assert estimate.high == pytest.approx(high, abs=5e-5)


def test_nps_interval_covers_near_its_level_for_ten_answers():
    rng = np.random.default_rng(5)
    p = np.array([0.5, 0.3, 0.2])
    draws = rng.multinomial(10, p, size=4_000)
    inside = [(e := intervals.nps(int(a), int(c), 10)).low <= 0.3 <= e.high for a, _, c in draws]
    assert 0.94 <= np.mean(inside) <= 0.98  # .962 in the literature search of METHODS


def test_wilson_equals_the_published_example():
    estimate = intervals.share(42, 50)
    assert (estimate.low, estimate.high) == pytest.approx((0.71486, 0.91663), abs=5e-6)


def test_mean_equals_scipy():
    x = np.random.default_rng(1).normal(70, 20, 37)
    mine = intervals.mean(len(x), x.sum(), x @ x)
    theirs = stats.t.interval(0.95, len(x) - 1, x.mean(), stats.sem(x))
    assert (mine.low, mine.high) == pytest.approx(theirs)


def test_ratio_of_means_covers():
    rng, inside = np.random.default_rng(3), 0
    for _ in range(800):
        a, b = rng.gamma(2, 3, 120), rng.gamma(2, 2, 90)
        sums = [intervals.Moments2(len(x), x.sum(), x @ x) for x in (a, b)]
        estimate = intervals.ratio_of_means(*sums)
        inside += estimate.low <= 1.5 <= estimate.high
    assert 0.93 <= inside / 800 <= 0.97


@pytest.mark.parametrize("successes", [0, 10])
def test_shares_at_the_ends_stay_in_range(successes):
    estimate = intervals.share(successes, 10)
    assert estimate.low >= 0
    assert estimate.high <= 1
    assert estimate.low <= estimate.value <= estimate.high


def test_nothing_asked_is_no_estimate():
    assert all(e.hidden for e in (intervals.share(0, 0), intervals.nps(0, 0, 0)))
    assert math.isnan(intervals.mean(1, 5.0, 25.0).value)


@pytest.mark.data
def test_lmg_of_swiss_equals_relaimpo():
    swiss = pd.read_parquet(DATA / "r_small" / "datasets_swiss.parquet")
    names = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]
    shares = lmg(swiss[[*names, "Fertility"]].corr().to_numpy())
    assert shares == pytest.approx([0.05709, 0.17117, 0.26013, 0.10557, 0.11277], abs=5e-6)
    assert shares.sum() == pytest.approx(0.70674, abs=5e-6)


def lmg_by_definition(corr):
    """Average over all orders of the R² each predictor adds."""
    p = len(corr) - 1

    def r2(subset):
        if not subset:
            return 0.0
        s = list(subset)
        return corr[p, s] @ np.linalg.solve(corr[np.ix_(s, s)], corr[s, p])

    shares = np.zeros(p)
    orders = list(itertools.permutations(range(p)))
    for order in orders:
        for i, j in enumerate(order):
            shares[j] += r2(order[: i + 1]) - r2(order[:i])
    return shares / len(orders)


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_lmg_equals_its_definition(seed, p):
    x = np.random.default_rng(seed).normal(size=(40, p + 1))
    x[:, -1] += x[:, :-1].sum(axis=1)
    corr = np.corrcoef(x.T)
    assert lmg(corr) == pytest.approx(lmg_by_definition(corr), abs=1e-9)


def test_lmg_gives_nothing_to_a_copy_beyond_its_half():
    x = np.random.default_rng(2).normal(size=(500, 2))
    copied = np.column_stack([x[:, 0], x[:, 0], x[:, 0] + x[:, 1]])
    shares = lmg(
        correlation(CrossProducts.of(copied[:, :2], copied[:, 2], np.arange(500) % 7).total)
    )
    assert shares[0] == pytest.approx(shares[1])


def test_lmg_takes_no_more_than_sixteen():
    with pytest.raises(ValueError, match="1 to 16"):
        lmg(np.eye(18))


def regression_data(n=600, seed=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, 5 + X @ [2.0, -1.0, 0.0] + rng.normal(size=n), rng.integers(0, GROUPS, n)


def test_cross_products_add_up_and_give_least_squares():
    X, y, group = regression_data()
    whole = CrossProducts.of(X, y, group)
    parts = CrossProducts.of(X[:200], y[:200], group[:200]) + CrossProducts.of(
        X[200:], y[200:], group[200:]
    )
    assert parts.sums == pytest.approx(whole.sums)
    expected = np.linalg.lstsq(np.column_stack([np.ones(len(y)), X]), y, rcond=None)[0]
    assert coefficients(whole.total) == pytest.approx(expected)
    assert correlation(whole.total) == pytest.approx(np.corrcoef(np.column_stack([X, y]).T))


def test_group_bootstrap_covers_a_coefficient():
    inside = 0
    for seed in range(300):
        X, y, group = regression_data(400, seed)
        samples = CrossProducts.of(X, y, group).resamples(200, seed)
        drawn = [coefficients(s)[1] for s in samples]
        low, high = np.quantile(drawn, [0.025, 0.975])
        inside += low <= 2.0 <= high
    assert 0.91 <= inside / 300 <= 0.98


def test_forward_selection_takes_what_adds_and_leaves_copies():
    X, y, group = regression_data()
    doubled = np.column_stack([X, X[:, 0] + 1e-6 * X[:, 1]])
    corr = correlation(CrossProducts.of(doubled, y, group).total)
    chosen = forward_selection(corr, 4, 0.01)
    assert len(chosen) == 2
    assert chosen[0] in (0, 3)
    assert chosen[1] == 1


@given(st.lists(st.integers(1_000, 10**14), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_duration_quantiles_are_off_by_less_than_a_bin(values, q):
    histogram = np.bincount([duration_bin(v) for v in values], minlength=BINS)
    exact = sorted(values)[max(0, math.ceil(q * len(values)) - 1)] / 1e6
    assert quantile(histogram, q) == pytest.approx(exact, rel=0.046)


def test_differences_against_published_and_independent_values():
    """Newcombe 1998, table II, method 10; Welch and the score test by other libraries."""
    published = {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (6, 7, 2, 7): (0.0582, 0.8062),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (0, 10, 0, 20): (-0.1611, 0.2775),
        (10, 10, 0, 10): (0.6075, 1.0000),
    }
    for counts, ends in published.items():
        found = differences.of_shares(*counts)
        assert (found.low, found.high) == pytest.approx(ends, abs=6e-5)
    rng = np.random.default_rng(3)
    a, b = rng.normal(3, 2, 40), rng.normal(2, 5, 25)
    first, second = (Moments2(len(x), x.sum(), (x**2).sum()) for x in (a, b))
    known = stats.ttest_ind(a, b, equal_var=False)
    assert differences.p_of_means(first, second) == pytest.approx(known.pvalue)
    ends = known.confidence_interval(0.95)
    found = differences.of_means(first, second)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    table = [[30, 70], [45, 60]]
    chi = stats.chi2_contingency(table, correction=False).pvalue
    assert differences.p_of_shares(30, 100, 45, 105) == pytest.approx(chi)


def test_false_discovery_rates_leave_out_what_could_not_be_tested():
    """Benjamini and Hochberg's own example: four of fifteen at .05."""
    p = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528,
         .7590, 1.0]  # fmt: skip
    rates = discovery.rates([*p[:3], math.nan, *p[3:]])
    assert math.isnan(rates[3])
    assert sum(rate <= 0.05 for rate in rates) == 4
    assert math.isnan(discovery.rates([math.nan])[0])
