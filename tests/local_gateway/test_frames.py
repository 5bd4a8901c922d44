"""Frames through real sockets: limits, close codes, fragments, broken clients."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from local_gateway.assumptions import Assumptions
from local_gateway.clock import ManualClock
from tests.local_gateway.front import (
    UPGRADE,
    FakeFunctions,
    Front,
    RawClient,
    client_frame,
    serving,
)
from tests.local_gateway.runs import PATIENCE_SECONDS

TEXT, BINARY, CLOSE, PING, PONG, CONT = 1, 2, 8, 9, 10, 0


def with_client(
    work: Callable[[Front, RawClient], Awaitable[Any]], **options: Any
) -> tuple[Any, FakeFunctions]:
    """Run `work` on an upgraded raw client; the next good client must be served after it."""

    async def run() -> tuple[Any, FakeFunctions]:
        async with serving(**options) as front:
            client = await RawClient.upgraded(front.port)
            found = await asyncio.wait_for(work(front, client), PATIENCE_SECONDS)
            assert await front.status() == 101
            return found, front.functions

    return asyncio.run(run())


def close_code(*frames: bytes) -> int:
    async def work(front: Front, client: RawClient) -> int:
        client.send(*frames)
        return await client.close_code()

    return int(with_client(work)[0])


def bodies(*frames: bytes, number: int = 1) -> list[str]:
    async def work(front: Front, client: RawClient) -> list[str]:
        client.send(*frames)
        return [event["body"] for event in await front.functions.wait_for("any", number)]

    found: list[str] = with_client(work)[0]
    return found


def fragments(total: int, size: int = 32768) -> list[bytes]:
    parts = [b"x" * min(size, total - start) for start in range(0, total, size)]
    last = len(parts) - 1
    return [
        client_frame(part, TEXT if number == 0 else CONT, final=number == last)
        for number, part in enumerate(parts)
    ]


def test_a_frame_of_32_kb_is_taken() -> None:
    assert bodies(client_frame(b"x" * 32768)) == ["x" * 32768]


def test_a_frame_of_32_kb_and_a_byte_closes_1009() -> None:
    assert close_code(client_frame(b"x" * 32769)) == 1009


def test_a_frame_that_only_announces_too_much_closes_1009_at_once() -> None:
    assert close_code(client_frame(b"", length=2**62)) == 1009


def test_a_message_of_128_kb_in_fragments_is_taken() -> None:
    assert bodies(*fragments(131072)) == ["x" * 131072]


def test_a_message_of_128_kb_and_a_byte_in_fragments_closes_1009() -> None:
    assert close_code(*fragments(131073)) == 1009


@pytest.mark.parametrize("final", [True, False])
def test_a_binary_frame_closes_1003(final: bool) -> None:
    assert close_code(client_frame(b"\x00", BINARY, final=final)) == 1003


@pytest.mark.parametrize(
    "frame",
    [
        client_frame(b"x", reserved=0x40),
        client_frame(b"x", reserved=0x20),
        client_frame(b"x", reserved=0x10),
        client_frame(b"x", masked=False),
        client_frame(b"x", opcode=3),
        client_frame(b"x", opcode=11),
        client_frame(b"x", opcode=CONT),
        client_frame(b"x", opcode=PING, final=False),
        client_frame(b"x" * 126, opcode=PING),
        client_frame(b"x", final=False) + client_frame(b"y"),
        client_frame(b"\x03", opcode=CLOSE),
        client_frame((1005).to_bytes(2, "big"), opcode=CLOSE),
    ],
)
def test_what_breaks_the_rfc_closes_1002(frame: bytes) -> None:
    assert close_code(frame) == 1002


@pytest.mark.parametrize("content", [b"\xff", b"\xed\xa0\x80", b"\xf0\x9f\x98"])
def test_text_that_is_not_utf_8_closes_1007_and_reaches_no_function(content: bytes) -> None:
    async def work(front: Front, client: RawClient) -> int:
        client.send(client_frame(content))
        return await client.close_code()

    code, functions = with_client(work)
    assert code == 1007
    assert functions.of("any") == []


def test_a_character_may_be_split_between_fragments() -> None:
    emoji = "🌿".encode()
    split = [client_frame(emoji[:2], final=False), client_frame(emoji[2:], CONT)]
    assert bodies(*split) == ["🌿"]


def test_a_ping_between_fragments_is_answered() -> None:
    async def work(front: Front, client: RawClient) -> Any:
        client.send(client_frame(b"a", final=False), client_frame(b"hi", PING))
        pong = await client.frame()
        client.send(client_frame(b"b", CONT))
        return pong, (await front.functions.wait_for("any"))[0]["body"]

    assert with_client(work)[0] == ((True, PONG, b"hi"), "ab")


def test_an_empty_message_and_nul_are_messages() -> None:
    found = bodies(client_frame(b""), client_frame(b"\x00"), number=2)
    assert sorted(found) == ["", "\x00"]


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (b"", 1005, "Client-side close frame status not set"),
        ((1000).to_bytes(2, "big"), 1000, ""),
        ((1001).to_bytes(2, "big") + b"leaving", 1001, ""),
        ((4001).to_bytes(2, "big") + b"bye", 4001, "bye"),
    ],
)
def test_disconnect_hears_how_the_client_closed(content: bytes, code: int, reason: str) -> None:
    async def work(front: Front, client: RawClient) -> Any:
        client.send(client_frame(content, CLOSE))
        assert (await client.frame())[1:] == (CLOSE, content)
        return (await front.functions.wait_for("disconnect"))[0]["requestContext"]

    context = with_client(work)[0]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)
    assert context["authorizer"]["userId"] == "u1"


def test_a_client_may_close_in_the_middle_of_a_message() -> None:
    async def work(front: Front, client: RawClient) -> Any:
        content = (1000).to_bytes(2, "big")
        client.send(client_frame(b"begun", final=False), client_frame(content, CLOSE))
        assert (await client.frame())[1:] == (CLOSE, content)
        return (await front.functions.wait_for("disconnect"))[0]["requestContext"]

    context, functions = with_client(work)
    assert context["disconnectStatusCode"] == 1000
    assert functions.of("any") == []


def test_a_lost_client_is_1006() -> None:
    async def work(front: Front, client: RawClient) -> Any:
        client.reset()
        return (await front.functions.wait_for("disconnect"))[0]["requestContext"]

    assert with_client(work)[0]["disconnectStatusCode"] == 1006


@pytest.mark.parametrize(("seconds", "closed"), [(599, False), (600, True)], ids=["599 s", "600 s"])
def test_an_idle_connection_is_closed_going_away_after_ten_minutes(
    seconds: int, closed: bool
) -> None:
    clock = ManualClock()

    async def work(front: Front, client: RawClient) -> Any:
        await front.only_connection()
        clock.advance(seconds)
        front.plane.sweep()
        client.send(client_frame(b"still here", PING))
        return (await client.frame())[1:]

    frame, _ = with_client(work, clock=clock)
    expected = (CLOSE, (1001).to_bytes(2, "big") + b"Going away")
    assert frame == (expected if closed else (PONG, b"still here"))


@pytest.mark.parametrize("direction", ["in", "out"])
def test_messages_of_either_direction_reset_idleness_and_nothing_resets_the_lifetime(
    direction: str,
) -> None:
    clock = ManualClock()

    async def work(front: Front, client: RawClient) -> Any:
        connection = await front.only_connection()
        for number in range(1, 15):
            clock.advance(500)
            if direction == "in":
                client.send(client_frame(b"x"))
                await front.functions.wait_for("any", number)
            else:
                assert front.plane.post(connection.id, "x") == 200
                await client.frame()
            front.plane.sweep()
            assert connection.closed_as is None
        clock.advance(200)
        front.plane.sweep()
        assert await client.close_code() == 1001
        client.send(client_frame((1001).to_bytes(2, "big"), CLOSE))
        return (await front.functions.wait_for("disconnect"))[0]["requestContext"]

    context, _ = with_client(work, clock=clock)
    told = (context["disconnectStatusCode"], context["disconnectReason"])
    assert told == (1001, "Going away")


@pytest.mark.parametrize("resets", [False, True])
def test_whether_a_ping_resets_idleness_is_an_assumption(resets: bool) -> None:
    clock = ManualClock()

    async def work(front: Front, client: RawClient) -> bool:
        connection = await front.only_connection()
        clock.advance(400)
        client.send(client_frame(b"", PING))
        await client.frame()
        clock.advance(400)
        front.plane.sweep()
        return connection.closed_as is None

    assumptions = Assumptions(pings_reset_idle=resets)
    assert with_client(work, clock=clock, assumptions=assumptions)[0] is resets


def test_a_flood_of_pings_from_a_client_that_reads_nothing_ends_its_connection() -> None:
    async def work(front: Front, client: RawClient) -> Any:
        flood = client_frame(b"x" * 125, PING) * 1000
        client.reader._limit = 1  # type: ignore[attr-defined]
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        try:
            for _ in range(2000):
                client.send(flood)
                await client.writer.drain()
                if not front.plane.connections:
                    break
        except ConnectionError:
            pass
        return (await front.functions.wait_for("disconnect"))[0]["requestContext"]

    assert with_client(work)[0]["disconnectStatusCode"] == 1006


def test_messages_sent_right_behind_the_handshake_are_not_lost() -> None:
    async def run() -> list[str]:
        async with serving() as front:
            client = await RawClient.open(front.port)
            head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
            request = f"GET /prod HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode()
            client.send(request, client_frame(b"one"), client_frame(b"two"))
            events = await front.functions.wait_for("any", 2)
            return sorted(event["body"] for event in events)

    assert asyncio.run(run()) == ["one", "two"]
