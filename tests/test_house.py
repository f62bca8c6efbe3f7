"""The house rules that no linter holds: sizes, names, vendored files, room doors."""

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "everytouch"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION, USUAL_FUNCTION = 400, 60, 30


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_and_functions_stay_small(path):
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE
    for node, length in functions(path):
        assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def test_most_functions_are_short():
    lengths = sorted(length for path in MODULES for _, length in functions(path))
    assert lengths[len(lengths) // 2] <= 15
    assert sum(length > USUAL_FUNCTION for length in lengths) / len(lengths) < 0.12


def test_no_drawer_for_odds_and_ends():
    names = {part.stem for part in MODULES} | {part.parent.name for part in MODULES}
    assert not names & {"utils", "helpers", "common", "misc", "util"}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


ROOMS = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
OPEN = {"stats", "charts", "cli", "workspace"}  # pure numerics, specs; the entrances


def test_rooms_meet_at_their_doors():
    """Another room is imported through its api.py only."""
    wrong = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(
                "everytouch."
            ):
                continue
            parts = node.module.split(".")
            other = parts[1]
            if other in ROOMS - OPEN and other != room(path) and parts[2:] != ["api"]:
                names = [alias.name for alias in node.names]
                if names != ["api"]:
                    wrong.append(f"{path.relative_to(SOURCE)}: {node.module}")
    assert wrong == []


def test_the_collectors_server_imports_no_engine():
    """It is started again within a second, and its memory is for what waits."""
    heavy = {"numba", "duckdb", "deltalake", "django", "scipy", "openpyxl"}
    program = f"import sys, everytouch.collect.server; print({heavy} & sys.modules.keys())"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr


def test_imports_inside_functions_are_for_extras_only():
    # The kernel of keys: by it alone would the collector's server import numba.
    allowed = {"pyspark.sql", "weasyprint", "polars", "pandas", "everytouch.moments.siphash"}
    for path in MODULES:
        for node, _ in functions(path):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    names = {getattr(inner, "module", None) or inner.names[0].name}
                    assert names <= allowed, f"{path.name}: {node.name} imports {names}"


def test_vendored_files_are_what_they_were():
    for sums in SOURCE.rglob("SHA256SUMS"):
        listed = dict(reversed(line.split()) for line in sums.read_text().splitlines())
        present = {p.name for p in sums.parent.iterdir()} - {"SHA256SUMS"}
        assert present == set(listed)
        assert any("LICENSE" in name for name in present)
        for name, digest in listed.items():
            assert hashlib.sha256((sums.parent / name).read_bytes()).hexdigest() == digest


def test_islands_stay_small():
    for path in [*SOURCE.rglob("templates/*.js"), *SOURCE.rglob("static/*/*.js")]:
        assert len(path.read_text().splitlines()) <= 150


def test_files_of_records_are_read_by_line_feeds_alone():
    """A text inside a record may hold what ``str.splitlines`` takes for the end of a line."""
    for path in [*(SOURCE / "ledger").rglob("*.py"), *(SOURCE / "journal").rglob("*.py")]:
        assert ".splitlines(" not in path.read_text(), f"{path}: see everytouch.lines"
