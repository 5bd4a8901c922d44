"""The @connections API, asked by botocore as the functions ask it, and by hand."""

import asyncio
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_gateway.websocket.frames import MAX_MESSAGE_BYTES
from tests.local_gateway.front import (
    SIGNED,
    FakeFunctions,
    Front,
    RawClient,
    client_frame,
    serving,
)
from tests.local_gateway.runs import PATIENCE_SECONDS


def botocore_client(front: Front) -> Any:
    return botocore.session.Session().create_client(
        "apigatewaymanagementapi",
        endpoint_url=f"{front.url}/prod",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


async def ask(front: Front, operation: str, connection_id: str, **arguments: Any) -> Any:
    """Call through botocore; return its answer or the error's code and status."""
    call = getattr(botocore_client(front), operation)
    try:
        return await asyncio.to_thread(call, ConnectionId=connection_id, **arguments)
    except ClientError as error:
        response: Any = error.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


async def by_hand(
    front: Front, method: str, path: str, body: bytes = b""
) -> tuple[int, str | None, bytes]:
    async with front.session.request(
        method, front.url + path, data=body, headers=SIGNED
    ) as response:
        return response.status, response.headers.get("x-amzn-ErrorType"), await response.read()


def test_a_post_arrives_and_answers_an_empty_200() -> None:
    async def run() -> Any:
        async with serving() as front, front.connect() as socket:
            connection = await front.only_connection()
            path = f"/prod/@connections/{connection.id.replace('=', '%3D')}"
            answer = await by_hand(front, "POST", path, "héllo".encode())
            await ask(front, "post_to_connection", connection.id, Data=b"again")
            return answer, [await socket.receive_str(timeout=PATIENCE_SECONDS) for _ in range(2)]

    assert asyncio.run(run()) == ((200, None, b""), ["héllo", "again"])


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_an_unknown_connection_is_gone(method: str) -> None:
    async def run() -> Any:
        async with serving() as front:
            return await by_hand(front, method, "/prod/@connections/L0SM9cOFvHcCIhw%3D")

    status, kind, _ = asyncio.run(run())
    assert (status, kind) == (410, "GoneException")


def test_botocore_knows_the_errors() -> None:
    async def run() -> Any:
        async with serving() as front, front.connect():
            connection = await front.only_connection()
            gone = await ask(front, "post_to_connection", "gone=", Data=b"x")
            large = await ask(
                front, "post_to_connection", connection.id, Data=b"x" * (MAX_MESSAGE_BYTES + 1)
            )
            return gone, large

    assert asyncio.run(run()) == (("GoneException", 410), ("PayloadTooLargeException", 413))


def test_another_stage_is_forbidden() -> None:
    async def run() -> Any:
        async with serving() as front:
            return await by_hand(front, "POST", "/other/@connections/x%3D", b"x")

    assert asyncio.run(run())[:2] == (403, "ForbiddenException")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer AWS4-HMAC-SHA256 "},
        {**SIGNED, "Host": "a-page.example"},
        {**SIGNED, "Host": "127.0.0.1.a-page.example"},
    ],
    ids=["unsigned", "otherwise authorized", "rebound", "alike"],
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_what_a_page_of_another_origin_could_send_is_forbidden(
    method: str, headers: dict[str, str]
) -> None:
    async def run() -> Any:
        async with serving() as front, front.connect():
            connection = await front.only_connection()
            url = f"{front.url}/prod/@connections/{connection.id}"
            async with front.session.request(method, url, headers=headers) as response:
                alive = front.plane.look_up(connection.id) is connection
                return response.status, response.headers["x-amzn-ErrorType"], alive

    assert asyncio.run(run()) == (403, "ForbiddenException", True)


@pytest.mark.parametrize(
    ("size", "frames"), [(32768, [32768]), (32769, [32768, 1]), (131072, [32768] * 4)]
)
def test_a_long_post_is_delivered_as_several_frames_of_one_message(
    size: int, frames: list[int]
) -> None:
    async def run() -> Any:
        async with serving() as front:
            client = await RawClient.upgraded(front.port)
            connection = await front.only_connection()
            assert front.plane.post(connection.id, "x" * size) == 200
            return [await client.frame() for _ in frames]

    found = asyncio.run(run())
    assert [len(content) for _, _, content in found] == frames
    assert [opcode for _, opcode, _ in found] == [1] + [0] * (len(frames) - 1)
    assert [final for final, _, _ in found] == [False] * (len(frames) - 1) + [True]


def test_get_describes_the_connection_in_camel_case() -> None:
    async def run() -> Any:
        async with serving() as front, front.connect(headers={"User-Agent": "t/1"}):
            connection = await front.only_connection()
            async with front.session.get(
                f"{front.url}/prod/@connections/{connection.id}", headers=SIGNED
            ) as response:
                raw = await response.json()
            return raw, await ask(front, "get_connection", connection.id)

    raw, parsed = asyncio.run(run())
    assert raw == {
        "connectedAt": "2024-11-11T11:35:24.553Z",
        "lastActiveAt": "2024-11-11T11:35:24.553Z",
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "t/1"},
    }
    assert parsed["ConnectedAt"].year == 2024
    assert parsed["Identity"]["UserAgent"] == "t/1"


def test_delete_closes_the_connection_and_fires_disconnect() -> None:
    async def run() -> Any:
        async with serving() as front, front.connect() as socket:
            connection = await front.only_connection()
            path = f"/prod/@connections/{connection.id}"
            statuses = [(await by_hand(front, "DELETE", path))[0] for _ in range(2)]
            posted = (await by_hand(front, "POST", path, b"x"))[0]
            message = await socket.receive(timeout=PATIENCE_SECONDS)
            events = await front.functions.wait_for("disconnect")
            return statuses, posted, message.data, events[0]["requestContext"]

    statuses, posted, code, context = asyncio.run(run())
    assert statuses == [204, 410]
    assert (posted, code) == (410, 1000)
    assert context["disconnectStatusCode"] == 1000
    assert context["disconnectReason"] == "Connection Closed Normally"


def test_a_post_from_inside_connect_is_gone() -> None:
    async def run() -> Any:
        found: list[Any] = []

        async def posting(event: Any) -> Any:
            connection_id = event["requestContext"]["connectionId"]
            path = f"/prod/@connections/{connection_id}"
            found.append(await by_hand(front, "POST", path, b"too early"))
            return {"statusCode": 200}

        async with serving(FakeFunctions(connect=posting)) as front:
            assert await front.status() == 101
        return found[0][:2]

    assert asyncio.run(run()) == (410, "GoneException")


def test_a_client_that_does_not_read_gets_its_posts_refused_with_429() -> None:
    async def run() -> tuple[set[int], bool]:
        async with serving() as front:
            client = await RawClient.upgraded(front.port)
            connection = await front.only_connection()
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            statuses = [
                front.plane.post(connection.id, "x" * MAX_MESSAGE_BYTES) for _ in range(300)
            ]
            path = f"/prod/@connections/{connection.id}"
            status, kind, _ = await by_hand(front, "POST", path, b"x" * MAX_MESSAGE_BYTES)
            assert (status, kind) == (429, "LimitExceededException")
            assert await front.status() == 101, "others are served meanwhile"
            client.writer.transport.resume_reading()  # type: ignore[attr-defined]
            for _ in range(statuses.count(200) * 4):
                await client.frame()
            return set(statuses), front.plane.post(connection.id, "x") == 200

    assert asyncio.run(run()) == ({200, 429}, True)


def test_a_post_is_gone_once_the_client_has_closed() -> None:
    async def run() -> int:
        async with serving() as front:
            client = await RawClient.upgraded(front.port)
            connection = await front.only_connection()
            client.send(client_frame(b"", 8))
            await front.functions.wait_for("disconnect")
            return front.plane.post(connection.id, "x")

    assert asyncio.run(run()) == 410
