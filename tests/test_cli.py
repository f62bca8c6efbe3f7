"""The command line: every command helps, answers in JSON, and says what went wrong."""

import json

import click
import pytest
from click.testing import CliRunner

from everytouch.cli import main


def leaves(command, words=()):
    """Every command with the words that call it."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*words, name))
    else:
        yield words, command


COMMANDS = dict(leaves(main))
ARGUMENTS = {
    "around": ["help_call"],
    "between": ["help_call", "web_checkout"],
    "compare": ["graph", "--until", "2025-01-01", "--with-since", "2025-01-01"],
    "goes-with": ["help_call"],
    "against": ["online_order"],
    "behind": ["online_order", "late:delivered"],
    "funnel": ["website_visit", "web_checkout"],
    "moments": ["late:parcel_delivered"],
    "what-if": ["slow:store_checkout", "--as-it-is"],
    "trail": ["customer_no:C00000001"],
    "people": ["customer_no:C00000001"],
}
# They need files or records; test_collect.py, test_logs.py and test_versions.py run them.
SKIP = {"import", "export-log", "conflicts", "versions"}
ANSWERS = [
    words
    for words, command in COMMANDS.items()
    if any(p.name == "as_json" for p in command.params) and words[0] not in SKIP
]


def run(*words):
    return CliRunner().invoke(main, list(map(str, words)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_helps(words):
    done = run(*words, "--help")
    assert done.exit_code == 0
    assert COMMANDS[words].help.split("\n")[0][:40] in done.output


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
def test_every_question_is_answered_in_json_and_for_people(words, simulated):
    where = ["-w", simulated.path, *words, *ARGUMENTS.get(words[0], [])]
    as_json = run(*where, "--json")
    assert as_json.exit_code == 0, as_json.output
    assert json.loads(as_json.output) is not None
    for_people = run(*where)
    assert for_people.exit_code == 0, for_people.output
    assert for_people.output.strip()


@pytest.mark.parametrize("words", [w for w in ANSWERS if w[0] != "quarantine"], ids=" ".join)
def test_no_workspace_is_said(words, tmp_path):
    done = run("-w", tmp_path / "none", *words, *ARGUMENTS.get(words[0], []))
    assert done.exit_code == 2
    assert "is no workspace" in done.stderr
    assert "everytouch init" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trail", "C1"], "names no namespace"),
        (["trail", "email:nobody@x.org"], "nobody is known"),
        (["moments", "early:bird"], "'early:bird' is unknown"),
        (["funnel", "moon"], "'moon'"),
        (["perception", "--segment", "moon"], "segment 'moon'"),
        (["graph", "--since", "soon"], "'soon' is no day"),
        (["perception", "--by", "colour"], "'colour'"),
        (["report", "/proc/none/r.html"], "cannot be written"),
        (["predict", "/proc/none/scores.parquet"], "cannot be written to"),
        (["catalogue", "check", "none.yaml"], "cannot be read"),
        (["quarantine", "fix", "none.jsonl"], "cannot be read"),
    ],
)
def test_wrong_words_are_said_with_exit_code_2(words, said, simulated):
    done = run("-w", simulated.path, *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_init_import_ask(tmp_path, company):
    where = tmp_path / "new"
    assert run("init", where, "--organisation", "A shop").exit_code == 0
    again = run("init", where)
    assert again.exit_code == 2
    assert "already" in again.stderr
    done = run("-w", where, "import", company.source, "--json")
    assert json.loads(done.output)["counts"]["interactions"]["stored"] > 100_000
    assert (where / "secret").stat().st_mode & 0o077 == 0
    assert "A shop" in run("-w", where, "catalogue", "show").output


def test_settings_are_changed_and_the_file_keeps_its_comments(tmp_path):
    where = tmp_path / "w"
    run("init", where)
    file = where / "everytouch.toml"
    file.write_text(file.read_text() + "minimum_n = 5  # the works council's wish\n")
    done = run("-w", where, "settings", "minimum_n=12", "seed=7", "confidence=0.9", "--json")
    assert json.loads(done.output)["minimum_n"] == 12
    assert "minimum_n = 12 # the works council's wish" in file.read_text().replace("  #", " #")
    assert "hidden" in run("-w", where, "settings").output
    refused = run("-w", where, "settings", "minimum_n=many")
    assert refused.exit_code == 2
    assert "minimum_n = 'many' is no int" in refused.output
    assert "minimum_n = 12" in file.read_text()
    assert "change settings" in run("-w", where, "audit", "list").output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[settings]\ncolour = "red"', "setting 'colour' is unknown"),
        ("[settings]\nthreads = -1", "out of range"),
        ("[settings]\nminimum_n = 2", "give a value from 3"),
        ('[settings]\ncurrency = "eur"', "three capital letters"),
        ('[settings]\ncurrency = "EUR\\n"', "not in one line"),
        ('[settings]\nengine = "spark://a b"', "use local, or spark://host:port"),
        ('[settings]\nengine = "spark://host:7077/../x"', "use local, or spark://host:port"),
        ('[settings]\nthreads = "two"', "is no int"),
        ('[settings]\ntimezone = "Mars/Base"', "is no time zone"),
        ("[settings", "is not valid TOML"),
    ],
)
def test_wrong_settings_are_said(text, said, workspace):
    (workspace.path / "everytouch.toml").write_text(text)
    done = run("-w", workspace.path, "graph")
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_lost_secret_is_said(workspace, company):
    (workspace.path / "secret").unlink()
    done = run("-w", workspace.path, "import", company.source)
    assert done.exit_code == 2
    assert "restore it" in done.stderr


def test_demo_can_be_run_again_and_spares_other_folders(tmp_path):
    first = run("demo", tmp_path / "d", "--parties", 200, "--report-only")
    assert first.exit_code == 0, first.output
    assert (tmp_path / "d" / "report.html").exists()
    again = run("demo", tmp_path / "d", "--parties", 200, "--report-only")
    assert again.exit_code == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    refused = run("demo", tmp_path / "mine")
    assert refused.exit_code == 2
    assert "no demo" in refused.stderr


def test_commands_to_copy_are_quoted(tmp_path):
    made = run("init", tmp_path / "my shop")
    assert f"everytouch -w '{tmp_path}/my shop' import FILE" in made.output
    missing = run("-w", tmp_path / "no shop", "status")
    assert f"everytouch init '{tmp_path}/no shop'" in missing.output
