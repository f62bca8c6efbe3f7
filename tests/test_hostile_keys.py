"""Hostile text in every key of every file that people write: it ends in words, and reads no file.

The keys come from the described tables and records, so that a new one is tried as well.
"""

import copy
import dataclasses
import datetime
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import tomlkit
import yaml

import everytouch
from everytouch.catalogue.api import (
    Catalogue,
    Initiative,
    Instrument,
    MapStep,
    Persona,
    Promise,
    Segment,
    Touchpoint,
    dumps,
    load_map,
    loads,
)
from everytouch.catalogue.maps import JourneyMap
from everytouch.collect.api import Bounds
from everytouch.collect.columns.model import ColumnFormat
from everytouch.collect.fetch.guard import Limits
from everytouch.collect.rulefile import _KEYS as RULE_KEYS
from everytouch.collect.rulefile import read_rules
from everytouch.collect.source import Input, Source
from everytouch.errors import EverytouchError
from everytouch.ledger.api import read_secret
from everytouch.settings import Settings
from everytouch.web.config import WebConfig
from tests.test_collect import CATALOGUE
from tests.test_hostile_source import valid
from tests.web import hostile

DAY = datetime.date(2026, 1, 1)
SEGMENT = Segment("some", "Some", "country", ("AT",), "visit", 3, "person")
KNOWN = Catalogue(
    "Acme", ("buy", "use"),
    {"visit": Touchpoint("visit", "Visit", "buy", "web", "Shop", "people", ("see",),
                         ("saves time",), Promise("Quick", True, 5.0), True, True)},
    {"nps": Instrument("nps", "Recommend", "nps", 0, 10, True)},
    {"some": SEGMENT, "rest": dataclasses.replace(SEGMENT, name="rest", at_least=2)},
    {"ada": Persona("ada", "Ada", "some", ("w",), ("n",), ("d",), ("g",), ("see",), ("hope",))},
    {"first": Initiative("first", "First", "rollout", "score", DAY, DAY, "some", "rest",
                         DAY.replace(year=2027), ("rest 2026-06-01",), ("rest",), 0.4, 50,
                         "late:visit")},
    ("broken",),
)  # fmt: skip
MAP = {
    "label": "Order", "unit": "party", "passing": ["visit"], "others": True, "personas": ["ada"],
    "promise": "Quick", "owner": "Shop",
    "steps": [{"step": "one", "label": "One", "touchpoints": ["visit"], "stage": "buy",
               "emotion": 50, "promise": "p", "owner": "o", "backstage": ["b"],
               "pains": ["p"], "opportunities": ["o"], "optional": True, "repeat": True},
              {"step": "two", "label": "Two", "touchpoints": ["visit"], "within": "2 days",
               "since": "one"}],
}  # fmt: skip
RULES = [
    {"event": "seen", "source": "*", "when": {"a.b": ["x"]}, "each": "items",
     "interaction": {"touchpoint": "visit", "amount": "{a.b}"}, "traits": {"x": "{y}"},
     "drop": ["z"]},
    {"event": "asked", "perception": {"instrument": "nps", "score": "{n}"}},
    {"event": "agreed", "consent": {"purpose": "{p}", "given": True, "evidence": "form {n}"}},
    {"event": "noise", "ignore": True},
]  # fmt: skip


FEW = ("mixed", "nul", "absolute", "digits")


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every value, and to every key."""
    if not isinstance(value, dict | list):
        return
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*way, key)
        yield from leaves(one, (*way, key))


def instead(value: Any, way: tuple[Any, ...], text: Any, key: bool) -> Any:
    """A copy with a text in the place of what is there, or of the key it is under."""
    made = copy.deepcopy(value)
    at = made
    for step in way[:-1]:
        at = at[step]
    if key and isinstance(at, dict):
        at[text] = at.pop(way[-1])
    else:
        at[way[-1]] = text
    return made


def refused(read: Any) -> str:
    """What is said where something is refused; an empty text where it is taken."""
    try:
        read()
    except EverytouchError as error:
        return f"{error.what} {error.remedy}"
    return ""


@pytest.fixture(params=["few", pytest.param("all", marks=pytest.mark.long)])
def texts(tmp_path, request):
    with hostile.aimed(tmp_path, FEW if request.param == "few" else ()) as found:
        yield found


def everywhere(known: Any, read: Any, texts: dict[str, str], inside: Any = None) -> list[str]:
    """Try each text, and what is no text, in each place; what is wrong."""
    inside = inside or (lambda told: hostile.inside(told, "", ()))
    wrong = []
    odd = [
        *texts.items(),
        ("list", [[]]),
        ("table", {"a": {}}),
        ("number", 10**400),
        ("nan", float("nan")),
    ]
    for way, (kind, text), key in itertools.product(leaves(known), odd, (False, True)):
        if key and not isinstance(text, str):
            continue
        try:
            told = refused(lambda: read(instead(known, way, text, key)))  # noqa: B023
        except Exception as error:  # whatever else is raised is the fault
            wrong.append(
                f"{way} {kind} {'key' if key else 'value'}: {type(error).__name__} {error}"[:300]
            )
            continue
        wrong += [f"{way} {kind}: {one}" for one in inside(told.replace(str(text), ""))]
    return wrong


def names(kind: Any) -> set[str]:
    return {one.name for one in dataclasses.fields(kind)}


def test_every_key_of_a_catalogue(texts):
    known = yaml.safe_load(dumps(KNOWN))
    assert set(known) >= names(Catalogue)
    for section, kind in (("touchpoints", Touchpoint), ("segments", Segment), ("personas", Persona),
                          ("instruments", Instrument), ("initiatives", Initiative)):  # fmt: skip
        (entry, *_) = known[section].values()
        assert set(entry) >= names(kind) - {"name"}, section
    wrong = everywhere(known, lambda raw: loads(yaml.safe_dump(raw), "the catalogue"), texts)
    assert "\n".join(wrong) == ""


def test_every_key_of_a_map(texts):
    assert {key for step in MAP["steps"] for key in step} >= names(MapStep)
    assert set(MAP) >= names(JourneyMap) - {"name", "body", "version"}

    def read(raw):
        return load_map(yaml.safe_dump(raw), "order", KNOWN)

    assert refused(lambda: read(MAP)) == ""
    assert "\n".join(everywhere(MAP, read, texts)) == ""


def test_every_key_of_a_rule(texts):
    assert {key for rule in RULES for key in rule} == set(RULE_KEYS)
    assert (
        "\n".join(everywhere(RULES, lambda raw: read_rules(yaml.safe_dump(raw), KNOWN), texts))
        == ""
    )


TABLES = (("settings", Settings), ("web", WebConfig), ("connections", Bounds), ("sources", Limits))


@pytest.mark.parametrize(("table", "kind"), TABLES, ids=[name for name, _ in TABLES])
def test_every_setting(tmp_path, texts, table, kind):
    workspace = everytouch.create(tmp_path / "w")
    path = workspace.path / "everytouch.toml"
    wrong = []
    for field in dataclasses.fields(kind):
        for what, text in [
            *texts.items(),
            ("number", 10**400),
            ("list", [[]]),
            ("table", {"a": {}}),
        ]:
            try:
                path.write_text(tomlkit.dumps({table: {field.name: text}}), "utf-8")
            except UnicodeEncodeError:
                continue  # no file can hold it
            try:
                told = refused(lambda: (everytouch.open(workspace.path).settings,
                                        WebConfig.read(workspace.path), Bounds.read(workspace.path),
                                        Limits.read(workspace.path)))  # fmt: skip
            except Exception as error:
                wrong.append(f"{field.name} {what}: {type(error).__name__} {error}"[:300])
                continue
            found = hostile.inside(told.replace(str(text), ""), str(text), ())
            wrong += [f"{field.name} {what}: {one}" for one in found]
    assert "\n".join(wrong) == ""
    assert read_secret(workspace.path)


def test_every_key_of_a_source(workspace, tmp_path, texts):
    folder = tmp_path / "files"
    folder.mkdir()
    known = valid(folder)
    known |= {"folder": ".", "versions": "first"}
    known["inputs"]["visits"] |= {
        "format": "csv", "encoding": "utf-8", "delimiter": ",", "sheet": "", "header": [1],
        "skip": 0, "records": "", "footer": True,
    }  # fmt: skip
    known["inputs"]["visits"]["columns"]["time"] |= {
        "order": "iso", "timezone": "UTC", "decimal": ".", "unit": "seconds", "split": ";",
    }  # fmt: skip
    column = known["inputs"]["visits"]["columns"]["time"]
    assert set(column) == {name.rstrip("_") for name in names(ColumnFormat)}
    assert set(known["inputs"]["visits"]) | {"name", "paths"} == names(Input) | {"path"}
    assert set(known) | {"path", "statements"} >= names(Source)
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    (folder / "s.toml").write_text("")

    def read(raw):
        (folder / "s.toml").write_text(tomlkit.dumps(raw), "utf-8", "replace")
        workspace.import_source(folder / "s.toml", dry_run=True)

    def content(told):
        """DuckDB's words about a SELECT are for who wrote it; what a file holds is for nobody."""
        return [told] if hostile.SECRET in told else []

    assert "\n".join(everywhere(known, read, texts, content)) == ""
