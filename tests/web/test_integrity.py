"""The app says whether its files are as they were written, and never shows what is not."""

import datetime
import os

from everytouch.web.verifying import verify_due
from everytouch.workspace import Workspace

DAY = datetime.timedelta(days=1)


def newest_commit(workspace, table="interactions"):
    return sorted((workspace.path / "ledger" / table / "_delta_log").glob("*.json"))[-1]


def decay(path):
    """Change a bit without a trace in the time of writing."""
    about, content = path.stat(), bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def test_health_tells_of_the_ledger_and_answers_head(visit, own):
    client = visit()
    said = client.get("/health")
    assert (said.status_code, said.json()["ledger"]) == (200, "ok")
    head = client.head("/health")
    assert (head.status_code, head.content) == (200, b"")
    newest_commit(own).unlink()
    said = client.get("/health")
    assert (said.status_code, said.json()["ledger"]) == (503, "damaged")
    assert client.head("/health").status_code == 503
    assert str(own.path) not in said.content.decode()


def test_a_page_and_the_api_say_what_is_damaged_and_what_to_do(visit, own):
    newest_commit(own, "links").unlink()
    client = visit("analyst")
    for address in ("/", "/sources", "/people?q=customer_no:C00000001", "/api/v1/findings"):
        answer = client.get(address)
        text = answer.content.decode()
        assert answer.status_code == 503, address
        assert "the newest commits of links are missing" in text, address
        assert "everytouch admin verify --restore" in text, address
        assert str(own.path) not in text, address


def test_the_worker_checks_once_a_day_and_the_page_shows_it(visit, own):
    client = visit("analyst")
    assert "The files were not checked yet" in client.get("/sources").content.decode()
    assert verify_due(Workspace(own.path), DAY)
    assert not verify_due(Workspace(own.path), DAY)
    assert "files are as they were written" in client.get("/sources").content.decode()
    (path,) = (own.path / "maps").glob("*/*.yaml")
    decay(path)
    assert verify_due(Workspace(own.path), datetime.timedelta(0))
    page = client.get("/sources").content.decode()
    assert "1 file is damaged" in page
    assert f"<code>{path.relative_to(own.path)}</code>" in page
    health = client.get("/health")
    assert (health.status_code, health.json()["damaged_files"]) == (503, 1)
