"""The gateway's front door: one port for page, settings, WebSocket and AWS's APIs."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from local_gateway.data_plane.opening import Refused
from local_gateway.data_plane.plane import DataPlane
from local_gateway.example import Example
from local_gateway.http import lambda_api, management, page, upgrade
from local_gateway.http.lambda_api import LambdaApi
from local_gateway.http.loopback import refusal
from local_gateway.http.session import carry
from local_gateway.websocket.closing import GOING_AWAY
from local_gateway.websocket.handshake import MAX_URL_LENGTH

log = logging.getLogger("local_gateway")

HANDSHAKE_SECONDS = 20.0
_BACKLOG = 2048


@dataclass
class FrontDoor:
    """Serves one data plane and one page on bound sockets."""

    plane: DataPlane
    page_dir: Path
    port: int
    page_config: Mapping[str, Any] = field(default_factory=dict)
    lambda_api: LambdaApi | None = None
    example: Example | None = None

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
                raise refusal(self.port, failure) from None
            self._listeners.append(listener)

    async def take_leave(self) -> None:
        """Close every connection, for the gateway goes away, then close."""
        for connection in list(self.plane.connections.values()):
            self.plane.close(connection, GOING_AWAY)
        await self.close()
        for connection in list(self.plane.connections.values()):
            self.plane.closed(connection, GOING_AWAY)

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
        if first == lambda_api.PREFIX and self.lambda_api is not None:
            return await self.lambda_api.answer(request, rest)
        if upgrade.wanted(request) or (first == self.plane.api.stage and not rest):
            return await self._websocket(request)
        if request.rel_url.path == "/config.json":
            return page.config(request, self.port, self.plane.api.stage, self.page_config)
        if self.example and first == self.example.name:
            own = request.rel_url.raw_path.lstrip("/").partition("/")[2]
            return page.answer(request, self.example.page_dir, f"/{own}")
        return page.answer(request, self.page_dir, request.rel_url.raw_path)

    async def _websocket(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.rel_url.path.strip("/") != self.plane.api.stage:
            return upgrade.refuse(self.plane.assumptions.unknown_stage_status)
        if not upgrade.wanted(request):
            return web.Response(status=426, headers={"Upgrade": "websocket"})
        if len(request.raw_path) > MAX_URL_LENGTH:
            return upgrade.refuse(self.plane.assumptions.long_url_status)
        key = upgrade.key_of(request)
        if key is None:
            return upgrade.refuse(400)
        outcome = await self.plane.open(upgrade.handshake_of(request, self.port))
        if isinstance(outcome, Refused):
            return upgrade.refuse(outcome.status)
        return await carry(request, key, self.plane, outcome)
