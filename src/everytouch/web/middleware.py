"""What every answer goes through: headers, the visitor's preferences, failures in words."""

import logging
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from everytouch.errors import EverytouchError
from everytouch.settings import TIMEZONES
from everytouch.web.errors import failed

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("everytouch.web")

SEEN = 60  # seconds between two notes that somebody is there
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # widths of bars, sizes of charts: no script
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)


def headers(answer: Answer) -> Answer:
    """Content security, and no copies of pages kept anywhere."""
    forms = " ".join(["form-action", "'self'", *settings.CONFIG.origins])  # single sign-on
    policy = f"{POLICY}; {forms}"

    def middleware(request: HttpRequest) -> HttpResponse:
        request.LANGUAGE_CODE = settings.LANGUAGE_CODE  # of who is refused before we know theirs
        response = answer(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        return response

    return middleware


def preferences(answer: Answer) -> Answer:
    """The visitor's language and time zone: their own choice, or the browser's, or the default."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        language = getattr(user, "language", "") or translation.get_language_from_request(request)
        zone = getattr(user, "timezone", "") or request.COOKIES.get("timezone", "")
        with translation.override(language), timezone.override(_zone(zone)):
            request.LANGUAGE_CODE = translation.get_language()
            response = answer(request)
            response.headers.setdefault("Content-Language", language)
            return response

    return middleware


def _zone(name: str) -> zoneinfo.ZoneInfo:
    known = name in TIMEZONES
    return zoneinfo.ZoneInfo(name if known else settings.TIME_ZONE)


def seen(answer: Answer) -> Answer:
    """Keep a session while somebody is there; it ends ``session_hours`` after the last page.

    What a page asks by itself, again and again, is nobody's doing and keeps nothing alive.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_view(request: HttpRequest, view: Any, *_: Any) -> None:
        if getattr(view, "polled", False) or not request.user.is_authenticated:
            return
        now = int(timezone.now().timestamp())
        if now - request.session.get("seen", 0) >= SEEN:
            request.session["seen"] = now  # it is saved, and lasts anew from now on

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def heads(answer: Answer) -> Answer:
    """HEAD is answered as GET is; views of the API know GET only. The server sends no body."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD" or not request.path.startswith("/api/"):
            return answer(request)
        request.method = "GET"
        try:
            return answer(request)
        finally:
            request.method = "HEAD"

    return middleware


def failures(answer: Answer) -> Answer:
    """What goes wrong is said in words: what, which value, the remedy."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, EverytouchError):
            return failed(request, error)
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware
