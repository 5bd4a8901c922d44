"""A broadcast in the running product: the command, the queue, the function, and every device."""

import asyncio
import os
import subprocess
import sys
import uuid
from pathlib import Path

from auth.guests import guest
from tests.e2e.product import Product
from tests.support.template import ROOT

PATIENCE = 60


async def command(product: Product, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the operator's commands."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", f"operations.{name}", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src:.", "DATA_DIR": str(product.data_dir)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


async def finished(product: Product, broadcast_id: str) -> str:
    """What the operator is told once it is over."""
    async with asyncio.timeout(PATIENCE):
        while (asked := await command(product, "progress", broadcast_id)).returncode:
            assert asked.stderr == ""
            await asyncio.sleep(0.2)
    return asked.stdout


def test_all_who_are_there_are_told_on_every_device(product: Product) -> None:
    async def scenario() -> None:
        ana, ben = str(uuid.uuid4()), str(uuid.uuid4())
        name = f"b-{uuid.uuid4()}"
        async with (
            product.client(ana) as phone,
            product.client(ana) as laptop,
            product.client(ben) as other,
        ):
            done = await command(product, "broadcast", "--id", name, "Good morning, all")
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout == f"broadcast as {name} to all who are active\n"
            for device in (phone, laptop, other):
                frame = await device.receive(type="turn")
                assert frame["turn"]["reply"] == "Good morning, all"
                assert frame["turn"]["messageId"] == f"broadcast:{name}"
            assert ", finished " in await finished(product, name)
            assert [turn["reply"] for turn in await phone.log()] == ["Good morning, all"]

    asyncio.run(scenario())


def test_a_list_is_told_whether_they_are_there_or_not_and_once(
    product: Product, tmp_path: Path
) -> None:
    async def scenario() -> None:
        users = [str(uuid.uuid4()) for _ in range(23)]
        file = tmp_path / "users"
        file.write_text("".join(f"{guest(user).user_id}\n" for user in users))
        name = f"l-{uuid.uuid4()}"
        words = ["--id", name, "--users", str(file), "--conversation", "news", "--", "For you"]
        for _ in range(2):
            done = await command(product, "broadcast", *words)
            assert (done.returncode, done.stderr) == (0, "")
        assert (await finished(product, name)).startswith("23 users handed to the push queue")
        for user in (users[0], users[-1]):
            async with product.client(user) as client:
                async with asyncio.timeout(PATIENCE):
                    while not (turns := await client.log("news")):
                        await asyncio.sleep(0.2)
                assert [turn["reply"] for turn in turns] == ["For you"]

    asyncio.run(scenario())
