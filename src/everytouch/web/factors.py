"""Second factors: codes are not guessed, and who must have a factor sets it up first."""

from collections.abc import Callable
from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from everytouch.web.accounts import too_early
from everytouch.web.guessing import Guesser, HeldBackError
from everytouch.workspace import open_workspace

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
"""What counts as a factor; recovery codes only stand in for one."""
SETUP = "/accounts/2fa/"
OPEN = (SETUP, "/accounts/reauthenticate/", "/accounts/logout/", "/health")
"""Where addresses begin that are open to who lacks a factor."""


class _Slowed(forms.Form):
    """Looks at a code only when it is not too early for another."""

    user: Any

    def clean_code(self) -> str:
        """The code, if it is right."""
        guesser = Guesser.of_factor(context.request, self.user)
        try:
            guesser.begin()
        except HeldBackError as held:
            raise too_early(held) from held
        code: str = super().clean_code()
        guesser.succeeded()
        return code


def lacks_factor(user: Any) -> bool:
    """Whether the user's role must have a second factor, and the user has none."""
    if not user.is_authenticated:
        return False
    roles = open_workspace(settings.WORKSPACE).settings.roles_with_factor
    return user.role in roles and not is_mfa_enabled(user, FACTORS)


def required(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Lead who lacks a factor to where it is set up, whatever was asked for.

    The API asks by itself, as it knows whose token it is.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(("/static/", "/api/")):
            return answer(request)
        request.lacks_factor = lacks_factor(request.user)
        if not request.lacks_factor or request.path.startswith(OPEN):
            return answer(request)
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=403, headers={"HX-Redirect": SETUP})
        return redirect(SETUP)

    return middleware


class SlowedAuthenticate(_Slowed, AuthenticateForm):
    """The code asked for when signing in."""


class SlowedReauthenticate(_Slowed, ReauthenticateForm):
    """The code asked for before a change of one's account."""
