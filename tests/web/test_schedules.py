"""Scheduled sources in the app: added, tested, run and paused by analysts, and secrets unseen."""

import json
import os
import re
import time

import pytest

import everytouch
from tests.test_credentials import SECRET, anywhere
from tests.test_fetch_http import Api, serving

STATEMENTS = """[[interactions]]
sql = '''
SELECT id, "when" AS occurred_at, 'customer_no' AS namespace, who AS identifier,
       'web_checkout' AS touchpoint FROM rows
'''
"""
ROWS = [
    {"id": "n1", "when": "2025-11-03 10:00", "who": "C00000001"},
    {"id": "n2", "when": "not a time", "who": "C00000002"},
]


@pytest.fixture
def api():
    yield from serving(Api())


@pytest.fixture
def place(own, tmp_path):
    """A workspace whose sources may read loopback and one folder."""
    files = tmp_path / "files"
    files.mkdir()
    with (own.path / "everytouch.toml").open("a") as out:
        out.write(f'\n[sources]\nprivate_hosts = ["127.0.0.1"]\nfolders = ["{files}"]\n')
    return everytouch.open(own.path), files


def http_form(api: Api, **more: str) -> dict[str, str]:
    return {
        "name": "tickets", "every": "1h", "timezone": "Europe/Berlin", "statements": STATEMENTS,
        "url": f"{api.url}/tickets", "auth": "bearer", "secret": SECRET, "records": "data.items",
        "paging": "page", "page_parameter": "p",
    } | more  # fmt: skip


def text(response) -> str:
    return response.getvalue().decode()


def work(workspace) -> None:
    """What the worker's thread does between two pauses."""
    from everytouch.web.fetching import fetch_due

    fetch_due(workspace)


def test_an_api_is_tested_added_run_paused_and_removed(visit, place, api):
    workspace, _ = place
    client = visit("analyst")
    api.answer = lambda _, query, __: {"data": {"items": ROWS if query["p"] == "1" else []}}
    assert "HTTP API" in text(client.get("/sources"))
    address = "/sources/scheduled/new?kind=http"
    pages = [text(client.get(address))]
    tried = client.post(address, http_form(api, do="test"), headers={"HX-Request": "true"})
    assert "Of the first rows 1 would be stored and 1 held" in text(tried)
    assert "C00000001" in text(tried)
    assert api.asked[-1][2]["authorization"] == f"Bearer {SECRET}"
    assert workspace.scheduled() == ()
    added = client.post(address, http_form(api, do="add"))
    assert added["Location"] == "/sources/scheduled/tickets"
    page = text(client.get("/sources/scheduled/tickets"))
    assert "It has not run yet" in page
    work(workspace)
    page = text(client.get("/sources/scheduled/tickets"))
    assert re.search(r"<td class=\"number\">2</td><td class=\"number\">1</td>", page)
    assert "n1" in {row.id for row in workspace.trail("customer_no:C00000001").rows}
    asked = len(api.asked)
    work(workspace)
    assert len(api.asked) == asked  # not due
    client.post("/sources/scheduled/tickets", {"do": "run"})
    assert "due" in text(client.get("/sources/scheduled"))
    work(workspace)
    assert len(api.asked) > asked
    client.post("/sources/scheduled/tickets", {"do": "pause"})
    assert "paused" in text(client.get("/sources/scheduled"))
    assert "Resume" in text(client.get("/sources/scheduled/tickets"))
    client.post("/sources/scheduled/tickets", {"do": "resume"})
    pages += [
        text(tried),
        page,
        text(client.get("/sources")),
        text(client.get("/sources/scheduled")),
    ]
    pages += [text(visit("owner").get(path)) for path in ("/settings/audit", "/settings/audit.csv")]
    assert "save scheduled source" in pages[-2]
    assert not [page for page in pages if SECRET in page]
    assert client.post("/sources/scheduled/tickets", {"do": "remove"})["Location"] == "/sources"
    assert workspace.scheduled() == ()
    assert client.get("/sources/scheduled/tickets").status_code == 404


def test_a_secret_is_on_no_page_in_no_file_and_in_no_answer(visit, place, api, caplog):
    workspace, _ = place
    client = visit("owner")
    address = "/sources/scheduled/new?kind=http"
    bearer = f"Bearer {SECRET}"
    api.answer = lambda *_: (302, {"Location": f"http://evil/{SECRET}"}, bearer.encode())
    answers = [
        client.post(address, http_form(api, do="test"), headers={"HX-Request": "true"}),
        client.post(address, http_form(api, do="add", every="sometimes")),  # shown again, to mend
        client.post(address, http_form(api, do="add", name="")),
        client.post(address, http_form(api, do="add")),
    ]
    assert [one.status_code for one in answers] == [200, 422, 422, 302]
    work(workspace)
    answers += [client.get(path) for path in ("/sources", "/sources/scheduled/tickets", "/jobs/1")]
    answers += [client.get(f"/api/v1/{path}") for path in ("scheduled", "sources", "audit")]
    (row,) = json.loads(text(answers[-3]))["rows"]
    assert "another server" in row["problem"]
    changed = text(client.get("/sources/scheduled/tickets"))
    assert "token = &quot;stored&quot;" in changed
    assert not [one for one in answers if SECRET in text(one)]
    assert SECRET not in changed
    assert SECRET not in caplog.text
    assert anywhere(workspace.path, SECRET) == []
    from everytouch.web.models import Job

    assert SECRET not in str(list(Job.objects.values()))


def test_a_folder_is_read_by_the_worker_itself(visit, place):
    import subprocess
    import sys

    workspace, files = place
    (files / "a.csv").write_text("id,when,who\nf1,2025-11-03 10:00,C00000003\n")
    os.utime(files / "a.csv", (time.time() - 60,) * 2)
    form = {
        "name": "shop-files", "every": "15m", "timezone": "UTC", "statements": STATEMENTS,
        "path": str(files), "pattern": "*.csv", "settle": "1s", "do": "add",
    }  # fmt: skip
    assert visit("analyst").post("/sources/scheduled/new?kind=folder", form).status_code == 302
    command = [sys.executable, "-m", "everytouch", "-w", str(workspace.path), "work"]
    with subprocess.Popen(command) as worker:
        deadline = time.monotonic() + 90
        while not workspace.runs("shop-files") and time.monotonic() < deadline:
            assert worker.poll() is None
            time.sleep(0.1)
        while workspace.scheduled_source("shop-files").running and time.monotonic() < deadline:
            time.sleep(0.1)
        worker.terminate()
    (run,) = workspace.runs("shop-files")
    assert (run.counts["stored"], run.problem) == (1, "")


def test_forms_say_what_is_wrong(visit, place):
    client = visit("analyst")
    assert client.get("/sources/scheduled/new?kind=fax").status_code == 404
    form = {
        "name": "db", "every": "1h", "timezone": "UTC", "statements": STATEMENTS,
        "system": "sqlite", "path": "/etc/passwd", "table": "t", "do": "test",
    }  # fmt: skip
    address = "/sources/scheduled/new?kind=database"
    assert "outside the folders" in text(client.post(address, form))
    missing = client.post(address, form | {"statements": "", "do": "add"})
    assert missing.status_code == 422
    assert "does not state what its rows are" in text(missing)
    wrong = client.post(address, form | {"table": "", "do": "add"})
    assert "either a table or a query" in text(wrong)
    assert client.post(address, form | {"name": "", "do": "test"}).status_code == 200
    place[0].save_scheduled(
        "db", "[schedule]\nevery = '1h'\n[inputs.rows.folder]\npath = 'x'\n" + STATEMENTS
    )
    unknown = client.post("/sources/scheduled/db", {"do": "explode"})
    assert "Unknown action" in text(unknown)
    broken = client.post("/sources/scheduled/db", {"do": "save", "text": "name ="})
    assert broken.status_code == 422
    taken = client.post(address, form | {"do": "add"})
    assert "exists already" in text(taken)


def test_values_in_forms_stay_values(visit, place):
    """Whatever is typed is one value of the source file, never a part of its grammar."""
    workspace, _ = place
    hostile = '"\n[schedule]\nevery = "1s"\n#'
    form = {
        "name": "files", "every": "1h", "timezone": "UTC", "statements": STATEMENTS,
        "path": hostile, "pattern": 'a"b\'*.csv', "settle": "30s", "do": "add",
    }  # fmt: skip
    response = visit("analyst").post("/sources/scheduled/new?kind=folder", form)
    assert response.status_code == 302
    (one,) = workspace.scheduled()
    assert one.every == "1h"


@pytest.mark.parametrize("kind", ["folder", "sftp", "database", "http"])
def test_every_form_is_complete_in_german(visit, place, kind):
    page = text(
        visit("analyst").get(
            f"/sources/scheduled/new?kind={kind}", headers={"Accept-Language": "de"}
        )
    )
    assert "Geplante Quelle hinzufügen" in page
    assert "Verbindung testen" in page
    for english in ("How often", "Password<", "Time zone of", "What the rows are"):
        assert english not in page
