"""A link by which somebody chooses a new password, made by who runs the server."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from everytouch.errors import UnknownNameError
from everytouch.ledger.api import audit
from everytouch.web.accounts import reset_path
from everytouch.web.models import User


class Command(BaseCommand):
    """Prints the path of the link."""

    help = "Makes a link by which somebody chooses a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose link."""
        parser.add_argument("email")

    def handle(self, *_: Any, email: str, **__: Any) -> str:
        """The path of the link; that it was made is audited."""
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if user is None:
            raise UnknownNameError(
                f"nobody who may sign in has the e-mail {email!r}", "check the spelling"
            )
        audit(settings.WORKSPACE, "make reset link", f"account {user.pk} ({user.email})")
        return reset_path(user)
