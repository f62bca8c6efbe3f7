"""Initiatives, named before they begin: what is changed, for whom, and what shall tell."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from everytouch.catalogue.api import Initiative
from everytouch.web.ask import Ask
from everytouch.web.forms import InitiativeForm, NewName
from everytouch.web.pages.catalogue import save, taken
from everytouch.web.questions import findings
from everytouch.web.routes import Route
from everytouch.web.words import problem


def worked(request: HttpRequest) -> HttpResponse:
    """The verdicts, and the way to each initiative."""
    catalogue = request.ask.workspace.catalogue
    segments = catalogue.segments

    def labels(names: Iterable[str]) -> list[str]:
        return [segments[name].label for name in names if name]

    rows = [
        (one, labels(one.rollout), labels((one.control, *one.others)))
        for one in sorted(catalogue.initiatives.values(), key=_newest)
    ]
    return render(request, "web/worked.html", {"ask": request.ask, "initiatives": rows})


def _newest(one: Initiative) -> tuple[int, str]:
    return -one.start.toordinal(), one.name


def edit(request: HttpRequest, name: str = "") -> HttpResponse:
    """Name an initiative, or change one: what tells whether it worked is dated again then."""
    ask: Ask = request.ask
    catalogue = ask.workspace.catalogue
    old = catalogue.initiatives.get(name)
    if name and old is None:
        raise Http404(_("The catalogue has no such initiative."))
    given = request.POST if request.method == "POST" else None
    problems = [
        (r.name, problem(r.name, r.label)) for r in findings(ask.everyone, "regression").rows
    ]
    form = InitiativeForm(catalogue, problems, given, initial=vars(old) if old else _first(request))
    naming = None if old else NewName(given)
    if given is not None and form.is_valid() and (naming is None or naming.is_valid()):
        chosen = name or naming.cleaned_data["name"]  # type: ignore[union-attr]
        if not taken(naming, chosen, catalogue.initiatives):
            item = form.initiative(chosen, timezone.localdate(), old)
            return save(request, "initiatives", chosen, item)
    values = {
        "ask": ask,
        "form": form,
        "naming": naming,
        "title": _("Edit initiative") if old else _("New initiative"),
        "back": "/worked",
        "old": old,
    }
    return render(request, "web/initiative.html", values, status=422 if form.is_bound else 200)


def _first(request: HttpRequest) -> dict[str, Any]:
    """What a new one begins with: the finding it is about, where the way here names it."""
    return {"finding": request.GET.get("finding", "")}


ROUTES = (
    Route("worked", worked, "worked", "see"),
    Route("initiatives/new", edit, "initiative-new", "catalogue", writes="catalogue"),
    Route("initiatives/<str:name>", edit, "initiative", "catalogue", writes="catalogue"),
)
