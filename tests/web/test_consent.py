"""The page of preferences, and consent in the app."""

import dataclasses
import json
import re

import pytest

from everytouch.catalogue.api import Purpose
from everytouch.ledger.api import entries
from tests.web.test_jobs import work

WHO = "customer_no:C00000007"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def asked(own):
    """A workspace with purposes, and somebody's link."""
    known = own.catalogue
    made = {
        "insight": Purpose("insight", "Insight", f"We count. {HOSTILE}", "opt-out", ("analysis",)),
        "mail": Purpose("mail", "Letters", "We write.", "opt-in", ("contact",)),
    }
    own.save_catalogue(dataclasses.replace(known, purposes=made), known)
    return own


@pytest.fixture
def link(asked, visit, party):
    answer = visit("analyst").post(f"/people/{party}/link")
    (found,) = re.findall(r"http://testserver(/preferences/[\w-]+)", answer.content.decode())
    return found


def test_somebody_chooses_without_signing_in(asked, visit, link, party):
    client = visit()
    page = client.get(link).content.decode()
    assert "We write." in page
    assert HOSTILE not in page
    assert 'name="allow-insight" value="yes" checked' in page
    assert 'name="allow-mail" value="no" checked' in page
    people = asked.trails().parties
    assert client.post(link, {"allow-insight": "no", "allow-mail": "yes"}).status_code == 302
    waiting = client.get(link).content.decode()  # seen at once, stored by the worker
    assert 'name="allow-insight" value="no" checked' in waiting
    work()
    assert asked.trails().parties == people - 1
    rows = {one.purpose: one for one in asked.choices(asked.find(WHO))}
    assert (rows["insight"].given, rows["mail"].given) == (False, True)
    assert "We write." in rows["mail"].evidence
    assert rows["mail"].source == "preferences"
    said = {entry.action for entry in entries(asked.path)}
    assert {"open preferences", "give preferences", "record consent"} <= said
    figure = visit("analyst").get("/figures/graph")
    assert "their data may not be analysed" in figure.content.decode()
    person = visit("analyst").get(f"/people/{party}").content.decode()
    assert "preferences · consent" in person
    found = visit("analyst").post("/people", {"identifier": WHO})
    assert found["Location"] == f"/people/{party}"  # who withdrew is found all the same


def test_nothing_is_changed_without_the_token_of_the_form(asked, visit, link):
    client = visit(enforce_csrf_checks=True)
    client.get(link)
    assert client.post(link, {"allow-insight": "no"}).status_code == 403
    token = client.cookies["csrftoken"].value
    good = client.post(link, {"allow-insight": "no", "csrfmiddlewaretoken": token})
    assert good.status_code == 302


def test_a_link_that_is_none_of_ours_shows_nothing(asked, visit, link):
    for wrong in (link[:-2] + "zz", "/preferences/nothing", f"/preferences/{'0' * 66}"):
        answer = visit().get(wrong)
        assert answer.status_code == 404
        assert "We write." not in answer.content.decode()
        assert visit().post(wrong, {"allow-mail": "yes"}).status_code == 404
    asked.erase_party(asked.find(WHO))
    assert visit().get(link).status_code == 404
    assert visit().get(link)["Referrer-Policy"] == "no-referrer"


def test_who_asks_too_often_waits(asked, visit, link, monkeypatch):
    monkeypatch.setattr("everytouch.web.pages.choices.MOST", 3)
    client = visit()
    assert [client.get(link).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_the_api_takes_consents_and_makes_links(asked, visit, party, link):
    client = visit("analyst")
    sent = {"choices": {"mail": True}, "evidence": HOSTILE}
    answer = client.post(
        f"/api/v1/people/{party}/consents", json.dumps(sent), content_type="application/json"
    )
    assert answer.status_code == 200
    rows = client.get(f"/api/v1/people/{party}/consents").json()["rows"]
    assert [(r["purpose"], r["given"]) for r in rows] == [("insight", None), ("mail", True)]
    wrong = {"choices": {HOSTILE: True}}
    refused = client.post(
        f"/api/v1/people/{party}/consents", json.dumps(wrong), content_type="application/json"
    )
    assert refused.status_code in (404, 422)
    made = client.post(f"/api/v1/people/{party}/preference-link").json()["link"]
    assert visit().get(made.removeprefix("http://testserver")).status_code == 200
    assert HOSTILE not in client.get(f"/people/{party}").content.decode()
