"""The live feed as its reader lives it: cut off, reloaded, away, and never told a falsehood."""

import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from generator import prices
from operations.deployment import Deployment, of_gateway
from operations.disconnect import main as disconnect
from operations.publisher import Publisher
from tests.e2e.product import Product
from tests.support.soak import SOAK
from tests.support.template import ROOT
from tests.web.audits import CONTRAST, UNNAMED
from tests.web.fake_provider import FakeProvider

PRICES = 5_000 if SOAK else 400
CUTS = 40 if SOAK else 6
OpenPage = Callable[..., Page]

# A browser tells of scrolling before it tells of sizes: what came just now has scrolled the log.
TURN_THE_PHONE = """() => {
    document.querySelector('main').style.paddingBottom = '300px';
    document.getElementById('log').dispatchEvent(new Event('scroll'));
}"""

# A browser tells of it a frame later, and what was drawn in between has gone to the end again.
SCROLL_UP = """async (log) => {
    do {
        log.scrollTop = 10;
        await new Promise((told) => log.addEventListener('scroll', told, { once: true }));
    } while (log.scrollTop > 10);
}"""


def opened(open_page: OpenPage, product: Product, **options: Any) -> Page:
    page = open_page(f"{product.url}/live-feed/", **options)
    expect(page.get_by_role("status")).to_have_text("Connected")
    return page


def reader(page: Page) -> str:
    """The user id in the command that the page proposes."""
    (found,) = re.findall(r"'(guest:[0-9a-f]{64})'", page.locator("#command").inner_text())
    return str(found)


def generate(product: Product, user_id: str, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "examples/live-feed/generator.py", user_id, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src:.", "DATA_DIR": str(product.data_dir)},
        stdout=subprocess.PIPE,
        text=True,
    )


def generated(product: Product, user_id: str, *options: str) -> str:
    process = generate(product, user_id, "--rate", "0", *options)
    said, _ = process.communicate(timeout=250)
    assert process.returncode == 0
    return said


def numbers(page: Page) -> list[int]:
    """What is on the page, in its order."""
    found: list[int] = page.evaluate(
        "[...document.querySelectorAll('.row')].map((row) => Number(row.dataset.number))"
    )
    return found


def cut(product: Product, user_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(product.data_dir))
    disconnect(["--local", user_id])


def wait_for(page: Page, newest: int) -> None:
    expect(page.locator(f".row[data-number='{newest}']")).to_have_count(1, timeout=120_000)
    expect(page.locator("#freshness")).to_have_text("Up to date")


def to_the_start(page: Page) -> None:
    """Scroll back until there is nothing more."""
    end = time.monotonic() + 120
    while page.locator("#earlier").is_visible():
        assert time.monotonic() < end, "the start is never reached"
        page.locator("#log").evaluate("(log) => { log.scrollTop = 0; }")
        page.wait_for_timeout(50)


@pytest.mark.timeout(600 if SOAK else 300)
def test_cut_off_and_reloaded_a_reader_has_each_price_once_and_in_order(
    live_feed: Product, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(open_page, live_feed)
    user_id = reader(page)
    chance = random.Random(7)
    feeding = generate(live_feed, user_id, "--rate", "0", "--count", str(PRICES))
    for _ in range(CUTS):
        page.wait_for_timeout(chance.uniform(200, 2_000))
        if chance.random() < 0.3:
            page.reload()
        else:
            cut(live_feed, user_id, monkeypatch)
        shown = numbers(page)
        assert shown == list(range(shown[0], shown[-1] + 1)) if shown else True
    feeding.communicate(timeout=250)
    # Begun again, the generator says what it said: nothing comes twice.
    again = generated(live_feed, user_id, "--first", str(PRICES - 20), "--count", "30")
    assert again == f"30 pushed; the next is --first {PRICES + 10}\n"
    wait_for(page, PRICES + 9)
    to_the_start(page)
    assert numbers(page) == list(range(1, PRICES + 10))
    words = page.locator(".row[data-number='3'] > span").all_text_contents()
    third = next(islice(prices(3), 1))
    assert words[:2] == [third.symbol, f"{third.price:.2f}"]
    expect(page.locator("#break")).to_be_hidden()


def test_what_comes_while_nobody_looks_is_unread_until_it_was_in_sight(
    live_feed: Product, open_page: OpenPage
) -> None:
    page = opened(open_page, live_feed)
    user_id = reader(page)
    generated(live_feed, user_id, "--count", "60")
    wait_for(page, 60)
    expect(page.locator("#unread")).to_be_hidden()
    page.locator("#log").evaluate(SCROLL_UP)
    generated(live_feed, user_id, "--first", "61", "--count", "12")
    expect(page.locator("#unread")).to_have_text("12 unread")
    expect(page.locator(".row.is-unread")).to_have_count(12)
    assert page.title() == "(12) Live prices"
    page.get_by_role("button", name="Latest").click()
    expect(page.locator("#unread")).to_be_hidden()
    expect(page.locator(".row.is-unread")).to_have_count(0)
    # On every device: another one that comes later finds it read.
    guest = page.evaluate("sessionStorage.getItem('parley.userId')")
    expect_read(live_feed, open_page, guest)


def expect_read(product: Product, open_page: OpenPage, guest: str) -> None:
    other = opened(open_page, product, guest=guest)
    wait_for(other, 72)
    expect(other.locator("#unread")).to_be_hidden()


def test_a_long_feed_shows_its_end_when_it_is_opened_and_stays_there(
    live_feed: Product, open_page: OpenPage
) -> None:
    page = opened(open_page, live_feed)
    user_id = reader(page)
    generated(live_feed, user_id, "--count", "150")
    wait_for(page, 150)
    page.reload()
    wait_for(page, 150)
    expect(page.locator("#earlier")).to_be_visible()
    page.evaluate(TURN_THE_PHONE)
    generated(live_feed, user_id, "--first", "151", "--count", "5")
    wait_for(page, 155)
    expect(page.locator(".row").last).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Latest")).to_be_hidden()
    expect(page.locator("#unread")).to_be_hidden()


def test_a_feed_that_is_not_up_to_date_says_so(live_feed: Product, open_page: OpenPage) -> None:
    page = opened(open_page, live_feed)
    expect(page.locator("#freshness")).to_have_text("Up to date")
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#freshness")).to_have_text(re.compile("Not up to date since"))
    expect(page.locator("#freshness")).to_have_text("Up to date")


@pytest.mark.parametrize("is_away", [False, True], ids=["there", "away"])
def test_a_feed_that_begins_anew_says_so(
    live_feed: Product, open_page: OpenPage, is_away: bool
) -> None:
    page = opened(open_page, live_feed)
    user_id = reader(page)
    generated(live_feed, user_id, "--count", "5")
    wait_for(page, 5)
    guest = page.evaluate("sessionStorage.getItem('parley.userId')")
    if is_away:
        page.goto("about:blank")
    delete_feed(live_feed, guest)
    generated(live_feed, user_id, "--first", "100", "--count", "3")
    if is_away:
        page.goto(f"{live_feed.url}/live-feed/")
    wait_for(page, 102)
    assert numbers(page) == [100, 101, 102]
    said = "The feed has begun anew" if is_away else "The feed is gone"
    expect(page.get_by_role("alert")).to_contain_text(said)
    page.get_by_role("button", name="I see").click()
    expect(page.locator("#break")).to_be_hidden()


def test_a_feed_that_begins_anew_leaves_no_price_of_the_one_before(
    live_feed: Product, open_page: OpenPage
) -> None:
    page = opened(open_page, live_feed)
    user_id, guest = reader(page), page.evaluate("sessionStorage.getItem('parley.userId')")
    generated(live_feed, user_id, "--count", "30")
    wait_for(page, 30)
    page.context.set_offline(True)
    expect(page.locator("#freshness")).to_have_text(re.compile("Not up to date since"))
    delete_feed(live_feed, guest)
    generated(live_feed, user_id, "--first", "101", "--count", "31")
    wait_for(opened(open_page, live_feed, guest=guest), 131)
    page.context.set_offline(False)
    wait_for(page, 131)
    newest, shown = page.evaluate(
        """() => [
            [...document.querySelectorAll('.row')].map((row) => [...row.querySelectorAll('span')])
                .map(([symbol, price]) => [symbol.textContent, price.textContent]),
            [...document.querySelectorAll('#latest > div')]
                .map((box) => [...box.children].map((each) => each.textContent)),
        ]"""
    )
    assert dict(shown) == dict(newest)


def delete_feed(product: Product, guest: str) -> None:
    import asyncio

    async def delete() -> None:
        async with product.client(guest) as client:
            await client.ask("snapshot", action="delete", conversationId="prices")

    # Playwright's loop runs in this thread.
    thread = threading.Thread(target=lambda: asyncio.run(delete()))
    thread.start()
    thread.join(60)


def test_what_has_lapsed_keeps_its_place(live_feed: Product, open_page: OpenPage) -> None:
    page = opened(open_page, live_feed)
    deployment: Deployment = of_gateway(live_feed.data_dir)
    publisher = Publisher(deployment.push_queue, deployment.sqs())
    user_id = reader(page)
    publisher.push(user_id, "soon gone", conversation_id="prices", ttl=1)
    generated(live_feed, user_id, "--count", "2")
    wait_for(page, 2)
    page.wait_for_timeout(1_500)
    page.reload()
    wait_for(page, 2)
    expect(page.locator(".row").first).to_contain_text("no longer shown")
    expect(page.locator(".row")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read(
    live_feed: Product, open_page: OpenPage, scheme: str
) -> None:
    phone = {"viewport": {"width": 360, "height": 640}, "color_scheme": scheme}
    page = opened(open_page, live_feed, **phone)
    generated(live_feed, reader(page), "--count", "30")
    wait_for(page, 30)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(CONTRAST) == []


def test_who_was_signed_in_for_too_long_signs_in_again_and_reads_on(
    live_feed: Product, open_page: OpenPage
) -> None:
    with FakeProvider() as provider:
        provider.renews = False
        config = {"url": live_feed.socket_url, "guests": False, "signIn": provider.settings}
        page = open_page("about:blank")
        page.clock.install()
        page.route("**/config.json", lambda route: route.fulfill(json=config))
        page.route_web_socket(re.compile("^ws:"), lambda socket: socket.on_message(lambda _: None))
        page.goto(f"{live_feed.url}/live-feed/")
        expect(page.get_by_role("status")).to_have_text("Connected")
        page.clock.fast_forward("01:01:00")
        page.evaluate("dispatchEvent(new Event('offline'))")
        page.clock.fast_forward("00:11")
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        page.get_by_role("button", name="Try now").click()
        expect(page.get_by_role("status")).to_have_text("Connected")
        expect(page.get_by_text("You are signed out.")).to_be_hidden()
        assert len(provider.questions) == 2
