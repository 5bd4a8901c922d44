"""The whole product, started as its user starts it, and clients that talk to it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
Frame = dict[str, Any]


class Product:
    """`python -m local_gateway` on a port and a data folder of its own."""

    def __init__(self, data_dir: Path, *arguments: str, port: int | None = None) -> None:
        self.data_dir = data_dir
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local_gateway", *self._arguments],
            cwd=ROOT,
            env={**os.environ, "PORT": str(self.port), "DATA_DIR": str(self.data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                output = self._process.stdout.read() if self._process.stdout else ""
                raise AssertionError(f"the product did not start:\n{output}")
            time.sleep(0.1)

    def stop(self) -> int:
        """Stop it as Ctrl-C does; its exit code."""
        return self._end(signal.SIGINT)

    def kill(self) -> int:
        """Stop it as a power cut does."""
        return self._end(signal.SIGKILL)

    def config(self) -> Frame:
        """What the page is told."""
        with urllib.request.urlopen(f"{self.url}/config.json", timeout=5) as answer:
            config: Frame = json.load(answer)
        return config

    @asynccontextmanager
    async def client(self, user: str | None = None, **options: Any) -> AsyncIterator["Client"]:
        """A connected client of a guest; a new one where `user` is left out."""
        user = user or str(uuid.uuid4())
        options.setdefault("protocols", ("chat.v1", user))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.config()["url"], **options) as socket,
        ):
            yield Client(socket, user)

    def _is_ready(self) -> bool:
        try:
            self.config()
        except (OSError, urllib.error.URLError):
            return False
        return True

    def _end(self, number: int) -> int:
        assert self._process
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(PATIENCE_SECONDS)


@dataclass
class Client:
    """One connection; frames wait in `seen` until somebody asks for them."""

    socket: aiohttp.ClientWebSocketResponse
    user: str
    seen: list[Frame] = field(default_factory=list)

    async def send(self, **frame: Any) -> None:
        """Send one frame."""
        await self.socket.send_str(json.dumps(frame, ensure_ascii=False))

    async def receive(self, **wanted: Any) -> Frame:
        """The next frame that has all that is wanted of it; the others stay in `seen`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for frame in self.seen:
                    if _matches(frame, wanted):
                        self.seen.remove(frame)
                        return frame
                self.seen.append(json.loads(await self._text()))

    async def ask(self, answer: str, **frame: Any) -> Frame:
        """Send a frame and wait for the type of its answer."""
        await self.send(**frame)
        return await self.receive(type=answer)

    async def say(self, text: str, message_id: str | None = None, **fields: Any) -> Frame:
        """Send a message and wait for its turn."""
        message_id = message_id or str(uuid.uuid4())
        await self.send(action="message", messageId=message_id, text=text, **fields)
        return await self.turn(message_id)

    async def turn(self, message_id: str) -> Frame:
        """The turn of a message."""
        frame = await self.receive(type="turn", turn={"messageId": message_id})
        turn: Frame = frame["turn"]
        return turn

    async def log(self, conversation_id: str = "main", after: int = 0) -> list[Frame]:
        """All the turns after `after`, as `resume` brings them."""
        await self.send(action="resume", conversationId=conversation_id, after=after)
        turns: list[Frame] = []
        while True:
            frame = await self.receive(type="snapshot", conversationId=conversation_id)
            turns += frame["turns"]
            if not frame["more"]:
                return turns
            if "next" in frame:
                await self.send(
                    action="resume", conversationId=conversation_id, after=frame["next"]
                )

    def tear(self) -> None:
        """Cut the connection without a word of WebSocket."""
        wire = self.socket.get_extra_info("socket")
        wire.shutdown(socket.SHUT_RDWR)

    async def _text(self) -> str:
        message = await self.socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionResetError(f"closed with {self.socket.close_code}")
        text: str = message.data
        return text


def _matches(frame: Frame, wanted: Frame) -> bool:
    """Whether the frame has what is wanted; of an object within it, again what is wanted."""
    return all(
        _matches(frame.get(name, {}), value)
        if isinstance(value, dict)
        else frame.get(name) == value
        for name, value in wanted.items()
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
