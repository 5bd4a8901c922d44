"""The gateway's front door: one port for page, settings, WebSocket and management API."""

import asyncio
import errno
import logging
import socket
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from local_gateway.errors import StartupError
from local_gateway.gateway import DataPlane, Refused
from local_gateway.http import management, page, websocket
from local_gateway.websocket.handshake import MAX_URL_LENGTH, Handshake, client_headers, gather

log = logging.getLogger("local_gateway")

LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
HANDSHAKE_SECONDS = 20.0
_BACKLOG = 2048


def bind(port: int) -> list[socket.socket]:
    """Bind both loopbacks, for ``localhost`` may mean either; do not listen yet.

    Port 0 takes a free one. Raises StartupError where the port is taken.
    """
    sockets: list[socket.socket] = []
    for family, host in LOOPBACKS:
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            bound.bind((host, port))
        except OSError as failure:
            bound.close()
            if family is socket.AF_INET or failure.errno == errno.EADDRINUSE:
                for other in sockets:
                    other.close()
                raise _refusal(port, failure) from None
            continue  # a machine without IPv6
        port = bound.getsockname()[1]
        sockets.append(bound)
    return sockets


def _refusal(port: int, failure: OSError) -> StartupError:
    if failure.errno == errno.EADDRINUSE:
        return StartupError(f"port {port} is in use; choose another with PORT")
    return StartupError(f"port {port} cannot be used: {failure.strerror}")


@dataclass
class FrontDoor:
    """Serves one data plane and one page on bound sockets."""

    plane: DataPlane
    page_dir: Path
    port: int

    def __post_init__(self) -> None:
        self._server = web.Server(self._answer)
        self._listeners: list[asyncio.Server] = []
        self._silent: dict[asyncio.BaseProtocol, asyncio.TimerHandle] = {}

    async def listen(self, sockets: list[socket.socket]) -> None:
        """Start to listen; from here on clients are served."""
        loop = asyncio.get_running_loop()
        for bound in sockets:
            try:
                listener = await loop.create_server(self._accepted, sock=bound, backlog=_BACKLOG)
            except OSError as failure:
                raise _refusal(self.port, failure) from None
            self._listeners.append(listener)

    async def close(self, seconds: float = 0.5) -> None:
        """Stop listening; drop what is still open after about so many seconds."""
        for listener in self._listeners:
            listener.close()
        await self._server.shutdown(timeout=seconds)
        for timer in self._silent.values():
            timer.cancel()

    def _accepted(self) -> asyncio.BaseProtocol:
        # aiohttp waits for ever for a first request; a slow handshake must not hold a socket.
        handler = self._server()
        loop = asyncio.get_running_loop()
        self._silent[handler] = loop.call_later(HANDSHAKE_SECONDS, self._drop, handler)
        return handler

    def _drop(self, handler: web.RequestHandler) -> None:
        self._silent.pop(handler, None)
        if handler.transport is not None:
            handler.transport.abort()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        timer = self._silent.pop(request.protocol, None)
        if timer is not None:
            timer.cancel()
        try:
            return await self._dispatch(request)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as failure:
            # The kind alone: the text may quote a request, and requests hold credentials.
            log.error("unexpected %s while answering a request", type(failure).__name__)
            return web.Response(status=500)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        first, _, rest = request.rel_url.path.lstrip("/").partition("/")
        if rest.startswith("@connections/"):
            if first != self.plane.api.stage:
                return web.Response(status=403, headers={"x-amzn-ErrorType": "ForbiddenException"})
            return await management.answer(request, self.plane, rest.partition("/")[2])
        if websocket.upgrades(request) or (first == self.plane.api.stage and not rest):
            return await self._websocket(request)
        if request.rel_url.path == "/config.json":
            return page.config(request, self.port, self.plane.api.stage)
        return page.answer(request, self.page_dir)

    async def _websocket(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.rel_url.path.strip("/") != self.plane.api.stage:
            return websocket.refuse(self.plane.assumptions.unknown_stage_status)
        if not websocket.upgrades(request):
            return web.Response(status=426, headers={"Upgrade": "websocket"})
        if len(request.raw_path) > MAX_URL_LENGTH:
            return websocket.refuse(self.plane.assumptions.long_url_status)
        key = websocket.key_of(request)
        if key is None:
            return websocket.refuse(400)
        opened = await self.plane.open(_handshake(request, self.port))
        if isinstance(opened, Refused):
            return websocket.refuse(opened.status)
        return await websocket.serve(
            request, self.plane, opened.connection, key, opened.subprotocol
        )


def _handshake(request: web.BaseRequest, port: int) -> Handshake:
    source = request.remote or "127.0.0.1"
    added = {"X-Forwarded-For": source, "X-Forwarded-Port": str(port), "X-Forwarded-Proto": "http"}
    pairs = [(name, value) for name, value in request.headers.items() if _kept(name)]
    pairs += [("content-length", "0"), *added.items()]
    return Handshake(
        headers=client_headers(pairs),
        query=gather(list(request.rel_url.query.items())),
        source_ip=source,
    )


def _kept(name: str) -> bool:
    # API Gateway writes these itself, whatever a client claims.
    return not name.lower().startswith("x-forwarded-") and name.lower() != "content-length"
