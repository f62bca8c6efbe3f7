"""The moments behind a number."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from everytouch.trails.api import Glimpse, Wanted
from everytouch.web.ask import Ask
from everytouch.web.figures.improve import findings
from everytouch.web.routes import Route
from everytouch.workspace.people import party_name

LIMIT = 100
KINDS = {"interaction": 0, "perception": 1}


def wanted(ask: Ask) -> Wanted:
    """What the address asks for beside the filters."""
    return Wanted(
        kind=KINDS.get(ask.options.get("kind", "")),
        instrument=ask.options.get("instrument") or None,
        outcome=ask.options.get("outcome") or None,
    )


def moments(request: HttpRequest) -> HttpResponse:
    """The newest moments of a question."""
    ask: Ask = request.ask
    asked = wanted(ask)
    glimpses = ask.workspace.newest(asked, ask.scope, limit=LIMIT)
    values = _listed(ask, glimpses, f"moments of {ask.query() or 'everything'}")
    return render(request, "web/moments.html", values)


def finding(request: HttpRequest, name: str) -> HttpResponse:
    """The newest moments behind a finding."""
    ask: Ask = request.ask
    row = next((row for row in findings(ask).rows if row.name == name), None)
    trail = ask.workspace.moments_behind(name, LIMIT, ask.scope)
    values = {
        "ask": ask,
        "finding": row,
        "name": name,
        "rows": [(moment, _party(ask, moment)) for moment in reversed(trail.rows)],
        "basis": trail.basis,
        "currency": ask.workspace.settings.currency,
    }
    return render(request, "web/moments.html", values)


def _listed(ask: Ask, glimpses: list[Glimpse], what: str) -> dict[str, Any]:
    trail = ask.workspace.moments(glimpses, what)
    return {
        "ask": ask,
        "rows": [(moment, _party(ask, moment)) for moment in reversed(trail.rows)],
        "basis": trail.basis,
    }


def _party(ask: Ask, moment: Any) -> str:
    return party_name(ask.workspace.find(moment.identifier)) if "people" in ask.rights else ""


ROUTES = (
    Route("moments", moments, "moments", "dig"),
    Route("findings/<str:name>", finding, "finding", "dig"),
)
