"""A session ends ``session_hours`` after the last page somebody opened, and not before."""

import re
from pathlib import Path

import pytest

import everytouch
from tests.web.signing import Clock, sign_in


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def is_in(client) -> bool:
    return client.get("/settings").status_code == 200


def test_silence_ends_it(guest, clock):
    from django.test import Client

    client = Client()
    sign_in(client)
    clock.forward(hours=11, minutes=59)
    assert is_in(client)
    clock.forward(hours=12, minutes=1)
    assert not is_in(client)


def test_who_is_there_stays_in(guest, clock):
    from django.test import Client

    client = Client()
    sign_in(client)
    for _ in range(10):
        clock.forward(hours=6)
        assert is_in(client)


def test_what_a_page_asks_by_itself_keeps_nothing_alive(guest, clock):
    from django.test import Client

    client = Client()
    sign_in(client)
    for _ in range(25):
        clock.forward(minutes=30)
        client.get("/live", headers={"HX-Request": "true"})
    assert not is_in(client)


def test_all_that_is_polled_is_known_as_that():
    from django.urls import resolve

    templates = Path(everytouch.__file__).parent / "web/templates"
    found = set()
    for template in templates.rglob("*.html"):
        for tag in re.findall(r"<[^>]*every \d+s[^>]*>", template.read_text()):
            path = re.search(r'hx-get="([^"?]+)', tag)[1]
            found.add(re.sub(r"\{\{.*?\}\}", "7", path))
    assert len(found) >= 4
    assert [path for path in found if not resolve(path).func.polled] == []
