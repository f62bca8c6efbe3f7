"""People: search, one party's trail, its links, taking its data out, erasing it."""

import itertools
import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _

from everytouch.errors import UnknownNameError
from everytouch.report.api import PersonCopy, person_html, person_pdf
from everytouch.results import plain
from everytouch.trails.api import Moment
from everytouch.web.ask import Ask
from everytouch.web.models import Job
from everytouch.web.routes import Route
from everytouch.web.shell import note
from everytouch.workspace.people import party_name, party_number

COPIES: dict[str, tuple[Callable[[PersonCopy, str], str | bytes], str]] = {
    "html": (person_html, "text/html; charset=utf-8"),
    "pdf": (person_pdf, "application/pdf"),
}
"""How a copy of somebody's data is written."""
SHOWN = 400  # moments of a trail on one page, the newest


def people(request: HttpRequest) -> HttpResponse:
    """Search by an identifier. It travels in the body, so that no log of addresses keeps it."""
    ask: Ask = request.ask
    words = request.POST.get("identifier", "").strip()[:200]
    if request.method == "POST" and words:
        parties = [ask.workspace.find(reading) for reading in _readings(ask, words)]
        found = [party for party in parties if _known(ask.workspace, party)]
        if found:
            return redirect(f"/people/{party_name(found[0])}")
        note(request, "searched in vain", "people")
        messages.warning(
            request, _("Nobody is known by this. Check the spelling, or name its kind: email:…")
        )
    values = {"ask": ask, "namespaces": namespaces(ask), "words": words}
    return render(request, "web/people.html", values)


def namespaces(ask: Ask) -> list[str]:
    """Kinds of identifiers that were seen."""
    tables, sql = ask.workspace.tables, "SELECT DISTINCT namespace FROM ledger"
    names = ("interactions", "perceptions", "links")

    def read() -> list[str]:
        found = (row for name in names for row in tables.query(name, sql).to_pylist())
        return sorted({row["namespace"] for row in found})

    return ask.stored("namespaces", names, read)


def _readings(ask: Ask, words: str) -> list[str]:
    """What somebody may have meant: namespace:value, or a value of any kind there is."""
    return [words] if ":" in words else [f"{name}:{words}" for name in namespaces(ask)]


def _known(workspace: Any, party: int) -> bool:
    bucket, rows = workspace.everyones_trails().rows_of(party)
    return bool(rows.stop > rows.start) if bucket else False


def person(request: HttpRequest, party: str) -> HttpResponse:
    """One party's trail, its identifiers, links and traits."""
    workspace, number = request.ask.workspace, _number(party)
    trail, known = workspace.trail_of(number), workspace.profile(number)
    if not trail.rows and not known.identifiers:
        raise Http404(_("Nobody is known by this."))
    newest = trail.rows[::-1][:SHOWN]
    days = [
        (day, list(rows)) for day, rows in itertools.groupby(newest, lambda m: m.occurred_at.date())
    ]
    values = {
        "ask": request.ask,
        "party": party,
        "days": days,
        "trail": trail,
        "profile": known,
        "choices": workspace.choices(number),
        "shown": len(newest),
        "facts": _facts(trail.rows),
        "currency": workspace.settings.currency,
    }
    return render(request, "web/person.html", values)


def _facts(rows: tuple[Moment, ...]) -> dict[str, Any]:
    scores = [row.score for row in rows if row.score is not None]
    return {
        "moments": len(rows),
        "since": rows[0].occurred_at if rows else None,
        "last": rows[-1].occurred_at if rows else None,
        "paid": float(sum(row.amount or 0 for row in rows)),
        "score": sum(scores) / len(scores) if scores else None,
        "answers": len(scores),
        "channels": sorted({row.channel for row in rows if row.channel}),
    }


def _number(party: str) -> int:
    try:
        return party_number(party)
    except UnknownNameError as error:
        raise Http404(_("Nobody is known by this.")) from error


def shared(request: HttpRequest) -> HttpResponse:
    """Identifiers that link unusually many people."""
    workspace = request.ask.workspace
    values = {
        "ask": request.ask,
        "rows": workspace.shared_identifiers(SHOWN),
        "most": workspace.settings.shared_from,
    }
    return render(request, "web/shared.html", values)


def link(request: HttpRequest, party: str) -> HttpResponse:
    """Make a link by which the person says what their data may be used for."""
    path = request.ask.workspace.preference_link(_number(party))
    values = {"ask": request.ask, "party": party, "link": request.build_absolute_uri(path)}
    return render(request, "web/preferencelink.html", values)


def export(request: HttpRequest, party: str) -> HttpResponse:
    """All data of a party as JSON (GDPR, articles 15 and 20)."""
    workspace, number = request.ask.workspace, _number(party)
    data = workspace.export_party(number)
    response = HttpResponse(
        json.dumps(plain(data), ensure_ascii=False, indent=2), content_type="application/json"
    )
    name = slugify(party)
    response["Content-Disposition"] = f'attachment; filename="party-{name}.json"'
    return response


def copy(request: HttpRequest, party: str, kind: str) -> HttpResponse:
    """Give a copy of a party's data in plain words, for the party, as HTML or PDF."""
    if kind not in COPIES:
        raise Http404(_("There is no such page."))
    found = request.ask.workspace.person_copy(_number(party))
    if not (found.profile.identifiers or found.profile.traits):
        raise Http404(_("Nobody is known by this."))
    write, content_type = COPIES[kind]
    language = request.GET.get("language", "")
    response = HttpResponse(write(found, language), content_type=content_type)
    name = f"party-{slugify(party)}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def erase(request: HttpRequest, party: str) -> HttpResponse:
    """Erase a party, after it was confirmed in words."""
    plan = request.ask.workspace.erasure_plan(_number(party))
    wrong = ""
    if request.method == "POST":
        if request.POST.get("plan", "") != plan.confirm:
            wrong = _("Other identifiers would go by now. Read the list again.")
        elif request.POST.get("confirm", "").strip() == party[:6]:
            reason = request.POST.get("reason", "")[:200]
            job = Job.queue("erase", request.user, party=party, reason=reason, confirm=plan.confirm)
            return redirect(f"/jobs/{job.pk}")
        else:
            wrong = _("Type the six characters exactly.")
    values = {"ask": request.ask, "party": party, "code": party[:6], "wrong": wrong, "plan": plan}
    return render(request, "web/erase.html", values, status=422 if wrong else 200)


ROUTES = (
    Route(
        "people",
        people,
        "people",
        "people",
        writes="people",
        quiet="a search in vain writes a line; the page that another leads to writes its own",
    ),
    Route("people/shared-identifiers", shared, "shared-identifiers", "people"),
    Route("people/<str:party>", person, "person", "people"),
    Route("people/<str:party>/link", link, "person-link", "people", writes="people", acts=True),
    Route("people/<str:party>/export", export, "person-export", "export"),
    Route("people/<str:party>/copy.<str:kind>", copy, "person-copy", "export"),
    Route("people/<str:party>/erase", erase, "person-erase", "erase", writes="erase"),
)
