"""A rule from an example: how the fields of a held event are used, and what comes of it."""

import datetime
import json
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.catalogue.api import Catalogue
from everytouch.collect.api import Choices, Example, Tried
from everytouch.errors import EverytouchError
from everytouch.identity.api import Masks
from everytouch.ledger.api import EVENTS, Quarantined
from everytouch.web.masking import sample
from everytouch.web.models import Job
from everytouch.web.pages.quarantine import held_row
from everytouch.web.routes import Route
from everytouch.web.words import RECORDS
from everytouch.workspace import Workspace

OTHERS, LONGEST = 20, 200  # held events that are tried beside the example; characters of a name
SHOWN = 120  # characters of a value
OTHER = "person:"  # an ID type that is written beside

Option = tuple[str, Any]


def options(of: Example, known: Catalogue) -> list[tuple[Any, list[Option]]]:
    """Return what a field may be used as, in groups."""
    who = [
        ("person:email", _("E-mail")),
        ("person:phone", _("Phone")),
        ("person:customer_no", _("Customer number")),
        ("person:user_id", _("User ID")),
        (f"person:{of.source}", _("ID in %(source)s") % {"source": of.source}),
        (OTHER, _("Another ID type (see above)")),
    ]
    what = [
        ("time", _("Time")),
        ("id", _("Event ID")),
        ("touchpoint", _("Name of the touchpoint")),
        ("outcome", _("Outcome")),
        ("object:order", _("Order")),
        ("object:case", _("Case")),
    ]
    money = [
        ("amount", _("Amount")),
        ("minor", _("Amount in cents")),
        ("currency", _("Currency")),
    ]
    asked = known.instruments.values()
    said = [
        (f"score:{one.name}", _("Answer: %(question)s") % {"question": one.label}) for one in asked
    ]
    rest = [("only", _("Only events with this value"))]
    rest += [("drop", _("Leave out"))] if of.whole else []
    return [
        (_("Who it is"), who),
        (_("What happened"), what),
        (_("Money"), money),
        (_("Feedback"), [*said, ("text", _("Comment"))]),
        (_("Other"), rest),
    ]


def rule(request: HttpRequest, code: str) -> HttpResponse:
    """Choose how the fields of a held event are used, see what comes of it, and save the rule."""
    ask, row = request.ask, held_row(request, code)
    if row.kind != EVENTS:
        raise Http404(_("This record is not in quarantine any more."))
    of = ask.workspace.example(row)
    groups = options(of, ask.workspace.catalogue)
    values = _tried(ask.workspace, row, of, _choices(request, of, groups))
    if request.method == "POST" and request.POST.get("do") == "save" and values["good"]:
        ask.workspace.save_rules(values["table"], ask.workspace.rules_text)
        job = Job.queue("replay", request.user)
        return redirect(f"/jobs/{job.pk}")
    saving = request.method == "POST" and request.POST.get("do") == "save"
    if request.headers.get("HX-Request") == "true":
        return render(request, "web/drafted.html", {"ask": ask, "of": of, **values})
    values |= {
        "ask": ask,
        "of": of,
        "code": code,
        "fields": _fields(of, values["choices"], groups, ask.workspace.masks()),
        "groups": groups,
        "idtype": request.POST.get("idtype", "")[:LONGEST],
        "touchpoints": ask.workspace.catalogue.touchpoints.values(),
    }
    return render(request, "web/draft.html", values, status=422 if saving else 200)


def _fields(
    of: Example, choices: Choices, groups: list[tuple[Any, list[Option]]], masks: Masks
) -> list[tuple[int, str, str, str]]:
    """Return number, path, value and use of each field."""
    offered = {option[0] for group in groups for option in group[1]}
    found = []
    for number, (path, value) in enumerate(of.fields.items()):
        use = choices.uses.get(path, "")
        found.append(
            (
                number,
                path,
                _short(sample(value, masks)),
                use if use in offered or not use else OTHER,
            )
        )
    return found


def _short(value: Any) -> str:
    plain = isinstance(value, str | Decimal) or value is None
    said = "" if value is None else str(value) if plain else json.dumps(value)
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}…"


def _choices(request: HttpRequest, of: Example, groups: list[tuple[Any, list[Option]]]) -> Choices:
    """Return what was chosen, or what is probable where nothing was chosen yet."""
    if request.method != "POST":
        return Choices(of.names[0], of.source, "", of.uses)
    post = request.POST
    allowed = {option[0] for group in groups for option in group[1]}
    idtype = post.get("idtype", "").strip()[:LONGEST]
    uses = {}
    for number, path in enumerate(of.fields):
        use = post.get(f"use-{number}", "")
        if use in allowed:
            uses[path] = use + idtype if use == OTHER else use
    event = post.get("event", "").strip()[:LONGEST] or of.names[0]
    return Choices(
        event, of.source if post.get("this-source") else "*", post.get("touchpoint", ""), uses
    )


def _tried(workspace: Workspace, row: Quarantined, of: Example, choices: Choices) -> dict[str, Any]:
    """Return what becomes of the example and of others that are held."""
    values: dict[str, Any] = {"choices": choices, "good": False}
    try:
        text, table = workspace.draft_rule(of, choices)
        (tried,) = workspace.try_held([row], table)
        others = [
            one
            for one in workspace.quarantine(row.source, OTHERS * 2)
            if one.kind == EVENTS and one.key != row.key
        ][:OTHERS]
        also = [one for one in workspace.try_held(others, table) if one.records and not one.reason]
    except EverytouchError as error:
        return values | {"wrong": error}
    known, masks = workspace.catalogue, workspace.masks()
    return values | {
        "text": text,
        "table": table,
        "reason": tried.reason
        or ("" if tried.records else _("The rule makes no record of this event.")),
        "good": bool(tried.records) and not tried.reason,
        "records": [_told(kind, masks.row(one), known) for kind, one in _records(tried)],
        "others": len(others),
        "also": len(also),
    }


def _records(tried: Tried) -> list[tuple[str, dict[str, Any]]]:
    return [(str(kind), one) for kind, one in tried.records]


def _told(kind: str, row: dict[str, Any], known: Catalogue) -> tuple[Any, list[tuple[Any, Any]]]:
    """Return a record in people's words: its kind, and what it says."""
    point = known.touchpoints.get(row.get("touchpoint") or "")
    asked = known.instruments.get(row.get("instrument") or "")
    who = [f"{row.get('namespace')}: {row.get('identifier')}"]
    who += [one.replace(":", ": ", 1) for one in row.get("also") or ()]
    lines = [
        (_("Time"), _moment(row.get("occurred_at"))),
        (_("Who"), ", ".join(who)),
        (_("Touchpoint"), point.label if point else row.get("touchpoint")),
        (_("Question"), asked.label if asked else row.get("instrument")),
        (_("Answer"), row.get("raw")),
        (_("Comment"), row.get("text")),
        (_("Amount"), " ".join(filter(None, (row.get("amount"), row.get("currency"))))),
        (_("Outcome"), row.get("outcome")),
        (_("Belongs to"), ", ".join(row.get("correlations") or ())),
        (_("Event ID"), str(row.get("id") or "").replace("\x1f", " · ")),
    ]
    return RECORDS[kind], [(label, value) for label, value in lines if value not in (None, "")]


def _moment(given: Any) -> Any:
    """Return a time as a time if it is one with a zone, else as it was given."""
    try:
        moment = datetime.datetime.fromisoformat(str(given))
    except ValueError:
        return given
    return moment if moment.tzinfo else given


ROUTES = (
    Route(
        "quarantine/<str:code>/rule", rule, "rule-draft", "sources", writes="sources", reads=True
    ),
)
