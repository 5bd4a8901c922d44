"""Errors of DynamoDB and of the way there, as the conversation sees them."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from bot.errors import Busy, StoreUnavailable
from bot.models import ConversationKey, Status
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.items import turn_item
from store.dynamo.table import CANCELED, CONDITION_FAILED, ConditionFailed, Table
from tests.support.clock import START
from tests.support.turns import ANA, BEN, FAR, MAIN, a_seal, a_turn

SECRET = "what the user wrote"


def refusal(code: str, item: Any = None) -> ClientError:
    """DynamoDB's own error."""
    answer: Any = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {}}
    if item:
        answer["Item"] = item
    return ClientError(answer, "PutItem")


def cancelled(*codes: str) -> ClientError:
    """DynamoDB's answer to a transaction: a reason for each of its items."""
    error: Any = refusal(CANCELED)
    error.response["CancellationReasons"] = [{"Code": code, "Message": SECRET} for code in codes]
    return error  # type: ignore[no-any-return]


MOVED = a_seal(2, status=Status.MOVED, moved_to=ConversationKey(BEN, "new"))

FAILURES = [
    refusal("ProvisionedThroughputExceededException"),
    refusal("InternalServerError"),
    refusal("ResourceNotFoundException"),
    refusal("AccessDeniedException"),
    refusal("ValidationException"),
    refusal("TransactionConflictException"),
    refusal(CANCELED),
    cancelled("None", "ValidationError", "ItemCollectionSizeLimitExceeded"),
    ConnectionClosedError(endpoint_url="x"),
    EndpointConnectionError(endpoint_url="x"),
    ReadTimeoutError(endpoint_url="x"),
    NoCredentialsError(),
]


class Failing:
    """A client whose every operation raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def operation(**request: Any) -> Any:
            raise self._error

        return operation


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: str(error)[:50])
def test_whatever_keeps_a_table_from_answering_is_one_error(error: Exception) -> None:
    table = Table(Failing(error), "t")
    store, connections = DynamoConversationStore(table), DynamoConnectionStore(table)
    calls: list[Any] = [
        lambda: store.newest(MAIN, 1),
        lambda: store.preceding(MAIN, 2, 1),
        lambda: store.following(MAIN, 0, 1),
        lambda: store.turn(MAIN, 1),
        lambda: store.append(MAIN, a_turn(1)),
        lambda: store.rate(MAIN, a_turn(1), None),
        lambda: store.erase(MAIN, [a_turn(1), a_turn(2)]),
        lambda: store.bury(MAIN, [a_turn(1)], START, FAR),
        lambda: store.conversation(MAIN),
        lambda: store.conversations(ANA, None, 20),
        lambda: store.forget_conversation(MAIN, "e1"),
        lambda: store.next_conversation(ANA, None),
        lambda: store.copy(MAIN, MOVED, [a_turn(1)]),
        lambda: store.hand_over(MAIN, MOVED, None, FAR),
        lambda: connections.live(ANA, START),
        lambda: connections.deactivate(ANA, "c=", START),
        lambda: connections.user_of("c="),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable) as raised:
            call()
        assert SECRET not in str(raised.value)
        assert raised.value.retryable is True


def test_a_failed_condition_brings_what_stands_there() -> None:
    item = {"userId": {"S": ANA}}
    with pytest.raises(ConditionFailed) as failed:
        Table(Failing(refusal(CONDITION_FAILED, item)), "t").put({})
    assert failed.value.item == item
    with pytest.raises(ConditionFailed) as unsaid:
        Table(Failing(refusal(CONDITION_FAILED)), "t").put({})
    assert unsaid.value.item is None


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (("ConditionalCheckFailed", "None"), False),
        (("None", "ConditionalCheckFailed"), False),
        (("ConditionalCheckFailed", "TransactionConflict"), False),
        (("TransactionConflict", "None"), Busy),
        (("None", "None", "TransactionConflict"), Busy),
        (("None", "ThrottlingError"), Busy),
        (("ProvisionedThroughputExceeded", "None"), Busy),
    ],
)
def test_a_cancelled_transaction_says_why(codes: tuple[str, ...], outcome: Any) -> None:
    store = DynamoConversationStore(Table(Failing(cancelled(*codes)), "t"))
    writes: list[Callable[[], bool]] = [
        lambda: store.copy(MAIN, MOVED, [a_turn(1)]),
        lambda: store.hand_over(MAIN, MOVED, None, FAR),
    ]
    for write in writes:
        if outcome is False:
            assert write() is False
            continue
        with pytest.raises(outcome) as raised:
            write()
        assert SECRET not in str(raised.value)


class Silent:
    """An engine that does not know ReturnValuesOnConditionCheckFailure."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        self._found = {"Item": item} if item else {}

    def put_item(self, **request: Any) -> Any:
        """Lose, and do not say to whom."""
        raise refusal(CONDITION_FAILED)

    def get_item(self, **request: Any) -> Any:
        """What is there."""
        assert request["ConsistentRead"] is True
        return self._found


def test_a_winner_that_is_not_told_is_looked_up() -> None:
    store = DynamoConversationStore(Table(Silent(turn_item(MAIN, a_turn(1))), "t"))
    assert store.append(MAIN, a_turn(1, owner="late")) == a_turn(1)


def test_a_lost_race_is_never_taken_for_won_though_the_winner_is_gone_when_looked_up() -> None:
    with pytest.raises(StoreUnavailable):
        DynamoConversationStore(Table(Silent(None), "t")).append(MAIN, a_turn(1))


def test_every_read_but_the_indexs_is_strongly_consistent() -> None:
    asked: list[dict[str, Any]] = []

    class Noting:
        def query(self, **request: Any) -> Any:
            asked.append(request)
            return {"Items": []}

        def get_item(self, **request: Any) -> Any:
            asked.append(request)
            return {}

    table = Table(Noting(), "t")
    store, connections = DynamoConversationStore(table), DynamoConnectionStore(table)
    store.newest(MAIN, 1)
    store.turn(MAIN, 1)
    store.conversation(MAIN)
    store.conversations(ANA, None, 1)
    store.next_conversation(ANA, None)
    connections.live(ANA, START)
    assert [request["ConsistentRead"] for request in asked] == [True] * 6
    connections.user_of("c=")
    assert asked[-1]["IndexName"] == "connectionId-index"


def test_a_client_that_is_broken_is_not_a_table_that_is_down() -> None:
    with pytest.raises(ZeroDivisionError):
        Table(Failing(ZeroDivisionError()), "t").get({})
