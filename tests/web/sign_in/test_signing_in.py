"""Signing in from the page, in real Chromium: the ways in, and the ways that lead nowhere."""

import json
import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from tests.web.audits import CONTRAST, UNNAMED
from tests.web.fake_backend import Frame
from tests.web.fake_provider import FakeProvider
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley
from tests.web.sign_in.signing_in import KEPT, sign_in

Scheme = Literal["light", "dark"]


def test_a_person_signs_in_and_chats(parley: Parley, server: FakeServer) -> None:
    sign_in(parley)
    expect(parley.page.get_by_text("Ana Example")).to_be_visible()
    parley.say("Hello")
    parley.shows("Hello", "You said: Hello")
    assert server.backend.conversation("user:ana").head == 1
    assert parley.page.url == server.url


def test_a_reload_stays_signed_in(ana: Parley, provider: FakeProvider) -> None:
    ana.say("Hello")
    ana.shows("Hello", "You said: Hello")
    ana.page.reload()
    ana.connected()
    ana.shows("Hello", "You said: Hello")
    expect(ana.page.get_by_text("Ana Example")).to_be_visible()
    assert len(provider.questions) == 1
    assert provider.tokens[2] in json.dumps(ana.page.evaluate(KEPT)), "and can be renewed"


def test_the_page_comes_back_to_where_it_was(
    page: Page, page_url: str, provider: FakeProvider
) -> None:
    page.goto(page_url + "?theme=a&x=1#here")
    sign_in(Parley(page).connected())
    assert page.url == page_url + "?theme=a&x=1#here"
    assert provider.questions[0]["redirect_uri"] == page_url


def test_tokens_are_in_no_address_and_outlive_no_tab(
    ana: Parley, server: FakeServer, provider: FakeProvider, context: BrowserContext
) -> None:
    ana.say("Hello")
    ana.shows("Hello", "You said: Hello")
    ana.page.reload()
    ana.connected()
    kept = ana.page.evaluate(KEPT)
    assert kept["local"] == []
    assert kept["cookies"] == ""
    assert "code" not in kept["address"]
    codes = [path for path in server.paths if "code=" in path]
    assert len(codes) == 1, "the provider's own answer, and never again"
    seen = [*server.paths, *provider.paths, kept["address"], kept["referrer"]]
    texts = json.dumps([*seen, context.cookies()])
    assert len(provider.tokens) == 3
    for token in provider.tokens:
        assert token not in texts
        assert token.split(".")[-2:][0] not in texts
    assert [name for name, value in kept["session"] if provider.tokens[0] in value] == [
        "parley.signIn.tokens"
    ]
    stranger = Parley(context.new_page())
    stranger.page.goto(server.url)
    expect(stranger.button("Sign in")).to_be_visible()


def test_an_answer_with_another_state_signs_nobody_in(
    parley: Parley, provider: FakeProvider
) -> None:
    provider.spoiled = {"state": "forged"}
    parley.button("Sign in").click()
    expect(parley.page.locator("#account-trouble")).to_contain_text("not begun in this tab")
    parley.connected()
    assert provider.forms == []
    assert "?" not in parley.page.url


def test_an_answer_that_was_smuggled_in_signs_nobody_in(
    page: Page, page_url: str, provider: FakeProvider
) -> None:
    page.goto(f"{page_url}?code=stolen&state=forged")
    parley = Parley(page).connected()
    expect(page.locator("#account-trouble")).to_contain_text("not begun in this tab")
    assert provider.forms == []
    assert page.url == page_url
    parley.say("Still a guest")
    parley.shows("Still a guest", "You said: Still a guest")


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ({"error": "access_denied"}, "declined"),
        ({"error": "server_error"}, "problem of its own"),
        ({"error": "invalid_scope", "error_description": "<b>no</b>"}, "did not accept"),
        ({"iss": "https://evil.example"}, "not set up as this page expects"),
        ({"code": "another"}, "took too long"),
    ],
)
def test_what_the_provider_says_no_to_is_said_in_words(
    parley: Parley, provider: FakeProvider, spoiled: dict[str, str], words: str
) -> None:
    provider.spoiled = spoiled
    parley.button("Sign in").click()
    expect(parley.page.locator("#account-trouble")).to_contain_text(words)
    expect(parley.page.locator("#notices")).to_contain_text(words)
    parley.connected()
    assert "?" not in parley.page.url
    provider.spoiled = {}
    sign_in(parley)
    expect(parley.page.locator("#account-trouble")).not_to_be_visible()


def test_a_provider_that_is_down_is_said_and_the_chat_goes_on(
    parley: Parley, provider: FakeProvider
) -> None:
    provider.is_down = True
    parley.button("Sign in").click()
    expect(parley.page.locator("#account-trouble")).to_contain_text("cannot be reached")
    parley.say("Meanwhile")
    parley.shows("Meanwhile", "You said: Meanwhile")
    provider.is_down = False
    sign_in(parley)


def test_a_provider_that_goes_down_half_way_is_asked_again(
    parley: Parley, provider: FakeProvider
) -> None:
    def go_down(route: Route) -> None:
        provider.is_down = True
        route.continue_()

    parley.page.route("**/token", go_down)
    parley.button("Sign in").click()
    expect(parley.page.get_by_role("heading", name="Almost signed in")).to_be_visible()
    assert "?" not in parley.page.url
    parley.page.unroute("**/token")
    provider.is_down = False
    parley.button("Try again").click()
    expect(parley.button("Sign out")).to_be_visible()
    parley.connected()


def test_a_page_that_is_not_secure_says_that_it_must_be(parley: Parley) -> None:
    parley.page.evaluate("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    parley.button("Sign in").click()
    expect(parley.page.locator("#account-trouble")).to_contain_text("needs a secure page")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_all_of_it_fits_has_a_name_and_stands_out(
    browser: Browser, server: FakeServer, provider: FakeProvider, config: Frame, scheme: Scheme
) -> None:
    size: ViewportSize = {"width": 360, "height": 640}
    context = browser.new_context(viewport=size, color_scheme=scheme, has_touch=True)
    phone = Parley(context.new_page())

    def check() -> None:
        assert phone.page.evaluate(CONTRAST) == []
        assert phone.page.evaluate(UNNAMED) == []
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360

    provider.person["name"] = "Ana " + "Example" * 20
    config["guests"] = False
    phone.page.goto(server.url)
    expect(phone.button("Sign in")).to_be_focused()
    check()
    config["guests"] = True
    provider.spoiled = {"error": "access_denied"}
    phone.page.reload()
    phone.connected()
    phone.button("Show the list").click()
    phone.button("Sign in").click()
    expect(phone.page.locator("#notices")).to_contain_text("declined")
    phone.button("Show the list").click()
    check()
    provider.spoiled = {}
    phone.button("Sign in").click()
    expect(phone.page.locator("#person")).to_contain_text("Ana")
    phone.connected()
    phone.button("Show the list").click()
    expect(phone.button("Sign out")).to_be_in_viewport(ratio=1)
    check()
    phone.button("Close the list").click()
    provider.refusal = "invalid_grant"
    server.expire()
    phone.say("Unsent")
    expect(phone.button("Sign in again")).to_be_in_viewport(ratio=1)
    check()
    context.close()


class TestWithoutGuests:
    """`guests: false`: nothing but signing in."""

    @pytest.fixture
    def guests(self) -> bool:
        return False

    @pytest.fixture
    def closed(self, page: Page) -> Parley:
        parley = Parley(page)
        expect(page.get_by_role("heading", name="Sign in to talk to Parley")).to_be_visible()
        return parley

    def test_the_page_asks_to_sign_in_and_opens_no_connection(
        self, closed: Parley, server: FakeServer
    ) -> None:
        expect(closed.message).not_to_be_visible()
        expect(closed.button("New conversation")).not_to_be_visible()
        expect(closed.button("Sign in")).to_have_count(1)
        expect(closed.button("Sign in")).to_be_focused()
        assert closed.page.evaluate("sessionStorage.length") == 0
        assert server.credentials == []

    def test_signing_in_opens_it_and_signing_out_closes_it(self, closed: Parley) -> None:
        closed.page.keyboard.press("Enter")
        expect(closed.button("Sign out")).to_be_visible()
        closed.connected()
        expect(closed.message).to_be_focused()
        closed.say("Hello")
        closed.shows("Hello", "You said: Hello")
        closed.button("Sign out").click()
        heading = closed.page.get_by_role("heading", name="Sign in to talk to Parley")
        expect(heading).to_be_visible()
        expect(closed.message).not_to_be_visible()

    @pytest.mark.parametrize("error", ["access_denied", "invalid_request"])
    def test_a_refusal_is_said_where_the_button_is(
        self, closed: Parley, provider: FakeProvider, error: str
    ) -> None:
        provider.spoiled = {"error": error}
        closed.button("Sign in").click()
        words = re.compile("declined|did not accept")
        expect(closed.page.locator("#gate-text")).to_contain_text(words)
        provider.spoiled = {}
        sign_in(closed)

    def test_a_provider_that_is_down_is_said_and_tried_again(
        self, closed: Parley, provider: FakeProvider
    ) -> None:
        provider.is_down = True
        closed.button("Sign in").click()
        expect(closed.page.locator("#gate-text")).to_contain_text("cannot be reached")
        provider.is_down = False
        sign_in(closed)

    def test_a_page_that_knows_no_provider_says_so(self, closed: Parley, config: Frame) -> None:
        config["signIn"] = None
        closed.page.reload()
        heading = closed.page.get_by_role("heading", name="Nobody is let in here")
        expect(heading).to_be_visible()
        expect(closed.button("Sign in")).to_have_count(0)


def test_settings_of_a_sign_in_that_make_no_sense_are_said(page: Page, config: Frame) -> None:
    config["signIn"] = {"issuer": ""}
    page.reload()
    expect(page.get_by_text("signIn without issuer or clientId")).to_be_visible()
