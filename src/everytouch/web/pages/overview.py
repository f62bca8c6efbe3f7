"""The overview: the score, what moved, what to improve, what happens right now."""

import datetime
import math
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from everytouch.metrics import api as metrics
from everytouch.web.ask import Ask
from everytouch.web.figures import FIGURES
from everytouch.web.figures.feeling import BREAKDOWNS
from everytouch.web.questions import findings, perception
from everytouch.web.routes import Route
from everytouch.web.words import BY, PROBLEMS, WEIGHTED

LIVE = 12


def overview(request: HttpRequest) -> HttpResponse:
    """The first page."""
    ask: Ask = request.ask
    trails = ask.workspace.trails()
    live = live_rows(ask) if "dig" in ask.rights else []
    values = {"ask": ask, "trails": trails, "tiles": tiles(ask), "live": live}
    return render(request, "web/overview.html", values)


def tiles(ask: Ask) -> list[dict[str, Any]]:
    """The score of the instrument asked most, first; then the others."""
    cells = perception(ask, "all").rows
    own = {cell.instrument: cell for cell in cells}
    whole = (
        {c.instrument: c for c in perception(ask.organisation, "all").rows}
        if ask.only is not None
        else {}
    )
    most, instruments = (
        metrics.most_asked(perception(ask, "all")),
        ask.workspace.catalogue.instruments,
    )
    names = sorted(own, key=lambda name: (name != most, -own[name].n))
    return [
        {
            "cell": own[name],
            "label": instruments[name].label,
            "kind": instruments[name].kind,
            "whole": whole.get(name),
            "width": 0 if math.isnan(own[name].score.value) else own[name].score.value,
        }
        for name in names
    ]


def live_rows(ask: Ask) -> list[dict[str, Any]]:
    """The newest moments, without a name to them."""
    points, asked = ask.workspace.catalogue.touchpoints, ask.workspace.catalogue.instruments
    rows = ask.once("live", lambda: ask.workspace.newest(scope=ask.scope, limit=LIVE))
    return [
        {
            "time": datetime.datetime.fromtimestamp(row.time / 1e6, datetime.UTC),
            "point": points.get(row.touchpoint or ""),
            "name": row.touchpoint,
            "asked": asked.get(row.instrument or ""),
            "row": row,
        }
        for row in rows
    ]


def live(request: HttpRequest) -> HttpResponse:
    """The feed alone, asked for again and again."""
    return render(request, "web/live.html", {"ask": request.ask, "live": live_rows(request.ask)})


def page(template: str, **more: Any) -> Any:
    """A page that is nothing but its figures."""

    def view(request: HttpRequest) -> HttpResponse:
        return render(request, template, {"ask": request.ask, **more})

    return view


def worth(request: HttpRequest) -> HttpResponse:
    """What experience is worth, and what would change without a problem."""
    ask: Ask = request.ask
    asked = () if FIGURES["what-if"].forbids(ask) else findings(ask.everyone, "regression").rows
    rows = [row for row in asked if not row.lowers.hidden]
    values = {
        "ask": ask,
        "findings": [
            (row.name, f"{row.label}: {PROBLEMS[row.name.partition(':')[0]]}") for row in rows
        ],
        "removed": ask.number("removed", 100, 10, 100),
    }
    return render(request, "web/worth.html", values)


ROUTES = (
    Route("", overview, "overview", "see"),
    Route("live", live, "live", "dig", polled=True),
    Route(
        "feeling",
        page(
            "web/feeling.html",
            breakdowns=[(by, BY[by]) for by in BREAKDOWNS],
            everybody=[(by, BY[by]) for by in metrics.POPULATION_BY],
            weights=list(WEIGHTED.items()),
        ),
        "feeling",
        "see",
    ),
    Route("drivers", page("web/drivers.html"), "drivers", "see"),
    Route("worth", worth, "worth", "see"),
)
