"""Sessions end when they are old, when somebody says so, and when what protects them changes."""

import re

import pytest

from tests.web.conftest import PASSWORD
from tests.web.signing import (
    GUEST,
    Clock,
    add_second_factor,
    confirm,
    lines,
    one_time_code,
    sign_in,
)

NEW = "quite something else 7"


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def signed_in(**given):
    from django.test import Client

    client = Client(**given)
    assert sign_in(client).status_code == 302
    assert is_in(client)
    return client


def is_in(client) -> bool:
    return client.get("/settings").status_code == 200


def test_who_never_rests_signs_in_again_after_a_week(guest, own, clock):
    client = signed_in()
    for _ in range(27):
        clock.forward(hours=6)
        assert is_in(client)
    clock.forward(hours=6)
    assert client.get("/live", headers={"HX-Request": "true"}).status_code == 401
    assert not is_in(client)
    assert [action for action, *_ in lines(own.path)][-1] == "sign out"
    assert sign_in(client).status_code == 302
    clock.forward(hours=6)
    assert is_in(client)  # the week begins anew


def test_signing_out_ends_the_session_on_the_server_and_clears_the_browser(guest):
    client, thief = signed_in(), signed_in()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_in(thief)
    answer = client.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_in(thief)
    assert "Clear-Site-Data" not in client.get("/accounts/login/")


def test_signing_in_gives_a_new_session(guest):
    from django.test import Client

    client = Client()
    client.get("/accounts/login/")
    client.session["kept"] = 1
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key not in (None, before)
    assert len(client.session.session_key) == 32  # of 36 letters: 165 bits


def test_one_sees_where_one_is_signed_in_and_ends_it_after_proving_who_one_is(
    guest, own, settings_of
):
    client, other = signed_in(), signed_in()
    confirm(client)
    page = client.get("/settings/sessions").content.decode()
    assert len(re.findall("<tr><td>", page)) == 2
    assert page.count("this browser") == 1
    settings_of(ACCOUNT_REAUTHENTICATION_TIMEOUT=-1)  # what was proved is too long ago
    asked = client.post("/settings/sessions")
    assert (asked.status_code, "/reauthenticate/" in asked["Location"]) == (302, True)
    assert is_in(other)
    settings_of(ACCOUNT_REAUTHENTICATION_TIMEOUT=300)
    confirm(client)
    assert client.post("/settings/sessions")["Location"] == "/settings/sessions"
    assert (is_in(client), is_in(other)) == (True, False)
    assert lines(own.path, "end sessions")[-1][1:] == (f"1 of account {guest.pk}", str(guest.pk))


def test_a_changed_password_ends_all_others(guest):
    client, other = signed_in(), signed_in()
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", form).status_code == 302
    assert (is_in(client), is_in(other)) == (True, False)


def test_a_change_needs_the_password_of_now(guest):
    client = signed_in()
    form = {"oldpassword": "guessed", "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", form).status_code == 200
    guest.refresh_from_db()
    assert guest.check_password(PASSWORD)


def test_an_owner_ends_the_sessions_of_somebody(guest, own, visit, user):
    others = [signed_in(), signed_in()]
    owner = visit("owner")
    path = f"/settings/people/{guest.pk}/sessions"
    assert owner.post(path)["Location"] == f"/settings/people/{guest.pk}"
    assert [is_in(other) for other in others] == [False, False]
    assert is_in(owner)
    said = f"2 of account {guest.pk} ({GUEST})"
    assert lines(own.path, "end sessions")[-1][1:] == (said, str(user("owner").pk))
    assert owner.post("/settings/people/999999/sessions").status_code == 404


def test_an_owner_removes_a_lost_factor_and_the_password_is_still_asked_for(guest, own, visit):
    from django.test import Client

    client = signed_in()
    add_second_factor(client)
    assert "/2fa/" in sign_in(Client())["Location"]
    visit("owner").post(f"/settings/people/{guest.pk}/factors")
    assert not is_in(client)
    (line,) = lines(own.path, "reset second factor")
    assert line[1] == f"recovery_codes, totp of account {guest.pk} ({GUEST}), sessions: 1"
    assert sign_in(Client(), "guessed").status_code == 200
    assert is_in(signed_in())


def test_second_factors_are_changed_only_by_who_has_just_proved_who_they_are(guest, settings_of):
    client = signed_in()
    settings_of(ACCOUNT_REAUTHENTICATION_TIMEOUT=-1)
    for path in ("2fa/totp/activate/", "2fa/webauthn/add/", "2fa/recovery-codes/generate/"):
        asked = client.get(f"/accounts/{path}")
        assert (asked.status_code, "/reauthenticate/" in asked["Location"]) == (302, True), path


def test_another_address_is_added_only_by_who_has_just_proved_who_they_are(guest, settings_of):
    from allauth.account.models import EmailAddress

    client = signed_in()
    settings_of(ACCOUNT_REAUTHENTICATION_TIMEOUT=-1)
    form = {"email": "else@example.org", "action_add": ""}
    asked = client.post("/accounts/email/", form)
    assert (asked.status_code, "/reauthenticate/" in asked["Location"]) == (302, True)
    assert not EmailAddress.objects.filter(email="else@example.org").exists()


def test_a_one_time_code_works_once(guest):
    from django.test import Client

    secret = add_second_factor(signed_in())
    code = one_time_code(secret)
    found = []
    for _ in range(2):
        client = Client()
        sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        found.append(is_in(client))
    assert found[1] is False


def test_a_reset_password_does_not_stand_in_for_the_second_factor(guest, visit):
    from django.test import Client

    add_second_factor(signed_in())
    page = visit("owner").post(f"/settings/people/{guest.pk}/link").content.decode()
    link = re.search(r"/accounts/password/reset/key/[^<\s]+", page)[0]
    client = Client()
    form = {"password1": NEW, "password2": NEW}
    client.post(client.get(link)["Location"], form)
    assert not is_in(client)
    assert "/2fa/" in sign_in(client, NEW)["Location"]
    assert not is_in(client)


def test_who_was_refused_is_in_the_log(guest, own):
    client = signed_in()
    assert client.get("/settings/people").status_code == 403
    assert client.get("/api/v1/people").status_code in (403, 404, 405)
    assert ("refused", "GET team", str(guest.pk)) in lines(own.path, "refused")


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("everytouch2026", False),
        ("Everytouch-analyst", False),
        ("Simulated2026!", False),
        ("customerexperience", False),
        ("everytouch is only part of it", True),
        ("x" * 200, True),
        ("ein Satz mit ä, ß und 漢字", True),
        ("alllowercaseletters", True),
    ],
)
def test_words_of_the_place_count_for_nothing_and_any_letters_are_taken(
    guest, own, password, taken, monkeypatch
):
    from everytouch.web import passwords

    monkeypatch.setattr(passwords, "_organisation", lambda: {"simulated"})
    client = signed_in()
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert (client.post("/accounts/password/change/", form).status_code == 302) == taken
    guest.refresh_from_db()
    assert guest.check_password(password) == taken
    if taken:
        assert not guest.check_password(password[:-1])
        assert not guest.check_password(password.swapcase() + "x")


def test_the_organisation_s_name_is_among_these_words(own):
    from everytouch.web.passwords import _organisation

    own.rename("Anker & Söhne AG")
    assert _organisation() == {"anker", "söhne"}


def test_password_fields_are_masked_and_take_a_pasted_one(visit):
    from django.test import Client

    page = Client().get("/accounts/login/").content.decode()
    (field,) = re.findall(r'<input[^>]*name="password"[^>]*>', page)
    assert 'type="password"' in field
    assert "current-password" in field
    assert "onpaste" not in page
    assert "maxlength" not in field


def test_a_line_of_the_server_s_log_is_one_line():
    import logging
    import sys

    from everytouch.web.lines import OneLine

    form = OneLine("%(levelname)s %(message)s")
    record = logging.LogRecord(
        "w", logging.WARNING, "f", 1, "no page %s", ("/x\r\nERROR forged \x1b[2J\u2028é",), None
    )
    assert form.format(record) == "WARNING no page /x\\r\\nERROR forged \\x1b[2J\\u2028é"
    try:
        raise ValueError("x\nERROR forged")
    except ValueError:
        record = logging.LogRecord("w", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    first, *rest = form.format(record).splitlines()
    assert first == "ERROR failed"
    assert rest
    assert all(line.startswith("  | ") for line in rest)


def test_the_app_logs_by_it():
    from django.conf import settings

    (formatter,) = settings.LOGGING["formatters"].values()
    assert formatter["()"] == "everytouch.web.lines.OneLine"
