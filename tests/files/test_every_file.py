"""Every sample file comes in by one command, and the source that is written imports the same."""

import json

import pytest
from click.testing import CliRunner

import everytouch
from everytouch.cli import main
from everytouch.collect.api import dump_source, read_source, source_of
from everytouch.collect.mapping.stored import plan_from_json, plan_to_json
from tests.files.measuring import FILES

pytestmark = pytest.mark.data
NO_FILES = {"README.md", "expected.json", "make.py"}
NAMES = sorted(path.name for path in FILES.glob("*") if path.name not in NO_FILES)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_comes_in_by_one_command(name, tmp_path):
    everytouch.create(tmp_path / "w", timezone="Europe/Berlin")
    said = ["-w", str(tmp_path / "w"), "import", str(FILES / name), "--yes"]
    done = CliRunner().invoke(main, said)
    assert done.exit_code == 0, done.output
    workspace = everytouch.open(tmp_path / "w")
    total = sum(row.ever.stored for row in workspace.status())
    assert total > 0 or workspace.surveys
    again = CliRunner().invoke(main, [*said, "--json"])
    counts = json.loads(again.stdout)["counts"].values()
    assert sum(count["stored"] for count in counts) == 0
    assert sum(count["conflict"] for count in counts) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_survives_json_and_toml(name, tmp_path):
    workspace = everytouch.create(tmp_path / "w", timezone="Europe/Berlin")
    plan = workspace.recognise(FILES / name)
    if plan.definition:
        return
    assert plan_from_json(plan_to_json(plan), FILES / name) == plan
    source = source_of(plan, "EUR")
    (tmp_path / "s.toml").write_text(dump_source(source))
    again = read_source(tmp_path / "s.toml")
    assert (again.inputs, again.statements) == (source.inputs, source.statements)
    assert (again.left_out, again.timezone) == (source.left_out, source.timezone)
