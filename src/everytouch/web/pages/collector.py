"""What comes over HTTP: how the collector is, its keys, the rules, and what came in just now."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.collect.api import SCHEMES, UNCATALOGUED, Tried, checked_scheme
from everytouch.errors import EverytouchError, SettingError, SourceError
from everytouch.ledger.api import EVENTS, Quarantined, Reason
from everytouch.web.ask import Ask
from everytouch.web.models import Job
from everytouch.web.numbers import stated, whole
from everytouch.web.pages.quarantine import code_of
from everytouch.web.routes import Route

JUST_IN, NAMED, TRIED, LONGEST = 10, 12, 20, 200_000
TABLES = ("interactions", "perceptions", "quarantine")


def just_in(ask: Ask) -> dict[str, Any]:
    """What came in last, with the names of the catalogue; whether a collector is at work."""
    points, asked = ask.workspace.catalogue.touchpoints, ask.workspace.catalogue.instruments
    rows = ask.stored("arrivals", TABLES, lambda: ask.workspace.arrivals(JUST_IN))
    known = ask.workspace.masks()
    named = {name: point.label for name, point in points.items()}
    named |= {name: one.label for name, one in asked.items()}
    return {
        "arrivals": [(row, named.get(row.said) or known.masked(row.said)) for row in rows],
        "pulse": ask.workspace.collector(),
    }


def arrivals(request: HttpRequest) -> HttpResponse:
    """The feed alone, asked for again and again."""
    return render(request, "web/arrivals.html", {"ask": request.ask, **just_in(request.ask)})


def keys(request: HttpRequest) -> HttpResponse:
    """Source keys; a new one is shown once."""
    secret, wrong = "", ""
    if request.method == "POST":
        try:
            secret = _made_hook(request) if "hook" in request.POST else _made(request)
        except EverytouchError as error:
            wrong = str(error)
    pulse = request.ask.workspace.collector()
    values = {
        "ask": request.ask,
        "keys": request.ask.workspace.source_keys(),
        "pulse": pulse,
        "secret": "" if secret.startswith("/") else secret,
        "hook": secret if secret.startswith("/") else "",
        "schemes": list(SCHEMES.items()),
        "labels": {name: one.label for name, one in SCHEMES.items()},
        "wrong": wrong,
        "address": pulse.address if pulse else "http://127.0.0.1:8010",
        "touchpoint": next(iter(request.ask.workspace.catalogue.touchpoints), "first contact"),
        "given": request.POST,
    }
    return render(request, "web/keys.html", values, status=422 if wrong else 200)


def _made(request: HttpRequest) -> str:
    workspace, post = request.ask.workspace, request.POST
    if "rotate" in post:
        return str(workspace.rotate_key(whole(post["rotate"], 0)))
    if "sign" in post:
        workspace.sign_hook(whole(post["sign"], 0), post.get("scheme", ""), post.get("signing", ""))
        messages.success(request, _("Only what is signed with this secret is taken from now on."))
        return ""
    if "revoke" in post:
        workspace.revoke_key(whole(post["revoke"], 0))
        messages.success(request, _("The key works no longer."))
        return ""
    origins = tuple(post.get("origins", "").split())
    written = post.get("rate", "").strip()
    rate = stated(written or "0")
    if rate is None:
        raise SettingError(
            f"Invalid rate {written[:40]!r}: expected events per second", "enter 0 for no limit"
        )
    return str(workspace.create_key(post.get("source", "").strip(), rate, origins))


def _made_hook(request: HttpRequest) -> str:
    """Make the address of a webhook, and ask for signatures there if a secret is given."""
    workspace, post = request.ask.workspace, request.POST
    scheme, signing = post.get("scheme", ""), post.get("signing", "").strip()
    if bool(scheme) != bool(signing):
        raise SourceError(
            _("Give the signing secret and how it signs, or neither"),
            _("you can set both when the tool shows the secret"),
        )
    if scheme:
        checked_scheme(scheme, signing)
    number, path = workspace.create_hook(post.get("source", "").strip(), repeats="repeats" in post)
    if scheme:
        workspace.sign_hook(number, scheme, signing)
    return str(path)


def rules(request: HttpRequest) -> HttpResponse:
    """The rule table: edited, tried on what is held, saved and applied."""
    ask, post = request.ask, request.POST
    before = ask.workspace.rules_text
    text = post.get("rules", before)[:LONGEST].replace("\r\n", "\n")
    wrong, trials = "", []
    if request.method == "POST":
        try:
            trials = _trials(ask, text)
            if post.get("do") == "save":
                ask.workspace.save_rules(text, post.get("before", "").replace("\r\n", "\n"))
                job = Job.queue("replay", request.user)
                return redirect(f"/jobs/{job.pk}")
        except EverytouchError as error:
            wrong = str(error)
    values = {
        "ask": ask,
        "text": text,
        "before": post.get("before", before),
        "wrong": wrong,
        "tried": request.method == "POST" and not wrong,
        "trials": trials,
        "unnamed": _unnamed(ask.workspace.reasons()),
        "touchpoints": sorted(ask.workspace.catalogue.touchpoints),
    }
    return render(request, "web/rules.html", values, status=422 if wrong else 200)


def _unnamed(reasons: tuple[Reason, ...]) -> list[tuple[str, Reason, str]]:
    """Names of events no rule names, with how often they came and the address of one."""
    found = [one for one in reasons if one.reason.startswith(UNCATALOGUED)][:NAMED]
    names = [one.reason.partition("named ")[2].strip("'\"") for one in found]
    return [(name, one, code_of(one.key)) for name, one in zip(names, found, strict=True)]


def _trials(ask: Ask, text: str) -> list[tuple[str, str, str]]:
    """Of events that are held: name, what they would be, why they would stay."""
    rows = [row for row in ask.workspace.quarantine(limit=TRIED * 10) if row.kind == EVENTS]
    found = ask.workspace.try_held(rows[:TRIED], text)
    return [(_name(row), _said(one), one.reason) for row, one in zip(rows, found, strict=False)]


def _name(row: Quarantined) -> str:
    try:
        event = json.loads(row.row[EVENTS])
    except ValueError:
        return row.id
    names = ("event", "name", "type", "se_ac", "e") if isinstance(event, dict) else ()
    return next((str(event[name]) for name in names if event.get(name)), row.id)


def _said(one: Tried) -> str:
    columns = ("touchpoint", "instrument", "raw", "outcome", "amount", "name", "value")
    parts = []
    for kind, row in one.records:
        told = [f"{name} {row[name]}" for name in columns if row.get(name) is not None]
        parts.append(f"{kind.removesuffix('s')}: {', '.join(told)}")
    return "; ".join(parts)


ROUTES = (
    Route("sources/arrivals", arrivals, "arrivals", "sources", polled=True),
    Route("sources/keys", keys, "source-keys", "sources", writes="sources"),
    Route("rules", rules, "rules", "sources", writes="sources"),
)
