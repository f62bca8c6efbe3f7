"""Coming in: the first start, the demo's way in, being alive."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.web.access import PUBLIC
from everytouch.web.boot import DEMO_ANALYST, setup_key, use_demo_key
from everytouch.web.models import User
from everytouch.web.routes import Route
from everytouch.web.shell import note, workspace_for
from everytouch.workspace import Workspace

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LOOPBACK = ("127.0.0.1", "::1")


class StartForm(forms.Form):
    """Organisation and first owner."""

    organisation = forms.CharField(label=lazy("Name of the organisation"), max_length=120)
    name = forms.CharField(label=lazy("Your name"), max_length=120)
    email = forms.EmailField(label=lazy("Your e-mail"))
    password = forms.CharField(
        label=lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=lazy("Ten characters at least."),
    )

    def clean(self) -> None:
        """The password is as strong as anybody's, and does not resemble who has it."""
        given = self.cleaned_data
        user = User(email=given.get("email", ""), name=given.get("name", ""))
        try:
            validate_password(given.get("password", ""), user)
        except ValidationError as error:
            self.add_error("password", error)


def start(request: HttpRequest) -> HttpResponse:
    """The first start. Only who has the key that was printed may be the first owner."""
    if User.objects.exists():
        return redirect("/")
    key = request.POST.get("key") or request.GET.get("key", "")
    if not constant_time_compare(key, setup_key(settings.WORKSPACE)):
        return render(request, "web/locked.html", status=403)
    workspace = workspace_for(None)
    given = request.POST if request.method == "POST" else None
    form = StartForm(given, initial={"organisation": workspace.catalogue.organisation})
    if given is not None and form.is_valid():
        return _begun(request, form.cleaned_data, workspace)
    return render(
        request, "web/start.html", {"form": form, "key": key}, status=422 if form.is_bound else 200
    )


def _begun(request: HttpRequest, data: dict[str, Any], workspace: Any) -> HttpResponse:
    with transaction.atomic():
        user = User.objects.create_user(
            data["email"], data["password"], name=data["name"], role="owner"
        )
    workspace.rename(data["organisation"])
    login(request, user, backend=BACKEND)
    note(request, "first owner", str(user.pk))
    return redirect("/sources?first=1")


def enter(request: HttpRequest) -> HttpResponse:
    """The demo's way in: on loopback only, with the key that was printed, once."""
    if not settings.CONFIG.demo or request.META.get("REMOTE_ADDR") not in LOOPBACK:
        raise Http404(_("There is no such page."))
    if request.method == "HEAD":  # who only looks whether it is there does not use it up
        return HttpResponse()
    if request.user.is_authenticated:
        return redirect("/")
    user = User.objects.filter(email=DEMO_ANALYST, is_active=True).first()
    if user is None or not use_demo_key(settings.WORKSPACE, request.GET.get("key", "")):
        return render(request, "web/locked.html", {"once": True}, status=403)
    login(request, user, backend=BACKEND)
    return redirect("/")


def health(_request: HttpRequest) -> HttpResponse:
    """Whether store and ledger can be reached and written, and what the last check found.

    Anybody may ask, so it says no more than it must.
    """
    connection.ensure_connection()
    workspace = Workspace(settings.WORKSPACE)
    problem, checked = workspace.ledger_problem(), workspace.last_verified()
    said = {
        "status": "failing" if problem or (checked and not checked.whole) else "ok",
        "ledger": problem or "ok",
        "verified_at": checked.at.isoformat(timespec="seconds") if checked else None,
        "damaged_files": len(checked.damaged) if checked else None,
    }
    return JsonResponse(said, status=200 if said["status"] == "ok" else 503)


ROUTES = (
    Route("start", start, "start", PUBLIC, writes=PUBLIC),
    Route("enter", enter, "enter", PUBLIC),
    Route("health", health, "health", PUBLIC),
)
