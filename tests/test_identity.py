"""Parties from links: joined, undone, and as they were known."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everytouch.identity.api import resolve
from tests.conftest import NOW

TIME = pa.timestamp("us", tz="UTC")


def links(*stated):
    """Links from (a, b, same, days after NOW)."""
    when = [NOW + datetime.timedelta(days=days) for *_, days in stated]
    return pa.table(
        {
            "party_key": pa.array([a for a, *_ in stated], pa.int64()),
            "other_key": pa.array([b for _, b, *_ in stated], pa.int64()),
            "same": pa.array([same for *_, same, _ in stated], pa.bool_()),
            "occurred_at": pa.array(when, TIME),
            "received_at": pa.array(when, TIME),
            "key_first": pa.array(range(len(stated)), pa.int64()),
        }
    )


def test_no_links_leave_everybody_alone():
    resolution = resolve(links())
    assert resolution.party(np.array([5, 6])).tolist() == [5, 6]
    assert resolution.members(5).tolist() == [5]


def test_a_merge_is_undone_by_a_later_statement():
    stated = links((1, 2, True, 0), (2, 3, True, 0), (3, 2, False, 1))
    assert resolve(stated).party(np.array([1, 2, 3])).tolist() == [1, 1, 3]


def test_parties_can_be_asked_for_as_they_were_known():
    stated = links((1, 2, True, 0), (1, 2, False, 2))
    then = resolve(stated, NOW + datetime.timedelta(days=1))
    assert then.party(np.array([2])).tolist() == [1]
    assert then.members(1).tolist() == [1, 2]


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.booleans(), st.integers(0, 50)),
        max_size=25,
    )
)
def test_components_equal_a_naive_search(stated):
    latest = {}
    for number, (a, b, same, day) in enumerate(stated):
        pair = (min(a, b), max(a, b))
        latest[pair] = max(latest.get(pair, (-1, -1, None)), (day, number, same))
    edges = [pair for pair, (*_, same) in latest.items() if same]
    expected = {}
    for key in range(9):
        group, open_ = {key}, [key]
        while open_:
            at = open_.pop()
            for a, b in edges:
                for x, y in ((a, b), (b, a)):
                    if x == at and y not in group:
                        group.add(y)
                        open_.append(y)
        expected[key] = min(group)
    found = resolve(links(*stated)).party(np.arange(9))
    assert found.tolist() == list(expected.values())


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=8),
    st.lists(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=4), max_size=4),
)
def test_what_grows_equals_all_statements_together(before, batches):
    stated = [(a, b, True, 0) for a, b in before]
    grown = resolve(links(*stated))
    for batch in batches:
        new = [(a, b, True, 0) for a, b in batch]
        stated += new
        grown = grown.grown(links(*new))
        whole = resolve(links(*stated))
        assert grown.keys.tolist() == whole.keys.tolist()
        assert grown.roots.tolist() == whole.roots.tolist()
    parties = np.arange(13)
    keys, whose = grown.families(grown.party(parties))
    assert sorted(keys.tolist()) == parties.tolist()
    assert grown.party(keys).tolist() == whose.tolist()


def test_who_was_parted_does_not_grow():
    parted = resolve(links((1, 2, True, 0), (1, 2, False, 1), (3, 4, True, 0)))
    assert parted.grown(links((3, 5, True, 2))).party(np.array([5])).tolist() == [3]
    assert parted.grown(links((2, 3, True, 0))) is None
    assert parted.grown(links((3, 4, False, 2))) is None


def test_a_device_joins_its_customer(simulated):
    """The web check-out was seen with a device: both lead to one trail."""
    query = "SELECT namespace, identifier, other_identifier FROM ledger LIMIT 1"
    link = simulated.tables.query("links", query).to_pylist()[0]
    customer = simulated.trail(f"{link['namespace']}:{link['identifier']}")
    device = simulated.trail(f"device:{link['other_identifier']}")
    assert customer.rows == device.rows
    assert len({row.identifier for row in customer.rows}) >= 2


def test_reading_a_trail_is_audited(simulated):
    with pytest.raises(Exception, match="nobody is known"):
        simulated.trail("customer_no:nobody")
    assert "read trail" in (simulated.path / "audit.jsonl").read_text()
