"""A guest who speaks raw bytes to a running product, and what the product holds for its clients."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.e2e.product import Frame, Product
from tests.local_gateway.front import RawClient, client_frame
from tests.support import credentials

TEXT, CLOSE = 1, 8
OPEN = ("01", "08")
"""Established, and closed by the client alone, as Linux numbers the states of TCP."""


def a_guest() -> str:
    """The credential of a guest whom nobody knows yet."""
    return credentials.using(str(uuid4()))


def address(user: str) -> str:
    """Where a guest connects to who can set no header."""
    return f"/prod?userId={user}"


@contextlib.asynccontextmanager
async def speaking(product: Product, user: str) -> AsyncIterator[RawClient]:
    """A guest's connection, closed at the end without a word."""
    client = await RawClient.upgraded(product.port, address(user))
    try:
        yield client
    finally:
        client.reset()


async def told(client: RawClient) -> Frame | int:
    """The next frame of the backend, or the code with which the connection is closed."""
    _, opcode, content = await client.frame()
    if opcode == CLOSE:
        return int.from_bytes(content[:2], "big")
    assert opcode == TEXT
    frame: Frame = json.loads(content)
    return frame


def spoken(**frame: Any) -> bytes:
    """A frame of the client, as bytes on the wire."""
    return client_frame(json.dumps(frame).encode())


def clients_served(product: Product) -> int:
    """How many TCP connections to the gateway's port are open on its side."""
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    ends = (row.split() for row in rows)
    return sum(
        int(each[1].rpartition(":")[2], 16) == product.port and each[3] in OPEN for each in ends
    )


def resident_megabytes(product: Product) -> float:
    """How much memory the gateway's process holds."""
    status = Path(f"/proc/{product.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024
