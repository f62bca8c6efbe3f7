"""An import reads the next batch while one is stored: in order, to the end, and no further."""

import contextlib
import threading

import pyarrow as pa
import pytest

import everytouch
from everytouch.collect.ahead import ahead
from everytouch.collect.faults import unmarked
from everytouch.collect.formats.base import together
from tests.conftest import NOW, SECRET

SOURCE = """name = "s"
[inputs.f]
path = "f*.csv"
[[interactions]]
sql = "SELECT id, '2025-01-01' AS occurred_at, 'c' AS namespace, id AS identifier, 't' AS touchpoint FROM f"
"""  # noqa: E501
CATALOGUE = """organisation: Acme
stages: [buy]
touchpoints:
  t: {label: T, stage: buy, channel: web, element: process}
"""


def counting(made, until=9, closed=None):
    try:
        for number in range(until):
            made.append(number)
            yield number
        raise ValueError("broken off")
    finally:
        if closed is not None:
            closed.append(threading.active_count())


def test_items_come_in_order_and_one_ahead():
    made = []
    with ahead(counting(made)) as items:
        assert next(items) == 0
        assert next(items) == 1
        with pytest.raises(ValueError, match="broken off"):
            assert list(items) == []
    assert made == list(range(9))


def test_nothing_is_made_once_the_block_is_left():
    made, closed = [], []
    before = threading.active_count()
    with contextlib.suppress(KeyError), ahead(counting(made, closed=closed)) as items:
        for item in items:
            if item == 2:
                raise KeyError
    assert len(made) <= 4
    assert closed
    assert threading.active_count() == before


def test_small_files_are_stored_in_one_commit_each_row_in_its_place(tmp_path):
    workspace = everytouch.create(tmp_path / "w", secret=SECRET)
    (workspace.path / "catalogue.yaml").write_text(CATALOGUE)
    for number in range(12):
        (tmp_path / f"f{number:02}.csv").write_text(f"id\na{number:02}\nb{number:02}\n")
    (tmp_path / "s.toml").write_text(SOURCE)
    before = workspace.tables.version("interactions")
    assert workspace.import_source(tmp_path / "s.toml", now=NOW).total.stored == 24
    assert workspace.tables.version("interactions") == before + 1
    rows = workspace.sql("SELECT id FROM interactions ORDER BY sequence")["id"].to_pylist()
    assert rows == [f"{letter}{number:02}" for number in range(12) for letter in "ab"]


def test_small_tables_are_put_together_while_their_columns_are_the_same():
    sizes = zip("aaabba", (3, 3, 3, 1, 2, 9), strict=True)
    parts = [pa.table({name: ["x"] * rows}) for name, rows in sizes]
    found = [(part.column_names, len(part)) for part in together(parts, 6)]
    assert found == [(["a"], 6), (["a"], 3), (["b"], 3), (["a"], 9)]
    assert list(together([])) == []


def test_a_mark_in_properties_goes_wherever_it_stands():
    texts = ["{}"] * 100 + ['{"a": "\ue000a number\ue000many"}', None, "\ue001"]
    table = pa.table({"properties": texts}).slice(50)
    assert unmarked(table)["properties"].to_pylist() == [
        *["{}"] * 50, '{"a": "many"}', None, "\ue001"
    ]  # fmt: skip
