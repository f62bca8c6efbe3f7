"""What every form of the catalogue does: say that a name is taken, save, take out."""

import dataclasses
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from everytouch.web.routes import Route

BACK = {"segments": "/segments", "personas": "/segments", "initiatives": "/worked"}


def taken(naming: Any, name: str, known: Any) -> bool:
    """Whether something new would have the name of something known; the form says so."""
    if naming is not None and name in known:
        naming.add_error("name", _("This name is taken."))
        return True
    return False


def save(request: HttpRequest, section: str, name: str, item: Any) -> HttpResponse:
    """Put an item into its section, and go back to where it is listed."""
    catalogue = request.ask.workspace.catalogue
    items = getattr(catalogue, section) | {name: item}
    new = dataclasses.replace(catalogue, **{section: items})
    request.ask.workspace.save_catalogue(new, catalogue)
    messages.success(request, _("%(label)s is saved.") % {"label": item.label})
    return redirect(BACK[section])


def remove(request: HttpRequest, section: str, name: str) -> HttpResponse:
    """Take an item out of the catalogue."""
    catalogue = request.ask.workspace.catalogue
    items = dict(getattr(catalogue, section)) if section in BACK else {}
    if name not in items:
        raise Http404(_("There is no such page."))
    del items[name]
    new = dataclasses.replace(catalogue, **{section: items})
    request.ask.workspace.save_catalogue(new, catalogue)
    return redirect(BACK[section])


ROUTES = (
    Route(
        "catalogue/<str:section>/<str:name>/remove",
        remove,
        "catalogue-remove",
        "catalogue",
        writes="catalogue",
        acts=True,
    ),
)
