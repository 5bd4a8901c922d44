"""People who stay signed in: tokens that run out and keys that change under a chat.

A product that has just fetched keys looks for new ones half a minute later at the earliest, so
that a test here may wait for that long where it runs alone.
"""

from playwright.sync_api import WebSocket

from tests.e2e.visitor import Visitor
from tests.support.openid import Provider

OVER_HALF_A_MINUTE_MS = 60_000
BRIEF_SECONDS = 12
"""Renewed at three quarters, which leaves a busy machine a few seconds for it."""


def test_the_providers_new_keys_are_fetched_once_and_its_old_tokens_stay_good(
    provider: Provider, visitor: Visitor, another: Visitor
) -> None:
    visitor.open()
    visitor.sign_in()
    visitor.say("by an old key")
    fetched = provider.requests("/jwks")
    provider.rotate()
    another.open()
    another.sign_in()
    another.expect_connected(OVER_HALF_A_MINUTE_MS)
    another.say("by a new key")
    assert provider.requests("/jwks") == fetched + 1
    visitor.page.reload()
    visitor.expect_said("by an old key")
    visitor.say("by an old key still")
    assert provider.requests("/jwks") == fetched + 1


def test_a_chat_goes_on_over_several_tokens_on_one_connection(
    provider: Provider, visitor: Visitor
) -> None:
    provider.change(seconds=BRIEF_SECONDS)
    visitor.open()
    visitor.sign_in()
    visitor.expect_connected()
    connections: list[WebSocket] = []
    visitor.page.on("websocket", lambda connection: connections.append(connection))
    visitor.watch()
    tokens: set[str] = set()
    said: list[str] = []
    while len(tokens) <= 3:
        said.append(f"message {len(said)}")
        visitor.say(said[-1])
        visitor.page.wait_for_timeout(2_000)
        tokens.add(visitor.credential)
    assert connections == []
    assert visitor.noticed == []
    visitor.page.reload()
    visitor.expect_said(*said)


def test_a_chat_goes_on_while_tokens_run_out_and_the_provider_changes_its_keys(
    provider: Provider, visitor: Visitor
) -> None:
    provider.change(seconds=4)
    visitor.open()
    visitor.sign_in()
    said = [f"message {number}" for number in range(8)]
    for number, text in enumerate(said):
        if number == 3:
            provider.rotate(drop=True)
        visitor.say(text, OVER_HALF_A_MINUTE_MS)
        visitor.page.wait_for_timeout(1_000)
    visitor.expect_said(*said)
