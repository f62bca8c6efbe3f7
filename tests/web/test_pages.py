"""Pages say what the library says, keep their filters, and can be taken away."""

import csv
import dataclasses
import datetime
import html
import io
import re
from pathlib import Path

import openpyxl
import pytest
from django.utils import timezone

import everytouch
from everytouch.improvement.api import Finding
from everytouch.results import Basis
from everytouch.web.ask import ANSWERS
from everytouch.web.export import as_csv, as_xlsx
from everytouch.web.figure import Column, Figure

PAGES = [
    "/", "/touchpoints", "/touchpoints/parcel_delivered", "/journeys", "/people", "/segments",
    "/feeling", "/drivers", "/worth", "/sources", "/quarantine", "/conflicts",
    "/moments", "/settings",
    "/findings/late:parcel_delivered", "/settings/people", "/settings/privacy", "/settings/audit",
]  # fmt: skip
FILTERS = [
    "period=90", "since=2024-06-01&until=2024-12-31", "segment=rural", "stage=receive",
    "channel=web", "touchpoint=parcel_delivered", "segment=members&channel=store&period=365",
]  # fmt: skip


def figures() -> list[str]:
    from everytouch.web.figures import FIGURES

    return list(FIGURES)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_every_filter(visit, page):
    client = visit("owner")
    for query in ["", *FILTERS]:
        assert client.get(f"{page}?{query}").status_code == 200, query


def test_every_figure_opens_with_filters_and_in_every_form(visit):
    """Each with every third filter: figures that lie beside each other, with others."""
    open_figures(visit("owner"), 3)


@pytest.mark.long
def test_every_figure_opens_with_every_filter_and_in_every_form(visit):
    open_figures(visit("owner"), 1)


def open_figures(client, step: int) -> None:
    for number, name in enumerate(figures()):
        for query in ["", *FILTERS[number % step :: step]]:
            response = client.get(f"/figures/{name}?{query}", headers={"HX-Request": "true"})
            assert response.status_code == 200, (name, query)
            assert f'id="figure-{name}"' in response.content.decode()
        assert client.get(f"/figures/{name}.csv").status_code == 200
        assert client.get(f"/figures/{name}.xlsx").content[:2] == b"PK"


def test_the_ranked_list_is_the_library_s(visit, home):
    first: Finding = home.findings().rows[0]
    page = visit("analyst").get("/figures/ranked").content.decode()
    assert first.label in page
    assert f"{first.parties:,}" in page
    assert f"{first.overall.value:.2f}" in page
    assert f"/findings/{first.name}" in page


def test_the_ranked_list_comes_first_and_its_adjusted_grades_follow(visit, home):
    client = visit("analyst")
    ANSWERS.clear()
    page = client.get("/figures/ranked?segment=rural").content.decode()
    (address,) = re.findall(r'hx-get="(/figures/ranked[^"]+)"', page)
    assert address == "/figures/ranked?segment=rural&amp;grades=adjusted"
    assert "quasi-causal" not in page
    risen = {row.name for row in home.effects().rows if row.grade == "quasi-causal"}
    page = client.get(html.unescape(address)).content.decode()
    assert risen
    assert "quasi-causal" in page
    assert "hx-get" not in page
    # Known for this hour, whatever is asked.
    assert "hx-get" not in client.get("/figures/ranked?segment=urban").content.decode()
    rows = client.get("/api/v1/findings?grades=adjusted").json()["rows"]
    assert {row["name"] for row in rows if row["grade"] == "quasi-causal"} == risen
    rows = client.get("/api/v1/findings").json()["rows"]
    assert {row["grade"] for row in rows} <= {"association", "none yet"}


def test_filters_reach_the_figures_and_stay_in_the_address(visit, home):
    client = visit("analyst")
    scope = home.scope("rural", places={"channel": ["web"]})
    rows = home.findings(scope).rows
    table = client.get("/figures/ranked.csv?segment=rural&channel=web").content.decode()
    found = list(csv.reader(io.StringIO(table)))
    assert [int(line[3]) for line in found[1:]] == [row.parties for row in rows]
    page = client.get("/?segment=rural&channel=web").content.decode()
    assert 'value="rural" selected' in page
    for address in re.findall(r'hx-get="(/figures/[^"]+)"', page):
        assert "segment=rural" in address
        assert "channel=web" in address


def test_a_persona_and_a_property_narrow_too(visit, home):
    client = visit("analyst")
    name, persona = next((n, p) for n, p in home.catalogue.personas.items() if p.segment)
    mine, its = (client.get(f"/figures/graph.csv?{query}").content for query in
                 (f"persona={name}", f"segment={persona.segment}"))  # fmt: skip
    assert mine == its != client.get("/figures/graph.csv").content
    page = client.get(f"/journeys?persona={name}&where=plan%3Dgold").content.decode()
    assert f'value="{name}" selected' in page
    assert 'value="plan=gold"' in page
    assert "where=plan%3Dgold" in page
    assert "Nobody went" in client.get("/figures/graph?where=plan%3Dgold").content.decode()


@pytest.mark.parametrize("role", ["viewer", "manager"])
def test_who_may_not_see_moments_may_not_single_people_out_by_a_property(visit, role):
    client = visit(role)
    for address in ("/figures/graph", "/figures/graph.csv", "/api/v1/graph"):
        answer = client.get(f"{address}?where=email%3Dana%40x.org")
        assert answer.status_code == 403
        assert "does not ask by properties" in answer.content.decode()
    assert 'name="where"' not in client.get("/journeys").content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("segment=nobody", "not in the catalogue"),
        ("persona=nobody", "not in the catalogue"),
        ("where=gold", "names no property"),
        ("channel=pigeon", "not in the catalogue"),
        ("period=17", "unknown"),
        ("since=yesterday", "no day"),
        ("since=2025-13-45", "no day"),
    ],
)
def test_an_address_that_makes_no_sense_says_what_to_do(visit, query, words):
    response = visit("viewer").get(f"/figures/feeling?{query}")
    assert response.status_code == 404
    assert words in response.content.decode()


def test_words_of_the_address_are_escaped(visit):
    evil = "<script>alert(1)</script>"
    for address in (f"/?segment={evil}", f"/touchpoints/{evil}", f"/figures/paths?unit={evil}"):
        assert evil not in visit("analyst").get(address).content.decode()


def test_every_number_explains_itself(visit):
    client = visit("analyst")
    for name in ("ranked", "moved", "scores", "trend", "feeling", "graph", "drivers", "worth"):
        page = client.get(f"/figures/{name}").content.decode()
        for word in ("Explain this number", "Formula", "Denominator", "Data"):
            assert word in page, (name, word)
    assert 'href="/moments?kind=perception' in client.get("/figures/scores").content.decode()


def test_a_comment_shows_nobody_and_only_where_there_are_ten(visit, home):
    page = visit("analyst").get("/figures/comments").content.decode()
    assert "C0000" not in page
    few = visit("analyst").get("/figures/comments?since=2024-01-01&until=2024-01-02")
    assert "Too few comments" in few.content.decode()
    assert "Too few comments" not in page


def test_exports_neutralise_formulas():
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "|cmd", "plain"]
    figure = Figure([Column("=name", lambda r: r)], evil, Basis("=f", "d", "c"))
    lines = list(csv.reader(io.StringIO(as_csv(figure))))
    assert all(cell[0] == "'" for (cell,) in lines[:-1])
    assert lines[-1] == ["plain"]
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(figure, "=t", "=a")))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value).startswith(("=", "+", "@"))


def test_numbers_in_an_export_are_numbers(visit, home):
    body = visit("analyst").get("/figures/feeling.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet = book["Figure"]
    names = [cell.value for cell in sheet[1]]
    assert names[-4:] == [
        "score to rank by",
        f"{names[-4]} (low)",
        f"{names[-4]} (high)",
        f"{names[-4]} (n)",
    ]
    scores = [row[-4] for row in sheet.iter_rows(min_row=2, values_only=True)]
    shown = home.perception("touchpoint").rows
    assert [s for s in scores if not isinstance(s, str)] == pytest.approx(
        [cell.shrunk.value for cell in shown if not cell.hidden]
    )
    about = dict(book["About"].iter_rows(values_only=True))
    assert "stated perceptions only" in about["cut"]


def test_an_empty_workspace_says_what_to_do_next(visit, tmp_path, settings_of):
    everytouch.create(tmp_path / "empty")
    settings_of(WORKSPACE=tmp_path / "empty")
    client = visit("owner")
    assert "Import a file" in client.get("/").content.decode()
    for page in PAGES[3:9]:
        assert client.get(page).status_code == 200, page
    for name in figures():
        page = client.get(f"/figures/{name}").content.decode()
        assert "empty-said" in page, name


def test_a_touchpoint_is_changed_and_the_change_is_audited(visit, own):
    client = visit("analyst")
    form = {
        "label": "Parcel at the door", "stage": "receive", "channel": "logistics",
        "owner": "Logistics", "element": "partner", "promise_text": "By noon",
        "promise_on_time": "on", "senses": ["see"], "values": ["saves time"],
    }  # fmt: skip
    assert client.post("/touchpoints/parcel_delivered/edit", form).status_code == 302
    point = own.catalogue.touchpoints["parcel_delivered"]
    assert (point.label, point.promise.text) == ("Parcel at the door", "By noon")
    log = visit("owner").get("/settings/audit").content.decode()
    assert "change catalogue" in log
    assert "parcel_delivered" in log
    wrong = client.post("/touchpoints/parcel_delivered/edit", form | {"stage": "nowhere"})
    assert wrong.status_code == 422
    assert own.catalogue.touchpoints["parcel_delivered"].stage == "receive"


def test_an_initiative_is_named_before_it_begins(visit, own):
    client = visit("analyst")
    page = client.get("/initiatives/new?finding=late:parcel_delivered").content.decode()
    assert 'value="late:parcel_delivered" selected' in page
    form = {
        "name": "louder", "label": "Louder music", "finding": "late:parcel_delivered",
        "kind": "rollout", "metric": "spend", "start": "2025-06-01", "treated": "members",
        "control": "urban", "waves": "rural 2025-09-01", "share": "0.5", "planned": "1000",
    }  # fmt: skip
    assert client.post("/initiatives/new", form).status_code == 302
    today = timezone.localdate()
    one = own.catalogue.initiatives["louder"]
    assert (one.named, one.waves, one.finding) == (today, ("rural 2025-09-01",), form["finding"])
    page = client.get("/worked").content.decode()
    assert "/initiatives/louder" in page
    link = "/initiatives/new?finding=late%3Aparcel_delivered"
    assert link in client.get("/findings/late:parcel_delivered").content.decode()
    assert "Louder music" in client.get("/figures/verdicts").content.decode()
    # What tells stays: so does its day. It changes: the day is a new one.
    early = dataclasses.replace(one, named=datetime.date(2025, 5, 1))
    before = own.catalogue
    known = before.initiatives | {"louder": early}
    own.save_catalogue(dataclasses.replace(before, initiatives=known), before)
    assert client.post("/initiatives/louder", form | {"label": "Quieter"}).status_code == 302
    assert own.catalogue.initiatives["louder"] == dataclasses.replace(early, label="Quieter")
    assert client.post("/initiatives/louder", form | {"metric": "cost"}).status_code == 302
    assert own.catalogue.initiatives["louder"].named == today
    client.post("/catalogue/initiatives/louder/remove")
    assert "louder" not in own.catalogue.initiatives


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "experiment", "control": ""}, "no control"),
        ({"kind": "single", "others": ["urban"]}, "too few"),
        ({"until": "2025-01-01"}, "not after its start"),
        ({"waves": "rural soon"}, "write each as"),
        ({"waves": "nobody 2025-09-01"}, "nobody"),
        ({"start": ""}, "required"),
        ({"treated": "nobody"}, "not one of the available choices"),
    ],
)
def test_an_initiative_that_cannot_be_judged_is_refused(visit, own, changes, said):
    form = {
        "name": "odd", "label": "Odd", "kind": "rollout", "metric": "score", "share": "0.5",
        "start": "2025-06-01", "treated": "members", "planned": "1000",
    }  # fmt: skip
    answer = visit("analyst").post("/initiatives/new", form | changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "odd" not in own.catalogue.initiatives


def test_two_who_change_the_catalogue_at_once_do_not_undo_each_other(own):
    import dataclasses

    from everytouch.errors import CatalogueError

    before = own.catalogue
    own.rename("First")
    with pytest.raises(CatalogueError, match="meanwhile"):
        own.save_catalogue(dataclasses.replace(before, organisation="Second"), before)
    assert own.catalogue.organisation == "First"


def test_a_segment_is_built_with_live_counts(visit, own):
    client = visit("analyst")
    rule = {"label": "Callers", "touchpoint": "help_call", "at_least": "2"}
    part = client.post("/segments/new", rule, headers={"HX-Request": "true"}).content.decode()
    count = int(re.search(r"<b>([\d,]+)</b>", part)[1].replace(",", ""))
    saved = client.post("/segments/new", rule | {"name": "callers"})
    assert saved.status_code == 302
    scope = own.scope("callers")
    assert count == sum(int(scope.take(b).sum()) for b in own.trails().buckets) > 0
    assert client.post("/segments/new", rule | {"name": "callers"}).status_code == 422
    assert client.post("/segments/new", {"name": "none", "label": "None"}).status_code == 422
    client.post("/catalogue/segments/callers/remove")
    assert "callers" not in own.catalogue.segments


def test_a_persona_is_described(visit, own):
    form = {
        "name": "hurried", "label": "The hurried", "wants": "speed\nno calls", "senses": ["see"],
        "values": ["saves time"],
    }  # fmt: skip
    assert visit("analyst").post("/personas/new", form).status_code == 302
    persona = own.catalogue.personas["hurried"]
    assert persona.wants == ("speed", "no calls")
    assert persona.values == ("saves time",)


def test_a_trail_is_found_without_its_name_in_the_address(visit, party):
    client = visit("analyst")
    found = client.post("/people", {"identifier": "C00000007"})
    assert found["Location"] == f"/people/{party}"
    page = client.get(found["Location"]).content.decode()
    assert "device:d-7" in page
    assert "seen together on" in page
    nobody = client.post("/people", {"identifier": "email:nobody@example.org"})
    assert "Nobody is known by this" in nobody.content.decode()


def test_an_erasure_lists_every_id_and_needs_the_list_it_was_agreed_to(visit, party, own):
    from everytouch.web.models import Job

    client = visit("owner")
    page = client.get(f"/people/{party}/erase").content.decode()
    assert "customer_no:C00000007" in page
    assert "device:d-7" in page
    plan = own.erasure_plan(own.find("customer_no:C00000007")).confirm
    assert f'value="{plan}"' in page
    code = party[:6]
    assert client.post(f"/people/{party}/erase", {"confirm": code}).status_code == 422
    done = client.post(f"/people/{party}/erase", {"confirm": code, "plan": plan})
    assert done.status_code == 302
    assert Job.objects.get(kind="erase").payload["confirm"] == plan
    Job.objects.all().delete()


def test_shared_ids_are_listed_for_those_who_may_see_people(visit, own):
    own.change_settings({"shared_from": 1})
    page = visit("analyst").get("/people/shared-identifiers").content.decode()
    assert "Shared IDs" in page
    assert visit("viewer").get("/people/shared-identifiers").status_code == 403


def test_a_theme_and_a_direction_are_kept(visit, user):
    client = visit("viewer")
    client.post("/settings/look", {"theme": "dark"})
    client.post("/settings", {"direction": "rtl", "theme": "dark", "timezone": "Asia/Tokyo"})
    page = client.get("/").content.decode()
    assert 'dir="rtl"' in page
    assert "tabler.rtl.min" in page
    assert 'data-theme="dark"' in page
    client.post("/settings", {})


def test_every_class_of_a_template_is_styled():
    """Tabler is carried cut to what was used: a new class of it needs `sh scripts/tabler/build`."""
    web = Path(everytouch.__file__).parent / "web"
    sheets = (web / "static/tabler/tabler.min.css", web / "static/everytouch/app.css")
    styled = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", "".join(s.read_text() for s in sheets)))
    used = set()
    for template in web.rglob("*.html"):
        plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "\0", template.read_text())
        for value in re.findall(r'class="([^"]*)"', plain):
            used |= {name for name in value.split() if "\0" not in name}
    assert used - styled <= {"loading", "chips", "messages"}  # handles for scripts and tests


def test_times_are_of_the_viewer_s_zone(visit, user, party):
    from everytouch.web.models import User

    analyst = User.objects.filter(pk=user("analyst").pk)
    pages = []
    for zone in ("UTC", "Asia/Tokyo"):
        analyst.update(timezone=zone)
        pages.append(visit("analyst").get("/moments").content.decode())
    analyst.update(timezone="")
    first, second = (
        re.search(r'<time datetime="[^"]+" title="([^"]+)"', page)[1] for page in pages
    )
    assert first.endswith("UTC")
    assert second.endswith("JST")


def test_the_organisation_and_its_numbers_are_changed_by_the_owner(visit, own):
    client = visit("owner")
    page = client.get("/settings/organisation").content.decode()
    assert "People below which a figure is hidden" in page
    assert "memory" not in page.lower()
    names = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page)
    form = {name: str(getattr(own.settings, name, "")) for name in names}
    form |= {"organisation": "Another shop", "minimum_n": "4000", "currency": "CHF"}
    wrong = client.post("/settings/organisation", form | {"confidence": "7"})
    assert wrong.status_code == 422
    assert everytouch.open(own.path).settings == own.settings
    assert client.post("/settings/organisation", form).status_code == 302
    changed = everytouch.open(own.path)
    assert (changed.settings.minimum_n, changed.settings.currency) == (4000, "CHF")
    assert changed.catalogue.organisation == "Another shop"
    assert "hidden (n =" in client.get("/figures/scores").content.decode()
