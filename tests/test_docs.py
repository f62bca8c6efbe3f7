"""Docs cannot drift: tables are written from the code, commands that are named exist.

``python -m tests.test_docs`` writes docs/ anew.
"""

import re
import shlex
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import everytouch
from everytouch.cli import main
from everytouch.collect.api import bounds_table, limits_table
from everytouch.moments.api import COLUMNS, records_table
from everytouch.settings import settings_table
from everytouch.web.config import config_table
from tests.conftest import ROOT
from tests.test_cli import COMMANDS

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("examples/**/*.md")])
NOTE = "<!-- Written by `python -m tests.test_docs`; edit the code instead. -->\n\n"


def settings_page() -> str:
    """docs/settings.md."""
    text = "# Settings\n\nIn `[settings]` of a workspace's `everytouch.toml`.\n\n"
    app = "\n## The app\n\nIn `[web]` of the same file.\n\n"
    sources = "\n## Scheduled sources\n\nIn `[sources]` of the same file.\n\n"
    servers = "\n## Connections\n\nIn `[connections]`: of the collector, and of the app.\n\n"
    parts = [text, settings_table(), app, config_table(), servers, bounds_table()]
    return NOTE + "".join([*parts, sources, limits_table()])


def records_page() -> str:
    """docs/records.md."""
    parts = ["# Records\n\nThe columns that a source's SELECT may give, by kind of record.\n"]
    parts += [f"## {kind}\n\n{records_table(kind)}" for kind in COLUMNS]
    return NOTE + "\n".join(parts)


def commands_page() -> str:
    """docs/commands.md."""
    parts = [f"# Commands\n\n```\n{_help()}```\n"]
    parts += [f"## {' '.join(w)}\n\n```\n{_help(*w)}```\n" for w in sorted(COMMANDS)]
    return NOTE + "\n".join(parts)


def _help(*words: str) -> str:
    call = [*words, "--help"]
    return CliRunner().invoke(main, call, prog_name="everytouch", terminal_width=80).output


WRITTEN = {
    "settings.md": settings_page,
    "records.md": records_page,
    "commands.md": commands_page,
}


def walk_page(demo: Path) -> str:
    """docs/walk.md, with what its commands print."""
    text = (DOCS / "walk.md").read_text()
    for block, line in re.findall(r"(```sh\neverytouch -w demo (.*)\n```)", text):
        done = CliRunner().invoke(main, ["-w", str(demo), *shlex.split(line)])
        assert done.exit_code == 0, done.output
        shown = "\n".join(row.rstrip() for row in done.output.splitlines()).strip("\n")
        start = text.index("```text\n", text.index(block)) + len("```text\n")
        text = text[:start] + shown + "\n" + text[text.index("```\n", start) :]
    return text


def make_demo(folder: Path) -> Path:
    """The workspace of `make demo`."""
    done = CliRunner().invoke(main, ["demo", str(folder / "demo"), "--report-only"])
    assert done.exit_code == 0, done.output
    return folder / "demo"


def test_the_walk_prints_what_it_says(tmp_path):
    """Six commands on the demo's company, and what is concluded from them."""
    demo = make_demo(tmp_path)
    assert (DOCS / "walk.md").read_text() == walk_page(demo), "run: python -m tests.test_docs"
    assert len(list(blocks(DOCS / "walk.md"))) == 6
    usual, called = (
        everytouch.open(demo).funnel([start, "website_visit", "web_checkout"], window_days=90).rows
        for start in ("parcel_delivered", "help_call")
    )
    assert called[1].share.high < usual[1].share.low
    gaps = [a.share.value - b.share.value for a, b in zip(usual, called, strict=True)]
    assert gaps[1] > 0.6 * gaps[2]


def test_the_first_score_is_the_one_in_the_guide(tmp_path, monkeypatch):
    """The commands of docs/first-score.md on its own file print its lines."""
    text = (DOCS / "first-score.md").read_text()
    monkeypatch.chdir(tmp_path)
    (answers,) = re.findall(r"```csv\n(.*?)```", text, re.S)
    Path("answers.csv").write_text(answers)
    commands = [line for line in blocks(DOCS / "first-score.md") if line.startswith("everytouch")]
    printed = ""
    for line in commands[:2]:
        done = CliRunner().invoke(main, shlex.split(line)[1:], input="y\n")
        assert done.exit_code == 0, done.output
        printed += done.output
    promised = "".join(re.findall(r"```text\n(.*?)```", text, re.S)).splitlines()
    assert len(promised) == 3
    assert [line for line in promised if line not in printed] == [], printed


@pytest.mark.parametrize("name", WRITTEN)
def test_pages_written_from_the_code_are_up_to_date(name):
    assert (DOCS / name).read_text() == WRITTEN[name](), "run: python -m tests.test_docs"


def blocks(path: Path):
    for block in re.findall(r"```(?:sh|console|bash)\n(.*?)```", path.read_text(), re.S):
        for line in block.splitlines():
            line = line.strip().removeprefix("$ ").split(" # ")[0]
            if line:
                yield line


CALLS = [(path, line) for path in PAGES for line in blocks(path)]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


@pytest.mark.parametrize(("path", "line"), CALLS, ids=lambda v: getattr(v, "name", v))
def test_commands_that_are_named_exist(path, line):
    words = shlex.split(line)
    if words[0] == "make":
        assert set(words[1:]) <= TARGETS
        return
    if not words[0].endswith("everytouch"):
        return
    words = words[1:]
    if words[0] == "-w":
        words = words[2:]
    known = [k for k in COMMANDS if tuple(words[: len(k)]) == k]
    assert known, f"{line}: no such command"
    options = {o for p in COMMANDS[known[0]].params for o in p.opts} | {"--help"}
    used = {w.split("=")[0] for w in words if w.startswith("--")}
    assert used <= options


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_and_pictures_are_there(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), target


def test_python_in_the_readme_runs(simulated, monkeypatch):
    """The library example, on the simulated company."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    monkeypatch.chdir(simulated.path)
    exec(compile(code.replace('"demo"', '"."'), "README.md", "exec"), {})


def test_all_that_is_public_is_documented():
    for name in everytouch.__all__:
        assert getattr(everytouch, name).__doc__
    tree = everytouch.errors.__doc__
    errors = [n for n in everytouch.__all__ if n.endswith("Error")]
    assert all(name in tree for name in errors)


def test_what_is_written_at_the_entrance_is_all_there():
    for name in ("LICENSE", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"):
        assert (ROOT / name).exists()
    first = (ROOT / "README.md").read_text().split("## ")[0]
    assert "make demo" in first
    assert "make test" in first
    assert "](docs/" in first
    assert len(first.splitlines()) < 45


if __name__ == "__main__":
    for _name, _page in WRITTEN.items():
        (DOCS / _name).write_text(_page())
    with tempfile.TemporaryDirectory() as _folder:
        (DOCS / "walk.md").write_text(walk_page(make_demo(Path(_folder))))
