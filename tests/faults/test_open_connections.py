"""Rows 19 and 27: connections that idle, that grow old, and whose clients stop reading."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from local_gateway.clock import ManualClock
from local_gateway.gateway import LocalGateway
from local_gateway.http.wire import MAX_UNSENT_BYTES
from local_gateway.settings import Settings
from tests.e2e.product import Client
from tests.support import credentials
from tests.support.fault_report import Rows
from tests.support.raw_person import a_guest
from tests.support.soak import times

PATIENCE_SECONDS = 30
IDLE, LIFETIME, NOW_AND_THEN = 600, 7_200, 500
SMALL_BUFFER = 4_096
FILLING = "x" * 128 * 1024
MOST_ON_THE_WAY = 32 * 1024 * 1024
"""What the kernel's buffers may hold besides the gateway's own, and more."""


class Here:
    """The gateway and its engine, in this process, with the gateway's clock in the test's hand."""

    def __init__(self, gateway: LocalGateway, clock: ManualClock) -> None:
        self.gateway, self.clock = gateway, clock

    @asynccontextmanager
    async def client(self, user: str, buffer: int | None = None) -> AsyncIterator[Client]:
        """A connected client of a guest, whose socket holds so much that was not read."""
        url = f"ws://127.0.0.1:{self.gateway.port}/{self.gateway.plane.api.stage}"

        def a_socket(address: Any) -> socket.socket:
            made = socket.socket(*address[:3])
            if buffer is not None:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            return made

        connector = aiohttp.TCPConnector(limit=0, socket_factory=a_socket)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(url, protocols=("chat.v1", user), max_msg_size=0) as connected,
        ):
            yield Client(connected, user)

    @asynccontextmanager
    async def clients(self, number: int) -> AsyncIterator[list[Client]]:
        """So many guests."""
        async with AsyncExitStack() as stack:
            yield [await stack.enter_async_context(self.client(a_guest())) for _ in range(number)]


def play(data_dir: Path, scenario: Callable[[Here], Awaitable[None]]) -> None:
    """Play it on a gateway of its own."""

    async def playing() -> None:
        clock = ManualClock(time.time())
        settings = Settings(
            data_dir=data_dir, port=0, overrides={"BotClass": "bots.echo:Echo"}, reload=False
        )
        async with LocalGateway(settings, clock) as gateway:
            await scenario(Here(gateway, clock))

    credentials.keeps(data_dir, list)
    asyncio.run(playing())


async def close_code(client: Client) -> int | None:
    """How the connection ends that is about to."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    return client.socket.close_code


async def ping_all(clients: list[Client]) -> None:
    """All are alive."""
    await asyncio.gather(*(client.ask("pong", action="ping") for client in clients))


async def resumes(here: Here, client: Client) -> None:
    """Whoever was cut off has what was said in its absence, and only that."""
    async with here.client(client.user) as other:
        missed = await other.say("meanwhile", "m2", after=1)
    async with here.client(client.user) as back:
        assert await back.log(after=1) == [missed]
        assert (await back.say("back", "m3", after=2))["seq"] == 3


def test_who_idles_or_grows_old_is_told_to_go_and_resumes(tmp_path: Path, row: Rows) -> None:
    each = times(2, 15)

    async def scenario(here: Here) -> None:
        async with here.clients(each) as idle, here.clients(each) as busy:
            everyone = [*idle, *busy]
            await asyncio.gather(*(client.say("first", "m1", after=0) for client in everyone))
            begun = here.clock.now()
            here.clock.advance(IDLE - 1)
            here.gateway.plane.sweep()
            await ping_all(busy)
            assert len(here.gateway.plane.connections) == 2 * each, "nobody is early"
            here.clock.advance(1)
            assert await asyncio.gather(*map(close_code, idle)) == [1001] * each
            while here.clock.now() + NOW_AND_THEN < begun + LIFETIME:
                here.clock.advance(NOW_AND_THEN)
                here.gateway.plane.sweep()
                await ping_all(busy)
            here.clock.advance(begun + LIFETIME - here.clock.now())
            assert await asyncio.gather(*map(close_code, busy)) == [1001] * each
            run.inject(len(everyone))
            await asyncio.gather(*(resumes(here, client) for client in everyone))

    with row(19) as run:
        play(tmp_path, scenario)


async def fill(here: Here, connection_id: str) -> int:
    """Post to a client until there is no room for more; how often there was."""
    posted = 0
    while here.gateway.plane.post(connection_id, FILLING) == 200:
        posted += 1
        assert posted * len(FILLING) < MOST_ON_THE_WAY, "a buffer without bound"
        await asyncio.sleep(0)
    return posted


async def goes_mute(here: Here) -> None:
    """A phone stops reading: the laptop is served, and the phone has it all once it reads again."""
    user, before = a_guest(), set(here.gateway.plane.connections)
    async with here.client(user, SMALL_BUFFER) as phone:
        [phones] = set(here.gateway.plane.connections) - before
        async with here.client(user) as laptop:
            posted = await fill(here, phones)
            assert posted * len(FILLING) >= MAX_UNSENT_BYTES - len(FILLING)
            async with asyncio.timeout(PATIENCE_SECONDS):
                said = [
                    await laptop.say(f"hello {number}", f"m{number}", after=number)
                    for number in range(3)
                ]
            assert phones in here.gateway.plane.connections, "slow is not gone"
            for _ in range(posted):
                assert await phone.socket.receive_str(timeout=PATIENCE_SECONDS) == FILLING
            assert await phone.log() == said
            turn = await laptop.say("and now?", "m3", after=3)
            assert await phone.turn("m3") == turn


def test_who_stops_reading_costs_the_others_nothing_and_loses_nothing(
    tmp_path: Path, row: Rows
) -> None:
    async def scenario(here: Here) -> None:
        for _ in range(times(2, 20)):
            await goes_mute(here)
            run.inject()

    with row(27) as run:
        play(tmp_path, scenario)
