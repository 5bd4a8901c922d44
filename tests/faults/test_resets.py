"""Row 18: TCP is reset at every point of the protocol, and the message comes again."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from tests.e2e.product import PATIENCE_SECONDS, Product
from tests.local_gateway.front import UPGRADE, RawClient, client_frame
from tests.support.fault_report import Rows
from tests.support.raw_person import a_guest, address, spoken
from tests.support.soak import times

CONT, CLOSE, PING = 0, 8, 9
Point = Callable[[RawClient, str, bytes, Random], Awaitable[None]]


def reset(client: RawClient) -> None:
    """Go with a RST: whatever lies in the buffers is gone, and the other side hears an error."""
    wire = client.writer.transport.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.reset()


def head(user: str) -> bytes:
    """A handshake's request."""
    lines = [f"GET {address(user)} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in UPGRADE.items()]
    return "\r\n".join([*lines, "", ""]).encode()


async def nothing(client: RawClient, user: str, message: bytes, chance: Random) -> None:
    """Before a byte is sent."""


async def part_of_the_head(client: RawClient, user: str, message: bytes, chance: Random) -> None:
    """In the middle of the handshake."""
    asked = head(user)
    client.send(asked[: chance.randrange(1, len(asked))])


async def the_head(client: RawClient, user: str, message: bytes, chance: Random) -> None:
    """While the authorizer and `$connect` are running."""
    client.send(head(user))
    await asyncio.sleep(chance.uniform(0, 0.1))


async def all_at_once(client: RawClient, user: str, message: bytes, chance: Random) -> None:
    """Handshake and message in one, and nobody waits for an answer."""
    client.send(head(user), message)
    await asyncio.sleep(chance.uniform(0, 0.1))


async def the_handshake(client: RawClient, user: str, message: bytes, chance: Random) -> None:
    """Right after the 101."""
    status, _ = await client.request(address(user), UPGRADE)
    assert status == 101


def after_the_handshake(*frames: Callable[[bytes, Random], bytes]) -> Point:
    """Having sent so much."""

    async def point(client: RawClient, user: str, message: bytes, chance: Random) -> None:
        await the_handshake(client, user, message, chance)
        client.send(*(frame(message, chance) for frame in frames))
        await client.writer.drain()
        await asyncio.sleep(chance.choice([0, 0, chance.uniform(0, 0.1)]))

    return point


async def the_answer(client: RawClient, user: str, message: bytes, chance: Random) -> None:
    """In the middle of the answer."""
    await the_handshake(client, user, message, chance)
    client.send(message)
    await asyncio.wait_for(client.reader.readexactly(chance.randrange(1, 100)), PATIENCE_SECONDS)


POINTS: dict[str, Point] = {
    "nothing": nothing,
    "part of the head": part_of_the_head,
    "the head": the_head,
    "head and message": all_at_once,
    "the handshake": the_handshake,
    "part of a frame": after_the_handshake(lambda m, c: m[: c.randrange(1, len(m))]),
    "a fragment": after_the_handshake(lambda m, c: client_frame(m[6:], final=False)),
    "a ping amid fragments": after_the_handshake(
        lambda m, c: client_frame(b"{", final=False), lambda m, c: client_frame(b"", PING)
    ),
    "the message": after_the_handshake(lambda m, c: m),
    "the message thrice": after_the_handshake(*[lambda m, c: m] * 3),
    "part of the answer": the_answer,
    "part of a close": after_the_handshake(lambda m, c: m, lambda m, c: b"\x88\x82\0\0"),
    "a close": after_the_handshake(
        lambda m, c: m, lambda m, c: client_frame((1000).to_bytes(2, "big"), CLOSE)
    ),
}


@pytest.mark.parametrize("seed", range(times(1, 24)))
def test_whoever_is_reset_anywhere_sends_again_and_has_each_turn_once(
    product: Product, row: Rows, seed: int
) -> None:
    chance, user = Random(seed), a_guest()
    points = chance.sample(sorted(POINTS), len(POINTS))

    async def scenario() -> None:
        for number, name in enumerate(points):
            message_id, text = f"m{number}", f"{name} {number}"
            message = spoken(action="message", messageId=message_id, text=text, after=number)
            client = await RawClient.open(product.port)
            await POINTS[name](client, user, message, chance)
            reset(client)
            run.inject()
            async with product.client(user) as again:
                turn = await again.say(text, message_id, after=number)
                assert (turn["seq"], turn["text"]) == (number + 1, text)
        async with product.client(user) as last:
            said = [turn["messageId"] for turn in await last.log()]
            assert said == [f"m{number}" for number in range(len(points))]

    with row(18, seed=seed) as run:
        asyncio.run(scenario())
