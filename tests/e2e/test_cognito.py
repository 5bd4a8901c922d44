"""Amazon Cognito's tokens at the door, as the embedded AWS issues them (issue: identity)."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.e2e.product import ECHO, Product
from tests.support import engine
from tests.support.cognito import Tokens, UserPool


@pytest.fixture(scope="module")
def pool() -> UserPool:
    made = UserPool(engine.running())
    made.add_user("ana")
    return made


@pytest.fixture(scope="module", params=["by their address", "pinned"])
def product(
    request: pytest.FixtureRequest, pool: UserPool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    # Pinned keys have no spaces between them, for parameters are told apart by spaces.
    pinned = json.dumps(pool.keys(), separators=(",", ":"))
    keys = {"by their address": f"JwtKeyUrls={pool.keys_url}", "pinned": f"JwtPinnedKeys={pinned}"}
    running = Product(
        tmp_path_factory.mktemp("cognito"),
        [*ECHO, f"JwtIssuers={pool.issuer}", f"JwtAudiences={pool.client_id}", keys[request.param]],
    )
    running.start()
    yield running
    assert running.stop() == 0


def ways(token: str) -> list[dict[str, Any]]:
    """The three places a credential may be in."""
    return [
        {"protocols": (), "headers": {"Authorization": f"Bearer {token}"}},
        {"protocols": ("chat.v1", token)},
        {"protocols": ("chat.v1",), "params": {"token": token}},
    ]


def status(product: Product, token: str) -> int:
    async def scenario() -> int:
        try:
            async with product.client(**ways(token)[0]):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status

    return asyncio.run(scenario())


def test_an_access_token_and_an_id_token_are_the_same_user_in_every_place(
    product: Product, pool: UserPool
) -> None:
    tokens = pool.sign_in("ana")
    offers = ways(tokens.access) + ways(tokens.id)

    async def scenario() -> list[str]:
        conversation = uuid.uuid4().hex
        for number, options in enumerate(offers):
            async with product.client(**options) as client:
                await client.say(f"number {number}", conversationId=conversation)
        async with product.client(**offers[0]) as client:
            return [turn["text"] for turn in await client.log(conversation)]

    assert asyncio.run(scenario()) == [f"number {number}" for number in range(6)]


def test_refreshed_tokens_are_the_same_user(product: Product, pool: UserPool) -> None:
    before = pool.sign_in("ana")
    after = pool.refresh(before)
    assert after.access != before.access

    async def scenario() -> int:
        conversation = uuid.uuid4().hex
        async with product.client(**ways(before.access)[0]) as client:
            await client.say("before", conversationId=conversation)
        async with product.client(**ways(after.access)[0]) as client:
            await client.say("after", conversationId=conversation)
            return len(await client.log(conversation))

    assert asyncio.run(scenario()) == 2


def test_another_user_of_the_pool_is_another_user(product: Product, pool: UserPool) -> None:
    name = f"user-{uuid.uuid4()}"
    pool.add_user(name)
    mine, theirs = pool.sign_in("ana"), pool.sign_in(name)

    async def scenario() -> int:
        conversation = uuid.uuid4().hex
        async with product.client(**ways(mine.access)[0]) as client:
            await client.say("mine", conversationId=conversation)
        async with product.client(**ways(theirs.access)[0]) as client:
            return len(await client.log(conversation))

    assert asyncio.run(scenario()) == 0


@pytest.fixture(scope="module")
def of_another_pool(pool: UserPool) -> Tokens:
    other = UserPool(engine.running())
    other.add_user("ana")
    return other.sign_in("ana")


@pytest.fixture(scope="module")
def of_another_client(pool: UserPool) -> Tokens:
    return pool.sign_in("ana", pool.new_client())


@pytest.mark.parametrize("tokens", ["of_another_pool", "of_another_client"])
@pytest.mark.parametrize("kind", ["access", "id"])
def test_a_token_of_another_pool_or_client_is_refused(
    product: Product, request: pytest.FixtureRequest, tokens: str, kind: str
) -> None:
    assert status(product, getattr(request.getfixturevalue(tokens), kind)) == 403


def test_a_refresh_token_opens_nothing(product: Product, pool: UserPool) -> None:
    assert status(product, pool.sign_in("ana").refresh) == 403


def test_guests_are_refused_where_an_issuer_is_set(product: Product) -> None:
    assert status(product, str(uuid.uuid4())) == 403
