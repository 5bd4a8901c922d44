"""The ports of servers that must know theirs before they have it."""

import asyncio
import random
import subprocess
import sys

import pytest

from local_gateway.http.loopback import bind
from local_gateway.settings import PROJECT
from local_gateway.testing import PORTS, free_port

ASK = "import local_gateway.testing as asked; asked.PORTS = [{port}] * 100; asked.free_port()"


def test_no_port_is_given_twice_before_its_server_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    same = random.SystemRandom().sample(PORTS, 100)
    monkeypatch.setattr(random.SystemRandom, "sample", lambda *_: same)
    assert len({free_port() for _ in range(5)}) == 5


def test_no_other_process_is_given_a_port_before_its_server_listens() -> None:
    ask = [sys.executable, "-c", ASK.format(port=free_port())]
    other = subprocess.run(ask, cwd=PROJECT, capture_output=True, text=True)
    assert "no free port" in other.stderr


def test_a_server_has_its_port_again_and_again() -> None:
    async def serve(port: int) -> None:
        for bound in bind(port):
            server = await asyncio.start_server(lambda *_: None, sock=bound)
            host = bound.getsockname()[0]
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            server.close()
            await server.wait_closed()

    port = free_port()
    for _ in range(3):
        asyncio.run(serve(port))
