"""The moments behind a number."""

from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from everytouch.errors import ForbiddenError
from everytouch.ledger.api import audit
from everytouch.trails.api import Glimpse, Moment, Trail, Wanted
from everytouch.web.answers import ANSWERS
from everytouch.web.ask import Ask
from everytouch.web.pool import POOL
from everytouch.web.routes import Route
from everytouch.web.words import problem
from everytouch.workspace.people import party_name

LIMIT = 100
KINDS = {"interaction": 0, "perception": 1}


def wanted(ask: Ask) -> Wanted:
    """What the address asks for beside the filters."""
    return Wanted(
        kind=KINDS.get(ask.options.get("kind", "")),
        instrument=ask.options.get("instrument") or None,
        outcome=ask.options.get("outcome") or None,
    )


def moments(request: HttpRequest) -> HttpResponse:
    """The newest moments of a question."""
    ask: Ask = request.ask
    asked, what = wanted(ask), f"moments of {ask.query() or 'everything'}"
    glimpses = ask.once("newest", lambda: POOL.answer(_newest, ask, asked), asked)
    trail = _read(ask, what, lambda: ask.workspace.moments(glimpses, what))
    values = {"ask": ask, "rows": _rows(ask, trail), "basis": trail.basis}
    return render(request, "web/moments.html", values)


def finding(request: HttpRequest, name: str) -> HttpResponse:
    """The newest moments behind a finding; for a manager, of their own departments."""
    ask: Ask = request.ask
    held_to_own(ask, name)
    ask = replace(ask, options={**ask.options, "finding": name})
    trail = _read(ask, name, lambda: POOL.answer(_behind, ask, name))
    values = {
        "ask": ask,
        "finding": problem(name, _label(ask, name)),
        "rows": _rows(ask, trail),
        "basis": trail.basis,
    }
    return render(request, "web/moments.html", values)


def held_to_own(ask: Ask, finding: str) -> None:
    """Refuse who does not answer for a finding's touchpoint.

    Raises:
        ForbiddenError: another department does.
    """
    if ask.only is not None and finding.partition(":")[2] not in ask.only:
        raise ForbiddenError(
            f"{finding} is of another department", "ask who answers for its touchpoint"
        )


def _newest(ask: Ask, asked: Wanted) -> list[Glimpse]:
    return ask.workspace.newest(asked, ask.scope, limit=LIMIT)


def _behind(ask: Ask, name: str) -> Trail:
    return ask.workspace.moments_behind(name, LIMIT, ask.scope)


def _label(ask: Ask, name: str) -> str:
    return ask.workspace.catalogue.touchpoints[name.partition(":")[2]].label


def _read(ask: Ask, what: str, read: Callable[[], Trail]) -> Trail:
    """Moments read once for a ledger; looking at them again is audited again."""
    key = ask.key("moments", what)
    if ANSWERS.has(key):
        audit(ask.workspace.path, "read moments", what, ask.workspace.who)
    return ANSWERS.get(key, read)


def _rows(ask: Ask, trail: Trail) -> list[tuple[Moment, str]]:
    """Moments, newest first, each with its party's name where the visitor may know."""
    newest = trail.rows[::-1]
    if "people" not in ask.rights:
        return [(moment, "") for moment in newest]
    parties = ask.workspace.parties(
        [moment.identifier for moment in newest], [moment.occurred_at for moment in newest]
    )
    return [(m, party_name(party)) for m, party in zip(newest, parties, strict=True)]


ROUTES = (
    Route("moments", moments, "moments", "dig"),
    Route("findings/<str:name>", finding, "finding", "behind"),
)
