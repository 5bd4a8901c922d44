"""A server for the page's tests: the static files, `config.json` and a WebSocket, on loopback.

It runs in a thread of its own, and misbehaves when told to.
"""

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

from aiohttp import WSMsgType, web

from tests.web.fake_backend import FakeBackend, Frame

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]

Intervention = Callable[[Frame], list[Frame] | None]
"""What to answer a client's frame with instead; None: what is usual."""


class FakeServer:
    """Serves the page and its conversations until it is closed."""

    def __init__(self) -> None:
        self.backend = FakeBackend()
        self.received: list[Frame] = []
        self.credentials: list[str] = []
        self.paths: list[str] = []
        self.refusing = False
        self.mute = False
        self.config: Frame | None = None
        self.port = 0
        self._interventions: list[Intervention] = []
        self._connections: dict[web.WebSocketResponse, str] = {}
        self._expired: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._run(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://localhost:{self.port}/"

    def actions(self, action: str) -> list[Frame]:
        """The frames of one action that have come, oldest first."""
        return [frame for frame in self.received if frame["action"] == action]

    def intervene(self, intervention: Intervention) -> None:
        """Let this answer frames before anything else does, for as long as it answers."""
        self._interventions.append(intervention)

    def behave(self) -> None:
        """Stop all misbehaviour."""
        self.refusing = self.mute = False
        self._interventions.clear()

    def cut(self) -> None:
        """Cut every connection, without a close frame."""
        self._run(self._cut())

    def close(self, code: int) -> None:
        """Close every connection with a code."""
        self._run(self._close(code))

    def expire(self) -> None:
        """Let the credential of every connection be expired from now on."""
        self._expired = set(self._connections)

    def send(self, user: str, frames: list[Frame]) -> None:
        """Send frames to all of a user's connections."""
        self._run(self._send(user, frames))

    def push(self, user: str, conversation_id: str, reply: str) -> None:
        """A backend's own turn, told to all of the user's connections."""
        turn = self.backend.append(user, conversation_id, author="backend", reply=reply)
        self.send(user, self.backend.conversation(user, conversation_id).turn_frames(turn))

    def write(self, user: str, text: str) -> None:
        """Go on with the reply that is being written to a user."""
        self.send(user, self.backend.write(user, text))

    def finish(self, user: str, status: str = "done", **fields: Any) -> None:
        """End the reply that is being written to a user."""
        self.send(user, self.backend.finish(user, status=status, **fields))

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/config.json", self._config)
        app.router.add_get("/socket", self._socket)
        app.router.add_get("/", self._index)
        app.router.add_static("/tests/", ROOT / "tests/web")
        app.router.add_static("/web-client/", ROOT / "web-client")
        app.router.add_static("/", ROOT / "web-client")
        app.on_response_prepare.append(_allow_caching)
        app.on_response_prepare.append(self._note)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(ROOT / "web-client/index.html")

    async def _config(self, _: web.Request) -> web.Response:
        usual = {"url": f"ws://localhost:{self.port}/socket", "stage": "test"}
        return web.json_response(usual if self.config is None else self.config)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        credentials = [offer.strip() for offer in offered if offer.strip() != "chat.v1"]
        user = _user_of(credentials[0]) if credentials else None
        if self.refusing or user is None:
            return web.Response(status=403)
        self.credentials.append(credentials[0])
        socket = web.WebSocketResponse(protocols=["chat.v1"], compress=False)
        await socket.prepare(request)
        self._connections[socket] = user
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and not self.mute:
                    await self._answer(socket, user, json.loads(message.data))
        finally:
            self._connections.pop(socket, None)
            self._expired.discard(socket)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, user: str, frame: Frame) -> None:
        self.received.append(frame)
        if socket in self._expired:
            await self._refuse_expired(socket, frame)
            return
        for intervention in self._interventions:
            instead = intervention(frame)
            if instead is not None:
                await _send_all(socket, instead)
                return
        if frame["action"] == "renew":
            await _send_all(socket, [_renewal(user, frame["token"])])
            return
        answer = self.backend.handle(user, frame)
        await _send_all(socket, answer.to_caller)
        await self._send(user, answer.to_user)

    async def _refuse_expired(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        error: Frame = {"type": "error", "code": "token_expired", "message": ""}
        ids: Frame = {key: frame[key] for key in ("messageId", "conversationId") if key in frame}
        await _send_all(socket, [{**error, "retryable": False, **ids}])
        await socket.close(code=1000)

    async def _note(self, request: web.Request, _: web.StreamResponse) -> None:
        self.paths.append(request.path_qs)

    async def _send(self, user: str, frames: list[Frame]) -> None:
        for socket, owner in list(self._connections.items()):
            if owner == user:
                await _send_all(socket, frames)

    async def _cut(self) -> None:
        for socket in list(self._connections):
            transport = socket._req.transport if socket._req else None
            if transport is not None:
                transport.abort()

    async def _close(self, code: int) -> None:
        for socket in list(self._connections):
            await socket.close(code=code)


def _user_of(credential: str) -> str | None:
    """Who shows this: a guest's id itself, or the subject of a token. Nothing is verified here."""
    if len(credential) == 36:
        return credential
    try:
        claims = credential.split(".")[1]
        return "user:" + str(json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"])
    except (IndexError, ValueError, KeyError):
        return None


def _renewal(user: str, token: str) -> Frame:
    if _user_of(token) != user:
        return {"type": "error", "code": "token_refused", "message": "", "retryable": False}
    return {"type": "renewed", "expiresAt": "2099-01-31T10:00:00.000Z"}


async def _send_all(socket: web.WebSocketResponse, frames: list[Frame]) -> None:
    try:
        for frame in frames:
            await socket.send_str(json.dumps(frame))
    except ConnectionError:
        return  # It was cut meanwhile.


async def _allow_caching(_: web.Request, response: web.StreamResponse) -> None:
    """A reload, or a second tab, need not fetch it all again: a cache lives for one test."""
    response.headers["Cache-Control"] = "max-age=3600"
