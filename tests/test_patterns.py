"""No text that is masked or searched takes forever, however long it is and whatever it repeats.

Every pattern of the package is tried, in the ways it is used: how is read off the source.
"""

import ast
import importlib
import itertools
import json
import re
import signal

import pytest

from everytouch.collect.columns.durations import to_seconds
from everytouch.collect.columns.numbers import to_number
from everytouch.collect.dialects.base import Taken
from everytouch.collect.dialects.hooks import understand
from everytouch.collect.dialects.paths import at
from everytouch.identity.api import Masks
from tests.test_house import MODULES, SOURCE

LENGTH, SECONDS = 200_000, 20  # of time by quadratic steps: minutes
UNITS = [
    "a",
    "A",
    "1",
    "é",
    *"_.@+-#/,( \"'=:",
    "1,",
    "1.",
    "a.",
    "1 ",
    "a@b.",
    "#1",
    "AB12 ",
    "’a",
]


@pytest.fixture
def alarm():
    """Ends what does not end: a limit of processor time, which other work does not use up."""

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, late)
    yield lambda: signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_text_is_masked_in_linear_time(alarm, unit):
    masks = Masks(frozenset({"ana", "berg"}), {1: ("ana", "K-77")})
    alarm()
    for end in ("", "x", "!", "@a"):
        masks.masked(unit * (LENGTH // len(unit)) + end, ("C77",), 1)


@pytest.mark.parametrize("unit", ["1", "1.", "1h", "1:", "1 ", "d", " "])
def test_a_long_value_is_no_duration_in_linear_time(alarm, unit):
    alarm()
    assert to_seconds(unit * (LENGTH // len(unit)) + "?") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h 30m", "5400"), ("2 Stunden, 5 min.", "7500"), ("1 day, 2:03:04", "93784"),
     ("1.5 h", "5400"), ("1 h or so", None), ("a 1 h", None), ("", None), ("3 fortnights", None)],
)  # fmt: skip
def test_durations_that_are_spoken(text, seconds):
    assert to_seconds(text) == seconds


@pytest.mark.parametrize("head", ["-", "EUR", "1"])
def test_a_long_value_is_no_number_in_linear_time(alarm, head):
    alarm()
    assert to_number(head + " " * LENGTH + "x") is None
    assert to_number(head + " 1" * LENGTH) is None


def test_a_long_comment_is_searched_for_addresses_in_linear_time(alarm):
    """An event is a megabyte at most; its texts, and names of its fields, may be as long."""
    taken = Taken("hook", "tool", 0, 0, [], [])
    for comment in ("@" + "a" * 900_000, "a@" * 400_000, "a" * 900_000 + "@x.org"):
        alarm()
        event = json.dumps({"type": "ticket", "comment": comment, comment[:400_000]: [0] * 50_000})
        (found,) = understand(event.encode(), None, taken)
        assert len(found.mentions) <= 1
    alarm()
    assert at({"a": 1}, "a." * 400_000) is None


REPEATED = (
    "a", "1", " ", ".", "-", "_", "@", "a@", "a.", "1,", "1 ", "1:", "<", '"', "'", "[", "(", "{",
    "=", "/", "A1", "a-", "<mergeCell ", "{{", "a=", "<a>;",
)  # fmt: skip
BEFORE = ("", "a1", "-", "a@")
METHODS = ("search", "match", "fullmatch")
Patterns = dict[tuple[str | bytes, int], tuple[str, set[str]]]


def written(tree: ast.Module, where: str) -> Patterns:
    """Patterns that stand in a call, as ``re.sub("a+", …)``."""
    found: Patterns = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.")):
            continue
        method = ast.unparse(node.func)[3:]
        if node.args and isinstance(node.args[0], ast.Constant) and method != "compile":
            value = node.args[0].value
            used = method if method in METHODS else "search"
            found.setdefault((value, re.compile(value).flags), (where, set()))[1].add(used)
    return found


def compiled(tree: ast.Module, module: str, where: str) -> Patterns:
    """Patterns that a module holds, in the ways its source uses them by name."""
    if not any("re.compile" in ast.unparse(node) for node in tree.body):
        return {}
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(
                node.attr if node.attr in METHODS else "search"
            )
    return {
        (one.pattern, one.flags): (f"{where} {name}", used.get(name, {"search"}))
        for name, value in vars(importlib.import_module(module)).items()
        for one in within(value)
    }


def within(value) -> list[re.Pattern]:
    """The patterns that a value is, or holds."""
    if type(value) is dict:
        value = tuple(value.values())
    if type(value) in (tuple, list):
        return [one for inner in value for one in within(inner)]
    return [value] if type(value) is re.Pattern else []


def patterns() -> Patterns:
    """Every pattern of the package: where it is, and whether it is searched, or matched whole."""
    found: Patterns = {}
    for path in MODULES:
        tree, where = ast.parse(path.read_text()), path.relative_to(SOURCE)
        module = ".".join(("everytouch", *where.with_suffix("").parts))
        found |= written(tree, where.as_posix()) | compiled(tree, module, where.as_posix())
    return found


def test_no_pattern_takes_quadratic_time(alarm):
    """So much is done in some thousandths of a second where it is linear, else in seconds."""
    known, slow = patterns(), []
    assert len(known) > 120
    for (pattern, flags), (where, methods) in known.items():
        one = re.compile(pattern, flags)
        for before, unit in itertools.product(BEFORE, REPEATED):
            text = before + unit * (10_000 // len(unit)) + "!"
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0.5)
                for method in methods:
                    given = text.encode() if isinstance(pattern, bytes) else text
                    getattr(one, method)(given)
                    if method == "search":
                        one.sub(given[:0], given)
            except TimeoutError:
                slow.append(f"{where}: {before!r} + {unit!r} * n")
                break
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    assert slow == []
