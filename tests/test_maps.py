"""Maps: what a designed journey is, and how real ones are held against it."""

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everytouch.catalogue.api import (
    Block,
    Catalogue,
    JourneyMap,
    MapStep,
    Touchpoint,
    dump_map,
    load_map,
)
from everytouch.errors import CatalogueError, NotEnoughDataError
from everytouch.journeys.aligning import ADDED, DistinctPaths, align
from everytouch.journeys.automaton import automaton

CODES = {name: code for code, name in enumerate("abcd")}
CATALOGUE = Catalogue(touchpoints={n: Touchpoint(n, n, "buy", "web") for n in CODES})

# --- the other way to the same cost: search over what is left of the map, term by term


def term(part):
    """A map as an expression: what repeats is one and any number more, what is optional or none."""
    if isinstance(part, MapStep):
        made = ("step", part.step)
    else:
        joint = {"then": "seq", "any": "alt", "all": "par"}[part.shape]
        made, *rest = map(term, part.parts)
        for one in rest:
            made = (joint, made, one)
    if part.repeat:
        made = ("seq", made, ("star", made))
    return ("alt", made, ("done",)) if part.optional else made


def whole(one):
    """Whether nothing more needs to happen."""
    kind, *inner = one
    if kind in ("done", "star"):
        return True
    if kind == "alt":
        return any(map(whole, inner))
    return kind in ("seq", "par") and all(map(whole, inner))


def joined(kind, first, second):
    """Two parts, without those that are done."""
    if first == ("done",):
        return second
    return first if second == ("done",) else (kind, first, second)


def after(one):
    """Every step that can come next, and what is left then (Brzozowski's derivatives)."""
    kind, *inner = one
    if kind == "step":
        yield inner[0], ("done",)
    elif kind == "alt":
        yield from itertools.chain(*map(after, inner))
    elif kind == "star":
        yield from ((step, joined("seq", left, one)) for step, left in after(inner[0]))
    elif kind == "seq":
        yield from ((step, joined("seq", left, inner[1])) for step, left in after(inner[0]))
        if whole(inner[0]):
            yield from after(inner[1])
    elif kind == "par":
        yield from ((step, joined("par", left, inner[1])) for step, left in after(inner[0]))
        yield from ((step, joined("par", inner[0], left)) for step, left in after(inner[1]))


def cheapest(trail, journey):
    """The least cost of explaining a trail, found by looking at every way."""
    accepted = {one.step: set(one.touchpoints) for one in journey.steps}
    numbers = itertools.count()
    heap, seen = [(0, next(numbers), 0, term(journey.body))], set()
    while True:
        cost, _, at, left = heapq.heappop(heap)
        if (at, left) in seen:
            continue
        seen.add((at, left))
        if at == len(trail) and whole(left):
            return cost
        if at < len(trail):
            heapq.heappush(heap, (cost + 1, next(numbers), at + 1, left))
        for step, then in after(left):
            heapq.heappush(heap, (cost + 1, next(numbers), at, then))
            if at < len(trail) and trail[at] in accepted[step]:
                heapq.heappush(heap, (cost, next(numbers), at + 1, then))


POINTS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=2, unique=True).map(tuple)
FLAGS = {"optional": st.booleans(), "repeat": st.booleans()}
LEAF = st.builds(lambda points, **flags: MapStep("", "", points, **flags), POINTS, **FLAGS)
BODY = st.recursive(
    LEAF,
    lambda inner: st.builds(
        Block,
        st.sampled_from(["then", "any", "all"]),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
        **FLAGS,
    ),
    max_leaves=6,
)


def named(part, numbers):
    """The part with a name for each step."""
    if isinstance(part, MapStep):
        name = f"s{next(numbers)}"
        flags = {"optional": part.optional, "repeat": part.repeat}
        return MapStep(name, name, part.touchpoints, **flags)
    inner = tuple(named(one, numbers) for one in part.parts)
    return Block(part.shape, inner, part.optional, part.repeat)


MAPS = BODY.map(lambda body: JourneyMap("m", "m", Block("then", (named(body, itertools.count()),))))


def paths_of(*trails):
    """Trails as paths."""
    edges = np.cumsum([0, *map(len, trails)])
    codes = np.array([CODES[name] for trail in trails for name in trail], np.int16)
    n = len(trails)
    return DistinctPaths(np.arange(n), np.ones(n, np.int64), edges, codes)


@given(MAPS, st.lists(st.text("abcd", max_size=6), min_size=1, max_size=4))
def test_an_alignment_costs_as_little_as_any(journey, trails):
    """Against a search over every way, written from the meaning of a map alone."""
    model = automaton(journey, CODES)
    found = align(paths_of(*trails), model)
    assert found.cost.tolist() == [cheapest(trail, journey) for trail in trails]


@given(MAPS, st.text("abcd", max_size=8))
def test_an_alignment_says_what_it_costs(journey, trail):
    """Steps are taken at their touchpoints; what was added and skipped is the cost."""
    found = align(paths_of(trail), automaton(journey, CODES))
    for name, number in zip(trail, found.taken, strict=True):
        assert number == ADDED or name in journey.steps[number].touchpoints
    added = int((found.taken == ADDED).sum())
    loops = any(part.repeat for part in _parts(journey.body))
    skipped = int(found.skipped.sum())
    assert found.cost[0] == added + skipped or (loops and found.cost[0] > added + skipped)


def _parts(part):
    yield part
    for inner in getattr(part, "parts", ()):
        yield from _parts(inner)


def test_paths_add_up():
    """Equal ones are one, with their codes."""
    one, two = paths_of("ab", "c"), paths_of("cc", "d")
    two = DistinctPaths(two.hashes + 1, two.counts * 3, two.edges, two.codes)
    both = one + DistinctPaths(two.hashes, two.counts, two.edges, np.array([2, 3, 3], np.int16))
    assert both.hashes.tolist() == [0, 1, 2]
    assert both.counts.tolist() == [1, 4, 3]
    assert [both.codes[a:b].tolist() for a, b in itertools.pairwise(both.edges)] == [
        [0, 1], [2], [3],
    ]  # fmt: skip


def test_a_path_too_long_is_refused(monkeypatch):
    """With what to do instead."""
    monkeypatch.setattr("everytouch.journeys.aligning.MOST_CELLS", 10)
    journey = JourneyMap("m", "m", Block("then", (MapStep("s", "s", ("a",)),)))
    with pytest.raises(NotEnoughDataError, match="cut trails by session"):
        align(paths_of("abcdabcd"), automaton(journey, CODES))


# --- maps as YAML


@given(MAPS)
def test_a_map_goes_out_and_in_again(journey):
    """As YAML, without loss."""
    assert load_map(dump_map(journey), "m", CATALOGUE) == journey


WHOLE = """
label: Buying
unit: session
others: true
promise: Done in five minutes
steps:
- step: look
  touchpoints: [a, b]
  repeat: true
  emotion: 70
- any:
  - step: c
    within: 2 days
    since: look
  - - step: d
      backstage: [pick, pack]
    - step: again
      touchpoints: a
      optional: true
- all:
  - step: x
    touchpoints: b
  - step: y
    touchpoints: c
  optional: true
"""


def test_a_map_says_all_it_says():
    """Blocks, lanes, deadlines, what is unseen."""
    journey = load_map(WHOLE, "buying", CATALOGUE)
    assert [one.step for one in journey.steps] == ["look", "c", "d", "again", "x", "y"]
    assert journey.steps[1].deadline_s == 172_800
    assert journey.steps[1].touchpoints == ("c",)
    assert journey.steps[2].backstage == ("pick", "pack")
    assert load_map(dump_map(journey), "buying", CATALOGUE) == journey


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps: []", "no list of steps"),
        ("- a", "no mapping"),
        ("steps: [{step: a}, {step: a}]", "there twice"),
        ("steps: [{step: e}]", "'e' is not known"),
        ("steps: [{step: a, within: soon}]", "no duration"),
        ("steps: [{step: a, since: z}]", "'z' is not known"),
        ("steps: [{step: a, emotion: 101}]", "emotion"),
        ("steps: [{step: a, stage: moon}]", "stage"),
        ("steps: [{step: a, colour: red}]", "'colour' is unknown"),
        ("steps: [{any: [{step: a}], colour: red}]", "'colour' is unknown"),
        ("steps: [{any: a}]", "no list of steps"),
        ("steps: [7]", "is no step"),
        ("steps: [{step: a}]\npersonas: [nobody]", "personas"),
        ("steps: [{step: a}]\nunit: week", "unit"),
        ("steps: [{step: a}]\nversion: 4", "version is not said"),
        ("steps: [{step: a}]\nbody: 4", "body is not said"),
        ("steps: [{step: a, touchpoints: []}]", "no touchpoint"),
        ("steps: " + "[" * 40 + "{step: a}" + "]" * 40, "40 levels"),
        ("steps: &x [*x]", "stands in"),
    ],
)
def test_a_map_that_is_none_is_refused(text, said):
    """With where and what."""
    with pytest.raises(CatalogueError, match=said):
        load_map(text, "m", CATALOGUE)


def test_lanes_that_multiply_are_refused():
    """Ten lanes of four steps are a million states."""
    numbers = itertools.count()
    lanes = [
        Block("then", tuple(named(MapStep("", "", ("a",)), numbers) for _ in range(4)))
        for _ in range(10)
    ]
    journey = JourneyMap("m", "m", Block("all", tuple(lanes)))
    with pytest.raises(CatalogueError, match="side by side"):
        automaton(journey, CODES)


def test_the_promise_gap_is_what_was_meant_less_what_is_felt(simulated):
    rows = simulated.promise_gaps().rows
    steps = {step.step: step for step in simulated.against("online_order").steps}
    meant = {name for name, step in steps.items() if step.intended is not None}
    assert {row.step for row in rows} == meant
    for row in rows:
        score = steps[row.step].score
        assert row.gap.value == pytest.approx(row.intended - score.value)
        assert row.gap.high == pytest.approx(row.intended - score.low)
        assert row.broken == (row.intended > score.high)
    values = [row.gap.value for row in rows]
    assert values == sorted(values, reverse=True)
