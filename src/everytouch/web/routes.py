"""Every address of the app, who may open it, and by which method: the one table."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from everytouch.web.access import PUBLIC, may
from everytouch.web.errors import refused
from everytouch.web.shell import ask_of
from everytouch.web.witness import PERSONAL, witnessed

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Route:
    """One address.

    Attributes:
        need: a right, or PUBLIC, or SIGNED_IN.
        writes: the right that a POST needs; no POST is answered without one.
        reads: it shows single records, so that opening it is logged, whatever right it needs.
        acts: it only acts, so that a GET finds nothing to show.
        polled: a page asks for it again and again, whether or not somebody is there.
        quiet: why the audit log needs no line of it beside those that its view writes.
    """

    path: str
    view: View
    name: str
    need: str
    writes: str = ""
    acts: bool = False
    reads: bool = False
    quiet: str = ""
    polled: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """What it answers to."""
        return (*(() if self.acts else ("GET", "HEAD")), *(("POST",) if self.writes else ()))

    def guarded(self) -> View:
        """The view behind its guard, with the question it is asked as ``request.ask``."""

        @wraps(self.view)
        def view(request: HttpRequest, **given: Any) -> HttpResponse:
            reading = request.method in ("GET", "HEAD")
            if request.method not in self.methods:
                return HttpResponseNotAllowed(self.methods)
            need = self.need if reading else self.writes
            if not may(request.user, need):
                return _turned_away(request)
            if need != PUBLIC:
                request.ask = ask_of(request)
            if self.quiet:
                return self.view(request, **given)
            reads = self.reads or self.need in PERSONAL
            return witnessed(request, self.name, reads, self.view, **given)

        view.polled = self.polled  # type: ignore[attr-defined]
        return view


def _turned_away(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return refused(request)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": "/accounts/login/"})
    return redirect_to_login(request.get_full_path())
