"""An order on its way to the function that writes replies."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Order
from delivery.starting import LambdaReplyStarter, order_of
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
