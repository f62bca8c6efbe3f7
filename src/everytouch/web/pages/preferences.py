"""One's own settings, tokens for the API, and the overview of all settings."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.settings import TIMEZONES
from everytouch.web.access import SCOPES
from everytouch.web.models import Token
from everytouch.web.numbers import whole
from everytouch.web.routes import Route
from everytouch.web.sessions import end_visits, visits
from everytouch.web.shell import note

MOST_DAYS = 366


class Preferences(forms.Form):
    """How somebody likes the app."""

    name = forms.CharField(label=lazy("Your name"), max_length=120, required=False)
    language = forms.ChoiceField(
        label=lazy("Language"),
        required=False,
        choices=[("", lazy("as the browser says")), *settings.LANGUAGES],
    )
    theme = forms.ChoiceField(
        label=lazy("Colours"),
        required=False,
        choices=[
            ("", lazy("as the system says")),
            ("light", lazy("light")),
            ("dark", lazy("dark")),
        ],
    )
    direction = forms.ChoiceField(
        label=lazy("Direction of text"),
        required=False,
        choices=[
            ("", lazy("as the language says")),
            ("ltr", lazy("left to right")),
            ("rtl", lazy("right to left")),
        ],
    )
    timezone = forms.ChoiceField(
        label=lazy("Time zone"),
        required=False,
        choices=[("", lazy("as the browser says")), *((name, name) for name in TIMEZONES)],
    )


def preferences(request: HttpRequest) -> HttpResponse:
    """One's own settings."""
    user = request.user
    names = tuple(Preferences.base_fields)
    given = request.POST if request.method == "POST" else None
    form = Preferences(given, initial={name: getattr(user, name) for name in names})
    if given is not None and form.is_valid():
        for name in names:
            setattr(user, name, form.cleaned_data[name])
        user.save(update_fields=names)
        messages.success(request, _("Your settings are saved."))
        return redirect("/settings")
    return render(request, "web/settings.html", {"ask": request.ask, "form": form})


def look(request: HttpRequest) -> HttpResponse:
    """Light or dark, from the switch of the top bar."""
    theme = request.POST.get("theme", "")
    if theme in ("", "light", "dark"):
        request.user.theme = theme
        request.user.save(update_fields=["theme"])
    return HttpResponse(status=204)


@reauthentication_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in, and ending that elsewhere; who asks has just proved who they are."""
    if request.method == "POST":
        count = end_visits(request.user, request.session.session_key)
        note(request, "end sessions", f"{count} of account {request.user.pk}")
        messages.success(request, _("You are signed out everywhere else."))
        return redirect("/settings/sessions")
    values = {"visits": visits(request.user), "here": request.session.session_key}
    return render(request, "web/sessions.html", {"ask": request.ask, **values})


def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens; a new one is shown once."""
    secret = ""
    if request.method == "POST":
        scopes = [scope for scope in SCOPES if scope in request.POST.getlist("scopes")]
        title = request.POST.get("title", "").strip()[:120]
        days = whole(request.POST.get("days"), 90, 1, MOST_DAYS)
        if title and scopes:
            token, secret = Token.issue(days, user=request.user, title=title, scopes=scopes)
            note(request, "make token", f"{token.pk} {','.join(scopes)}")
        else:
            messages.error(request, _("Give the token a name and at least one scope."))
    mine: Any = Token.objects.filter(user=request.user).order_by("-created_at")
    values = {
        "ask": request.ask,
        "tokens": mine,
        "secret": secret,
        "scopes": SCOPES,
        "now": timezone.now(),
    }
    return render(request, "web/tokens.html", values)


def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End a token of one's own."""
    done = Token.objects.filter(pk=number, user=request.user, revoked_at=None)
    if done.update(revoked_at=timezone.now()):
        note(request, "revoke token", str(number))
    return redirect("/settings/tokens")


ROUTES = (
    Route("settings", preferences, "settings", "see", writes="see"),
    Route(
        "settings/look",
        look,
        "settings-look",
        "see",
        writes="see",
        acts=True,
        quiet="light or dark is nobody's business",
    ),
    Route("settings/sessions", sessions, "sessions", "see", writes="see"),
    Route("settings/tokens", tokens, "tokens", "tokens", writes="tokens"),
    Route(
        "settings/tokens/<int:number>/revoke",
        revoke,
        "token-revoke",
        "tokens",
        writes="tokens",
        acts=True,
    ),
)
