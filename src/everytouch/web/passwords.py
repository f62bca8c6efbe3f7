"""Passwords that anybody would guess who knows where they are used."""

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from everytouch.settings import ROLES
from everytouch.workspace import open_workspace

WORDS = ("everytouch", "password", "passwort", "customer", "experience", "welcome", *ROLES)
"""Words that count for nothing in a password, beside those of the organisation's name."""
_SHORTEST = 4  # characters of a word that counts as one
_LEFT = 6  # other characters that a password must have


class ContextValidator:
    """Refuses a password of which little is left without the words of where it is used."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Raise where too little is left.

        Raises:
            ValidationError: it is made of such words.
        """
        left = password.lower()
        for word in sorted({*WORDS, *_organisation()}, key=len, reverse=True):
            left = left.replace(word, "")
        if left != password.lower() and len(left) < _LEFT:
            raise ValidationError(
                _("This password is made of words that others would try here."), "context_words"
            )

    def get_help_text(self) -> str:
        """What is asked for."""
        return str(_("Not the name of the organisation, of Everytouch or of a role."))


def _organisation() -> set[str]:
    name = open_workspace(settings.WORKSPACE).catalogue.organisation.lower()
    return {word for word in re.findall(r"\w+", name) if len(word) >= _SHORTEST}
