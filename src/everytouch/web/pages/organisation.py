"""The organisation's settings: its name, and what figures are counted with."""

import dataclasses
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.errors import SettingError
from everytouch.settings import OF_THE_MACHINE, TIMEZONES, Settings
from everytouch.web.routes import Route
from everytouch.web.words import SETTINGS

FIELDS = tuple(f for f in dataclasses.fields(Settings) if f.name not in OF_THE_MACHINE)


class OrganisationForm(forms.Form):
    """Its fields are those of the settings, with their limits."""

    organisation = forms.CharField(label=lazy("Name of the organisation"), max_length=120)

    def __init__(self, instruments: Any, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        choices = {
            "timezone": [(name, name) for name in TIMEZONES],
            "headline": [("", _("the one asked most"))]
            + [(one.name, one.label) for one in instruments.values()],
        }
        for field in FIELDS:
            self.fields[field.name] = _field(field, choices.get(field.name))

    def changes(self, now: Settings) -> dict[str, Any]:
        """What differs from the settings as they are."""
        given = self.cleaned_data
        return {f.name: given[f.name] for f in FIELDS if given[f.name] != getattr(now, f.name)}


def _field(field: "dataclasses.Field[Any]", choices: Any) -> forms.Field:
    label, limits = SETTINGS[field.name], field.metadata
    if choices is not None:
        return forms.ChoiceField(label=label, choices=choices, required=field.default != "")
    if isinstance(field.default, int):
        return forms.IntegerField(
            label=label, min_value=limits["low"], max_value=limits["high"] or 2**31
        )
    if isinstance(field.default, float):
        return forms.FloatField(label=label, min_value=limits["low"], max_value=limits["high"])
    if field.default == "":
        return forms.CharField(label=label, max_length=2_000, required=False)
    return forms.RegexField(r"^[A-Z]{3}$", label=label)


def _fits(form: OrganisationForm, now: Settings) -> bool:
    """Whether the settings hold together: the same check as for all that changes them."""
    try:
        Settings.from_mapping(vars(now) | form.changes(now))
    except SettingError as error:
        form.add_error(None, str(error))
        return False
    return True


def organisation(request: HttpRequest) -> HttpResponse:
    """Change them; every figure is recalculated with them."""
    workspace = request.ask.workspace
    known, now = workspace.catalogue, workspace.settings
    given = request.POST if request.method == "POST" else None
    initial = vars(now) | {"organisation": known.organisation}
    form = OrganisationForm(known.instruments, given, initial=initial)
    if given is not None and form.is_valid() and _fits(form, now):
        if form.cleaned_data["organisation"] != known.organisation:
            workspace.rename(form.cleaned_data["organisation"])
        if changes := form.changes(now):
            workspace.change_settings(changes)
        messages.success(request, _("The settings are saved."))
        return redirect("/settings/organisation")
    values = {"ask": request.ask, "form": form, "title": _("Organisation")}
    status = 422 if form.is_bound else 200
    return render(request, "web/organisation.html", values, status=status)


ROUTES = (
    Route(
        "settings/organisation",
        organisation,
        "organisation",
        "administer",
        writes="administer",
    ),
)
