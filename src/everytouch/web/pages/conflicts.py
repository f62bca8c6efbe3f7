"""Conflicts: records that came again with other content, and which of the two counts."""

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.ledger.api import Conflict
from everytouch.moments.api import key_name
from everytouch.results import plain
from everytouch.web.masking import conflicting
from everytouch.web.routes import Route

SHOWN = 200


def conflicts(request: HttpRequest) -> HttpResponse:
    """List conflicts; resolve all that are listed."""
    workspace, source = request.ask.workspace, request.GET.get("source") or None
    if request.method == "POST":
        rows = [one.held for one in workspace.conflicts(request.POST.get("source") or None)]
        return _resolved(request, rows)
    found = workspace.conflicts(source, SHOWN)
    count = sum(
        one.conflicts for one in workspace.status() if source is None or one.source == source
    )
    values = {
        "ask": request.ask,
        "rows": [(one, code_of(one)) for one in found],
        "count": count,
        "source": source or "",
    }
    return render(request, "web/conflicts.html", values)


def code_of(one: Conflict) -> str:
    """The code of a conflict in addresses."""
    return "".join(map(key_name, one.held.key))


def found_conflict(request: HttpRequest, code: str) -> Conflict:
    """The conflict of a code.

    Raises:
        Http404: it is resolved, or there never was one.
    """
    found = None
    if re.fullmatch("[0-9a-f]{32}", code):
        halves = (bytes.fromhex(code[:16]), bytes.fromhex(code[16:]))
        first, second = (int.from_bytes(half, signed=True) for half in halves)
        found = request.ask.workspace.conflict((first, second))
    if found is None:
        raise Http404(_("This conflict is resolved."))
    result: Conflict = found
    return result


def conflict(request: HttpRequest, code: str) -> HttpResponse:
    """Show the stored record beside the new one; resolve the conflict."""
    one = found_conflict(request, code)
    if request.method == "POST":
        return _resolved(request, [one.held])
    (one,) = conflicting(request.ask.workspace, [one])
    stored = plain(one.stored or {})
    columns = [
        (name, stored.get(name), value, name in one.differs)
        for name, value in one.held.row.items()
        if value is not None or stored.get(name) is not None
    ]
    values = {"ask": request.ask, "one": one, "columns": columns}
    return render(request, "web/conflict.html", values)


def _resolved(request: HttpRequest, rows: list[Any]) -> HttpResponse:
    take = request.POST.get("take")
    if take not in ("new", "stored"):
        messages.error(request, _("Choose which record counts."))
        return redirect("/conflicts")
    done = request.ask.workspace.resolve(rows, take=take == "new").total
    if done.quarantined:
        messages.error(request, _("Some records break a rule now. Correct the catalogue first."))
    if done.received - done.quarantined:
        messages.success(request, _("Resolved. Both versions stay readable."))
    return redirect("/conflicts")


ROUTES = (
    Route("conflicts", conflicts, "conflicts", "sources", writes="sources", reads=True),
    Route("conflicts/<str:code>", conflict, "conflict", "sources", writes="sources"),
)
