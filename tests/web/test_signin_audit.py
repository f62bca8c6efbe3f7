"""The audit log of the app: who came in, what was changed, taken out and looked at."""

import re
from dataclasses import replace

import pytest

from everytouch.ledger.api import Actor, entries, prove
from tests.web.conftest import CAST, PASSWORD
from tests.web.signing import add_second_factor, confirm, lines, sign_in


@pytest.fixture
def own(own):
    """A workspace whose log is empty."""
    for name in ("audit.jsonl", "audit.head"):
        (own.path / name).unlink(missing_ok=True)
    return own


def test_every_signal_has_a_line_or_a_reason():
    from allauth.account import signals as account
    from allauth.mfa import signals as mfa
    from allauth.socialaccount import signals as social
    from django.contrib.auth import signals as auth
    from django.dispatch import Signal

    from everytouch.web.signals import LINES, SILENT

    there = [one for room in (account, mfa, social, auth) for one in vars(room).values()]
    known = {signal for signal, _action, _subject in LINES}
    assert {one for one in there if isinstance(one, Signal)} == known | set(SILENT)
    assert not known & set(SILENT)
    assert all(SILENT.values())


def test_coming_and_going_is_logged_and_never_what_was_typed(own, guest):
    from django.test import Client

    client = Client(REMOTE_ADDR="192.0.2.9")
    sign_in(client, "my other password")
    sign_in(client, "whatever", "my-secret@password.example")
    sign_in(client)
    client.post("/accounts/logout/")
    account, number = f"account {guest.pk} (gina@example.org)", str(guest.pk)
    failed, unknown, come, gone = lines(own.path)
    assert failed == ("failed sign-in", f"{account}, from 192.0.2.9", "")
    assert re.fullmatch(r"unknown address #[0-9a-f]{8}, from 192.0.2.9", unknown[1])
    assert come == ("sign in", "with password, from 192.0.2.9", number)
    assert gone == ("sign out", "from 192.0.2.9", number)
    text = (own.path / "audit.jsonl").read_text()
    assert "my-secret" not in text
    assert "my other password" not in text
    newest = next(entries(own.path))
    assert (newest.who, newest.name) == ("gina@example.org", "Gina")
    assert not prove(own.path).problems


def test_a_changed_and_a_reset_password_are_logged(own, guest):
    from django.test import Client, RequestFactory

    from everytouch.web.accounts import invitation

    client, new = Client(), "longer than before 7"
    sign_in(client)
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", form).status_code == 302
    guest.refresh_from_db()
    link, _sent = invitation(RequestFactory().get("/"), guest)
    other = Client()
    step = other.get(link.removeprefix("http://testserver"))["Location"]
    assert other.post(step, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    found = lines(own.path, "change password", "reset password")
    assert [(action, user) for action, _, user in found] == [
        ("change password", str(guest.pk)),
        ("reset password", str(guest.pk)),
    ]
    assert new not in (own.path / "audit.jsonl").read_text()


def test_second_factors_and_recovery_codes_are_logged(own, guest):
    from allauth.mfa.models import Authenticator
    from django.test import Client

    client, number = Client(), str(guest.pk)
    sign_in(client)
    add_second_factor(client)
    codes = Authenticator.objects.get(user=guest, type="recovery_codes").wrap().get_unused_codes()
    client.post("/accounts/logout/")
    sign_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    confirm(client)
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    found = [(action, subject.split(",")[0]) for action, subject, _ in lines(own.path)]
    of = f"of account {number}"
    assert found == [
        ("sign in", "with password"),
        ("add second factor", f"totp {of}"),
        ("add second factor", f"recovery_codes {of}"),
        ("sign out", "from 127.0.0.1"),
        ("failed second factor", f"totp {of}"),
        ("use recovery code", f"recovery_codes {of}"),
        ("sign in", "with password"),
        ("remove second factor", f"totp {of}"),
        ("remove second factor", f"recovery_codes {of}"),
    ]
    assert "with password, recovery_codes, from" in lines(own.path, "sign in")[1][1]


def test_another_address_is_logged(own, guest):
    from django.test import Client

    client = Client()
    sign_in(client)
    confirm(client)
    client.post("/accounts/email/", {"action_add": "", "email": "gina@new.example"})
    client.post("/accounts/email/", {"action_primary": "", "email": "gina@new.example"})
    guest.refresh_from_db()
    said = {action: subject for action, subject, _ in lines(own.path)}
    assert said["add e-mail"].startswith("gina@new.example")
    assert guest.email == "gina@new.example"
    assert said["change e-mail"].startswith("to gina@new.example")


def test_what_is_taken_out_shared_and_given_is_logged(visit, own, user):
    from django.test import Client

    analyst, owner = visit("analyst"), visit("owner")
    for address in ("/figures/ranked.csv?channel=web", "/figures/ranked.xlsx", "/report.html"):
        assert analyst.get(address).status_code == 200
    page = analyst.post("/settings/shares", {"path": "/feeling", "days": "7"})
    link = re.search(r"/s/[\w-]+", page.content.decode())[0]
    assert Client(REMOTE_ADDR="192.0.2.5").get(link).status_code == 200
    analyst.post("/settings/tokens", {"title": "t", "scopes": ["read"], "days": "1"})
    from everytouch.web.models import Share, Token

    share, token = Share.objects.latest("pk"), Token.objects.latest("pk")
    analyst.post(f"/settings/tokens/{token.pk}/revoke")
    analyst.post(f"/settings/shares/{share.pk}/revoke")
    vera = user("viewer")
    form = {"email": vera.email, "role": "manager", "is_active": "on"}
    owner.post(f"/settings/people/{vera.pk}", form)
    owner.post(f"/settings/people/{vera.pk}", form | {"role": "viewer"})
    owner.put("/api/v1/settings", {"changes": {"minimum_n": 6}}, content_type="application/json")
    text = [f"{action}: {subject}" for action, subject, _ in lines(own.path)]
    for line in (
        "export figure: ranked.csv channel=web",
        "export figure: ranked.xlsx",
        "export report: html",
        f"open share link: {share.pk} /feeling, from 192.0.2.5",
        f"make token: {token.pk} read",
        f"revoke token: {token.pk}",
        f"revoke share link: {share.pk}",
        f"change rights: {vera.pk}: role viewer to manager",
        "change settings: minimum_n = 6",
    ):
        assert line in text, line


@pytest.mark.parametrize("address", ["moments", "quarantine", "conflicts", "audit"])
def test_records_taken_by_the_api_are_logged(visit, own, address):
    assert visit("owner").get(f"/api/v1/{address}").status_code == 200
    newest = next(entries(own.path))
    assert (newest.action, newest.subject, newest.who) == (
        "read", f"GET /{address}", CAST["owner"]["email"]
    )  # fmt: skip


def test_no_write_goes_unseen(own, user, home):
    """A route whose view logs nothing has a line all the same; one that is quiet says why."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from everytouch.web.pages import ROUTES
    from everytouch.web.routes import Route
    from everytouch.web.witness import PERSONAL

    quiet = {route.name: route.quiet for route in ROUTES if route.quiet}
    assert set(quiet) == {"settings-look", "people", "upload-match", "upload-review"}

    number = str(user("owner").pk)

    def answer(route: Route, status: int, method: str, **headers: str) -> list[tuple[str, ...]]:
        def view(_request, **_given):
            return HttpResponse(status=status, headers=headers)

        before = len(lines(own.path))
        request = getattr(RequestFactory(), method)("/x")
        request.user = user("owner")
        replace(route, view=view).guarded()(request, code="7")
        return lines(own.path)[before:]

    writing = [route for route in ROUTES if route.writes and not route.quiet]
    assert len(writing) > 30
    for route in writing:
        assert answer(route, 302, "post") == [("write", f"{route.name}, 7", number)]
        assert answer(route, 422, "post") == []
    attached = {"Content-Disposition": 'attachment; filename="x"'}
    for route in ROUTES:
        if "GET" in route.methods and not route.quiet:
            reads = route.reads or route.need in PERSONAL
            read = [("read", f"{route.name}, 7", number)] if reads else []
            assert answer(route, 200, "get") == read
            assert answer(route, 200, "get", **attached) == [("export", f"{route.name}, 7", number)]


def test_every_write_of_the_api_has_the_same_guard(visit, own, settings_of):
    from everytouch.web.rest import api

    operations = [
        operation
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
        if set(operation.methods) - {"GET"}
    ]
    assert len(operations) >= 6
    for operation in operations:
        assert operation.view_func.__wrapped__, operation.url_name
    visit("analyst").post("/api/v1/quarantine/replay")
    newest = next(entries(own.path))
    assert (newest.action, newest.subject) == ("write", "POST /quarantine/replay")


def test_the_name_is_that_of_the_time(own, user):
    from everytouch.web.shell import workspace_for

    actor = workspace_for(user("owner")).who
    assert isinstance(actor, Actor)
    assert actor.user == str(user("owner").pk)
    assert actor == CAST["owner"]["email"]
