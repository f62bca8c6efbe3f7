"""The quarantine: look, fix a record, replay all."""

import dataclasses
import re
from typing import Any, cast

import pyarrow as pa
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.collect.api import UNCATALOGUED
from everytouch.ledger.api import EVENTS, Counts, Quarantined
from everytouch.moments.api import COLUMNS, Column, Kind, key_name
from everytouch.web.masking import held, restored
from everytouch.web.models import Job
from everytouch.web.routes import Route

SHOWN, LONGEST = 200, 1 << 20  # an event has no more bytes
_EVENT = (Column(EVENTS, pa.string(), "The event as it came, as JSON.", True),)


def quarantine(request: HttpRequest) -> HttpResponse:
    """Records that broke a rule, and why."""
    workspace, source = request.ask.workspace, request.GET.get("source") or None
    reasons, rows = workspace.reasons(source), list(workspace.quarantine(source, SHOWN))
    known = workspace.masks()
    values = {
        "ask": request.ask,
        "rows": [(row, code_of(row.key)) for row in held(workspace, rows)],
        "count": sum(one.count for one in reasons),
        "reasons": [(known.masked(one.reason), one.count) for one in reasons[:12]],
        "unnamed": any(one.reason.startswith(UNCATALOGUED) for one in reasons),
        "shown": SHOWN,
    }
    return render(request, "web/quarantine.html", values)


def code_of(key: tuple[int, int]) -> str:
    """Return a key as an address writes it."""
    return "".join(map(key_name, key))


def held_row(request: HttpRequest, code: str) -> Quarantined:
    """Return the record of an address.

    Raises:
        Http404: it is not in quarantine.
    """
    halves = [code[:16], code[16:]]
    if not re.fullmatch("[0-9a-f]{32}", code):
        raise Http404(_("This record is not in quarantine any more."))
    first, second = (int.from_bytes(bytes.fromhex(half), signed=True) for half in halves)
    row: Quarantined | None = request.ask.workspace.held((first, second))
    if row is None:
        raise Http404(_("This record is not in quarantine any more."))
    return row


def fix(request: HttpRequest, code: str) -> HttpResponse:
    """Correct one record; it is stored when it holds now."""
    workspace, row = request.ask.workspace, held_row(request, code)
    columns = _EVENT if row.kind == EVENTS else COLUMNS[cast("Kind", row.kind)]
    given, known = dict(row.row), workspace.masks()
    if request.method == "POST":
        given |= {
            c.name: restored(c.name, _read(request.POST.get(c.name, ""), c), row.row, known)
            for c in columns
        }
        receipt = workspace.fix([dataclasses.replace(row, row=given)])
        if not receipt.total.quarantined:
            messages.success(request, _stored(receipt.total))
            return redirect("/quarantine")
        messages.error(request, _("It still breaks a rule."))
    shown = known.row(given)
    fields = [(column, _written(shown.get(column.name))) for column in columns]
    catalogue = workspace.catalogue
    values = {
        "ask": request.ask,
        "row": held(workspace, [row])[0],
        "event": row.kind == EVENTS,
        "code": code,
        "fields": fields,
        "touchpoints": sorted(catalogue.touchpoints),
        "instruments": sorted(catalogue.instruments),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "web/fix.html", values, status=status)


def _stored(counts: Counts) -> str:
    text = _("The record is stored.") if counts.stored else _("It was stored already.")
    if counts.conflict:
        text = _("It differs from the record that is stored: see the conflicts.")
    return str(text)


def _read(text: str, column: Any) -> Any:
    text = text.strip()[:LONGEST]
    if str(column.type).startswith("list"):
        return [part.strip() for part in text.split(",") if part.strip()] or None
    return text or None


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def replay(request: HttpRequest) -> HttpResponse:
    """Try all again, after the catalogue was corrected."""
    job = Job.queue("replay", request.user)
    return redirect(f"/jobs/{job.pk}")


ROUTES = (
    Route("quarantine", quarantine, "quarantine", "sources", reads=True),
    Route("quarantine/replay", replay, "quarantine-replay", "sources", writes="sources", acts=True),
    Route("quarantine/<str:code>", fix, "quarantine-fix", "sources", writes="sources", reads=True),
)
