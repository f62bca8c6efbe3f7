"""A file goes from the Sources page to its first answer in at most six clicks, without SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import App, running, sign_in
from tests.files.measuring import FILES

HEADER = "Antwortdatum;E-Mail;Würden Sie uns weiterempfehlen?;Warum?;Filiale"
SURVEY = "\n".join(
    [
        HEADER,
        *(
            f"{n % 28 + 1:02d}.03.2026 09:{n:02d};kunde{n}@example.org;{7 * n % 11};Gut;Nord"
            for n in range(40)
        ),
    ]
)
expect.set_options(timeout=30_000)  # the rows are checked after the page is there
FIRST = 6  # clicks at most, from Sources to the first answer
SAMPLES = {
    "callcentre_cdr.csv": (
        "Call detail records",
        "9 interactions of 5 customers at 6 touchpoints.",
    ),
    "google_forms_responses.csv": ("Google Forms", "NPS +25"),
    "intercom_conversations.ndjson": ("Intercom", "CSAT 50 %"),
    "qualtrics_responses.csv": ("Qualtrics", "45 responses from 12 customers."),
    "shopify_orders.csv": ("Shopify", "2,580.20 EUR"),
    "spss_survey.sav": ("SPSS: Example Cycles wave 1", "27 responses from 16 customers."),
    "store_till.csv": ("Till receipts", "2,466.50 EUR"),
    "surveymonkey_responses.xlsx": ("SurveyMonkey", "12 responses from 11 customers."),
    "trustpilot_reviews.csv": ("Trustpilot", "6 responses from 5 customers."),
    "zendesk_tickets.json": ("Zendesk tickets", "8 interactions of 7 customers at 5 touchpoints."),
}
"""File → what it is recognised as, and its first answer."""
DAILY = ("callcentre_cdr.csv", "qualtrics_responses.csv", "surveymonkey_responses.xlsx")
"""Every sample goes through the wizard daily, without a browser: tests/web/test_wizard_files.py."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running("demo", str(tmp_path_factory.mktemp("demo") / "d"), "--parties", "200") as started:
        yield started


class Clicks:
    """A page whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, role: str, name: str) -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.count += 1

    def choose(self, path: Path) -> None:
        """A file in the browser's own window: a click on the button, one on the file."""
        self.page.set_input_files("#file", path)
        self.count += 2


def sources(window, app: App) -> Clicks:
    page = window(locale="en-GB")
    sign_in(page, app)
    page.goto(f"{app.base}/sources")
    return Clicks(page)


def test_a_survey_of_ones_own_is_imported_in_six_clicks(window, app: App, tmp_path: Path):
    (tmp_path / "umfrage.csv").write_text(SURVEY)
    way = sources(window, app)
    way.choose(tmp_path / "umfrage.csv")
    expect(way.page.get_by_text("We recognised: Responses")).to_be_visible()
    expect(way.page.get_by_text("1 Mar 2026, 09:00").first).to_be_visible()
    expect(way.page.get_by_text("40 responses can be imported.")).to_be_visible()
    way.click("button", "Import")
    expect(way.page.get_by_text("40 responses from 40 customers.")).to_be_visible(timeout=60_000)
    expect(way.page.locator(".headline")).to_contain_text("NPS")
    assert way.count <= FIRST


@pytest.mark.skipif(not FILES.is_dir(), reason="the sample files are not there (EVERYTOUCH_FILES)")
@pytest.mark.parametrize("name", [
    name if name in DAILY else pytest.param(name, marks=pytest.mark.long) for name in SAMPLES
])  # fmt: skip
def test_a_file_of_a_known_tool_is_imported_in_six_clicks(window, app: App, name: str):
    tool, answer = SAMPLES[name]
    way = sources(window, app)
    way.choose(FILES / name)
    expect(way.page.get_by_text(f"We recognised: {tool}")).to_be_visible()
    expect(way.page.get_by_text("can be imported.")).to_be_visible()
    way.click("button", "Import")
    expect(way.page.get_by_text(answer)).to_be_visible(timeout=60_000)
    assert way.count <= FIRST


def test_a_file_is_dropped_anywhere_on_the_page(window, app: App):
    way = sources(window, app)
    way.page.evaluate(
        "text => { const data = new DataTransfer();"
        " data.items.add(new File([text], 'dropped.csv', {type: 'text/csv'}));"
        " const how = {dataTransfer: data, bubbles: true, cancelable: true};"
        " document.body.dispatchEvent(new DragEvent('drop', how)); }",
        SURVEY,
    )
    expect(way.page.get_by_text("We recognised: Responses")).to_be_visible()
    expect(way.page.get_by_text("dropped.csv")).to_be_visible()
    expect(way.page.get_by_text("40 responses can be imported.")).to_be_visible()


def test_a_change_shows_at_once_and_the_id_of_the_whole_row_works(window, app: App, tmp_path: Path):
    (tmp_path / "shop.csv").write_text(
        "Event;Date;Customer No;Revenue\n"
        "Shop visit;03/04/2026 09:05;K1;19,90\nCall;04/05/2026 10:00;K2;5,00\n"
    )
    way = sources(window, app)
    way.choose(tmp_path / "shop.csv")
    page = way.page
    expect(page.get_by_text("3 Apr 2026, 09:05")).to_be_visible()
    checked = page.get_by_text("2 interactions can be imported.")
    expect(checked).to_be_visible()
    with page.expect_response("**/review"):
        page.select_option("[name=m0-c1-format]", "time:month-first")
    expect(page.get_by_text("4 Mar 2026, 09:05")).to_be_visible()
    expect(checked).to_be_visible()
    with page.expect_response("**/review"):
        page.select_option("[name=m0-id]", "c2")
    expect(page.locator("[name=m0-id]")).to_have_value("c2")
    expect(checked).to_be_visible()
    with page.expect_response("**/review"):
        page.select_option("[name=m0-id]", "row")
    expect(page.locator("[name=m0-id]")).to_have_value("row")
    expect(page.get_by_text("2 interactions can be imported.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    way.click("button", "Import")
    expect(page.get_by_text("2 interactions of 2 customers at 2 touchpoints.")).to_be_visible(
        timeout=60_000
    )
    expect(page.locator(".headline")).to_contain_text("24.90 EUR")


def test_a_problem_is_fixed_for_all_rows_with_the_keyboard(window, app: App, tmp_path: Path):
    rows = "".join(f"{n},2026-04-0{n % 9 + 1} 10:00,u{n},{n % 10 + 1}\n" for n in range(20))
    (tmp_path / "stars.csv").write_text(
        f"id,time,customer_id,stars\n{rows}20,2026-04-01 10:00,u20,many\n"
    )
    way = sources(window, app)
    way.choose(tmp_path / "stars.csv")
    page = way.page
    expect(page.get_by_text("1 row: The answer is not understood")).to_be_visible()
    page.get_by_role("button", name="Treat as no answer").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No problems.")).to_be_visible()


def test_without_javascript_a_file_is_matched_reviewed_and_imported(
    window, app: App, tmp_path: Path
):
    (tmp_path / "plain.csv").write_text(SURVEY)
    page = window(locale="en-GB", java_script_enabled=False)
    sign_in(page, app)
    page.goto(f"{app.base}/sources")
    page.set_input_files("#file", tmp_path / "plain.csv")
    page.get_by_role("button", name="Upload").click()
    page.select_option("[name=m0-c4-role]", "leave")
    page.get_by_role("button", name="Update").last.click()
    expect(page.locator("[name=m0-c4-role]")).to_have_value("leave")
    page.get_by_role("link", name="Check the rows").click()
    expect(page.get_by_text("40 responses can be imported.")).to_be_visible()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import")
