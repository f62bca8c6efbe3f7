"""Devices from which somebody signed in before: a signed cookie, that guessers do not have."""

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.http import HttpRequest, HttpResponse

_SALT = "everytouch.device"
_YEAR = 365 * 86_400
_MOST = 5  # accounts that one browser is known for


def device_of(request: HttpRequest, account: str) -> str:
    """The name of the device, where it is known for the account; empty otherwise."""
    return _known(request).get(account, "")


def remember_devices(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the browser its cookie when somebody has signed in."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        account = getattr(request, "signed_in", "")
        if account:
            known = {account: secrets.token_urlsafe(9)} | _known(request)
            newest = {account: known[account]} | known
            value = signing.dumps(dict(list(newest.items())[:_MOST]), salt=_SALT)
            response.set_cookie(
                _cookie(),
                value,
                max_age=_YEAR,
                httponly=True,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
            )
        return response

    return middleware


def _cookie() -> str:
    return f"{settings.COOKIE_PREFIX}device"


def _known(request: HttpRequest) -> dict[str, str]:
    """Accounts, and the name this device has for each."""
    try:
        found: dict[str, str] = signing.loads(
            request.COOKIES.get(_cookie(), ""), salt=_SALT, max_age=_YEAR
        )
    except signing.BadSignature:
        return {}
    return found


def _signed_in(request: HttpRequest | None, user: Any, **_: Any) -> None:
    if request is not None:
        request.signed_in = str(user.pk)


user_logged_in.connect(_signed_in, dispatch_uid="everytouch device")
