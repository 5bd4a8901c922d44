"""The publisher's door: what a backend pushes lies in the queue as the function reads it."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from bot.models import Position
from bot.push import pushes
from delivery.push_queues import fit_for_sqs
from operations.deployment import of_stack
from operations.publisher import NotPublished, Publisher, PushMessage, group_of
from operations.push import main
from tests.operations.refusing import assert_refused
from tests.support import engine
from tests.support.turns import ANA, BEN

FIFO = {"FifoQueue": "true", "VisibilityTimeout": "0"}


class Queue:
    """A FIFO queue, and what was asked of it. `refused` are the texts that it will not take."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.url = client.create_queue(QueueName="push.fifo", Attributes=FIFO)["QueueUrl"]
        self.requests: list[int] = []
        self.refused: set[str] = set()

    def send_message(self, **request: Any) -> Any:
        """As SQS does."""
        self.requests.append(1)
        return self._client.send_message(**request)

    def send_message_batch(self, QueueUrl: str, Entries: list[Any]) -> Any:  # noqa: N803
        """As SQS does, which may refuse one message and take the next."""
        self.requests.append(len(Entries))
        bad = [
            each for each in Entries if any(word in each["MessageBody"] for word in self.refused)
        ]
        good = [each for each in Entries if each not in bad]
        if good:
            self._client.send_message_batch(QueueUrl=QueueUrl, Entries=good)
        return {"Failed": [{"Id": each["Id"], "Code": "InternalError"} for each in bad]}

    def messages(self) -> list[dict[str, Any]]:
        """All that it holds."""
        found: list[dict[str, Any]] = []
        while True:
            got = self._client.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"]
            ).get("Messages", [])
            if not got:
                return found
            for message in got:
                self._client.delete_message(
                    QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"]
                )
            found += got

    def texts(self) -> list[str]:
        """What was said in them."""
        return [pushes.read(pushes.decode(each["Body"])).text for each in self.messages()]


@pytest.fixture
def queue() -> Iterator[Queue]:
    """SQS as moto has it."""
    with mock_aws():
        yield Queue(engine.new_client("sqs"))


def test_a_message_is_read_as_it_was_meant(queue: Queue) -> None:
    publisher = Publisher(queue.url, queue)
    publisher.push(
        ANA,
        "hello",
        content={"é": [1, None]},
        conversation_id="news",
        message_id="p1",
        source="orders",
        position=7,
        state={"operator": "Eve"},
    )
    publisher.push(ANA, content=[], ttl=60, message_id="p2")
    publisher.push(ANA, "typing", ephemeral=True, message_id="p3")
    first, second, third = (pushes.read(pushes.decode(each["Body"])) for each in queue.messages())
    assert (first.key.user_id, first.key.conversation_id, first.text) == (ANA, "news", "hello")
    assert (first.content, first.message_id) == ('{"é":[1,null]}', "p1")
    assert (first.position, first.state) == (Position("orders", 7), {"operator": "Eve"})
    assert (second.content, second.ttl and second.ttl.seconds) == ("[]", 60)
    assert third.ephemeral


def test_a_message_without_an_id_is_given_one(queue: Queue) -> None:
    publisher = Publisher(queue.url, queue)
    names = [publisher.push(ANA, "x"), publisher.push(ANA, "x")]
    found = [pushes.read(pushes.decode(each["Body"])).message_id for each in queue.messages()]
    assert found == names
    assert len(set(names)) == 2


def test_the_queue_itself_drops_what_is_sent_twice_at_once(queue: Queue) -> None:
    publisher = Publisher(queue.url, queue)
    for _ in range(2):
        publisher.push(ANA, "x", message_id="p1")
        publisher.push(ANA, "y", source="orders", position=1)
        publisher.push(BEN, "z", message_id="p1")
        publisher.push(ANA, "w", message_id="p1", conversation_id="news")
    assert sorted(queue.texts()) == ["w", "x", "y", "z"]


def test_a_users_messages_are_of_one_group_in_their_order(queue: Queue) -> None:
    publisher = Publisher(queue.url, queue)
    told = [PushMessage(user_id=user, text=f"{user} {n}") for n in range(30) for user in (ANA, BEN)]
    assert publisher.push_all(told) == 60
    found = queue.messages()
    for user in (ANA, BEN):
        of_user = [each for each in found if each["Attributes"]["MessageGroupId"] == user]
        texts = [pushes.read(pushes.decode(each["Body"])).text for each in of_user]
        assert texts == [f"{user} {n}" for n in range(30)]


def test_ten_users_go_in_one_request(queue: Queue) -> None:
    messages = [PushMessage(user_id=f"user:a:{n}", text="x") for n in range(25)]
    Publisher(queue.url, queue).push_all(messages)
    assert queue.requests == [10, 10, 5]


def test_a_request_is_never_larger_than_sqs_takes(queue: Queue) -> None:
    messages = [PushMessage(user_id=f"user:a:{n}", text="é" * 60_000) for n in range(5)]
    Publisher(queue.url, queue).push_all(messages)
    assert queue.requests == [2, 2, 1]


def test_nothing_of_a_user_overtakes_what_sqs_refused(queue: Queue) -> None:
    publisher = Publisher(queue.url, queue)
    told = [
        PushMessage(user_id=user, text=f"{user[:7]} {n}", message_id=str(n))
        for n in range(4)
        for user in (ANA, BEN)
    ]
    queue.refused = {f"{ANA[:7]} 1"}
    with pytest.raises(NotPublished) as failure:
        publisher.push_all(told)
    assert failure.value.ids == {"1": "InternalError"}
    queue.refused = set()
    publisher.push_all(told)
    texts = queue.texts()
    assert [each for each in texts if each.startswith(ANA[:7])] == [
        f"{ANA[:7]} {n}" for n in range(4)
    ]
    assert len(texts) == 8


def test_what_was_given_no_id_is_known_again_when_it_is_pushed_again(queue: Queue) -> None:
    told = [PushMessage(user_id=f"user:a:{n}", text=f"text {n}") for n in range(6)]
    publisher = Publisher(queue.url, queue)
    queue.refused = {"text 2"}
    with pytest.raises(NotPublished) as failure:
        publisher.push_all(told)
    assert set(failure.value.ids) == {told[2].message_id}
    queue.refused = set()
    publisher.push_all(told[2:])
    assert sorted(queue.texts()) == [f"text {n}" for n in range(6)]


@given(st.text(min_size=1, max_size=200))
def test_the_function_gives_a_user_the_same_group_as_the_backend(user: str) -> None:
    assert group_of(user) == fit_for_sqs(user)


def test_what_is_no_json_is_not_sent(queue: Queue) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Publisher(queue.url, queue).push(ANA, content=float("nan"))
    assert queue.messages() == []


# ---- the command


def test_a_push_to_a_stack_lies_in_its_queue(
    stack: str, aws: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--stack", stack, "--conversation", "news", "--id", "p1", "--", ANA, "--hello"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "pushed as p1\n"
    deployment = of_stack(stack)
    (message,) = deployment.sqs().receive_message(QueueUrl=deployment.push_queue)["Messages"]
    push = pushes.read(pushes.decode(message["Body"]))
    assert (push.key.conversation_id, push.text) == ("news", "--hello")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--", "somebody", "hello"], "userId: "),
        (["--conversation", "no name", "--", ANA, "hello"], "conversationId: "),
        (["--id", "x" * 129, "--", ANA, "hello"], "id: "),
        (["--id", "", "--", ANA, "hello"], "id: "),
        (["--", ANA, "x" * 64_001], "text: "),
    ],
)
def test_what_would_be_set_aside_is_not_said_to_be_pushed(
    stack: str, aws: str, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert_refused(main, stack, words, f"push: {said}", capsys)


def test_what_cannot_be_pushed_is_said_in_one_line(
    stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = of_stack(stack)
    assert main(["--stack", stack, "--", ANA, ""]) == 1
    assert capsys.readouterr().err == "push: there is nothing to say: give a text\n"
    deployment.sqs().delete_queue(QueueUrl=deployment.push_queue)
    assert main(["--stack", stack, "--", ANA, "hello"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("push: queue: ")
