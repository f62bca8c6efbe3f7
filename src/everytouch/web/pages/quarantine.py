"""The quarantine: look, fix a record, replay all."""

import dataclasses
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.ledger.api import Quarantined
from everytouch.moments.api import COLUMNS
from everytouch.web.models import Job
from everytouch.web.routes import Route

SHOWN = 200


def quarantine(request: HttpRequest) -> HttpResponse:
    """Records that broke a rule, and why."""
    rows = request.ask.workspace.quarantine(request.GET.get("source") or None)
    reasons: dict[str, int] = {}
    for row in rows:
        reasons[row.reason] = reasons.get(row.reason, 0) + 1
    values = {
        "ask": request.ask,
        "rows": [(row, _code(row)) for row in rows[:SHOWN]],
        "count": len(rows),
        "reasons": sorted(reasons.items(), key=lambda item: -item[1])[:12],
    }
    return render(request, "web/quarantine.html", values)


def _code(row: Quarantined) -> str:
    return f"{row.key[0] & (2**64 - 1):016x}{row.key[1] & (2**64 - 1):016x}"


def fix(request: HttpRequest, code: str) -> HttpResponse:
    """Correct one record; it is stored when it holds now."""
    workspace = request.ask.workspace
    row = next((r for r in workspace.quarantine() if _code(r) == code), None)
    if row is None:
        raise Http404(_("This record is not in quarantine any more."))
    given: dict[str, Any] = dict(row.row)
    if request.method == "POST":
        given = {c.name: _read(request.POST.get(c.name, ""), c) for c in COLUMNS[row.kind]}
        receipt = workspace.fix([dataclasses.replace(row, row=given)])
        if not receipt.total.quarantined:
            text = (
                _("The record is stored.") if receipt.total.stored else _("It was stored already.")
            )
            messages.success(request, text)
            return redirect("/quarantine")
        messages.error(request, _("It still breaks a rule."))
    fields = [(column, _written(given.get(column.name))) for column in COLUMNS[row.kind]]
    known = workspace.catalogue
    values = {
        "ask": request.ask,
        "row": row,
        "fields": fields,
        "touchpoints": sorted(known.touchpoints),
        "instruments": sorted(known.instruments),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "web/fix.html", values, status=status)


def _read(text: str, column: Any) -> Any:
    text = text.strip()[:10_000]
    if str(column.type).startswith("list"):
        return [part.strip() for part in text.split(",") if part.strip()] or None
    return text or None


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def replay(request: HttpRequest) -> HttpResponse:
    """Try all again, after the catalogue was corrected."""
    job = Job.objects.create(kind="replay", user=request.user, payload={})
    return redirect(f"/jobs/{job.pk}")


ROUTES = (
    Route("quarantine", quarantine, "quarantine", "sources"),
    Route("quarantine/replay", replay, "quarantine-replay", "sources", writes="sources", acts=True),
    Route("quarantine/<str:code>", fix, "quarantine-fix", "sources", writes="sources"),
)
