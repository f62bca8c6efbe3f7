"""Moments of one time keep the order of their source, everywhere alike, and answers say so."""

import csv
import datetime
import json
import random
from pathlib import Path

import hypothesis
import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import strategies as st

import everytouch
from everytouch.cli import main
from everytouch.collect.positions import numbered
from everytouch.collect.records import Sorted
from everytouch.journeys import ties
from everytouch.results import Basis, plain
from everytouch.trails.api import EVERYTHING
from tests.collecting import collecting, loaded

POINTS = ("ad", "shop", "basket", "checkout", "parcel", "help")
CATALOGUE = "organisation: Acme\nstages: [discover, buy, use]\ntouchpoints:\n" + "".join(
    f"  {name}: {{label: {name.title()}, stage: {stage}, channel: web, element: process}}\n"
    for name, stage in zip(
        POINTS, ("discover", "discover", "buy", "buy", "use", "use"), strict=True
    )
)
CATALOGUE += "instruments:\n  nps: {label: Recommend, kind: nps, low: 0, high: 10}\n"
MAP = """label: Purchase
unit: party
steps:
  - {step: find, touchpoints: [shop]}
  - {step: fill, touchpoints: [basket]}
  - {step: pay, touchpoints: [checkout]}
"""
NOW = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
COLUMNS = (
    "id, day AS occurred_at, 'customer_no' AS namespace, who AS identifier, point AS touchpoint"
)
SOURCE = f"""name = "shop"
[inputs]
visits = {{path = "visits.csv"}}
more = {{path = "more.csv"}}
[[interactions]]
name = "visits"
sql = "SELECT {COLUMNS}, 'order:' || nr AS correlations SEQUENCE FROM visits"
[[interactions]]
name = "more"
sql = "SELECT {COLUMNS} FROM more"
"""


def day(month, number):
    return datetime.datetime(2026, month, number, tzinfo=datetime.UTC)


def home(folder, secret):
    workspace = everytouch.create(folder, "Acme", secret=secret)
    (workspace.path / "catalogue.yaml").write_text(CATALOGUE)
    return workspace


def write(folder, visits, more=(), sequence=""):
    """A source of two files of (day, who, point, order) in a folder."""
    folder.mkdir(exist_ok=True)
    for name, rows in (("visits", visits), ("more", more)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["id", "day", "who", "point", "nr", "seq"])
            out.writerows([f"{name}-{at}", *row] for at, row in enumerate(rows))
            if not rows:
                out.writerow(["none", "2026-01-01", "zoe", "ad", "0", "0"])
    (folder / "source.toml").write_text(SOURCE.replace("SEQUENCE", sequence))
    return folder / "source.toml"


def tied(seed, count=900, days=12, numbers=9):
    """Rows of a file in which most moments have the day alone, shuffled."""
    chance = random.Random(seed)
    return [
        (
            f"2026-01-{1 + chance.randrange(days):02d}",
            f"C{chance.randrange(60)}",
            chance.choice(POINTS),
            chance.randrange(200),
            chance.randrange(numbers),
        )
        for _ in range(count)
    ]


def answers(workspace):
    """Everything that depends on the order of moments, without names that differ by secret."""
    one = workspace.pin()
    return {
        "graph": one.graph(),
        "variants": one.paths(top=40),
        "sessions' variants": one.paths(unit="session", top=40),
        "orders' variants": one.paths(unit="correlation", top=40),
        "funnel": one.funnel(["shop", "basket", "checkout"]),
        "strict funnel": one.funnel(["shop", "basket", "checkout"], order="strict"),
        "sessions": one.sessions(),
        "drop-off": one.drop_off(),
        "flows": one.stage_flows(),
        "after": one.around("shop"),
        "before": one.around("checkout", direction="before"),
        "between": one.between("shop", "checkout"),
        "conformance": one.against("purchase"),
    }


def same(first, second):
    """Whether two results are the same, sums of seconds to within rounding."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, float):
        return first == pytest.approx(second, rel=1e-9, nan_ok=True)
    return bool(first == second)


SECRETS = (b"one secret of 16", b"another one, 16.")


@pytest.mark.parametrize("sequence", ["", ", seq AS sequence", ", 7 AS sequence"])
def test_one_file_gives_equal_answers_in_two_workspaces(tmp_path, sequence):
    """Without a sequence, with one that has ties itself, and with one that says nothing."""
    source = write(tmp_path / "files", tied(1), tied(2, 300), sequence)
    found = []
    for number, secret in enumerate(SECRETS):
        workspace = home(tmp_path / f"w{number}", secret)
        workspace.save_map("purchase", MAP)
        assert workspace.import_source(source, now=NOW).total.quarantined == 0
        found.append(answers(workspace))
    first, second = found
    for name, one in first.items():
        assert same(plain(one), plain(second[name])), name
    assert first["graph"].basis.ties > 0.3


def test_moments_of_one_day_keep_the_order_of_the_file(tmp_path):
    visits = [("2026-01-01", "C1", point, 1, 0) for point in ("parcel", "ad", "help", "ad", "shop")]
    more = [("2026-01-01", "C1", point, 1, 0) for point in ("checkout", "basket")]
    workspace = home(tmp_path / "w", SECRETS[0])
    workspace.import_source(write(tmp_path / "files", visits, more), now=NOW)
    expected = ("parcel", "ad", "help", "ad", "shop", "checkout", "basket")
    assert workspace.paths().rows[0].touchpoints == expected
    trail = workspace.trail("customer_no:C1")
    assert tuple(row.touchpoint for row in trail.rows) == expected
    sequences = workspace.tables.read("interactions", ["id", "sequence"]).to_pylist()
    of = {row["id"]: row["sequence"] for row in sequences}
    assert [of[f"visits-{n}"] for n in range(5)] == [0, 1, 2, 3, 4]
    assert [of[f"more-{n}"] for n in range(2)] == [5, 6]  # one count over all statements


@hypothesis.settings(
    max_examples=8, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(st.lists(st.sampled_from(POINTS), min_size=2, max_size=30), st.integers(1, 7))
def test_whatever_the_batches_the_order_is_that_of_the_file(tmp_path_factory, points, batch):
    folder = tmp_path_factory.mktemp("order")
    workspace = home(folder / "w", SECRETS[0])
    with (workspace.path / "everytouch.toml").open("a") as file:
        file.write(f"batch_rows = {batch}\n")
    workspace = everytouch.open(workspace.path)
    rows = [("2026-01-01", "C1", point, 1, 0) for point in points]
    workspace.import_source(write(folder / "files", rows), now=NOW)
    longest = max(workspace.paths().rows, key=lambda row: len(row.touchpoints))
    assert longest.touchpoints == tuple(points)


def test_a_given_sequence_is_kept_and_the_place_is_no_part_of_a_record(tmp_path):
    rows = [("2026-01-01", "C1", point, 1, n) for n, point in ((30, "ad"), (10, "help"))]
    workspace = home(tmp_path / "w", SECRETS[0])
    workspace.import_source(write(tmp_path / "a", rows, (), ", seq AS sequence"), now=NOW)
    assert workspace.paths().rows[0].touchpoints in {("help", "ad"), ("ad",)}
    stored = workspace.tables.read("interactions", ["id", "sequence"]).to_pylist()
    assert {row["id"]: row["sequence"] for row in stored} == {
        "visits-0": 30, "visits-1": 10, "none": 2,
    }  # fmt: skip
    again = workspace.import_source(tmp_path / "a" / "source.toml", now=NOW)
    assert (again.total.stored, again.total.duplicate) == (0, 3)


def broken_rows():
    points = ("ad", "moon", "help", "moon", "shop")
    return [("2026-01-01", "C1", point, 1, 0) for point in points]


def test_a_record_that_was_held_comes_back_to_its_place(tmp_path):
    workspace = home(tmp_path / "w", SECRETS[0])
    source = write(tmp_path / "files", broken_rows())
    assert workspace.import_source(source, now=NOW).total.quarantined == 2
    assert {row.row["position"] for row in workspace.quarantine()} == {1, 3}
    assert all(row.row["sequence"] is None for row in workspace.quarantine())
    catalogue = workspace.path / "catalogue.yaml"
    catalogue.write_text(
        CATALOGUE.replace(
            "instruments:",
            "  moon: {label: Moon, stage: use, channel: web, element: place}\ninstruments:",
        )
    )
    workspace = everytouch.open(workspace.path)
    assert workspace.replay().total.stored == 2
    path = ("ad", "moon", "help", "moon", "shop")
    assert path in {row.touchpoints for row in workspace.paths().rows}


def test_a_record_that_was_mended_by_hand_comes_back_to_its_place(tmp_path):
    workspace = home(tmp_path / "w", SECRETS[0])
    workspace.import_source(write(tmp_path / "files", broken_rows()), now=NOW)
    held = tmp_path / "held.jsonl"
    run = CliRunner().invoke
    base = ["-w", str(workspace.path), "quarantine"]
    assert run(main, [*base, "export", str(held)]).exit_code == 0
    held.write_text(held.read_text().replace('"moon"', '"parcel"'))
    assert run(main, [*base, "fix", str(held)]).exit_code == 0
    workspace = everytouch.open(workspace.path)
    path = ("ad", "parcel", "help", "parcel", "shop")
    assert path in {row.touchpoints for row in workspace.paths().rows}


def test_the_same_broken_record_elsewhere_in_a_file_is_held_once(tmp_path):
    workspace = home(tmp_path / "w", SECRETS[0])
    source = write(tmp_path / "files", broken_rows())
    for rows in (broken_rows(), [("2026-01-01", "C2", "ad", 1, 0), *broken_rows()]):
        visits = tmp_path / "files" / "visits.csv"
        write(tmp_path / "files", rows)
        if len(rows) > 5:  # ids stay with their rows
            lines = visits.read_text().splitlines()
            head, new, *old = lines
            moved = [f"visits-{n},{line.partition(',')[2]}" for n, line in enumerate(old)]
            visits.write_text("\n".join([head, new.replace("visits-0", "new"), *moved]) + "\n")
        workspace.import_source(source, now=NOW)
    assert len(workspace.quarantine()) == 2


def test_rows_held_without_a_place_are_stored_without_one():
    table = pa.table({"id": ["a", "c"]})
    good, held = numbered(Sorted(table, {1: ({"id": "b"}, "why")}), [5, None, None])
    assert good["position"].to_pylist() == [5, None]
    assert held == [({"id": "b"}, "why")]
    good, held = numbered(Sorted(table, {1: ({"id": "b"}, "why")}), np.array([7, 8, 9]))
    assert good["position"].to_pylist() == [7, 9]
    assert held == [({"id": "b", "position": 8}, "why")]


def test_events_of_one_time_keep_the_order_in_which_they_came(tmp_path):
    """Lists left whole, events with what no column has, and events held until a rule names them."""
    workspace = home(tmp_path / "w", SECRETS[0])
    at = "2026-03-01T12:00:00Z"

    def event(number, point, **more):
        return {
            "id": f"e{number}", "namespace": "customer_no", "identifier": "C1",
            "touchpoint": point, "occurred_at": at, **more,
        }  # fmt: skip

    track = {"userId": "u", "timestamp": at, "channel": "server"}
    with collecting(workspace) as sender:
        sender.send([event(0, "parcel"), event(1, "help", colour="red"), event(2, "ad")])
        sender.send([event(3, "shop"), event(4, "ad")])
        sender.send(event(5, "moon"))  # held
        sender.send([event(6, "basket", sequence=None), event(7, "help")])
        for number, name in enumerate(("shop", "Unheard of", "basket", "ad")):
            sender.send({**track, "event": name, "messageId": f"t{number}"}, "/v1/track")
        status = loaded(workspace)
        assert (status.ever.stored, status.quarantined) == (10, 2)
    (workspace.path / "rules.yaml").write_text(
        "- event: Unheard of\n  interaction: {touchpoint: parcel}\n"
    )
    held = [row for row in workspace.quarantine() if row.kind == "interactions"]
    mended = [everytouch.ledger.api.Quarantined(**vars(row)) for row in held]
    for row in mended:
        row.row["touchpoint"] = "checkout"
    assert workspace.fix(mended).total.stored == 1
    assert workspace.replay().total.stored == 1
    found = {row.touchpoints for row in everytouch.open(workspace.path).paths().rows}
    assert found == {
        ("parcel", "help", "ad", "shop", "ad", "checkout", "basket", "help"),
        ("shop", "parcel", "basket", "ad"),
    }


def test_trails_that_grew_have_the_order_of_those_built_at_once(tmp_path):
    workspace = home(tmp_path / "w", SECRETS[0])
    for number in range(4):
        source = write(
            tmp_path / f"f{number}", tied(number, 150 if number else 900), (), ", 3 AS sequence"
        )
        text = source.read_text().replace('name = "shop"', f'name = "shop{number}"')
        source.write_text(text)
        workspace.import_source(source, now=NOW + datetime.timedelta(hours=number))
        grown = workspace.paths(top=1000)
    again = home(tmp_path / "again", SECRETS[1])
    for number in range(4):
        again.import_source(
            tmp_path / f"f{number}" / "source.toml", now=NOW + datetime.timedelta(hours=number)
        )
    assert plain(again.paths(top=1000)) == plain(grown)


# What answers say


def counted(workspace):
    """Steps and ties by SQL alone."""
    ((steps, tied_steps),) = (
        tuple(row.values())
        for row in workspace.tables.query(
            "interactions",
            "SELECT count(*), count(*) FILTER (t = before) FROM (SELECT occurred_at AS t, "
            "lag(occurred_at) OVER (PARTITION BY party_key ORDER BY occurred_at) AS before "
            "FROM ledger) WHERE before IS NOT NULL",
        ).to_pylist()
    )
    return steps, tied_steps


def test_an_answer_says_what_share_of_its_steps_rests_on_ties(tmp_path):
    workspace = home(tmp_path / "w", SECRETS[0])
    workspace.save_map("purchase", MAP)
    workspace.import_source(write(tmp_path / "files", tied(3)), now=NOW)
    steps, tied_steps = counted(workspace)
    assert 0 < tied_steps < steps
    found = answers(workspace)
    unordered = workspace.funnel(["shop", "basket"], order="unordered")
    said = f"{tied_steps / steps:.1%} of steps rest on equal timestamps; their order is the order"
    for name, result in found.items():
        if name == "sessions":
            continue
        assert result.basis.ties == tied_steps / steps, name
        assert result.basis.order.startswith(said)
    assert (found["sessions"].basis.ties, unordered.basis.order) == (0.0, "")
    printed = CliRunner().invoke(main, ["-w", str(workspace.path), "graph"])
    assert said in printed.output.replace("\n", " ")
    as_json = CliRunner().invoke(main, ["-w", str(workspace.path), "graph", "--json"])
    assert json.loads(as_json.output)["basis"]["ties"] == tied_steps / steps
    page = workspace.report(tmp_path / "report.html")
    assert said in Path(page or tmp_path / "report.html").read_text()


def test_a_scope_has_its_own_share(tmp_path):
    workspace = home(tmp_path / "w", SECRETS[0])
    rows = [("2026-01-01", "C1", "ad", 1, 0), ("2026-01-01", "C1", "shop", 1, 0)]
    rows += [(f"2026-02-0{n}", "C2", "ad", 1, 0) for n in range(1, 6)]
    workspace.import_source(write(tmp_path / "files", rows), now=NOW)
    pinned = workspace.pin()
    assert pinned.graph().basis.ties == 1 / 5
    assert pinned.graph(pinned.scope(since=day(2, 1))).basis.ties == 0
    assert pinned.graph(pinned.scope(since=day(2, 1))).basis.order == ""
    assert pinned.graph(pinned.scope(until=day(1, 31))).basis.ties == 1


def test_the_share_is_counted_once_for_a_scope(tmp_path, monkeypatch):
    workspace = home(tmp_path / "w", SECRETS[0])
    workspace.import_source(write(tmp_path / "files", tied(4, 100)), now=NOW)
    ran, kernel = [], ties.kernel
    monkeypatch.setattr(ties, "kernel", lambda *asked: ran.append(asked) or kernel(*asked))
    pinned = workspace.pin()
    buckets = len(pinned.trails().buckets)
    first = pinned.graph().basis.ties
    assert [pinned.paths().basis.ties, pinned.drop_off().basis.ties] == [first, first]
    assert len(ran) == buckets
    pinned.graph(pinned.scope(since=day(1, 5)))
    assert len(ran) == 2 * buckets
    source = write(tmp_path / "later", tied(5, 100))
    source.write_text(source.read_text().replace('"shop"', '"later"'))
    workspace.import_source(source, now=NOW)
    assert workspace.graph().basis.ties != first
    assert ties.tied_share(pinned.trails(), pinned._engine, EVERYTHING) == first


def test_few_ties_are_said_in_words():
    assert Basis("", "", "", ties=1e-6).order.startswith("Fewer than one in 1,000 steps rest")
    assert Basis("", "", "").order == ""
