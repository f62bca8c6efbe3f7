"""Second factors: codes are not guessed."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django import forms

from everytouch.web.accounts import too_early
from everytouch.web.guessing import Guesser, HeldBackError


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


class SlowedAuthenticate(_Slowed, AuthenticateForm):
    """The code asked for when signing in."""


class SlowedReauthenticate(_Slowed, ReauthenticateForm):
    """The code asked for before a change of one's account."""
