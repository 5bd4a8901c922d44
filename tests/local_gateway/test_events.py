"""Events are, key for key, what API Gateway sends; Powertools' models agree."""

import re
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayWebSocketEvent
from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerRequestEvent,
)
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
)

from local_gateway.websocket.events import (
    ConnectionFacts,
    authorizer_event,
    connect_event,
    disconnect_event,
    message_event,
)
from local_gateway.websocket.handshake import Handshake, client_headers, gather
from local_gateway.websocket.ids import new_id
from tests.local_gateway.front import an_api

CONNECTED = 1_731_324_924.553
NOW = 1_731_324_924.561
COMMON = {
    "routeKey",
    "eventType",
    "extendedRequestId",
    "requestTime",
    "messageDirection",
    "stage",
    "connectedAt",
    "requestTimeEpoch",
    "identity",
    "requestId",
    "domainName",
    "connectionId",
    "apiId",
}
HEADERS = [
    ("host", "localhost:8080"),
    ("CONNECTION", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-key", "+W5xw47OHh3OTFsWKjGu9Q=="),
    ("sec-websocket-protocol", "chat.v1"),
    ("Sec-WebSocket-Protocol", "secret"),
    ("x-custom-thing", "1"),
    ("X-Custom-Thing", "2"),
    ("content-length", "0"),
]
Event = dict[str, Any]


def facts(query: str = "", agent: bool = False) -> ConnectionFacts:
    pairs = [tuple(pair.split("=")) for pair in query.split("&") if pair]
    headers = [*HEADERS, ("user-agent", "test/1")] if agent else HEADERS
    handshake = Handshake(client_headers(headers), gather(pairs), "127.0.0.1")  # type: ignore[arg-type]
    authorizer = {"principalId": "someone", "userId": "u1"}
    return ConnectionFacts("BFHPhfCWIAMCKlQ=", CONNECTED, handshake, authorizer)


def authorizer(known: ConnectionFacts) -> Event:
    return authorizer_event(an_api(), known, "BFHPhFe3IAMF95g=", NOW)


def connect(known: ConnectionFacts) -> Event:
    return connect_event(an_api(), known, "BFHPhFe3IAMF95g=", NOW)


def message(known: ConnectionFacts, **options: Any) -> Event:
    return message_event(
        an_api(),
        known,
        "BFHPhFe3IAMF95g=",
        NOW,
        route_key="echo",
        message_id="BFHPhfCWIAMCKlR=",
        body="{}",
        **options,
    )


def disconnect(known: ConnectionFacts, **options: Any) -> Event:
    return disconnect_event(
        an_api(), known, "BFHPhFe3IAMF95g=", NOW, code=1001, reason="Going away", **options
    )


def test_the_authorizer_event_has_exactly_its_keys_each_map_there_even_when_empty() -> None:
    event = authorizer(facts())
    assert set(event) == {
        "type",
        "methodArn",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
    }
    assert event["queryStringParameters"] == event["stageVariables"] == {}
    assert event["type"] == "REQUEST"
    assert event["methodArn"] == ("arn:aws:execute-api:us-east-1:000000000000:abc123/prod/$connect")
    assert set(event["requestContext"]) == COMMON
    assert event["requestContext"]["connectionId"] == "BFHPhfCWIAMCKlQ="


def test_the_connect_event_has_query_maps_only_where_there_is_a_query() -> None:
    bare = {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}
    assert set(connect(facts())) == bare
    with_query = connect(facts("a=1&a=2&b=3"))
    assert set(with_query) == bare | {
        "queryStringParameters",
        "multiValueQueryStringParameters",
    }
    assert with_query["queryStringParameters"] == {"a": "2", "b": "3"}
    assert with_query["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["3"]}


def test_the_message_event_has_no_headers_and_no_query() -> None:
    event = message(facts("a=1"))
    assert set(event) == {"requestContext", "body", "isBase64Encoded"}
    assert set(event["requestContext"]) == COMMON | {"messageId", "authorizer"}
    assert event["isBase64Encoded"] is False


def test_the_disconnect_event_has_four_fixed_headers_and_tells_code_and_reason() -> None:
    event = disconnect(facts("a=1"))
    assert set(event) == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}
    assert event["headers"] == {
        "Host": "abc123.execute-api.us-east-1.amazonaws.com",
        "x-api-key": "",
        "X-Forwarded-For": "",
        "x-restapi": "",
    }
    assert event["multiValueHeaders"]["x-restapi"] == [""]
    context = event["requestContext"]
    assert set(context) == COMMON | {"disconnectStatusCode", "disconnectReason", "authorizer"}
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")


def test_the_authorizer_sees_the_hop_by_hop_headers_and_connect_does_not() -> None:
    hop_by_hop = {"Connection", "Upgrade", "content-length"}
    assert hop_by_hop <= set(authorizer(facts())["headers"])
    assert not hop_by_hop & set(connect(facts())["headers"])


def test_headers_are_spelled_as_captured_and_repeated_ones_keep_every_value() -> None:
    event = connect(facts())
    assert {"Host", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "X-Custom-Thing"} == set(
        event["headers"]
    )
    assert event["headers"]["X-Custom-Thing"] == "2"
    assert event["multiValueHeaders"]["X-Custom-Thing"] == ["1", "2"]


def test_an_offer_on_several_lines_arrives_as_one_comma_joined_header() -> None:
    assert connect(facts())["headers"]["Sec-WebSocket-Protocol"] == "chat.v1, secret"


def test_times_are_written_as_api_gateway_writes_them() -> None:
    context = message(facts())["requestContext"]
    assert context["requestTime"] == "11/Nov/2024:11:35:24 +0000"
    assert (context["connectedAt"], context["requestTimeEpoch"]) == (1731324924553, 1731324924561)
    assert context["requestId"] == context["extendedRequestId"]


def test_the_user_agent_is_named_only_where_one_was_sent() -> None:
    assert connect(facts())["requestContext"]["identity"] == {"sourceIp": "127.0.0.1"}
    assert connect(facts(agent=True))["requestContext"]["identity"]["userAgent"] == "test/1"


def test_the_authorizer_context_can_be_left_out_of_later_events() -> None:
    assert "authorizer" not in message(facts(), authorizer=False)["requestContext"]
    assert "authorizer" not in disconnect(facts(), authorizer=False)["requestContext"]
    assert connect(facts())["requestContext"]["authorizer"]["userId"] == "u1"


@pytest.mark.parametrize("agent", [False, True])
def test_powertools_models_take_every_event(agent: bool) -> None:
    known = facts("a=1", agent)
    APIGatewayWebSocketConnectEventModel.model_validate(connect(known))
    APIGatewayWebSocketMessageEventModel.model_validate(message(known))
    APIGatewayWebSocketDisconnectEventModel.model_validate(disconnect(known))
    request = APIGatewayAuthorizerRequestEvent(authorizer(known))
    assert request.parsed_arn.stage == "prod"
    assert request.headers["host"] == "localhost:8080"
    context = APIGatewayWebSocketEvent(disconnect(known)).request_context
    assert (context.disconnect_status_code, context.message_direction) == (1001, "IN")


def test_ids_are_sixteen_url_safe_characters_ending_in_an_equals_sign() -> None:
    made = new_id(lambda size: (b"\xfb\xff" * size)[:size])
    assert re.fullmatch(r"[A-Za-z0-9_-]{15}=", made)
    assert {"-", "_"} <= set(made)
