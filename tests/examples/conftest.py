"""Each example as it is run, and a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.e2e.product import Product
from tests.support.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def live_feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    yield from running(tmp_path_factory.mktemp("live-feed"), "live-feed")


@pytest.fixture(scope="module")
def support_inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    yield from running(tmp_path_factory.mktemp("support-inbox"), "support-inbox")


def running(folder: Path, example: str) -> Iterator[Product]:
    product = Product(folder, ["--no-reload", "--example", example])
    product.start()
    yield product
    assert product.stop() == 0


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a browser window of its own; nothing may go wrong on the page."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A connection that is cut off is what the tests do.
        if message.type in ("error", "warning") and "WebSocket" not in message.text:
            faults.append(message.text)

    def open_address(address: str, guest: str | None = None, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on("console", hear)
        if guest:
            keep = f"sessionStorage.setItem('parley.userId', '{guest}')"
            context.add_init_script(f"if (location.host) {keep}")
        page = context.new_page()
        page.goto(address)
        return page

    yield open_address
    for context in contexts:
        context.close()
    assert faults == []
