"""A visitor of each role who follows every link, sends every form that asks, presses every control.

Pages are known by their routes. Every day an owner sees each route once; in the long run, every
role sees each with two addresses at most.
"""

import re
from collections import Counter, deque
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.sync_api import Error, Page

from tests.browser.running import App, settled, sign_in
from tests.conftest import ROOT

PAGES = ROOT / "src" / "everytouch" / "web" / "pages"
PASSWORD = "long enough to pass"
FOLLOWED = """() => [...document.querySelectorAll('a[href]')].map(link => link.href).concat(
  [...document.forms].filter(form => form.method === 'get').map(form =>
    form.action.split('?')[0] + '?' + new URLSearchParams(new FormData(form))))"""
PRESSED = """() => {
  const own = {INPUT: 'change', SELECT: 'change', TEXTAREA: 'change', FORM: 'submit'}
  for (const one of document.querySelectorAll('[hx-get], [hx-post][hx-trigger^=change]')) {
    const said = (one.getAttribute('hx-trigger') || own[one.tagName] || 'click').split(/[ ,[]/)[0]
    if (said !== 'load' && said !== 'every' && said !== 'revealed')
      one.dispatchEvent(new Event(said, {bubbles: true, cancelable: true}))
  }
}"""
"""htmx asks by itself for what is loaded or polled; what writes is pressed by other tests."""


def routes() -> list[re.Pattern[str]]:
    """Patterns of the app's addresses, those without blanks first; Django does not run here."""
    text = "".join(file.read_text() for file in sorted(PAGES.glob("*.py")))
    paths = sorted(set(re.findall(r'Route\(\s*"([^"]*)"', text)), key=lambda path: "<" in path)
    return [re.compile("/" + re.sub(r"<[^>]+>", "[^/]+", path) + "/?") for path in paths]


class Crawl:
    """Walks through the app and notes what is wrong."""

    def __init__(self, page: Page, base: str, most: int) -> None:
        self.page, self.base, self.most, self.wrong = page, base, most, []
        self.routes, self.seen, self.counted = routes(), set(), Counter()
        page.set_default_timeout(120_000)  # reports and adjusted effects take long
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)
        page.on("console", lambda said: said.type == "error" and self._note(said.text))
        page.on("pageerror", lambda error: self._note(str(error)))

    def _note(self, what: str) -> None:
        self.wrong.append(f"{self.page.url}: {what}")

    def _answered(self, response) -> None:
        if response.status >= 400:
            self._note(
                f"{response.request.method} {response.url} is answered with {response.status}"
            )

    def _failed(self, request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # the page was left, or a file is taken
            self._note(f"{request.url}: {request.failure}")

    def shape(self, address: str) -> str:
        path = urlsplit(address).path
        return next((one.pattern for one in self.routes if one.fullmatch(path)), path)

    def due(self, address: str) -> bool:
        """Whether an address is of this app and of a route that was not seen often enough."""
        address = urldefrag(address)[0]
        if not address.startswith(self.base) or "/logout" in address or address in self.seen:
            return False
        self.seen.add(address)
        self.counted[self.shape(address)] += 1
        return self.counted[self.shape(address)] <= self.most

    def walk(self) -> None:
        """From the front page on, until nothing is new."""
        waiting = deque([f"{self.base}/"])
        while waiting:
            address = waiting.popleft()
            if not self.due(address):
                continue
            try:
                self.page.goto(address)
            except Error as error:
                if "Download is starting" not in str(error):
                    self._note(str(error))
                continue
            if self.page.evaluate("document.contentType") == "text/html":
                waiting.extend(self._looked())

    def _looked(self) -> list[str]:
        """Check a page and press its controls; where it leads."""
        settled(self.page)
        found = self.page.evaluate(FOLLOWED)
        headings = self.page.locator("h1").count()
        if headings != 1 or not self.page.title().strip(" ·"):
            self._note(f"{headings} h1, titled {self.page.title()!r}")
        self.page.evaluate(PRESSED)
        self.page.wait_for_selector(".htmx-request", state="detached")
        return found


def invited(page: Page, app: App, window, role: str) -> Page:
    """Somebody of a role, invited by the owner, signed in."""
    sign_in(page, app)
    page.goto(f"{app.base}/settings/people/invite")
    page.fill("input[name=email]", f"{role}@example.org")
    page.select_option("select[name=role]", role)
    if role == "manager":
        page.locator("input[name=departments]").first.check()
    page.locator("main form button").last.click()
    link = page.locator("main input[readonly], main code").first
    address = link.evaluate("one => one.value || one.textContent")
    visitor = window()
    visitor.goto(address)
    for field in visitor.locator("input[type=password]").all():
        field.fill(PASSWORD)
    visitor.locator("input[type=password]").last.press("Enter")
    visitor.wait_for_load_state("load")
    visitor.goto(f"{app.base}/accounts/login/")
    if visitor.locator("input[name=login]").count():
        visitor.fill("input[name=login]", f"{role}@example.org")
        visitor.fill("input[name=password]", PASSWORD)
        visitor.press("input[name=password]", "Enter")
    visitor.wait_for_url(f"{app.base}/")
    return visitor


def crawled(page: Page, app: App, most: int = 2) -> Crawl:
    """Walk through the app; ``most`` addresses of a route."""
    crawl = Crawl(page, app.base, most)
    crawl.walk()
    count = sum(min(most, n) for n in crawl.counted.values())
    print(f"{count} pages of {len(crawl.counted)} routes")
    assert crawl.wrong == []
    return crawl


def test_an_owner_finds_nothing_broken(window, demo: App):
    page = window(locale="en-GB")
    sign_in(page, demo)
    crawl = crawled(page, demo, most=1)
    assert len(crawl.counted) > 40
    assert any("settings/audit" in shape for shape in crawl.counted)


@pytest.mark.long
def test_an_owner_finds_nothing_broken_at_a_second_look(window, demo: App):
    page = window(locale="en-GB")
    sign_in(page, demo)
    crawled(page, demo)


@pytest.mark.long
@pytest.mark.parametrize("role", ["viewer", "manager", "analyst"])
def test_others_find_nothing_broken(window, demo: App, role):
    crawl = crawled(invited(window(), demo, window, role), demo)
    assert len(crawl.counted) > 10
    assert role == "analyst" or not any("quarantine" in shape for shape in crawl.counted)
