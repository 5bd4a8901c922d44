"""Parley's own functions behind the gateway's sockets: what a client sees of an end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from delivery.api_gateway import ApiGatewaySender
from handlers import connect, disconnect, message
from local_gateway.assumptions import Assumptions
from tests.local_gateway.front import ALLOW, FakeFunctions, Front, serving
from tests.local_gateway.runs import PATIENCE_SECONDS
from tests.support.backend import Backend
from tests.support.clock import START
from tests.support.engine import new_client
from tests.support.issuer import EVE

NOON = START.timestamp()
FRAMES = [
    '{"action":"ping"}',
    '{"action":"message","messageId":"m1","text":"hello"}',
    '{"action":"nonsense"}',
    "{",
    "no json",
]


class LateSender:
    """Sends to the gateway, once it listens."""

    url = ""

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        self._sender.send(connection_id, frame)

    def close(self, connection_id: str) -> None:
        """See the port."""
        self._sender.close(connection_id)

    @property
    def _sender(self) -> ApiGatewaySender:
        retries = {"total_max_attempts": 1}
        return ApiGatewaySender(
            new_client("apigatewaymanagementapi", endpoint_url=self.url, retries=retries)
        )


class Behind(FakeFunctions):
    """The backend's functions; the authorizer lets everyone in as Eve, for a minute."""

    def __init__(self, backend: Backend) -> None:
        context = {"userId": EVE, "kind": "user", "expiresAt": str(int(NOON) + 60)}
        super().__init__(
            authorizer={**ALLOW, "context": context},
            connect=_threaded(lambda event: connect.answer(backend.connection_app, event)),
            disconnect=_threaded(lambda event: disconnect.answer(backend.connection_app, event)),
            any=_threaded(lambda event: message.answer(backend.functions[0], event)),
        )


def _threaded(handler: Callable[[Any], Any]) -> Any:
    async def invoke(event: Any) -> Any:
        return await asyncio.to_thread(handler, event)

    return invoke


@asynccontextmanager
async def gateway(assumptions: Assumptions) -> AsyncIterator[tuple[Front, Backend]]:
    sender = LateSender()
    backend = Backend(sender=sender)
    async with serving(Behind(backend), assumptions=assumptions) as front:
        sender.url = f"{front.url}/prod"
        yield front, backend


async def heard(socket: Any) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await socket.receive_str(timeout=PATIENCE_SECONDS))
    return frame


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("context", [True, False], ids=["with context", "without"])
def test_a_client_whose_token_has_run_out_sees_the_error_and_then_the_close(
    frame: str, context: bool
) -> None:
    async def scenario() -> tuple[dict[str, Any], aiohttp.WSMessage, int | None, list[Any]]:
        async with (
            gateway(Assumptions(authorizer_on_message=context)) as (front, backend),
            front.connect() as socket,
        ):
            await socket.send_str('{"action":"ping"}')
            assert (await heard(socket))["type"] == "pong"
            backend.clock.advance(seconds=60)
            await socket.send_str(frame)
            error, close = await heard(socket), await socket.receive(timeout=PATIENCE_SECONDS)
            await front.functions.wait_for("disconnect")
            await front.functions.came_to_rest(front)
            return error, close, socket.close_code, list(backend.connections.active(EVE))

    error, close, code, left = asyncio.run(scenario())
    assert (error["type"], error["code"]) == ("error", "token_expired")
    assert close.type is aiohttp.WSMsgType.CLOSE
    assert code == 1000, "API Gateway's code where a backend deletes a connection"
    assert left == []


@pytest.mark.parametrize("context", [True, False], ids=["with context", "without"])
def test_a_client_that_renews_in_time_goes_on(context: bool) -> None:
    async def scenario() -> list[str]:
        async with (
            gateway(Assumptions(authorizer_on_message=context)) as (front, backend),
            front.connect() as socket,
        ):
            token = backend.issuer.token(EVE, NOON + 120)
            await socket.send_str(json.dumps({"action": "renew", "token": token}))
            said = [await heard(socket)]
            for _ in range(2):
                backend.clock.advance(seconds=60)
                await socket.send_str('{"action":"ping"}')
                said.append(await heard(socket))
            return [frame.get("code", frame["type"]) for frame in said]

    assert asyncio.run(scenario()) == ["renewed", "pong", "token_expired"]
