"""The import wizard: drop a file, say what it is, match its columns, review, import."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from everytouch.collect.api import ROW_KINDS, Plan
from everytouch.errors import EverytouchError, SourceError
from everytouch.settings import TIMEZONES
from everytouch.web import uploads
from everytouch.web.models import Job
from everytouch.web.routes import Route
from everytouch.web.shell import note
from everytouch.web.wizard.apart import reviewed
from everytouch.web.wizard.causes import RECORDS, fixed, shown
from everytouch.web.wizard.editing import METRICS, Editor
from everytouch.web.wizard.reading import read_post
from everytouch.web.wizard.showing import GROUPS, USES, mapping_of
from everytouch.web.wizard.state import Upload, begin, resume

KINDS: dict[str, Any] = {
    "responses": lazy("Responses to a survey, or reviews"),
    "interactions": lazy("Interactions: orders, visits, calls …"),
    "both": lazy("Interactions with responses, such as rated tickets"),
    "customers": lazy("Customers and what describes them"),
}
SPACES = ("email", "phone", "customer_no", "device", "anonymous")
OBJECTS = ("order", "case", "session", "ticket", "invoice")


def limit() -> int:
    """Largest upload, in MB."""
    return int(settings.CONFIG.upload_mb)


def upload(request: HttpRequest) -> HttpResponse:
    """Take a file and recognise it; nothing is stored in the ledger yet."""
    file = request.FILES.get("file")
    if getattr(request, "too_large", False):
        raise SourceError(
            _("The file is larger than %(limit)s MB") % {"limit": limit()},
            _("split it, or import it on the command line: everytouch import"),
        )
    if file is None or not file.size:
        raise SourceError(
            _("No file arrived, or an empty one"), _("choose a file with at least a header")
        )
    code, _name = uploads.keep(file, str(request.user.pk))
    try:
        begin(code, request.ask.workspace)
    except EverytouchError:
        uploads.drop(code)
        raise
    return redirect(f"/uploads/{code}")


def match(request: HttpRequest, code: str) -> HttpResponse:
    """Show how a file would be imported, and change it."""
    workspace, wrong = request.ask.workspace, ""
    found = resume(code, workspace)
    if request.method == "POST":
        if request.POST.get("do") == "afresh":
            begin(code, workspace, afresh=True)
            return redirect(f"/uploads/{code}")
        if request.POST.get("do") == "discard":
            uploads.drop(code)
            return redirect("/sources")
        found, wrong = _changed(request, found)
        if request.POST.get("do") == "import" and not wrong:
            return _queue(request, found)
        if not _part(request) and not wrong:
            return redirect(f"/uploads/{code}")
    return _page(request, found, wrong)


def _part(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request") == "true")


def _changed(request: HttpRequest, found: Upload) -> tuple[Upload, str]:
    try:
        plan = read_post(found, request.POST, request.ask.workspace.catalogue)
    except SourceError as error:
        return found, str(error)
    return (found.changed(plan).save() if plan != found.plan else found), ""


def _page(request: HttpRequest, found: Upload, wrong: str = "") -> HttpResponse:
    ask = request.ask
    known, plan = ask.workspace.catalogue, found.plan
    editors = [Editor(found, plan, number, known) for number in range(len(plan.mappings))]
    mappings = [mapping_of(one, ask.workspace.settings.currency) for one in editors]
    values = {
        "ask": ask,
        "upload": found,
        "plan": plan,
        "file": found.path.name,
        "wrong": wrong,
        "mappings": mappings,
        "ready": not any(one["gaps"] for one in mappings),
        "kinds": [(name, KINDS[name]) for name in ROW_KINDS],
        "groups": [(title, [(use, USES[use]) for use in uses]) for title, uses in GROUPS],
        "metrics": METRICS,
        "instruments": [(f"q:{n}", one.label) for n, one in known.instruments.items()],
        "stages": known.stages,
        "channels": sorted({one.channel for one in known.touchpoints.values()} - {""}),
        "timezones": TIMEZONES,
        "spaces": SPACES,
        "objects": OBJECTS,
        "currency": ask.workspace.settings.currency,
    }
    template = "web/wizard/body.html" if _part(request) else "web/wizard/page.html"
    return render(request, template, values, status=422 if wrong and not _part(request) else 200)


def review(request: HttpRequest, code: str) -> HttpResponse:
    """Show what an import would do with the rows; a POST fixes one cause for all its rows."""
    workspace = request.ask.workspace
    found = resume(code, workspace)
    if request.method == "POST":
        plan: Plan = fixed(found, request.POST, workspace.catalogue)
        found = found.changed(plan).save()
        return _page(request, found) if _part(request) else redirect(f"/uploads/{code}/review")
    tried, wrong, causes = None, "", []
    try:
        tried = reviewed(workspace, found.plan)
        found.keep_causes(tried.causes)
        causes = shown(found, tried.causes, workspace.catalogue)
    except SourceError as error:
        wrong = (
            str(error)
            if "SELECT" not in str(error)
            else _("The columns cannot be used this way. Change what they are used for.")
        )
    values = {
        "ask": request.ask,
        "upload": found,
        "file": found.path.name,
        "tried": tried,
        "good": [(RECORDS[k], n) for k, n in tried.good.items()] if tried else [],
        "broken": sum(tried.broken.values()) if tried else 0,
        "causes": causes,
        "wrong": wrong,
        "left_out": list(tried.left_out.items()) if tried else (),
    }
    template = "web/wizard/review.html" if _part(request) else "web/wizard/reviewed.html"
    return render(request, template, values)


def toml(request: HttpRequest, code: str) -> HttpResponse:
    """The mapping as a source file for the command line."""
    found = resume(code, request.ask.workspace)
    text = request.ask.workspace.plan_toml(found.plan)
    response = HttpResponse(text, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="source.toml"'
    return response


def _queue(request: HttpRequest, found: Upload) -> HttpResponse:
    job = Job.queue("import", request.user, code=found.code, file=found.path.name)
    note(request, "start import", f"job {job.pk}, {found.path.name}")
    return redirect(f"/jobs/{job.pk}")


ROUTES = (
    Route("uploads", upload, "upload", "sources", writes="sources", acts=True),
    Route(
        "uploads/<str:code>",
        match,
        "upload-match",
        "sources",
        writes="sources",
        quiet="what is chosen changes nothing before the import, which writes a line",
    ),
    Route(
        "uploads/<str:code>/review",
        review,
        "upload-review",
        "sources",
        writes="sources",
        quiet="a fix changes nothing before the import, which writes a line",
    ),
    Route("uploads/<str:code>/source.toml", toml, "upload-toml", "sources"),
)
