"""Journeys as they were observed; funnels and cohorts that a visitor builds."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from everytouch.errors import UnknownNameError
from everytouch.web.ask import Ask
from everytouch.web.figures.built import MOST_STEPS, around_what, steps_of
from everytouch.web.pages.overview import page
from everytouch.web.routes import Route
from everytouch.web.words import COMPARED, COUNTING, DIRECTIONS, EVERY, ORDERS, UNITS

_MOVES = {"up": -1, "down": 1}


def funnel(request: HttpRequest) -> HttpResponse:
    """A funnel, its steps chosen one by one."""
    ask: Ask = request.ask
    if "step" in request.GET:  # the form, with a field a step: the address is to be kept and sent
        chosen = ",".join(filter(None, request.GET.getlist("step")))
        return redirect(f"{request.path}?{ask.query(steps=chosen, step='')}")
    try:
        steps = steps_of(ask)
    except UnknownNameError:
        return redirect(f"{request.path}?{ask.query(steps='')}")
    values = {
        "ask": ask,
        "steps": [_step(ask, steps, at) for at in range(len(steps))],
        "more": len(steps) < MOST_STEPS,
        "places": _places(ask),
        "orders": list(ORDERS.items()),
        "segments": ask.workspace.catalogue.segments.values(),
    }
    return render(request, "web/funnel.html", values)


def _step(ask: Ask, steps: tuple[str, ...], at: int) -> dict[str, str]:
    """A step, and the addresses of the funnel without it, or with it moved."""
    found = {"name": steps[at], "without": _with(ask, steps[:at] + steps[at + 1 :])}
    for name, move in _MOVES.items():
        if 0 <= (to := at + move) < len(steps):
            swapped = list(steps)
            swapped[at], swapped[to] = swapped[to], swapped[at]
            found[name] = _with(ask, tuple(swapped))
    return found


def _with(ask: Ask, steps: tuple[str, ...]) -> str:
    return f"?{ask.query(steps=','.join(steps))}"


def _places(ask: Ask) -> list[tuple[str, str]]:
    """Touchpoints that were met, with their labels."""
    points = ask.workspace.catalogue.touchpoints
    met = ask.workspace.trails().touchpoints
    named = [(name, points[name].label if name in points else name) for name in met]
    return sorted(named, key=lambda pair: pair[1].casefold())


def cohorts(request: HttpRequest) -> HttpResponse:
    """Cohorts by what they begin with and come back to."""
    values = {
        "ask": request.ask,
        "places": _places(request.ask),
        "every": list(EVERY.items()),
        "counting": list(COUNTING.items()),
    }
    return render(request, "web/cohorts.html", values)


def around(request: HttpRequest) -> HttpResponse:
    """What comes around a touchpoint that one chooses."""
    ask: Ask = request.ask
    try:
        at = around_what(ask)
    except UnknownNameError:
        return redirect(f"{request.path}?{ask.query(at='')}")
    values = {"ask": ask, "at": at, "places": _places(ask), "directions": list(DIRECTIONS.items())}
    return render(request, "web/around.html", values)


def compare(request: HttpRequest) -> HttpResponse:
    """Two segments or periods side by side."""
    segments = request.ask.workspace.catalogue.segments.values()
    values = {"ask": request.ask, "compared": list(COMPARED.items()), "segments": segments}
    return render(request, "web/compare.html", values)


ROUTES = (
    Route(
        "journeys",
        page("web/journeys.html", units=list(UNITS.items()), every=list(EVERY.items())),
        "journeys",
        "see",
    ),
    Route("journeys/funnel", funnel, "funnel", "see"),
    Route("journeys/cohorts", cohorts, "cohorts", "see"),
    Route("journeys/around", around, "around", "see"),
    Route("journeys/compare", compare, "compare", "see"),
)
