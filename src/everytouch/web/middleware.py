"""What every answer goes through: headers, the visitor's preferences, failures in words."""

import logging
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from everytouch.errors import EverytouchError
from everytouch.settings import TIMEZONES
from everytouch.web.errors import failed, problem
from everytouch.web.sessions import outlived, touch
from everytouch.web.shell import note

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
        if settings.SECURE_HSTS_SECONDS and request.is_secure():  # of refusals, too
            response.headers.setdefault(
                "Strict-Transport-Security",
                f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload",
            )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        return response

    return middleware


def encrypted(answer: Answer) -> Answer:
    """Refuse a program that sends its token in the clear; led to https it would go on doing so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        clear = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if clear and request.path.startswith("/api/") and request.get_host():  # a host of ours
            return problem(403, "send it by https; a token that was sent is known now")
        return answer(request)

    return middleware


def preferences(answer: Answer) -> Answer:
    """The visitor's language and time zone: their own choice, or the browser's, or the default."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        language = getattr(user, "language", "") or translation.get_language_from_request(request)
        zone = getattr(user, "timezone", "") or request.COOKIES.get(
            f"{settings.COOKIE_PREFIX}timezone", ""
        )
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

    What a page asks by itself, again and again, is nobody's doing and keeps nothing alive. In any
    case it ends ``session_days`` after signing in. Who signed out leaves nothing in the browser.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if outlived(request):
            logout(request)
        response = answer(request)
        if getattr(request, "signed_out", False):
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def process_view(request: HttpRequest, view: Any, *_: Any) -> None:
        if getattr(view, "polled", False) or not request.user.is_authenticated:
            return
        touch(request, SEEN)

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
    """What goes wrong is said in words: what, which value, the remedy; refusals are logged."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if response.status_code == 403 and request.user.is_authenticated:
            name = request.resolver_match.view_name if request.resolver_match else "no address"
            note(request, "refused", f"{request.method} {name}")
        return response

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, EverytouchError):
            return failed(request, error)
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _signed_out(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        request.signed_out = True


user_logged_out.connect(_signed_out, dispatch_uid="everytouch signed out")
