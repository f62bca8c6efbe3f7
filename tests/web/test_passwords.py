"""Passwords: refused wherever they are chosen when they resemble who chooses them."""

import pytest

from tests.web.conftest import PASSWORD
from tests.web.signing import GUEST, sign_in

RESEMBLING = ("gina@example.org", "GINA@example.org1", "gina.example.org", "Gina Lollobrigida")


@pytest.fixture
def gina(guest):
    guest.name = "Gina Lollobrigida"
    guest.save()
    return guest


def by_link(user, password: str) -> bool:
    """Choose a password by the link of an invitation; whether it was taken."""
    from django.test import Client, RequestFactory

    from everytouch.web.accounts import invitation

    link, _sent = invitation(RequestFactory().get("/"), user)
    client = Client()
    step = client.get(link.removeprefix("http://testserver"))["Location"]
    form = {"password1": password, "password2": password}
    return client.post(step, form).status_code == 302


def by_change(user, password: str) -> bool:
    from django.test import Client

    client = Client()
    sign_in(client)
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    return client.post("/accounts/password/change/", form).status_code == 302


@pytest.mark.parametrize("password", RESEMBLING)
@pytest.mark.parametrize("choose", [by_link, by_change])
def test_a_password_that_resembles_its_owner_is_refused(gina, choose, password):
    before = gina.password
    assert not choose(gina, password)
    gina.refresh_from_db()
    assert gina.password == before


@pytest.mark.parametrize("choose", [by_link, by_change])
def test_another_is_taken(gina, choose):
    assert choose(gina, "quite something else 7")


@pytest.mark.parametrize("password", RESEMBLING)
def test_programs_cannot_give_such_a_password_either(password):
    from django.core.exceptions import ValidationError

    from everytouch.web.models import User

    with pytest.raises(ValidationError, match="too similar"):
        User.objects.create_user("gina@example.org", password, name="Gina Lollobrigida")
    assert not User.objects.filter(email=GUEST).exists()


@pytest.mark.parametrize("password", RESEMBLING)
def test_nor_can_the_first_owner(own, password):
    from django.test import Client

    from everytouch.web.boot import setup_key
    from everytouch.web.models import User

    everybody = list(User.objects.all())
    User.objects.all().delete()
    try:
        form = {
            "organisation": "Acme",
            "name": "Gina Lollobrigida",
            "email": "gina@example.org",
            "key": setup_key(own.path),
        }
        answer = Client().post("/start", form | {"password": password})
        assert answer.status_code == 422
        assert "too similar" in answer.content.decode()
        assert not User.objects.exists()
        assert Client().post("/start", form | {"password": PASSWORD}).status_code == 302
    finally:
        User.objects.all().delete()
        User.objects.bulk_create(everybody)
