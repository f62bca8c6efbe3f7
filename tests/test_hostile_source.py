"""Hostile text in every key of a source reads and writes no file, and ends in words."""

from pathlib import Path

import pytest
import tomlkit

from everytouch.collect.connection import in_time, locked, reading
from everytouch.collect.scratch import scratch
from everytouch.errors import EverytouchError, SourceError
from everytouch.settings import Settings
from tests.test_collect import CATALOGUE, HEADER, ROWS, SQL

HOSTILE = [
    "UTC'; COPY (SELECT 1) TO '{out}'; --",
    "'; SET enable_external_access = true; COPY (SELECT * FROM '{secret}') TO '{out}'; --",
    "\"; ATTACH '{out}' AS x; --",
    "x') UNION ALL SELECT * FROM read_csv('{secret}'",
    "../../{secret}",
    "a\nb",
    "\\",
    "{{7*7}}{% include 'x' %}",
    "<script>alert(1)</script>",
]
# Where the text goes: keys of the TOML, and names that people choose.
PLACES = [
    ("name",), ("timezone",), ("catalogue",), ("folder",),
    ("inputs", "visits", "format"), ("inputs", "visits", "encoding"),
    ("inputs", "visits", "delimiter"), ("inputs", "visits", "sheet"),
    ("inputs", "visits", "records"), ("inputs", "visits", "path"),
    ("inputs", "visits", "columns", "time", "is"),
    ("inputs", "visits", "columns", "time", "order"),
    ("inputs", "visits", "columns", "time", "timezone"),
    ("inputs", "visits", "columns", "time", "decimal"),
    ("inputs", "visits", "columns", "time", "unit"),
    ("inputs", "visits", "columns", "time", "missing"),
    ("inputs", "visits", "columns", "time", "answers"),
    ("inputs", "visits", "columns", "HOSTILE"), ("inputs", "HOSTILE"),
    ("interactions", "name"), ("left_out", "reason"), ("HOSTILE",),
]  # fmt: skip


def valid(folder: Path) -> dict:
    """A source that can be imported."""
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    (folder / "v.csv").write_text(HEADER + ROWS)
    form = {"is": "time", "missing": ["x"], "answers": {"a": "1"}}
    return {
        "name": "visits",
        "timezone": "UTC",
        "catalogue": "catalogue.yaml",
        "inputs": {"visits": {"path": "v.csv", "columns": {"time": form}}},
        "interactions": [{"name": "visits", "sql": SQL}],
        "left_out": [{"reason": "none", "sql": "SELECT 0"}],
    }


def put(source: dict, place: tuple[str, ...], text: str) -> None:
    """Put a text at a place: as the value of a key, or as the key itself."""
    at = source
    *way, last = place
    for key in way:
        at = at[key]
        at = at[0] if isinstance(at, list) else at
    if last == "HOSTILE":
        at[text] = next(iter(at.values()))
    elif isinstance(at.get(last), list):
        at[last] = [text]
    elif isinstance(at.get(last), dict):
        at[last] = {text: text}
    else:
        at[last] = text


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_source_cannot_reach_other_files(place, workspace, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("password\nopen sesame\n")
    before = {path: path.read_bytes() for path in outside.iterdir()}
    for number, hostile in enumerate(HOSTILE):
        folder = tmp_path / str(number)
        folder.mkdir()
        raw = valid(folder)
        text = hostile.replace("{secret}", str(outside / "secret.csv"))
        put(raw, place, text.replace("{out}", str(outside / "out")))
        (folder / "s.toml").write_text(tomlkit.dumps(raw))
        told = ""
        try:
            workspace.import_source(folder / "s.toml")
        except EverytouchError as error:
            told = str(error)
        held = [str(row.row) for row in workspace.quarantine()]
        assert not any("open sesame" in text for text in [told, *held])
    assert {path: path.read_bytes() for path in outside.iterdir()} == before


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_time_zone_is_one_of_the_list(hostile):
    with scratch() as folder, pytest.raises(SourceError, match="time zone"):
        locked(Settings(), hostile, [], folder).__enter__()


STATEMENTS = [
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT content FROM read_text('{secret}')",
    "COPY (SELECT 1) TO '{out}'",
    "ATTACH '{out}' AS x",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "INSTALL httpfs",
    "EXPORT DATABASE '{out}'",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_connection_is_locked_before_anything_from_outside(statement, tmp_path):
    (tmp_path / "secret.csv").write_text("password\nopen sesame\n")
    text = statement.replace("{secret}", str(tmp_path / "secret.csv"))
    text = text.replace("{out}", str(tmp_path / "out"))
    with scratch() as folder, locked(Settings(), "UTC", [], folder) as con:
        with pytest.raises(SourceError) as told, reading("it"):
            con.execute(text).fetchall()
        assert "open sesame" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_a_statement_that_takes_too_long_is_ended():
    endless = (
        "SELECT count(*) FROM range(100000000000) a, range(100000000000) b WHERE a.range % 3 = 1"
    )
    with scratch() as folder, locked(Settings(), "UTC", [], folder) as con:
        with pytest.raises(SourceError, match="took longer"), in_time(con, 0.5):
            con.execute(endless).fetchall()
        assert con.execute("SELECT 1").fetchall() == [(1,)]


def test_a_statement_has_a_limit_of_memory():
    greedy = "SELECT len(list(range::VARCHAR || repeat('x', 1000))) FROM range(10000000)"
    with (
        scratch() as folder,
        locked(Settings(memory_mb=100), "UTC", [], folder) as con,
        pytest.raises(SourceError, match=r"(?i)memory"),
        reading("it"),
    ):
        con.execute(greedy).fetchall()
