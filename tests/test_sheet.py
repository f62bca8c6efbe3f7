"""The sheet of a map: cells read, changed and refused; versions compared and taken back."""

import pytest

from everytouch.catalogue.api import BETWEEN, CELLS, cell, dump_map, load_map, with_cells
from everytouch.errors import CatalogueError, UnknownNameError
from tests.test_cli import run


@pytest.fixture
def own(workspace, company):
    workspace.import_source(company.source)
    workspace.save_map("online_order", (company.folder / "online_order.yaml").read_text())
    return workspace


def test_cells_that_are_written_as_they_are_read_change_nothing(own):
    journey = own.journey_map("online_order")
    same = {s.step: {name: cell(s, name) for name in CELLS} for s in journey.steps}
    assert with_cells(journey, same) == journey


def test_every_cell_can_be_changed_also_within_blocks(own):
    journey = own.journey_map("online_order")
    for step in journey.steps:
        new = {
            "label": "New", "emotion": "12,5", "promise": "P", "within": "3 days",
            "owner": "O", "backstage": "a, b ,", "pains": "x, y; z", "opportunities": ";o",
        }  # fmt: skip
        (changed,) = [s for s in with_cells(journey, {step.step: new}).steps if s.step == step.step]
        assert (changed.label, changed.emotion, changed.within) == ("New", 12.5, "3 days")
        assert changed.backstage == ("a", "b")
        assert (changed.pains, changed.opportunities) == (("x, y", "z"), ("o",))
        empty = with_cells(journey, {step.step: dict.fromkeys(CELLS, " ")})
        (nothing,) = [s for s in empty.steps if s.step == step.step]
        assert (nothing.label, nothing.emotion, nothing.promise) == (step.step, None, "")
        assert all(getattr(nothing, name) == () for name in BETWEEN)


def test_what_is_no_cell_is_refused(own):
    journey = own.journey_map("online_order")
    for changes in ({"moon": {"label": "x"}}, {"delivered": {"step": "x"}}):
        with pytest.raises(CatalogueError, match="has no cell"):
            with_cells(journey, changes)
    with pytest.raises(CatalogueError, match="'happy' is no feeling"):
        with_cells(journey, {"delivered": {"emotion": "happy"}})
    with pytest.raises(CatalogueError, match="no duration"):
        own.change_map("online_order", {"delivered": {"within": "soon"}}, 1)
    assert own.map_versions("online_order") == (1,)


def test_a_change_is_a_version_that_can_be_compared_and_taken_back(own):
    before = own.journey_map("online_order")
    saved = own.change_map("online_order", {"delivered": {"promise": "Tomorrow"}}, 1)
    assert (saved.version, own.map_versions("online_order")) == (2, (1, 2))
    assert any(line == "+  promise: Tomorrow" for line in own.map_changes("online_order", 1, 2))
    assert own.map_changes("online_order", 2, 2) == ()
    back = own.undo_map("online_order")
    assert back.version == 3
    assert back.body == before.body
    assert own.map_text("online_order") == own.map_text("online_order", 1)
    assert "map saved" in (own.path / "audit.jsonl").read_text()


def test_who_was_overtaken_overwrites_nothing(own):
    own.change_map("online_order", {"delivered": {"promise": "Tomorrow"}}, 1)
    with pytest.raises(CatalogueError, match="somebody saved version 2"):
        own.change_map("online_order", {"delivered": {"promise": "Never"}}, 1)
    assert own.map_versions("online_order") == (1, 2)


def test_there_is_nothing_to_undo_in_a_first_version(own):
    with pytest.raises(UnknownNameError, match="one version only"):
        own.undo_map("online_order")
    with pytest.raises(UnknownNameError, match="no version 7"):
        own.undo_map("online_order", 7)


def test_a_sheet_that_was_changed_is_a_map_again(own):
    journey = own.journey_map("online_order")
    changed = with_cells(journey, {"delivered": {"pains": "a; b"}})
    again = load_map(dump_map(changed), "online_order", own.catalogue, journey.version)
    assert again == changed


def test_versions_on_the_command_line(own):
    own.change_map("online_order", {"delivered": {"promise": "Tomorrow"}}, 1)
    assert "+  promise: Tomorrow" in run("-w", own.path, "map", "diff", "online_order").output
    assert "version 3" in run("-w", own.path, "map", "undo", "online_order").output
    same = run("-w", own.path, "map", "diff", "online_order", "--from", "1", "--to", "3")
    assert "Nothing is otherwise" in same.output
