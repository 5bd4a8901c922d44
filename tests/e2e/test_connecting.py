"""Who gets in, and with which subprotocol."""

import asyncio
import json
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.product import ECHO, Product

GUEST = "5b0c7a3e-2f64-4d18-9a7b-c1e0d2f3a4b5"


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        (("chat.v1", GUEST), "chat.v1"),
        ((GUEST, "chat.v1"), "chat.v1"),
        ((GUEST,), GUEST),
    ],
)
def test_a_client_is_answered_one_of_its_offers(
    product: Product, offered: tuple[str, ...], answered: str
) -> None:
    async def scenario() -> str | None:
        async with product.client(GUEST, protocols=offered) as client:
            return client.socket.protocol

    assert asyncio.run(scenario()) == answered


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": f"Bearer {GUEST}"}, "protocols": ()},
        {"params": {"userId": GUEST}, "protocols": ()},
        {"params": {"token": GUEST}, "protocols": ("chat.v1",)},
    ],
)
def test_the_same_guest_comes_by_any_of_the_three_ways(
    product: Product, options: dict[str, Any]
) -> None:
    async def scenario() -> int:
        conversation = uuid.uuid4().hex
        async with product.client(GUEST) as client:
            await client.say("by the subprotocol", conversationId=conversation)
        async with product.client(GUEST, **options) as client:
            return len(await client.log(conversation))

    assert asyncio.run(scenario()) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"protocols": ()},
        {"protocols": ("chat.v1",)},
        {"protocols": ("chat.v1", "12345")},
        {"protocols": ("chat.v1", str(uuid.uuid1()))},
        {"protocols": ("chat.v1", uuid.uuid4().hex)},
        {"protocols": ("chat.v1", "00000000-0000-0000-0000-000000000000")},
        {"protocols": ("chat.v1", GUEST + "0")},
        {"protocols": (), "headers": {"Authorization": "Bearer a.b.c"}},
        {"protocols": (), "params": {"userId": "alice"}},
        {"protocols": ("chat.v1", "x" * 3000)},
    ],
)
def test_whoever_brings_less_than_a_random_uuid_is_refused(
    product: Product, options: dict[str, Any]
) -> None:
    async def scenario() -> int:
        try:
            async with product.client(**options):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status

    assert asyncio.run(scenario()) in (401, 403)


def test_the_page_is_told_the_first_issuer_as_its_tokens_name_it(tmp_path: Path) -> None:
    issuers = "JwtIssuers=https://a.example/realms/a , https://b.example"
    signing_in = (*ECHO, issuers, "JwtAudiences=parley", "SignInClientId=page")
    product = Product(tmp_path, signing_in)
    product.start()
    with urllib.request.urlopen(f"{product.url}/config.json") as answer:
        config = json.load(answer)
    assert product.stop() == 0
    assert config["signIn"]["issuer"] == "https://a.example/realms/a"
    assert config["guests"] is False
