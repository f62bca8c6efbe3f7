"""Questions narrowed to moments with a property, and to personas, against a plain reading."""

import dataclasses
import json

import pytest

import everytouch
from everytouch.catalogue.api import Persona, dumps
from everytouch.errors import StaleScopeError, UnknownNameError
from tests.test_cli import run
from tests.test_extend import moment, send

PLANS = ("gold", "silver", 7, True, None)


def rows():
    """Trails of ten parties, whose moments say different things besides."""
    made = []
    for number in range(200):
        said = {"plan": PLANS[number % 5], "how": {"by/way": number % 3, "ü": "ja"}}
        if said["plan"] is None:
            said = {"note": "plan gold", "other": {"plan": "gold"}}
        row = moment(number, number % 10, number * 7, number % 4)
        made.append({**row, "properties": json.dumps(said) if number % 11 else None})
    return made


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = everytouch.create(tmp_path_factory.mktemp("properties") / "w")
    send(made, rows())
    return made.pin()


def edges(chosen):
    """The graph's counts, of chosen rows in their order."""
    last, counts = {}, {}
    for row in chosen:
        before = last.get(row["identifier"])
        if before:
            pair = before, row["touchpoint"]
            counts[pair] = counts.get(pair, 0) + 1
        last[row["identifier"]] = row["touchpoint"]
    return counts


def counted(graph):
    return {(edge.source, edge.target): edge.count for edge in graph.rows}


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({"plan": ["gold"]}, lambda said: said.get("plan") == "gold"),
        ({"plan": ["gold", "7"]}, lambda said: said.get("plan") in ("gold", 7)),
        ({"plan": ["true"]}, lambda said: said.get("plan") is True),
        ({"how/ü": ["ja"], "plan": ["silver"]}, lambda said: said.get("plan") == "silver"),
        ({"other/plan": ["gold"]}, lambda said: "note" in said),
        ({"how/by": ["1"]}, lambda _: False),
        ({"plan": []}, lambda _: False),
    ],
)
def test_only_moments_that_carry_it_count(workspace, where, fits):
    chosen = [row for row in rows() if fits(json.loads(row["properties"] or "{}"))]
    scope = workspace.scope(where=where)
    assert counted(workspace.graph(scope)) == edges(chosen)
    assert sum(row.interactions for row in workspace.volume(scope).rows) == len(chosen)
    found = workspace.paths(scope, unit="party").rows
    assert sum(len(row.touchpoints) * row.count for row in found) == len(chosen)
    assert "plan" in scope.text or "how" in scope.text


def test_a_property_and_a_period_and_a_place_narrow_together(workspace):
    scope = workspace.scope(since=rows()[50]["occurred_at"], where={"plan": ["gold", "silver"]})
    chosen = [r for r in rows()[50:] if '"gold"' in (r["properties"] or "") or
              '"silver"' in (r["properties"] or "")]  # fmt: skip
    chosen = [row for row in chosen if "note" not in row["properties"]]
    assert counted(workspace.graph(scope)) == edges(chosen)


def test_a_scope_of_older_trails_is_refused(tmp_path):
    opened = everytouch.create(tmp_path / "w")
    send(opened, rows()[:50])
    scope = opened.scope(where={"plan": ["gold"]})
    send(opened, rows()[50:])
    with pytest.raises(StaleScopeError):
        opened.graph(scope)


def test_a_persona_is_its_segment(simulated, tmp_path):
    known = dict(simulated.catalogue.personas)
    name, persona = next((n, p) for n, p in known.items() if p.segment)
    mine = simulated.graph(simulated.scope(persona=name))
    assert mine.rows == simulated.graph(simulated.scope(persona.segment)).rows
    assert persona.label in mine.basis.cut
    both = simulated.graph(simulated.scope("urban", persona=name)).rows
    assert sum(edge.count for edge in both) < sum(edge.count for edge in mine.rows)
    with pytest.raises(UnknownNameError, match="moon"):
        simulated.scope(persona="moon")
    other = everytouch.create(tmp_path / "w")
    bare = dataclasses.replace(other.catalogue, personas={"ana": Persona("ana", "Ana")})
    (other.path / "catalogue.yaml").write_text(dumps(bare))
    with pytest.raises(UnknownNameError, match="has no segment"):
        other.scope(persona="ana")


def test_the_command_line_narrows_by_all_of_it(workspace, simulated):
    def count(opened, *words):
        said = json.loads(run("-w", opened.path, "graph", "--json", *words).output)
        return sum(row["count"] for row in said["rows"])

    gold = [row for row in rows() if '"plan": "gold"' in (row["properties"] or "")]
    gold = [row for row in gold if "note" not in row["properties"]]
    assert count(workspace, "--where", "plan=gold") == sum(edges(gold).values())
    web = simulated.graph(simulated.scope(places={"channel": ["web"]})).rows
    assert count(simulated, "--channel", "web") == sum(edge.count for edge in web)
    name = next(n for n, p in simulated.catalogue.personas.items() if p.segment)
    part = ["--persona", name, "--stage", "buy", "--touchpoint", "web_checkout"]
    assert 0 < count(simulated, *part) < count(simulated, "--touchpoint", "web_checkout")
    done = run("-w", simulated.path, "graph", "--where", "gold")
    assert (done.exit_code, "NAME=VALUE" in done.stderr) == (2, True)
