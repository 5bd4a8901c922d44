"""Routes, `$connect` results, frames, close codes and throttling: values in, values out."""

from typing import Any

import pytest

from local_gateway.assumptions import Assumptions
from local_gateway.errors import StartupError
from local_gateway.websocket import closing, frames
from local_gateway.websocket.api import Throttle
from local_gateway.websocket.closing import Close, due, told
from local_gateway.websocket.connecting import ConnectAnswer, answer_of
from local_gateway.websocket.routing import select
from local_gateway.websocket.throttle import TokenBucket

BODY = "$request.body.action"
ROUTES = dict.fromkeys(["$connect", "$disconnect", "$default", "echo", "1", "true", "Echo "])


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ('{"action":"echo"}', "echo"),
        ('{"action":"Echo"}', "$default"),
        ('{"action":"Echo "}', "Echo "),
        ('{"action":1}', "1"),
        ('{"action":true}', "true"),
        ('{"action":null}', "$default"),
        ('{"action":{}}', "$default"),
        ("{}", "$default"),
        ("[]", "$default"),
        ("7", "$default"),
        ("not json", "$default"),
        ("", "$default"),
        ("[" * 100_000, "$default"),
        ('{"action":"$connect"}', "$default"),
        ('{"action":"$disconnect"}', "$default"),
    ],
)
def test_a_message_takes_the_route_its_action_names_exactly_else_the_default(
    body: str, key: str
) -> None:
    assert select(BODY, body, ROUTES) == key


def test_without_a_default_route_an_unknown_action_has_none() -> None:
    assert select(BODY, '{"action":"other"}', {"echo": None}) is None


@pytest.mark.parametrize(
    ("expression", "key"),
    [("${request.body.to.name}", "x"), ("${request.body.kind}/${request.body.to.name}", "k/x")],
)
def test_a_selection_expression_may_reach_deeper_and_be_put_together(
    expression: str, key: str
) -> None:
    assert select(expression, '{"kind":"k","to":{"name":"x"}}', {key: None}) == key


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"statusCode": 200}, 101),
        ({"statusCode": 204}, 101),
        ({"statusCode": "200"}, 101),
        ({"statusCode": 301}, 301),
        ({"statusCode": 401}, 401),
        ({"statusCode": 501}, 501),
        ({}, 502),
        (None, 502),
        ("text", 502),
        ({"statusCode": True}, 502),
        ({"statusCode": 42}, 502),
        ({"statusCode": 101}, 502),
    ],
)
def test_connect_opens_with_2xx_and_refuses_with_its_own_status(result: Any, status: int) -> None:
    assert answer_of(result).status == status


def test_only_a_subprotocol_that_connect_returned_is_sent() -> None:
    with_header = {"statusCode": 200, "headers": {"sec-websocket-protocol": "chat.v1"}}
    assert answer_of(with_header) == ConnectAnswer(101, "chat.v1")
    assert answer_of({"statusCode": 200}).subprotocol is None
    assert answer_of({"statusCode": 200, "headers": None}).subprotocol is None


def test_a_subprotocol_cannot_smuggle_in_headers() -> None:
    evil = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "a\r\nSet-Cookie: b"}}
    assert answer_of(evil).subprotocol is None


def test_the_error_frame_is_exact_to_the_byte() -> None:
    assert frames.error_frame(frames.FORBIDDEN, "L0SM9cOFvHcCIhw=", "BFHPhFe3IAMF95g=") == (
        '{"message": "Forbidden", "connectionId":"L0SM9cOFvHcCIhw=", '
        '"requestId":"BFHPhFe3IAMF95g="}'
    )


@pytest.mark.parametrize(
    ("size", "parts"),
    [(0, [0]), (1, [1]), (32768, [32768]), (32769, [32768, 1]), (131072, [32768] * 4)],
)
def test_a_long_message_is_split_into_frames_of_32_kb(size: int, parts: list[int]) -> None:
    split = list(frames.in_frames(b"x" * size))
    assert [len(part) for part, _ in split] == parts
    assert [last for _, last in split] == [False] * (len(parts) - 1) + [True]


def test_disconnect_is_told_what_the_client_sent_as_api_gateway_tells_it() -> None:
    assert told(Close(1005)) == Close(1005, "Client-side close frame status not set")
    assert told(Close(1001, "leaving")) == Close(1001, "")
    assert told(Close(4000, "bye")) == Close(4000, "bye")


def test_idleness_and_age_end_a_connection() -> None:
    usual = Assumptions()
    assert due(0, 0, 599.9, usual) is None
    assert due(0, 0, 600, usual) == closing.GOING_AWAY
    assert due(0, 7199, 7199.5, usual) is None
    assert due(0, 7199, 7200, usual) == closing.GOING_AWAY
    assert due(0, 7199, 7200, Assumptions(lifetime_code=1000)) == Close(1000, "Going away")


def test_a_token_bucket_admits_its_burst_and_fills_at_its_rate() -> None:
    bucket = TokenBucket(Throttle(rate=2, burst=3), now=0)
    assert [bucket.admit(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.admit(1) for _ in range(3)] == [True, True, False]
    assert [bucket.admit(100) for _ in range(4)] == [True, True, True, False]
    assert bucket.admit(50) is False, "a clock that goes back fills nothing"


def test_assumptions_are_read_from_words() -> None:
    read = Assumptions.parse(["authorizer_on_message=false", "lifetime_code=1000"])
    assert (read.authorizer_on_message, read.lifetime_code) == (False, 1000)


@pytest.mark.parametrize("word", ["nonsense=true", "lifetime_code=x", "authorizer_on_message=1"])
def test_an_assumption_that_cannot_be_read_is_a_startup_error(word: str) -> None:
    with pytest.raises(StartupError, match="--assume"):
        Assumptions.parse([word])
