"""People who sign in on the page, at a real OpenID provider, in a real browser (issue: identity)."""

import asyncio
import json
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.product import Frame, Product
from tests.support.browser import chromium
from tests.support.openid import RESOURCE, Provider

PATIENCE_MS = 20_000
Value = TypeVar("Value")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Visitor:
    """A person at the page, in a browser of their own."""

    def __init__(self, browser: Browser, product: Product) -> None:
        self.name = f"person-{uuid.uuid4()}"
        self.product = product
        self.context = browser.new_context()
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self) -> None:
        """Open the page, and be let in."""
        self.page.goto(f"{self.product.url}/")
        self.expect_connected()

    def sign_in(self) -> None:
        """Sign in as the person of this name."""
        self.button("Sign in").click()
        self.page.get_by_role("textbox", name="Name").fill(self.name)
        self.button("Sign in").click()
        expect(self.button("Sign out")).to_be_visible()
        self.expect_connected()

    def say(self, text: str) -> None:
        """Say something, and see the bot's answer."""
        before = self.articles().count()
        self.page.get_by_role("textbox", name="Message").fill(text)
        self.button("Send").click()
        expect(self.articles()).to_have_count(before + 2)
        expect(self.articles().nth(before)).to_contain_text(text)

    def expect_connected(self) -> None:
        expect(self.page.get_by_role("status")).to_have_text("Connected")

    def expect_said(self, *texts: str) -> None:
        """See these texts of theirs, in this order, and a reply to each."""
        expect(self.articles()).to_have_count(2 * len(texts))
        for number, text in enumerate(texts):
            expect(self.articles().nth(2 * number)).to_contain_text(text)

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def articles(self) -> Any:
        return self.page.get_by_role("log", name="Conversation").get_by_role("article")

    def stored(self, storage: str) -> str:
        """All that this tab keeps in a storage."""
        return str(self.page.evaluate(f"JSON.stringify({storage})"))

    def credential(self) -> str:
        """The token that the page connects with."""
        kept = json.loads(self.page.evaluate("sessionStorage.getItem('parley.signIn.tokens')"))
        return str(kept["credential"])


@pytest.fixture
def visitors(browser: Browser, signing_in: Product) -> Iterator[list[Visitor]]:
    """Whoever is in here leaves at the end; nothing may have gone wrong on their pages."""
    expect.set_options(timeout=PATIENCE_MS)
    there: list[Visitor] = []
    yield there
    for visitor in there:
        visitor.context.close()
        assert visitor.problems == []


@pytest.fixture
def visitor(browser: Browser, signing_in: Product, visitors: list[Visitor]) -> Visitor:
    visitors.append(Visitor(browser, signing_in))
    return visitors[-1]


@pytest.fixture
def another(browser: Browser, signing_in: Product, visitors: list[Visitor]) -> Visitor:
    visitors.append(Visitor(browser, signing_in))
    return visitors[-1]


def in_a_thread(work: Coroutine[Any, Any, Value]) -> Value:
    """Run it beside Playwright, whose own loop counts as running here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def with_id_tokens(visitor: Visitor) -> None:
    """Have the page send ID tokens, and ask for nothing that makes access tokens JWTs."""

    def answer(route: Route) -> None:
        config = route.fetch().json()
        config["signIn"] |= {"token": "id", "parameters": ""}
        route.fulfill(json=config)

    visitor.page.route("**/config.json", answer)


@pytest.mark.parametrize("token", ["access", "id"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_person_signs_in_chats_and_goes_on_after_a_reload(
    provider: Provider, visitor: Visitor, algorithm: str, token: str
) -> None:
    provider.change(algorithm=algorithm)
    if token == "id":
        with_id_tokens(visitor)
    visitor.open()
    visitor.sign_in()
    expect(visitor.page.get_by_text(f"{visitor.name} of the tests")).to_be_visible()
    visitor.say("one")
    visitor.say("two")
    assert visitor.page.url == f"{visitor.product.url}/"
    visitor.page.reload()
    visitor.expect_connected()
    visitor.expect_said("one", "two")
    visitor.say("three")
    assert visitor.credential() not in visitor.stored("localStorage")


def test_what_is_said_on_the_page_is_on_the_persons_phone_and_the_other_way(
    provider: Provider, visitor: Visitor
) -> None:
    visitor.open()
    visitor.sign_in()
    visitor.say("from the page")
    token = provider.app.sign_in(visitor.name, resource=RESOURCE).access

    async def phone() -> list[Frame]:
        headers = {"Authorization": f"Bearer {token}"}
        async with visitor.product.client(protocols=(), headers=headers) as client:
            listed = await client.ask("conversations", action="conversations")
            [conversation] = [each["conversationId"] for each in listed["conversations"]]
            await client.say("from the phone", conversationId=conversation)
            return await client.log(conversation)

    log = in_a_thread(phone())
    assert [turn["text"] for turn in log] == ["from the page", "from the phone"]
    visitor.expect_said("from the page", "from the phone")


def test_two_people_see_nothing_of_each_other(visitor: Visitor, another: Visitor) -> None:
    for each in (visitor, another):
        each.open()
        each.sign_in()
    visitor.say("mine")
    another.say("theirs")
    visitor.expect_said("mine")
    another.expect_said("theirs")


def test_whoever_signs_out_is_a_new_guest_and_finds_all_again_after_signing_in(
    provider: Provider, visitor: Visitor
) -> None:
    visitor.open()
    visitor.sign_in()
    visitor.say("before")
    kept = visitor.credential()
    visitor.button("Sign out").click()
    visitor.button("Sign out").click()  # the provider asks, too
    expect(visitor.button("Sign in")).to_be_visible()
    visitor.expect_connected()
    visitor.expect_said()
    assert kept not in visitor.stored("sessionStorage")
    visitor.sign_in()
    visitor.expect_said("before")


def test_whoever_cancels_at_the_provider_stays_the_guest_they_were(visitor: Visitor) -> None:
    visitor.open()
    visitor.say("as a guest")
    visitor.button("Sign in").click()
    visitor.button("Cancel").click()
    visitor.expect_connected()
    visitor.expect_said("as a guest")
    expect(visitor.button("Sign in")).to_be_visible()


def test_a_guest_brings_the_conversation_along(provider: Provider, visitor: Visitor) -> None:
    visitor.open()
    visitor.say("as a guest")
    visitor.say("still as a guest")
    guest = visitor.page.evaluate("sessionStorage.getItem('parley.userId')")
    visitor.sign_in()
    visitor.expect_said("as a guest", "still as a guest")
    visitor.say("signed in")
    assert guest not in visitor.stored("sessionStorage")
    visitor.page.reload()
    visitor.expect_said("as a guest", "still as a guest", "signed in")


def test_a_chat_goes_on_over_several_tokens_on_one_connection(
    provider: Provider, visitor: Visitor
) -> None:
    provider.change(seconds=4)
    visitor.page.on("websocket", lambda socket: sockets.append(socket.url))
    sockets: list[str] = []
    visitor.open()
    visitor.sign_in()
    sockets.clear()
    shown = statuses_of(visitor)
    tokens = {visitor.credential()}
    said = []
    for number in range(12):
        visitor.say(f"message {number}")
        said.append(f"message {number}")
        visitor.page.wait_for_timeout(1_000)
        tokens.add(visitor.credential())
    assert len(tokens) > 3
    assert sockets == []
    assert shown() == []
    visitor.page.reload()
    visitor.expect_said(*said)


def statuses_of(visitor: Visitor) -> Any:
    """A function that gives what status and alerts have said since, but `Connected`."""
    visitor.page.evaluate(
        """() => {
            globalThis.shown = [];
            const look = () => {
                for (const part of document.querySelectorAll('[role=status], [role=alert]')) {
                    const text = part.checkVisibility() ? part.textContent.trim() : '';
                    if (text !== '' && text !== 'Connected') shown.push(text);
                }
            };
            new MutationObserver(look).observe(
                document.body, {subtree: true, childList: true, characterData: true, attributes: true}
            );
        }"""
    )
    return lambda: visitor.page.evaluate("shown")


def test_the_providers_new_keys_are_fetched_once_and_its_old_tokens_stay_good(
    provider: Provider, visitor: Visitor, another: Visitor
) -> None:
    """May take half a minute: so long after a fetch an unknown key causes no other."""
    visitor.open()
    visitor.sign_in()
    visitor.say("by an old key")
    fetched = provider.requests("/jwks")
    provider.rotate()
    another.open()
    another.button("Sign in").click()
    another.page.get_by_role("textbox", name="Name").fill(another.name)
    another.button("Sign in").click()
    expect(another.button("Sign out")).to_be_visible()
    expect(another.page.get_by_role("status")).to_have_text("Connected", timeout=60_000)
    another.say("by a new key")
    assert provider.requests("/jwks") == fetched + 1
    visitor.page.reload()
    visitor.expect_said("by an old key")
    visitor.say("by an old key still")
    assert provider.requests("/jwks") == fetched + 1


def test_no_file_of_the_run_holds_a_token(provider: Provider, visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_in()
    visitor.say("for the log")
    token = visitor.credential()
    files = [path for path in visitor.product.data_dir.rglob("*") if path.is_file()]
    assert files
    assert not any(token.encode() in path.read_bytes() for path in files)
    assert not any(
        part.encode() in path.read_bytes() for path in files for part in token.split(".")[1:]
    )
