"""Signing in from the page, in real Chromium, at a provider of the tests' own."""

import json
import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from tests.web.audits import CONTRAST, UNNAMED
from tests.web.fake_backend import Frame
from tests.web.fake_provider import FakeProvider
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley

Scheme = Literal["light", "dark"]

KEPT = """() => ({
    session: Object.entries(sessionStorage), local: Object.entries(localStorage),
    address: document.URL, referrer: document.referrer, cookies: document.cookie,
})"""


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def guests() -> bool:
    """Whether guests are let in."""
    return True


@pytest.fixture(autouse=True)
def config(server: FakeServer, provider: FakeProvider, guests: bool) -> Frame:
    url = f"ws://localhost:{server.port}/socket"
    server.config = {"url": url, "stage": "test", "guests": guests, "signIn": provider.settings}
    return server.config


@pytest.fixture
def parley(page: Page) -> Parley:
    """A guest, who may sign in."""
    return Parley(page).connected()


@pytest.fixture
def ana(parley: Parley) -> Parley:
    """Someone who is signed in."""
    return sign_in(parley)


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(faults: list[str]) -> Iterator[None]:
    """No exception and no violation of the Content-Security-Policy in any test."""
    yield
    # The browser itself reports a refused handshake and an answer that is an error.
    usual = ("WebSocket connection to", "Failed to load resource")
    assert [fault for fault in faults if not any(text in fault for text in usual)] == []


def sign_in(parley: Parley) -> Parley:
    parley.button("Sign in").click()
    expect(parley.button("Sign out")).to_be_visible()
    return parley.connected()


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


def test_tokens_are_renewed_and_the_chat_does_not_drop(
    parley: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    parley.page.clock.install()
    sign_in(parley)
    connects = len(server.credentials)
    parley.say("Before")
    parley.shows("Before", "You said: Before")
    parley.page.clock.fast_forward("46:00")
    parley.until(lambda: len(server.actions("renew")) > 0)
    expect(parley.status).to_have_text("Connected")
    parley.say("After")
    parley.shows("Before", "You said: Before", "After", "You said: After")
    assert len(server.credentials) == connects
    assert [frame["token"] for frame in server.actions("renew")] == [provider.tokens[3]]
    assert len(provider.grants("refresh_token")) == 1


def test_a_token_that_expires_in_mid_chat_costs_nothing(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    ana.say("Before")
    ana.shows("Before", "You said: Before")
    server.expire()
    ana.say("Meanwhile")
    ana.shows("Before", "You said: Before", "Meanwhile", "You said: Meanwhile")
    ana.connected()
    assert len(provider.grants("refresh_token")) == 1
    assert server.credentials[-1] == provider.tokens[3]
    sent = [frame for frame in server.actions("message") if frame["text"] == "Meanwhile"]
    assert all(frame == sent[0] for frame in sent)


def test_a_refused_renewal_ends_in_words_and_signing_in_again_loses_nothing(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    ana.say("Before")
    ana.shows("Before", "You said: Before")
    provider.refusal = "invalid_grant"
    server.expire()
    ana.say("Unsent")
    expect(ana.page.get_by_text("You are signed out.")).to_be_visible()
    expect(ana.status).to_have_text("Offline")
    ana.message.fill("half a thought")
    ana.page.reload()
    expect(ana.page.get_by_text("You are signed out.")).to_be_visible()
    ana.shows("Unsent")
    provider.refusal = None
    ana.button("Sign in again").click()
    ana.connected()
    ana.shows("Before", "You said: Before", "Unsent", "You said: Unsent")
    expect(ana.message).to_have_value("half a thought")
    expect(ana.page.get_by_text("You are signed out.")).not_to_be_visible()
    assert provider.questions[-1]["login_hint"] == "ana@example.com"


def test_without_a_refresh_token_a_person_is_asked_before_the_end(
    parley: Parley, provider: FakeProvider
) -> None:
    provider.renews = False
    sign_in(parley)
    parley.message.fill("half a thought")
    parley.page.clock.install()
    parley.page.reload()
    parley.connected()
    parley.page.clock.fast_forward("59:00")
    expect(parley.page.get_by_text("Your sign-in ends soon.")).to_be_visible()
    expect(parley.status).to_have_text("Connected")
    parley.page.clock.fast_forward("02:00")
    expect(parley.page.get_by_text("You are signed out.")).to_be_visible()
    expect(parley.status).to_have_text("Offline")
    parley.button("Sign in again").click()
    parley.connected()
    expect(parley.message).to_have_value("half a thought")


def test_someone_else_who_signs_in_gets_nothing_of_what_was_left(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    provider.refusal = "invalid_grant"
    server.expire()
    ana.say("A secret of Ana")
    ana.message.fill("and a draft of hers")
    expect(ana.button("Sign in again")).to_be_visible()
    provider.refusal = None
    provider.person = {"sub": "ben", "name": "Ben"}
    ana.button("Sign in again").click()
    expect(ana.page.get_by_text("Ben", exact=True)).to_be_visible()
    ana.connected()
    expect(ana.message).to_have_value("")
    expect(ana.articles).to_have_count(0)
    assert server.backend.conversation("user:ben").head == 0


def test_signing_out_leaves_a_fresh_guest(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    ana.say("Hello")
    ana.shows("Hello", "You said: Hello")
    ana.message.fill("a draft")
    ana.button("Sign out").click()
    expect(ana.button("Sign in")).to_be_visible()
    ana.connected()
    expect(ana.articles).to_have_count(0)
    expect(ana.message).to_have_value("")
    assert ana.page.url == server.url
    goodbye = parse_qs(urlsplit(provider.paths[-1]).query)
    assert goodbye == {
        "client_id": ["page"],
        "post_logout_redirect_uri": [server.url],
    }
    kept = [name for name, _ in ana.page.evaluate(KEPT)["session"]]
    assert sorted(kept) == ["parley.conversationId", "parley.userId"]


def test_signing_out_works_while_the_provider_is_down(ana: Parley, provider: FakeProvider) -> None:
    provider.is_down = True
    ana.page.reload()
    ana.connected()
    ana.button("Sign out").click()
    expect(ana.button("Sign in")).to_be_visible()
    ana.connected()


def test_signing_out_asks_first_where_something_is_not_sent(
    ana: Parley, server: FakeServer
) -> None:
    server.refusing = True
    server.cut()
    ana.say("Unsent")
    ana.button("Sign out").click()
    expect(ana.page.get_by_text("A message is not sent yet")).to_be_visible()
    ana.button("Cancel").click()
    ana.shows("Unsent")
    ana.button("Sign out").click()
    ana.button("Sign out anyway").click()
    expect(ana.button("Sign in")).to_be_visible()
    expect(ana.articles).to_have_count(0)


def test_a_guest_who_signs_in_keeps_every_conversation(parley: Parley, server: FakeServer) -> None:
    parley.say("The first")
    parley.shows("The first", "You said: The first")
    parley.button("New conversation").click()
    parley.say("The second")
    parley.shows("The second", "You said: The second")
    server.backend.append("user:ana", "main", text="Ana’s own", reply="from another day")
    sign_in(parley)
    parley.shows("The second", "You said: The second")
    expect(parley.links).to_have_count(3)
    parley.links.filter(has_text="The first").click()
    parley.shows("The first", "You said: The first")
    parley.say("More")
    parley.shows("The first", "You said: The first", "More", "You said: More")
    parley.links.filter(has_text="Ana’s own").click()
    parley.shows("Ana’s own", "from another day")
    assert [frame["cursor"] for frame in server.actions("adopt")] == [None, "more"]
    assert parley.page.evaluate("sessionStorage.getItem('parley.userId')") is None


def test_what_a_guest_had_not_sent_is_sent_after_signing_in_and_shows_once(
    parley: Parley, server: FakeServer
) -> None:
    guest = parley.guest
    parley.say("Before")
    parley.shows("Before", "You said: Before")

    def lose_the_answer(frame: Frame) -> list[Frame] | None:
        if frame["action"] != "message":
            return None
        if frame["text"] == "Arrived":
            server.backend.handle(guest, frame)
        return []

    server.intervene(lose_the_answer)
    parley.say("Arrived")
    parley.say("Not sent")
    parley.message.fill("half a thought")
    expect(parley.page.get_by_text("Sending…")).to_have_count(2)
    server.behave()
    sign_in(parley)
    arrived = ("Before", "You said: Before", "Arrived", "You said: Arrived")
    parley.shows(*arrived, "Not sent", "You said: Not sent")
    expect(parley.message).to_have_value("half a thought")


def test_bringing_along_goes_on_after_a_lost_connection_and_a_reload(
    parley: Parley, server: FakeServer
) -> None:
    parley.say("Keep this")
    parley.shows("Keep this", "You said: Keep this")
    server.intervene(lambda frame: [] if frame["action"] == "adopt" else None)
    parley.button("Sign in").click()
    expect(parley.page.get_by_text("Bringing your conversations along")).to_be_visible()
    server.cut()
    parley.page.reload()
    expect(parley.page.get_by_text("Bringing your conversations along")).to_be_visible()
    expect(parley.status).to_have_text("Connecting")
    server.behave()
    server.cut()
    parley.connected()
    parley.shows("Keep this", "You said: Keep this")
    expect(parley.page.get_by_text("Bringing your conversations along")).not_to_be_visible()


def test_conversations_that_cannot_be_brought_along_are_left_only_by_choice(
    parley: Parley, server: FakeServer
) -> None:
    parley.say("Old")
    parley.shows("Old", "You said: Old")
    guest = parley.guest

    def refuse(frame: Frame) -> list[Frame] | None:
        error = {"type": "error", "code": "internal_error", "message": "", "retryable": False}
        return [error] if frame["action"] == "adopt" else None

    server.intervene(refuse)
    parley.button("Sign in").click()
    expect(parley.page.get_by_text("They could not be brought along.")).to_be_visible()
    parley.button("Try again").click()
    expect(parley.page.get_by_text("They could not be brought along.")).to_be_visible()
    assert parley.guest == guest
    parley.button("Go on without them").click()
    parley.connected()
    expect(parley.articles).to_have_count(0)
    assert parley.page.evaluate("sessionStorage.getItem('parley.userId')") is None


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


def test_two_tabs_have_a_session_each(ana: Parley, provider: FakeProvider) -> None:
    with ana.page.context.expect_page() as opened:
        ana.page.evaluate("window.open(location.href)")
    copy = Parley(opened.value).connected()
    expect(copy.page.get_by_text("Ana Example")).to_be_visible()
    ana.page.bring_to_front()
    refresh = provider.tokens[2]
    assert refresh in json.dumps(ana.page.evaluate(KEPT))
    assert refresh not in json.dumps(copy.page.evaluate(KEPT))
    ana.say("From the first")
    copy.shows("From the first", "You said: From the first")
