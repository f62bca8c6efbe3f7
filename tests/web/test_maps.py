"""Maps in the app: looked at, changed, refused, and what lies behind a deviation."""


def test_the_sheet_shows_what_was_meant_and_what_is(visit):
    client = visit("owner")
    page = client.get("/maps").content.decode()
    assert "/maps/online_order" in page
    sheet = client.get("/maps/online_order").content.decode()
    for said in ("Has the parcel", "On the day that was said", "4 days", "picking, packing"):
        assert said.replace("'", "&#x27;") in sheet
    figure = client.get("/figures/map-deviations?map=online_order").content.decode()
    assert "late: Has the parcel" in figure
    assert "/maps/online_order/journeys?deviation=late:delivered" in figure
    steps = client.get("/figures/map-steps?map=online_order").content.decode()
    assert "journeys are as the map says" in steps
    assert "&quot;meant&quot;" in steps or '"meant"' in steps
    assert client.get("/figures/map-steps?map=moon").status_code == 404
    assert client.get("/maps/moon").status_code == 404


def test_the_journeys_behind_are_read_and_audited(visit, own):
    client = visit("owner")
    page = client.get("/maps/online_order/journeys?deviation=added:help_call").content.decode()
    assert page.count("Call to the service line") >= 10
    log = (own.path / "audit.jsonl").read_text(encoding="utf-8")
    assert "added:help_call of map online_order" in log
    assert client.get("/maps/online_order/journeys?deviation=late:moon").status_code == 404


def test_a_map_is_changed_and_what_is_wrong_is_said(visit, own):
    client = visit("owner")
    text, before = own.map_text("online_order"), own.map_versions("online_order")[-1]
    broken = text.replace("web_checkout", "moon_checkout")
    said = client.post("/maps/online_order/edit", {"map": broken})
    assert said.status_code == 422
    assert "moon_checkout" in said.content.decode()
    assert own.map_versions("online_order")[-1] == before
    changed = text.replace("4 days", "6 days")
    saved = client.post("/maps/online_order/edit", {"map": changed})
    assert saved.status_code == 302
    assert "6 days" in client.get("/maps/online_order").content.decode()
    older = client.get(f"/maps/online_order/edit?version={before}").content.decode()
    assert "4 days" in older


def test_figures_follow_the_newest_version(visit, own):
    """Nothing of the older one is shown."""
    client, text = visit("owner"), own.map_text("online_order")
    address = "/figures/map-deviations?map=online_order"
    assert "late: Has the parcel" in client.get(address).content.decode()
    client.post("/maps/online_order/edit", {"map": text.replace("4 days", "52 weeks")})
    assert "late: Has the parcel" not in client.get(address).content.decode()


def test_a_new_map_has_a_name_of_its_own(visit):
    client = visit("owner")
    assert "touchpoints:" in client.get("/maps/new").content.decode()
    given = {"map": "label: X\nsteps: [{step: web_checkout}]"}
    for name, said in (("online_order", "taken"), ("../x", "no name of a map")):
        answer = client.post("/maps/new", {**given, "name": name})
        assert answer.status_code == 422
        assert said in answer.content.decode()


def test_who_answers_for_some_touchpoints_sees_no_map(visit):
    client = visit("manager")
    for path in ("/maps", "/maps/online_order"):
        assert client.get(path).status_code == 403
    assert 'href="/maps"' not in client.get("/journeys").content.decode()


def test_a_cell_of_the_sheet_is_edited_in_place(visit, own):
    client, newest = visit("owner"), own.map_versions("online_order")[-1]
    page = client.get("/maps/online_order").content.decode()
    assert "/maps/online_order/sheet?cell=delivered.promise" in page
    assert "sheet?cell=" not in visit("viewer").get("/maps/online_order").content.decode()
    sheet = client.get("/maps/online_order/sheet?cell=delivered.promise").content.decode()
    field = sheet.split('name="delivered.promise"')[1].split(">")[0]
    assert "autofocus" in field
    assert sheet.count("autofocus") == 1
    given = {
        "version": newest,
        "delivered.promise": 'As "said" & <kept>',
        "delivered.emotion": "77",
    }
    assert client.post("/maps/online_order/sheet", given).url == "/maps/online_order"
    (step,) = [s for s in own.journey_map("online_order").steps if s.step == "delivered"]
    assert (step.promise, step.emotion) == ('As "said" & <kept>', 77)
    page = client.get("/maps/online_order").content.decode()
    assert "As &quot;said&quot; &amp; &lt;kept&gt;" in page


def test_what_a_cell_cannot_say_is_said_and_nothing_typed_is_lost(visit, own):
    client, newest = visit("owner"), own.map_versions("online_order")[-1]
    given = {"version": newest, "delivered.emotion": "happy", "delivered.owner": "Somebody new"}
    said = client.post("/maps/online_order/sheet", given)
    assert said.status_code == 422
    text = said.content.decode()
    assert "is no feeling" in text
    assert "Somebody new" in text
    overtaken = client.post("/maps/online_order/sheet", {"version": newest - 1 or 99, "x": "y"})
    assert overtaken.status_code == 422 or newest == 1
    assert own.map_versions("online_order")[-1] == newest


def test_versions_are_compared_and_gone_back_to(visit, own):
    client, newest = visit("owner"), own.map_versions("online_order")[-1]
    client.post("/maps/online_order/sheet", {"version": newest, "delivered.promise": "Some day"})
    page = client.get("/maps/online_order/versions").content.decode()
    assert "promise: Some day" in page
    assert f"Go back to version {newest}" in page
    client.post("/maps/online_order/versions", {"version": newest})
    assert own.map_text("online_order") == own.map_text("online_order", newest)
    assert own.map_versions("online_order")[-1] == newest + 2
    assert client.get("/maps/online_order/versions?from=999").status_code == 404
    assert client.post("/maps/online_order/versions", {"version": "999"}).status_code == 404
