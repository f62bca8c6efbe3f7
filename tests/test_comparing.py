"""Answers compared, against numbers that are known."""

import datetime
import json
import math

import numpy as np
import pytest

from everytouch.stats.comparing import compare, of_estimates
from everytouch.stats.intervals import mean, share
from tests.test_cli import run

HALF = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def halves(simulated):
    return simulated.scope(until=HALF), simulated.scope(since=HALF)


def test_newcombes_example_of_two_shares():
    """56 of 70 minus 48 of 80 (Newcombe 1998, table II, method 10): 0.0524 to 0.3339."""
    found = of_estimates(share(56, 70), share(48, 80))
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_difference_of_means_covers_the_truth():
    rng = np.random.default_rng(8)
    covered = 0
    for _ in range(500):
        a, b = rng.normal(5, 2, 60), rng.normal(4, 1, 90)
        one, two = (mean(len(x), x.sum(), (x**2).sum()) for x in (a, b))
        found = of_estimates(one, two)
        covered += found.low <= 1 <= found.high
    assert 0.925 <= covered / 500 <= 0.975


def test_shares_of_a_graph_are_compared_also_where_one_has_none(simulated, halves):
    first, second = (simulated.graph(scope) for scope in halves)
    found = compare(first, second)
    named = {row.what: row for row in found.rows}
    totals = [sum(edge.count for edge in one.rows) for one in (first, second)]
    for answer, total, side in zip((first, second), totals, ("first", "second"), strict=True):
        for edge in answer.rows:
            row = named[f"{edge.source}, {edge.target}"]
            assert getattr(row, side) == share(edge.count, total)
    assert len(named) == len({(e.source, e.target) for e in (*first.rows, *second.rows)})
    only = [row for row in found.rows if row.first.value == 0]
    assert all(row.difference.low <= row.second.value for row in only)


def test_the_same_question_of_the_same_part_shows_no_difference(simulated, halves):
    answer = simulated.drop_off(halves[0])
    for row in compare(answer, answer).rows:
        assert row.difference.value == 0
        assert row.q == pytest.approx(1.0) or math.isnan(row.q)


def test_nothing_is_cried_where_groups_differ_by_chance_only(simulated):
    """Parties parted by their key: each figure is of two groups of one kind."""
    cried = asked = 0
    trails = simulated.trails()
    for bit in range(6):
        chosen = [{b.place: (b.parties >> bit) & 1 == side for b in trails.buckets}
                  for side in (0, 1)]  # fmt: skip
        scopes = [type(simulated.scope())(one, text=f"side {s}") for s, one in enumerate(chosen)]
        for name in ("drop_off", "retention", "promises"):
            rows = compare(*(getattr(simulated, name)(scope) for scope in scopes)).rows
            cried += sum(row.q < 0.05 for row in rows)
            asked += len(rows)
    assert asked > 300
    assert cried / asked < 0.02


def test_a_step_that_is_taken_twice_is_compared_twice(simulated, halves):
    steps = ["website_visit", "web_checkout", "website_visit"]
    first, second = (simulated.funnel(steps, scope, window_days=90) for scope in halves)
    found = compare(first, second).rows
    assert [row.what for row in found] == ["website_visit", "web_checkout", "website_visit (2)"]
    assert [row.first for row in found] == [row.share for row in first.rows]
    assert [row.second for row in found] == [row.share for row in second.rows]


def test_answers_to_different_questions_are_refused(simulated):
    with pytest.raises(ValueError, match="is no answer as"):
        compare(simulated.graph(), simulated.drop_off())


@pytest.mark.parametrize(
    "words",
    [
        ["funnel", "website_visit", "web_checkout"], ["around", "help_call"], ["drop-off"],
        ["between", "help_call", "web_checkout"], ["lifecycle"], ["paths"],
        ["perception", "touchpoint"], ["promises"], ["repeats"], ["retention"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_every_question_is_compared_on_the_command_line(words, simulated):
    part = ["--segment", "members", "--with-segment", "urban"]
    done = run("-w", simulated.path, "compare", *words, *part)
    assert done.exit_code == 0, done.output
    assert "difference" in done.output
    assert "MOVER" in done.output


def test_what_is_not_said_of_the_second_part_is_as_in_the_first(simulated):
    given = ["-w", simulated.path, "compare", "drop-off", "--segment", "members", "--json"]
    days = ["--since", "2024-01-01", "--until", "2025-01-01", "--with-since", "2025-01-01"]
    cut = json.loads(run(*given, *days).output)["basis"]["cut"]
    assert cut == (
        "first: segment Subscribers, from 2024-01-01, until 2025-01-01; "
        "second: segment Subscribers, from 2025-01-01"
    )
    other = ["--until", "2025-01-01", "--with-segment", "urban"]
    cut = json.loads(run(*given, *other).output)["basis"]["cut"]
    assert cut.count("until 2025-01-01") == 2
    assert "Customers in towns" in cut


def test_what_is_missing_is_said(simulated):
    done = run("-w", simulated.path, "compare", "funnel", "--with-segment", "urban")
    assert (done.exit_code, "funnel needs STEP STEP" in done.stderr) == (2, True)
    done = run("-w", simulated.path, "compare", "drop-off", "moon", "--with-segment", "urban")
    assert (done.exit_code, "drop-off needs nothing more" in done.stderr) == (2, True)
    done = run("-w", simulated.path, "compare", "perception", "moon", "--with-segment", "urban")
    assert (done.exit_code, "broken down by 'moon'" in done.stderr) == (2, True)
    done = run("-w", simulated.path, "compare", "graph")
    assert (done.exit_code, "nothing to compare with" in done.stderr) == (2, True)
