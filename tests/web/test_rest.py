"""The API: what the pages show, described, in pages, with failures in words."""

import json

import pytest

from everytouch.results import plain


@pytest.fixture
def api(user):
    from django.test import Client

    from everytouch.web.models import Token

    scopes = ["read", "people", "write", "admin"]
    _, secret = Token.issue(1, user=user("owner"), title="test", scopes=scopes)
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def get(address: str, status: int = 200, **body):
        path = f"/api/v1{address}"
        options = {"content_type": "application/json", "data": body}
        response = client.post(path, **options) if body else client.get(path)
        assert response.status_code == status, response.content
        return response.json()

    return get


GIVEN = {
    "funnel": "steps=website_visit,web_checkout&days=90",
    "around": "at=web_checkout&direction=before",
    "between": "first=web_checkout&second=parcel_delivered&unit=correlation",
    "goes-with": "at=help_call&unit=correlation",
    "foresee": "after=web_checkout&unit=correlation",
    "kinds": "unit=correlation",
    "against": "map=online_order",
    "what-if": "finding=slow:store_checkout&removed=50",
}


def test_every_question_answers_as_the_library_does(api, home):
    from everytouch.web.question import QUESTIONS

    api("/aspects", status=422)  # too few rated a part: said, and nothing shown
    for name in QUESTIONS.keys() - {"aspects"}:
        assert set(api(f"/{name}?{GIVEN.get(name, '')}")) >= {"basis", "rows"}
    steps, unit = ["website_visit", "web_checkout"], {"unit": "correlation"}
    for name, result in {
        "funnel": home.funnel(steps, window_days=90),
        "around": home.around("web_checkout", direction="before"),
        "between": home.between("web_checkout", "parcel_delivered", **unit),
        "goes-with": home.goes_with("help_call", **unit),
        "foresee": home.foresight(["web_checkout"], **unit),
        "kinds": home.journey_kinds(**unit),
        "against": home.against("online_order"),
        "repeats": home.repeats(),
        "staying": home.staying(),
        "money": home.money(),
        "what-if": home.what_if("slow:store_checkout", removed=0.5),
    }.items():
        assert api(f"/{name}?{GIVEN.get(name, '')}") == json.loads(result.to_json()), name
    assert api("/findings") == json.loads(json.dumps(plain(home.findings())))
    assert api("/graph") == json.loads(home.graph().to_json())
    by_channel = api("/perception?by=channel&segment=rural")
    assert by_channel == json.loads(home.perception("channel", home.scope("rural")).to_json())


def test_it_is_described(api):
    described = api("/openapi.json")
    assert described["openapi"].startswith("3.")
    paths = described["paths"]
    assert {"/api/v1/findings", "/api/v1/people/{party}/trail", "/api/v1/audit"} <= set(paths)
    finding = paths["/api/v1/findings"]["get"]
    assert {"period", "segment", "channel"} <= {p["name"] for p in finding["parameters"]}
    steps = {p["name"]: p for p in paths["/api/v1/funnel"]["get"]["parameters"]}
    assert (steps["steps"]["required"], steps["where"]["in"]) == (True, "query")
    shape = finding["responses"]["200"]["content"]["application/json"]["schema"]
    name = shape["$ref"].rsplit("/", 1)[1]
    assert set(described["components"]["schemas"][name]["properties"]) == {"basis", "rows"}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/perception?by=moon", 404),
        ("/against", 404),
        ("/against?map=moon", 404),
        ("/funnel?steps=website_visit,moon", 404),
        ("/between?first=web_checkout", 404),
        ("/findings?where=gold", 404),
        ("/findings?segment=nobody", 404),
        ("/people/notaparty", 404),
        ("/moments?cursor=!!!", 404),
        ("/moments?cursor=MS4y", 200),
        ("/nowhere", 404),
        ("/jobs/999999", 404),
        ("/jobs/word", 422),
    ],
)
def test_failures_are_problems(api, address, status):
    body = api(address, status)
    if status != 200:
        assert body["status"] == status
        assert body["title"]


def test_nobody_is_told_how_to_come_in():
    from django.test import Client

    response = Client().get("/api/v1/findings")
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == "Bearer"


def test_pages_of_moments_join_without_gap_or_overlap(api, home):
    whole = [row.key for row in home.newest(limit=230)]
    found, cursor = [], ""
    for _ in range(5):
        page = api(f"/moments?limit=50&cursor={cursor}")
        found += [row["key"] for row in page["rows"]]
        cursor = page["next"]
    assert found[:230] == [f"{key & (2**64 - 1):016x}" for key in whole]
    assert "identifier" not in page["rows"][0]


def test_the_api_erases_only_what_was_confirmed(api, own, party):
    from everytouch.web.models import Job

    plan = api(f"/people/{party}/erasure-plan")
    assert sorted(name for name, _ in plan["identifiers"]) == [
        "customer_no:C00000007",
        "device:d-7",
    ]
    assert plan["moments"] == len(own.trail("customer_no:C00000007").rows)
    api(f"/people/{party}/erase", 422, reason="no confirmation")
    api(f"/people/{party}/erase", 409, confirm="another")
    queued = api(f"/people/{party}/erase", 202, confirm=plan["confirm"])
    assert Job.objects.get(pk=queued["job"]).payload["confirm"] == plan["confirm"]
    Job.objects.all().delete()


def test_a_trail_in_pages(api, home, party):
    trail = home.trail("customer_no:C00000007").rows
    assert api("/people/find", identifier="customer_no:C00000007")["party"] == party
    first = api(f"/people/{party}/trail?limit=10")
    second = api(f"/people/{party}/trail?limit=10&cursor={first['next']}")
    ids = [row["id"] for row in (*first["rows"], *second["rows"])]
    assert ids == [row.id for row in trail[:20]]


def test_the_catalogue_is_put_and_checked(api, own, user):
    from django.test import Client

    client = Client()
    client.force_login(user("analyst"))
    text = (own.path / "catalogue.yaml").read_text()

    def put(yaml: str) -> int:
        body = json.dumps({"yaml": yaml})
        return client.put("/api/v1/catalogue", body, content_type="application/json").status_code

    assert put(text.replace("Newsletter", "The newsletter")) == 200
    assert own.catalogue.touchpoints["newsletter"].label == "The newsletter"
    assert put(text.replace("stage: discover", "stage: nowhere")) == 422
