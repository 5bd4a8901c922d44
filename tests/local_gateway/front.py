"""The gateway's front door with functions that are plain Python: no engine, no workers."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from local_gateway.assumptions import Assumptions
from local_gateway.asynchronous.event_files import EventFiles
from local_gateway.asynchronous.queue import EventQueue
from local_gateway.asynchronous.reports import Reports
from local_gateway.clock import ManualClock, SystemClock
from local_gateway.data_plane.plane import DataPlane
from local_gateway.errors import FunctionFailed
from local_gateway.faults import Faults
from local_gateway.http.front_door import FrontDoor
from local_gateway.http.lambda_api import LambdaApi
from local_gateway.http.loopback import bind
from local_gateway.websocket.api import Authorizer, Route, Throttle, WebSocketApi
from tests.local_gateway.runs import PATIENCE_SECONDS, FakeQueues, FakeRuns

Event = dict[str, Any]
# As the SDKs sign, as far as the gateway looks.
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/..., Signature=..."}
ALLOW = {
    "principalId": "someone",
    "policyDocument": {
        "Statement": [
            {
                "Action": "execute-api:Invoke",
                "Effect": "Allow",
                "Resource": "arn:aws:execute-api:*:*:*/prod/*",
            }
        ]
    },
    "context": {"userId": "u1", "number": 1, "flag": True},
}


def an_api(**changes: Any) -> WebSocketApi:
    """An API with an authorizer, `$connect`, `$disconnect`, `$default` and `echo`."""
    keys = {"$connect": "connect", "$disconnect": "disconnect", "$default": "any", "echo": "echo"}
    settings: dict[str, Any] = {
        "api_id": "abc123",
        "stage": "prod",
        "region": "us-east-1",
        "account": "000000000000",
        "route_selection": "$request.body.action",
        "routes": {key: Route(key, function) for key, function in keys.items()},
        "authorizer": Authorizer("authorizer"),
        "connections": Throttle(10_000, 10_000),
    }
    return WebSocketApi(**{**settings, **changes})


def routes(*keys: str, timeout: float = 29.0) -> dict[str, Route]:
    """Routes to functions named as their keys, without the dollar."""
    return {key: Route(key, key.removeprefix("$"), timeout) for key in keys}


class FakeFunctions:
    """Answers invocations from what each function was told to do; remembers every event."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {
            "authorizer": ALLOW,
            "connect": {"statusCode": 200},
            "disconnect": {"statusCode": 200},
            "any": {"statusCode": 200},
            "echo": {"statusCode": 200},
            **answers,
        }
        self.events: list[tuple[str, Event]] = []
        self.came = asyncio.Condition()

    async def __call__(self, function: str, event: Event) -> Any:
        async with self.came:
            self.events.append((function, event))
            self.came.notify_all()
        answer = self.answers[function]
        if isinstance(answer, FunctionFailed):
            raise answer
        if callable(answer):
            return await answer(event)
        return answer

    def of(self, function: str) -> list[Event]:
        """The events that a function got."""
        return [event for name, event in self.events if name == function]

    async def wait_for(self, function: str, number: int = 1) -> list[Event]:
        """The events of a function, once there are so many."""
        async with self.came, asyncio.timeout(PATIENCE_SECONDS):
            await self.came.wait_for(lambda: len(self.of(function)) >= number)
        return self.of(function)

    async def came_to_rest(self, front: "Front") -> None:
        """Return once no invocation runs any more."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while front.plane.invocations.busy:
                await asyncio.sleep(0.005)


def failing(reason: str, kind: str = "Exception") -> FunctionFailed:
    """What a function that raises answers with."""
    return FunctionFailed(kind, reason)


def counted_bytes() -> Callable[[int], bytes]:
    """A source of ids that differ and are the same in every run."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


class Front:
    """A served data plane and a client session."""

    def __init__(self, plane: DataPlane, functions: FakeFunctions, port: int) -> None:
        self.plane = plane
        self.functions = functions
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.session: aiohttp.ClientSession

    def connect(self, query: str = "", **options: Any) -> Any:
        """Open a WebSocket on the stage."""
        return self.session.ws_connect(f"{self.url}/prod{query}", **options)

    async def status(self, query: str = "", **options: Any) -> int:
        """The status of a refused handshake; 101 where it was not refused."""
        try:
            async with self.connect(query, **options):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status

    async def only_connection(self) -> Any:
        """The one connection there is, once its socket carries it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for connection in self.plane.connections.values():
                    if connection.link is not None:
                        return connection
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def serving(
    functions: FakeFunctions | None = None,
    api: WebSocketApi | None = None,
    *,
    clock: ManualClock | None = None,
    faults: Faults | None = None,
    assumptions: Assumptions | None = None,
    page_dir: Path = Path(os.devnull),
    lambda_api: LambdaApi | None = None,
    port: int = 0,
) -> AsyncIterator[Front]:
    """Serve on a free port."""
    functions = functions or FakeFunctions()
    plane = DataPlane(
        api or an_api(),
        functions,
        clock or ManualClock(),
        faults or Faults(),
        assumptions or Assumptions(),
    )
    sockets = bind(port)
    port = sockets[0].getsockname()[1]
    door = FrontDoor(plane, page_dir, port, lambda_api=lambda_api)
    await door.listen(sockets)
    front = Front(plane, functions, port)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            front.session = session
            yield front
    finally:
        await door.close(seconds=0.01)
        await plane.invocations.settle(0.05)


@contextlib.asynccontextmanager
async def invocable(directory: Path, runs: FakeRuns, port: int = 0) -> AsyncIterator[Front]:
    """Serve with the Invoke API of one function; its events are kept in the directory."""
    clock = SystemClock()
    reports = Reports(FakeQueues(), clock)
    queue = EventQueue(runs, EventFiles(directory), reports, clock, waits=(0.0,))
    async with serving(lambda_api=LambdaApi(runs, queue), port=port) as front:
        yield front
        await queue.settle(0)


class RawClient:
    """Bytes to and from the gateway, as no decent client would send them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> "RawClient":
        """Connect, and say nothing yet."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    async def upgraded(cls, port: int, path: str = "/prod") -> "RawClient":
        """Connect and finish the handshake."""
        client = await cls.open(port)
        status, _ = await client.request(path, UPGRADE)
        assert status == 101
        return client

    async def request(
        self, path: str, headers: Mapping[str, str], method: str = "GET"
    ) -> tuple[int, dict[str, str]]:
        """Send a request head; return status and headers (lower case) of the answer."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        head = (
            await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)
        ).decode()
        first, *rest = head.strip().split("\r\n")
        found = dict(line.split(": ", 1) for line in rest)
        return int(first.split()[1]), {name.lower(): value for name, value in found.items()}

    def send(self, *frames: bytes) -> None:
        """Send frames."""
        self.writer.write(b"".join(frames))

    async def frame(self) -> tuple[bool, int, bytes]:
        """Receive one frame: whether it is final, its opcode, its content."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            elif length == 127:
                length = int.from_bytes(await self.reader.readexactly(8), "big")
            return bool(first & 0x80), first & 0x0F, await self.reader.readexactly(length)

    async def close_code(self) -> int:
        """The code of the close frame that must come next."""
        _, opcode, content = await self.frame()
        assert opcode == 8
        return int.from_bytes(content[:2], "big")

    def reset(self) -> None:
        """Go without a word, as a client that lost its network."""
        self.writer.transport.abort()


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
}


def client_frame(
    content: bytes,
    opcode: int = 1,
    *,
    final: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length: int | None = None,
) -> bytes:
    """Encode a client's frame; every rule of RFC 6455 may be broken."""
    size = len(content) if length is None else length
    mask_bit = 0x80 if masked else 0
    head = bytes([(0x80 if final else 0) | reserved | opcode])
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65536:
        head += bytes([mask_bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([mask_bit | 127]) + size.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + content  # the mask of zeros changes nothing


def as_json(**fields: Any) -> str:
    """A client's message."""
    return json.dumps(fields)
