"""Sources: what came in, bringing a file in with the mapping shown and tried, jobs and progress."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.collect.api import FORMATS, Preview
from everytouch.errors import SourceError
from everytouch.moments.api import COLUMNS, Kind
from everytouch.settings import TIMEZONES
from everytouch.web import mapping, uploads
from everytouch.web.ask import Ask
from everytouch.web.mapping import ENCODINGS, KINDS, ROW, Mapping
from everytouch.web.models import Job
from everytouch.web.pages.collector import just_in
from everytouch.web.pages.schedules import listed
from everytouch.web.routes import Route

REASONS = 8
TABLES = ("interactions", "perceptions", "links", "traits", "quarantine", "conflicts", "imports")


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
        "formats": ",".join(FORMATS),
        "limit": request_limit(),
        **just_in(ask),
        **listed(ask),
    }
    return render(request, "web/sources.html", values)


def request_limit() -> int:
    """Largest upload, in MB."""
    return int(settings.CONFIG.upload_mb)


def upload(request: HttpRequest) -> HttpResponse:
    """Take a file; nothing is stored yet."""
    file = request.FILES.get("file")
    if getattr(request, "too_large", False):
        raise SourceError(
            f"the file is larger than {request_limit()} MB",
            "part it, or import it on the command line: everytouch import",
        )
    if file is None or not file.size:
        raise SourceError("no file came, or an empty one", "choose a file with at least a header")
    code, _name = uploads.keep(file)
    return redirect(f"/uploads/{code}")


def _file(code: str) -> Path:
    folder = uploads.folder_of(code)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    if not found:
        raise Http404(_("This upload is gone. Upload the file again."))
    return found[0]


def _look(request: HttpRequest, path: Path, post: Any) -> Preview:
    encoding = post.get("encoding", "utf-8")
    given = mapping.input_of(
        path, encoding if encoding in ENCODINGS else "utf-8", post.get("delimiter", "")[:1]
    )
    found: Preview = request.ask.workspace.preview(given)
    return found


def mapped(request: HttpRequest, code: str) -> HttpResponse:
    """Show the mapping; try it; import with it."""
    ask, path = request.ask, _file(code)
    post = request.POST if request.method == "POST" else request.GET
    look = _look(request, path, post)
    wrong, trial, made = "", None, None
    kind: Kind = post.get("kind") if post.get("kind") in KINDS else _likely_kind(look)
    again = "source" in post and post.get("guess") != "again"
    choices = {} if again else mapping.guess(kind, look.columns, ask.workspace.catalogue)
    if again:
        try:
            made = mapping.read_post(post, look.columns)
            choices = made.choices
            if post.get("do") == "import":
                return _queue(request, code, path, made)
            trial = ask.workspace.trial(made.made(path))
        except SourceError as error:
            wrong = str(error)
    values = {
        "ask": ask,
        "code": code,
        "file": path.name,
        "look": look,
        "kind": kind,
        "kinds": KINDS,
        "source": post.get("source") or path.name.split(".")[0].replace("_", " "),
        "timezone": post.get("timezone") or ask.workspace.settings.timezone,
        "timezones": TIMEZONES,
        "encoding": post.get("encoding", "utf-8"),
        "encodings": ENCODINGS,
        "delimiter": post.get("delimiter", ""),
        "fields": [_field(c, choices.get(c.name), ask) for c in COLUMNS[kind]],
        "ROW": ROW,
        "sql": made.sql() if made else "",
        "wrong": wrong,
        "trial": trial,
        "broken": _reasons(trial),
    }
    template = (
        "web/trial.html" if request.headers.get("HX-Request") == "true" else "web/upload.html"
    )
    return render(request, template, values)


def _likely_kind(look: Preview) -> Kind:
    low = {name.lower() for name in look.columns}
    return (
        "perceptions"
        if low & {"raw", "score", "rating", "nps", "csat", "stars"}
        else "interactions"
    )


def _field(column: Any, choice: Any, ask: Ask) -> dict[str, Any]:
    known = ask.workspace.catalogue
    suggestions: dict[str, Any] = {"touchpoint": known.touchpoints, "instrument": known.instruments}
    return {
        "column": column,
        "chosen": ("=" if choice.constant else choice.column) if choice else "",
        "constant": choice.constant if choice else "",
        "suggestions": list(suggestions.get(column.name, ())),
    }


def _reasons(trial: Any) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for _row, reason in trial.broken if trial else ():
        counts[reason] = counts.get(reason, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])[:REASONS]


def _queue(request: HttpRequest, code: str, path: Path, made: Mapping) -> HttpResponse:
    payload = {"code": code, "file": path.name, "mapping": made.to_json()}
    job = Job.objects.create(kind="import", user=request.user, payload=payload)
    return redirect(f"/jobs/{job.pk}")


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
    Route("uploads", upload, "upload", "sources", writes="sources", acts=True),
    Route("uploads/<str:code>", mapped, "upload-mapped", "sources", writes="sources"),
    Route("jobs/<int:number>", job, "job", "sources"),
)
