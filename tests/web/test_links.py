"""Links by which somebody comes in or sees something: once, for a time, while the right lasts."""

import dataclasses
import datetime
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.web.conftest import PASSWORD
from tests.web.signing import GUEST, lines, sign_in

NEW = "quite something else 7"


def made_by(client: Any, number: int) -> str:
    """The path of a link that an owner makes for somebody."""
    page = client.post(f"/settings/people/{number}/link")
    assert page.status_code == 200
    return re.search(r"/accounts/password/reset/key/[^<\s]+", page.content.decode())[0]


def chosen(link: str, password: str = NEW) -> bool:
    """Whether a password can be chosen by the link."""
    from django.test import Client

    client = Client()
    step = client.get(link)
    if step.status_code != 302:
        return False
    form = {"password1": password, "password2": password}
    return client.post(step["Location"], form).status_code == 302


def test_an_invitation_is_for_a_viewer_unless_somebody_chooses(visit, own):
    page = visit("owner").get("/settings/people/invite").content.decode()
    choice = re.search(r'<select name="role".*?</select>', page, re.S)[0]
    assert re.findall(r'value="(\w+)" selected', choice) == ["viewer"]


def test_the_demo_s_way_in_works_once(own, settings_of):
    from django.conf import settings
    from django.test import Client

    from everytouch.web.boot import DEMO_ANALYST, demo_key
    from everytouch.web.models import User

    settings_of(CONFIG=dataclasses.replace(settings.CONFIG, demo=True))
    made = User.objects.create_user(DEMO_ANALYST, role="analyst")
    try:
        (own.path / "demo.key").unlink(missing_ok=True)
        address = f"/enter?key={demo_key(own.path)}"
        assert Client().get("/enter?key=guess").status_code == 403
        assert Client().head(address).status_code == 200
        first = Client()
        assert first.get(address)["Location"] == "/"
        assert first.get("/").status_code == 200
        again = Client().get(address)
        assert again.status_code == 403
        assert "It opens the demo once" in again.content.decode()
        assert first.get(address)["Location"] == "/"  # who is in stays in
        following = f"/enter?key={demo_key(own.path)}"
        assert following != address
        assert Client().get(following)["Location"] == "/"
    finally:
        made.delete()


def secrets_of(user: Any) -> Any:
    """A share link and a token of the user's, and whether each works."""
    from django.test import Client

    from everytouch.web.models import Share, Token

    _, link = Share.issue(7, user=user, title="s", path="/feeling")
    _, token = Token.issue(7, user=user, title="t", scopes=["read"])
    headers = {"Authorization": f"Bearer {token}"}
    return lambda: (
        Client().get(f"/s/{link}").status_code,
        Client().get("/api/v1/me", headers=headers).status_code,
    )


def test_links_and_tokens_end_with_the_right_to_make_them(visit, own, guest):
    works = secrets_of(guest)
    assert works() == (200, 200)
    owner, form = visit("owner"), {"email": GUEST, "role": "viewer", "is_active": "on"}
    assert owner.post(f"/settings/people/{guest.pk}", form).status_code == 302
    assert works() == (404, 401)
    said = lines(own.path, "change rights")[-1][1]
    assert "role analyst to viewer" in said
    assert len(re.findall(r"(share|token) \d+ ends", said)) == 2
    assert owner.post(f"/settings/people/{guest.pk}", form | {"role": "analyst"}).status_code == 302
    assert works() == (404, 401)  # what has ended does not come back


@pytest.mark.parametrize("change", [{"role": "manager"}, {"is_active": False}])
def test_they_end_however_the_right_was_lost(guest, change):
    from everytouch.web.models import User

    works = secrets_of(guest)
    User.objects.filter(pk=guest.pk).update(**change)  # by a program, past the page
    assert works() == (404, 401)


def test_without_a_mail_server_a_reset_says_so_and_what_to_do(own, guest):
    from django.core import mail
    from django.test import Client

    page = Client().get("/accounts/password/reset/").content.decode()
    assert "no mail server" in page
    assert "Ask an owner" in page
    assert "everytouch reset-link" in page
    assert 'name="email"' not in page
    sent = Client().post("/accounts/password/reset/", {"email": GUEST})
    assert sent.status_code == 200  # and not on to a page that says a mail is on its way
    assert not mail.outbox


def test_with_a_mail_server_it_sends_the_link(own, guest, settings_of):
    from django.conf import settings
    from django.core import mail
    from django.test import Client

    settings_of(CONFIG=dataclasses.replace(settings.CONFIG, mail="smtp://mail.example.org"))
    assert 'name="email"' in Client().get("/accounts/password/reset/").content.decode()
    assert Client().post("/accounts/password/reset/", {"email": GUEST}).status_code == 302
    (letter,) = mail.outbox
    link = re.search(r"/accounts/password/reset/key/\S+", letter.body)[0]
    assert chosen(link)


def test_an_owner_s_link_works_once_and_is_logged(visit, own, guest):
    from django.test import Client

    owner = visit("owner")
    assert "Make a link" in owner.get(f"/settings/people/{guest.pk}").content.decode()
    link = made_by(owner, guest.pk)
    assert chosen(link)
    assert not chosen(link, PASSWORD)
    assert sign_in(Client(), NEW).status_code == 302
    actions = [(action, user == str(guest.pk)) for action, _, user in lines(own.path)]
    assert ("make reset link", False) in actions
    assert ("reset password", True) in actions
    assert link not in (own.path / "audit.jsonl").read_text()


def test_an_owner_s_link_ends(visit, guest, monkeypatch):
    from django.contrib.auth.tokens import PasswordResetTokenGenerator

    link, now = made_by(visit("owner"), guest.pk), datetime.datetime.now()  # noqa: DTZ005
    later = now + datetime.timedelta(days=3, minutes=1)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda _self: later)
    assert not chosen(link)


def test_only_owners_make_links_and_only_for_who_may_sign_in(visit, guest):
    for role in ("viewer", "manager", "analyst"):
        assert visit(role).post(f"/settings/people/{guest.pk}/link").status_code == 403
    owner = visit("owner")
    assert owner.get(f"/settings/people/{guest.pk}/link").status_code == 405
    guest.is_active = False
    guest.save()
    assert owner.post(f"/settings/people/{guest.pk}/link").status_code == 404


def test_who_runs_the_server_makes_a_link(home, guest):
    command = [sys.executable, "-m", "everytouch", "-w", str(home.path), "reset-link"]
    options = ["--address", "http://localhost:8000/"]
    done = subprocess.run(
        [*command, "Gina@Example.org", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    base, path = done.stdout.strip().split("/accounts/")
    assert base == "http://localhost:8000"
    assert chosen(f"/accounts/{path}")
    assert lines(home.path, "make reset link")[-1][1] == f"account {guest.pk} ({GUEST})"
    unknown = subprocess.run([*command, "nobody@example.org"], capture_output=True, check=False)
    assert unknown.returncode == 2
    assert b"nobody who may sign in" in unknown.stderr


@pytest.mark.parametrize("query", ["where=carrier%3Dpost", "segment=rural&persona=settler"])
def test_no_link_is_made_that_would_give_a_few_people_away(visit, query):
    from everytouch.web.models import Share

    before = Share.objects.count()
    page = visit("analyst").post("/settings/shares", {"path": "/", "query": query, "days": "7"})
    assert "your role" in page.content.decode()
    assert Share.objects.count() == before
