"""`$connect` and `$disconnect`."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
)

from auth.door import Door
from bot.errors import StoreUnavailable
from handlers import authorizer, connect, disconnect
from handlers.setup.apps import AuthorizerApp
from store.memory.connections import MemoryConnectionStore
from tests.support import events
from tests.support.backend import Backend
from tests.support.clock import START
from tests.support.turns import ANA, BEN

GUEST = events.GUEST


class Down(MemoryConnectionStore):
    """A table that does not answer."""

    def add(self, connection: Any) -> None:
        raise StoreUnavailable("secret words")

    def deactivate(self, user_id: str, connection_id: str, at: Any) -> None:
        raise StoreUnavailable("secret words")

    def user_of(self, connection_id: str) -> str | None:
        raise StoreUnavailable("secret words")


def knock(backend: Backend, **request: Any) -> dict[str, Any]:
    """What the authorizer says to a handshake."""
    app = AuthorizerApp(
        Door(guests=True), backend.connection_app.logger, backend.functions[0].metrics
    )
    return authorizer.answer(app, events.authorizer(**request))


def effect(policy: dict[str, Any]) -> str:
    """Allow or Deny."""
    (statement,) = policy["policyDocument"]["Statement"]
    return str(statement["Effect"])


def live(backend: Backend, user: str = ANA) -> list[str]:
    """Whose rows are active."""
    return [each.connection_id for each in backend.connections.live(user, backend.clock())]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-WebSocket-Protocol": f"chat.v1, {GUEST}"},
        {"sec-websocket-protocol": GUEST},
        {"SEC-WEBSOCKET-PROTOCOL": f"{GUEST}, chat.v1"},
        {"Authorization": f"Bearer {GUEST}"},
        {"authorization": f"bearer {GUEST}"},
    ],
    ids=str,
)
def test_a_guest_is_let_in_whatever_the_case_of_the_header(
    backend: Backend, headers: dict[str, str]
) -> None:
    policy = knock(backend, headers=headers)
    assert effect(policy) == "Allow"
    assert policy["context"]["userId"].startswith("guest:")


@pytest.mark.parametrize(
    "event",
    [
        {"headers": None, "queryStringParameters": None},
        {"headers": {}, "queryStringParameters": {}},
        {"headers": {"Sec-WebSocket-Protocol": None}},
        {"headers": {"Authorization": 5}},
        {"headers": "x"},
        {"queryStringParameters": {"token": None}},
        {"queryStringParameters": {"token": 5}},
        {"queryStringParameters": "x"},
    ],
    ids=str,
)
def test_whatever_a_stranger_brings_the_door_stays_shut(
    backend: Backend, event: dict[str, Any]
) -> None:
    app = AuthorizerApp(
        Door(guests=True), backend.connection_app.logger, backend.functions[0].metrics
    )
    assert effect(authorizer.answer(app, {**events.authorizer(), **event})) == "Deny"


def test_the_subprotocol_is_answered(backend: Backend) -> None:
    table = {
        f"chat.v1, {GUEST}": {"Sec-WebSocket-Protocol": "chat.v1"},
        GUEST: {"Sec-WebSocket-Protocol": GUEST},
    }
    for number, (offered, answered) in enumerate(table.items()):
        headers = {"Sec-WebSocket-Protocol": offered}
        answer = backend.connect(ANA, f"c{number}=", headers=headers)
        assert answer == {"statusCode": 200, "headers": answered}
    assert backend.connect(ANA, "c9=") == {"statusCode": 200, "headers": {}}
    assert live(backend) == ["c0=", "c1=", "c9="]


def test_without_an_authorizer_in_front_nobody_connects(backend: Backend) -> None:
    event = events.connect("c1=", None, query={"userId": GUEST})
    assert connect.answer(backend.connection_app, event) == {"statusCode": 401}
    assert live(backend) == []


@pytest.mark.parametrize("absent", [None, "", "never", 1e30, float("nan"), []], ids=str)
def test_what_an_emulator_leaves_out_does_not_keep_a_client_out(
    backend: Backend, absent: Any
) -> None:
    for number, names in enumerate(
        [("connectedAt",), ("connectedAt", "requestTimeEpoch"), ("domainName", "stage")]
    ):
        event = events.connect(f"c{number}=", ANA, at=backend.clock())
        event["headers"]["sec-websocket-protocol"] = None
        event["requestContext"] |= dict.fromkeys(names, absent)
        opened = {"statusCode": 200, "headers": {}}
        assert connect.answer(backend.connection_app, event) == opened
    rows = backend.connections.live(ANA, backend.clock())
    assert [row.connected_at for row in rows] == [START] * 3


def test_a_context_without_what_makes_a_row_makes_one(backend: Backend) -> None:
    event = events.connect("c1=", ANA)
    for name in ("connectedAt", "requestTimeEpoch", "domainName", "stage", "requestId"):
        del event["requestContext"][name]
    assert connect.answer(backend.connection_app, event)["statusCode"] == 200
    assert live(backend) == ["c1="]


def test_a_connection_without_its_row_is_refused() -> None:
    backend = Backend(connections=Down())
    assert backend.connect(ANA, "c1=") == {"statusCode": 503}
    assert backend.disconnect(ANA, "c1=") == {"statusCode": 200}
    assert backend.disconnect(None, "c1=") == {"statusCode": 200}


@pytest.mark.parametrize("with_context", [True, False])
def test_a_disconnect_ends_its_own_row_with_or_without_context(
    backend: Backend, with_context: bool
) -> None:
    for name in ("c1=", "c2="):
        backend.connect(ANA, name)
    for _ in range(2):
        assert backend.disconnect(ANA if with_context else None, "c1=") == {"statusCode": 200}
        assert live(backend) == ["c2="]


def test_a_disconnect_of_a_stranger_changes_nothing(backend: Backend) -> None:
    backend.connect(ANA, "c1=")
    for user in (BEN, None):
        assert backend.disconnect(user, "other=") == {"statusCode": 200}
    assert backend.disconnect(BEN, "c1=") == {"statusCode": 200}
    assert live(backend) == ["c1="]


def test_a_disconnect_without_code_or_reason_is_taken(backend: Backend) -> None:
    backend.connect(ANA, "c1=")
    event = events.disconnect("c1=", ANA)
    del event["requestContext"]["disconnectStatusCode"], event["requestContext"]["disconnectReason"]
    assert disconnect.answer(backend.connection_app, event) == {"statusCode": 200}
    assert live(backend) == []


def test_the_events_of_these_tests_have_the_shape_that_powertools_knows() -> None:
    """Its models were made from events captured from AWS."""
    opened = APIGatewayWebSocketConnectEventModel(**events.connect("c1=", ANA))
    said = APIGatewayWebSocketMessageEventModel(**events.message("{}", "c1=", ANA))
    ended = APIGatewayWebSocketDisconnectEventModel(**events.disconnect("c1=", ANA))
    assert opened.request_context.connection_id == "c1="
    assert opened.request_context.connected_at == START
    assert said.body == "{}"
    assert said.request_context.message_id
    assert ended.request_context.disconnect_status_code == 1005
