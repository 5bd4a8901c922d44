"""Row 37: bytes that no decent client sends; the next one that does is served all the same."""

import asyncio
from collections.abc import Callable, Mapping
from random import Random

from tests.e2e.product import Product
from tests.local_gateway.front import UPGRADE, RawClient, client_frame
from tests.support.fault_report import Rows
from tests.support.raw_person import (
    a_guest,
    address,
    clients_served,
    resident_megabytes,
    speaking,
    told,
)
from tests.support.soak import times

CONT, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10
AT_ONCE = 8
PINGS = 200
MORE_MEGABYTES = 48
KEPT_ALIVE = 16
"""Connections that functions keep to @connections."""
NO_CLOSE_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)
NO_UTF_8 = (
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98",
    b"\xf4\x90\x80\x80",
    b"\xe2\x28",
)


def noise(chance: Random) -> bytes:
    """Some bytes."""
    return chance.randbytes(chance.randrange(125))


def letters(chance: Random) -> bytes:
    """Some text."""
    return b"x" * chance.randrange(125)


BROKEN: Mapping[str, tuple[Callable[[Random], bytes], int]] = {
    "a reserved bit": (
        lambda c: client_frame(letters(c), reserved=c.choice([0x10, 0x20, 0x40, 0x70])),
        1002,
    ),
    "no mask": (lambda c: client_frame(letters(c), masked=False), 1002),
    "an opcode that is none": (
        lambda c: client_frame(noise(c), c.choice([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])),
        1002,
    ),
    "2^62 bytes and more": (
        lambda c: client_frame(b"", length=2**62 + c.randrange(2**62)),
        1009,
    ),
    "2^63 bytes and more": (
        lambda c: client_frame(noise(c), length=2**63 + c.randrange(2**63)),
        1009,
    ),
    "text that is none": (lambda c: client_frame(letters(c) + c.choice(NO_UTF_8)), 1007),
    "a continuation of nothing": (lambda c: client_frame(letters(c), CONT), 1002),
    "a message within a message": (
        lambda c: client_frame(letters(c), final=False) + client_frame(letters(c)),
        1002,
    ),
    "half a ping": (lambda c: client_frame(noise(c), PING, final=False), 1002),
    "a ping too long": (lambda c: client_frame(c.randbytes(c.randrange(126, 999)), PING), 1002),
    "a close code that is none": (
        lambda c: client_frame(c.choice(NO_CLOSE_CODES).to_bytes(2, "big"), CLOSE),
        1002,
    ),
    "half a close code": (lambda c: client_frame(c.randbytes(1), CLOSE), 1002),
    "a reason that is no text": (
        lambda c: client_frame((1000).to_bytes(2, "big") + c.choice(NO_UTF_8), CLOSE),
        1007,
    ),
}


def head(path: str, *lines: str, method: str = "GET", **changes: str) -> bytes:
    """A handshake with something about it."""
    named = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changes.items()}}
    sent = [f"{name}: {value}" for name, value in named.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *sent, *lines, "", ""]).encode()


REFUSED: Mapping[str, Callable[[Random, str], bytes]] = {
    "no HTTP": lambda c, path: c.randbytes(c.randrange(1, 2_000)) + b"\r\n\r\n",
    "TLS": lambda c, path: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + c.randbytes(512),
    "no version": lambda c, path: f"GET {path}\r\n\r\n".encode(),
    "a header of 64 KB": lambda c, path: head(path, f"X-Big: {'x' * 65_536}"),
    "a header without a colon": lambda c, path: head(path, "nonsense"),
    "a NUL in a header": lambda c, path: head(path, "X-Nul: a\0b"),
    "5,000 headers": lambda c, path: head(path, *(f"X-{n}: {n}" for n in range(5_000))),
    "4,097 characters": lambda c, path: head(path + "&x=" + "x" * (4_094 - len(path))),
    "a key that is none": lambda c, path: head(path, Sec_WebSocket_Key=noise(c).hex()),
    "another version": lambda c, path: head(path, Sec_WebSocket_Version=str(c.randrange(13))),
    "a POST": lambda c, path: head(path, "Content-Length: 0", method="POST"),
    "a length that is none": lambda c, path: head(path, "Content-Length: -1"),
    "a chunk that is none": lambda c, path: head(path, "Transfer-Encoding: chunked") + b"zz\r\n",
    "half a credential": lambda c, path: head(path[: -c.randrange(1, 36)]),
}


async def a_broken_frame(product: Product, chance: Random) -> None:
    """It closes its connection, with the code that RFC 6455 wants."""
    name = chance.choice(sorted(BROKEN))
    frame, code = BROKEN[name]
    async with speaking(product, a_guest()) as client:
        client.send(frame(chance))
        assert await told(client) == code, name


async def a_flood_of_pings(product: Product, chance: Random) -> None:
    """Each is answered, in order."""
    sent = [chance.randbytes(8) for _ in range(PINGS)]
    async with speaking(product, a_guest()) as client:
        client.send(*(client_frame(each, PING) for each in sent))
        assert [await client.frame() for _ in sent] == [(True, PONG, each) for each in sent]


async def a_broken_handshake(product: Product, chance: Random) -> None:
    """It is refused as the client's fault, or hung up on; nothing is opened."""
    name = chance.choice(sorted(REFUSED))
    client = await RawClient.open(product.port)
    try:
        client.send(REFUSED[name](chance, address(a_guest())))
        client.writer.write_eof()
        answer = await asyncio.wait_for(client.reader.read(), 30)
        assert answer == b"" or answer.split()[1].startswith(b"4"), name
    except ConnectionError:
        pass  # hung up on with bytes unread
    finally:
        client.reset()


async def a_slow_handshake(product: Product, chance: Random) -> None:
    """It comes a few bytes at a time, and does not end."""
    client = await RawClient.open(product.port)
    for byte in head(address(a_guest()))[: chance.randrange(1, 20)]:
        client.send(bytes([byte]))
        await asyncio.sleep(chance.uniform(0, 0.02))
    client.reset()


KINDS = {a_broken_frame: 30, a_flood_of_pings: 1, a_broken_handshake: 60, a_slow_handshake: 9}


def test_no_bytes_whatever_keep_the_next_client_from_being_served(
    product: Product, row: Rows
) -> None:
    chance, wanted = Random(37), times(250, 20_000)
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=wanted)

    async def good(number: int) -> None:
        async with product.client() as client:
            turn = await client.say(f"still there {number}")
            assert turn["reply"] == f"You said: still there {number} (1)"

    async def attack(number: int) -> None:
        for kind in kinds[number::AT_ONCE]:
            await kind(product, Random(chance.random()))
            run.inject()

    async def scenario() -> None:
        await good(0)
        megabytes = resident_megabytes(product)
        attacks = asyncio.gather(*(attack(number) for number in range(AT_ONCE)))
        number = 1
        while not attacks.done():
            await good(number)
            number += 1
            await asyncio.wait({attacks}, timeout=0.5)
        await attacks
        await good(number)
        async with asyncio.timeout(30):
            while clients_served(product) > KEPT_ALIVE:
                await asyncio.sleep(0.1)
        assert resident_megabytes(product) < megabytes + MORE_MEGABYTES

    with row(37, seed=37) as run:
        asyncio.run(scenario())
