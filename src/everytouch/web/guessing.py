"""Guessing of passwords and codes is slowed down, by account and origin together.

Who fails waits, longer each time; others do not: neither the owner of the account, who comes from
elsewhere or from a device that is known, nor somebody else at the same address. Only where very
many fail for one account, or from one address, does everybody unknown wait before the first try.

Tries are kept in the store, so that all processes count the same, and a restart forgets nothing.
"""

import datetime
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from allauth.account.utils import filter_users_by_email
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from everytouch.web.addresses import origin_of
from everytouch.web.devices import device_of
from everytouch.web.models import Attempt

FREE, FREE_KNOWN = 5, 10  # failures without a wait; of a device that is known
FIRST, LONGEST = 30, 900  # seconds of the first wait, which doubles, and of the longest
WIDE_ACCOUNT, WIDE_ORIGIN = 50, 100  # failures within an hour after which all unknown wait
_DAY, _HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)


class HeldBackError(Exception):
    """It is too early for another try; the password was not looked at.

    Attributes:
        seconds: how long to wait.
        begins: nobody was told before.
    """

    def __init__(self, seconds: float, *, begins: bool = False) -> None:
        super().__init__(f"wait {seconds:.0f} seconds")
        self.seconds, self.begins = max(1, round(seconds)), begins


@dataclass(frozen=True)
class Guesser:
    """Whose secret is tried, from where.

    Attributes:
        strict: where very many fail, only devices that are known may try on.
    """

    account: str
    origin: str
    known: bool
    strict: bool = False

    @classmethod
    def of_password(cls, request: HttpRequest, email: str) -> "Guesser":
        """Who tries a password; an address that nobody has is slowed just the same."""
        users = filter_users_by_email(email)
        if users:
            return cls._of(request, str(users[0].pk), "password")
        typed = hmac.new(settings.SECRET_KEY.encode(), email.lower().encode(), hashlib.sha256)
        return cls(f"typed {typed.hexdigest()[:40]}", origin_of(request), known=False)

    @classmethod
    def of_factor(cls, request: HttpRequest, user: Any) -> "Guesser":
        """Who tries a code, and knows the password: a code is short, so this one is strict."""
        return cls._of(request, str(user.pk), "factor")

    @classmethod
    def _of(cls, request: HttpRequest, account: str, what: str) -> "Guesser":
        device = device_of(request, account)
        origin = f"device {device}" if device else origin_of(request)
        return cls(f"{what} {account}", origin, bool(device), strict=what == "factor")

    def begin(self) -> Attempt:
        """Note a try before its secret is looked at, so that many at once count as many.

        Raises:
            HeldBackError: it comes too early.
        """
        now = timezone.now()
        Attempt.objects.filter(at__lt=now - _DAY).delete()
        one: Attempt = Attempt.objects.create(account=self.account, origin=self.origin, at=now)
        before = list(self._own().exclude(pk=one.pk).order_by("-at"))
        try:
            self._admit(now, before)
        except HeldBackError as held:
            if held.begins:  # kept, so that the wait has a beginning
                Attempt.objects.filter(pk=one.pk).update(failed=False)
            else:
                one.delete()
            raise
        return one

    def succeeded(self) -> None:
        """The secret was right: this origin begins anew."""
        self._own().delete()

    def wait(self) -> int:
        """Seconds to wait before the next try."""
        failures = self._own().filter(failed=True).count()
        return _wait(failures, self._free()) if failures >= self._free() else 0

    def _own(self) -> Any:
        return Attempt.objects.filter(account=self.account, origin=self.origin)

    def _admit(self, now: datetime.datetime, before: list[Attempt]) -> None:
        failures, free = sum(one.failed for one in before), self._free()
        if failures < free:
            return
        wait = _wait(failures, free)
        if self.strict and not self.known and self._wide():
            raise HeldBackError(_HOUR.total_seconds())
        if not before:
            raise HeldBackError(wait, begins=True)
        rest = wait - (now - before[0].at).total_seconds()
        if rest > 0:
            raise HeldBackError(rest)

    def _free(self) -> int:
        if self.known:
            return FREE_KNOWN
        return 0 if self._wide() else FREE

    def _wide(self) -> bool:
        """Whether very many fail for the account or from the address, whoever they are."""
        recent = Attempt.objects.filter(failed=True, at__gt=timezone.now() - _HOUR)
        strangers = recent.exclude(origin__startswith="device ")
        account = strangers.filter(account=self.account).exclude(origin=self.origin)
        origin = strangers.filter(origin=self.origin).exclude(account=self.account)
        return bool(account.count() >= WIDE_ACCOUNT or origin.count() >= WIDE_ORIGIN)


def _wait(failures: int, free: int) -> int:
    doublings = min(failures - free, 10)
    return min(LONGEST, FIRST << doublings)
