"""YAML from anybody: what is none, too much or too deep is refused in words by every reader."""

import subprocess
import sys

import pytest
import yaml

from everytouch.catalogue.api import Catalogue, load_map, loads, read_yaml
from everytouch.catalogue.safe import DEEPEST, MOST
from everytouch.collect.rulefile import read_rules
from everytouch.errors import EverytouchError
from tests.conftest import ROOT

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
BOMBS = {
    "laughs": LAUGHS,
    "merged": "a: &a {x: 1}\nb: {<<: [" + ", ".join(["*a"] * (MOST // 2)) + "]}\n",
    "deep flow": "a: " + "[" * 5_000 + "]" * 5_000,
    "deep block": "".join(f"{' ' * n}a:\n" for n in range(2_000)),
    "deep mapping": "{a: " * 5_000 + "}" * 5_000,
    "itself": "a: &a [*a]\n",
    "long number": "a: " + "9" * 5_000,
    "no day": "a: 2026-13-45\n",
    "no boolean": "a: !!bool maybe\n",
    "no time": "a: !!timestamp soon\n",
    "empty number": 'a: !!int ""\n',
    "python": "a: !!python/object/apply:os.system [ls]\n",
    "unknown alias": "a: *b\n",
    "list as key": "? [a, b]\n: 1\n",
    "large": "a: " + "x" * 2_100_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_no_yaml(name):
    with pytest.raises(yaml.YAMLError):
        read_yaml(BOMBS[name])


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize(
    "read",
    [
        loads,
        lambda text: load_map(text, "m", Catalogue("x")),
        lambda text: read_rules(text, Catalogue("x")),
    ],
    ids=["catalogue", "map", "rules"],
)
def test_every_reader_refuses_it_in_words(read, name):
    with pytest.raises(EverytouchError) as error:
        read(BOMBS[name])
    assert len(str(error.value)) < 2_000


def test_aliases_and_levels_within_the_limits_are_read():
    text = "a: &a {x: [1, 2]}\nb: [*a, *a]\nc: {<<: *a, y: 3}\n"
    assert read_yaml(text) == yaml.safe_load(text)
    levels = DEEPEST - 2
    assert read_yaml("a: " + "[" * levels + "]" * levels)
    assert len(read_yaml("[" + "x, " * (MOST - 2) + "]")) == MOST - 2


def test_all_yaml_is_read_here():
    found = [
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if "yaml.safe_load" in path.read_text() or "yaml.load(" in path.read_text()
    ]
    assert found == ["safe.py"]


@pytest.mark.parametrize("name", ["laughs", "deep flow", "no day"])
def test_the_command_line_says_so(tmp_path, workspace, name):
    (workspace.path / "catalogue.yaml").write_text(BOMBS[name])
    command = [sys.executable, "-m", "everytouch", "-w", str(workspace.path), "findings"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "is no YAML" in done.stderr
