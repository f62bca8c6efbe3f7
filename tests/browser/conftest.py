"""A running demo, and a browser that reports what its console complains of."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.running import FLAGS, App, chromium, running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser they are left out, unless everything is asked for."""
    if chromium() or os.environ.get("EVERYTOUCH_COMPLETE"):
        return
    absent = pytest.mark.skip(reason="no Chromium here: sh scripts/system-packages")
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(absent)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running("demo", str(tmp_path_factory.mktemp("demo") / "d"), "--parties", "600") as app:
        yield app


@pytest.fixture(scope="module")  # its event loop runs until then, and Django bears none beside
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Any]:
    """A new visitor's page; what the console says against it fails the test."""
    opened: list[Any] = []
    complaints: list[str] = []

    def make(**options: Any) -> Page:
        context = browser.new_context(**options)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        return page

    yield make
    for context in opened:
        context.close()
    refusals = ("403", "404", "422")
    unexpected = [text for text in complaints if not any(code in text for code in refusals)]
    assert unexpected == []
