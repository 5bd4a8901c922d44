"""The page in real Chromium: what a person does, and what they then see."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocket, expect

from tests.web.fake_backend import Frame
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley

GUEST = "3f2b8c1e-7a54-4f0d-9d5e-0b6a1c2d3e4f"

SCROLL_TO_300 = """() => new Promise((scrolled) => {
    const log = document.getElementById('log');
    log.addEventListener('scroll', () => scrolled(), { once: true });
    log.scrollTop = 300;
})"""


@pytest.fixture
def parley(page: Page) -> Parley:
    return Parley(page).connected()


@pytest.fixture
def known_guest(context: BrowserContext) -> str:
    """The id that every tab of this test starts with."""
    key = "parley.userId"
    set_once = f"sessionStorage.getItem('{key}') || sessionStorage.setItem('{key}', '{GUEST}')"
    context.add_init_script(f"if (location.protocol === 'http:') {{ {set_once} }}")
    return GUEST


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(faults: list[str]) -> Iterator[None]:
    """No exception and no violation of the Content-Security-Policy in any test."""
    yield
    # A refused handshake is reported by the browser itself, and is what some tests are about.
    assert [fault for fault in faults if "WebSocket connection to" not in fault] == []


def test_a_person_chats(parley: Parley) -> None:
    expect(parley.message).to_be_focused()
    parley.say("Hello")
    parley.shows("Hello", "You said: Hello")
    expect(parley.message).to_have_value("")
    expect(parley.message).to_be_focused()
    parley.say("And again")
    parley.shows("Hello", "You said: Hello", "And again", "You said: And again")


def test_the_guest_id_is_a_uuid_of_version_4_and_stays(parley: Parley) -> None:
    guest = parley.guest
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", guest
    )
    parley.page.reload()
    parley.connected()
    assert parley.guest == guest


def test_a_reload_shows_the_conversation_and_goes_on(parley: Parley) -> None:
    parley.say("Hello")
    parley.shows("Hello", "You said: Hello")
    parley.page.reload()
    parley.shows("Hello", "You said: Hello")
    parley.say("More")
    parley.shows("Hello", "You said: Hello", "More", "You said: More")


def test_a_draft_survives_a_reload(parley: Parley) -> None:
    parley.message.fill("half a thought")
    parley.page.reload()
    expect(parley.message).to_have_value("half a thought")


def test_two_tabs_of_one_guest_show_the_same(parley: Parley, context: BrowserContext) -> None:
    parley.say("From the first")
    parley.shows("From the first", "You said: From the first")
    with context.expect_page() as opened:  # a window that a tab opens gets its session storage
        parley.page.evaluate("window.open(location.href)")
    other = Parley(opened.value).connected()
    assert other.guest == parley.guest
    other.shows("From the first", "You said: From the first")
    other.say("From the second")
    first = ("From the first", "You said: From the first")
    for tab in (parley, other):
        tab.shows(*first, "From the second", "You said: From the second")


def test_two_guests_see_nothing_of_each_other(
    parley: Parley, context: BrowserContext, page_url: str
) -> None:
    parley.say("A secret")
    parley.shows("A secret", "You said: A secret")
    page = context.new_page()
    page.goto(page_url)
    other = Parley(page).connected()
    assert other.guest != parley.guest
    expect(page.get_by_text("Say hello")).to_be_visible()
    expect(other.articles).to_have_count(0)


def test_a_lost_connection_comes_back_and_nothing_is_lost(
    parley: Parley, server: FakeServer
) -> None:
    parley.say("Before")
    parley.shows("Before", "You said: Before")
    parley.page.clock.install()
    server.refusing = True
    server.cut()
    expect(parley.status).to_have_text("Offline")
    parley.page.clock.fast_forward(1_500)
    expect(parley.page.get_by_text("No connection.")).to_be_visible()
    parley.say("Meanwhile")
    expect(parley.page.get_by_text("Waiting for a connection")).to_be_visible()
    server.push(parley.guest, "main", "Said while you were away")
    server.refusing = False
    parley.page.clock.fast_forward(10_000)
    parley.connected()
    before = ("Before", "You said: Before", "Said while you were away")
    parley.shows(*before, "Meanwhile", "You said: Meanwhile")
    expect(parley.page.get_by_text("Waiting for a connection")).to_have_count(0)
    expect(parley.page.get_by_text("No connection.")).not_to_be_visible()


def test_tries_that_fail_do_not_put_off_the_word_about_it(
    parley: Parley, server: FakeServer
) -> None:
    page = parley.page
    tries: list[WebSocket] = []

    def note(socket: WebSocket) -> None:
        tries.append(socket)

    def third_has_failed() -> bool:  # after 0.3 s, 0.6 s and 1.2 s
        page.clock.run_for(50)
        return len(tries) > 2 and tries[2].is_closed()

    page.add_init_script("Math.random = () => 0.999")  # the longest waits there are
    page.reload()
    parley.connected()
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 10_000"))
    page.on("websocket", note)
    server.refusing = True
    server.cut()
    expect(parley.status).to_have_text("Connecting")
    parley.until(third_has_failed)
    expect(parley.status).to_have_text("Offline")
    expect(page.get_by_text("No connection.")).to_be_visible()


def test_a_message_written_offline_survives_a_reload(parley: Parley, server: FakeServer) -> None:
    server.refusing = True
    server.cut()
    expect(parley.status).to_have_text("Offline")
    parley.say("Keep this")
    parley.page.reload()
    parley.shows("Keep this")
    server.refusing = False
    parley.shows("Keep this", "You said: Keep this")


def test_the_browser_going_offline_shows_at_once(parley: Parley, context: BrowserContext) -> None:
    context.set_offline(True)
    expect(parley.status).to_have_text("Offline")
    parley.say("Soon")
    context.set_offline(False)
    parley.connected()
    parley.shows("Soon", "You said: Soon")


def test_a_half_open_connection_is_found_out_and_replaced(
    parley: Parley, server: FakeServer
) -> None:
    parley.page.clock.install()
    server.mute = True
    with parley.page.expect_event("websocket"):
        parley.page.evaluate("window.dispatchEvent(new Event('online'))")
        parley.page.clock.fast_forward(5_000)
    server.behave()
    parley.say("Still there?")
    parley.shows("Still there?", "You said: Still there?")


def test_an_answer_that_is_lost_does_not_double_the_message(
    parley: Parley, server: FakeServer
) -> None:
    guest = parley.guest

    def lose_the_answer(frame: Frame) -> list[Frame] | None:
        if frame["action"] != "message" or len(server.actions("message")) > 1:
            return None
        server.backend.handle(guest, frame)
        return []

    server.intervene(lose_the_answer)
    parley.say("Once")
    expect(parley.page.get_by_text("Sending…")).to_be_visible()
    parley.until(lambda: bool(server.actions("message")))
    server.cut()
    parley.shows("Once", "You said: Once")
    first, second = server.actions("message")
    assert first == second
    assert server.backend.conversation(guest).head == 1


def test_an_error_of_the_gateway_is_mended_without_the_person(
    parley: Parley, server: FakeServer
) -> None:
    def fail_twice(frame: Frame) -> list[Frame] | None:
        if frame["action"] == "message" and len(server.actions("message")) <= 2:
            return [{"message": "Internal server error", "connectionId": "a=", "requestId": "b="}]
        return None

    server.intervene(fail_twice)
    parley.say("Try me")
    parley.shows("Try me", "You said: Try me")
    assert len({str(frame) for frame in server.actions("message")}) == 1


def _bot_failure(frame: Frame) -> list[Frame] | None:
    if frame["action"] != "message":
        return None
    error = {"type": "error", "code": "internal_error", "message": "", "retryable": False}
    return [{**error, "messageId": frame["messageId"], "conversationId": "main"}]


def test_a_failed_message_is_retried_by_the_person(parley: Parley, server: FakeServer) -> None:
    server.intervene(_bot_failure)
    parley.say("Hm")
    expect(parley.page.get_by_text("Not delivered.")).to_be_visible()
    server.behave()
    parley.button("Retry").click()
    parley.shows("Hm", "You said: Hm")
    expect(parley.button("Retry")).to_have_count(0)
    assert len({frame["messageId"] for frame in server.actions("message")}) == 1


def test_a_failure_shows_what_it_can_be_found_by(parley: Parley, server: FakeServer) -> None:
    def fail(frame: Frame) -> list[Frame] | None:
        if frame["action"] not in ("message", "rename"):
            return None
        reference = {"correlationId": f"req-{frame['action']}="}
        if frame["action"] == "message":
            reference["messageId"] = frame["messageId"]
        error = {"type": "error", "code": "internal_error", "message": "", "retryable": False}
        return [{**error, **reference, "conversationId": "main"}]

    parley.say("One")
    parley.shows("One", "You said: One")
    server.intervene(fail)
    parley.say("Hm")
    expect(parley.page.get_by_text("Reference: req-message=")).to_be_visible()
    parley.button("Rename").click()
    parley.page.get_by_role("textbox", name="Title").fill("Else")
    parley.button("Save").click()
    expect(parley.page.locator(".notice .reference")).to_have_text("Reference: req-rename=")


def test_a_failed_message_can_be_given_up(parley: Parley, server: FakeServer) -> None:
    server.intervene(_bot_failure)
    parley.say("Hm")
    parley.button("Discard").click()
    expect(parley.articles).to_have_count(0)
    parley.page.reload()
    parley.connected()
    expect(parley.articles).to_have_count(0)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "&lt;b&gt; <b>bold</b> <style>*{display:none}</style>",
        "javascript:alert(1) \" ' ` ${1} {{1}}",
        "</p></article><h1>out</h1>",
    ],
)
def test_text_is_never_markup(parley: Parley, text: str) -> None:
    parley.page.on("dialog", lambda _: pytest.fail("a script ran"))
    parley.say(text)
    parley.shows(text, f"You said: {text}")
    expect(parley.log.locator("article :not(p)")).to_have_count(0)
    expect(parley.page.get_by_role("heading", level=1)).to_have_text(text[:60])


def test_right_to_left_and_lines_stay_as_they_were_written(parley: Parley) -> None:
    parley.message.fill("שלום\n\n  שורה שנייה 🙂")
    parley.message.press("Enter")
    words = parley.articles.first.locator("p")
    expect(words).to_have_css("white-space", "pre-wrap")
    expect(words).to_have_attribute("dir", "auto")
    assert words.text_content() == "שלום\n\n  שורה שנייה 🙂"


def test_a_page_whose_policy_forbids_inline_code_and_style(page: Page, page_url: str) -> None:
    policy = page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content")
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    source = page.request.get(page_url).text()
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", source) == []


def test_the_limit_is_counted_in_code_points_and_said_before_it_is_passed(parley: Parley) -> None:
    parley.message.fill("a" * 3_000)
    expect(parley.page.locator("#composer-counter")).not_to_be_visible()
    parley.message.fill("🙂" * 3_999)
    expect(parley.page.get_by_text("1 left")).to_be_visible()
    parley.message.fill("🙂" * 4_001)
    expect(parley.page.get_by_text("1 too many")).to_be_visible()
    expect(parley.button("Send")).to_be_disabled()
    parley.message.press("Enter")
    expect(parley.articles).to_have_count(0)
    parley.message.fill("🙂" * 4_000)
    parley.button("Send").click()
    expect(parley.articles).to_have_count(2)


def test_a_long_reply_comes_whole(parley: Parley, server: FakeServer) -> None:
    parley.say("long 40000")
    parley.shows("long 40000", server.backend.reply_to("long 40000").strip())
    parley.page.reload()
    parley.shows("long 40000", server.backend.reply_to("long 40000").strip())


def test_history_comes_on_scrolling_up_and_the_place_is_kept(
    server: FakeServer, known_guest: str, page: Page
) -> None:
    for number in range(1, 131):
        server.backend.append(known_guest, "main", text=f"text {number}", reply=f"reply {number}")
    page.reload()
    parley = Parley(page).connected()
    expect(parley.articles.last).to_be_in_viewport()
    expect(parley.articles).to_have_count(100)
    anchor = parley.log.get_by_text("text 81", exact=True)
    page.evaluate("document.getElementById('log').scrollTop = 60")
    expect(anchor).to_be_in_viewport()
    before = anchor.bounding_box()
    expect(parley.articles).to_have_count(160)
    after = anchor.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 80  # the button "Show earlier" and no more
    for count in (220, 260):
        page.evaluate("document.getElementById('log').scrollTop = 0")
        expect(parley.articles).to_have_count(count)
    expect(parley.articles.first).to_have_text("text 1")
    expect(parley.button("Show earlier")).not_to_be_visible()


def test_who_reads_further_up_is_not_torn_away_by_a_new_turn(
    server: FakeServer, known_guest: str, page: Page
) -> None:
    for number in range(1, 31):
        server.backend.append(known_guest, "main", text=f"text {number}", reply=f"reply {number}")
    page.reload()
    parley = Parley(page).connected()
    expect(parley.articles.last).to_be_in_viewport()
    page.evaluate(SCROLL_TO_300)
    server.push(known_guest, "main", "Something new")
    expect(parley.articles).to_have_count(61)
    assert page.evaluate("document.getElementById('log').scrollTop") == 300
    parley.button("Latest").click()
    expect(parley.log.get_by_text("Something new")).to_be_in_viewport()
    expect(parley.button("Latest")).not_to_be_visible()


def test_where_nothing_is_said_nothing_keeps_a_height_for_what_will_be(
    parley: Parley,
) -> None:
    """What was laid out empty is empty once more, for a frame, when turns come into it.

    In that frame the end of a conversation was where its beginning is.
    """
    expect(parley.page.get_by_text("Say hello")).to_be_visible()
    expect(parley.page.locator("#turns > *")).to_have_count(0)
    parley.say("Hello")
    parley.shows("Hello", "You said: Hello")
    last = parley.page.locator("#turns > *").last
    expect(last).to_have_class("group")
    expect(last).to_have_css("content-visibility", "visible")


def test_the_latest_is_what_came_far_out_of_sight(
    server: FakeServer, known_guest: str, page: Page
) -> None:
    for number in range(1, 41):
        server.backend.append(known_guest, "main", text=f"text {number}", reply=f"reply {number}")
    page.reload()
    parley = Parley(page).connected()
    expect(parley.articles.last).to_be_in_viewport()
    page.evaluate(SCROLL_TO_300)
    for number in range(1, 21):
        server.push(known_guest, "main", f"news {number}")
    expect(parley.articles).to_have_count(100)
    parley.button("Latest").click()
    expect(parley.articles.last).to_be_in_viewport()


def test_conversations_are_made_renamed_changed_and_deleted(parley: Parley) -> None:
    parley.say("The first")
    parley.shows("The first", "You said: The first")
    parley.button("New conversation").click()
    expect(parley.articles).to_have_count(0)
    expect(parley.message).to_be_focused()
    parley.say("The second")
    parley.shows("The second", "You said: The second")
    expect(parley.links).to_have_count(2)
    parley.button("Rename").click()
    parley.page.get_by_role("textbox", name="Title").fill("Another name")
    parley.button("Save").click()
    expect(parley.page.get_by_role("heading", level=1)).to_have_text("Another name")
    expect(parley.links.first).to_contain_text("Another name")
    expect(parley.links.first.get_by_title("Another name", exact=True)).to_be_visible()
    parley.links.filter(has_text="The first").click()
    parley.shows("The first", "You said: The first")
    parley.page.reload()
    parley.shows("The first", "You said: The first")
    parley.button("Delete").click()
    parley.button("Cancel").click()
    expect(parley.links).to_have_count(2)
    parley.button("Delete").click()
    parley.button("Delete it").click()
    expect(parley.links).to_have_count(1)
    parley.shows("The second", "You said: The second")


def test_a_conversation_deleted_in_one_tab_empties_in_the_other_and_may_begin_anew(
    parley: Parley, context: BrowserContext
) -> None:
    parley.say("Gone soon")
    parley.shows("Gone soon", "You said: Gone soon")
    with context.expect_page() as opened:
        parley.page.evaluate("window.open(location.href)")
    other = Parley(opened.value).connected()
    other.shows("Gone soon", "You said: Gone soon")
    parley.page.bring_to_front()  # the browser slows down a tab that is behind another
    parley.button("Delete").click()
    parley.button("Delete it").click()
    expect(other.articles).to_have_count(0)
    other.page.bring_to_front()
    other.say("Anew")
    other.shows("Anew", "You said: Anew")
    parley.shows("Anew", "You said: Anew")


def test_unread_turns_show_beside_their_conversation_and_are_read_on_opening_it(
    parley: Parley, server: FakeServer
) -> None:
    parley.say("Main")
    parley.shows("Main", "You said: Main")
    parley.button("New conversation").click()
    server.push(parley.guest, "main", "Psst")
    server.push(parley.guest, "main", "Hello?")
    badge = parley.navigation.get_by_label("2 unread")
    expect(badge).to_be_visible()
    parley.links.filter(has_text="Main").click()
    parley.shows("Main", "You said: Main", "Psst", "Hello?")
    expect(badge).not_to_be_visible()
    parley.until(lambda: [frame["seq"] for frame in server.actions("read")][-1:] == [3])


def test_a_turn_of_the_backend_has_only_a_reply(parley: Parley, server: FakeServer) -> None:
    server.push(parley.guest, "main", "Your order has left")
    parley.shows("Your order has left")


def test_feedback_is_given_changed_and_taken_back(parley: Parley, server: FakeServer) -> None:
    parley.say("Hello")
    up, down = parley.button("Good reply"), parley.button("Bad reply")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(up).to_have_attribute("aria-pressed", "false")
    parley.page.reload()
    expect(down).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")
    parley.until(lambda: len(server.actions("feedback")) == 3)
    assert [frame["rating"] for frame in server.actions("feedback")] == ["up", "down", None]


def test_stop_is_there_only_while_a_reply_is_written(parley: Parley) -> None:
    expect(parley.button("Stop")).not_to_be_visible()
    parley.say("slow story")
    parley.shows("slow story", "Once upon a time")
    expect(parley.button("Stop")).to_be_visible()
    parley.say("next")
    parley.button("Stop").click()
    expect(parley.log.get_by_text("Stopped")).to_be_visible()
    parley.shows("slow story", "Once upon a time", "next", "You said: next")
    expect(parley.button("Stop")).not_to_be_visible()


def test_settings_that_cannot_be_had_are_said_clearly_and_tried_again(
    server: FakeServer, page: Page
) -> None:
    server.config = {"url": "http://nonsense"}
    page.reload()
    parley = Parley(page)
    expect(parley.status).to_have_text("Offline")
    expect(page.get_by_text("config.json")).to_be_visible()
    server.config = None
    parley.button("Try now").click()
    parley.connected()
    expect(page.get_by_text("config.json")).not_to_be_visible()
