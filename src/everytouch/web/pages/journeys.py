"""Journeys as they were observed."""

from everytouch.web.pages.overview import page
from everytouch.web.routes import Route
from everytouch.web.words import EVERY, UNITS

ROUTES = (
    Route(
        "journeys",
        page("web/journeys.html", units=list(UNITS.items()), every=list(EVERY.items())),
        "journeys",
        "see",
    ),
)
