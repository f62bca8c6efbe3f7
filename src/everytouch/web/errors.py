"""Failures as pages, as parts of pages, and as problem+json."""

import json
from http.client import responses
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from everytouch.errors import (
    BusyError,
    CatalogueError,
    ConfirmationError,
    EverytouchError,
    ForbiddenError,
    LedgerError,
    NotEnoughDataError,
    SettingError,
    SourceError,
    UnknownNameError,
    WorkspaceError,
)
from everytouch.web.waiting import GoneError

STATUS: dict[type[EverytouchError], int] = {
    UnknownNameError: 404,
    ConfirmationError: 409,
    ForbiddenError: 403,
    NotEnoughDataError: 422,
    CatalogueError: 422,
    SourceError: 422,
    SettingError: 422,
    WorkspaceError: 503,
    LedgerError: 503,
    BusyError: 503,
}


def problem(status: int, detail: str = "", **more: Any) -> HttpResponse:
    """An answer of RFC 9457; its title is that of the status, so no name from inside shows."""
    title = responses.get(status, "Refused")
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


def status_of(error: EverytouchError) -> int:
    """The HTTP status of one of our errors."""
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)


def failed(request: HttpRequest, error: EverytouchError) -> HttpResponse:
    """One of our errors, as the visitor can read it."""
    status = status_of(error)
    response = _failed(request, status, error)
    if isinstance(error, GoneError):
        response._has_been_logged = True  # Django would call it an error
    elif isinstance(error, BusyError):
        response["Retry-After"] = "5"
    return response


def _failed(request: HttpRequest, status: int, error: EverytouchError) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(status, error.what, remedy=error.remedy)
    return said(request, status, error.what, error.remedy)


def said(request: HttpRequest, status: int, what: str, remedy: str = "") -> HttpResponse:
    """A page, or for htmx a part of one, that says what is wrong and what to do."""
    part = request.headers.get("HX-Request") == "true"
    template = "web/problem.html" if part else "web/error.html"
    return render(
        request, template, {"status": status, "what": what, "remedy": remedy}, status=status
    )


def refused(request: HttpRequest) -> HttpResponse:
    """The visitor may not."""
    if request.path.startswith("/api/"):
        return problem(403, "your role or token does not allow this")
    return said(request, 403, _("You may not open this."), _("Ask an owner for the role that can."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """There is no such page."""
    if request.path.startswith("/api/"):
        return problem(404, f"there is nothing at {request.path}")
    why = str(exception) if isinstance(exception, Http404) and exception.args else ""
    return said(
        request,
        404,
        why if why and "{" not in why else _("There is no such page."),
        _("Go back, or search with Ctrl-K."),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The request makes no sense, is for another host, or is too large."""
    status, what, remedy = 400, _("This request cannot be read."), str(exception or "")
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1000
        status, what = 413, _("This request is too large.")
        remedy = _("Send %(most)d kB at most; upload files on the page Sources.") % {"most": most}
    elif isinstance(exception, DisallowedHost):
        what = _("Everytouch does not answer to this host name.")
        remedy = _("Name the host in web.hosts of everytouch.toml.")
    if request.path.startswith("/api/"):
        return problem(status, str(what), remedy=str(remedy))
    return said(request, status, what, remedy)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our mistake."""
    if request.path.startswith("/api/"):
        return problem(500, "the server's log says more")
    return said(
        request, 500, _("Something went wrong here."), _("The server's log says more. Try again.")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was not ours, or is too old."""
    if request.path.startswith("/api/"):
        return problem(403, reason)
    return said(
        request, 403, _("This form is no longer valid."), _("Reload the page, then try again.")
    )
