"""What is withheld of an answer, and what else may be asked; and people counted as they are."""

from dataclasses import dataclass
from typing import ClassVar

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everytouch.disclosure.api import (
    Cut,
    Menu,
    Policy,
    Table,
    counted,
    disclosed,
    months_beside,
    people_beside,
    places_beside,
    policy_of,
)
from everytouch.disclosure.rounding import in_words
from everytouch.errors import WithheldError
from everytouch.metrics.api import Breakdown, Cell
from everytouch.results import Basis, Result
from everytouch.stats.intervals import Estimate, mean, share


@dataclass(frozen=True)
class Row:
    name: str
    parties: int
    came: int | None
    part: float
    rate: Estimate
    step: int


@dataclass(frozen=True)
class Answer(Result):
    row_type: ClassVar[type] = Row
    everybody: int = 0


POLICY = Policy(
    (
        Table(
            lambda row: row.name,
            lambda row: (row.parties,),
            parts=lambda row: (row.came, row.parties - row.came),
            blank=lambda row: Row(row.name, row.parties, None, row.part, share(0, 0), row.step),
            lines=(lambda _: "all",),
            exact=("step",),
            shares=("rate",),
            ratios=(("part", "parties"),),
        ),
    ),
    whole=lambda result: (result.everybody,),
    adds=True,
)


def answer(*rows, everybody=1000):
    return Answer(
        Basis("", "1,003 parties with 17 interactions in 7 days", ""),
        tuple(Row(n, p, c, p / 500, share(c, p), 3) for n, p, c in rows),
        everybody,
    )


def names(result):
    return [row.name for row in result.rows]


def reasons(result):
    return {one.reason: one.rows for one in result.basis.withheld}


def test_rows_of_a_few_go_and_the_next_smallest_with_them():
    result = disclosed(answer(("a", 3, 0), ("b", 40, 20), ("c", 12, 6)), POLICY, 5)
    assert names(result) == ["b"]  # c: what is known of all would give a away
    assert reasons(result) == {"few": 1, "complement": 1}
    two = disclosed(answer(("a", 4, 0), ("b", 40, 20), ("c", 3, 0)), POLICY, 5)
    assert names(two) == ["b"]  # together they are enough
    assert reasons(two) == {"few": 2}
    less = disclosed(answer(("a", 1, 0), ("b", 40, 20), ("c", 2, 0)), POLICY, 5)
    assert names(less) == []  # together they are still a few


def test_where_all_answered_alike_each_answer_would_be_known():
    cells = [
        Cell(name, name, "nps", "NPS", n, n, score, score, False, score)
        for name, n, score in (
            ("all ten", 9, mean(9, 900, 90_000)),
            ("mixed", 9, mean(9, 800, 75_000)),
            ("more", 40, mean(40, 3_000, 250_000)),
            ("most", 60, mean(60, 4_000, 300_000)),
        )
    ]
    result = Breakdown(Basis("", "", ""), tuple(cells), "segment")
    sent = disclosed(result, policy_of(Breakdown), 5)
    assert [cell.group for cell in sent.rows] == ["more", "most"]
    assert reasons(sent) == {"alike": 1, "complement": 1}


def test_finer_figures_of_a_few_are_blanked_and_the_row_stays():
    result = disclosed(answer(("a", 33, 2), ("b", 40, 20), ("c", 64, 30)), POLICY, 5)
    assert [row.came for row in result.rows] == [None, None, 30]  # b: the total less c is a
    assert reasons(result) == {}


def test_counts_are_rounded_down_and_what_is_computed_from_them():
    result = disclosed(answer(("a", 33, 12), everybody=1003), POLICY, 5)
    (row,) = result.rows
    assert (row.parties, row.came, row.step, result.everybody) == (30, 10, 3, 1000)
    assert row.rate == share(10, 30)
    assert row.part == pytest.approx(30 / 500)
    assert result.basis.denominator == "1,000 parties with 15 interactions in 7 days"
    assert result.basis.rounded == 5


def test_what_subtraction_leaves_is_of_enough_people_or_withheld():
    mine = answer(("a", 33, 12), ("b", 40, 20), ("c", 64, 30), ("d", 70, 30))
    months = [
        counted(answer(("a", 0, 0), ("b", 9, 4), ("c", 3, 1)), POLICY),
        counted(answer(("a", 2, 1), ("b", 2, 1), ("c", 9, 4)), POLICY),
    ]
    result = disclosed(mine, POLICY, 5, [iter(months)])
    # Of a the second month is the first with anybody, of c the first; b has enough in the first.
    assert names(result) == ["b", "d"]
    assert reasons(result) == {"subtraction": 2}


def test_where_the_whole_is_of_a_few_nothing_is_shown():
    with pytest.raises(WithheldError, match="give a few people away"):
        disclosed(answer(("a", 33, 12), everybody=4), POLICY, 5)
    left = counted(answer(("a", 33, 12), everybody=4), POLICY)
    with pytest.raises(WithheldError):
        disclosed(answer(("a", 33, 12)), POLICY, 5, [iter([left])])


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(3, 50))
def test_rounded_counts_differ_by_nothing_or_by_enough(one, other, least):
    first, second = (
        disclosed(answer(everybody=n), Policy(), least).everybody for n in (one, other)
    )
    assert first == second or abs(first - second) >= least
    assert 0 <= one - first < least


def test_counts_in_words_are_rounded_and_nothing_else():
    text = "learned from journeys begun before 2026-03-04; tried on 1,234 steps of 58 begun"
    assert in_words(text, 5) == text.replace("1,234", "1,230").replace("58", "55")
    assert in_words("9 days, 3 minutes, item 12", 5) == "9 days, 3 minutes, item 12"


# --- what else may be asked -----------------------------------------------------------------------

KINDS = {
    "": [1, 1, 1, 1],
    "rural": [1, 1, 0, 0],
    "urban": [0, 0, 1, 0],
    "young": [1, 0, 0, 0],
}
PLACES = {
    ("channel", "web"): frozenset("ab"),
    ("channel", "call"): frozenset("c"),
    ("touchpoint", "a"): frozenset("a"),
    ("touchpoint", "c"): frozenset("c"),
}
MENU = Menu(12, {n: np.array(k, np.bool_) for n, k in KINDS.items()}, PLACES)


def test_both_sides_of_both_ends_of_a_period_are_looked_at():
    walks = [[c.first for c in walk] for walk in months_beside(Cut(first=3, last=6), MENU)]
    assert walks == [[2, 1, 0], list(range(3, 12)), [5, 4, 3, 2, 1, 0], list(range(6, 12))]
    assert list(months_beside(Cut(first=0, last=12), MENU)) == []
    assert list(months_beside(Cut(first=4, last=4), MENU)) == []


def test_sums_of_groups_that_leave_whole_people_are_found():
    def left(who):
        return {frozenset((s, n) for s, n in terms) for terms, _ in people_beside(Cut(who), MENU)}

    rural = left("rural")
    assert frozenset({(1, ""), (-1, "rural")}) in rural
    assert frozenset({(1, ""), (-1, "rural"), (-1, "urban")}) in rural
    assert frozenset({(1, "rural"), (-1, "young")}) not in rural  # the young are hidden for it
    assert frozenset({(1, "rural"), (-1, "young")}) in left("young")
    assert left("") == set()
    for who in ("rural", "urban", "young"):
        for terms, most in people_beside(Cut(who), MENU):
            total = sum(sign * np.array(KINDS[name]) for sign, name in terms)
            assert total.min() >= 0
            assert total.max() == most


def test_what_larger_places_leave_is_found():
    there = places_beside(Cut(place=("touchpoint", "a")), MENU)
    found = {(cut.place, cut.avoided) for cut in there}
    assert found == {
        (None, frozenset("a")),
        (("channel", "web"), frozenset("a")),
        (None, frozenset("ac")),
    }
    own = Menu(12, MENU.who, PLACES, own=frozenset("ac"))
    found = {(c.own, c.place, c.avoided) for c in places_beside(Cut(own=True), own)}
    assert found == {(False, None, frozenset("ac"))}


# --- people, counted as they are ------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(simulated):
    """Interactions and answers with their party, as DuckDB finds them."""
    with duckdb.connect() as con:
        for name in ("interactions", "perceptions"):
            files = [str(path) for path in simulated.tables.files(name)]
            rows = con.read_parquet(files).arrow()
            rows = rows.read_all() if hasattr(rows, "read_all") else rows
            party = simulated._resolution().of(rows)
            con.register(name, rows.append_column("party", [party]))
        yield con


def test_parties_are_counted_once_each(simulated, records):
    def ask(query):
        return dict(records.execute(query).fetchall())

    by_instrument = ask(
        "SELECT instrument, count(DISTINCT party) FROM perceptions "
        "WHERE mode = 'stated' AND score IS NOT NULL GROUP BY 1"
    )
    cells = simulated.perception("all").rows
    assert {cell.instrument: cell.parties for cell in cells} == by_instrument
    at = ask("SELECT touchpoint, count(DISTINCT party) FROM interactions GROUP BY 1")
    assert {node.touchpoint: node.parties for node in simulated.graph().nodes} == at
    assert {row.touchpoint: row.parties for row in simulated.repeats().rows} == at
    for account in simulated.money().rows:
        assert account.parties == at[account.touchpoint]
    months = {}
    for row in simulated.volume().rows:
        months.setdefault(row.touchpoint, []).append(row.parties)
    assert all(max(several) <= at[name] <= sum(several) for name, several in months.items())


def test_parties_of_ways_and_paths_are_those_that_took_them(simulated):
    graph, nodes = simulated.graph(), {n.touchpoint: n for n in simulated.graph().nodes}
    for edge in graph.rows:
        assert 0 < edge.parties <= min(edge.count, nodes[edge.source].parties)
    whole = simulated.paths().rows
    assert all(row.parties == row.count for row in whole)
    by_order = simulated.paths(unit="correlation").rows
    assert all(0 < row.parties <= row.count for row in by_order)
    assert any(row.parties < row.count for row in by_order)
