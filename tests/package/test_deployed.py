"""The built packages and the built template, deployed to the embedded engine: all of it runs."""

import asyncio
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import build_package
from auth.guests import guest
from tests.e2e.commands import erase, export, log_of, run
from tests.e2e.product import ECHO, Product
from tests.e2e.test_cleaning import Operator, like
from tests.package.emulator import install_runtime


@pytest.fixture(scope="module")
def deployed(
    python: str, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """The product of what `make build` made, on the Python that it was made for."""
    folder = tmp_path_factory.mktemp("deployed")
    runtime = install_runtime(build_package.PYTHON)
    starter = folder / "python"
    starter.write_text(f'#!/bin/sh\nPYTHONPATH="{runtime}" exec "{python}" "$@"\n')
    starter.chmod(starter.stat().st_mode | stat.S_IXUSR)
    template = packages / "template.yaml"
    running = Product(
        folder / "data", ["--template", str(template), "--python", str(starter), *ECHO]
    )
    running.start()
    yield running
    assert running.stop() == 0


def test_chat_push_cleaner_export_and_erasure_run_as_they_were_built(deployed: Product) -> None:
    operator = Operator(deployed)

    async def scenario() -> None:
        user = str(uuid.uuid4())
        user_id = guest(user).user_id
        async with deployed.client(user) as client:
            assert (await client.say("a word"))["seq"] == 1

            pushed = await asyncio.to_thread(run, deployed, "push", user_id, "news")
            assert pushed.returncode == 0, pushed.stderr
            turn = (await client.receive(type="turn", turn={"author": "backend"}))["turn"]
            assert (turn["seq"], turn["reply"]) == (2, "news")

            (row,) = await asyncio.to_thread(operator.rows, user)
            here = row["connectionId"]["S"]
            await asyncio.to_thread(operator.set_back, like(row, "gone=", active=True), 50)
            await asyncio.to_thread(operator.schedule_now)
            await asyncio.to_thread(operator.wait_for, user, {here})
            await client.ask("pong", action="ping")

            document = await asyncio.to_thread(export, deployed, user_id)
            told = [(each["text"], each["reply"]) for each in log_of(document, "main")]
            assert told[0][0] == "a word"
            assert told[1] == ("", "news")

            receipt = await asyncio.to_thread(erase, deployed, user_id)
            assert receipt["removed"] == {"connection": 1, "conversation": 1, "turn": 2}
            with pytest.raises(ConnectionResetError, match="1000"):
                await client.receive(type="nothing")
        async with deployed.client(user) as back:
            assert await back.log() == []

    asyncio.run(scenario())
    assert deployed.alive
