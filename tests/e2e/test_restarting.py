"""The product stopped and started again, cleanly and not (invariant I1, done-when 1)."""

import asyncio
import uuid
from pathlib import Path

import pytest

from tests.e2e.product import Frame, Product

ECHO = ("--no-reload", "--parameter-overrides", "BotClass=bots.echo:Echo")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_a_client_has_seen_is_there_after_a_restart(tmp_path: Path, end: str) -> None:
    user = str(uuid.uuid4())

    async def talk(product: Product, texts: list[str]) -> list[Frame]:
        async with product.client(user) as client:
            for text in texts:
                await client.say(text)
            return await client.log()

    first = Product(tmp_path / "data folder", *ECHO)
    first.start()
    before = asyncio.run(talk(first, ["one", "two", "three"]))
    code = getattr(first, end)()
    assert code == (0 if end == "stop" else -9)

    second = Product(tmp_path / "data folder", *ECHO, port=first.port)
    second.start()
    try:
        after = asyncio.run(talk(second, ["four"]))
    finally:
        assert second.stop() == 0
    assert after[:3] == before
    assert [turn["text"] for turn in after] == ["one", "two", "three", "four"]
    assert [turn["seq"] for turn in after] == [1, 2, 3, 4]
