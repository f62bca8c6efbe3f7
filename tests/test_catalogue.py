"""The catalogue: read with every mistake named, written without loss."""

from pathlib import Path

import pytest

from everytouch.catalogue.api import dumps, load, loads, merged
from everytouch.errors import CatalogueError
from tests.conftest import ROOT

FILES = sorted([*ROOT.glob("examples/*/catalogue.yaml"), *ROOT.glob("src/**/catalogue.yaml")])
SMALL = """
organisation: A shop
touchpoints:
  till: {stage: buy, channel: store, element: process, promise: Quick}
"""


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.parent.name)
def test_what_is_written_reads_the_same(path: Path):
    catalogue = load(path)
    assert catalogue.touchpoints
    assert loads(dumps(catalogue)) == catalogue


def test_a_promise_may_be_given_as_text():
    promise = loads(SMALL).touchpoints["till"].promise
    assert promise is not None
    assert promise.text == "Quick"
    assert not promise.checkable


WRONG = [
    ("- a list", "holds no mapping"),
    ("a: [", "is no YAML"),
    ("colour: red", "'colour' is unknown"),
    ("touchpoints: {t: {stage: buy}}", "channel"),
    ("touchpoints: {t: {stage: lunch, channel: web}}", "'lunch' is not known"),
    ("touchpoints: {t: {stage: buy, channel: web, element: magic}}", "'magic' is not known"),
    ("touchpoints: {t: {stage: buy, channel: web, senses: [sixth]}}", "'sixth' is not known"),
    ("touchpoints: {t: {stage: buy, channel: web, values: [fame]}}", "'fame' is not known"),
    ("touchpoints: {t: {stage: buy, channel: web, contact: maybe}}", "'maybe' is no bool"),
    ("touchpoints: {t: 5}", "is no mapping"),
    ("instruments: {i: {kind: stars, low: 1, high: 5}}", "'stars' is not known"),
    ("instruments: {i: {kind: nps, low: 5, high: 5}}", "is no scale"),
    ("segments: {s: {touchpoint: moon}}", "'moon' is not known"),
    ("personas: {p: {segment: s}}", "'s' is not known"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_each_mistake_is_named_with_a_remedy(text, said):
    with pytest.raises(CatalogueError) as caught:
        loads(text)
    assert said in caught.value.what
    assert caught.value.remedy


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CatalogueError, match="cannot be read"):
        load(tmp_path / "none.yaml")


def test_merging_keeps_what_is_there_and_adds_what_is_new():
    mine = loads(SMALL)
    other = loads(
        "organisation: Other\nbad_outcomes: [broken]\ntouchpoints:\n"
        "  till: {stage: use, channel: web}\n  call: {stage: get help, channel: phone}"
    )
    both = merged(mine, other)
    assert both.organisation == "A shop"
    assert both.touchpoints["till"].stage == "buy"
    assert both.touchpoints["call"].channel == "phone"
    assert both.bad_outcomes == ("broken",)
