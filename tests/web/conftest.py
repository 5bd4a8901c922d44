"""Chromium for the page's tests, and a server for it to talk to."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.web.fake_server import FakeServer

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Playwright's loop counts as running in this thread for as long as it lives, and asyncio tests
# cannot run beside it: so it lives for one module at a time, not for the session.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; CHROMIUM names another than the one on the path."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("no Chromium found: `apt-get install chromium`, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


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
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, page_url: str) -> Page:
    """The page, loaded; it may still be connecting."""
    page = context.new_page()
    page.goto(page_url)
    return page
