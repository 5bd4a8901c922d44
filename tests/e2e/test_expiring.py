"""A signed-in user's connection on the whole product: it is renewed in time, and then it ends."""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest

from auth.issuers import user_id
from operations.disconnect import main as disconnect
from tests.e2e.product import ECHO, Client, Product
from tests.support.credentials import using
from tests.support.key_pairs import ec_jwk, ec_key
from tests.support.tokens import AUDIENCE, Forge

FORGE = Forge(clock=time.time)
FIRST_SECONDS, LAST_SECONDS = 12, 24
KEYS = {"keys": [ec_jwk(ec_key("ec"), kid="ec")]}


def token(lifetime: float, subject: str = "ana") -> str:
    return using(FORGE.es256({"sub": subject, "exp": int(time.time() + lifetime)}))


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that knows an issuer by its pinned key."""
    pinned = json.dumps(KEYS, separators=(",", ":"))
    parameters = [f"JwtIssuers={FORGE.issuer}", f"JwtAudiences={AUDIENCE}"]
    parameters += [f"JwtPinnedKeys={pinned}"]
    product = Product(tmp_path_factory.mktemp("signed-in"), [*ECHO, *parameters])
    product.start()
    yield product
    assert product.stop() == 0


def test_a_chat_goes_on_by_a_fresh_token_and_ends_with_the_last(signed_in: Product) -> None:
    async def scenario() -> None:
        async with signed_in.client(token(120)) as laptop:
            await laptop.ask("pong", action="ping")  # what follows begins with warm functions
            async with signed_in.client(token(FIRST_SECONDS)) as phone:
                await chat(phone, laptop)
        async with signed_in.client(token(60)) as back:
            assert [turn["text"] for turn in await back.log()] == ["first", "second", "third"]

    async def chat(phone: Client, laptop: Client) -> None:
        await phone.say("first")
        refused = await phone.ask("error", action="renew", token=token(60, "ben"))
        assert refused["code"] == "token_refused"
        fresh = token(LAST_SECONDS)
        renewed = await phone.ask("renewed", action="renew", token=fresh)
        assert renewed == await phone.ask("renewed", action="renew", token=fresh)
        await asyncio.sleep(FIRST_SECONDS + 1)
        await phone.say("second")
        await asyncio.sleep(LAST_SECONDS - FIRST_SECONDS)
        await laptop.say("third")
        await phone.send(action="ping")
        error = await phone.receive(type="error")
        assert (error["code"], error["retryable"]) == ("token_expired", False)
        with pytest.raises(ConnectionResetError, match="1000"):
            await phone.receive(type="anything")
        assert not [frame for frame in phone.seen if "third" in str(frame)]

    asyncio.run(scenario())


def test_an_operator_closes_what_a_signed_in_user_has_open(
    signed_in: Product, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(signed_in.data_dir))

    async def scenario() -> None:
        async with signed_in.client(token(60)) as client:
            await client.ask("pong", action="ping")
            ended = asyncio.create_task(client.receive(type="anything"))
            assert await asyncio.to_thread(disconnect, [user_id(FORGE.issuer, "ana")]) == 0
            with pytest.raises(ConnectionResetError, match="1000"):
                await ended

    asyncio.run(scenario())
    assert capsys.readouterr().out.startswith("1 closed, ")
