"""What any app of this kind must do, and Django and allauth do for us: it is set up so."""

import re

import pytest

from tests.web.conftest import PASSWORD
from tests.web.signing import sign_in


@pytest.mark.parametrize("password", ["short 8!", "password12345", "qwertyuiop", "1234567890123"])
def test_short_and_common_passwords_are_refused(guest, password):
    from django.test import Client

    client = Client()
    sign_in(client)
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post("/accounts/password/change/", form).status_code == 200
    guest.refresh_from_db()
    assert guest.check_password(PASSWORD)


def test_passwords_are_hashed_slowly(guest):
    kind, rounds, salt, _ = guest.password.split("$")
    assert kind == "pbkdf2_sha256"
    assert int(rounds) >= 600_000
    assert len(salt) >= 16


def test_recovery_codes_are_long_enough(guest):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    codes = RecoveryCodes.activate(guest).get_unused_codes()
    assert len(set(codes)) == len(codes) >= 10
    assert min(len(code) for code in codes) >= 8  # of ten digits: 26 bits


def test_one_time_codes_live_thirty_seconds():
    from allauth.mfa import app_settings
    from allauth.mfa.totp.internal import auth

    assert app_settings.TOTP_PERIOD == 30
    assert app_settings.TOTP_TOLERANCE == 0
    assert len(list(auth.yield_hotp_counters_from_time())) == 1


def test_a_mail_takes_no_header_from_an_address(visit):
    from django.core.mail import EmailMessage

    for name in ("subject", "from_email"):
        message = EmailMessage(**{"subject": "s", "to": ["a@example.org"], name: "x\nBcc: b@x.org"})
        with pytest.raises(ValueError, match="newlines"):
            message.message()
    form = {"email": "a@example.org\nBcc: b@example.org", "role": "viewer"}
    assert visit("owner").post("/settings/people/invite", form).status_code == 422


def test_signed_values_are_for_their_purpose(settings_of):
    from django.core import signing

    from everytouch.web.devices import _SALT

    value = signing.dumps({"1": "x"}, salt=_SALT)
    assert signing.loads(value, salt=_SALT) == {"1": "x"}
    with pytest.raises(signing.BadSignature):
        signing.loads(value, salt="everytouch.other")
    with pytest.raises(signing.SignatureExpired):
        signing.loads(value, salt=_SALT, max_age=-1)
    settings_of(SECRET_KEY="of another workspace")
    with pytest.raises(signing.BadSignature):
        signing.loads(value, salt=_SALT)


def test_every_page_has_the_way_out(visit):
    from everytouch.web.pages import ROUTES

    client, seen = visit("owner"), 0
    for route in ROUTES:
        if "<" in route.path or route.acts or route.need == "public":
            continue
        page = client.get(f"/{route.path}")
        text = page.content.decode() if "text/html" in page["Content-Type"] else ""
        if "<nav" in text and route.name != "report":
            assert 'action="/accounts/logout/"' in text, route.path
            seen += 1
    assert seen > 15


def test_a_form_sets_no_field_that_it_does_not_show(guest):
    from django.test import Client

    client = Client()
    sign_in(client)
    more = {"role": "owner", "is_active": "", "email": "x@example.org", "is_superuser": "1"}
    assert client.post("/settings", {"name": "G", **more}).status_code == 302
    before = (guest.role, guest.email)
    guest.refresh_from_db()
    assert guest.name == "G"
    assert (guest.role, guest.email, guest.is_active) == (*before, True)


def test_a_parameter_that_comes_twice_has_its_last_value(visit):
    client = visit("analyst")
    once = client.get("/api/v1/funnel?steps=web_checkout").status_code
    assert client.get("/api/v1/findings?period=30&period=nonsense").status_code >= 400
    last = client.get("/api/v1/findings?period=nonsense&period=30")
    assert last.status_code == 200
    assert last.json() == client.get("/api/v1/findings?period=30").json()
    assert once < 500


def test_an_upload_has_no_address(visit, own):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = visit("analyst")
    file = SimpleUploadedFile("a.csv", b"id,at\n1,2026-04-01\n")
    address = client.post("/uploads", {"file": file})["Location"]
    (kept,) = [path for path in own.path.rglob("a.csv") if path.is_file()]
    inside = kept.relative_to(own.path).as_posix()
    for path in (
        f"/{inside}",
        f"{address}/file/a.csv",
        f"/static/{inside}",
        f"/static/../{inside}",
    ):
        assert client.get(path).status_code == 404, path
    assert re.fullmatch(r"/uploads/\w+", address)
