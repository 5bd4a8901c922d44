"""Handshakes through real sockets: every outcome has API Gateway's status."""

import asyncio
from typing import Any

import aiohttp
import pytest

from local_gateway.assumptions import Assumptions
from local_gateway.websocket.api import Authorizer, Throttle
from tests.local_gateway.front import (
    ALLOW,
    UPGRADE,
    FakeFunctions,
    RawClient,
    an_api,
    failing,
    routes,
    serving,
)
from tests.local_gateway.runs import PATIENCE_SECONDS


def status_with(query: str = "", api: Any = None, **answers: Any) -> tuple[int, FakeFunctions]:
    async def attempt() -> tuple[int, FakeFunctions]:
        async with serving(FakeFunctions(**answers), api) as front:
            return await front.status(query), front.functions

    return asyncio.run(attempt())


def denied() -> Any:
    statement = {**ALLOW["policyDocument"]["Statement"][0], "Effect": "Deny"}  # type: ignore[index]
    return {**ALLOW, "policyDocument": {"Statement": [statement]}}


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [
        (ALLOW, 101),
        (denied(), 403),
        (failing("Unauthorized"), 401),
        (failing("something else"), 500),
        ({"principalId": "someone"}, 500),
        ({**ALLOW, "context": {"nested": {}}}, 500),
    ],
)
def test_the_authorizer_decides_the_status(authorizer: Any, status: int) -> None:
    found, functions = status_with(authorizer=authorizer)
    assert found == status
    assert len(functions.of("connect")) == (1 if status == 101 else 0)


def test_a_missing_identity_source_is_401_and_the_authorizer_is_not_run() -> None:
    sources = Authorizer("authorizer", ("route.request.querystring.token",))
    status, functions = status_with(api=an_api(authorizer=sources))
    assert (status, functions.events) == (401, [])
    assert status_with("?token=t", an_api(authorizer=sources))[0] == 101


@pytest.mark.parametrize(
    ("connect", "status"),
    [
        ({"statusCode": 200}, 101),
        ({"statusCode": 401}, 401),
        ({"statusCode": 501}, 501),
        ({}, 502),
        (failing("a fault"), 502),
    ],
)
def test_connect_decides_the_status(connect: Any, status: int) -> None:
    found, functions = status_with(connect=connect)
    assert found == status
    if status != 101:
        assert functions.of("disconnect") == []


def test_a_connect_that_takes_too_long_is_504() -> None:
    async def hang(event: Any) -> Any:
        await asyncio.sleep(60)

    api = an_api(routes=routes("$connect", timeout=0.05))
    assert status_with(api=api, connect=hang)[0] == 504


def test_an_authorizer_that_takes_too_long_is_500() -> None:
    async def hang(event: Any) -> Any:
        await asyncio.sleep(60)

    api = an_api(authorizer=Authorizer("authorizer", timeout=0.05))
    assert status_with(api=api, authorizer=hang)[0] == 500


def test_without_connect_route_and_authorizer_everyone_connects() -> None:
    assert status_with(api=an_api(authorizer=None, routes=routes("$default")))[0] == 101


def test_an_unknown_stage_is_403_and_may_be_assumed_otherwise() -> None:
    async def attempt(assumptions: Assumptions) -> int:
        async with serving(assumptions=assumptions) as front:
            try:
                async with front.session.ws_connect(f"{front.url}/other"):
                    return 101
            except aiohttp.WSServerHandshakeError as refusal:
                return refusal.status

    assert asyncio.run(attempt(Assumptions())) == 403
    assert asyncio.run(attempt(Assumptions(unknown_stage_status=404))) == 404


def test_a_plain_get_on_the_stage_is_426() -> None:
    async def attempt() -> list[int]:
        async with serving() as front:
            statuses = []
            for path in ("/prod", "/prod/"):
                async with front.session.get(front.url + path) as response:
                    statuses.append(response.status)
            return statuses

    assert asyncio.run(attempt()) == [426, 426]


@pytest.mark.parametrize("length", [4096, 4097, 8000])
def test_a_url_of_4096_characters_is_taken_and_a_longer_one_is_not(length: int) -> None:
    async def attempt() -> int:
        async with serving() as front:
            client = await RawClient.open(front.port)
            path = "/prod?token="
            status, _ = await client.request(path + "x" * (length - len(path)), UPGRADE)
            return status

    assert asyncio.run(attempt()) == (101 if length == 4096 else 414)


@pytest.mark.parametrize(
    "change",
    [
        {"Sec-WebSocket-Version": "12"},
        {"Sec-WebSocket-Key": "short"},
        {"Sec-WebSocket-Key": "*" * 24},
        {"Sec-WebSocket-Key": ""},
    ],
)
def test_a_handshake_that_breaks_the_rfc_is_400_and_no_function_is_run(
    change: dict[str, str],
) -> None:
    async def attempt() -> tuple[int, int]:
        async with serving() as front:
            client = await RawClient.open(front.port)
            status, _ = await client.request("/prod", {**UPGRADE, **change})
            return status, len(front.functions.events)

    assert asyncio.run(attempt()) == (400, 0)


def test_only_what_connect_returned_is_in_the_101() -> None:
    async def attempt(connect: Any) -> dict[str, str]:
        async with serving(FakeFunctions(connect=connect)) as front:
            client = await RawClient.open(front.port)
            offer = {
                **UPGRADE,
                "Sec-WebSocket-Protocol": "chat.v1, secret",
                "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
            }
            status, headers = await client.request("/prod", offer)
            assert status == 101
            return headers

    silent = asyncio.run(attempt({"statusCode": 200}))
    assert "sec-websocket-protocol" not in silent
    assert "sec-websocket-extensions" not in silent
    echoing = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v1"}}
    assert asyncio.run(attempt(echoing))["sec-websocket-protocol"] == "chat.v1"


def test_the_accept_key_is_the_one_of_the_rfc() -> None:
    async def attempt() -> str:
        async with serving() as front:
            client = await RawClient.open(front.port)
            _, headers = await client.request(
                "/prod", {**UPGRADE, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
            )
            return headers["sec-websocket-accept"]

    assert asyncio.run(attempt()) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_the_functions_see_the_handshake_as_sent_but_for_what_the_gateway_writes() -> None:
    async def attempt() -> tuple[Any, Any]:
        async with serving() as front:
            headers = {"X-Forwarded-For": "6.6.6.6", "Origin": "http://page", "User-Agent": "t/1"}
            async with front.connect("?a=1&a=%C3%A9", headers=headers, protocols=("x", "y")):
                return front.functions.of("authorizer")[0], front.functions.of("connect")[0]

    authorizer, connect = asyncio.run(attempt())
    for event in (authorizer, connect):
        assert event["headers"]["Origin"] == "http://page"
        assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
        assert event["headers"]["Sec-WebSocket-Protocol"] == "x,y"
        assert event["multiValueQueryStringParameters"] == {"a": ["1", "é"]}
        assert event["requestContext"]["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "t/1"}
    assert authorizer["requestContext"]["connectionId"] == connect["requestContext"]["connectionId"]
    assert connect["requestContext"]["authorizer"] == {
        "principalId": "someone",
        "userId": "u1",
        "number": "1",
        "flag": "true",
    }
    assert "authorizer" not in authorizer["requestContext"]


def test_more_new_connections_than_the_account_may_have_are_429() -> None:
    async def attempt() -> list[int]:
        async with serving(api=an_api(connections=Throttle(rate=1, burst=2))) as front:
            return [await front.status() for _ in range(3)]

    assert asyncio.run(attempt()) == [101, 101, 429]


def test_a_client_that_goes_during_connect_leaves_no_connection_and_gets_its_disconnect() -> None:
    async def attempt() -> tuple[int, Any]:
        entered, go_on = asyncio.Event(), asyncio.Event()

        async def slow_connect(event: Any) -> Any:
            entered.set()
            await go_on.wait()
            return {"statusCode": 200}

        async with serving(FakeFunctions(connect=slow_connect)) as front:
            client = await RawClient.open(front.port)
            head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
            client.send(f"GET /prod HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
            await entered.wait()
            client.reset()
            await asyncio.sleep(0.05)
            go_on.set()
            events = await front.functions.wait_for("disconnect")
            return len(front.plane.connections), events[0]["requestContext"]

    left, context = asyncio.run(attempt())
    assert left == 0
    assert context["disconnectStatusCode"] == 1006


def test_a_header_of_64_kb_is_refused_and_the_next_client_is_served() -> None:
    async def attempt() -> tuple[int, int]:
        async with serving() as front:
            client = await RawClient.open(front.port)
            status, _ = await client.request("/prod", {**UPGRADE, "X-Big": "x" * 65536})
            return status, await front.status()

    status, next_status = asyncio.run(attempt())
    assert 400 <= status < 500
    assert next_status == 101


def test_a_handshake_that_never_ends_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_gateway.http.front_door.HANDSHAKE_SECONDS", 0.1)

    async def attempt() -> bytes:
        async with serving() as front:
            client = await RawClient.open(front.port)
            client.send(b"GET /prod HTTP/1.1\r\nHost: ")
            try:
                return await asyncio.wait_for(client.reader.read(), PATIENCE_SECONDS)
            except ConnectionResetError:
                return b""

    assert asyncio.run(attempt()) == b""


def test_many_clients_at_once_are_all_served() -> None:
    async def attempt() -> tuple[int, int]:
        async with serving() as front:
            sockets = await asyncio.gather(*(front.connect() for _ in range(200)))
            open_at_once = len(front.plane.connections)
            await asyncio.gather(*(socket.close() for socket in sockets))
            await front.functions.wait_for("disconnect", 200)
            return open_at_once, len(front.plane.connections)

    assert asyncio.run(attempt()) == (200, 0)
