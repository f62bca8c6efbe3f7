"""Workspaces that lack whole kinds of records: every question, page and report says something."""

import contextlib

import pytest

import everytouch
from everytouch.errors import EverytouchError
from tests.conftest import NOW, SECRET
from tests.web.test_disclosure import drawn
from tests.web.test_rights import asks

ANSWERS = """
[[perceptions]]
sql = '''SELECT id, "at" AS occurred_at, 'email' AS namespace, who AS identifier,
  'nps' AS instrument, score AS raw FROM rows'''
"""
VISITS = """
[[interactions]]
sql = '''SELECT id, "at" AS occurred_at, 'email' AS namespace, who AS identifier,
  'website_visit' AS touchpoint FROM rows'''
"""
TRAITS = """
[[traits]]
sql = '''SELECT id, "at" AS occurred_at, 'email' AS namespace, who AS identifier,
  'region' AS name, 'rural' AS value FROM rows'''
"""
KINDS = {
    "nothing": (0, ""), "answers": (40, ANSWERS), "visits": (40, VISITS), "traits": (40, TRAITS),
    "one visit": (1, VISITS), "one answer": (1, ANSWERS), "one of each": (1, ANSWERS + VISITS),
    "few of each": (4, ANSWERS + VISITS + TRAITS),
}  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def scanty(request, tmp_path_factory, home):
    count, parts = KINDS[request.param]
    folder = tmp_path_factory.mktemp("scanty")
    made = everytouch.create(folder / "w", secret=SECRET)
    (made.path / "catalogue.yaml").write_text((home.path / "catalogue.yaml").read_text())
    rows = (f"{n},2025-{1 + n % 9:02}-03,p{n}@x.org,{n % 11}" for n in range(count))
    (folder / "rows.csv").write_text("\n".join(["id,at,who,score", *rows]))
    (folder / "source.toml").write_text(f'name = "few"\n[inputs.rows]\npath = "rows.csv"\n{parts}')
    if count:
        assert not made.import_source(folder / "source.toml", now=NOW).total.quarantined
    return made


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_every_question_and_figure_answers_or_says_why_not(role, scanty, user, settings_of):
    from everytouch.web.figures import FIGURES
    from everytouch.web.question import QUESTIONS

    settings_of(WORKSPACE=scanty.path)
    ask = asks(user, scanty, role)
    for question in QUESTIONS.values():
        with contextlib.suppress(EverytouchError):
            question.of(ask)
    for spec in FIGURES.values():
        with contextlib.suppress(EverytouchError):
            drawn(ask, spec)


def test_a_report_is_written(scanty, tmp_path):
    for full in (False, True):
        assert scanty.report(tmp_path / "report.html", full=full).read_text()
