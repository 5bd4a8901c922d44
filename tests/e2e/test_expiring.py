"""A signed-in user's connection on the whole product: it is renewed in time, and then it ends."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk, jwt

from operations.disconnect import main as disconnect
from tests.e2e.product import ECHO, Product

ISSUER = "https://issuer.example"
USER = "user:issuer.example:ana"
KEY: Any = ec.generate_private_key(ec.SECP256R1())


def token(lifetime: float, subject: str = "ana") -> str:
    claims = {"iss": ISSUER, "aud": "parley", "sub": subject, "exp": int(time.time() + lifetime)}
    signed: str = jwt.encode(claims, KEY, "ES256", {"kid": "one"})
    return signed


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that knows an issuer by its pinned key."""
    public = {**jwk.construct(KEY.public_key(), "ES256").to_dict(), "kid": "one"}
    keys = json.dumps({"keys": [public]}, separators=(",", ":"))
    parameters = [f"JwtIssuers={ISSUER}", "JwtAudiences=parley", f"JwtPinnedKeys={keys}"]
    product = Product(tmp_path_factory.mktemp("signed-in"), [*ECHO, *parameters])
    product.start()
    yield product
    assert product.stop() == 0


def test_a_chat_goes_on_by_a_fresh_token_and_ends_with_the_last(signed_in: Product) -> None:
    async def scenario() -> None:
        async with signed_in.client(token(5)) as phone, signed_in.client(token(60)) as laptop:
            await phone.say("first")
            refused = await phone.ask("error", action="renew", token=token(60, "ben"))
            assert refused["code"] == "token_refused"
            fresh = token(10)
            renewed = await phone.ask("renewed", action="renew", token=fresh)
            assert renewed == await phone.ask("renewed", action="renew", token=fresh)
            await asyncio.sleep(6)
            await phone.say("second")
            await asyncio.sleep(5)
            await laptop.say("third")
            await phone.send(action="ping")
            error = await phone.receive(type="error")
            assert (error["code"], error["retryable"]) == ("token_expired", False)
            with pytest.raises(ConnectionResetError, match="1000"):
                await phone.receive(type="anything")
            assert not [frame for frame in phone.seen if "third" in str(frame)]
        async with signed_in.client(token(60)) as back:
            assert [turn["text"] for turn in await back.log()] == ["first", "second", "third"]

    asyncio.run(scenario())


def test_an_operator_closes_what_a_signed_in_user_has_open(
    signed_in: Product, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(signed_in.data_dir))

    async def scenario() -> None:
        async with signed_in.client(token(60)) as client:
            await client.ask("pong", action="ping")
            assert await asyncio.to_thread(disconnect, [USER]) == 0
            with pytest.raises(ConnectionResetError, match="1000"):
                await client.receive(type="anything")

    asyncio.run(scenario())
    assert capsys.readouterr().out.startswith("1 closed, ")
