"""Segments, built by clicking with live counts, and personas."""

import dataclasses

import numpy as np
import pyarrow.compute as pc
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from everytouch.catalogue.api import Segment
from everytouch.errors import WithheldError
from everytouch.trails.api import traits_of
from everytouch.web.ask import Ask
from everytouch.web.forms import NewName, PersonaForm, SegmentForm
from everytouch.web.pages.catalogue import save, taken
from everytouch.web.pool import POOL
from everytouch.web.questions import sessions
from everytouch.web.routes import Route

MOST_VALUES = 40  # of a trait that can be clicked


def traits(ask: Ask) -> dict[str, tuple[str, ...]]:
    """Traits and their most frequent values."""

    def read() -> dict[str, tuple[str, ...]]:
        table = traits_of(ask.workspace.tables)
        counts = table.group_by(["name", "value"]).aggregate([("value", "count")])
        found: dict[str, list[tuple[int, str]]] = {}
        for row in counts.filter(pc.is_valid(counts["value"])).to_pylist():
            found.setdefault(row["name"], []).append((-row["value_count"], row["value"]))
        return {
            name: tuple(value for _, value in sorted(values)[:MOST_VALUES])
            for name, values in sorted(found.items())
        }

    return ask.everyone.once("traits", read)


def size(ask: Ask, segment: Segment) -> int:
    """Parties a rule selects."""
    whole = ask.keeping()
    return whole.once("size", lambda: POOL.answer(_size, whole, segment), segment)


def _size(ask: Ask, segment: Segment) -> int:
    scope = ask.workspace.selected(segment)
    return int(sum(np.count_nonzero(scope.take(b)) for b in ask.workspace.trails().buckets))


def people(ask: Ask, segment: Segment) -> int | None:
    """Parties of a segment; None where they are not to be counted by the visitor."""
    if not ask.coarse:
        return size(ask, segment)
    try:
        (facts,) = sessions(ask.everyone.instead(segment=segment.name)).rows
    except WithheldError:
        return None
    return int(facts.parties)


def segments(request: HttpRequest) -> HttpResponse:
    """All segments with their sizes, all personas."""
    ask: Ask = request.ask
    known, parties = ask.workspace.catalogue, ask.workspace.trails().parties
    rows = [(one, people(ask, one)) for one in known.segments.values()]
    points = known.touchpoints
    values = {
        "ask": ask,
        "rows": rows,
        "parties": parties,
        "points": points,
        "personas": [(p, known.segments.get(p.segment or "")) for p in known.personas.values()],
    }
    return render(request, "web/segments.html", values)


def edit_segment(request: HttpRequest, name: str = "") -> HttpResponse:
    """Build a segment; the count of its parties follows every click."""
    catalogue = request.ask.workspace.catalogue
    old = catalogue.segments.get(name)
    if name and old is None:
        raise Http404(_("The catalogue has no such segment."))
    given = request.POST if request.method == "POST" else None
    initial = {f.name: getattr(old, f.name) for f in dataclasses.fields(Segment)} if old else {}
    form = SegmentForm(catalogue, traits(request.ask), given, initial=initial)
    naming = None if old else NewName(given)
    if request.headers.get("HX-Request") == "true":
        return _builder(request, form)
    if given is not None and form.is_valid() and (naming is None or naming.is_valid()):
        chosen = name or naming.cleaned_data["name"]  # type: ignore[union-attr]
        if not taken(naming, chosen, catalogue.segments):
            return save(request, "segments", chosen, form.segment(chosen))
    title = _("Edit segment") if old else _("New segment")
    values = {
        "ask": request.ask,
        "form": form,
        "naming": naming,
        "title": title,
        "back": "/segments",
        "count": _count(request.ask, form, old),
        "parties": request.ask.workspace.trails().parties,
        "removable": bool(old),
    }
    return render(request, "web/segment.html", values, status=422 if form.is_bound else 200)


def _builder(request: HttpRequest, form: SegmentForm) -> HttpResponse:
    values = {
        "form": form,
        "count": _count(request.ask, form, None),
        "parties": request.ask.workspace.trails().parties,
    }
    return render(request, "web/builder.html", values)


def _count(ask: Ask, form: SegmentForm, old: Segment | None) -> int | None:
    if form.is_bound:
        form.data = form.data.copy()
        form.data["label"] = form.data.get("label") or "–"  # a count needs no name yet
        return size(ask, form.segment("")) if form.is_valid() else None
    return size(ask, old) if old else None


def edit_persona(request: HttpRequest, name: str = "") -> HttpResponse:
    """Describe a persona."""
    catalogue = request.ask.workspace.catalogue
    old = catalogue.personas.get(name)
    if name and old is None:
        raise Http404(_("The catalogue has no such persona."))
    given = request.POST if request.method == "POST" else None
    form = PersonaForm(catalogue, given, initial=vars(old) if old else {})
    naming = None if old else NewName(given)
    if given is not None and form.is_valid() and (naming is None or naming.is_valid()):
        chosen = name or naming.cleaned_data["name"]  # type: ignore[union-attr]
        if not taken(naming, chosen, catalogue.personas):
            return save(request, "personas", chosen, form.persona(chosen))
    values = {
        "ask": request.ask,
        "form": form,
        "naming": naming,
        "title": _("Edit persona") if old else _("New persona"),
        "back": "/segments",
    }
    return render(request, "web/form.html", values, status=422 if form.is_bound else 200)


ROUTES = (
    Route("segments", segments, "segments", "see"),
    Route("segments/new", edit_segment, "segment-new", "catalogue", writes="catalogue"),
    Route("segments/<str:name>", edit_segment, "segment", "catalogue", writes="catalogue"),
    Route("personas/new", edit_persona, "persona-new", "catalogue", writes="catalogue"),
    Route("personas/<str:name>", edit_persona, "persona", "catalogue", writes="catalogue"),
)
