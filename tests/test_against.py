"""Map against path: counts and prices equal a reading of the ledger, row by row in plain Python."""

import collections
import datetime
import re
import statistics

import pytest

from everytouch.catalogue.api import load_map
from everytouch.errors import UnknownNameError
from everytouch.journeys.against import ask
from everytouch.journeys.aligning import align
from everytouch.journeys.api import against, journeys_with
from everytouch.stats import differences
from everytouch.stats.intervals import Moments2
from everytouch.trails.api import EVERYTHING
from tests.conftest import ROOT
from tests.test_maps import cheapest

DAY = 86_400_000_000
MAP = (ROOT / "src/everytouch/simulate/online_order.yaml").read_text(encoding="utf-8")
COLUMNS = ["party_key", "occurred_at", "sequence", "key_first", "touchpoint", "correlations"]


def ledger(workspace):
    """Moments by party, in order: (time, kind, touchpoint, order, amount, score)."""
    roots = {}
    for row in workspace.tables.read("links", ["party_key", "other_key"]).to_pylist():
        roots[row["other_key"]] = row["party_key"]
    lives = collections.defaultdict(list)
    for kind, extra in (("interactions", ["amount"]), ("perceptions", ["score", "mode"])):
        for row in workspace.tables.read(kind, [*COLUMNS, *extra]).to_pylist():
            if row.get("mode", "stated") != "stated":
                continue
            party = roots.get(row["party_key"], row["party_key"])
            at = round(row["occurred_at"].timestamp() * 1e6)
            order = (row["correlations"] or [""])[0]
            tie = (kind, row["touchpoint"] or "", row["key_first"])
            order_of_time = (at, row["sequence"] or 0, *tie)
            said = (float(row.get("amount") or 0), row.get("score"))
            lives[party].append((order_of_time, kind, row["touchpoint"], order, *said))
    return {party: sorted(life) for party, life in lives.items()}


class Taken:
    """One order online, read from a life."""

    def __init__(self, life, order, last):
        mine = [m for m in life if m[1] == "interactions" and m[3] == order]
        self.points = [m[2] for m in mine if m[2] != "survey_asked"]
        times = [m[0][0] for m in mine if m[2] != "survey_asked"]
        self.when = dict(zip(reversed(self.points), reversed(times), strict=True))
        first, end = times[0], times[-1]
        scores = [
            m[5] for m in life
            if m[1] == "perceptions" and m[3] in ("", order) and m[5] is not None
            and first <= m[0][0] <= end + 30 * DAY
        ]  # fmt: skip
        later = [m for m in life if m[1] == "interactions" and end < m[0][0] <= end + 365 * DAY]
        known = end + 365 * DAY <= last
        self.score = statistics.fmean(scores) if scores else None
        self.spend = sum(m[4] for m in later) if known else None
        gone = not later or any(m[2] == "account_closed" for m in later)
        self.left = gone if known else None

    def late(self, step, since, days):
        """Whether a touchpoint came later after another than it should."""
        a, b = self.when.get(since), self.when.get(step)
        return a is not None and b is not None and b - a > days * DAY


@pytest.fixture(scope="module")
def orders(simulated):
    """Every order that passed the web check-out."""
    lives = ledger(simulated)
    last = max(m[0][0] for life in lives.values() for m in life)
    return [
        Taken(life, order, last)
        for life in lives.values()
        for order in sorted({m[3] for m in life if m[2] == "web_checkout" and m[3]})
    ]


def asked(workspace, text):
    """What questions about a map take; it is not saved, as the workspace is only read."""
    journey = load_map(text, "a_map", workspace.catalogue)
    room = (workspace.trails(), workspace._engine, workspace.catalogue)
    return *room, journey, workspace.settings


@pytest.fixture(scope="module")
def found(simulated):
    """Every order against the company's map."""
    return against(*asked(simulated, MAP))


def sums(values):
    """n, sum and squares of what is known."""
    known = [value for value in values if value is not None]
    return Moments2(len(known), sum(known), sum(value * value for value in known))


WAYS = {
    "late:delivered": lambda one: one.late("parcel_delivered", "web_checkout", 4),
    "late:sent": lambda one: one.late("parcel_shipped", "web_checkout", 2),
    "added:help_call": lambda one: "help_call" in one.points,
    "added:return_sent": lambda one: "return_sent" in one.points,
    "skipped:unpacked": lambda one: "parcel_unpacked" not in one.points,
    "skipped:delivered": lambda one: "parcel_delivered" not in one.points,
}


def test_journeys_and_deviations_are_those_of_the_ledger(found, orders):
    """As many journeys, different paths, and deviations of each kind."""
    assert found.walks == len(orders)
    assert found.distinct == len({tuple(one.points) for one in orders})
    counts = {row.deviation: row.walks for row in found.rows}
    for name, has in WAYS.items():
        assert counts.get(name, 0) == sum(map(has, orders)), name
    by_step = {one.step: one for one in found.steps}
    assert by_step["invited"].walks == sum("newsletter" in one.points for one in orders)
    assert by_step["delivered"].late.value == pytest.approx(
        counts["late:delivered"] / by_step["delivered"].walks
    )


def test_journeys_are_of_the_period_in_which_they_began(simulated, orders):
    """And whole: what comes after the period belongs to them."""
    until = datetime.datetime(2024, 7, 1, tzinfo=datetime.UTC)
    scope = simulated.scope(until=until)
    found = simulated.against("online_order", scope)
    mine = [one for one in orders if min(one.when.values()) < until.timestamp() * 1e6]
    assert 0 < found.walks == len(mine) < len(orders)
    late = next(row for row in found.rows if row.deviation == "late:delivered")
    assert late.walks == sum(WAYS["late:delivered"](one) for one in mine)


@pytest.mark.parametrize("name", ["late:delivered", "added:help_call"])
def test_prices_are_those_of_the_ledger(found, orders, name):
    """Score, spend and leaving of journeys with a deviation minus those without."""
    row = next(row for row in found.rows if row.deviation == name)
    parts = {True: [], False: []}
    for one in orders:
        parts[WAYS[name](one)].append(one)
    for estimate, read in ((row.score, lambda one: one.score), (row.spend, lambda one: one.spend)):
        expected = differences.of_means(*(sums(map(read, parts[has])) for has in (True, False)))
        assert estimate.n == expected.n
        for end in ("value", "low", "high"):
            assert getattr(estimate, end) == pytest.approx(getattr(expected, end), rel=1e-5)
    left = [[one.left for one in parts[has] if one.left is not None] for has in (True, False)]
    assert row.leaving.value == pytest.approx(statistics.fmean(left[0]) - statistics.fmean(left[1]))
    assert row.grade == "association"


def test_the_journeys_behind_a_deviation_have_it(simulated, found, orders):
    """The newest first; as many as are asked for."""
    result = journeys_with(*asked(simulated, MAP), "added:help_call", limit=7)
    assert len(result.rows) == 7
    assert all("help_call" in row.touchpoints for row in result.rows)
    assert [row.ended for row in result.rows] == sorted(
        (row.ended for row in result.rows), reverse=True
    )
    number = next(row.walks for row in found.rows if row.deviation == "added:help_call")
    assert f"{number:,}" in result.basis.denominator
    with pytest.raises(UnknownNameError, match="no deviation 'late:moon'"):
        journeys_with(*asked(simulated, MAP), "late:moon")


def test_what_a_late_parcel_goes_with_is_what_the_company_did(found):
    """The simulated company takes points off for a late parcel; the map finds it first."""
    assert found.rows[0].deviation == "late:delivered"
    assert found.rows[0].score.high < -5


def test_what_goes_together_is_that_of_the_ledger(simulated):
    """Journeys that pass a touchpoint before they reach another, and how they feel."""
    lives, walks = ledger(simulated), []
    for life in lives.values():
        for order in sorted({m[3] for m in life if m[1] == "interactions" and m[3]}):
            mine = [m for m in life if m[1] == "interactions" and m[3] == order]
            first, end = mine[0][0][0], mine[-1][0][0]
            scores = [
                m[5] for m in life
                if m[1] == "perceptions" and m[3] in ("", order) and m[5] is not None
                and first <= m[0][0] <= end + 30 * DAY
            ]  # fmt: skip
            points = [m[2] for m in mine]
            reached = "help_call" in points
            before = points[: points.index("help_call")] if reached else points
            walks.append((set(before), reached, statistics.fmean(scores) if scores else None))
    found = simulated.goes_with("help_call").rows
    assert "survey_asked" not in {row.touchpoint for row in found}
    for row in found:
        parts = [
            [one for one in walks if (row.touchpoint in one[0]) is has] for has in (True, False)
        ]
        assert row.walks == len(parts[0])
        shares = [(sum(one[1] for one in part), len(part)) for part in parts]
        expected = differences.of_shares(*shares[0], *shares[1])
        assert row.reached.value == pytest.approx(expected.value)
        assert row.reached.low == pytest.approx(expected.low)
        score = differences.of_means(*(sums(one[2] for one in part) for part in parts))
        if not row.score.hidden:
            assert row.score.value == pytest.approx(score.value, rel=1e-5, abs=1e-6)
    assert found[0].reached_q < 0.001 < max(row.reached_q for row in found)


def test_maps_are_kept_in_versions(workspace, simulated):
    """Each version stays; the same again is none; unknown ones are said."""
    (workspace.path / "catalogue.yaml").write_bytes(
        (simulated.path / "catalogue.yaml").read_bytes()
    )
    assert workspace.map_names() == ()
    with pytest.raises(UnknownNameError, match="none is saved yet"):
        workspace.journey_map("order")
    assert workspace.save_map("order", MAP).version == 1
    assert workspace.save_map("order", MAP).version == 1
    other = MAP.replace("4 days", "5 days")
    assert workspace.save_map("order", other).version == 2
    assert workspace.journey_map("order", 1).steps[6].within == "4 days"
    assert workspace.map_text("order") == other
    assert workspace.map_versions("order") == (1, 2)
    for name in ("../order", "Order", "", "other"):
        with pytest.raises(UnknownNameError):
            workspace.map_versions(name)
    with pytest.raises(UnknownNameError, match="no version 3"):
        workspace.map_text("order", 3)
    assert [path.name for path in (workspace.path / "maps").rglob("*.new")] == []


@pytest.mark.data
def test_loan_applications_against_a_map_of_two_dozen_steps(bpic):
    """All 13,087 cases; every short path costs what a search over all ways finds."""
    text = (ROOT / "examples/bpic2012/application.yaml").read_text(encoding="utf-8")
    trails, engine, catalogue, journey, settings = asked(bpic, text)
    result = against(trails, engine, catalogue, journey, settings)
    assert (result.walks, result.distinct, len(result.steps)) == (13_087, 4_366, 24)
    known = ask(trails, engine, catalogue, journey, settings, EVERYTHING)[1]
    again = align(known.paths, known.model)
    assert again.cost.tolist() == known.aligned.cost.tolist()
    looked = 0
    for p in range(len(known.paths.hashes)):
        codes = known.paths.codes[known.paths.edges[p] : known.paths.edges[p + 1]]
        if len(codes) <= 12:
            trail = [trails.touchpoints[code] for code in codes]
            assert known.aligned.cost[p] == cheapest(trail, journey)
            looked += 1
    assert looked > 20


def test_the_map_of_the_docs_is_one(simulated):
    """As it is written there, with the simulated company's catalogue."""
    text = (ROOT / "docs/maps.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    journey = load_map(example, "order", simulated.catalogue)
    assert [one.step for one in journey.steps][-2:] == ["delivered", "unpacked"]
