"""The API, second part: records and what is done with them."""

import base64
import binascii
import itertools
from typing import Any, Literal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Schema
from pydantic import StrictFloat, StrictInt, StrictStr

from everytouch.catalogue.api import Catalogue, loads
from everytouch.errors import ConfirmationError, UnknownNameError
from everytouch.ledger.api import entries
from everytouch.web.access import RIGHTS
from everytouch.web.ask import Ask
from everytouch.web.masking import conflicting, held
from everytouch.web.models import Job
from everytouch.web.numbers import whole
from everytouch.web.pages.conflicts import code_of, found_conflict
from everytouch.web.pages.moments import held_to_own, wanted
from everytouch.web.pages.sources import TABLES
from everytouch.web.rest import PROBLEMS, endpoint, filters, queries, said
from everytouch.web.shell import workspace_for
from everytouch.workspace.people import party_name, party_number

MOST = 500
QUEUED = {202: Any, **PROBLEMS}
PAGED = {
    "limit": f"Most rows of a page, up to {MOST}; 100 when empty.",
    "cursor": "Where a page begins: next of the page before.",
}
MOMENTS = {
    "kind": "interaction or perception.",
    "instrument": "Only perceptions asked by this instrument.",
    "outcome": "Only interactions that ended so.",
}
SOURCE = {"source": "Only what came from this source."}


class Identifier(Schema):
    """How somebody is known."""

    identifier: str


class Text(Schema):
    """A catalogue in YAML."""

    yaml: str


class Changes(Schema):
    """Settings by name."""

    changes: dict[str, StrictStr | StrictInt | StrictFloat]


class Reason(Schema):
    """Why a party is erased, and the confirmation of its erasure plan."""

    confirm: str
    reason: str = ""


class Resolution(Schema):
    """Which of two records counts."""

    take: Literal["new", "stored"]


def _limit(request: HttpRequest) -> int:
    return whole(request.GET.get("limit"), 100, 1, MOST)


def cursor(*numbers: int) -> str:
    """A place in a list, to be handed back as it is."""
    return base64.urlsafe_b64encode(".".join(map(str, numbers)).encode()).decode().rstrip("=")


def place(request: HttpRequest, size: int) -> tuple[int, ...] | None:
    """The place an address asks for, None for the beginning.

    Raises:
        UnknownNameError: it is none of ours.
    """
    text = request.GET.get("cursor", "")
    if not text:
        return None
    try:
        numbers = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(".")
        found = tuple(int(number) for number in numbers)
        if len(found) != size or any(abs(number) >= 2**63 for number in found):
            raise ValueError(text)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise UnknownNameError("this cursor is unknown", "use the one an answer gave") from error
    return found


def _page(rows: Any, following: str | None) -> HttpResponse:
    return said({"rows": rows, "next": following})


@endpoint("GET", "/me", "see", summary="Who asks, and what they may.")
def me(request: HttpRequest) -> HttpResponse:
    """Who asks."""
    user = request.user
    rights = sorted(right for right in RIGHTS if right in request.ask.rights)
    return said({"email": user.email, "role": user.role, "rights": rights})


@endpoint("GET", "/catalogue", "see", summary="Touchpoints, instruments, segments, personas.")
def catalogue(request: HttpRequest) -> HttpResponse:
    """The catalogue."""
    return said(_visible(request.ask))


def _visible(ask: Ask) -> dict[str, Any]:
    known: dict[str, Any] = dict(vars(ask.workspace.catalogue))
    if ask.only is not None:
        known["touchpoints"] = {n: p for n, p in known["touchpoints"].items() if n in ask.only}
    return known


@endpoint("PUT", "/catalogue", "catalogue", summary="Replace the catalogue (YAML).")
def put_catalogue(request: HttpRequest, body: Text) -> HttpResponse:
    """Replace the catalogue."""
    workspace = request.ask.workspace
    new: Catalogue = loads(body.yaml, "the catalogue sent")
    workspace.save_catalogue(new, workspace.catalogue)
    return said({"touchpoints": len(new.touchpoints), "segments": len(new.segments)})


@endpoint("GET", "/settings", "see", summary="What figures are counted with.")
def get_settings(request: HttpRequest) -> HttpResponse:
    """Settings."""
    return said(vars(request.ask.workspace.settings))


@endpoint("PUT", "/settings", "administer", summary="Change what figures are counted with.")
def put_settings(request: HttpRequest, body: Changes) -> HttpResponse:
    """Change settings. Audited."""
    request.ask.workspace.change_settings(body.changes)
    return said(vars(workspace_for(request.user).settings))


@endpoint(
    "GET",
    "/moments",
    "dig",
    summary="The newest moments of a question, nameless.",
    openapi_extra=queries(*filters(), **PAGED, **MOMENTS),
)
def moments(request: HttpRequest) -> HttpResponse:
    """Moments, newest first."""
    ask, limit = request.ask, _limit(request)
    before = place(request, 2)
    rows = ask.workspace.newest(wanted(ask), ask.scope, limit=limit, before=before)
    following = cursor(rows[-1].time, rows[-1].key) if len(rows) == limit else None
    shown = [{**vars(r), "party": party_name(r.party), "key": party_name(r.key)} for r in rows]
    return _page(shown, following)


@endpoint(
    "GET",
    "/findings/{name}/moments",
    "behind",
    summary="The moments behind a finding.",
    openapi_extra=queries(*filters(), **PAGED),
)
def behind(request: HttpRequest, name: str) -> HttpResponse:
    """Moments behind a finding, newest first."""
    ask, limit = request.ask, _limit(request)
    held_to_own(ask, name)
    start = (place(request, 1) or (0,))[0]
    rows = ask.workspace.moments_behind(name, start + limit + 1, ask.scope).rows[::-1]
    following = cursor(start + limit) if len(rows) > start + limit else None
    return _page([_nameless(ask, row) for row in rows[start : start + limit]], following)


def _nameless(ask: Ask, row: Any) -> dict[str, Any]:
    """A moment without its identifier; with whose it is, for who may see single people."""
    shown = dict(vars(row))
    identifier = shown.pop("identifier")
    if "dig" in ask.rights:
        shown["party"] = party_name(ask.workspace.find(identifier, row.occurred_at))
    return shown


@endpoint("POST", "/people/find", "people", summary="The party known by an identifier.")
def find(request: HttpRequest, body: Identifier) -> HttpResponse:
    """Find somebody; the identifier travels in the body."""
    workspace = request.ask.workspace
    party = workspace.find(body.identifier)
    _, rows = workspace.everyones_trails().rows_of(party)
    if rows.stop == rows.start:
        raise UnknownNameError("nobody is known by this", "check namespace and value")
    return said({"party": party_name(party), "moments": rows.stop - rows.start})


@endpoint("GET", "/people/{party}", "people", summary="Identifiers, links and traits of a party.")
def person(request: HttpRequest, party: str) -> HttpResponse:
    """One party. Audited."""
    return said(request.ask.workspace.profile(party_number(party)))


@endpoint(
    "GET",
    "/people/{party}/trail",
    "people",
    summary="Everything a party lived through.",
    openapi_extra=queries(**PAGED),
)
def trail(request: HttpRequest, party: str) -> HttpResponse:
    """A trail, oldest first. Audited."""
    rows = request.ask.workspace.trail_of(party_number(party)).rows
    start, limit = (place(request, 1) or (0,))[0], _limit(request)
    following = cursor(start + limit) if len(rows) > start + limit else None
    return _page(rows[start : start + limit], following)


@endpoint("GET", "/people/{party}/export", "export", summary="All data of a party.")
def export(request: HttpRequest, party: str) -> HttpResponse:
    """All data of a party. Audited."""
    return said(request.ask.workspace.export_party(party_number(party)))


@endpoint(
    "GET", "/people/{party}/erasure-plan", "erase", summary="Whom else an erasure would remove."
)
def erasure_plan(request: HttpRequest, party: str) -> HttpResponse:
    """Identifiers that would go, with the confirmation that erasing asks for. Audited."""
    plan = request.ask.workspace.erasure_plan(party_number(party))
    return said({**vars(plan), "party": party, "moments": plan.moments})


@endpoint(
    "POST",
    "/people/{party}/erase",
    "erase",
    summary="Erase a party; answers with a job.",
    response=QUEUED,
)
def erase(request: HttpRequest, party: str, body: Reason) -> HttpResponse:
    """Erase a party."""
    plan = request.ask.workspace.erasure_plan(party_number(party))
    if body.confirm != plan.confirm:
        raise ConfirmationError(
            f"confirmation {body.confirm[:40]!r} does not fit what would be erased now",
            f"GET /people/{party}/erasure-plan says what that is, and how to confirm it",
        )
    payload = {"party": party, "reason": body.reason[:200], "confirm": plan.confirm}
    return queued(Job.queue("erase", request.user, **payload))


def queued(job: Job) -> HttpResponse:
    """Say which job does it."""
    return said({"job": job.pk, "state": job.state}, 202)


@endpoint("GET", "/jobs/{number}", "sources", summary="How far a job is.")
def job(request: HttpRequest, number: int) -> HttpResponse:
    """A job of one's own; owners see all."""
    found = Job.objects.filter(pk=number).first()
    if found is None or (found.user_id != request.user.pk and request.user.role != "owner"):
        raise Http404("there is no such job")
    names = ("kind", "state", "progress", "result", "created_at", "ended_at")
    return said({name: getattr(found, name) for name in names})


@endpoint("GET", "/sources", "sources", summary="What every source has brought.")
def sources(request: HttpRequest) -> HttpResponse:
    """Sources."""
    ask = request.ask
    return said({"rows": ask.stored("status", TABLES, ask.workspace.status)})


@endpoint("GET", "/scheduled", "sources", summary="Scheduled sources and their last runs.")
def scheduled(request: HttpRequest) -> HttpResponse:
    """Scheduled sources; never their credentials."""
    return said({"rows": request.ask.workspace.scheduled()})


@endpoint(
    "GET",
    "/quarantine",
    "sources",
    reads=True,
    summary="Records that broke a rule, and why; long values shortened unless full=true.",
    openapi_extra=queries(**SOURCE, **PAGED, full="true: long values whole."),
)
def quarantine(request: HttpRequest) -> HttpResponse:
    """Quarantine."""
    rows = request.ask.workspace.quarantine(request.GET.get("source") or None)
    start, limit = (place(request, 1) or (0,))[0], _limit(request)
    following = cursor(start + limit) if len(rows) > start + limit else None
    shown = held(request.ask.workspace, list(rows[start : start + limit]))
    whole = request.GET.get("full") == "true"
    return _page(shown if whole else [row.brief for row in shown], following)


@endpoint(
    "POST", "/quarantine/replay", "sources", summary="Try the quarantine again.", response=QUEUED
)
def replay(request: HttpRequest) -> HttpResponse:
    """Replay, as a job."""
    return queued(Job.queue("replay", request.user))


@endpoint(
    "GET",
    "/conflicts",
    "sources",
    reads=True,
    summary="Records in conflict with what is stored.",
    openapi_extra=queries(**SOURCE, **PAGED),
)
def conflicts(request: HttpRequest) -> HttpResponse:
    """Conflicts, each with its code, the record held, the one stored, and what differs."""
    found = request.ask.workspace.conflicts(request.GET.get("source") or None)
    start, limit = (place(request, 1) or (0,))[0], _limit(request)
    following = cursor(start + limit) if len(found) > start + limit else None
    listed = conflicting(request.ask.workspace, list(found[start : start + limit]))
    rows = [{"code": code_of(one), **vars(one)} for one in listed]
    return _page(rows, following)


@endpoint("POST", "/conflicts/{code}/resolve", "sources", summary="Resolve a conflict.")
def resolve(request: HttpRequest, code: str, body: Resolution) -> HttpResponse:
    """Resolve a conflict. Audited."""
    one = found_conflict(request, code)
    return said(request.ask.workspace.resolve([one.held], take=body.take == "new").total)


@endpoint(
    "GET", "/audit", "audit", summary="The audit log, newest first.", openapi_extra=queries(**PAGED)
)
def audit_log(request: HttpRequest) -> HttpResponse:
    """The audit log."""
    before, limit = (place(request, 1) or (None,))[0], _limit(request)
    rows = list(itertools.islice(entries(settings.WORKSPACE, before), limit))
    following = cursor(rows[-1].number) if len(rows) == limit else None
    return _page(rows, following)
