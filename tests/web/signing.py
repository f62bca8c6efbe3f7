"""What tests of signing in share: forms, one-time codes, lines of the log, the clock."""

import datetime
from pathlib import Path
from typing import Any

from everytouch.ledger.api import entries
from tests.web.conftest import PASSWORD

GUEST = "gina@example.org"


def lines(folder: Path, *actions: str) -> list[tuple[str, str, str]]:
    """Action, subject and user id of the lines, the oldest first; of these actions if any."""
    found = [(one.action, one.subject, one.user) for one in entries(folder)][::-1]
    return [one for one in found if not actions or one[0] in actions]


def sign_in(client: Any, password: str = PASSWORD, email: str = GUEST, **more: Any) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password}, **more)


def confirm(client: Any) -> None:
    """Give the password again, as changes of one's account ask for."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def one_time_code(secret: str) -> str:
    from allauth.mfa.totp.internal import auth

    return auth.format_hotp_value(
        auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time()))
    )


def add_second_factor(client: Any) -> str:
    """Set up one-time codes; the secret they are made of."""
    confirm(client)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": one_time_code(secret)})
    assert done.status_code == 302, done.content
    return str(secret)


class Clock:
    """Django's clock, moved by hand."""

    def __init__(self, monkeypatch: Any) -> None:
        from django.utils import timezone

        self._now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self._now)

    def forward(self, **given: float) -> None:
        self._now += datetime.timedelta(**given)
