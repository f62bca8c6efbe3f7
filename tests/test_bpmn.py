"""BPMN becomes a map of the same meaning, or is refused."""

import itertools

import pytest
from click.testing import CliRunner
from hypothesis import given

from everytouch.catalogue.api import MapStep, from_bpmn, load_map
from everytouch.cli import main
from everytouch.errors import CatalogueError
from tests.test_maps import CATALOGUE, MAPS, after, term, whole

HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" name="P">'
TAIL = "</process></definitions>"


class Drawn:
    """A map drawn as a process with gateways."""

    def __init__(self):
        self.numbers, self.lines = itertools.count(), []

    def node(self, tag, **more):
        key = f"n{next(self.numbers)}"
        said = " ".join(f'{name}="{value}"' for name, value in {"id": key, **more}.items())
        self.lines.append(f"<{tag} {said}/>")
        return key

    def flow(self, source, target):
        self.lines.append(
            f'<sequenceFlow id="f{next(self.numbers)}" sourceRef="{source}" targetRef="{target}"/>'
        )

    def draw(self, part):
        """First and last node of a part."""
        first, last = self.once(part)
        if part.repeat:
            join, split = (self.node("exclusiveGateway") for _ in range(2))
            for ends in ((join, first), (last, split), (split, join)):
                self.flow(*ends)
            first, last = join, split
        if part.optional:
            split, join = (self.node("exclusiveGateway") for _ in range(2))
            for ends in ((split, first), (last, join), (split, join)):
                self.flow(*ends)
            first, last = split, join
        return first, last

    def once(self, part):
        if isinstance(part, MapStep):
            key = self.node("task", name=part.step)
            return key, key
        ends = [self.draw(inner) for inner in part.parts]
        if part.shape == "then":
            for (_, last), (first, _) in itertools.pairwise(ends):
                self.flow(last, first)
            return ends[0][0], ends[-1][1]
        tag = {"any": "exclusiveGateway", "all": "parallelGateway"}[part.shape]
        split, join = self.node(tag), self.node(tag)
        for first, last in ends:
            self.flow(split, first)
            self.flow(last, join)
        return split, join


def document(journey):
    drawn = Drawn()
    start, end = drawn.node("startEvent"), drawn.node("endEvent")
    first, last = drawn.draw(journey.body)
    drawn.flow(start, first)
    drawn.flow(last, end)
    return HEAD + "".join(drawn.lines) + TAIL


def words(one, longest):
    """Every way through a map of so many steps at most."""
    found, waiting = set(), [((), one)]
    while waiting:
        said, left = waiting.pop()
        if whole(left):
            found.add(said)
        if len(said) < longest:
            waiting += [((*said, step), then) for step, then in set(after(left))]
    return found


@given(MAPS)
def test_a_process_means_what_the_map_means_that_it_was_drawn_from(journey):
    """All ways of four steps and less are the same."""
    found = from_bpmn(document(journey), "m")
    assert words(term(found.body), 4) == words(term(journey.body), 4)


def flows(*pairs):
    return "".join(
        f'<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>'
        for n, (a, b) in enumerate(pairs)
    )


def test_what_lies_on_the_way_back_is_done_before_it_is_done_again():
    """Also without gateways, with lanes, and a task that loops by its mark."""
    body = (
        '<laneSet><lane name="Help"><flowNodeRef>b</flowNodeRef></lane></laneSet>'
        '<startEvent id="s"/><task id="a" name="Ask us"/><userTask id="b" name="Wait">'
        '<standardLoopCharacteristics/></userTask><exclusiveGateway id="x"/><endEvent id="e"/>'
    ) + flows(("s", "a"), ("a", "x"), ("x", "b"), ("b", "a"), ("x", "e"))
    found = from_bpmn(HEAD + body + TAIL, "m")
    assert [one.step for one in found.steps] == ["ask_us", "wait", "ask_us_again"]
    assert found.steps[1].owner == "Help"
    assert found.steps[1].repeat
    assert words(term(found.body), 3) == {
        ("ask_us",), ("ask_us", "wait", "ask_us_again"),
    }  # fmt: skip
    assert [one.touchpoints for one in found.steps] == [("ask_us",), ("wait",), ("ask_us",)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<startEvent id='s'/>", "no task"),
        ("<task id='a'/>" + flows(("a", "z")), "'z'"),
        ("<inclusiveGateway id='g'/><task id='a'/>", "inclusiveGateway"),
        ("<subProcess id='g' name='Inner'/>", "subProcess \\(Inner\\)"),
        (
            "<parallelGateway id='g'/><task id='a'/><task id='b'/><exclusiveGateway id='h'/>"
            + flows(("g", "a"), ("g", "b"), ("a", "h"), ("b", "h")),
            "not made of blocks",
        ),
        (
            "<startEvent id='s'/><exclusiveGateway id='g'/><exclusiveGateway id='h'/>"
            "<task id='a'/><task id='b'/><task id='c'/><endEvent id='e'/>"
            + flows(
                ("s", "g"), ("g", "a"), ("g", "b"), ("a", "h"), ("b", "c"), ("h", "c"),
                ("h", "e"), ("c", "e"),
            ),
            "not made of blocks",
        ),
    ],
)  # fmt: skip
def test_what_is_no_map_is_refused(body, said):
    with pytest.raises(CatalogueError, match=said):
        from_bpmn(HEAD + body + TAIL, "m")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<a", "no XML"),
        ("<a/>", "no process"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"),
    ],
)
def test_what_is_no_bpmn_is_refused(text, said):
    with pytest.raises(CatalogueError, match=said):
        from_bpmn(text, "m")


def test_the_command_prints_a_map_that_can_be_saved(tmp_path):
    """Once its touchpoints are those of the catalogue."""
    body = '<task id="1" name="A"/><task id="2" name="B"/>' + flows(("1", "2"))
    (tmp_path / "p.bpmn").write_text(HEAD + body + TAIL)
    done = CliRunner().invoke(main, ["map", "from-bpmn", str(tmp_path / "p.bpmn")])
    assert done.exit_code == 0, done.output
    assert [one.step for one in load_map(done.output, "m", CATALOGUE).steps] == ["a", "b"]
