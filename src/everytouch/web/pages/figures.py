"""Figures by themselves: as part of a page, as CSV, as XLSX; the report; the command palette."""

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _

from everytouch.web.ask import Ask
from everytouch.web.export import as_csv, as_xlsx
from everytouch.web.figure import Spec
from everytouch.web.figures import FIGURES
from everytouch.web.pool import POOL
from everytouch.web.routes import Route
from everytouch.web.shell import NAVIGATION, note

REPORT = 10.0  # times as long as an answer: it has all of them
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _spec(name: str) -> Spec:
    if name not in FIGURES:
        raise Http404(_("There is no such figure."))
    return FIGURES[name]


def part(request: HttpRequest, name: str) -> HttpResponse:
    """A figure as the pages include it."""
    spec = _spec(name)
    values = {"ask": request.ask, "spec": spec, "figure": spec.of(request.ask)}
    if request.headers.get("HX-Request") != "true":
        return render(request, "web/alone.html", values)
    response = render(request, "web/figure.html", values)
    if spec.options and request.ask.options.get(request.headers.get("HX-Trigger-Name", "")):
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        response["HX-Replace-Url"] = f"{page}?{request.ask.query()}"
    return response


def download(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """A figure to take away."""
    spec = _spec(name)
    figure, title = spec.of(request.ask), str(spec.title)
    note(request, "export figure", f"{name}.{kind} {request.ask.query()}".strip()[:500])
    if kind == "csv":
        response = HttpResponse(as_csv(figure), content_type="text/csv; charset=utf-8")
    elif kind == "xlsx":
        body = as_xlsx(figure, title, request.build_absolute_uri())
        response = HttpResponse(body, content_type=XLSX)
    else:
        raise Http404(_("There is no such form."))
    response["Content-Disposition"] = f'attachment; filename="{slugify(title) or name}.{kind}"'
    return response


def report(request: HttpRequest) -> HttpResponse:
    """The findings as one HTML file to send."""
    note(request, "export report", "html")
    body = POOL.patiently(REPORT, _written, request.ask)
    response = HttpResponse(body, content_type="text/html; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="report.html"'
    return response


def _written(ask: Ask) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return ask.workspace.report(Path(folder) / "report.html").read_bytes()


def palette(request: HttpRequest) -> JsonResponse:
    """What Ctrl-K finds: pages, touchpoints, segments."""
    ask, known = request.ask, request.ask.workspace.catalogue
    found: list[dict[str, Any]] = [
        {"title": str(entry.title), "kind": _("page"), "address": entry.address}
        for entry in NAVIGATION
        if entry.need in ask.rights
    ]
    found += [
        {"title": point.label, "kind": _("touchpoint"), "address": f"/touchpoints/{point.name}"}
        for point in known.touchpoints.values()
        if ask.only is None or point.name in ask.only
    ]
    found += [
        {"title": one.label, "kind": _("segment"), "address": f"/?segment={one.name}"}
        for one in known.segments.values()
    ]
    return JsonResponse({"found": found})


ROUTES = (
    Route("figures/<slug:name>", part, "figure", "see"),
    Route("figures/<slug:name>.<str:kind>", download, "figure-download", "see"),
    Route("report.html", report, "report", "dig"),
    Route("palette.json", palette, "palette", "see"),
)
