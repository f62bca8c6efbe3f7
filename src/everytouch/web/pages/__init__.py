"""All pages. A new one is a file with its ROUTES here, a template, and a line of navigation."""

from everytouch.web.pages import (
    catalogue,
    collector,
    entrance,
    figures,
    initiatives,
    journeys,
    maps,
    moments,
    organisation,
    overview,
    people,
    preferences,
    quarantine,
    segments,
    sharing,
    sources,
    team,
    touchpoints,
)
from everytouch.web.routes import Route

ROUTES: tuple[Route, ...] = (
    *overview.ROUTES,
    *touchpoints.ROUTES,
    *journeys.ROUTES,
    *maps.ROUTES,
    *people.ROUTES,
    *segments.ROUTES,
    *initiatives.ROUTES,
    *moments.ROUTES,
    *sources.ROUTES,
    *quarantine.ROUTES,
    *catalogue.ROUTES,
    *collector.ROUTES,
    *preferences.ROUTES,
    *organisation.ROUTES,
    *team.ROUTES,
    *sharing.ROUTES,
    *figures.ROUTES,
    *entrance.ROUTES,
)
