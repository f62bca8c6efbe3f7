"""Journeys as they were observed."""

from everytouch.web.pages.overview import page
from everytouch.web.routes import Route
from everytouch.web.words import UNITS

ROUTES = (
    Route("journeys", page("web/journeys.html", units=list(UNITS.items())), "journeys", "see"),
)
