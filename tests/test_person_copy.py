"""A copy of somebody's data, for them to read: all that is held, in plain words, escaped."""

import dataclasses
import html
import json
import re
import shutil

import pytest
from click.testing import CliRunner

import everytouch
from everytouch.cli import main
from everytouch.ledger.api import entries
from everytouch.report.api import person_html, person_pdf
from tests.conftest import NOW
from tests.test_consent import HEAD, purposes
from tests.test_retention import write

WHO = "customer_no:C00000007"
HOSTILE = "<script>alert('x')</script>{{ 7*7 }}"


@pytest.fixture
def mine(simulated, tmp_path):
    """Somebody who wrote in German, allowed something, and is named by hostile text."""
    shutil.copytree(simulated.path, tmp_path / "mine")
    opened = everytouch.open(tmp_path / "mine")
    purposes(opened, insight=("opt-out", ("analysis",)))
    opened.rename(f"Kranich & Söhne {HOSTILE}")
    opened.change_settings({"privacy_contact": "privacy@kranich.example"})
    cell = '"' + HOSTILE.replace('"', '""') + '"'
    rows = (
        "id,occurred_at,namespace,identifier,instrument,raw,title,text,language,properties\n"
        f"1,2025-06-01T10:00:00Z,customer_no,C00000007,nps,3,{cell},Zu spät,de-AT,"
        '"{""shelf"": ""K 7"", ""deep"": {""a"": [1, 2]}}"\n'
    )
    opened.import_source(write(tmp_path, "written", "perceptions", rows), now=NOW)
    said = f"1,2026-01-02,customer_no,C00000007,insight,false,consent,{cell}\n"
    opened.import_source(write(tmp_path, "crm", "consents", HEAD + said), now=NOW)
    trait = "id,occurred_at,namespace,identifier,name,value\n"
    trait += f"1,2025-01-01,customer_no,C00000007,first name,{cell}\n"
    opened.import_source(write(tmp_path, "names", "traits", trait), now=NOW)
    return opened


def read(text: str) -> str:
    """What a person sees of it."""
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", body))


def test_everything_that_is_held_is_in_it_in_their_language(mine):
    party = mine.find(WHO)
    text = person_html(mine.person_copy(party))
    assert '<html lang="de">' in text
    assert HOSTILE not in text
    assert "<script" not in text
    seen = " ".join(read(text).split())
    whole = mine.export_party(party)
    for name in whole["identifiers"]:
        assert name in seen
    for trait in whole["traits"]:
        assert f"{trait.name} {trait.value}" in seen
    labels = {p.name: p.label for p in mine.catalogue.touchpoints.values()}
    rows = [row for rows in whole["moments"].values() for row in rows]
    assert text.count("<blockquote>") == sum(bool(r.get("text") or r.get("title")) for r in rows)
    listed = re.search(r"<ol>(.*?)</ol>", text, re.S)[1]
    assert listed.count("<li>") == len(rows) > 5
    assert {r["source"] for r in rows} <= set(re.findall(r"[\w-]+", seen))
    assert all(labels[r["touchpoint"]] in seen for r in rows if r["touchpoint"])
    for said in ("K 7", '{"a": [1, 2]}', "Zu spät", "privacy@kranich.example", HOSTILE,
                 "widersprechen", "Woran wir Sie erkennen", "insight : nein"):  # fmt: skip
        assert said in seen, said
    assert "Your data" in person_html(mine.person_copy(party), "en")


def test_somebody_else_is_not_in_it(mine):
    other = person_html(mine.person_copy(mine.find("customer_no:C00000008")))
    assert '<html lang="en">' in other
    assert "C00000007" not in other
    assert "Zu spät" not in other


def test_the_commands_write_it_and_every_copy_is_audited(mine, tmp_path):
    for command in ("export", "consents", "link"):
        nobody = ["-w", str(mine.path), "people", command, "email:nobody@example.org"]
        said = CliRunner().invoke(main, nobody)
        assert said.exit_code == 2
        assert "nobody is known as 'email:nobody@example.org'" in said.output
    call = ["-w", str(mine.path), "people", "export", WHO]
    shown = CliRunner().invoke(main, [*call, "--html", "--language", "en"])
    assert "What you can do" in shown.output
    for name, begins in (("copy.html", b"<!doctype html>"), ("copy.pdf", b"%PDF-")):
        done = CliRunner().invoke(main, [*call, str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert (tmp_path / name).read_bytes().lstrip().startswith(begins)
    plain = json.loads(CliRunner().invoke(main, call).output)
    assert plain["consents"][0]["purpose"] == "insight"
    lines = [e for e in entries(mine.path) if e.action == "export person"]
    assert len(lines) == 4


def test_the_pdf_is_one(mine):
    pytest.importorskip("weasyprint")
    copy = mine.person_copy(mine.find(WHO))
    short = dataclasses.replace(copy, moments={n: rows[:3] for n, rows in copy.moments.items()})
    assert person_pdf(short).startswith(b"%PDF-")


def test_a_text_without_spaces_may_be_parted_and_stays_what_it_is(mine):
    copy = mine.person_copy(mine.find(WHO))
    trait = dataclasses.replace(copy.profile.traits[0], value="<" + "x" * 50_000)
    profile = dataclasses.replace(copy.profile, traits=[trait])
    page = person_html(dataclasses.replace(copy, profile=profile))
    assert max(map(len, re.split(r"<wbr>|\s", page.partition("</style>")[2]))) < 200
    assert "&lt;" + "x" * 50_000 in page.replace("<wbr>", "")
