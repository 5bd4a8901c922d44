"""The whole gateway: a template through CloudFormation, workers, sockets, tables."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from local_gateway.testing import GatewayProcess


@asynccontextmanager
async def client(gateway: GatewayProcess, query: str = "", **options: Any) -> AsyncIterator[Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(gateway.socket_url + query, **options) as connected,
    ):
        yield connected


async def ask(connected: Any, **fields: Any) -> Any:
    await connected.send_str(json.dumps({"action": "echo", **fields}))
    return json.loads(await connected.receive_str(timeout=30))


def asked(gateway: GatewayProcess, query: str = "", **fields: Any) -> Any:
    async def run() -> Any:
        async with client(gateway, query) as connected:
            return await ask(connected, **fields)

    return asyncio.run(run())


def status(gateway: GatewayProcess, query: str) -> int:
    async def run() -> int:
        try:
            async with client(gateway, query):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status

    return asyncio.run(run())


def test_start_up_says_what_it_does_and_ends_with_the_pages_address(
    gateway: GatewayProcess,
) -> None:
    assert gateway.said[-1] == f"http://localhost:{gateway.port}/"
    assert any(line.startswith("Deploying ") for line in gateway.said)


def test_the_settings_name_the_templates_stage(gateway: GatewayProcess) -> None:
    assert gateway.socket_url == f"ws://localhost:{gateway.port}/test"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 101),
        ("?auth=deny", 403),
        ("?auth=elsewhere", 403),
        ("?auth=unauthorized", 401),
        ("?auth=raise", 500),
        ("?auth=malformed", 500),
        ("?auth=nested", 500),
        ("?connect=401", 401),
        ("?connect=raise", 502),
        ("?connect=nothing", 502),
        ("?connect=post", 410),
    ],
)
def test_functions_decide_the_handshake(gateway: GatewayProcess, query: str, expected: int) -> None:
    assert status(gateway, query) == expected


def test_a_strict_client_gets_the_subprotocol_that_connect_returned(
    gateway: GatewayProcess,
) -> None:
    async def run() -> str | None:
        async with client(gateway, "?echo=chat.v1", protocols=("chat.v1", "secret")) as connected:
            protocol: str | None = connected.protocol
            return protocol

    assert asyncio.run(run()) == "chat.v1"


def test_a_message_reaches_its_function_and_the_function_posts_back(
    gateway: GatewayProcess,
) -> None:
    found = asked(gateway, "?user=me")
    event = found["event"]
    assert event["requestContext"]["routeKey"] == "echo"
    assert event["requestContext"]["authorizer"] == {
        "principalId": "me",
        "userId": "u1",
        "number": "1",
        "flag": "true",
    }
    assert found["greeting"] == "hello"


def test_functions_see_the_environment_that_the_template_gives_them(
    gateway: GatewayProcess,
) -> None:
    found = asked(gateway, do="surroundings")
    environment = found["environment"]
    assert environment["GREETING"] == "hello"
    assert environment["TABLE"].startswith("parley-Rows")
    assert environment["ENDPOINT"].endswith(".amazonaws.com/test")
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"] == (
        f"http://127.0.0.1:{gateway.port}/test"
    )
    assert environment["AWS_ENDPOINT_URL_LAMBDA"] == f"http://127.0.0.1:{gateway.port}"
    assert 0 < found["remaining"] <= 5000


def test_fifty_messages_at_once_are_all_answered(gateway: GatewayProcess) -> None:
    async def run() -> set[str]:
        async with client(gateway) as connected:
            for number in range(50):
                await connected.send_str(
                    json.dumps({"action": "echo", "do": "sleep", "seconds": 0, "tag": str(number)})
                )
            answers = [json.loads(await connected.receive_str(timeout=30)) for _ in range(50)]
            return {answer["tag"] for answer in answers}

    assert asyncio.run(run()) == {str(number) for number in range(50)}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        # First, so that its function has ended when the gateway is stopped.
        ({"action": "hang", "do": "sleep", "seconds": 1}, "Endpoint request timed out"),
        ({"do": "fail"}, "Internal server error"),
        ({"do": "die"}, "Internal server error"),
        ({"do": "answer", "answer": None}, "Internal server error"),
        ({"action": "brief", "do": "sleep", "seconds": 3}, "Internal server error"),
    ],
)
def test_what_goes_wrong_in_a_function_is_told_in_api_gateways_words(
    gateway: GatewayProcess, fields: dict[str, Any], message: str
) -> None:
    frame = asked(gateway, **fields)
    assert frame["message"] == message
    assert set(frame) == {"message", "connectionId", "requestId"}


def test_a_post_of_100_kb_arrives_whole(gateway: GatewayProcess) -> None:
    async def run() -> int:
        async with client(gateway) as connected:
            await connected.send_str(json.dumps({"action": "echo", "do": "big", "bytes": 100_000}))
            return len(await connected.receive_str(timeout=30))

    assert asyncio.run(run()) == 100_000


def test_localhost_works_by_either_protocol(gateway: GatewayProcess) -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((host, 0))
            except OSError:
                continue  # a machine without that protocol
        with socket.create_connection((host, gateway.port), timeout=5):
            pass
