"""The page by keyboard alone, by what assistive technology is told, and on a narrow screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.audits import CONTRAST, UNNAMED
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley

FOCUSED = """() => {
    const element = document.activeElement;
    return element.getAttribute('aria-label') ?? element.textContent.trim();
}"""


@pytest.fixture
def parley(page: Page) -> Parley:
    return Parley(page).connected()


@pytest.fixture(params=["light", "dark"])
def phone(request: pytest.FixtureRequest, browser: Browser, page_url: str) -> Iterator[Parley]:
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, color_scheme=request.param, has_touch=True
    )
    page = context.new_page()
    page.goto(page_url)
    yield Parley(page).connected()
    context.close()


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_what_the_contract_names_is_there_once_each(parley: Parley) -> None:
    for one in (parley.message, parley.status, parley.log, parley.navigation):
        expect(one).to_have_count(1)
    for name in ("Send", "New conversation"):
        expect(parley.page.get_by_role("button", name=name)).to_have_count(1)
    expect(parley.status).to_have_text("Connected")
    expect(parley.page.get_by_role("main")).to_have_count(1)
    expect(parley.page.get_by_role("heading", level=1)).to_have_count(1)


def test_everything_that_can_be_used_has_a_name(parley: Parley) -> None:
    parley.say("Hello")
    parley.shows("Hello", "You said: Hello")
    assert parley.page.evaluate(UNNAMED) == []


def test_ids_are_unique_and_references_lead_somewhere(parley: Parley) -> None:
    broken = parley.page.evaluate("""() => {
        const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
        const names = ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'];
        const used = names.flatMap((name) => [...document.querySelectorAll(`[${name}]`)]
            .flatMap((e) => e.getAttribute(name).split(' ')));
        const doubled = ids.filter((id, i) => ids.indexOf(id) !== i);
        return [doubled, used.filter((id) => !ids.includes(id))];
    }""")
    assert broken == [[], []]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(parley: Parley, scheme: str) -> None:
    parley.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    parley.say("Hello")
    parley.shows("Hello", "You said: Hello")
    assert parley.page.evaluate(CONTRAST) == []


def test_a_whole_conversation_by_keyboard_alone(parley: Parley) -> None:
    page = parley.page
    page.keyboard.type("First line")
    _press(page, "Shift+Enter")
    page.keyboard.type("second")
    _press(page, "Enter")
    parley.shows("First line second", "You said: First line second")
    _press(page, "Shift+Tab")
    assert page.evaluate(FOCUSED) == "Bad reply"
    _press(page, "Shift+Tab", "Enter")
    expect(parley.button("Good reply")).to_have_attribute("aria-pressed", "true")
    parley.button("Rename").focus()
    _press(page, "Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type("By keys")
    _press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keys")
    assert page.evaluate(FOCUSED) == "Rename"
    _press(page, "Tab", "Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    _press(page, "Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    assert page.evaluate(FOCUSED) == "Delete"


def test_the_first_stop_of_the_keyboard_skips_to_writing(parley: Parley) -> None:
    page = parley.page
    page.locator(".brand").click()
    _press(page, "Shift+Tab")
    skip = page.get_by_role("link", name="Skip to writing")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    _press(page, "Enter")
    expect(parley.message).to_be_focused()


def test_the_log_speaks_of_what_comes_and_not_of_what_was(
    parley: Parley, server: FakeServer
) -> None:
    expect(parley.log).to_have_attribute("aria-live", "polite")
    for number in range(20):
        server.backend.append(parley.guest, "main", text=f"text {number}", reply="reply")
    parley.page.add_init_script("""addEventListener('DOMContentLoaded', () => {
        window.spoken = 0;
        const log = document.getElementById('log');
        new MutationObserver((records) => {
            const added = records.filter((record) => record.addedNodes.length > 0).length;
            if (log.getAttribute('aria-live') !== 'off') window.spoken += added;
        }).observe(document.getElementById('turns'), { childList: true, subtree: true });
    })""")
    parley.page.clock.install()
    parley.page.reload()
    expect(parley.articles).to_have_count(40)
    assert parley.page.evaluate("window.spoken") == 0
    parley.page.clock.fast_forward(1_000)
    expect(parley.log).to_have_attribute("aria-live", "polite")
    parley.say("Hello")
    expect(parley.articles).to_have_count(42)
    assert parley.page.evaluate("window.spoken") > 0


def test_an_article_says_who_speaks(parley: Parley) -> None:
    parley.say("Hello")
    parley.shows("Hello", "You said: Hello")
    labels = [article.get_attribute("aria-label") or "" for article in parley.articles.all()]
    assert [label.split(",")[0] for label in labels] == ["You", "Parley"]


def test_on_a_phone_the_list_is_a_drawer(phone: Parley) -> None:
    expect(phone.navigation).not_to_be_visible()
    phone.say("A rather long message that has to wrap on a screen as narrow as this one is " * 3)
    expect(phone.articles).to_have_count(2)
    phone.button("Show the list").click()
    expect(phone.navigation).to_be_visible()
    expect(phone.button("Close the list")).to_be_focused()
    phone.page.keyboard.press("Escape")
    expect(phone.navigation).not_to_be_visible()
    expect(phone.button("Show the list")).to_be_focused()
    phone.button("Show the list").click()
    phone.button("New conversation").click()
    expect(phone.navigation).not_to_be_visible()
    expect(phone.articles).to_have_count(0)


def test_on_a_phone_nothing_is_wider_than_the_screen(phone: Parley) -> None:
    phone.say("W" * 300)
    expect(phone.articles).to_have_count(2)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
    for element in (phone.message, phone.status, phone.button("Send")):
        box = element.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    assert phone.page.evaluate(CONTRAST) == []


def test_who_wants_less_motion_gets_none(parley: Parley) -> None:
    parley.page.emulate_media(reduced_motion="reduce")
    moving = parley.page.evaluate("""() => [...document.querySelectorAll('*')].filter((e) => {
        const { animationName, transitionDuration } = getComputedStyle(e);
        return animationName !== 'none' || parseFloat(transitionDuration) > 0;
    }).length""")
    assert moving == 0
