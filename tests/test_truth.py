"""The smaller sister of benchmarks/truth.py: intervals hold, warnings come, verdicts keep quiet."""

import numpy as np
import pytest
from benchmarks import truth


def percent(text):
    return float(text.rstrip("%")) / 100


@pytest.mark.parametrize("n", [10, 30, 100, 1_000])
def test_nps_and_shares_cover(n):
    rng = np.random.default_rng(n)
    assert 0.925 <= truth.cover_nps(rng, n, 400) <= 0.975
    assert 0.925 <= truth.cover_share(rng, n, 400) <= 0.975


def test_differences_league_tables_and_population_means_cover():
    rng = np.random.default_rng(2)
    assert 0.92 <= truth.cover_difference(rng, 100, 500) <= 0.98
    assert 0.92 <= truth.cover_means(rng, 60, 300) <= 0.98
    assert 0.93 <= truth.cover_league(rng, 40, 150) <= 0.97
    mean, alone = truth.cover_population(rng, 600, 60)
    assert mean >= 0.87
    assert alone <= 0.2


def test_effects_hold_and_broken_assumptions_are_warned_of():
    rows = {name.strip(): value for name, value, _ in truth.causes(40)}
    assert percent(rows["effect within its interval"]) >= 0.85
    assert percent(rows["hidden confounder: warned"]) == 1
    assert percent(rows["no overlap: warned"]) == 1
    assert percent(rows["a trend already there: warned"]) >= 0.9


def test_verdicts_do_not_cry_wolf():
    rows = [percent(value) for _, value, wanted in truth.alarms(150) if wanted == "≤ 5 %"]
    assert max(rows) <= 0.07
