"""The page while a reply is being written: what a person sees, hears, and can do meanwhile."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect

from tests.web.audits import CONTRAST
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley

BEGINNING = "Once upon a time"
LINES = "\n\nA line of the story." * 60

BELOW = """() => {
    const { scrollTop, scrollHeight, clientHeight } = document.getElementById('log');
    return scrollHeight - scrollTop - clientHeight;
}"""

TOP = "document.getElementById('log').scrollTop"

# A browser tells of scrolling before it tells of sizes: what grew just now has scrolled the log.
OPEN_KEYBOARD = """() => {
    document.getElementById('main').style.paddingBottom = '300px';
    document.getElementById('log').dispatchEvent(new Event('scroll'));
}"""

HEAR = """() => {
    window.heard = [];
    new MutationObserver((records) => {
        for (const { target } of records) {
            const element = target instanceof Element ? target : target.parentElement;
            const region = element?.closest('[aria-live]');
            const text = region?.textContent.trim();
            if (text && region.getAttribute('aria-live') !== 'off') window.heard.push(text);
        }
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


WATCH_STATUS = """() => {
    window.statuses = [];
    const status = document.querySelector('[role=status]');
    new MutationObserver(() => window.statuses.push(status.textContent))
        .observe(status, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture
def parley(page: Page) -> Parley:
    """A person to whom a reply is being written."""
    parley = Parley(page).connected()
    parley.say("slow story")
    parley.shows("slow story", BEGINNING)
    return parley


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(faults: list[str]) -> Iterator[None]:
    """No exception and no violation of the Content-Security-Policy in any test."""
    yield
    assert [fault for fault in faults if "WebSocket connection to" not in fault] == []


def _listen(parley: Parley) -> None:
    # What was there when the page was loaded is not spoken of, and for a moment nothing is.
    expect(parley.log).to_have_attribute("aria-live", "polite")
    parley.page.evaluate(HEAR)


def _heard(parley: Parley) -> list[str]:
    return list(parley.page.evaluate("window.heard"))


def _left_below(parley: Parley) -> float:
    return float(parley.page.evaluate(BELOW))


def _shows_the_end(parley: Parley) -> None:
    parley.until(lambda: _left_below(parley) <= 1)


def _scroll_up(parley: Parley, pixels: int) -> None:
    _shows_the_end(parley)
    parley.log.hover()
    parley.page.mouse.wheel(0, -pixels)
    parley.until(lambda: _left_below(parley) >= pixels)  # the browser takes a moment for it


def _write_until_it_scrolls(parley: Parley, server: FakeServer) -> None:
    server.write(parley.guest, LINES)
    expect(parley.articles.last).to_contain_text(re.compile(r"(A line of the story\.\s*){60}$"))


def test_the_end_of_a_growing_reply_stays_in_sight(parley: Parley, server: FakeServer) -> None:
    for _ in range(3):
        server.write(parley.guest, LINES)
        server.write(parley.guest, " And")
        expect(parley.articles.last).to_have_text(re.compile("And$"))
        _shows_the_end(parley)
    expect(parley.button("Latest")).not_to_be_visible()


def test_a_keyboard_that_opens_meanwhile_hides_nothing(parley: Parley, server: FakeServer) -> None:
    _write_until_it_scrolls(parley, server)
    _shows_the_end(parley)
    parley.page.evaluate(OPEN_KEYBOARD)
    server.write(parley.guest, " And")
    expect(parley.articles.last).to_have_text(re.compile("And$"))
    _shows_the_end(parley)
    expect(parley.button("Latest")).not_to_be_visible()


def test_who_scrolls_up_a_little_is_not_pulled_back(parley: Parley, server: FakeServer) -> None:
    _write_until_it_scrolls(parley, server)
    _scroll_up(parley, 40)
    top = parley.page.evaluate(TOP)
    server.write(parley.guest, " And they lived")
    expect(parley.articles.last).to_have_text(re.compile("And they lived$"))
    assert parley.page.evaluate(TOP) == top
    parley.button("Latest").click()
    server.write(parley.guest, LINES + " happily")
    expect(parley.articles.last).to_have_text(re.compile("happily$"))
    _shows_the_end(parley)
    expect(parley.button("Latest")).not_to_be_visible()


def test_who_scrolls_back_to_the_end_stays_there(parley: Parley, server: FakeServer) -> None:
    _write_until_it_scrolls(parley, server)
    _scroll_up(parley, 400)
    expect(parley.button("Latest")).not_to_be_visible()
    server.write(parley.guest, " more")
    expect(parley.button("Latest")).to_be_visible()
    parley.page.mouse.wheel(0, 1_000)
    _shows_the_end(parley)
    expect(parley.button("Latest")).not_to_be_visible()
    server.write(parley.guest, LINES + " end")
    expect(parley.articles.last).to_have_text(re.compile("end$"))
    _shows_the_end(parley)


def test_a_message_written_meanwhile_waits_and_says_so(parley: Parley, server: FakeServer) -> None:
    parley.say("And then?")
    parley.shows("slow story", BEGINNING, "And then?")
    expect(parley.log.get_by_text("Waiting for the reply to end")).to_be_visible()
    parley.page.reload()
    parley.connected()
    parley.shows("slow story", BEGINNING, "And then?")
    expect(parley.log.get_by_text("Waiting for the reply to end")).to_be_visible()
    assert [frame["text"] for frame in server.actions("message")] == ["slow story"]
    server.finish(parley.guest)
    parley.shows("slow story", BEGINNING, "And then?", "You said: And then?")
    expect(parley.log.get_by_text("Waiting")).to_have_count(0)


def test_escape_stops_the_reply_and_what_there_was_is_kept(
    parley: Parley, server: FakeServer
) -> None:
    server.write(parley.guest, " there")
    expect(parley.articles.last).to_have_text(f"{BEGINNING} there")
    parley.message.press("Escape")
    expect(parley.log.get_by_text("Stopped")).to_be_visible()
    expect(parley.button("Stop")).not_to_be_visible()
    expect(parley.button("Try again")).to_have_count(0)
    parley.page.reload()
    parley.shows("slow story", f"{BEGINNING} there")
    expect(parley.log.get_by_text("Stopped")).to_be_visible()


def test_stop_without_a_connection_is_no_empty_promise(parley: Parley, server: FakeServer) -> None:
    server.refusing = True
    server.cut()
    expect(parley.status).to_have_text("Offline")
    parley.button("Stop").click()
    expect(parley.page.get_by_role("alert").filter(has_text="no connection now")).to_be_visible()


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("bot_failed", "Something went wrong"),
        ("timed_out", "took too long"),
        ("too_long", "became too long"),
        ("abandoned", "could not be finished"),
        ("over_budget", "used up your replies"),
        ("of_a_later_version", "broke off"),
    ],
)
def test_a_failure_is_told_in_words_and_can_be_tried_again(
    parley: Parley, server: FakeServer, failure: str, words: str
) -> None:
    server.finish(parley.guest, "failed", failure=failure)
    expect(parley.log.get_by_text(words)).to_be_visible()
    parley.button("Try again").click()
    parley.shows("slow story", BEGINNING, "slow story", BEGINNING)
    expect(parley.message).to_be_focused()
    expect(parley.button("Try again")).to_have_count(0)
    first, second = server.actions("message")
    assert first["messageId"] != second["messageId"]
    server.finish(parley.guest)
    expect(parley.log.get_by_text(words)).to_be_visible()


def test_no_reply_at_all_is_no_empty_bubble(parley: Parley, server: FakeServer) -> None:
    server.finish(parley.guest, "failed", failure="empty", reply="")
    expect(parley.log.get_by_text("Nothing was replied.")).to_be_visible()
    parley.shows("slow story", "")
    expect(parley.button("Good reply")).to_have_count(0)
    box = parley.articles.last.bounding_box()
    assert box is not None
    assert box["height"] <= 1


def test_a_reply_is_spoken_once_when_it_is_complete(parley: Parley, server: FakeServer) -> None:
    _listen(parley)
    for word in ("there", "was", "a", "**princess**", "who"):
        server.write(parley.guest, f" {word}")
    server.write(parley.guest, " slept.")
    expect(parley.articles.last).to_have_text(re.compile(r"slept\.$"))
    assert _heard(parley) == []
    server.finish(parley.guest)
    expect(parley.button("Good reply")).to_be_visible()
    assert _heard(parley) == [f"{BEGINNING} there was a princess who slept."]


def test_a_failure_is_spoken_and_so_is_that_a_reply_begins(
    parley: Parley, server: FakeServer
) -> None:
    _listen(parley)
    server.finish(parley.guest, "failed", failure="timed_out")
    parley.button("Try again").click()
    parley.shows("slow story", BEGINNING, "slow story", BEGINNING)
    parley.until(lambda: "Parley is writing" in _heard(parley))
    assert _heard(parley)[0] == f"{BEGINNING}\nThis took too long, and was ended."


def test_a_reload_in_mid_reply_goes_on_with_it(parley: Parley, server: FakeServer) -> None:
    server.write(parley.guest, " there")
    parley.page.reload()
    parley.connected()
    parley.shows("slow story", f"{BEGINNING} there")
    expect(parley.articles.last).to_have_attribute("aria-busy", "true")
    server.write(parley.guest, " was")
    parley.shows("slow story", f"{BEGINNING} there was")
    parley.button("Stop").click()
    expect(parley.log.get_by_text("Stopped")).to_be_visible()


def test_a_second_tab_joins_and_may_stop_it(
    parley: Parley, server: FakeServer, context: BrowserContext
) -> None:
    with context.expect_page() as opened:
        parley.page.evaluate("window.open(location.href)")
    other = Parley(opened.value).connected()
    other.shows("slow story", BEGINNING)
    server.write(parley.guest, " there")
    other.shows("slow story", f"{BEGINNING} there")
    other.button("Stop").click()
    for tab in (parley, other):
        expect(tab.log.get_by_text("Stopped")).to_be_visible()
        tab.shows("slow story", f"{BEGINNING} there")


def test_a_reply_goes_on_over_a_lost_connection(parley: Parley, server: FakeServer) -> None:
    server.cut()
    server.backend.write(parley.guest, " meanwhile")
    parley.shows("slow story", f"{BEGINNING} meanwhile")
    parley.connected()
    server.finish(parley.guest)
    expect(parley.button("Stop")).not_to_be_visible()


def test_a_turn_counts_as_read_when_its_reply_is_complete(
    parley: Parley, server: FakeServer
) -> None:
    server.write(parley.guest, " there")
    expect(parley.articles.last).to_have_text(f"{BEGINNING} there")
    assert server.actions("read") == []
    server.finish(parley.guest)
    expect(parley.button("Good reply")).to_be_visible()
    parley.say("next")
    expect(parley.articles).to_have_count(4)
    parley.until(lambda: len(server.actions("read")) > 0)
    assert server.actions("read")[0]["seq"] == 1


def test_the_cursor_stands_still_for_who_wants_less_motion(parley: Parley) -> None:
    style = "getComputedStyle(document.querySelector('article.markdown p'), '::after')"
    assert parley.page.evaluate(f"{style}.animationName") == "pulse"
    parley.page.emulate_media(reduced_motion="reduce")
    assert parley.page.evaluate(f"[{style}.animationName, {style}.content]") == ["none", '""']


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_all_of_it_fits_and_can_be_read(
    browser: Browser, page_url: str, server: FakeServer, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=True,
    )
    page = context.new_page()
    page.goto(page_url)
    phone = Parley(page).connected()
    phone.say("slow")
    phone.shows("slow", BEGINNING)
    for name in ("Stop", "Send"):
        expect(phone.button(name)).to_be_in_viewport(ratio=1)
    server.finish(phone.guest, "failed", failure="bot_failed")
    expect(phone.button("Try again")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(CONTRAST) == []
    context.close()


class Sockets:
    """The page's sockets, oldest first, and what was sent on each."""

    def __init__(self, page: Page) -> None:
        self.all: list[WebSocket] = []
        self._page = page
        self._sent: list[list[str]] = []
        page.on("websocket", self._note)

    def expect_sent(self, number: int, action: str) -> None:
        """Wait until a frame of this action was sent on one of them."""
        for _ in range(200):
            if len(self._sent) > number and any(action in text for text in self._sent[number]):
                return
            self._page.wait_for_timeout(50)
        pytest.fail(f"no {action} on socket {number}")

    def _note(self, socket: WebSocket) -> None:
        sent: list[str] = []
        self.all.append(socket)
        self._sent.append(sent)
        socket.on("framesent", lambda text: sent.append(str(text)))


def test_a_connection_is_replaced_before_its_two_hours_end_and_nobody_sees_it(
    page: Page, server: FakeServer
) -> None:
    page.clock.install()
    sockets = Sockets(page)
    page.reload()
    parley = Parley(page).connected()
    parley.say("slow story")
    parley.shows("slow story", BEGINNING)
    page.evaluate(WATCH_STATUS)
    page.clock.fast_forward("01:57:01")
    server.write(parley.guest, " there was")
    sockets.expect_sent(1, "resume")
    old, new = sockets.all
    assert not old.is_closed()
    server.write(parley.guest, " a fox")
    parley.shows("slow story", BEGINNING + " there was a fox")
    with old.expect_event("close"):
        page.clock.fast_forward(35_000)
    server.write(parley.guest, ".")
    server.finish(parley.guest)
    parley.shows("slow story", BEGINNING + " there was a fox.")
    parley.say("And then?")
    parley.shows("slow story", BEGINNING + " there was a fox.", "And then?", "You said: And then?")
    assert sockets.all == [old, new]
    assert not new.is_closed()
    assert page.evaluate("window.statuses") == []
    assert len(server.actions("message")) == 2
