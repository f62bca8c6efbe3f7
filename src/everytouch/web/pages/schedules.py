"""Scheduled sources: the list, adding one of each kind, testing, running and pausing."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.errors import EverytouchError, SourceError
from everytouch.web.ask import Ask
from everytouch.web.routes import Route
from everytouch.web.schedule_forms import FORMS, ScheduleForm
from everytouch.workspace import Workspace
from everytouch.workspace.scheduling import Scheduled

LONGEST, RUNS = 200_000, 20


def listed(ask: Ask) -> dict[str, Any]:
    """What the list of scheduled sources shows."""
    found = ask.workspace.scheduled()
    return {
        "scheduled": [(one, _title(one)) for one in found],
        "fetched_kinds": [(kind, form.TITLE) for kind, form in FORMS.items()],
    }


def _title(one: Scheduled) -> Any:
    return FORMS[one.kind].TITLE if one.kind in FORMS else ""


def schedules(request: HttpRequest) -> HttpResponse:
    """The list alone, asked for again and again."""
    return render(request, "web/schedules.html", {"ask": request.ask, **listed(request.ask)})


def new(request: HttpRequest) -> HttpResponse:
    """Add a source: a form for its kind."""
    workspace: Workspace = request.ask.workspace
    kind = request.GET.get("kind", "")
    if kind not in FORMS:
        raise Http404(_("There is no such kind of source."))
    post = request.POST if request.method == "POST" else None
    form = FORMS[kind](post, initial={"timezone": workspace.settings.timezone})
    wrong = ""
    if post is not None and form.is_valid():
        if post.get("do") == "test":
            return _tested(request, form.cleaned_data["name"], form.source())
        try:
            return _added(request, form)
        except EverytouchError as error:
            wrong = str(error)
    elif post is not None and post.get("do") == "test":
        return _said(request, _("Fill in the required fields first."), "")
    values = {"ask": request.ask, "form": form, "kind": kind, "wrong": wrong}
    status = 200 if post is None else 422
    return render(request, "web/schedule_new.html", values, status=status)


def _added(request: HttpRequest, form: ScheduleForm) -> HttpResponse:
    name = form.cleaned_data["name"]
    request.ask.workspace.save_scheduled(name, form.source(), new=True)
    messages.success(request, _("The source is scheduled. Its first run begins at once."))
    return redirect(f"/sources/scheduled/{name}")


def _tested(request: HttpRequest, name: str, text: str) -> HttpResponse:
    """Show the first rows of a source, and what they would be."""
    try:
        found = request.ask.workspace.test_scheduled(name, text)
    except EverytouchError as error:
        return _said(request, error.what, error.remedy)
    reasons: dict[str, int] = {}
    for _row, reason in found.trial.broken if found.trial else ():
        reasons[reason] = reasons.get(reason, 0) + 1
    values = {"look": found.preview, "trial": found.trial, "broken": reasons.items()}
    return render(request, "web/schedule_tested.html", values)


def _said(request: HttpRequest, what: str, remedy: str) -> HttpResponse:
    """Say why a test failed; htmx shows it in place, so it is an answer like any other."""
    return render(request, "web/schedule_tested.html", {"what": what, "remedy": remedy})


def one(request: HttpRequest, name: str) -> HttpResponse:
    """A source: its runs, its file, and what can be done with it."""
    workspace: Workspace = request.ask.workspace
    found, wrong = workspace.scheduled_source(name), ""
    text = workspace.scheduled_text(name)
    if request.method == "POST":
        text = request.POST.get("text", text)[:LONGEST].replace("\r\n", "\n")
        if request.POST.get("do") == "test":
            return _tested(request, name, text)
        try:
            return _act(request, name, text)
        except EverytouchError as error:
            wrong = str(error)
    values = {
        "ask": request.ask,
        "source": found,
        "title": _title(found),
        "runs": workspace.runs(name, RUNS),
        "text": text,
        "wrong": wrong,
    }
    return render(request, "web/schedule.html", values, status=422 if wrong else 200)


def _act(request: HttpRequest, name: str, text: str) -> HttpResponse:
    """Do what a button says."""
    workspace: Workspace = request.ask.workspace
    actions: dict[str, tuple[Callable[[], None], str]] = {
        "run": (lambda: workspace.request_run(name), _("The source runs as soon as it can.")),
        "pause": (lambda: workspace.pause_scheduled(name), _("The source is paused.")),
        "resume": (lambda: workspace.pause_scheduled(name, False), _("The source runs again.")),
        "save": (lambda: workspace.save_scheduled(name, text), _("The source is saved.")),
        "remove": (
            lambda: workspace.remove_scheduled(name),
            _("The source is removed. What it brought stays."),
        ),
    }
    chosen = request.POST.get("do", "")
    if chosen not in actions:
        raise SourceError(f"Unknown action {chosen!r}", f"use one of: {', '.join(actions)}")
    act, said = actions[chosen]
    act()
    messages.success(request, said)
    return redirect("/sources" if chosen == "remove" else f"/sources/scheduled/{name}")


ROUTES = (
    Route("sources/scheduled", schedules, "schedules", "sources", polled=True),
    Route("sources/scheduled/new", new, "schedule-new", "sources", writes="sources"),
    Route("sources/scheduled/<str:name>", one, "schedule", "sources", writes="sources"),
)
