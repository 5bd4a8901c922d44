"""A step's pushes lie in the queue as backends' own do, and its next step behind others'."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from bot.errors import StoreUnavailable
from bot.push import broadcasts
from bot.push.broadcast_steps import Step
from delivery.broadcast_queues import GROUP, BroadcastQueues
from delivery.push_queues import PushQueues
from tests.support import engine

FIFO = {"FifoQueue": "true", "VisibilityTimeout": "0"}


class Cloud:
    """An SQS with the queues of pushes and of steps."""

    def __init__(self) -> None:
        self.client = engine.new_client("sqs")
        self.pushes, self.steps, self.dead = (
            str(self.client.create_queue(QueueName=f"{name}.fifo", Attributes=FIFO)["QueueUrl"])
            for name in ("push", "steps", "dead")
        )
        own = PushQueues(lambda: self.client, self.steps, self.dead)
        self.queues = BroadcastQueues(lambda: self, self.pushes, own)
        self.requests: list[int] = []
        self.refuses = False

    def send_message_batch(self, **request: Any) -> Any:
        """As SQS does."""
        self.requests.append(len(request["Entries"]))
        if self.refuses:
            return {"Failed": [{"Id": "0", "Code": "InternalError"}]}
        return self.client.send_message_batch(**request)

    def messages(self, url: str) -> list[dict[str, Any]]:
        """All that a queue holds."""
        found: list[dict[str, Any]] = []
        while got := self.client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", []):
            found += got
            for message in got:
                self.client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """SQS as moto has it."""
    with mock_aws():
        yield Cloud()


def test_each_push_is_of_its_users_group(cloud: Cloud) -> None:
    users = [f"user:a:{number}" for number in range(25)]
    cloud.queues.push([(user, f"for {user}") for user in users])
    found = {each["Attributes"]["MessageGroupId"]: each for each in cloud.messages(cloud.pushes)}
    assert {user: each["Body"] for user, each in found.items()} == {
        user: f"for {user}" for user in users
    }
    assert sorted(cloud.requests) == [5, 10, 10]


def test_what_is_pushed_again_is_dropped_by_the_queue(cloud: Cloud) -> None:
    for _ in range(2):
        cloud.queues.push([("user:a:b", "x")])
    assert len(cloud.messages(cloud.pushes)) == 1


def test_a_request_is_never_larger_than_sqs_takes(cloud: Cloud) -> None:
    cloud.queues.push([(f"user:a:{number}", "é" * 60_000) for number in range(5)])
    assert sorted(cloud.requests) == [1, 2, 2]


def test_where_the_queue_refuses_one_the_step_is_not_done(cloud: Cloud) -> None:
    cloud.refuses = True
    with pytest.raises(StoreUnavailable):
        cloud.queues.push([("user:a:b", "x")])


def test_a_step_goes_on_once(cloud: Cloud) -> None:
    step = Step("b1", {"text": "x"}, number=2)
    for _ in range(2):
        cloud.queues.go_on(step)
    (message,) = cloud.messages(cloud.steps)
    assert broadcasts.read(message["Body"]) == step
    assert message["Attributes"]["MessageGroupId"] == GROUP
