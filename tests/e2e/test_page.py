"""The page in a real browser on the whole product, as a person uses it."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.product import Product
from tests.support.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def open_page(page: Page, product: Product) -> None:
    page.goto(f"http://localhost:{product.port}/")
    expect(page.get_by_role("status")).to_have_text("Connected")


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def said(page: Page) -> list[str]:
    return page.get_by_role("log", name="Conversation").get_by_role("article").all_inner_texts()


def expect_articles(page: Page, count: int) -> None:
    articles = page.get_by_role("log", name="Conversation").get_by_role("article")
    expect(articles).to_have_count(count)


def test_a_person_chats_and_a_reload_goes_on_with_the_conversation(
    product: Product, page: Page
) -> None:
    open_page(page, product)
    for number in range(3):
        say(page, f"message {number}")
        expect_articles(page, 2 * number + 2)
    before = said(page)
    page.reload()
    expect_articles(page, 6)
    assert said(page) == before
    assert [f"message {number}" in before[2 * number] for number in range(3)] == [True] * 3


def test_two_tabs_of_one_guest_show_the_same_and_a_new_tab_is_a_new_guest(
    product: Product, page: Page
) -> None:
    open_page(page, product)
    user = page.evaluate("sessionStorage.getItem('parley.userId')")
    second = page.context.new_page()
    second.add_init_script(f"sessionStorage.setItem('parley.userId', '{user}')")
    stranger = page.context.new_page()
    open_page(second, product)
    open_page(stranger, product)
    say(page, "hello from the first tab")
    expect_articles(second, 2)
    expect_articles(stranger, 0)
    assert stranger.evaluate("sessionStorage.getItem('parley.userId')") != user


def test_what_is_sent_while_the_line_is_down_arrives_once_it_is_up_again(
    product: Product, page: Page
) -> None:
    open_page(page, product)
    say(page, "before")
    expect_articles(page, 2)
    page.context.set_offline(True)
    expect(page.get_by_role("status")).to_have_text(re.compile("Offline|Connecting"))
    say(page, "meanwhile")
    page.context.set_offline(False)
    expect_articles(page, 4)
    expect(page.get_by_role("status")).to_have_text("Connected")
    assert "meanwhile" in said(page)[2]


def test_the_same_tab_goes_on_after_the_product_was_stopped_and_started_again(
    browser: Browser, tmp_path: Path
) -> None:
    product = Product(tmp_path, ["--no-reload"])
    page = browser.new_page()
    try:
        product.start()
        open_page(page, product)
        say(page, "Hello")
        expect_articles(page, 2)
        assert product.stop() == 0
        expect(page.get_by_role("status")).not_to_have_text("Connected")
        say(page, "I need help")
        product.start()
        expect(page.get_by_role("status")).to_have_text("Connected")
        expect_articles(page, 4)
        page.reload()
        expect_articles(page, 4)
    finally:
        page.close()
        product.stop()


@pytest.mark.parametrize("with_protocol", [True, False])
def test_a_strict_client_connects_with_either_offer(
    product: Product, page: Page, with_protocol: bool
) -> None:
    user = str(uuid.uuid4())
    offered = ["chat.v1", user] if with_protocol else [user]
    page.goto(f"http://localhost:{product.port}/")
    answered = page.evaluate(
        """([url, offered]) => new Promise((resolve) => {
            const socket = new WebSocket(url, offered);
            socket.onopen = () => resolve(socket.protocol);
            socket.onclose = (event) => resolve(event.code);
        })""",
        [product.socket_url, offered],
    )
    assert answered == offered[0]


def test_nothing_that_is_said_becomes_part_of_the_page(product: Product, page: Page) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda line: problems.append(line.text) if line.type in ("error", "warning") else None,
    )
    open_page(page, product)
    hostile = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
    say(page, hostile)
    expect_articles(page, 2)
    assert hostile in said(page)[0]
    assert page.title() != "owned"
    assert page.locator("article b, article img").count() == 0
    assert problems == []


def test_a_person_edits_and_branches_and_a_reload_shows_the_branch(
    product: Product, page: Page
) -> None:
    open_page(page, product)
    for number in range(3):
        say(page, f"message {number}")
        expect_articles(page, 2 * number + 2)
    before = said(page)
    page.get_by_role("button", name="Edit", exact=True).nth(1).click()
    page.get_by_role("textbox", name="Edit your text").fill("another")
    page.get_by_role("button", name="Save", exact=True).click()
    expect_articles(page, 4)
    say(page, "and on")
    expect_articles(page, 6)
    branch = said(page)
    assert branch[:3] == [*before[:2], "another"]
    page.reload()
    expect_articles(page, 6)
    assert said(page) == branch
    page.get_by_role("button", name="Branch from here").first.click()
    expect_articles(page, 2)
    expect(page.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_count(
        3
    )
    page.get_by_text("Branched from").locator("..").get_by_role("link").click()
    expect_articles(page, 6)
    assert said(page) == branch
    page.get_by_text("Branched from").locator("..").get_by_role("link").click()
    expect(page.get_by_text("Branched from")).not_to_be_visible()
    expect_articles(page, 6)
    assert said(page) == before
