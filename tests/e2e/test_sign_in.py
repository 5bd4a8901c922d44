"""People who sign in on the page, at a real OpenID provider, in a real browser."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Frame
from tests.e2e.visitor import Visitor
from tests.support.openid import RESOURCE, Provider


@pytest.mark.parametrize("token", ["access", "id"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_person_signs_in_chats_and_goes_on_after_a_reload(
    provider: Provider, visitor: Visitor, algorithm: str, token: str
) -> None:
    provider.change(algorithm=algorithm)
    if token == "id":
        visitor.send_id_tokens()
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
    assert visitor.credential not in visitor.stored("localStorage")


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
            # What the page has read comes as a snapshot too, without turns.
            while not (log := await client.log(conversation)):
                continue
            return log

    assert [turn["text"] for turn in in_a_thread(phone())] == ["from the page", "from the phone"]
    visitor.expect_said("from the page", "from the phone")


def in_a_thread(work: Coroutine[Any, Any, list[Frame]]) -> list[Frame]:
    """Run it beside Playwright, whose own loop counts as running here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_two_people_see_nothing_of_each_other(
    provider: Provider, visitor: Visitor, another: Visitor
) -> None:
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
    token = visitor.credential
    visitor.button("Sign out").click()
    visitor.page.wait_for_url(f"{provider.issuer}/**")
    visitor.button("Sign out").click()
    visitor.page.wait_for_url(f"{visitor.product.url}/**")
    expect(visitor.button("Sign in")).to_be_visible()
    visitor.expect_connected()
    visitor.expect_said()
    assert token not in visitor.stored("sessionStorage")
    visitor.sign_in()
    visitor.page.get_by_role("navigation", name="Conversations").get_by_text("before").click()
    visitor.expect_said("before")


def test_whoever_cancels_at_the_provider_stays_the_guest_they_were(
    provider: Provider, visitor: Visitor
) -> None:
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


def test_no_file_of_the_run_holds_a_token_or_a_guests_id(
    provider: Provider, visitor: Visitor
) -> None:
    visitor.open()
    guest = visitor.page.evaluate("sessionStorage.getItem('parley.userId')")
    visitor.say("as a guest")
    visitor.sign_in()
    visitor.expect_said("as a guest")
    visitor.say("for the log")
    secrets = [guest, *visitor.credential.split(".")[1:]]
    files = [path for path in visitor.product.data_dir.rglob("*") if path.is_file()]
    assert any("admitted" in path.read_text() for path in files if path.parent.name == "logs")
    assert not [path for path in files for each in secrets if each.encode() in path.read_bytes()]
