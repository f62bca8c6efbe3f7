"""Second factors that a role must have: set up before anything else."""

import pytest

from everytouch.errors import SettingError
from everytouch.settings import Settings
from tests.web.signing import add_second_factor, sign_in

FREE_OF_FACTORS = {"/health", "/enter", "/start"}


@pytest.fixture
def required(own):
    own.change_settings({"second_factor": "owner, analyst"})
    return own


def test_everything_leads_to_setting_it_up(required, guest):
    from django.test import Client

    from everytouch.web.factors import SETUP
    from everytouch.web.pages import ROUTES

    client = Client()
    assert sign_in(client).status_code == 302
    walked = 0
    for route in ROUTES:
        if "<" in route.path or f"/{route.path}" in FREE_OF_FACTORS:
            continue
        for method in {"GET", "POST"} & set(route.methods):
            answer = getattr(client, method.lower())(f"/{route.path}")
            assert (answer.status_code, answer.get("Location")) == (302, SETUP), route.path
            walked += 1
    assert walked > 40
    part = client.get("/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (403, SETUP)
    assert client.get("/api/v1/findings").status_code == 403
    assert "Your role needs a second factor" in client.get(SETUP).content.decode()
    add_second_factor(client)
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/findings").status_code == 200


def test_other_roles_are_not_asked(required, visit):
    assert visit("viewer").get("/").status_code == 200
    assert visit("manager").get("/").status_code == 200
    assert visit("owner").get("/").status_code == 302


def test_recovery_codes_alone_are_no_factor(required, guest):
    from allauth.mfa.models import Authenticator
    from django.test import Client

    client = Client()
    sign_in(client)
    Authenticator.objects.create(user=guest, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert client.get("/").status_code == 302


def test_a_token_works_while_its_owner_has_the_factor(required, guest):
    from allauth.mfa.models import Authenticator
    from django.test import Client

    from everytouch.web.models import Token

    _, secret = Token.issue(1, user=guest, title="t", scopes=["read"])
    headers = {"Authorization": f"Bearer {secret}"}

    def status() -> int:
        return Client().get("/api/v1/findings", headers=headers).status_code

    refused = Client().get("/api/v1/findings", headers=headers)
    assert refused.status_code == 403
    assert "second factor" in refused.json()["detail"]
    client = Client()
    sign_in(client)
    add_second_factor(client)
    assert status() == 200
    Authenticator.objects.filter(user=guest).delete()
    assert status() == 403
    required.change_settings({"second_factor": ""})
    assert status() == 200


def test_roles_are_checked():
    assert Settings.from_mapping({"second_factor": "owner,viewer"}).roles_with_factor == {
        "owner",
        "viewer",
    }
    with pytest.raises(SettingError, match="names no role: boss"):
        Settings.from_mapping({"second_factor": "owner, boss"})
