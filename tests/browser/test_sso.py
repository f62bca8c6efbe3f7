"""Single sign-on against a real OpenID provider, as a person goes it."""

import re
from pathlib import Path

import oidc_provider_mock
import pytest
from playwright.sync_api import Browser, Page, expect

import everytouch
from everytouch.ledger.api import entries
from tests.browser.running import App, running

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own
ADA, CY = "ada@example.org", "cy@example.org"
PEOPLE = [
    oidc_provider_mock.User(sub=f"id-{mail}", claims={"email": mail, "email_verified": known})
    for mail, known in ((ADA, True), (CY, True), ("olga@example.org", False))
]


@pytest.fixture(scope="module")
def provider():
    with oidc_provider_mock.run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sso") / "w"


@pytest.fixture(scope="module")
def app(provider: str, folder: Path):
    everytouch.create(folder, "Acme")
    with (folder / "everytouch.toml").open("a") as file:
        file.write(
            f'\n[[web.oidc]]\nid = "corp"\nname = "Corporate"\nserver = "{provider}"\n'
            'client = "everytouch"\nsecret = "s"\nrole = "analyst"\n'
        )
    with running("-w", str(folder), "serve") as started:
        yield started


@pytest.fixture(scope="module")
def begun(browser: Browser, app: App):
    """The first owner's cookies, by the first start."""
    with browser.new_context() as context:
        page = context.new_page()
        begin(page, app)
        return context.storage_state()


def begin(page: Page, app: App) -> None:
    page.goto(app.address)
    page.fill("input[name=name]", "Olga")
    page.fill("input[name=email]", "olga@example.org")
    page.fill("input[name=password]", "long enough to pass")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("You are in.")).to_be_visible()


def vouch(page: Page, app: App, mail: str) -> None:
    """Sign in with the provider's word."""
    page.route(re.compile("^https:"), lambda route: route.fulfill(body=""))  # the provider's looks
    page.goto(f"{app.base}/accounts/login/")
    page.get_by_role("button", name="Corporate").click()
    page.wait_for_url(re.compile("/oauth2/authorize"))
    page.get_by_placeholder("sub").fill(f"id-{mail}")
    page.get_by_role("button", name="Authorize").click()


def bar(page: Page, app: App, mail: str) -> None:
    """The owner ends somebody's access."""
    page.goto(f"{app.base}/settings/people")
    page.get_by_role("link", name=mail).click()
    page.get_by_label("May sign in").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name=mail)).to_be_visible()


def test_an_address_that_the_provider_has_not_checked_is_nobody_we_know(app, begun, window):
    page = window()
    vouch(page, app, "olga@example.org")
    expect(page.get_by_text("no address that it has checked")).to_be_visible()
    page.goto(f"{app.base}/settings")
    expect(page.get_by_text("olga@example.org · owner")).to_have_count(0)


def test_whom_the_provider_knows_comes_in_with_the_role_of_the_settings(app, begun, folder, window):
    owner, page = window(storage_state=begun), window()
    vouch(page, app, ADA)
    page.wait_for_url(f"{app.base}/")
    page.goto(f"{app.base}/settings")
    expect(page.get_by_text(f"{ADA} · analyst")).to_be_visible()
    added = [entry for entry in entries(folder) if entry.action == "add user"]
    assert "as analyst, by single sign-on" in added[0].subject
    bar(owner, app, ADA)
    again = window()
    vouch(again, app, ADA)
    expect(again.get_by_text("You may not sign in any more.")).to_be_visible()
