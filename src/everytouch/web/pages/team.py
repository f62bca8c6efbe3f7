"""People who sign in and their roles; privacy; the audit log."""

import itertools
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.ledger.api import broken, entries
from everytouch.settings import ROLES
from everytouch.web.access import RIGHTS
from everytouch.web.accounts import invitation, reset_path
from everytouch.web.export import harmless
from everytouch.web.models import User, end_secrets
from everytouch.web.numbers import stated
from everytouch.web.routes import Route
from everytouch.web.sessions import end_visits
from everytouch.web.shell import note
from everytouch.web.words import ROLES as WORDS

LOGGED = 200
RIGHTS_OF = ("email", "role", "departments", "touchpoints", "is_active")


class PersonForm(forms.Form):
    """Somebody's role, and what a manager answers for."""

    email = forms.EmailField(label=lazy("E-mail"))
    name = forms.CharField(label=lazy("Name"), max_length=120, required=False)
    role = forms.ChoiceField(
        label=lazy("Role"),
        choices=[(role, WORDS[role]) for role in ROLES],
        initial="viewer",  # a browser would choose the first one, an owner
    )
    departments = forms.MultipleChoiceField(
        label=lazy("Departments a manager answers for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    touchpoints = forms.MultipleChoiceField(
        label=lazy("Touchpoints beside"), required=False, widget=forms.SelectMultiple
    )
    is_active = forms.BooleanField(label=lazy("May sign in"), required=False, initial=True)

    def __init__(self, catalogue: Any, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        points = catalogue.touchpoints.values()
        owners = sorted({point.owner for point in points if point.owner})
        self.fields["departments"].choices = [(owner, owner) for owner in owners]
        self.fields["touchpoints"].choices = [(point.name, point.label) for point in points]

    def clean_email(self) -> str:
        """One address is one person, whatever its case."""
        return str(self.cleaned_data["email"]).lower()


def team(request: HttpRequest) -> HttpResponse:
    """Everybody who may sign in."""
    people = User.objects.order_by("email")
    rights = [(text, [role in roles for role in ROLES]) for text, roles in RIGHTS.values()]
    values = {"ask": request.ask, "people": people, "rights_table": rights, "roles": ROLES}
    return render(request, "web/team.html", values)


def invite(request: HttpRequest) -> HttpResponse:
    """Add somebody; they choose their password by a link that works once."""
    given = request.POST if request.method == "POST" else None
    form = PersonForm(request.ask.workspace.catalogue, given)
    if given is not None and form.is_valid():
        data = form.cleaned_data
        if User.objects.filter(email=data["email"]).exists():
            form.add_error("email", _("This person is there already."))
        else:
            user = User.objects.create_user(**data)
            note(request, "add user", f"{user.pk} as {user.role}")
            link, sent = invitation(request, user)
            return render(
                request,
                "web/invited.html",
                {"ask": request.ask, "person": user, "link": link, "sent": sent},
            )
    return _form(request, form, _("Invite somebody"))


def member(request: HttpRequest, number: int) -> HttpResponse:
    """Change somebody's role."""
    user = _person(number)
    names = ("email", "name", "role", "departments", "touchpoints", "is_active")
    given = request.POST if request.method == "POST" else None
    form = PersonForm(
        request.ask.workspace.catalogue,
        given,
        initial={name: getattr(user, name) for name in names},
    )
    if given is not None and form.is_valid():
        before = {name: getattr(user, name) for name in RIGHTS_OF}
        if _saved(form, user):
            ended = "; ".join(f"{one} ends" for one in end_secrets(user))
            said = f"{user.pk}: {_changed(before, user)}"
            note(request, "change rights", f"{said}; {ended}" if ended else said)
            return redirect("/settings/people")
        form.add_error(None, _("There must be an owner who can sign in."))
    return _form(request, form, str(user), user)


def _changed(before: dict[str, Any], user: User) -> str:
    """What is different now, from what to what."""
    now = {name: getattr(user, name) for name in before}
    changes = (f"{name} {before[name]} to {now[name]}" for name in now if now[name] != before[name])
    return "; ".join(changes) or "nothing"


def _saved(form: PersonForm, user: User) -> bool:
    """Save, unless that would leave nobody who can give rights."""
    with transaction.atomic():
        for name, value in form.cleaned_data.items():
            setattr(user, name, value)
        user.save()
        if User.objects.filter(role="owner", is_active=True).exists():
            return True
        transaction.set_rollback(True)
    return False


def reset_link(request: HttpRequest, number: int) -> HttpResponse:
    """Make a link by which somebody who forgot the password chooses a new one."""
    user = User.objects.filter(pk=number, is_active=True).first()
    if user is None:
        raise Http404(_("There is no such person."))
    note(request, "make reset link", f"account {user.pk} ({user.email})")
    link = request.build_absolute_uri(reset_path(user))
    values = {"ask": request.ask, "person": user, "link": link, "reset": True}
    return render(request, "web/invited.html", values)


def end_sessions(request: HttpRequest, number: int) -> HttpResponse:
    """Sign somebody out everywhere; their tokens and links stay."""
    user = _person(number)
    note(request, "end sessions", f"{end_visits(user)} of account {user.pk} ({user.email})")
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": user})
    return redirect(f"/settings/people/{user.pk}")


def remove_factors(request: HttpRequest, number: int) -> HttpResponse:
    """Remove the second factors of somebody who lost them, once an owner knows who asks."""
    user = _person(number)
    factors = Authenticator.objects.filter(user=user)
    kinds = sorted({Authenticator.Type(one.type).value for one in factors})
    factors.delete()
    count = end_visits(user)
    said = f"{', '.join(kinds) or 'none'} of account {user.pk} ({user.email}), sessions: {count}"
    note(request, "reset second factor", said)
    messages.success(request, _("%(name)s has no second factor now.") % {"name": user})
    return redirect(f"/settings/people/{user.pk}")


def _person(number: int) -> User:
    user: User | None = User.objects.filter(pk=number).first()
    if user is None:
        raise Http404(_("There is no such person."))
    return user


def _form(
    request: HttpRequest, form: PersonForm, title: str, person: User | None = None
) -> HttpResponse:
    values = {"ask": request.ask, "form": form, "title": title, "back": "/settings/people"}
    template = "web/member.html" if person else "web/form.html"
    status = 422 if form.is_bound else 200
    return render(request, template, {**values, "person": person}, status=status)


def log(request: HttpRequest) -> HttpResponse:
    """The audit log, newest first."""
    found = entries(settings.WORKSPACE, stated(request.GET.get("before")))
    rows = list(itertools.islice(found, LOGGED))
    values = {
        "ask": request.ask,
        "rows": rows,
        "older": rows[-1].number if len(rows) == LOGGED else None,
        "broken": broken(settings.WORKSPACE),
    }
    return render(request, "web/audit.html", values)


def log_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The whole audit log as CSV; taking it out is in it."""
    note(request, "export audit log", "csv")

    def lines() -> Any:
        yield "number,at,who,action,subject,seal,user,name,before\r\n"
        for entry in entries(settings.WORKSPACE):
            cells = (str(harmless(str(value))).replace('"', '""') for value in vars(entry).values())
            yield ",".join(f'"{cell}"' for cell in cells) + "\r\n"

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


ROUTES = (
    Route("settings/people", team, "team", "administer"),
    Route("settings/people/invite", invite, "team-invite", "administer", writes="administer"),
    Route("settings/people/<int:number>", member, "team-member", "administer", writes="administer"),
    Route(
        "settings/people/<int:number>/link",
        reset_link,
        "team-link",
        "administer",
        writes="administer",
        acts=True,
    ),
    Route(
        "settings/people/<int:number>/sessions",
        end_sessions,
        "team-sessions",
        "administer",
        writes="administer",
        acts=True,
    ),
    Route(
        "settings/people/<int:number>/factors",
        remove_factors,
        "team-factors",
        "administer",
        writes="administer",
        acts=True,
    ),
    Route("settings/audit", log, "audit", "audit"),
    Route("settings/audit.csv", log_csv, "audit-csv", "audit"),
)
