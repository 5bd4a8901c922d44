"""What cannot be pushed goes into a queue as SQS takes it, whatever it is."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from bot.errors import StoreUnavailable
from delivery.push_queues import MAX_BODY_BYTES, PushQueues, fit_for_sqs
from tests.support import engine

FIFO = {"FifoQueue": "true", "VisibilityTimeout": "60"}


@dataclass(frozen=True, slots=True)
class Cloud:
    """An SQS with two queues."""

    client: Any
    queue: str
    dead_letters: str
    queues: PushQueues

    def messages(self, url: str) -> list[dict[str, Any]]:
        """What can be received of a queue now."""
        found: list[dict[str, Any]] = self.client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return found


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """SQS as moto has it."""
    with mock_aws():
        client = engine.new_client("sqs")
        queue, dead = (
            str(client.create_queue(QueueName=f"{name}.fifo", Attributes=FIFO)["QueueUrl"])
            for name in ("push", "dead")
        )
        yield Cloud(client, queue, dead, PushQueues(lambda: client, queue, dead))


def test_what_is_put_aside_keeps_its_text_its_group_and_the_reason(cloud: Cloud) -> None:
    cloud.queues.bury('{"a":1}', "user:a", "sqs:1:2", "bad_request: text: too short")
    (message,) = cloud.messages(cloud.dead_letters)
    assert message["Body"] == '{"a":1}'
    assert message["Attributes"]["MessageGroupId"] == "user:a"
    assert message["MessageAttributes"]["reason"]["StringValue"] == "bad_request: text: too short"
    assert cloud.messages(cloud.queue) == []


def test_what_is_put_aside_twice_is_there_once(cloud: Cloud) -> None:
    for _ in range(2):
        cloud.queues.bury("x", "g", "sqs:1:2", "bad_request")
    assert len(cloud.messages(cloud.dead_letters)) == 1


def test_what_has_to_wait_goes_into_the_queue(cloud: Cloud) -> None:
    cloud.queues.put('{"a":1}', "user:é" * 99, "event-1")
    (message,) = cloud.messages(cloud.queue)
    assert message["Body"] == '{"a":1}'
    assert message["Attributes"]["MessageGroupId"] == fit_for_sqs("user:é" * 99)


@pytest.mark.parametrize("body", ["", "\x00", "a\x0bb", "\ufffe", "\ud800"])
def test_what_sqs_would_refuse_is_kept_as_json(cloud: Cloud, body: str) -> None:
    cloud.queues.bury(body, "g", "n", "bad_request")
    (message,) = cloud.messages(cloud.dead_letters)
    assert json.loads(message["Body"]) == body


@pytest.mark.parametrize("character", ["x", "é", "\x00"])
def test_what_is_too_large_is_said_to_lie_where_it_was(cloud: Cloud, character: str) -> None:
    body = character * (MAX_BODY_BYTES + 1)
    cloud.queues.bury(body, "g", "kafka:12:7", "too_large", left_at="parley.push-0-7")
    (message,) = cloud.messages(cloud.dead_letters)
    told = json.loads(message["Body"])
    assert told["leftAt"] == "parley.push-0-7"
    assert told["bytes"] > MAX_BODY_BYTES


def test_what_stays_nowhere_else_is_put_aside_whole(cloud: Cloud) -> None:
    body = "x" * (MAX_BODY_BYTES + 1)
    cloud.queues.bury(body, "g", "sqs:12:7", "too_large")
    (message,) = cloud.messages(cloud.dead_letters)
    assert message["Body"] == body


def test_what_is_given_back_comes_again_when_it_is_told_to(cloud: Cloud) -> None:
    for number in range(3):
        cloud.queues.put(str(number), f"g{number}", str(number))
    received = cloud.messages(cloud.queue)
    assert len(received) == 3
    seconds = {message["ReceiptHandle"]: 0 for message in received[:2]}
    cloud.queues.come_again(seconds)
    again = [message["Body"] for message in cloud.messages(cloud.queue)]
    assert sorted(again) == sorted(message["Body"] for message in received[:2])


def test_a_queue_that_does_not_answer_is_not_there_now() -> None:
    class Unreachable:
        def __getattr__(self, name: str) -> Any:
            def call(**request: Any) -> Any:
                raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

            return call

    queues = PushQueues(Unreachable, "push", "dead")
    calls: list[Callable[[], object]] = [
        lambda: queues.bury("x", "g", "n", "bad_request"),
        lambda: queues.put("x", "g", "n"),
        lambda: queues.come_again({"r": 1}),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable):
            call()


@given(st.text(max_size=300))
def test_any_name_fits(name: str) -> None:
    fitting = fit_for_sqs(name)
    assert 1 <= len(fitting) <= 128
    assert fitting.isascii()
    assert fitting.isprintable()
    assert " " not in fitting
