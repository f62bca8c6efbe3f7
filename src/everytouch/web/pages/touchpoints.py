"""The inventory of touchpoints, one of them, and changing it."""

import dataclasses
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.catalogue.api import Touchpoint
from everytouch.errors import WithheldError
from everytouch.web.ask import Ask
from everytouch.web.errors import refused
from everytouch.web.forms import NewName, TouchpointForm
from everytouch.web.pages.catalogue import taken
from everytouch.web.pages.overview import page, tiles
from everytouch.web.questions import graph
from everytouch.web.routes import Route
from everytouch.web.shell import ask_of


def _point(ask: Ask, name: str) -> Touchpoint:
    points = ask.workspace.catalogue.touchpoints
    if name not in points:
        raise Http404(_("The catalogue has no such touchpoint."))
    return points[name]


def _barred(ask: Ask, name: str) -> bool:
    return ask.only is not None and name not in ask.only


def one(request: HttpRequest, name: str) -> HttpResponse:
    """One touchpoint: what it should be, what passes, how it feels, what is wrong."""
    point = _point(request.ask, name)
    if _barred(request.ask, name):
        return refused(request)
    narrowed = dataclasses.replace(request.ask.filters, touchpoint=name, stage="", channel="")
    ask = ask_of(request, narrowed)
    known = ask.workspace.trails().touchpoints
    try:
        node = next((n for n in graph(ask).nodes if n.touchpoint == name), None)
    except WithheldError:
        node = None
    values = {
        "ask": ask,
        "point": point,
        "node": node,
        "tiles": tiles(ask) if name in known else [],
    }
    return render(request, "web/touchpoint.html", values)


def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a touchpoint."""
    catalogue = request.ask.workspace.catalogue
    point = _point(request.ask, name)
    given = request.POST if request.method == "POST" else None
    form = TouchpointForm(catalogue, given, initial=TouchpointForm.initial_of(point))
    if given is not None and form.is_valid():
        changed = catalogue.touchpoints | {name: form.touchpoint(name)}
        new = dataclasses.replace(catalogue, touchpoints=changed)
        request.ask.workspace.save_catalogue(new, catalogue)
        messages.success(request, _("%(label)s is saved.") % {"label": changed[name].label})
        return redirect(f"/touchpoints/{name}")
    return _form(
        request, form, _("Edit %(label)s") % {"label": point.label}, f"/touchpoints/{name}"
    )


def new(request: HttpRequest) -> HttpResponse:
    """Add a touchpoint."""
    catalogue = request.ask.workspace.catalogue
    given = request.POST if request.method == "POST" else None
    naming, form = NewName(given), TouchpointForm(catalogue, given)
    if given is not None and naming.is_valid() and form.is_valid():
        name = naming.cleaned_data["name"]
        if not taken(naming, name, catalogue.touchpoints):
            points = catalogue.touchpoints | {name: form.touchpoint(name)}
            changed = dataclasses.replace(catalogue, touchpoints=points)
            request.ask.workspace.save_catalogue(changed, catalogue)
            return redirect(f"/touchpoints/{name}")
    return _form(request, form, _("New touchpoint"), "/touchpoints", naming)


def _form(
    request: HttpRequest, form: Any, title: str, back: str, naming: Any = None
) -> HttpResponse:
    points = request.ask.workspace.catalogue.touchpoints.values()
    values = {
        "ask": request.ask,
        "form": form,
        "naming": naming,
        "title": title,
        "back": back,
        "channels": sorted({point.channel for point in points}),
        "owners": sorted({point.owner for point in points if point.owner}),
    }
    status = 422 if form.is_bound else 200
    return render(request, "web/form.html", values, status=status)


ROUTES = (
    Route("touchpoints", page("web/touchpoints.html"), "touchpoints", "see"),
    Route("touchpoints/new", new, "touchpoint-new", "catalogue", writes="catalogue"),
    Route("touchpoints/<str:name>", one, "touchpoint", "see"),
    Route("touchpoints/<str:name>/edit", edit, "touchpoint-edit", "catalogue", writes="catalogue"),
)
