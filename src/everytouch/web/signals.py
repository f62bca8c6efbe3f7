"""Signing in and out, passwords, second factors, addresses: what Django and allauth tell, logged.

``LINES`` is the one table of signals that write a line. A test goes through all signals there are;
one that writes none stands in ``SILENT``, with the reason.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from django.contrib.auth import signals as auth
from django.dispatch import Signal
from django.http import HttpRequest

from everytouch.web.accounts import described
from everytouch.web.addresses import address_of
from everytouch.web.shell import note

Subject = Callable[[dict[str, Any]], str]
"""What a line says of a signal's arguments; no line where it is empty."""


def _from(given: dict[str, Any]) -> str:
    return f"from {address_of(given['request'])}"


def _signed_in(given: dict[str, Any]) -> str:
    """By which means, and from where."""
    records = get_authentication_records(given["request"], given["user"])
    means = [record.get("type") or record.get("provider") or record["method"] for record in records]
    return f"with {', '.join(means) or 'a link'}, {_from(given)}"


def _failed(given: dict[str, Any]) -> str:
    """Which account, where there is one."""
    typed = str(given.get("credentials", {}).get("email", ""))
    return f"{described(typed)}, {_from(given)}"


def _factor(given: dict[str, Any]) -> str:
    one = given["authenticator"]
    return f"{Authenticator.Type(one.type).value} of account {one.user_id}, {_from(given)}"


def _recovery(given: dict[str, Any]) -> str:
    """Only codes that are used up; with which factor somebody signed in, that line says."""
    recovers = given["authenticator"].type == Authenticator.Type.RECOVERY_CODES
    return _factor(given) if recovers else ""


def _address(given: dict[str, Any]) -> str:
    return f"{given['email_address'].email}, {_from(given)}"


def _addresses(given: dict[str, Any]) -> str:
    before = given["from_email_address"]
    old = f"{before.email} " if before else ""
    return f"{old}to {given['to_email_address'].email}, {_from(given)}"


def _provider(given: dict[str, Any]) -> str:
    login = given.get("sociallogin")
    one = login.account if login else given["socialaccount"]
    return f"{one.provider} of account {one.user_id}, {_from(given)}"


LINES: tuple[tuple[Signal, str, Subject], ...] = (
    (auth.user_logged_in, "sign in", _signed_in),
    (auth.user_logged_out, "sign out", lambda given: _from(given) if given["user"] else ""),
    (auth.user_login_failed, "failed sign-in", _failed),
    (account.password_set, "set password", _from),
    (account.password_changed, "change password", _from),
    (account.password_reset, "reset password", _from),
    (account.email_added, "add e-mail", _address),
    (account.email_removed, "remove e-mail", _address),
    (account.email_confirmed, "confirm e-mail", _address),
    (account.email_changed, "change e-mail", _addresses),
    (mfa.authenticator_added, "add second factor", _factor),
    (mfa.authenticator_removed, "remove second factor", _factor),
    (mfa.authenticator_reset, "reset second factor", _factor),
    (mfa.authenticator_used, "use recovery code", _recovery),
    (mfa.authentication_failed, "failed second factor", _factor),
    (social.social_account_added, "add single sign-on", _provider),
    (social.social_account_removed, "remove single sign-on", _provider),
)

SILENT: dict[Signal, str] = {
    account.user_logged_in: "Django's own signal says it, for every way in",
    account.user_signed_up: "nobody signs up; the first single sign-on writes 'add user'",
    account.email_confirmation_sent: "nothing has changed yet",
    account.authentication_step_completed: "the line of the sign-in names all steps",
    account._add_email: "allauth's own, before the address is added",
    account.login_code_rejected: "signing in by a mailed code is off",
    account.password_reset_code_rejected: "resetting by a mailed code is off",
    account.email_verification_code_rejected: "confirming by a mailed code is off",
    social.pre_social_login: "nothing is decided yet",
    social.social_account_updated: "the provider's data of every sign-in, which has its line",
}


def _connect(signal: Signal, action: str, subject: Subject) -> None:
    def write(sender: Any, request: HttpRequest | None = None, **given: Any) -> None:  # noqa: ARG001
        """A signal without a request is of a program, that logs by itself."""
        if request is not None and (said := subject({**given, "request": request})):
            failed = action.startswith("failed")
            note(request, action, said, None if failed else given.get("user"))

    signal.connect(write, weak=False, dispatch_uid=f"everytouch {action}")


for _line in LINES:
    _connect(*_line)
