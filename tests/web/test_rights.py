"""Pages, API and tables to take away agree, for every role; the table of rights is generated.

``python -m tests.web.test_rights`` writes docs/rights.md anew.
"""

import csv
import html
import importlib
import io
import json
import re

import pytest

from everytouch.results import plain
from tests.conftest import ROOT
from tests.web.conftest import CAST

PAGE = ROOT / "docs" / "rights.md"
importlib.import_module("everytouch.web.questions")  # registers them
NOTE = "<!-- Written by `python -m tests.web.test_rights`; edit the code instead. -->\n\n"
GIVEN = {
    "steps": "website_visit,web_checkout", "days": "90", "at": "web_checkout",
    "first": "web_checkout", "second": "parcel_delivered", "after": "website_visit",
    "map": "online_order", "finding": "late:parcel_delivered",
}  # fmt: skip
ADDRESS = "&".join(f"{name}={value}" for name, value in GIVEN.items())
CALLED = tuple(CAST)


def rights_page() -> str:
    """docs/rights.md."""
    from django.utils.translation import override

    from everytouch.web.access import RIGHTS, ROLES
    from everytouch.web.question import QUESTIONS

    def mark(inside: bool) -> str:
        return "yes" if inside else "–"

    def asked(question, role: str) -> str:
        if role not in RIGHTS[question.need][1] or (role == "manager" and question.whole):
            return "–"
        return "yes" if role in RIGHTS["dig"][1] else "limited"

    head = f"| {{}} | {' | '.join(ROLES)} |\n| --- |{' --- |' * len(ROLES)}\n"
    with override("en"):
        rights = [
            f"| {text} | {' | '.join(mark(role in roles) for role in ROLES)} |"
            for text, roles in RIGHTS.values()
        ]
    asked_by = [
        f"| `{name}` | {' | '.join(asked(one, role) for role in ROLES)} |"
        for name, one in sorted(QUESTIONS.items())
    ]
    return (
        f"{NOTE}# Roles and rights\n\nA manager has these rights for the touchpoints of their own "
        f"departments.\n\n{head.format('right')}"
        + "\n".join(rights)
        + "\n\n## Questions\n\nThe same "
        "for pages, exports and the API. *Limited*: without figures of a few people, see "
        f"[disclosure.md](disclosure.md).\n\n{head.format('question')}" + "\n".join(asked_by) + "\n"
    )


def test_the_page_is_written_from_the_code():
    assert PAGE.read_text() == rights_page()


def asks(user, home, role):
    from django.test import RequestFactory

    from everytouch.web.shell import ask_of

    request = RequestFactory().get(f"/?{ADDRESS}")
    request.user = user(role)
    return ask_of(request)


@pytest.mark.parametrize("role", CALLED)
def test_the_api_answers_as_the_question_does(role, visit, user, home):
    """One rule: who may ask, and what is withheld, is the question's."""
    from everytouch.errors import EverytouchError
    from everytouch.web.errors import status_of
    from everytouch.web.question import QUESTIONS

    client, ask = visit(role), asks(user, home, role)
    refused = set()
    for name, question in QUESTIONS.items():
        answer = client.get(f"/api/v1/{name}?{ADDRESS}")
        try:
            expected = 200, json.loads(json.dumps(plain(question.of(ask))))
        except EverytouchError as error:
            expected = status_of(error), error.what
        said = answer.json()
        got = said if answer.status_code == 200 else said["detail"]
        if answer.status_code == 403:
            refused.add(name)
            assert question.forbids(ask)
            assert expected[0] == 403
            continue
        assert (answer.status_code, got) == expected, name
    whole = {name for name, one in QUESTIONS.items() if one.whole}
    assert refused == {"viewer": {"comments"}, "manager": whole}.get(role, set())


def cells(page: str) -> list[list[str]]:
    """The cells of the first table of a figure, as they are read."""
    body = re.search(r"<tbody>(.*?)</tbody>", page, re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", body[1], re.S) if body else []
    tags = re.compile(r"<[^>]+>")
    return [
        [
            html.unescape(tags.sub("", c)).strip()
            for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", r, re.S)
        ]
        for r in rows
    ]


@pytest.mark.parametrize("role", CALLED)
def test_what_is_taken_away_is_what_the_page_shows(role, visit, user, home):
    from everytouch.web.figures import FIGURES

    client, ask = visit(role), asks(user, home, role)
    compared = 0
    for name, spec in FIGURES.items():
        part = client.get(f"/figures/{name}?{ADDRESS}", headers={"HX-Request": "true"})
        taken = client.get(f"/figures/{name}.csv?{ADDRESS}")
        sheet = client.get(f"/figures/{name}.xlsx?{ADDRESS}")
        statuses = {part.status_code, taken.status_code, sheet.status_code}
        assert statuses == ({403} if spec.forbids(ask) else {200}), name
        if spec.forbids(ask):
            continue
        _, *rows = csv.reader(io.StringIO(taken.content.decode()))
        figure = spec.of(ask)
        assert len(rows) == len(figure.rows), name
        shown = cells(part.content.decode())
        if not figure.template and shown:
            first = [row[0].lstrip("'") for row in rows[:200]]
            if figure.columns[0].kind == "text":
                assert [row[0] for row in shown] == [one.strip() for one in first], name
                compared += 1
    assert compared >= 8


def test_a_manager_and_a_viewer_get_less_than_an_analyst(visit):
    """The same address, three answers: what is withheld depends on who asks, not on where."""
    address = f"/api/v1/graph?{ADDRESS}"
    everything, part, own = (
        visit(role).get(address).json() for role in ("analyst", "viewer", "manager")
    )
    assert len(everything["rows"]) > len(part["rows"]) > 0
    assert everything["basis"]["withheld"] == []
    assert {one["reason"] for one in part["basis"]["withheld"]} <= {"few", "complement"}
    assert all(row["count"] % 5 == 0 for row in (*part["rows"], *own["rows"]))
    assert any(row["count"] % 5 for row in everything["rows"])


def test_a_manager_opens_the_interactions_behind_own_findings(visit, home):
    client = visit("manager")
    found = client.get("/api/v1/findings").json()["rows"]
    assert found
    name = found[0]["name"]
    assert client.get(f"/findings/{name}").status_code == 200
    rows = client.get(f"/api/v1/findings/{name}/moments").json()["rows"]
    assert rows
    assert {row["kind"] for row in rows} == {"interaction"}
    assert not {"party", "identifier"} & set(rows[0])
    other = next(r.name for r in home.findings().rows if "parcel" in r.name)
    assert client.get(f"/findings/{other}").status_code == 403
    assert client.get(f"/api/v1/findings/{other}/moments").status_code == 403
    assert visit("viewer").get(f"/findings/{name}").status_code == 403


def test_no_page_asks_the_library_past_the_questions():
    """What visitors are shown passes one place: pages and figures call questions alone."""
    from everytouch.workspace import Workspace
    from everytouch.workspace.asking import Asking
    from everytouch.workspace.judging import Judging
    from everytouch.workspace.mapping import Mapping

    names = {n for kind in (Asking, Judging, Mapping) for n in vars(kind) if not n.startswith("_")}
    names -= {"maps_state", "known"} | {n for n in vars(Mapping) if "map" in n}
    guarded = {"newest", "journeys_with"}  # for those who may open single moments: their routes say
    assert guarded <= names | set(dir(Workspace))
    calls = re.compile(rf"workspace\.({'|'.join(sorted(names - guarded))})\(")
    web = ROOT / "src" / "everytouch" / "web"
    for path in web.rglob("*.py"):
        if path.name != "questions.py":
            found = calls.findall(path.read_text())
            assert not found, f"{path.name} calls {found}"


if __name__ == "__main__":
    import django
    from django.conf import settings

    settings.configure(USE_I18N=False)
    django.setup()
    PAGE.write_text(rights_page())
