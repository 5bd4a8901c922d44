"""The product stopped and started again, cleanly and not (invariant I1)."""

import asyncio
import uuid
from pathlib import Path

import pytest

from tests.e2e.product import ECHO, Frame, Product


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_a_client_has_seen_is_there_after_a_restart(tmp_path: Path, end: str) -> None:
    user = str(uuid.uuid4())

    async def talk(product: Product, texts: list[str]) -> list[Frame]:
        async with product.client(user) as client:
            for text in texts:
                await client.say(text)
            return await client.log()

    product = Product(tmp_path / "data folder", ECHO)
    try:
        product.start()
        before = asyncio.run(talk(product, ["one", "two", "three"]))
        assert getattr(product, end)() == (0 if end == "stop" else -9)
        product.start()
        after = asyncio.run(talk(product, ["four"]))
    finally:
        assert product.stop() == 0
    assert after[:3] == before
    assert [turn["text"] for turn in after] == ["one", "two", "three", "four"]
    assert [turn["seq"] for turn in after] == [1, 2, 3, 4]
