"""The API, third part: what protects people."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from everytouch.web.models import Job
from everytouch.web.pages.people import copy as person_copy
from everytouch.web.records import QUEUED, queued
from everytouch.web.rest import endpoint, queries, said
from everytouch.web.shell import workspace_for
from everytouch.workspace.people import party_number


class Said(Schema):
    """What somebody says of purposes, by name, and what says so."""

    choices: dict[str, bool]
    evidence: str = ""
    basis: str = "consent"


class Rules(Schema):
    """Rules of retention, as ``[retention]`` of the settings file has them."""

    rules: dict[str, str | dict[str, dict[str, str]]]


@endpoint("GET", "/privacy/retention", "administer", summary="How long records are kept.")
def get_retention(request: HttpRequest) -> HttpResponse:
    """Rules, what they would let go now, and the certificates of what went."""
    workspace = request.ask.workspace
    return said(
        {
            "rules": workspace.retention_rules.plain,
            "due": workspace.retention_due().parts,
            "certificates": [json.loads(row.text) for row in workspace.expiries()],
        }
    )


@endpoint("PUT", "/privacy/retention", "administer", summary="Change how long records are kept.")
def put_retention(request: HttpRequest, body: Rules) -> HttpResponse:
    """Put rules in place of those there are. Audited."""
    request.ask.workspace.change_retention(body.rules)
    rules: dict[str, Any] = workspace_for(request.user).retention_rules.plain
    return said({"rules": rules})


@endpoint(
    "POST",
    "/privacy/retention/run",
    "administer",
    summary="Apply the rules now.",
    response=QUEUED,
)
def run_retention(request: HttpRequest) -> HttpResponse:
    """Apply the rules of retention, as a job."""
    return queued(Job.queue("retain", request.user))


@endpoint("GET", "/people/{party}/consents", "people", summary="What a person allows.")
def get_consents(request: HttpRequest, party: str) -> HttpResponse:
    """The last word on each purpose. Audited."""
    return said({"rows": request.ask.workspace.choices(party_number(party))})


@endpoint("POST", "/people/{party}/consents", "people", summary="Take down what a person says.")
def post_consents(request: HttpRequest, party: str, body: Said) -> HttpResponse:
    """Store consents given elsewhere, as by telephone. Audited."""
    workspace = request.ask.workspace
    rows = workspace.record_consents(
        workspace.own_key(party_number(party)),
        body.choices,
        body.evidence[:2_000],
        basis=body.basis[:100],
    )
    return said({"rows": rows})


@endpoint("POST", "/people/{party}/preference-link", "people", summary="A link for the person.")
def preference_link(request: HttpRequest, party: str) -> HttpResponse:
    """The address of the person's page of preferences. Audited."""
    path = request.ask.workspace.preference_link(party_number(party))
    return said({"link": request.build_absolute_uri(path)})


@endpoint(
    "GET",
    "/people/{party}/copy.{kind}",
    "export",
    summary="A copy in plain words.",
    openapi_extra=queries(language="Its language: en or de."),
)
def copy(request: HttpRequest, party: str, kind: str) -> HttpResponse:
    """All data of a party in plain words, HTML or PDF; ``language`` is en or de. Audited."""
    return person_copy(request, party, kind)
