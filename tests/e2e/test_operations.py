"""The operator's commands, against the product as it runs."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from auth.guests import guest
from operations.deployment import NOTICE, of_gateway
from operations.failures import OperationFailed
from tests.e2e.product import ECHO, Product
from tests.support.template import ROOT


def disconnect(product: Product, user_id: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "operations.disconnect", user_id],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src:.", "DATA_DIR": str(product.data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_all_of_a_users_connections_are_closed_and_no_other(product: Product) -> None:
    async def scenario() -> None:
        user = str(uuid.uuid4())
        async with (
            product.client(user) as phone,
            product.client(user) as laptop,
            product.client() as other,
        ):
            await phone.say("before")
            await laptop.receive(type="turn")
            # They listen meanwhile: who does not answer a close is cut off after a while.
            ended = [asyncio.create_task(each.receive(type="none")) for each in (phone, laptop)]
            done = await asyncio.to_thread(disconnect, product, guest(user).user_id)
            assert (done.returncode, done.stdout, done.stderr) == (
                0,
                "2 closed, 0 gone already\n",
                "",
            )
            for each in ended:
                with pytest.raises(ConnectionResetError, match="1000"):
                    await each
            await other.ask("pong", action="ping")
            again = await asyncio.to_thread(disconnect, product, guest(user).user_id)
            assert again.stdout == "0 closed, 0 gone already\n"
        async with product.client(user) as back:
            assert [turn["text"] for turn in await back.log()] == ["before"]

    asyncio.run(scenario())


def test_a_gateway_is_found_while_it_runs_and_not_once_it_is_killed_or_stopped(
    tmp_path: Path,
) -> None:
    notice = tmp_path / NOTICE
    product = Product(tmp_path, ECHO)
    product.start()
    assert notice.stat().st_mode & 0o777 == 0o600
    first = of_gateway(tmp_path)
    assert first.connections_endpoint == f"http://127.0.0.1:{product.port}/prod"
    assert product.kill() == -signal.SIGKILL
    assert notice.exists()
    _until_the_engine_has_ended(tmp_path)
    product.start()
    assert of_gateway(tmp_path).connections_table == first.connections_table
    assert product.stop() == 0
    assert not notice.exists()
    with pytest.raises(OperationFailed, match="no gateway runs in"):
        of_gateway(tmp_path)


def _until_the_engine_has_ended(data_dir: Path) -> None:
    """It saves first, and goes on listening meanwhile."""
    for _ in range(600):
        try:
            of_gateway(data_dir)
        except OperationFailed:
            return
        asyncio.run(asyncio.sleep(0.05))
    pytest.fail("the engine goes on without its gateway")
