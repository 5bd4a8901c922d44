"""Regenerate, edit and branch in the page: what a person does, and what they then see."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.web.audits import CONTRAST, UNNAMED
from tests.web.fake_backend import Frame
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley

FIRST = ("one", "You said: one")
SECOND = ("two", "You said: two")
BEGINNING = "Once upon a time"
FOCUSED = "document.activeElement.getAttribute('aria-label')"


@pytest.fixture
def parley(page: Page) -> Parley:
    """A person who said two things."""
    return _said_two_things(Parley(page).connected())


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(faults: list[str]) -> Iterator[None]:
    """No exception and no violation of the Content-Security-Policy in any test."""
    yield
    assert [fault for fault in faults if "WebSocket connection to" not in fault] == []


def _said_two_things(parley: Parley) -> Parley:
    parley.say("one")
    parley.shows(*FIRST)
    parley.say("two")
    parley.shows(*FIRST, *SECOND)
    return parley


def _edit(parley: Parley, number: int) -> Locator:
    parley.button("Edit").nth(number).click()
    editor = parley.page.get_by_role("textbox", name="Edit your text")
    expect(editor).to_be_focused()
    return editor


def _parent(parley: Parley) -> Locator:
    return parley.page.get_by_text("Branched from").locator("..").get_by_role("link")


def test_a_reply_is_regenerated_in_a_branch_and_the_first_one_stays(
    parley: Parley, server: FakeServer
) -> None:
    parley.button("Regenerate").last.click()
    expect(parley.links).to_have_count(2)
    parley.shows(*FIRST, *SECOND)
    expect(parley.message).to_be_focused()
    expect(_parent(parley)).to_have_text("one")
    expect(parley.log.get_by_text("The branch begins here")).to_be_visible()
    expect(parley.navigation.get_by_role("img", name="Branch")).to_have_count(1)
    message = server.actions("message")[-1]
    assert [message[key] for key in ("text", "forkOf", "forkAt", "after")] == ["two", "main", 1, 1]
    parley.say("three")
    parley.shows(*FIRST, *SECOND, "three", "You said: three")
    _parent(parley).click()
    parley.shows(*FIRST, *SECOND)
    expect(parley.page.get_by_text("Branched from")).not_to_be_visible()


def test_an_earlier_text_is_edited_in_a_branch(parley: Parley) -> None:
    editor = _edit(parley, 1)
    expect(editor).to_have_value("two")
    expect(parley.articles).to_have_count(3)
    editor.fill("zwei")
    parley.button("Save").click()
    parley.shows(*FIRST, "zwei", "You said: zwei")
    expect(parley.message).to_be_focused()
    _parent(parley).click()
    parley.shows(*FIRST, *SECOND)


def test_the_very_first_text_edited_begins_a_new_conversation(parley: Parley) -> None:
    _edit(parley, 0).fill("eins")
    parley.page.keyboard.press("Enter")
    parley.shows("eins", "You said: eins")
    expect(parley.page.get_by_text("Branched from")).not_to_be_visible()
    expect(parley.links).to_have_count(2)


def test_editing_by_keyboard_alone(parley: Parley) -> None:
    page = parley.page
    parley.button("Edit").last.focus()
    page.keyboard.press("Enter")
    page.keyboard.type(" and")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("more")
    page.keyboard.press("Escape")
    parley.shows(*FIRST, *SECOND)
    assert page.evaluate(FOCUSED) == "Edit"
    page.keyboard.press("Enter")
    page.keyboard.type("!")
    page.keyboard.press("Tab")
    expect(parley.button("Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    expect(parley.button("Save")).to_be_focused()
    page.keyboard.press("Enter")
    parley.shows(*FIRST, "two!", "You said: two!")


def test_what_is_empty_or_too_long_is_not_saved(parley: Parley) -> None:
    editor = _edit(parley, 1)
    for text in ("  ", "x" * 4_001):
        editor.fill(text)
        expect(parley.button("Save")).to_be_disabled()
        editor.press("Enter")
    expect(parley.log.get_by_text("1 too many")).to_be_visible()
    expect(editor).to_have_attribute("aria-invalid", "true")
    parley.button("Cancel").click()
    expect(parley.links).to_have_count(1)


def test_a_branch_begins_at_any_turn_and_has_all_of_it_before(
    parley: Parley, server: FakeServer
) -> None:
    parley.button("Branch from here").first.click()
    parley.shows(*FIRST)
    expect(parley.links).to_have_count(2)
    parley.say("other")
    parley.shows(*FIRST, "other", "You said: other")
    assert "forkOf" not in server.actions("message")[-1]
    parley.page.reload()
    parley.shows(*FIRST, "other", "You said: other")
    expect(_parent(parley)).to_have_text("one")
    expect(parley.log.get_by_text("The branch begins here")).to_be_visible()


def test_the_way_back_leads_to_the_turn_far_up(parley: Parley, server: FakeServer) -> None:
    parley.button("Branch from here").last.click()
    expect(_parent(parley)).to_be_visible()
    for number in range(200):
        server.backend.append(parley.guest, "main", text=f"text {number}", reply=f"reply {number}")
    parley.page.reload()
    parley.shows(*FIRST, *SECOND)
    _parent(parley).click()
    reply = parley.articles.nth(3)
    expect(reply).to_have_text(SECOND[1])
    expect(reply).to_be_in_viewport()
    expect(reply).to_be_focused()
    expect(parley.button("Latest")).to_be_visible()


def test_nothing_branches_while_a_reply_is_written(parley: Parley, server: FakeServer) -> None:
    parley.say("slow story")
    parley.shows(*FIRST, *SECOND, "slow story", BEGINNING)
    for name in ("Regenerate", "Edit", "Branch from here"):
        expect(parley.button(name)).to_have_count(0)
    server.finish(parley.guest)
    for name in ("Regenerate", "Edit", "Branch from here"):
        expect(parley.button(name)).to_have_count(3)


def test_a_streamed_reply_is_regenerated(parley: Parley, server: FakeServer) -> None:
    parley.say("slow story")
    parley.shows(*FIRST, *SECOND, "slow story", BEGINNING)
    parley.button("Stop").click()
    parley.button("Regenerate").last.click()
    parley.shows(*FIRST, *SECOND, "slow story", BEGINNING)
    branch = server.actions("message")[-1]["conversationId"]
    server.send(parley.guest, server.backend.write(parley.guest, " there", branch))
    parley.shows(*FIRST, *SECOND, "slow story", f"{BEGINNING} there")
    expect(parley.log.get_by_text("Stopped")).to_have_count(0)
    parley.button("Stop").click()
    expect(parley.log.get_by_text("Stopped")).to_be_visible()


def test_a_failed_reply_is_tried_again_where_it_is(parley: Parley, server: FakeServer) -> None:
    parley.say("slow story")
    parley.shows(*FIRST, *SECOND, "slow story", BEGINNING)
    server.finish(parley.guest, "failed", failure="bot_failed")
    expect(parley.button("Try again")).to_be_visible()
    expect(parley.button("Regenerate")).to_have_count(2)
    expect(parley.button("Branch from here")).to_have_count(3)


def test_what_the_backend_said_by_itself_has_only_a_branch(page: Page, server: FakeServer) -> None:
    parley = Parley(page).connected()
    server.push(parley.guest, "main", "Your order has left")
    expect(parley.button("Branch from here")).to_have_count(1)
    expect(parley.button("Regenerate")).to_have_count(0)
    expect(parley.button("Edit")).to_have_count(0)


def test_offline_a_branch_waits_for_its_message_and_survives_a_reload(
    parley: Parley, server: FakeServer
) -> None:
    server.refusing = True
    server.cut()
    expect(parley.status).to_have_text("Offline")
    _edit(parley, 1).fill("zwei")
    parley.button("Save").click()
    parley.shows(*FIRST, "zwei")
    expect(parley.page.get_by_text("Waiting for a connection")).to_be_visible()
    parley.button("New conversation").click()
    parley.links.filter(has_text="zwei").or_(parley.links.filter(has_text="one")).first.click()
    parley.page.reload()
    parley.shows("zwei")
    server.refusing = False
    parley.shows(*FIRST, "zwei", "You said: zwei")
    sent = server.actions("message")[-1]
    assert [sent[key] for key in ("forkOf", "forkAt", "after")] == ["main", 1, 1]


def test_without_a_connection_a_branch_alone_is_no_empty_promise(
    parley: Parley, server: FakeServer
) -> None:
    server.refusing = True
    server.cut()
    expect(parley.status).to_have_text("Offline")
    parley.button("Branch from here").first.click()
    expect(parley.page.get_by_role("alert").filter(has_text="no connection now")).to_be_visible()
    parley.shows(*FIRST, *SECOND)


def test_what_was_to_branch_from_something_gone_is_in_the_box_again(
    parley: Parley, server: FakeServer
) -> None:
    guest = parley.guest

    def forget_first(frame: Frame) -> list[Frame] | None:
        if "forkOf" in frame:
            server.backend.users[guest].pop(frame["forkOf"], None)
        return None

    server.intervene(forget_first)
    _edit(parley, 1).fill("zwei")
    parley.button("Save").click()
    expect(parley.page.get_by_role("alert").filter(has_text="not there any more")).to_be_visible()
    expect(parley.message).to_have_value("zwei")
    expect(parley.articles).to_have_count(0)
    parley.message.press("Enter")
    parley.shows("zwei", "You said: zwei")
    expect(parley.page.get_by_text("Branched from")).not_to_be_visible()


def test_a_branch_of_what_was_deleted_says_so_and_leads_nowhere(parley: Parley) -> None:
    parley.button("Branch from here").first.click()
    parley.shows(*FIRST)
    _parent(parley).click()
    parley.shows(*FIRST, *SECOND)
    parley.button("Delete").click()
    parley.button("Delete it").click()
    parley.shows(*FIRST)
    expect(parley.page.get_by_text("another conversation")).to_be_visible()
    expect(_parent(parley)).to_have_count(0)


def test_another_tab_sees_the_branch_in_its_list(parley: Parley, context: BrowserContext) -> None:
    with context.expect_page() as opened:
        parley.page.evaluate("window.open(location.href)")
    other = Parley(opened.value).connected()
    other.shows(*FIRST, *SECOND)
    other.button("Branch from here").first.click()
    other.shows(*FIRST)
    parley.page.bring_to_front()
    expect(parley.links).to_have_count(2)
    expect(parley.navigation.get_by_role("img", name="Branch")).to_be_visible()
    expect(parley.links.first).to_contain_text(re.compile(r"\d"))  # from when it is
    parley.links.first.click()
    parley.shows(*FIRST)
    expect(_parent(parley)).to_have_text("one")


def test_every_button_has_a_name_and_text_stands_out(parley: Parley) -> None:
    parley.button("Branch from here").first.click()
    parley.shows(*FIRST)
    _edit(parley, 0)
    assert parley.page.evaluate(UNNAMED) == []
    for scheme in ("light", "dark"):
        parley.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert parley.page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_all_of_it_fits(
    browser: Browser, page_url: str, server: FakeServer, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=True,
    )
    page = context.new_page()
    page.goto(page_url)
    phone = Parley(page).connected()
    server.backend.conversation(phone.guest).title = "A title that is rather long for a phone " * 2
    _said_two_things(phone)
    phone.button("Regenerate").last.click()
    expect(_parent(phone)).to_be_in_viewport(ratio=1)
    phone.shows(*FIRST, *SECOND)
    _edit(phone, 1)
    for name in ("Save", "Cancel"):
        expect(phone.button(name)).to_be_in_viewport(ratio=1)
    phone.button("Show the list").click()
    expect(phone.navigation).to_be_visible()
    inside = "(e) => e.scrollWidth <= e.clientWidth"
    assert phone.navigation.evaluate(inside)
    phone.button("Close the list").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(CONTRAST) == []
    context.close()


def test_a_word_costs_no_look_at_the_turns_before(parley: Parley, server: FakeServer) -> None:
    conversation = server.backend.conversation(parley.guest)
    frames = []
    for number in range(300):
        turn = server.backend.append(parley.guest, "main", text=f"text {number}", reply="reply")
        frames += conversation.turn_frames(turn)
    server.send(parley.guest, frames)
    expect(parley.articles).to_have_count(604)
    parley.say("slow story")
    expect(parley.articles.last).to_have_text(BEGINNING)
    parley.page.evaluate("""() => {
        window.touched = new Set();
        new MutationObserver((records) => {
            for (const { target } of records) {
                const element = target instanceof Element ? target : target.parentElement;
                window.touched.add(element.closest('.half') ?? element);
            }
        }).observe(document.getElementById('turns'), {
            attributes: true, characterData: true, childList: true, subtree: true,
        });
    }""")
    server.write(parley.guest, " there")
    expect(parley.articles.last).to_have_text(re.compile("there$"))
    halves = "[...document.querySelectorAll('.half')]"
    assert parley.page.evaluate(f"[...window.touched].map((e) => {halves}.indexOf(e)).sort()") in (
        [605],
        [604, 605],
    )
    skipped = parley.page.evaluate("""() => [...document.querySelectorAll('.group')].filter(
        (group) => !group.firstElementChild.checkVisibility({ contentVisibilityAuto: true })).length
    """)
    assert skipped >= 6
