"""An app whose user signs in at a real OpenID provider (issue: identity)."""

import asyncio
import uuid
from typing import Any

import aiohttp
import pytest

from tests.e2e.product import PATIENCE_SECONDS, Product
from tests.support.openid import RESOURCE, Provider

BRIEF_SECONDS = 15
"""How long a token lasts by which one connects on a busy machine."""


@pytest.fixture
def product(signing_in: Product) -> Product:
    return signing_in


def bearer(token: str) -> dict[str, Any]:
    """How an app connects, which can set any header."""
    return {"protocols": (), "headers": {"Authorization": f"Bearer {token}"}}


async def status(product: Product, **options: Any) -> int:
    try:
        async with product.client(**options):
            return 101
    except aiohttp.WSServerHandshakeError as refusal:
        return refusal.status


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_an_access_token_and_an_id_token_are_the_same_user_in_every_place(
    product: Product, provider: Provider, algorithm: str
) -> None:
    provider.change(algorithm=algorithm)
    tokens = provider.app.sign_in("ana", resource=RESOURCE)
    conversation = uuid.uuid4().hex
    ways: list[dict[str, Any]] = []
    for token in (tokens.access, tokens.id):
        ways += [bearer(token), {"protocols": ("chat.v1", token)}]
        ways += [{"protocols": ("chat.v1",), "params": {"token": token}}]

    async def scenario() -> list[str]:
        for number, way in enumerate(ways):
            async with product.client(**way) as client:
                assert client.socket.protocol in (None, "chat.v1")
                await client.say(f"number {number}", conversationId=conversation)
        async with product.client(**bearer(tokens.access)) as client:
            return [turn["text"] for turn in await client.log(conversation)]

    assert asyncio.run(scenario()) == [f"number {number}" for number in range(6)]


def test_every_device_of_a_person_gets_every_turn_and_no_other_person_any(
    product: Product, provider: Provider
) -> None:
    phone_token = provider.app.sign_in("ana", resource=RESOURCE).access
    laptop_token = provider.app.sign_in("ana").id
    stranger_token = provider.app.sign_in("ben").id
    conversation = uuid.uuid4().hex

    async def scenario() -> None:
        async with (
            product.client(**bearer(phone_token)) as phone,
            product.client(protocols=("chat.v1", laptop_token)) as laptop,
            product.client(**bearer(stranger_token)) as stranger,
        ):
            said = await phone.say("hello", "m", conversationId=conversation)
            assert await laptop.turn("m") == said
            assert await laptop.log(conversation) == [said]
            assert await stranger.log(conversation) == []
            assert stranger.seen == []

    asyncio.run(scenario())


def test_an_opaque_access_token_opens_nothing(product: Product, provider: Provider) -> None:
    # What a provider gives where nobody asks for an audience.
    opaque = provider.app.sign_in("ana").access
    assert opaque.count(".") == 0
    assert asyncio.run(status(product, **bearer(opaque))) == 403


def test_a_refresh_token_opens_nothing(product: Product, provider: Provider) -> None:
    refresh = provider.app.sign_in("ana").refresh
    assert asyncio.run(status(product, **bearer(refresh))) == 403


def test_a_token_that_runs_out_ends_its_connection_and_a_fresh_one_goes_on(
    product: Product, provider: Provider
) -> None:
    provider.change(seconds=BRIEF_SECONDS)
    tokens = provider.app.sign_in("ana")
    conversation = uuid.uuid4().hex

    async def scenario() -> list[str]:
        async with product.client(**bearer(tokens.id)) as client:
            await client.say("in time", conversationId=conversation)
            await asyncio.sleep(BRIEF_SECONDS)
            assert (await client.ask("error", action="ping"))["code"] == "token_expired"
            ended = await asyncio.wait_for(client.socket.receive(), PATIENCE_SECONDS)
            assert ended.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert await status(product, **bearer(tokens.id)) == 403
        provider.change(seconds=3600)
        async with product.client(**bearer(provider.app.refresh(tokens).id)) as client:
            await client.say("once more", conversationId=conversation)
            return [turn["text"] for turn in await client.log(conversation)]

    assert asyncio.run(scenario()) == ["in time", "once more"]
