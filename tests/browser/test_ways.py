"""The critical ways through the app, as a person goes them."""

import json
import re
import shlex
import subprocess
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.running import App, running, settled, sign_in

ORDERS = """id,time,customer_id,touchpoint,amount
1,2025-05-01 10:00,C1,web_checkout,12.50
2,2025-05-02 10:00,C2,web_checkout,19.90
3,2025-05-03 10:00,C3,web_checkout,seven
"""


def test_first_start_to_a_first_source_and_a_mended_row(window, tmp_path: Path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    with running("-w", str(tmp_path / "w"), "serve") as app:
        assert "/start?key=" in app.address
        page = window(locale="en-GB")
        page.goto(app.address)
        page.fill("input[name=organisation]", "Acme")
        page.fill("input[name=name]", "Ada")
        page.fill("input[name=email]", "ada@example.org")
        page.fill("input[name=password]", "long enough to pass")
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_text("You are in.")).to_be_visible()
        _touchpoint(page, app)
        page.goto(f"{app.base}/sources")
        page.set_input_files("#file", tmp_path / "orders.csv")
        expect(page.get_by_text("2 interactions can be imported. 1 has a problem.")).to_be_visible()
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_text("2 interactions of 2 customers at 1 touchpoint.")).to_be_visible()
        page.get_by_role("link", name="Fix the problems").click()
        page.get_by_role("link", name="3", exact=True).click()
        expect(page.locator("#f-amount")).to_have_value("seven")
        page.fill("#f-amount", "7")
        page.get_by_role("button", name="Store it").click()
        expect(page.get_by_text("The record is stored.")).to_be_visible()
        for _ in range(20):  # until the worker has added the record to the timelines
            page.goto(f"{app.base}/people")
            page.fill("#identifier", "C3")
            page.press("#identifier", "Enter")
            page.wait_for_load_state("load")
            if page.get_by_text("Check-out", exact=True).count():
                break
            page.wait_for_timeout(500)
        expect(page.get_by_text("Check-out", exact=True)).to_be_visible()


def _touchpoint(page: Page, app: App) -> None:
    page.goto(f"{app.base}/touchpoints/new")
    page.fill("input[name=name]", "web_checkout")
    page.fill("input[name=label]", "Check-out")
    page.select_option("select[name=stage]", "buy")
    page.fill("input[name=channel]", "web")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Check-out", level=1)).to_be_visible()


def test_demo_to_the_ranked_list_to_the_moments_behind_a_number(window, demo: App):
    page = window()
    sign_in(page, demo)
    settled(page)
    first = page.locator("ol.ranked h3 a").first
    name = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    rows = page.locator("table tbody tr")
    assert rows.count() == 100
    rows.first.get_by_role("link").click()
    expect(page.locator("ul.trail li").first).to_be_visible()


def test_every_chart_can_be_taken_away_as_a_picture(window, demo: App):
    page = window()
    sign_in(page, demo)
    page.goto(f"{demo.base}/journeys")
    settled(page)
    figure = page.locator("#figure-graph")
    for kind, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", b"from,"), ("XLSX", b"PK")):
        figure.locator("details.take").evaluate("box => { box.open = true }")
        with page.expect_download() as download:
            figure.get_by_text(kind, exact=True).click()
        assert Path(download.value.path()).read_bytes().startswith(start), kind


def test_detail_and_filters_are_in_the_address(window, demo: App):
    page = window()
    sign_in(page, demo)
    page.goto(f"{demo.base}/journeys")
    settled(page)
    slider = page.locator("#detail")
    slider.fill("33")
    expect(page.locator(".slider output")).to_contain_text("33")
    page.wait_for_url("**/journeys?*detail=33*")
    page.select_option("select[name=segment]", "rural")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**segment=rural**")
    settled(page)
    address = page.url
    other = window()
    sign_in(other, demo)
    other.goto(address)
    settled(other)
    assert (
        other.locator(".slider output").inner_text() == page.locator(".slider output").inner_text()
    )
    assert (
        other.locator("#figure-drop-off td").all_inner_texts()
        == page.locator("#figure-drop-off td").all_inner_texts()
    )


def test_a_touchpoint_is_edited_by_keyboard_alone(window, demo: App):
    page = window()
    sign_in(page, demo)
    settled(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("unpacking")
    expect(page.locator("#palette-list a")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/touchpoints/parcel_unpacked")
    _tab_to(page, "Edit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit")
    _tab_to(page, "promise_text")
    page.keyboard.press("Control+a")
    page.keyboard.type("A pleasure, and nothing broken")
    page.keyboard.press("Enter")
    page.wait_for_url("**/touchpoints/parcel_unpacked")
    expect(page.get_by_text("“A pleasure, and nothing broken”")).to_be_visible()


def _tab_to(page: Page, what: str) -> None:
    """Press Tab until a control of this text or name has the focus, which must be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => [document.activeElement.innerText || '', document.activeElement.name || '',"
            " getComputedStyle(document.activeElement).outlineStyle,"
            " getComputedStyle(document.activeElement).boxShadow]"
        )
        if what in (found[0].strip(), found[1]):
            assert found[2] != "none" or found[3] != "none", "the focus cannot be seen"
            return
    raise AssertionError(f"{what} is not reached by Tab")


def test_a_person_is_found_exported_erased_and_found_no_more(window, demo: App):
    page = window()
    sign_in(page, demo)
    page.goto(f"{demo.base}/people")
    page.fill("#identifier", "customer_no:C00000011")
    page.press("#identifier", "Enter")
    page.wait_for_url("**/people/*")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all data").click()
    data = json.loads(Path(download.value.path()).read_text())
    assert "customer_no:C00000011" in data["identifiers"]
    assert data["moments"]["interactions"]
    page.get_by_role("link", name="Erase").click()
    code = page.locator("label code").inner_text()
    page.fill("#confirm", "wrong")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text("Type the six characters exactly.")).to_be_visible()
    page.fill("#confirm", code)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text("Erased for good.")).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the certificate").click()
    certificate = json.loads(Path(download.value.path()).read_text())
    assert certificate["removed"]["interactions"] == len(data["moments"]["interactions"])
    page.goto(f"{demo.base}/people")
    page.fill("#identifier", "customer_no:C00000011")
    page.press("#identifier", "Enter")
    expect(page.get_by_text("Nobody is known by this.")).to_be_visible()


def test_a_segment_counts_with_every_click(window, demo: App):
    page = window()
    sign_in(page, demo)
    page.goto(f"{demo.base}/segments/new")
    page.select_option("select[name=touchpoint]", "help_call")
    count = page.locator(".count b")
    expect(count).to_be_visible()
    first = int(re.sub(r"\D", "", count.inner_text()))
    page.fill("input[name=at_least]", "3")
    page.press("input[name=at_least]", "Tab")
    expect(count).not_to_have_text(f"{first:,}")
    assert int(re.sub(r"\D", "", count.inner_text())) < first


def test_light_dark_and_another_language(window, demo: App):
    page = window(color_scheme="dark", locale="de-DE")
    sign_in(page, demo)
    settled(page)
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    assert page.locator("html").get_attribute("lang") == "de"
    expect(page.get_by_role("link", name="Überblick")).to_be_visible()
    page.locator("[data-do=theme]").click()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    page.locator("[data-do=theme]").click()


def test_an_event_is_seen_named_by_a_rule_and_stored(window, demo: App):
    page = window()
    sign_in(page, demo)
    page.goto(f"{demo.base}/sources")
    expect(page.get_by_text("The collector listens at")).to_be_visible(timeout=20_000)
    _curl(demo.curl)
    feed = page.locator("ul.live li")
    expect(feed.first.get_by_text("Newsletter")).to_be_visible(timeout=20_000)
    _curl(demo.curl.replace("newsletter", "Box Opened"))
    expect(feed.first.get_by_text("no touchpoint is named 'Box Opened'")).to_be_visible(
        timeout=20_000
    )
    page.get_by_role("link", name="Rules").click()
    expect(page.get_by_role("row", name="Box Opened")).to_be_visible()
    page.fill("#rules", "- event: Box Opened\n  interaction: {touchpoint: parcel_unpaked}")
    page.get_by_role("button", name="Try on what is held").click()
    expect(page.get_by_text("did you mean 'parcel_unpacked'?")).to_be_visible()
    page.fill("#rules", "- event: Box Opened\n  interaction: {touchpoint: parcel_unpacked}")
    page.get_by_role("button", name="Try on what is held").click()
    expect(page.get_by_text("interaction: touchpoint parcel_unpacked")).to_be_visible()
    page.get_by_role("button", name="Save, and try all again").click()
    expect(page.get_by_text("1 received = 1 stored")).to_be_visible(timeout=20_000)


def test_a_key_is_made_turned_and_ended(window, demo: App):
    page = window()
    sign_in(page, demo)
    page.goto(f"{demo.base}/sources/keys")
    page.fill("#source", "till")
    page.get_by_role("button", name="Make a key").click()
    first = page.locator("#secret").inner_text()
    assert first.startswith("ek_")
    number = page.get_by_role("row", name="till").get_by_role("rowheader").inner_text()
    page.get_by_role("button", name=f"Rotate {number}").click()
    assert page.locator("#secret").inner_text() != first
    page.get_by_role("button", name=f"Revoke {number}").click()
    expect(page.get_by_text("The key works no longer.")).to_be_visible()
    expect(page.get_by_role("row", name="till").first.get_by_text("revoked")).to_be_visible()


def _curl(command: str) -> None:
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"success": True}
