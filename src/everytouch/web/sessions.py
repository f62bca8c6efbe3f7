"""Sessions of a user: which there are, and ending them before they end by themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from everytouch.web.models import User

BEGUN, SEEN = "begun", "seen"
"""Seconds since 1970, in a session: of the first page after signing in, and of the last one."""
_DAY = 86_400


@dataclass(frozen=True)
class Visit:
    """A browser in which somebody is signed in."""

    key: str
    begun: datetime | None
    seen: datetime | None


def visits(user: User) -> list[Visit]:
    """All of a user, the latest first."""
    found = []
    for row in Session.objects.filter(expire_date__gt=timezone.now()):
        held = row.get_decoded()
        if held.get(SESSION_KEY) == str(user.pk):
            found.append(Visit(row.session_key, _at(held.get(BEGUN)), _at(held.get(SEEN))))
    return sorted(found, key=lambda one: one.seen or datetime.min.replace(tzinfo=UTC), reverse=True)


def end_visits(user: User, but: str | None = None) -> int:
    """End all of a user, but the one with this key; how many there were."""
    keys = [one.key for one in visits(user) if one.key != but]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def outlived(request: HttpRequest) -> bool:
    """Whether it is too long ago that the visitor signed in, however busy they are."""
    begun = request.session.get(BEGUN)
    return begun is not None and _now() - begun >= settings.CONFIG.session_days * _DAY


def touch(request: HttpRequest, every: int) -> None:
    """Note that somebody is there, at most once in so many seconds; the session lasts anew."""
    now = _now()
    if BEGUN not in request.session:
        request.session[BEGUN] = now
    if now - request.session.get(SEEN, 0) >= every:
        request.session[SEEN] = now


def _now() -> int:
    return int(timezone.now().timestamp())


def _at(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
