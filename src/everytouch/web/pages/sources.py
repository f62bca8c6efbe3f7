"""Sources: what came in, bringing a file in, jobs and their progress."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from everytouch.web.ask import Ask
from everytouch.web.models import Job
from everytouch.web.pages.collector import just_in
from everytouch.web.pages.schedules import listed
from everytouch.web.pages.wizard import limit
from everytouch.web.routes import Route
from everytouch.web.uploads import ENDINGS

TABLES = (
    "interactions",
    "perceptions",
    "links",
    "traits",
    "consents",
    "quarantine",
    "conflicts",
    "imports",
)


def sources(request: HttpRequest) -> HttpResponse:
    """What every source has brought, and what is under way."""
    ask: Ask = request.ask
    rows = ask.stored("status", TABLES, ask.workspace.status)
    values = {
        "ask": ask,
        "rows": rows,
        "held": sum(row.quarantined for row in rows),
        "conflicts": sum(row.conflicts for row in rows),
        "jobs": Job.objects.filter(kind__in=("import", "replay")).order_by("-created_at")[:8],
        "formats": ",".join(ENDINGS),
        "limit": limit(),
        "verified": ask.workspace.last_verified(),
        **just_in(ask),
        **listed(ask),
    }
    return render(request, "web/sources.html", values)


def job(request: HttpRequest, number: int) -> HttpResponse:
    """A job: how far it is, what became of it. Others than owners see their own, and imports."""
    found = Job.objects.filter(pk=number).select_related("user").first()
    mine = found is not None and (found.user_id == request.user.pk or request.user.role == "owner")
    if found is None or not (mine or found.kind in ("import", "replay")):
        raise Http404(_("There is no such job."))
    part = request.headers.get("HX-Request") == "true"
    values = {"ask": request.ask, "job": found}
    return render(request, "web/progress.html" if part else "web/job.html", values)


ROUTES = (
    Route("sources", sources, "sources", "sources"),
    Route("jobs/<int:number>", job, "job", "sources", polled=True),
)
