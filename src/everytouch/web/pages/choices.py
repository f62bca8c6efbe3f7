"""The page of preferences: what somebody allows. Who has the link needs no login."""

import datetime
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from everytouch.consent.api import Choice
from everytouch.errors import UnknownNameError
from everytouch.moments.api import key_name
from everytouch.web.access import PUBLIC
from everytouch.web.addresses import origin_of
from everytouch.web.models import Attempt, Job
from everytouch.web.routes import Route
from everytouch.web.shell import note
from everytouch.workspace import Workspace

MOST, WIDE = 60, 300  # requests an hour, of one link and of one address
_HOUR = datetime.timedelta(hours=1)


def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show what somebody allows, and take down what they change."""
    workspace = Workspace(settings.WORKSPACE, who="preferences")
    if _too_many(request, token):
        return _refused(request, 429, _("Too many requests. Try again in an hour."))
    try:
        key = workspace.opened(token)
        workspace.identifier_of(key)
    except UnknownNameError:
        return _refused(request, 404, _("This link does not work any more. Ask for a new one."))
    shown = _pending(workspace.choices_under(key), key)
    if request.method == "POST":
        _take_down(request, key, shown)
        return redirect(f"/preferences/{token}")
    note(request, "open preferences", key_name(key))
    values = {"choices": shown, "organisation": workspace.catalogue.organisation}
    return _private(render(request, "web/preferences.html", values))


def _take_down(request: HttpRequest, key: int, shown: tuple[Choice, ...]) -> None:
    """Have the worker store what was changed; the wording that was shown is the evidence."""
    changed = {
        one.purpose: agreed
        for one in shown
        if (agreed := request.POST.get(f"allow-{one.purpose}") == "yes") != one.allowed
        or one.given is None
    }
    if not changed:
        return
    wording = "; ".join(
        f"{one.label}: {one.description}" for one in shown if one.purpose in changed
    )
    payload = {
        "key": key_name(key),
        "choices": changed,
        "evidence": f"page of preferences, {request.LANGUAGE_CODE}. {wording}",
        "at": timezone.now().isoformat(),
    }
    Job.objects.create(kind="consent", user=None, payload=payload)
    said = ", ".join(f"{name}: {'yes' if given else 'no'}" for name, given in changed.items())
    note(request, "give preferences", f"{key_name(key)} {said}"[:500])
    messages.success(request, _("Thank you. Your choices are saved."))


def _pending(stored: tuple[Choice, ...], key: int) -> tuple[Choice, ...]:
    """The choices with what waits for the worker."""
    waiting: dict[str, bool] = {}
    for job in Job.objects.filter(
        kind="consent", payload__key=key_name(key), state__in=(Job.QUEUED, Job.RUNNING)
    ).order_by("created_at"):
        waiting |= job.payload["choices"]
    return tuple(
        replace(one, given=waiting[one.purpose], allowed=waiting[one.purpose])
        if one.purpose in waiting
        else one
        for one in stored
    )


def _too_many(request: HttpRequest, token: str) -> bool:
    """Whether a link or an address asks too often; every request is noted."""
    now, account, origin = timezone.now(), f"preferences {token[:25]}", origin_of(request)
    asked = Attempt.objects.filter(account__startswith="preferences ", at__gt=now - _HOUR)
    if (
        asked.filter(account=account).count() >= MOST
        or asked.filter(origin=f"preferences {origin}").count() >= WIDE
    ):
        return True
    Attempt.objects.filter(at__lt=now - datetime.timedelta(days=1)).delete()
    Attempt.objects.create(account=account, origin=f"preferences {origin}", at=now, failed=False)
    return False


def _refused(request: HttpRequest, status: int, text: str) -> HttpResponse:
    values: dict[str, Any] = {"refused": text, "choices": ()}
    return _private(render(request, "web/preferences.html", values, status=status))


def _private(answer: HttpResponse) -> HttpResponse:
    """The address is a secret of its own: it is told to no other page."""
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer


ROUTES = (Route("preferences/<str:token>", preferences, "choices", PUBLIC, writes=PUBLIC),)
