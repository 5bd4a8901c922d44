"""An order on its way to the function that writes replies."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ReadTimeoutError

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Order
from delivery.starting import LambdaReplyStarter, correlation_of, order_of
from tests.support.turns import ANA

ORDER = Order(ConversationKey(ANA, "main"), 4, "e1", "owner", "c1=")


class Lambda:
    """Lambda's client, as far as it is asked anything."""

    def __init__(self, error: Exception | None = None) -> None:
        self.invoked: list[dict[str, Any]] = []
        self._error = error

    def invoke(self, **request: Any) -> None:
        """See botocore."""
        self.invoked.append(request)
        if self._error:
            raise self._error


def test_a_reply_is_ordered_by_an_invocation_that_waits_for_nothing() -> None:
    client = Lambda()
    LambdaReplyStarter(lambda: client, "reply-function").start(ORDER)
    (request,) = client.invoked
    assert (request["FunctionName"], request["InvocationType"]) == ("reply-function", "Event")
    assert order_of(json.loads(request["Payload"])) == ORDER


def test_an_order_says_which_request_it_answers() -> None:
    client = Lambda()
    LambdaReplyStarter(lambda: client, "reply-function", lambda: "request=").start(ORDER)
    LambdaReplyStarter(lambda: client, "reply-function", lambda: None).start(ORDER)
    events = [json.loads(request["Payload"]) for request in client.invoked]
    assert [correlation_of(event) for event in events] == ["request=", ""]
    assert {order_of(event) for event in events} == {ORDER}


def test_an_order_carries_the_trace_without_any_sdk_of_x_ray(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "message")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    client = session.create_client("lambda", "eu-west-1", endpoint_url="http://127.0.0.1:9")
    sent: list[Any] = []

    def answered(request: Any, **kwargs: Any) -> Any:
        sent.append(request.headers["X-Amzn-Trace-Id"])
        return AWSResponse(request.url, 202, HTTPHeaders(), None)

    client.meta.events.register("before-send.lambda.Invoke", answered)
    LambdaReplyStarter(lambda: client, "reply-function").start(ORDER)
    assert [str(each, "ascii") if isinstance(each, bytes) else each for each in sent] == [trace]


def test_the_client_is_made_once_and_not_before_it_is_needed() -> None:
    made: list[Lambda] = []

    def make() -> Lambda:
        made.append(Lambda())
        return made[-1]

    starter = LambdaReplyStarter(make, "reply-function")
    assert made == []
    starter.start(ORDER)
    starter.start(ORDER)
    assert len(made) == 1


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"),
        ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1"),
    ],
    ids=repr,
)
def test_an_order_that_is_not_taken_is_a_retryable_error(error: Exception) -> None:
    with pytest.raises(StoreUnavailable):
        LambdaReplyStarter(lambda: Lambda(error), "reply-function").start(ORDER)
