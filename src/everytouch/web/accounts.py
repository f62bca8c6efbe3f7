"""How allauth makes and finds our users: nobody signs up by themselves."""

import hashlib
import hmac
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm, default_token_generator
from allauth.account.utils import filter_users_by_email, user_pk_to_url_str
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from everytouch.web.addresses import address_of
from everytouch.web.errors import said
from everytouch.web.guessing import Guesser, HeldBackError
from everytouch.web.models import User
from everytouch.web.shell import note


def described(typed: str) -> str:
    """An account, by what was typed as its address; what no account has may be a password."""
    known = filter_users_by_email(typed) if typed else []
    if known:
        return ", ".join(f"account {user.pk} ({user.email})" for user in known)
    key = settings.SECRET_KEY.encode()
    mark = hmac.new(key, typed.lower().encode(), hashlib.sha256).hexdigest()[:8]
    return f"unknown address #{mark}"


def too_early(held: HeldBackError) -> ValidationError:
    """How one is told to wait."""
    text = ngettext(
        "Too many wrong attempts. Wait %(count)d second, then try again.",
        "Too many wrong attempts. Wait %(count)d seconds, then try again.",
        held.seconds,
    )
    return ValidationError(text % {"count": held.seconds}, code="too_early")


class AccountAdapter(DefaultAccountAdapter):
    """People are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's name
        """Never: an owner invites."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        """The overview."""
        return "/"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Look at a password only when it is not too early for another try."""
        email = str(credentials.get("email", ""))
        self._guesser = Guesser.of_password(request, email)
        try:
            self._guesser.begin()
        except HeldBackError as held:
            if held.begins:
                self._slowed(request, email, held.seconds)
            raise too_early(held) from held

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The user whose password it is."""
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            self._guesser.succeeded()
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """The failure is counted already; log that the next try must wait."""
        if wait := self._guesser.wait():
            self._slowed(request, str(credentials.get("email", "")), wait)

    def _slowed(self, request: HttpRequest, email: str, seconds: int) -> None:
        said = f"{described(email)}, from {address_of(request)}: {seconds} seconds"
        note(request, "slow down sign-in", said)


class SocialAdapter(DefaultSocialAccountAdapter):
    """Single sign-on: the organisation's own provider vouches for its people."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        """Whom the provider knows may come in."""
        return True

    def new_user(self, request: HttpRequest, sociallogin: Any) -> User:
        """A new person with the role that the provider's settings give."""
        role = self._app(request, sociallogin).settings.get("role", "viewer")
        return User(role=role if role in ("viewer", "analyst", "manager") else "viewer")

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """Name and address as the provider says."""
        user: User = super().populate_user(request, sociallogin, data)
        user.email = (user.email or "").lower()
        first, last = data.get("first_name") or "", data.get("last_name") or ""
        user.name = data.get("name") or f"{first} {last}".strip()
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Who was barred stays barred; nobody comes in under an address that nobody checked."""
        user, checked = sociallogin.user, [a for a in sociallogin.email_addresses if a.verified]
        if user.pk and not user.is_active:
            text = _("You may not sign in any more.")
            raise ImmediateHttpResponse(said(request, 403, text, _("Ask an owner.")))
        if not user.pk and not checked:
            text = _("Your provider gives no address that it has checked.")
            remedy = _("Have it confirm your address. Where it checks all, an owner says so.")
            raise ImmediateHttpResponse(said(request, 403, text, remedy))

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """A first sign-in is a change of rights, so it is audited."""
        user: User = super().save_user(request, sociallogin, form)
        note(request, "add user", f"{user.pk} as {user.role}, by single sign-on")
        return user

    def _app(self, request: HttpRequest, sociallogin: Any) -> Any:
        return sociallogin.account.get_provider(request).app


class ResetForm(ResetPasswordForm):
    """Without a mail server nothing is sent, and it is not said that something was."""

    def clean_email(self) -> str:
        """The address."""
        if not settings.CONFIG.mail:
            raise ValidationError(
                _("There is no mail server, so no link was sent. Ask an owner for one.")
            )
        email: str = super().clean_email()
        return email


def reset_path(user: User) -> str:
    """The path of a link by which somebody sets a password: once, and within three days."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uid, _dash, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    return str(path)


def invitation(request: HttpRequest, user: User) -> tuple[str, bool]:
    """A link by which somebody sets their first password; whether it was sent by mail."""
    link = request.build_absolute_uri(reset_path(user))
    if not settings.CONFIG.mail:
        return link, False
    text = _("You are invited to Everytouch. Choose your password here: %(link)s") % {"link": link}
    send_mail(_("Your invitation to Everytouch"), text, None, [user.email])
    return link, True
