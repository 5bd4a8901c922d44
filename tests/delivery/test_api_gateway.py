"""The @connections API: what each of its answers means (row 20 of the fault table)."""

from collections.abc import Iterator

import pytest

from bot.errors import ConnectionGone, SendFailed
from delivery.api_gateway import ATTEMPTS, ApiGatewaySender
from tests.support.connections_endpoint import Answer, ConnectionsEndpoint
from tests.support.engine import new_client

GONE: Answer = (410, "GoneException")
DROPPED: Answer = (0, "")
LIMITED: Answer = (429, "LimitExceededException")
BROKEN: Answer = (500, "InternalServerError")
AWAY: Answer = (503, "ServiceUnavailable")
FORBIDDEN: Answer = (403, "ForbiddenException")
TOO_LARGE: Answer = (413, "PayloadTooLargeException")


@pytest.fixture
def endpoint() -> Iterator[ConnectionsEndpoint]:
    """An endpoint of this test alone."""
    made = ConnectionsEndpoint()
    yield made
    made.stop()


@pytest.fixture
def slept() -> list[float]:
    """How long the sender waited each time."""
    return []


@pytest.fixture
def sender(endpoint: ConnectionsEndpoint, slept: list[float]) -> ApiGatewaySender:
    """The sender, whose client does not retry by itself."""
    client = new_client(
        "apigatewaymanagementapi",
        endpoint_url=endpoint.url,
        retries={"total_max_attempts": 1},
        read_timeout=5,
    )
    return ApiGatewaySender(client, sleep=slept.append)


def test_a_frame_goes_out_as_it_is(sender: ApiGatewaySender, endpoint: ConnectionsEndpoint) -> None:
    sender.send("BGwD1cSqIAMCKTQ=", '{"é":"🎉"}'.encode())
    path = "/prod/@connections/BGwD1cSqIAMCKTQ="
    assert endpoint.requests == [("POST", path, '{"é":"🎉"}'.encode())]


def test_a_connection_is_closed(sender: ApiGatewaySender, endpoint: ConnectionsEndpoint) -> None:
    sender.close("c1=")
    assert endpoint.requests == [("DELETE", "/prod/@connections/c1=", b"")]


def test_a_connection_is_asked_after(
    sender: ApiGatewaySender, endpoint: ConnectionsEndpoint
) -> None:
    assert sender.is_open("c1=")
    endpoint.answers = [GONE]
    assert not sender.is_open("c1=")
    assert endpoint.requests == [("GET", "/prod/@connections/c1=", b"")] * 2


@pytest.mark.parametrize("refusal", [LIMITED, BROKEN, AWAY, FORBIDDEN, DROPPED], ids=str)
def test_no_answer_but_410_says_that_a_connection_is_not_open(
    sender: ApiGatewaySender, endpoint: ConnectionsEndpoint, refusal: Answer
) -> None:
    endpoint.answers = [refusal] * 50
    with pytest.raises(SendFailed):
        sender.is_open("c1=")


@pytest.mark.parametrize("answers", [[GONE], [LIMITED, GONE], [BROKEN, BROKEN, GONE]], ids=str)
def test_410_says_that_the_connection_is_gone(
    sender: ApiGatewaySender, endpoint: ConnectionsEndpoint, answers: list[Answer]
) -> None:
    endpoint.answers = list(answers)
    with pytest.raises(ConnectionGone):
        sender.send("c1=", b"{}")
    assert len(endpoint.requests) == len(answers)


@pytest.mark.parametrize("refusal", [LIMITED, BROKEN, AWAY], ids=str)
def test_what_passes_is_tried_again_a_few_times(
    sender: ApiGatewaySender, endpoint: ConnectionsEndpoint, slept: list[float], refusal: Answer
) -> None:
    endpoint.answers = [refusal] * (ATTEMPTS - 1)
    sender.send("c1=", b"{}")
    assert len(endpoint.requests) == ATTEMPTS
    endpoint.answers = [refusal] * 50
    with pytest.raises(SendFailed):
        sender.send("c1=", b"{}")
    assert len(endpoint.requests) == 2 * ATTEMPTS
    assert sum(slept) < 2


@pytest.mark.parametrize("refusal", [FORBIDDEN, TOO_LARGE, DROPPED], ids=str)
def test_what_does_not_pass_or_may_have_arrived_is_tried_once(
    sender: ApiGatewaySender, endpoint: ConnectionsEndpoint, refusal: Answer
) -> None:
    endpoint.answers = [refusal] * 50
    with pytest.raises(SendFailed):
        sender.send("c1=", b"{}")
    assert len(endpoint.requests) == 1


def test_an_endpoint_that_is_not_there_is_a_failure(slept: list[float]) -> None:
    client = new_client(
        "apigatewaymanagementapi",
        endpoint_url="http://127.0.0.1:9/prod",
        retries={"total_max_attempts": 1},
        connect_timeout=1,
    )
    with pytest.raises(SendFailed):
        ApiGatewaySender(client, sleep=slept.append).send("c1=", b"{}")
    assert slept == []


def test_a_slow_endpoint_is_given_up(endpoint: ConnectionsEndpoint, slept: list[float]) -> None:
    client = new_client(
        "apigatewaymanagementapi",
        endpoint_url=endpoint.url,
        retries={"total_max_attempts": 1},
        read_timeout=0.05,
    )
    endpoint.server.process_request = lambda *args: None  # type: ignore[method-assign]
    with pytest.raises(SendFailed):
        ApiGatewaySender(client, sleep=slept.append).send("c1=", b"{}")
    assert slept == []


def test_all_that_botocore_may_say_of_a_refusal_is_its_code(
    sender: ApiGatewaySender, endpoint: ConnectionsEndpoint
) -> None:
    endpoint.answers = [FORBIDDEN]
    with pytest.raises(SendFailed, match=r"^ForbiddenException$"):
        sender.send("c1=", b"secret")
