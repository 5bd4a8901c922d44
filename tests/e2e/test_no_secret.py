"""Done-when 3: nothing that the end-to-end tests left holds a token or a guest's id.

conftest.py has it run after all the others of this folder.
"""

import asyncio
import hashlib
from pathlib import Path

from tests.e2e.product import Product
from tests.support.credentials import all_that_is_kept, files, found_in, guests_in, used, using
from tests.support.tokens import Forge


def test_the_search_finds_what_is_hidden(tmp_path: Path) -> None:
    guest = using("7f1c0d52-8a3e-4b6f-9c1d-0123456789ab")
    token = using(Forge().token())
    known_as = b"guest:" + hashlib.sha256(guest.encode()).hexdigest().encode()
    for number, secret in enumerate(
        [token, token.split(".")[2], guest, guest.upper(), guest.replace("-", ""), token[:-1]]
    ):
        assert found_in(b'{"said":"' + secret.encode() + b'"}'), number
    (tmp_path / "log").write_bytes(b"x" + guest.encode() + b"y")
    (kept,) = [content for _, content in files(tmp_path)]
    assert guests_in([kept, known_as]) == {guest.encode()}
    assert guests_in([kept]) == set()
    assert not found_in(known_as)


def test_no_secret_is_kept(product: Product) -> None:
    """Neither in a log, a table, the engine's journal nor in what a product said."""

    async def scenario() -> None:
        async with product.client() as client:
            await client.say("hello")

    asyncio.run(scenario())
    kept = dict(all_that_is_kept())
    assert used()
    assert any(b"admitted" in content for name, content in kept.items() if "/logs/" in name)
    assert [name for name, content in kept.items() if found_in(content)] == []
    assert guests_in(kept.values()) == set()
