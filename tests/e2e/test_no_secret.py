"""Done-when 3: nothing that the end-to-end tests left holds a token or a guest's id.

The search of it all is a fixture's in conftest.py, when everything has ended. Here: that it finds.
"""

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path

from tests.e2e.product import Product
from tests.support.credentials import (
    all_that_is_kept,
    files,
    found_in,
    guests_in,
    leaks,
    used,
    using,
)
from tests.support.template import ROOT
from tests.support.tokens import Forge

LEAKY = """
from tests.e2e.conftest import nothing_keeps_a_secret
from tests.support.credentials import keeps, using

def test_that_is_content(tmp_path):
    keeps(tmp_path, lambda: [])
    tmp_path.joinpath("log").write_text("let in " + using("6f1c0d52-8a3e-4b6f-9c1d-0123456789ab"))
"""


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
    assert leaks({"log": kept, "table": known_as}) == ["log"]


def test_of_a_guest_whom_no_test_named_the_id_is_found_too() -> None:
    guest = b"8f1c0d52-8a3e-4b6f-9c1d-0123456789ab"
    known_as = b"guest:" + hashlib.sha256(guest).hexdigest().encode()
    assert leaks({"table": known_as, "log": guest.upper(), "other": b"guest"}) == ["log"]


def test_all_that_a_product_keeps_and_says_is_searched(product: Product) -> None:
    async def scenario() -> None:
        async with product.client() as client:
            await client.say("hello")

    asyncio.run(scenario())
    kept = dict(all_that_is_kept())
    assert used()
    logs = [name for name in kept if name.startswith(f"{product.data_dir}/logs/")]
    assert any(b"admitted" in kept[name] for name in logs)
    assert f"output of {product.data_dir}" in kept
    assert leaks(kept) == []


def test_a_run_that_kept_a_secret_fails_in_whichever_process_it_was(tmp_path: Path) -> None:
    tmp_path.joinpath("test_leaky.py").write_text(LEAKY)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider"),
            *("--config-file", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)),
            *("--basetemp", str(tmp_path / "run"), str(tmp_path / "test_leaky.py")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "1 passed, 1 error" in run.stdout
    assert "a token or a guest's id was kept" in run.stdout
