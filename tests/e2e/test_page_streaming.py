"""The page in a real browser while the whole product writes a reply, word by word."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.product import Product
from tests.web.page_model import Parley

TALKER = ("--no-reload", "--parameter-overrides", "BotClass=bots.talker:Talker")

SHORT_LEASE_SECONDS = 5
"""How long a dead writer keeps the next one waiting."""

WATCH = """(whole) => {
    window.wrong = [];
    const turns = document.getElementById('turns');
    new MutationObserver(() => {
        const shown = [...document.querySelectorAll('article')].at(-1).textContent.trim();
        if (!whole.startsWith(shown)) window.wrong.push(shown.slice(-50));
    }).observe(turns, { childList: true, characterData: true, subtree: true });
}"""
"""Note whatever is shown of the last reply that is not how it begins."""


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("talking"), TALKER)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def _open(context: BrowserContext, product: Product) -> Parley:
    page = context.new_page()
    page.goto(product.url)
    return Parley(page).connected()


def _ask(parley: Parley, times: int) -> str:
    """Ask for a reply and wait until it is under way; what it will be."""
    said = parley.articles.count()
    parley.say(f"{times} alpha beta")
    expect(parley.articles).to_have_count(said + 2)
    expect(parley.articles.last).to_contain_text("beta5 ")
    return " ".join(f"{word}{number}" for number in range(times) for word in ("alpha", "beta"))


def _wrong(parley: Parley) -> list[str]:
    wrong: list[str] = parley.page.evaluate("window.wrong")
    return wrong


def test_a_reload_and_a_second_tab_in_mid_reply_show_all_of_it_and_no_letter_twice(
    talking: Product, context: BrowserContext
) -> None:
    parley = _open(context, talking)
    whole = _ask(parley, 120)
    parley.page.reload()
    parley.page.evaluate(WATCH, whole)
    expect(parley.articles.last).to_contain_text("beta5 ")
    expect(parley.button("Stop")).to_be_visible()
    with context.expect_page() as opened:
        parley.page.evaluate("window.open(location.href)")
    other = Parley(opened.value)
    other.page.wait_for_load_state()
    other.page.evaluate(WATCH, whole)
    expect(other.articles.last).to_contain_text("beta20 ")
    for tab in (parley, other):
        expect(tab.articles.last).to_have_text(whole)
        expect(tab.button("Stop")).not_to_be_visible()
        assert _wrong(tab) == []


def test_another_tab_stops_a_reply_and_what_waited_for_its_end_goes_out(
    talking: Product, context: BrowserContext
) -> None:
    parley = _open(context, talking)
    with context.expect_page() as opened:
        parley.page.evaluate("window.open(location.href)")
    other = Parley(opened.value).connected()
    _ask(parley, 1_000)
    parley.say("and then this")
    expect(parley.log.get_by_text("Waiting for the reply to end")).to_be_visible()
    expect(other.articles.last).to_contain_text("beta5 ")
    other.button("Stop").click()
    for tab in (parley, other):
        expect(tab.articles).to_have_text(
            ["1000 alpha beta", re.compile("^alpha0 beta0 "), "and then this", "and then this"]
        )
        expect(tab.log.get_by_text("Stopped")).to_have_count(1)


def test_a_reply_whose_gateway_was_killed_is_written_again_before_the_same_tab(
    context: BrowserContext, tmp_path: Path
) -> None:
    product = Product(tmp_path, [*TALKER, f"ReplyLeaseSeconds={SHORT_LEASE_SECONDS}"])
    try:
        product.start()
        parley = _open(context, product)
        whole = _ask(parley, 100)
        parley.page.evaluate(WATCH, whole)
        product.stop(signal.SIGKILL)
        expect(parley.status).not_to_have_text("Connected")
        product.start()
        expect(parley.articles.last).to_have_text(whole, timeout=90_000)
        expect(parley.button("Stop")).not_to_be_visible()
        assert _wrong(parley) == []
        parley.say("go on")
        expect(parley.articles).to_have_count(4)
    finally:
        product.stop()
