"""Other ways to keep a conversation in DynamoDB, each turn of them played as their makers do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from botocore.exceptions import ClientError

from benchmarks.turn_cost_engine import create_table, dynamodb
from benchmarks.turn_cost_meter import Cost, Meter
from benchmarks.turn_cost_samples import Sample, sample

TABLE = "RivalsTable"
KEY = "SessionId"
"""What LangChain calls the key unless told otherwise."""

STEP = 128
"""Turns added at once, at most."""


class Rival(Protocol):
    """One conversation, kept another way."""

    def add(self, said: Sequence[Sample]) -> None:
        """Read what a function that remembers nothing needs, and keep these turns as well."""
        ...


@dataclass(slots=True)
class Course:
    """What some turns cost, and the first turn that could not be kept, if it came to that."""

    costs: dict[int, Cost] = field(default_factory=dict)
    failed_at: int | None = None
    failure: str = ""


def run(meter: Meter, rival: Rival, turns: Sequence[int]) -> Course:
    """Note what each of `turns` costs, until one is refused; those between are added many at once.

    A turn is refused when DynamoDB refuses any request of it, whether the rival says so or not.
    """
    course = Course()
    kept = 0
    for turn in turns:
        step = turn - 1 - kept
        while kept < turn and not course.failed_at:
            step = min(step, STEP, turn - 1 - kept) or 1
            cost, refused = _add(meter, rival, range(kept + 1, kept + step + 1))
            if not refused:
                kept += step
                course.costs[kept] = cost
            elif step == 1:
                course.failed_at, course.failure = kept + 1, refused
            else:
                step //= 2
    course.costs = {turn: course.costs[turn] for turn in turns if turn in course.costs}
    return course


def create_rivals_table() -> None:
    """Make the one table that all rivals have room in."""
    create_table(
        TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
    )


class OneItem:
    """A session as one item, read and put back whole, as in AWS's sample of WebSocket sessions.

    https://github.com/aws-samples/websocket-sessions-management keeps its session so. It reads
    eventually consistent, at half the price; a chat that did so would lose turns.
    """

    def __init__(self) -> None:
        self._client = dynamodb()
        self._key = {KEY: {"S": str(uuid4())}}

    def add(self, said: Sequence[Sample]) -> None:
        """See `Rival`."""
        found = self._client.get_item(TableName=TABLE, Key=self._key, ConsistentRead=True)
        turns: list[dict[str, Any]] = found.get("Item", {}).get("turns", {"L": []})["L"]
        turns += [{"M": {"text": {"S": each.text}, "reply": {"S": each.reply}}} for each in said]
        self._client.put_item(TableName=TABLE, Item={**self._key, "turns": {"L": turns}})


class LangChain:
    """LangChain's DynamoDBChatMessageHistory, used as RunnableWithMessageHistory uses it."""

    def __init__(self) -> None:
        from langchain_community.chat_message_histories import DynamoDBChatMessageHistory

        self._history = DynamoDBChatMessageHistory(TABLE, str(uuid4()))

    def add(self, said: Sequence[Sample]) -> None:
        """See `Rival`."""
        from langchain_core.messages import AIMessage, HumanMessage

        _ = self._history.messages
        self._history.add_messages(
            [
                message
                for each in said
                for message in (HumanMessage(each.text), AIMessage(each.reply))
            ]
        )


def _add(meter: Meter, rival: Rival, seqs: Sequence[int]) -> tuple[Cost, str]:
    with meter.counting() as cost:
        said = "not raised"
        try:
            rival.add([sample(seq) for seq in seqs])
        except ClientError as error:
            said = error.response["Error"]["Message"]
    refused = any(each.refused for each in cost.requests)
    return cost, said if refused else ""
