"""What every page carries: navigation, the visitor's rights, preferences."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as lazy

from everytouch.ledger.api import Actor, audit
from everytouch.web.access import rights
from everytouch.web.ask import Ask, Filters
from everytouch.workspace import Workspace, open_workspace


@dataclass(frozen=True)
class Entry:
    """A page of the navigation.

    Attributes:
        also: where the addresses of pages begin that belong to it.
    """

    address: str
    title: Any
    icon: str
    need: str = "see"
    also: tuple[str, ...] = ()


LONGEST = 1_000  # of what an address chooses


NAVIGATION = (
    Entry("/", lazy("Overview"), "home"),
    Entry("/touchpoints", lazy("Touchpoints"), "map-pin"),
    Entry("/journeys", lazy("Journeys"), "route", also=("/maps",)),
    Entry("/people", lazy("People"), "users", "people"),
    Entry("/segments", lazy("Segments and personas"), "users-group", also=("/personas",)),
    Entry("/feeling", lazy("Feeling"), "mood-smile"),
    Entry("/drivers", lazy("Drivers"), "chart-dots"),
    Entry("/worth", lazy("Worth"), "coin"),
    Entry("/worked", lazy("Did it work"), "circle-check", also=("/initiatives",)),
    Entry(
        "/sources",
        lazy("Sources"),
        "database-import",
        "sources",
        ("/quarantine", "/conflicts", "/rules", "/uploads", "/jobs"),
    ),
    Entry("/settings", lazy("Settings"), "settings", "see"),
)


SHAREABLE = {
    "/": "web/overview.html",
    "/touchpoints": "web/touchpoints.html",
    "/journeys": "web/journeys.html",
    "/feeling": "web/feeling.html",
    "/drivers": "web/drivers.html",
    "/worth": "web/worth.html",
    "/worked": "web/worked.html",
}
"""Pages that may be shared by a link, and their templates."""


def workspace_for(user: Any) -> Workspace:
    """The workspace, on behalf of a user."""
    opened = open_workspace(settings.WORKSPACE)
    return Workspace(opened.path, who=actor(user, "app"), stale=True, pinned=True)


def actor(user: Any, otherwise: str) -> Actor:
    """Who acts, for the audit log."""
    if not getattr(user, "email", ""):
        return Actor(otherwise)
    return Actor(user.email, str(user.pk), user.name)


def places_of(user: Any, workspace: Workspace) -> frozenset[str] | None:
    """Touchpoints a manager answers for; None for everybody else."""
    if getattr(user, "role", "") != "manager":
        return None
    points = workspace.catalogue.touchpoints.values()
    return frozenset(
        point.name
        for point in points
        if (point.owner and point.owner in user.departments) or point.name in user.touchpoints
    )


def ask_of(request: HttpRequest, filters: Filters | None = None) -> Ask:
    """The question of a request."""
    workspace = workspace_for(request.user)
    return Ask(
        workspace,
        Filters.parse(request.GET) if filters is None else filters,
        places_of(request.user, workspace),
        rights(request.user),
        {name: value[:LONGEST] for name, value in request.GET.items()},
        getattr(request, "LANGUAGE_CODE", "en"),
    )


def note(request: HttpRequest, action: str, subject: str, user: Any = None) -> None:
    """Add a line to the audit log on behalf of the visitor, or of ``user``."""
    audit(settings.WORKSPACE, action, subject, actor(user or request.user, "nobody"))


def context(request: HttpRequest) -> dict[str, Any]:
    """For every template."""
    user = getattr(request, "user", None)
    mine = rights(user) if user is not None else frozenset()
    language = getattr(request, "LANGUAGE_CODE", "en")
    bidi = get_language_info(language)["bidi"]
    return {
        "navigation": [entry for entry in NAVIGATION if entry.need in mine],
        "rights": mine,
        "here": "/" + request.path.strip("/").split("/")[0],
        "theme": getattr(user, "theme", "") or "auto",
        "direction": getattr(user, "direction", "") or ("rtl" if bidi else "ltr"),
        "demo": settings.CONFIG.demo,
        "mail": bool(settings.CONFIG.mail),
        "shareable": request.path in SHAREABLE,
    }
