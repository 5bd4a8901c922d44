"""Row 38: frames and messages at their limits, and JSON that is hardly any."""

import asyncio
import json
from collections.abc import Mapping
from itertools import cycle, islice

from tests.e2e.product import Product
from tests.local_gateway.front import client_frame
from tests.support.fault_report import Rows
from tests.support.raw_person import a_guest, speaking, spoken, told
from tests.support.soak import times

CONT, TEXT, BINARY = 0, 1, 2
FRAME, MESSAGE = 32 * 1024, 128 * 1024
AT_ONCE = 4


def ping(size: int) -> bytes:
    """A `ping` of so many bytes."""
    bare = json.dumps({"action": "ping", "x": ""}).encode()
    return bare[:-2] + b"x" * (size - len(bare)) + bare[-2:]


def in_fragments(message: bytes, size: int = FRAME) -> bytes:
    """The frames of a message."""
    parts = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(
        client_frame(part, CONT if number else TEXT, final=number == len(parts) - 1)
        for number, part in enumerate(parts)
    )


def said(**fields: str) -> bytes:
    """A message whose fields are JSON as it stands."""
    whole = {"action": '"message"', "messageId": '"m0"', "text": '"hi"', **fields}
    members = ", ".join(f'"{name}": {value}' for name, value in whole.items())
    return f"{{{members}}}".encode()


SIZES: Mapping[str, tuple[bytes, str | int]] = {
    "a frame of 32 KB less one": (client_frame(ping(FRAME - 1)), "pong"),
    "a frame of 32 KB": (client_frame(ping(FRAME)), "pong"),
    "a frame of 32 KB and one": (client_frame(ping(FRAME + 1)), 1009),
    "a frame of 64 KB": (client_frame(ping(2 * FRAME)), 1009),
    "a message of 128 KB less one": (in_fragments(ping(MESSAGE - 1)), "pong"),
    "a message of 128 KB": (in_fragments(ping(MESSAGE)), "pong"),
    "a message of 128 KB and one": (in_fragments(ping(MESSAGE + 1)), 1009),
    "1,000 fragments": (in_fragments(ping(1_000), 1), "pong"),
    "binary": (client_frame(ping(100), BINARY), 1003),
    "binary in fragments": (client_frame(b"{", BINARY, final=False), 1003),
    "nothing in binary": (client_frame(b"", BINARY), 1003),
}
TEXTS: Mapping[str, bytes] = {
    "nothing": b"",
    "no JSON": b"hello",
    "half an object": b'{"action": "ping"',
    "two objects": b'{"action": "ping"}{"action": "ping"}',
    "a byte order mark": b'\xef\xbb\xbf{"action": "ping"}',
    "null": b"null",
    "a list": b'[{"action": "ping"}]',
    "a string": b'"ping"',
    "an empty object": b"{}",
    "a NUL": b"\0",
    "a raw NUL in a string": said(text='"a\0b"'),
    "no action": said(action="null"),
    "an action that is none": said(action='["message"]'),
    "an action with a surrogate": said(action='"\\ud800"'),
    "a list deep as the frame": b"[" * FRAME,
    "an object deep as it goes": b'{"a":' * (FRAME // 5),
    "a field too deep": said(text="[" * 15_000 + "]" * 15_000),
    "NaN": said(after="NaN"),
    "Infinity": said(after="Infinity"),
    "-Infinity": said(after="-Infinity"),
    "NaN where nobody looks": said(x="NaN"),
    "1e400": said(after="1e400"),
    "10,000 digits": said(after="1" + "0" * 10_000),
    "a fraction": said(after="0.5"),
    "less than nothing": said(after="-1"),
    "true for a number": said(after="true"),
    "a number for a text": said(text="1"),
    "an object for an id": said(messageId="{}"),
    "no id": said(messageId="null"),
    "an empty id": said(messageId='""'),
    "an empty text": said(text='""'),
    "a lone surrogate": said(text='"\\ud83d"'),
    "surrogates the wrong way round": said(text='"\\udf3f\\ud83c"'),
    "a lone surrogate as id": said(messageId='"\\udc00"'),
    "a lone surrogate as conversation": said(conversationId='"\\ud800"'),
    "4,001 characters": said(text=json.dumps("x" * 4_001)),
    "a text of over 16 KB": said(text=json.dumps("\x01" * 4_000)),
}


def test_what_is_too_much_is_closed_and_what_is_no_frame_is_answered(
    product: Product, row: Rows
) -> None:
    cases = [*SIZES, *TEXTS]
    wanted = list(islice(cycle(cases), times(len(cases), 300)))

    async def at_its_limit(user: str, name: str) -> None:
        frames, answer = SIZES[name]
        async with speaking(product, user) as client:
            client.send(frames)
            frame = await told(client)
            assert (frame if isinstance(frame, int) else frame["type"]) == answer, name

    async def hardly_json(user: str, name: str) -> None:
        async with speaking(product, user) as client:
            client.send(client_frame(TEXTS[name]))
            frame = await told(client)
            assert isinstance(frame, dict), name
            assert (frame["type"], frame["retryable"]) == ("error", False), name
            client.send(spoken(action="ping"))
            assert await told(client) == {"type": "pong"}, name

    async def each(name: str) -> None:
        user = a_guest()
        await (at_its_limit if name in SIZES else hardly_json)(user, name)
        async with product.client(user) as client:
            turn = await client.say("and now", "m1")
            assert await client.log() == [turn], name
        run.inject()

    async def some(number: int) -> None:
        for name in wanted[number::AT_ONCE]:
            await each(name)

    async def scenario() -> None:
        await asyncio.gather(*(some(number) for number in range(AT_ONCE)))

    with row(38) as run:
        asyncio.run(scenario())
