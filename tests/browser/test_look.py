"""Every page: accessible by axe-core, light and dark; no wider than the screen; not too heavy."""

import json
from pathlib import Path

import axe_playwright_python
import pytest

from tests.browser.running import App, settled, sign_in
from tests.browser.screenshots import PAGES

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
COLOURED = (
    "overview", "touchpoint", "journeys", "compare", "cohorts", "map", "feeling", "finding",
    "sources", "quarantine", "settings", "two-factors",
)  # fmt: skip
"""Pages with everything that has a colour, between them."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MOST_SCRIPT = 500_000  # bytes on the way, compressed
ANONYMOUS = {"login": "/accounts/login/", "forgotten": "/accounts/password/reset/"}


def violations(page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA."""
    page.evaluate(AXE)  # by the debugger, as the page's own policy lets no such script in
    rules = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found = page.evaluate(f"axe.run(document, {json.dumps(rules)}).then(done => done.violations)")
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"]
    ]


def test_every_page_is_accessible(window, demo: App):
    walk(window(color_scheme="light"), demo, PAGES)


def test_pages_with_all_that_has_a_colour_are_accessible_in_the_dark(window, demo: App):
    walk(window(color_scheme="dark"), demo, {name: PAGES[name] for name in COLOURED})


@pytest.mark.long
def test_every_page_is_accessible_in_the_dark(window, demo: App):
    walk(window(color_scheme="dark"), demo, PAGES)


def walk(page, demo: App, pages: dict[str, str]) -> None:
    """Look at these pages, and at those before them."""
    wrong = {}
    for name, path in ANONYMOUS.items():
        page.goto(demo.base + path)
        wrong[name] = violations(page)
    sign_in(page, demo)
    for name, path in pages.items():
        page.goto(demo.base + path)
        settled(page)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wrong[name] = violations(page)
    page.goto(demo.base)
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-list a")
    wrong["palette"] = violations(page)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_is_wider_than_the_screen(window, demo: App, width):
    page = window(viewport={"width": width, "height": 800})
    sign_in(page, demo)
    wide = []
    for name, path in PAGES.items():
        page.goto(demo.base + path)
        settled(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(name)
    assert wide == []


def test_scripts_weigh_little_and_charts_come_only_where_they_are(window, demo: App):
    page = window()
    sign_in(page, demo)
    for name, path in PAGES.items():
        if path.startswith(
            ("/settings/people", "/settings/organisation", "/settings/privacy", "/settings/audit")
        ):
            continue
        fresh, sizes = page.context.new_page(), {}
        fresh.on(
            "response",
            lambda r, sizes=sizes: (
                sizes.update({r.url: int(r.headers.get("content-length", "0"))})
                if r.url.split("?")[0].endswith(".js")
                else None
            ),
        )
        fresh.goto(demo.base + path)
        settled(fresh)
        charts = fresh.locator('figure[data-island="chart"]').count()
        assert all(sizes.values()), sizes
        assert sum(sizes.values()) < MOST_SCRIPT, (name, sizes)
        assert any("echarts" in url for url in sizes) == (charts > 0), name
        fresh.close()
