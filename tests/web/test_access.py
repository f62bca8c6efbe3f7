"""Who may open what: the table, against every address there is."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from everytouch.workspace import Workspace
from tests.web.conftest import CAST

ROLES = ("nobody", *CAST)

# Address, method, and for nobody, viewer, manager (of the stores), analyst, owner: + or -.
TABLE = r"""
/ GET - + + + +
/accounts/2fa/ GET - + + + +
/accounts/2fa/ POST - + + + +
/accounts/2fa/authenticate/ GET - + + + +
/accounts/2fa/authenticate/ POST - + + + +
/accounts/2fa/reauthenticate/ GET - + + + +
/accounts/2fa/reauthenticate/ POST - + + + +
/accounts/2fa/recovery-codes/ GET - + + + +
/accounts/2fa/recovery-codes/ POST - + + + +
/accounts/2fa/recovery-codes/download/ GET - + + + +
/accounts/2fa/recovery-codes/download/ POST - + + + +
/accounts/2fa/recovery-codes/generate/ GET - + + + +
/accounts/2fa/recovery-codes/generate/ POST - + + + +
/accounts/2fa/totp/activate/ GET - + + + +
/accounts/2fa/totp/activate/ POST - + + + +
/accounts/2fa/totp/deactivate/ GET - + + + +
/accounts/2fa/totp/deactivate/ POST - + + + +
/accounts/2fa/webauthn/ GET - + + + +
/accounts/2fa/webauthn/ POST - + + + +
/accounts/2fa/webauthn/add/ GET - + + + +
/accounts/2fa/webauthn/add/ POST - + + + +
/accounts/2fa/webauthn/keys/<int:pk>/edit/ GET - + + + +
/accounts/2fa/webauthn/keys/<int:pk>/edit/ POST - + + + +
/accounts/2fa/webauthn/keys/<int:pk>/remove/ GET - + + + +
/accounts/2fa/webauthn/keys/<int:pk>/remove/ POST - + + + +
/accounts/2fa/webauthn/login/ GET - + + + +
/accounts/2fa/webauthn/login/ POST - + + + +
/accounts/2fa/webauthn/reauthenticate/ GET - + + + +
/accounts/2fa/webauthn/reauthenticate/ POST - + + + +
/accounts/3rdparty/ GET - + + + +
/accounts/3rdparty/ POST - + + + +
/accounts/3rdparty/login/cancelled/ GET + + + + +
/accounts/3rdparty/login/cancelled/ POST + + + + +
/accounts/3rdparty/login/error/ GET - - - - -
/accounts/3rdparty/login/error/ POST + + + + +
/accounts/3rdparty/signup/ GET - - - - -
/accounts/3rdparty/signup/ POST - - - - -
/accounts/confirm-email/ GET + + + + +
/accounts/confirm-email/ POST + + + + +
/accounts/confirm-email/(?P<key>[-:\w]+)/ GET + + + + +
/accounts/confirm-email/(?P<key>[-:\w]+)/ POST + + + + +
/accounts/email/ GET - + + + +
/accounts/email/ POST - + + + +
/accounts/inactive/ GET + + + + +
/accounts/inactive/ POST + + + + +
/accounts/login/ GET + + + + +
/accounts/login/ POST + + + + +
/accounts/login/code/confirm/ GET - + + + +
/accounts/login/code/confirm/ POST - + + + +
/accounts/logout/ GET + + + + +
/accounts/logout/ POST + + + + +
/accounts/oidc/(?P<provider_id>[^/]+)/login/ GET + + + + +
/accounts/oidc/(?P<provider_id>[^/]+)/login/ POST + + + + +
/accounts/oidc/(?P<provider_id>[^/]+)/login/callback/ GET + + + + +
/accounts/oidc/(?P<provider_id>[^/]+)/login/callback/ POST + + + + +
/accounts/password/change/ GET - + + + +
/accounts/password/change/ POST - + + + +
/accounts/password/reset/ GET + + + + +
/accounts/password/reset/ POST + + + + +
/accounts/password/reset/done/ GET + + + + +
/accounts/password/reset/done/ POST + + + + +
/accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/ GET + + + + +
/accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/ POST + + + + +
/accounts/password/reset/key/done/ GET + + + + +
/accounts/password/reset/key/done/ POST + + + + +
/accounts/password/set/ GET - + + + +
/accounts/password/set/ POST - + + + +
/accounts/reauthenticate/ GET - + + + +
/accounts/reauthenticate/ POST - + + + +
/accounts/signup/ GET + + + + +
/accounts/signup/ POST + + + + +
/accounts/social/connections/ GET + + + + +
/accounts/social/connections/ POST + + + + +
/accounts/social/login/cancelled/ GET + + + + +
/accounts/social/login/cancelled/ POST + + + + +
/accounts/social/login/error/ GET + + + + +
/accounts/social/login/error/ POST + + + + +
/accounts/social/signup/ GET + + + + +
/accounts/social/signup/ POST + + + + +
/api/v1/ GET + + + + +
/api/v1/against GET - + - + +
/api/v1/around GET - + + + +
/api/v1/aspects GET - + + + +
/api/v1/between GET - + + + +
/api/v1/foresee GET - + + + +
/api/v1/consistency GET - + + + +
/api/v1/peak-end GET - + + + +
/api/v1/effects GET - + - + +
/api/v1/emotions GET - + + + +
/api/v1/funnel GET - + + + +
/api/v1/goes-with GET - + + + +
/api/v1/interactions GET - + + + +
/api/v1/kinds GET - + + + +
/api/v1/leaks GET - + + + +
/api/v1/lifecycle GET - + + + +
/api/v1/lifetime GET - + + + +
/api/v1/money GET - + - + +
/api/v1/population GET - + + + +
/api/v1/promise-gaps GET - + - + +
/api/v1/repeats GET - + + + +
/api/v1/sessions GET - + + + +
/api/v1/staying GET - + + + +
/api/v1/what-if GET - + - + +
/api/v1/audit GET - - - - +
/api/v1/catalogue GET - + + + +
/api/v1/catalogue PUT - - - + +
/api/v1/cohorts GET - + + + +
/api/v1/comments GET - - + + +
/api/v1/drivers GET - + + + +
/api/v1/drop-off GET - + + + +
/api/v1/findings GET - + + + +
/api/v1/findings/<name>/moments GET - - - + +
/api/v1/graph GET - + + + +
/api/v1/jobs/<number> GET - - - + +
/api/v1/me GET - + + + +
/api/v1/moments GET - - - + +
/api/v1/movement GET - + + + +
/api/v1/openapi.json GET + + + + +
/api/v1/paths GET - + + + +
/api/v1/people/<party> GET - - - + +
/api/v1/people/<party>/erase POST - - - - +
/api/v1/people/<party>/erasure-plan GET - - - - +
/api/v1/people/<party>/export GET - - - + +
/api/v1/people/<party>/copy.<kind> GET - - - + +
/api/v1/people/<party>/consents GET - - - + +
/api/v1/people/<party>/consents POST - - - + +
/api/v1/people/<party>/preference-link POST - - - + +
/api/v1/people/<party>/trail GET - - - + +
/api/v1/people/find POST - - - + +
/api/v1/perception GET - + + + +
/api/v1/promises GET - + + + +
/api/v1/privacy/retention GET - - - - +
/api/v1/privacy/retention PUT - - - - +
/api/v1/privacy/retention/run POST - - - - +
/api/v1/retention GET - + + + +
/api/v1/quarantine GET - - - + +
/api/v1/conflicts GET - - - + +
/api/v1/conflicts/<code>/resolve POST - - - + +
/api/v1/quarantine/replay POST - - - + +
/api/v1/settings GET - + + + +
/api/v1/settings PUT - - - - +
/api/v1/scheduled GET - - - + +
/api/v1/sources GET - - - + +
/api/v1/stage-flows GET - + + + +
/api/v1/volume GET - + + + +
/api/v1/verdicts GET - + - + +
/api/v1/worth GET - + + + +
/catalogue/<str:section>/<str:name>/remove POST - - - + +
/drivers GET - + + + +
/enter GET + + + + +
/feeling GET - + + + +
/figures/<slug:name> GET - + + + +
/figures/<slug:name>.<str:kind> GET - + + + +
/findings/<str:name> GET - - - + +
/health GET + + + + +
/jobs/<int:number> GET - - - + +
/journeys GET - + + + +
/journeys/around GET - + + + +
/journeys/cohorts GET - + + + +
/journeys/compare GET - + + + +
/journeys/funnel GET - + + + +
/live GET - - - + +
/maps GET - + - + +
/maps/<str:name> GET - + - + +
/maps/<str:name>/edit GET - - - + +
/maps/<str:name>/edit POST - - - + +
/maps/<str:name>/journeys GET - - - + +
/maps/<str:name>/sheet GET - - - + +
/maps/<str:name>/sheet POST - - - + +
/maps/<str:name>/versions GET - - - + +
/maps/<str:name>/versions POST - - - + +
/maps/new GET - - - + +
/maps/new POST - - - + +
/moments GET - - - + +
/palette.json GET - + + + +
/people GET - - - + +
/people POST - - - + +
/people/<str:party> GET - - - + +
/people/<str:party>/erase GET - - - - +
/people/<str:party>/erase POST - - - - +
/people/<str:party>/export GET - - - + +
/people/<str:party>/copy.<str:kind> GET - - - + +
/people/<str:party>/link POST - - - + +
/preferences/<str:token> GET + + + + +
/preferences/<str:token> POST + + + + +
/people/shared-identifiers GET - - - + +
/personas/<str:name> GET - - - + +
/personas/<str:name> POST - - - + +
/personas/new GET - - - + +
/personas/new POST - - - + +
/conflicts GET - - - + +
/conflicts POST - - - + +
/conflicts/<str:code> GET - - - + +
/conflicts/<str:code> POST - - - + +
/quarantine GET - - - + +
/quarantine/<str:code> GET - - - + +
/quarantine/<str:code> POST - - - + +
/quarantine/<str:code>/rule GET - - - + +
/quarantine/<str:code>/rule POST - - - + +
/quarantine/replay POST - - - + +
/report.html GET - - - + +
/rules GET - - - + +
/rules POST - - - + +
/s/<str:secret> GET + + + + +
/initiatives/<str:name> GET - - - + +
/initiatives/<str:name> POST - - - + +
/initiatives/new GET - - - + +
/initiatives/new POST - - - + +
/segments GET - + + + +
/segments/<str:name> GET - - - + +
/segments/<str:name> POST - - - + +
/segments/new GET - - - + +
/segments/new POST - - - + +
/settings GET - + + + +
/settings POST - + + + +
/settings/audit GET - - - - +
/settings/audit.csv GET - - - - +
/settings/look POST - + + + +
/settings/organisation GET - - - - +
/settings/organisation POST - - - - +
/settings/people GET - - - - +
/settings/people/<int:number> GET - - - - +
/settings/people/<int:number> POST - - - - +
/settings/people/<int:number>/factors POST - - - - +
/settings/people/<int:number>/link POST - - - - +
/settings/people/<int:number>/sessions POST - - - - +
/settings/people/invite GET - - - - +
/settings/people/invite POST - - - - +
/settings/privacy GET - - - - +
/settings/privacy POST - - - - +
/settings/privacy/retention/run POST - - - - +
/settings/privacy/<str:code>.json GET - - - - +
/settings/sessions GET - + + + +
/settings/sessions POST - + + + +
/settings/shares GET - - - + +
/settings/shares POST - - - + +
/settings/shares/<int:number>/revoke POST - - - + +
/settings/tokens GET - - - + +
/settings/tokens POST - - - + +
/settings/tokens/<int:number>/revoke POST - - - + +
/sources GET - - - + +
/sources/arrivals GET - - - + +
/sources/keys GET - - - + +
/sources/keys POST - - - + +
/sources/scheduled GET - - - + +
/sources/scheduled/<str:name> GET - - - + +
/sources/scheduled/<str:name> POST - - - + +
/sources/scheduled/new GET - - - + +
/sources/scheduled/new POST - - - + +
/start GET + + + + +
/start POST + + + + +
/touchpoints GET - + + + +
/touchpoints/<str:name> GET - + - + +
/touchpoints/<str:name>/edit GET - - - + +
/touchpoints/<str:name>/edit POST - - - + +
/touchpoints/new GET - - - + +
/touchpoints/new POST - - - + +
/uploads POST - - - + +
/uploads/<str:code> GET - - - + +
/uploads/<str:code> POST - - - + +
/uploads/<str:code>/review GET - - - + +
/uploads/<str:code>/review POST - - - + +
/uploads/<str:code>/source.toml GET - - - + +
/worked GET - + + + +
/worth GET - + + + +
"""


def rows() -> dict[tuple[str, str], str]:
    found = {}
    for line in TABLE.strip().splitlines():
        if line and not line.startswith("#"):
            path, method, *marks = line.split()
            found[path, method] = "".join(marks)
    return found


EXPECTED = rows()


def addresses() -> dict[tuple[str, str], str]:
    """Every (address, method) the app answers to, by asking Django's resolver."""
    from django.urls import URLResolver, get_resolver

    from everytouch.web.pages import ROUTES

    ours = {route.path: [m for m in route.methods if m != "HEAD"] for route in ROUTES}
    found: dict[tuple[str, str], str] = {}

    def walk(resolver: Any, prefix: str) -> None:
        for pattern in resolver.url_patterns:
            path = prefix + str(pattern.pattern).lstrip("^").rstrip("$").replace(r"\Z", "")
            if isinstance(pattern, URLResolver):
                walk(pattern, path)
                continue
            methods = ours.get(path, ["GET", "POST"])
            if path.startswith("api/"):
                methods = _api_methods(pattern)
            for method in methods:
                found[f"/{path}", method] = path

    walk(get_resolver(), "")
    return found


def _api_methods(pattern: Any) -> list[str]:
    from everytouch.web.rest import api

    if pattern.name in ("openapi-json", "api-root"):
        return ["GET"]
    methods = []
    for _, router in api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                if operation.url_name == pattern.name or str(pattern.pattern) == _plain(
                    router, view
                ):
                    methods += operation.methods
    return sorted(set(methods))


def _plain(router: Any, view: Any) -> str:
    for path, candidate in router.path_operations.items():
        if candidate is view:
            return path.strip("/").replace("{", "<").replace("}", ">")
    return ""


def test_the_table_names_every_address_and_no_other():
    known, there = set(EXPECTED), set(addresses())
    assert known == there, f"not in the table: {there - known}; not there: {known - there}"


SAMPLES = {
    "name": "parcel_delivered",
    "kind": "csv",
    "section": "segments",
    "code": "00",
    "number": "0",
    "secret": "nothing",
    "token": "nothing",
    "provider_id": "none",
    "organization_slug": "none",
    "uidb36": "1",
    "key": "a-b",
    "pk": "0",
}
JSON = {"content_type": "application/json", "data": "{}"}
FILLED = {
    "/people/<str:party>/copy.<str:kind>": "/people/0000000000000007/copy.html",
    "/api/v1/people/<party>/copy.<kind>": "/api/v1/people/0000000000000007/copy.html",
    "/figures/<slug:name>": "/figures/ranked",
    "/figures/<slug:name>.<str:kind>": "/figures/ranked.csv",
    "/findings/<str:name>": "/findings/late:parcel_delivered",
    "/api/v1/findings/<name>/moments": "/api/v1/findings/late:parcel_delivered/moments",
    "/segments/<str:name>": "/segments/members",
    "/initiatives/<str:name>": "/initiatives/second_courier",
    "/personas/<str:name>": "/personas/settler",
    "/catalogue/<str:section>/<str:name>/remove": "/catalogue/segments/nobody/remove",
}


def filled(path: str, party: str) -> str:
    """The address with something in its blanks."""
    import re

    if path in FILLED:
        return FILLED[path]
    values = SAMPLES | {"party": party}
    path = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda m: values[m[1]], path)
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: values[m[1]], path)


def refused(response: Any) -> bool:
    """Turned away: sent to sign in, or told that one may not."""
    if response.status_code == 302:
        return response["Location"].startswith("/accounts/login/")
    return response.status_code in (401, 403)


@pytest.fixture(scope="module")
def shared(home: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that the roles visit one after the other: what one asked is known by then."""
    folder = tmp_path_factory.mktemp("access") / "w"
    shutil.copytree(home.path, folder, ignore=shutil.ignore_patterns("cache", "app.sqlite3*"))
    return folder


@pytest.mark.parametrize("role", ROLES)
def test_each_address_is_open_to_whom_the_table_says(role, visit, party, shared, settings_of):
    from everytouch.web.models import Job

    Job.objects.all().delete()
    settings_of(WORKSPACE=shared)
    client = visit(None if role == "nobody" else role)
    wrong = []
    for (path, method), marks in EXPECTED.items():
        if path == "/accounts/logout/" and method == "POST":
            continue  # would end the visit; tested by itself
        body: Any = JSON if "/api/" in path and method != "GET" else {}
        response = getattr(client, method.lower())(filled(path, party), **body)
        allowed = marks[ROLES.index(role)] == "+"
        if refused(response) == allowed or response.status_code >= 500:
            wrong.append(f"{method} {path}: {response.status_code}, should be {allowed}")
    assert wrong == []


def test_a_manager_is_held_to_the_own_departments(visit):
    client = visit("manager")
    assert client.get("/touchpoints/store_checkout").status_code == 200
    assert client.get("/touchpoints/parcel_delivered").status_code == 403
    page = client.get("/figures/inventory").content.decode()
    assert "/touchpoints/store_checkout" in page
    assert "/touchpoints/parcel_delivered" not in page
    names = {row["address"] for row in client.get("/palette.json").json()["found"]}
    assert "/touchpoints/parcel_delivered" not in names
    catalogue = client.get("/api/v1/catalogue").json()
    assert set(catalogue["touchpoints"]) == {
        "store_visit", "overhead_music", "staff_encounter", "store_checkout"
    }  # fmt: skip
    assert {row["touchpoint"] for row in client.get("/api/v1/findings").json()["rows"]} <= set(
        catalogue["touchpoints"]
    )


def test_a_manager_sees_the_organisation_beside(visit, home):
    page = visit("manager").get("/").content.decode()
    assert "organisation:" in page


def test_a_barred_person_is_out_at_once(visit, user):
    from everytouch.web.models import User

    client = visit("viewer")
    assert client.get("/").status_code == 200
    User.objects.filter(pk=user("viewer").pk).update(is_active=False)
    try:
        assert client.get("/").status_code == 302
    finally:
        User.objects.filter(pk=user("viewer").pk).update(is_active=True)
