"""Handshakes byte by byte, so that a credential reaches the wire whatever it is made of."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

MAX_URL_LENGTH = 4096
PATIENCE_SECONDS = 60

Request = tuple[bytes, list[tuple[str, bytes]]]
"""Target and headers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a handshake ended; `head` is all that came before a blank line."""

    status: int
    head: bytes

    @property
    def subprotocols(self) -> list[str]:
        """Every one that came back."""
        lines = self.head.decode("latin-1").split("\r\n")
        named = (line.partition(":") for line in lines)
        return [
            value.strip() for name, _, value in named if name.lower() == "sec-websocket-protocol"
        ]


async def knock(port: int, target: bytes, headers: Iterable[tuple[str, bytes]]) -> Answer:
    """Ask to open a WebSocket, and close whatever was opened."""
    given = [
        ("Host", f"localhost:{port}".encode()),
        ("Upgrade", b"websocket"),
        ("Connection", b"Upgrade"),
        ("Sec-WebSocket-Version", b"13"),
        ("Sec-WebSocket-Key", b"AAAAAAAAAAAAAAAAAAAAAA=="),
        *headers,
    ]
    lines = [b"%b: %b\r\n" % (name.encode(), value) for name, value in given]
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"GET %b HTTP/1.1\r\n%b\r\n" % (target, b"".join(lines)))
            head = await reader.readuntil(b"\r\n\r\n")
            return Answer(int(head.split(b" ", 2)[1]), head)
        finally:
            writer.close()


def by_header(credential: str) -> Request:
    """As a native app brings it."""
    return b"/prod", [
        ("Authorization", b"Bearer " + wire(credential)),
        ("Sec-WebSocket-Protocol", b"chat.v1"),
    ]


def by_offer(credential: str) -> Request:
    """As a page brings it."""
    return b"/prod", [("Sec-WebSocket-Protocol", b"chat.v1, " + wire(credential))]


def by_query(credential: str) -> Request:
    """As whoever can do nothing else brings it."""
    return b"/prod?token=" + quote(wire(credential), safe="").encode(), [
        ("Sec-WebSocket-Protocol", b"chat.v1")
    ]


def wire(text: str) -> bytes:
    """Any text in bytes."""
    return text.encode("utf-8", "surrogatepass")
