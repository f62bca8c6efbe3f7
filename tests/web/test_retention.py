"""Retention in the app: owners set the rules, the worker applies them once a day."""

import datetime
import json

import pytest

from everytouch.ledger.api import entries
from everytouch.moments.api import KEPT
from everytouch.web.retaining import retain_due
from everytouch.workspace import Workspace
from tests.conftest import NOW
from tests.web.test_jobs import work

PAGE = "/settings/privacy"


def old(workspace: Workspace) -> int:
    sql = "SELECT count(*) AS n FROM ledger WHERE occurred_at < now() - INTERVAL 1 YEAR"
    return workspace.tables.query("interactions", sql)["n"][0].as_py()


def test_an_owner_sets_rules_on_the_page_and_applies_them(visit, own):
    client = visit("owner")
    given = dict.fromkeys(KEPT, "") | {"interactions": " 1 year ", "texts": "2 years"}
    assert client.post(PAGE, given).status_code == 302
    assert own.retention_rules.plain == {"interactions": "1 year", "texts": "2 years"}
    due = old(own)
    assert due > 0
    page = client.get(PAGE).content.decode()
    assert "interactions: 1 year" in page
    assert 'value="2 years"' in page
    job = client.post(f"{PAGE}/retention/run")["Location"]
    work()
    assert old(own) == 0
    assert "removed or emptied" in client.get(job).content.decode()
    (done,) = own.expiries()
    file = client.get(f"{PAGE}/{done.certificate}.json")
    assert sum(r["rows"] for r in json.loads(file.content)["rules"]) == done.rows >= due
    assert done.certificate in client.get(PAGE).content.decode()
    olga = [e for e in entries(own.path) if e.who == "olga@example.org"]
    assert {"change retention", "apply retention"} <= {entry.action for entry in olga}


@pytest.mark.parametrize("text", ["soon", "-1 days", "<script>alert(1)</script>", "1 year; DROP"])
def test_the_page_and_the_api_refuse_the_same(visit, own, text):
    client = visit("owner")
    answer = client.post(PAGE, dict.fromkeys(KEPT, "") | {"texts": text[:20]})
    assert answer.status_code == 422
    assert "is no age" in answer.content.decode()
    assert "<script>alert(1)" not in answer.content.decode()
    body = json.dumps({"rules": {"texts": text}})
    sent = client.put("/api/v1/privacy/retention", body, content_type="application/json")
    assert (sent.status_code, "is no age" in sent.json()["detail"]) == (422, True)
    assert not own.retention_rules


def test_rules_of_single_sources_stay_when_the_page_is_saved(visit, own):
    client = visit("owner")
    rules = {"texts": "1 year", "sources": {"simulated": {"properties": "6 months"}}}
    body = json.dumps({"rules": rules})
    sent = client.put("/api/v1/privacy/retention", body, content_type="application/json")
    assert sent.json() == {"rules": rules}
    assert "sources.simulated.properties = 6 months" in client.get(PAGE).content.decode()
    client.post(PAGE, dict.fromkeys(KEPT, ""))
    assert own.retention_rules.plain == {"sources": rules["sources"]}
    said = client.get("/api/v1/privacy/retention").json()
    assert said["rules"] == {"sources": rules["sources"]}
    assert [part["table"] for part in said["due"]] == ["interactions", "perceptions"]
    queued = client.post("/api/v1/privacy/retention/run")
    assert queued.status_code == 202
    work()
    certificates = client.get("/api/v1/privacy/retention").json()["certificates"]
    assert [one["rows"] for one in certificates] == [own.expiries()[0].rows]


def test_the_worker_applies_them_once_a_day(own):
    opened = Workspace(own.path, who="schedule")
    assert not retain_due(opened, NOW)  # no rules
    own.change_retention({"interactions": "1 year"})
    assert retain_due(opened, NOW)
    assert not retain_due(opened, NOW + datetime.timedelta(hours=23))
    later = NOW + datetime.timedelta(hours=25)
    with opened.tables.locked():
        assert not retain_due(Workspace(own.path), later)  # somebody is writing: next time
    assert retain_due(opened, later)
    assert [row.expired_at for row in own.expiries()] == [later, NOW]
