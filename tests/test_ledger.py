"""The ledger: once each, counted, found again by its keys."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import everytouch
from everytouch.errors import LedgerError, WorkspaceError
from everytouch.ledger.api import Loader, Tables, quarantined, release, session, write_secret
from everytouch.ledger.keyset import KeySet
from everytouch.ledger.schemas import TABLES
from everytouch.ledger.together import links_together
from tests.conftest import NOW, SECRET
from tests.test_moments import WORDS, record


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=30), max_size=8))
def test_the_key_set_answers_like_a_python_set(batches):
    known: set[tuple[int, int]] = set()
    keys = KeySet()
    for batch in batches:
        first, second = (np.array([pair[i] for pair in batch], np.int64) for i in (0, 1))
        expected = []
        for pair in batch:
            expected.append(pair not in known)
            known.add(pair)
        assert keys.add(first, second).tolist() == expected
    assert len(keys) == len(known)


def test_growing_key_sets_stay_in_few_runs():
    keys = KeySet()
    for start in range(0, 64_000, 1_000):
        keys.add(np.arange(start, start + 1_000), np.zeros(1_000, np.int64))
    assert len(keys) == 64_000
    assert len(keys._runs) <= 10


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "ledger").mkdir()
    write_secret(tmp_path, SECRET)
    made = Tables(tmp_path / "ledger")
    made.create()
    return made


def loader(tables, source="s", dry=False):
    return Loader(tables, SECRET, source, NOW, WORDS, dry)


def test_a_moment_is_stored_once_however_often_it_comes(tables):
    row = record("interactions")
    twice = pa.concat_tables([row, row])
    assert vars(loader(tables).store("interactions", twice)) == {
        "received": 2, "stored": 1, "duplicate": 1, "quarantined": 0, "refused": 0,
        "conflict": 0, "expired": 0,
    }  # fmt: skip
    assert loader(tables).store("interactions", row).duplicate == 1
    assert tables.read("interactions", ["id"]).num_rows == 1


def test_the_same_id_from_another_source_is_another_moment(tables):
    for source in ("a", "b"):
        assert loader(tables, source).store("interactions", record("interactions")).stored == 1


def test_a_dry_run_counts_and_writes_nothing(tables):
    before = tables.version("interactions")
    assert loader(tables, dry=True).store("interactions", record("interactions")).stored == 1
    assert tables.version("interactions") == before


def test_identifiers_seen_together_become_links_with_evidence(tables):
    row = record("interactions", also=["email:Ana@x.org", "phone:+49 30 1"])
    loader(tables).store("interactions", row)
    links = tables.query("links", "SELECT * FROM ledger ORDER BY other_namespace").to_pylist()
    assert [link["other_identifier"] for link in links] == ["Ana@x.org", "+49 30 1"]
    assert links[0]["evidence"] == "seen together on 1"
    assert len({link["party_key"] for link in links}) == 1


def test_a_crash_between_links_and_moments_loses_nothing(tables):
    """Only the links were committed: the next run stores the moment and no second link."""
    row = record("interactions", also=["email:ana@x.org"])
    first = loader(tables)
    first.store("links", links_together(row, WORDS))
    assert loader(tables).store("interactions", row).stored == 1
    assert tables.read("links", ["id"]).num_rows == 1


def test_quarantine_keeps_a_record_once_with_its_reason(tables):
    row = (record("interactions", touchpoint="moon").to_pylist()[0], "no such touchpoint")
    for _ in range(2):
        assert loader(tables).quarantine("interactions", [row]).quarantined == 1
    (held,) = quarantined(tables)
    assert held.reason == "no such touchpoint"
    assert held.row["touchpoint"] == "moon"
    release(tables, [held])
    assert quarantined(tables) == ()


def test_only_one_may_write_at_a_time(tables):
    with (
        tables.writing(),
        pytest.raises(WorkspaceError, match="another process"),
        Tables(tables.folder).writing(),
    ):
        pass


def test_a_ledger_that_is_gone_is_named(tmp_path):
    with pytest.raises(LedgerError, match="cannot be read"):
        Tables(tmp_path).open("interactions")


def test_sessions_see_nothing_of_each_other():
    with session(1) as one, session(1) as other:
        one.register("first_rows", pa.table({"a": [1]}))
        one.execute("CREATE TEMP VIEW shown AS SELECT 1 AS a")
        one.execute("SET TimeZone = 'Asia/Tokyo'")
        for name in ("first_rows", "shown"):
            with pytest.raises(duckdb.CatalogException):
                other.execute(f"FROM {name}")
        assert other.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
    with session(1) as later, pytest.raises(duckdb.CatalogException):
        later.execute("FROM first_rows")


# Each ends a line for ``str.splitlines`` and none does in a file of JSON lines.
ENDS_OF_LINES = ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


def of_signs(schema, sign):
    """A row whose texts all hold a sign."""
    some = {"timestamp[us, tz=UTC]": NOW, "string": f"a{sign}b", "bool": False}
    row = {
        field.name: [] if pa.types.is_list(field.type) else some.get(str(field.type), 0)
        for field in schema
    }
    return pa.Table.from_pylist([row], schema)


@pytest.mark.parametrize("sign", ENDS_OF_LINES)
def test_a_sign_that_may_end_a_line_ends_no_record(tables, sign):
    for name, schema in TABLES.items():
        since = tables.version(name)
        for _ in range(2):  # the second reads what the first commit says of its files
            tables.append(name, of_signs(schema, sign))
        assert len(tables.appended(name, since, tables.version(name))) == 2
        assert tables.read(name, schema.names, every=True).num_rows == 2


@pytest.mark.parametrize("name", ["my shöp", "a:b", "s3:x", "100%", "a'b\"{}#?*", "…"])
def test_a_workspace_may_have_an_odd_name(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = everytouch.create(name)
    row = record("interactions")
    assert loader(made.tables).store("interactions", row).stored == 1
    opened = everytouch.open(name)
    assert opened.tables.read("interactions", ["id"]).num_rows == 1
    assert opened.verify().whole


@pytest.mark.parametrize("name", ["a[b]", "a^b", "a|b", "a\\b", "a%20b", "a\nb"])
def test_a_place_in_which_no_table_can_be_is_refused(tmp_path, name):
    folder = tmp_path / name
    with pytest.raises(WorkspaceError, match="no path of a table may contain"):
        everytouch.create(folder)
    assert not folder.exists()
    (tmp_path / "w").mkdir()
    made = everytouch.create(tmp_path / "w")
    made.path.rename(folder)
    with pytest.raises(WorkspaceError, match="or rename it"):
        everytouch.open(folder)
