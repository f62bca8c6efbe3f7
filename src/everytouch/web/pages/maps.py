"""Maps: the journeys that were meant, drawn as a sheet, edited, and held against real ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.catalogue.api import Block, JourneyMap, MapStep, Part, cell
from everytouch.errors import EverytouchError
from everytouch.journeys.api import Journeys
from everytouch.ledger.api import audit
from everytouch.web.ask import Ask
from everytouch.web.errors import refused
from everytouch.web.figures.maps import in_words
from everytouch.web.numbers import stated, whole
from everytouch.web.pool import POOL
from everytouch.web.routes import Route
from everytouch.web.words import LANES

LONGEST, LONGEST_CELL, LIMIT = 200_000, 2_000, 50
EXAMPLE = """label: {label}
unit: correlation
steps:
- step: first
  touchpoints: {touchpoint}
  emotion: 70
"""


def _whole(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A map is of the whole organisation: who answers for some touchpoints only is turned away."""

    @wraps(view)
    def guarded(request: HttpRequest, **given: Any) -> HttpResponse:
        return refused(request) if request.ask.only is not None else view(request, **given)

    return guarded


@_whole
def maps(request: HttpRequest) -> HttpResponse:
    """The maps there are."""
    workspace = request.ask.workspace
    found, broken = [], []
    for name in workspace.map_names():
        try:
            found.append(workspace.journey_map(name))
        except EverytouchError as error:  # the catalogue has changed since
            broken.append((name, str(error)))
    values = {"ask": request.ask, "maps": found, "broken": broken}
    return render(request, "web/maps.html", values)


@_whole
def one(request: HttpRequest, name: str) -> HttpResponse:
    """The sheet of a map, and what people live through against it."""
    ask: Ask = replace(request.ask, options={**request.ask.options, "map": name})
    _known(ask, name)
    try:
        journey = ask.workspace.journey_map(name)
    except EverytouchError as error:
        return _edit(request, name, ask.workspace.map_text(name), str(error))
    values = {
        "ask": ask,
        "map": journey,
        "columns": list(columns(journey)),
        "versions": ask.workspace.map_versions(name)[::-1],
        "points": ask.workspace.catalogue.touchpoints,
    }
    return render(request, "web/map.html", values)


def columns(journey: JourneyMap) -> list[tuple[MapStep, str]]:
    """Steps from left to right, each with what the blocks around it say of it."""
    return list(_columns(journey.body, ()))


def _columns(part: Part, around: tuple[str, ...]) -> list[tuple[MapStep, str]]:
    own = [_("optional")] * part.optional + [_("repeated")] * part.repeat
    if isinstance(part, MapStep):
        return [(part, ", ".join([*around, *own]))]
    return [
        column
        for number, inner in enumerate(part.parts, 1)
        for column in _columns(inner, (*around, *own, *_lane(part, number)))
    ]


def _lane(part: Block, number: int) -> list[str]:
    names = {"any": _("way %(number)d"), "all": _("lane %(number)d")}
    return [names[part.shape] % {"number": number}] if part.shape in names else []


@_whole
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a map; what is saved is its newest version."""
    _known(request.ask, name)
    number = stated(request.GET.get("version"))
    text = request.POST.get("map", "") or request.ask.workspace.map_text(name, number)
    return _edit(request, name, text)


@_whole
def sheet(request: HttpRequest, name: str) -> HttpResponse:
    """The sheet with its cells to be filled in; what is saved is the newest version."""
    ask: Ask = request.ask
    _known(ask, name)
    newest = ask.workspace.map_versions(name)[-1]
    version = whole(request.POST.get("version"), newest)
    journey, wrong = ask.workspace.journey_map(name), ""
    if request.method == "POST":
        try:
            cells = _cells(request, journey)
            return _saved(request, ask.workspace.change_map(name, cells, version))
        except EverytouchError as error:
            wrong = str(error)
    values = {
        "ask": ask,
        "map": journey,
        "steps": journey.steps,
        "lanes": [(lane, text, _lane_of(request, journey, lane)) for lane, text in LANES.items()],
        "version": version,
        "wrong": wrong,
        "focus": request.GET.get("cell", ""),
    }
    return render(request, "web/mapsheet.html", values, status=422 if wrong else 200)


def _lane_of(request: HttpRequest, journey: JourneyMap, lane: str) -> list[tuple[str, str]]:
    """Names and texts of a lane's cells; as they were sent, where they were."""
    named = [(f"{step.step}.{lane}", cell(step, lane)) for step in journey.steps]
    return [(name, request.POST.get(name, text)) for name, text in named]


def _cells(request: HttpRequest, journey: JourneyMap) -> dict[str, dict[str, str]]:
    """The cells that were changed."""
    changes: dict[str, dict[str, str]] = {}
    for step in journey.steps:
        for lane in LANES:
            sent = request.POST.get(f"{step.step}.{lane}")
            if sent is not None and sent[:LONGEST_CELL] != cell(step, lane):
                changes.setdefault(step.step, {})[lane] = sent[:LONGEST_CELL]
    return changes


@_whole
def versions(request: HttpRequest, name: str) -> HttpResponse:
    """What is otherwise between two versions; and going back to one."""
    ask: Ask = request.ask
    _known(ask, name)
    there = ask.workspace.map_versions(name)
    if request.method == "POST":
        back = _number(request.POST.get("version", ""), there)
        return _saved(request, ask.workspace.undo_map(name, back))
    second = _number(ask.options.get("to", ""), there)
    first = _number(ask.options.get("from", ""), there) if "from" in ask.options else max(
        (number for number in there if number < second), default=second)  # fmt: skip
    values = {
        "ask": ask,
        "map": ask.workspace.journey_map(name),
        "there": there[::-1],
        "first": first,
        "second": second,
        "lines": [(line[:1], line) for line in ask.workspace.map_changes(name, first, second)],
    }
    return render(request, "web/mapversions.html", values)


def _number(text: str, there: tuple[int, ...]) -> int:
    """A version; the newest where none is named.

    Raises:
        Http404: there is none of this number.
    """
    number = whole(text, there[-1])
    if number not in there:
        raise Http404(_("There is no such version."))
    return number


@_whole
def new(request: HttpRequest) -> HttpResponse:
    """Draw a map."""
    points = request.ask.workspace.catalogue.touchpoints
    example = EXAMPLE.format(label=_("A journey"), touchpoint=next(iter(points), "website_visit"))
    return _edit(request, "", request.POST.get("map", "") or example)


def _edit(request: HttpRequest, name: str, text: str, wrong: str = "") -> HttpResponse:
    given = name or request.POST.get("name", "").strip()
    text = text[:LONGEST].replace("\r\n", "\n")
    if request.method == "POST":
        try:
            if not name and given in request.ask.workspace.map_names():
                wrong = _("This name is taken.")
            else:
                return _saved(request, request.ask.workspace.save_map(given, text))
        except EverytouchError as error:
            wrong = str(error)
    values = {
        "ask": request.ask,
        "name": name,
        "given": given,
        "text": text,
        "wrong": wrong,
        "touchpoints": sorted(request.ask.workspace.catalogue.touchpoints),
    }
    return render(request, "web/mapedit.html", values, status=422 if wrong else 200)


@_whole
def behind(request: HttpRequest, name: str) -> HttpResponse:
    """The newest journeys with a deviation."""
    ask: Ask = replace(request.ask, options={**request.ask.options, "map": name})
    _known(ask, name)
    given = name, ask.options.get("deviation", "")
    deviation = given[1]
    result = ask.once("journeys-with", lambda: POOL.answer(_journeys, ask, *given), *given)
    audit(ask.workspace.path, "journeys read", f"{deviation} of map {name}", ask.workspace.who)
    values = {
        "ask": ask,
        "map": name,
        "deviation": in_words(ask, deviation),
        "rows": result.rows,
        "basis": result.basis,
        "points": ask.workspace.catalogue.touchpoints,
    }
    return render(request, "web/mapjourneys.html", values)


def _journeys(ask: Ask, name: str, deviation: str) -> Journeys:
    return ask.workspace.journeys_with(name, deviation, ask.organisation.scope, limit=LIMIT)


def _saved(request: HttpRequest, journey: JourneyMap) -> HttpResponse:
    said = _("%(label)s is saved as version %(version)d.")
    messages.success(request, said % {"label": journey.label, "version": journey.version})
    return redirect(f"/maps/{journey.name}")


def _known(ask: Ask, name: str) -> None:
    if name not in ask.workspace.map_names():
        raise Http404(_("There is no such map."))


ROUTES = (
    Route("maps", maps, "maps", "see"),
    Route("maps/new", new, "map-new", "catalogue", writes="catalogue"),
    Route("maps/<str:name>", one, "map", "see"),
    Route("maps/<str:name>/edit", edit, "map-edit", "catalogue", writes="catalogue"),
    Route("maps/<str:name>/sheet", sheet, "map-sheet", "catalogue", writes="catalogue"),
    Route("maps/<str:name>/versions", versions, "map-versions", "catalogue", writes="catalogue"),
    Route("maps/<str:name>/journeys", behind, "map-journeys", "dig"),
)
