"""Chromium for the page's tests, and a server for it to talk to."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.support.browser import chromium
from tests.web.fake_server import FakeServer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tests."""
    with chromium() as running:
        yield running


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server of this test's own."""
    with FakeServer() as server:
        yield server


@pytest.fixture
def page_url(server: FakeServer) -> str:
    """Where the page is. Overridden, the same tests run against another server."""
    return server.url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser window of this test's own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def faults(context: BrowserContext) -> list[str]:
    """Exceptions and violations of the Content-Security-Policy, as the browser reports them."""
    found: list[str] = []
    context.on("weberror", lambda error: found.append(str(error.error)))

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):  # Chromium also tells of its own doings
            found.append(message.text)

    context.on("console", hear)
    return found


@pytest.fixture
def page(context: BrowserContext, page_url: str) -> Page:
    """The page, loaded; it may still be connecting."""
    page = context.new_page()
    page.goto(page_url)
    return page
