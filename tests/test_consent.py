"""Consent: who did not agree is in no answer, no export and no SQL, and every answer says so."""

import dataclasses
import datetime
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import everytouch
from everytouch.catalogue.api import Purpose
from everytouch.cli import main
from everytouch.errors import CatalogueError, UnknownNameError
from everytouch.ledger.api import entries
from everytouch.results import Result
from everytouch.workspace import Workspace
from tests.conftest import NOW
from tests.test_retention import write

WHO = "customer_no:C00000007"
DAY = datetime.timedelta(days=1)
HEAD = "id,occurred_at,namespace,identifier,purpose,given,basis,evidence\n"


@pytest.fixture
def mine(simulated: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    shutil.copytree(simulated.path, tmp_path / "mine")
    return everytouch.open(tmp_path / "mine")


def purposes(workspace: Workspace, **given: tuple[str, tuple[str, ...]]) -> None:
    known = workspace.catalogue
    made = {name: Purpose(name, name, "", *rest) for name, rest in given.items()}
    workspace.save_catalogue(dataclasses.replace(known, purposes=made), known)


def say(workspace: Workspace, folder: Path, rows: str, name: str = "crm"):
    return workspace.import_source(write(folder, name, "consents", HEAD + rows), now=NOW).total


def answers(workspace: Workspace) -> dict[str, Result]:
    """What every question of the library says."""
    asked = {
        "graph": workspace.graph,
        "paths": workspace.paths,
        "volume": workspace.volume,
        "sessions": workspace.sessions,
        "lifecycle": workspace.lifecycle,
        "repeats": workspace.repeats,
        "perception": lambda: workspace.perception("all"),
        "promises": workspace.promises,
        "drop_off": workspace.drop_off,
        "findings": workspace.findings,
        "worth": workspace.worth,
        "money": workspace.money,
        "emotions": workspace.emotions,
        "consistency": workspace.consistency,
        "staying": workspace.staying,
        "comments": workspace.comments,
        "against": lambda: workspace.against("online_order"),
    }
    return {name: ask() for name, ask in asked.items()}


def test_without_purposes_nothing_changes(mine, simulated):
    assert mine.trails().left_out == 0
    assert mine.graph() == simulated.graph()
    assert not mine.allowed("analysis")
    assert mine.allowed("contact").of(np.array([1, 2])).all()


def test_who_withdrew_is_in_no_answer_and_every_answer_says_so(mine, tmp_path):
    purposes(mine, insight=("opt-out", ("analysis",)))
    before, people = answers(mine), mine.trails().parties
    party, rows = mine.find(WHO), mine.trail(WHO).rows
    interactions = sum(row.kind == "interaction" for row in rows)
    counts = say(
        mine, tmp_path, "1,2026-01-01,customer_no,C00000007,insight,false,consent,letter\n"
    )
    assert (counts.stored, counts.received) == (1, 1)
    after = answers(mine)
    assert mine.trails().parties == people - 1
    assert {name for name, one in after.items() if one.basis.left_out != 1} == set()
    assert {one.basis.left_out for one in before.values()} == {0}
    assert "1 person is left out" in after["graph"].basis.consent
    counted = [sum(row.interactions for row in one["volume"].rows) for one in (before, after)]
    assert counted[0] - counted[1] == interactions
    moments = mine.newest(limit=200_000)
    assert party not in {one.party for one in moments}
    assert len(moments) == mine.trails().moments
    for view in ("moments", "interactions", "perceptions", "traits", "consents"):
        sql = f"SELECT count(*) AS n FROM {view} WHERE party = {party}"
        assert mine.sql(sql)["n"][0].as_py() == 0, view
    total = mine.sql("SELECT count(*) AS n FROM interactions")["n"][0].as_py()
    ledger = mine.tables.query("interactions", "SELECT count(*) AS n FROM ledger")["n"][0].as_py()
    assert ledger - total == interactions  # of those whom nothing links, nobody is lost
    # What is done for the person is no analysis.
    assert mine.trail(WHO).rows == rows
    assert mine.everyones_trails().parties == people


def test_a_later_word_counts_and_comes_from_any_source(mine, tmp_path):
    purposes(mine, insight=("opt-out", ("analysis",)))
    people = mine.trails().parties
    say(mine, tmp_path, "1,2026-01-02,customer_no,C00000007,insight,no,consent,letter\n"
        "2,2026-01-03,customer_no,C00000008,insight,no,consent,letter\n")  # fmt: skip
    assert mine.trails().parties == people - 2
    say(mine, tmp_path, "1,2026-01-05,customer_no,C00000007,insight,yes,consent,call\n"
        "2,2026-01-01,customer_no,C00000008,insight,yes,consent,old form\n", "till")  # fmt: skip
    assert mine.trails().parties == people - 1
    (choice,) = mine.choices(mine.find(WHO))
    assert (choice.given, choice.source, choice.evidence) == (True, "till", "call")
    event = {"kind": "consent", "id": "e1", "occurred_at": "2026-01-06T00:00:00Z",
             "namespace": "customer_no", "identifier": "C00000007", "purpose": "insight",
             "given": False}  # fmt: skip
    (tried,) = mine.try_events(json.dumps(event).encode(), "own")
    assert tried.records[0][0] == "consents"


def test_opt_in_leaves_out_who_never_agreed(mine, tmp_path):
    purposes(mine, insight=("opt-in", ("analysis",)), mail=("opt-in", ("contact",)))
    say(mine, tmp_path, "".join(
        f"{n},2026-01-01,customer_no,C0000000{n},{what},true,consent,form\n"
        for n, what in ((1, "insight"), (2, "insight"), (3, "mail"))
    ))  # fmt: skip
    assert mine.trails().parties == 2
    keys = np.array([mine.find(f"customer_no:C0000000{n}") for n in (1, 2, 3)])
    assert mine.allowed("analysis").of(keys).tolist() == [True, True, False]
    assert mine.allowed("contact").of(keys).tolist() == [False, False, True]


def test_exports_leave_out_whom_their_purpose_does_not_allow(mine, tmp_path):
    purposes(mine, sharing=("opt-out", ("export",)))
    before = mine.export_log(tmp_path / "before.xes", unit="party")
    values = mine.lifetime_values()
    party = mine.find(WHO)
    assert party in values["party"].to_pylist()
    say(mine, tmp_path, "1,2026-01-01,customer_no,C00000007,sharing,false,,\n")
    after = mine.export_log(tmp_path / "after.xes", unit="party")
    assert (before.journeys - after.journeys, mine.trails().left_out) == (1, 0)
    left = mine.lifetime_values()
    assert len(values) - len(left) == 1
    assert party not in left["party"].to_pylist()


def test_a_device_and_other_identifiers_follow_the_person(mine, tmp_path):
    """Consent is the person's, whatever identifier it was given under."""
    purposes(mine, insight=("opt-out", ("analysis",)))
    known = mine.profile(mine.find(WHO)).identifiers
    other = next(name for name, _ in known if name != WHO)
    namespace, _, value = other.partition(":")
    say(mine, tmp_path, f"1,2026-01-01,{namespace},{value},insight,false,,\n")
    assert mine.trails().left_out == 1
    assert mine.find(WHO) not in {one.party for one in mine.newest(limit=200_000)}


def test_what_breaks_a_rule_is_held(mine, tmp_path):
    purposes(mine, insight=("opt-out", ("analysis",)))
    counts = say(mine, tmp_path, "1,2026-01-01,customer_no,C1,unknown,true,,\n"
                 "2,2026-01-01,customer_no,C1,insight,perhaps,,\n"
                 "3,2026-01-01,customer_no,n/a,insight,true,,\n"
                 "4,2026-01-01,customer_no,C1,insight,,,\n")  # fmt: skip
    assert (counts.stored, counts.quarantined) == (0, 4)
    reasons = sorted(row.reason for row in mine.quarantine("crm"))
    assert any("purpose 'unknown' is not in the catalogue" in reason for reason in reasons)
    with pytest.raises(CatalogueError, match="gates"):
        purposes(mine, insight=("opt-out", ("world",)))


def test_an_erasure_takes_consents_along(mine, tmp_path):
    purposes(mine, insight=("opt-out", ("analysis",)))
    say(mine, tmp_path, "1,2026-01-01,customer_no,C00000007,insight,false,,I am C00000007\n")
    done = mine.erase_party(mine.find(WHO))
    assert json.loads(done.text)["removed"]["consents"] == 1
    assert mine.trails().left_out == 0


def test_links_are_the_persons_alone(mine):
    purposes(mine, insight=("opt-out", ("analysis",)))
    party = mine.find(WHO)
    path = mine.preference_link(party)
    token = path.removeprefix("/preferences/")
    assert "C00000007" not in path
    key = mine.opened(token)
    assert mine.find(mine.identifier_of(key)) == party
    for wrong in (token[:-1] + ("0" if token[-1] != "0" else "1"), "f" + token[1:], "", "a" * 9):
        with pytest.raises(UnknownNameError):
            mine.opened(wrong)
    late = datetime.datetime.now(datetime.UTC) + 181 * DAY
    with pytest.raises(UnknownNameError, match="too old"):
        mine.opened(token, late)
    mine.record_consents(key, {"insight": False}, "said so on the phone")
    assert mine.trails().left_out == 1
    mine.erase_party(party)
    with pytest.raises(UnknownNameError):
        mine.identifier_of(key)
    actions = {entry.action for entry in entries(mine.path)}
    assert {"make preference link", "record consent"} <= actions


def test_the_commands(mine):
    purposes(mine, insight=("opt-out", ("analysis",)))
    call = ["-w", str(mine.path), "people"]
    made = CliRunner().invoke(main, [*call, "link", WHO, "--address", "https://x.example/"])
    assert made.output.startswith("https://x.example/preferences/")
    mine.record_consents(mine.opened(made.output.strip().rpartition("/")[2]), {"insight": False})
    shown = CliRunner().invoke(main, [*call, "consents", WHO, "--json"])
    (row,) = json.loads(shown.output)
    assert (row["purpose"], row["allowed"], row["basis"]) == ("insight", False, "consent")
