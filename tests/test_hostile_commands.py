"""Hostile text in every argument and option of every command, and in every place of a table.

Arguments come from the commands themselves, so that a new one is tried as well.
"""

import csv
import functools
import io
import itertools
import re
import shutil
import subprocess
import sys

import click
import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

import everytouch
from everytouch.cli import main
from tests.conftest import NOW, SECRET
from tests.test_cli import ARGUMENTS, COMMANDS
from tests.web import hostile

STAYS = {("serve",), ("web",), ("work",), ("collect",), ("demo",), ("simulate",)}
"""They run until they are stopped, or long; their hosts and folders are the keeper's own."""
APART = {("reset-link",), ("backup",), ("restore",)}
"""They start Django, which a process does for one workspace only."""
FEW = ("mixed", "nul", "surrogate", "digits")
RISKY = ("relative", "absolute", "passwd")  # as a path: it names a file that is not the test's
ROWS = "id,when,who,place\n" + "".join(f"{n},2025-0{1 + n % 9}-03,p{n},visit\n" for n in range(30))
SOURCE = """name = "few"
[inputs.rows]
path = "rows.csv"
[[interactions]]
sql = '''SELECT id, "when" AS occurred_at, 'customer_no' AS namespace, who AS identifier,
  place AS touchpoint FROM rows'''
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A small workspace, of which each test takes a copy."""
    folder = tmp_path_factory.mktemp("commands")
    made = everytouch.create(folder / "w", secret=SECRET)
    (made.path / "catalogue.yaml").write_text(
        "organisation: Acme\nstages: [buy]\n"
        "touchpoints:\n  visit: {stage: buy, channel: web, label: Visit}\n"
    )
    (folder / "rows.csv").write_text(ROWS)
    (folder / "source.toml").write_text(SOURCE)
    assert made.import_source(folder / "source.toml", now=NOW).total.stored
    made.trails()
    return made.path


@pytest.fixture
def where(filled, tmp_path, monkeypatch):
    shutil.copytree(filled, tmp_path / "w")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "w"


@pytest.fixture(params=["few", pytest.param("all", marks=pytest.mark.long)])
def texts(tmp_path, request):
    with hostile.aimed(tmp_path, FEW if request.param == "few" else ()) as found:
        yield found


@functools.cache
def taken() -> dict[tuple[str, ...], list[click.Parameter]]:
    """What takes a text, by command; an option that many share is tried with the first."""
    known, found = set(), {}
    for words, command in COMMANDS.items():
        found[words] = []
        for one in command.params:
            shared = (one.name, str(one.opts), getattr(one, "help", words))
            if shared not in known and not getattr(one, "is_flag", False):
                known.add(shared)
                found[words].append(one)
    return found


def call_of(words: tuple[str, ...], tried: click.Parameter, text: str) -> list[str]:
    """The words of a call with a text in one place and what is usual in the others."""
    usual = iter(ARGUMENTS.get(words[0], []))
    call = list(words)
    for one in COMMANDS[words].params:
        if isinstance(one, click.Argument):
            call.append(text if one is tried else next(usual, "x"))
        elif one is tried:
            call += [one.opts[0], text]
        elif one.required:
            call += [one.opts[0], next(iter(getattr(one.type, "choices", ["x"])))]
    return call


@pytest.mark.parametrize("words", sorted(COMMANDS.keys() - STAYS - APART), ids=" ".join)
def test_every_argument_and_option(words, where, texts):
    wrong = []
    for one, (kind, text) in itertools.product(taken()[words], texts.items()):
        if isinstance(one.type, click.Path | click.File) and kind in RISKY:
            continue
        done = CliRunner().invoke(main, ["-w", str(where), *call_of(words, one, text)])
        told = "" if words == ("sql",) else done.output  # it repeats the statement's own faults
        assert hostile.SECRET not in done.output
        wrong += [f"{one.name} {kind}: {said}" for said in faults(done, told, text)]
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize("words", sorted(APART), ids=" ".join)
def test_every_argument_of_what_starts_django(words, where, texts):
    wrong = []
    for one, (kind, text) in itertools.product(taken()[words], texts.items()):
        if kind in ("nul", "surrogate", *RISKY):  # no program is given the first two
            continue
        call = [sys.executable, "-m", "everytouch", "-w", where, *call_of(words, one, text)]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        told = re.sub(r"\s+", " ", (done.stdout + done.stderr).replace(text, ""))
        wrong += [f"{one.name} {kind}: {said}" for said in hostile.inside(told, text, ())]
        assert done.returncode in (0, 2), told
    assert "\n".join(wrong) == ""


def faults(done, told: str, sent: str) -> list[str]:
    """What is wrong with how a command ended."""
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return [f"{type(done.exception).__name__}: {done.exception}"[:300]]
    return hostile.inside(re.sub(r"\s+", " ", told.replace(sent, "")), sent, ())


COLUMNS = ("response id", "date", "email", "NPS", "comment")
PLACES = (
    "sheet",
    *(f"head of {name}" for name in COLUMNS),
    *(f"cell of {name}" for name in COLUMNS),
)

SHOWN = ("sheet", "head of NPS", "cell of comment")  # in the report


def table(place: str, text: str) -> tuple[str, list[list[str]]]:
    """A small survey with a text in one place: the name of its sheet, and its rows."""
    rows = [[str(n), f"2025-03-{1 + n:02}", f"p{n}@x.org", str(n % 11), "fine"] for n in range(20)]
    head = [text if place == f"head of {name}" else name for name in COLUMNS]
    for column, name in enumerate(COLUMNS):
        if place == f"cell of {name}":
            rows[3][column] = text
    return text if place == "sheet" else "answers", [head, *rows]


def workbook(name: str, rows: list[list[str]]) -> bytes:
    """A file of Excel; it can hold neither some signs, nor cells over 32,767 characters."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = re.sub(r"[\\*?:/\[\]]", "", ILLEGAL_CHARACTERS_RE.sub("", name))[:31] or "s"
    for row in rows:
        book.active.append([ILLEGAL_CHARACTERS_RE.sub("", cell)[:32_767] for cell in row])
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"  # a text, also where it begins as a formula does
    book.save(out)
    return out.getvalue()


def separated(name: str, rows: list[list[str]]) -> bytes:
    """The same as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(errors="surrogatepass")


@pytest.mark.parametrize("write", [workbook, separated], ids=["xlsx", "csv"])
def test_every_place_of_a_table(write, filled, tmp_path, texts):
    wrong = []
    few = {"mixed": texts["mixed"]} if len(texts) == len(FEW) else texts  # each is an import
    for place, (kind, text) in itertools.product(PLACES, few.items()):
        if write is workbook and kind == "surrogate":
            continue  # Excel's files are XML, which has none
        here = tmp_path / "one"
        shutil.copytree(filled, here / "w")
        name, rows = table(place, text)
        file = here / f"survey.{'xlsx' if write is workbook else 'csv'}"
        file.write_bytes(write(name, rows))
        calls = [["import", str(file), "--dry-run"], ["import", str(file)], ["status"]]
        if place in SHOWN:
            calls.append(["report", str(here / "report.html")])
        for call in calls:
            done = CliRunner().invoke(main, ["-w", str(here / "w"), *call])
            told = faults(done, done.output, text)
            if call[0] == "report":
                told += hostile.markup((here / "report.html").read_text())
            wrong += [f"{place} {kind} {call[0]}: {said}" for said in told]
        shutil.rmtree(here)
    assert "\n".join(wrong) == ""
