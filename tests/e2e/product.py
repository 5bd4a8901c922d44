"""The whole product, started as its user starts it, and clients that talk to it."""

import asyncio
import json
import signal
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from local_gateway.testing import GatewayProcess
from tests.support import credentials

PATIENCE_SECONDS = 60
ECHO = ("--no-reload", "--parameter-overrides", "BotClass=bots.echo:Echo")
Frame = dict[str, Any]


class Product(GatewayProcess):
    """The local gateway, and clients for it."""

    def start(self) -> "Product":
        """Start it; what it keeps and says is searched for credentials when all tests are done."""
        super().start()
        said, lines = self.said, self._lines
        credentials.keeps(self.data_dir, lambda: [*said, *filter(None, lines.queue)])
        return self

    def kill(self) -> int:
        """Stop it as a power cut does."""
        return self.stop(signal.SIGKILL)

    @asynccontextmanager
    async def client(self, user: str | None = None, **options: Any) -> AsyncIterator["Client"]:
        """A connected client of a guest; a new one where `user` is left out."""
        user = credentials.using(user or str(uuid.uuid4()))
        options.setdefault("protocols", ("chat.v1", user))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self.socket_url, **options) as socket,
        ):
            yield Client(socket, user)


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
