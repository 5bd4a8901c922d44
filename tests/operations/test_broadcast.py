"""The broadcaster's door, the command, and how far a broadcast has come."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from bot.push import broadcasts
from bot.push.broadcast_steps import STEP_USERS, Done, Step
from delivery import broadcast_queues
from operations import broadcaster
from operations.broadcast import main
from operations.broadcaster import Broadcaster
from operations.deployment import of_stack
from operations.progress import main as progress
from store.dynamo.broadcasts import DynamoBroadcastLog
from store.dynamo.table import Table
from tests.operations.refusing import assert_refused
from tests.support import engine
from tests.support.clock import START
from tests.support.turns import ANA, BEN

FIFO = {"FifoQueue": "true", "VisibilityTimeout": "0"}


class Queue:
    """A FIFO queue."""

    def __init__(self, client: Any, url: str) -> None:
        self.client = client
        self.url = url

    def steps(self) -> list[Step]:
        """All that it holds, in order."""
        found: list[Step] = []
        while got := self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", []):
            for each in got:
                assert each["Attributes"]["MessageGroupId"] == broadcast_queues.GROUP
                assert len(each["Body"].encode()) <= 262_144
                found.append(broadcasts.read(each["Body"]))
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return found


@pytest.fixture
def queue() -> Iterator[Queue]:
    """SQS as moto has it."""
    with mock_aws():
        client = engine.new_client("sqs")
        url = client.create_queue(QueueName="broadcast.fifo", Attributes=FIFO)["QueueUrl"]
        yield Queue(client, url)


def test_all_who_are_active_are_meant_by_saying_so(queue: Queue) -> None:
    door = Broadcaster(queue.url, queue.client)
    name = door.to_active("hello", content={"é": 1}, conversation_id="news", ttl=60)
    (step,) = queue.steps()
    fields = {"conversationId": "news", "text": "hello", "content": {"é": 1}, "ttl": 60}
    assert step == Step(name, fields)


def test_a_list_goes_in_steps_that_name_everybody_once(queue: Queue) -> None:
    users = [f"user:a:{number}" for number in range(2 * STEP_USERS + 7)]
    Broadcaster(queue.url, queue.client).to_users([*users, *users], "hello", broadcast_id="b1")
    steps = queue.steps()
    assert [(each.number, each.of) for each in steps] == [(1, 3), (2, 3), (3, 3)]
    assert [user for each in steps for user in each.users] == users
    assert broadcaster.USERS == STEP_USERS


def test_a_long_message_leaves_room_for_fewer_users(queue: Queue) -> None:
    users = [f"user:{'x' * 500}{number}" for number in range(600)]
    Broadcaster(queue.url, queue.client).to_users(users, "é" * 60_000)
    steps = queue.steps()
    assert [user for each in steps for user in each.users] == users
    assert len(steps) > 2


def test_what_is_sent_again_by_its_id_is_there_once(queue: Queue) -> None:
    door = Broadcaster(queue.url, queue.client)
    for _ in range(2):
        door.to_users([ANA, BEN], "hello", broadcast_id="b1")
        door.to_active("hello", broadcast_id="b2")
    assert [each.broadcast_id for each in queue.steps()] == ["b1", "b2"]


def test_a_list_of_nobody_is_no_broadcast_to_all(queue: Queue) -> None:
    Broadcaster(queue.url, queue.client).to_users([], "hello")
    assert queue.steps() == []


# ---- the commands


def test_the_command_broadcasts_to_a_stack(
    stack: str, aws: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = tmp_path / "users"
    users.write_text(f"{ANA}\n\n {BEN} \n{ANA}\n")
    where = ["--stack", stack, "--conversation", "news"]
    assert main([*where, "--id", "b1", "--users", str(users), "--", "--hello"]) == 0
    assert main([*where, "--id", "b2", "--", "hi"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "broadcast as b1 to 2 users",
        "broadcast as b2 to all who are active",
    ]
    deployment = of_stack(stack)
    client = deployment.sqs()
    found = []
    while got := client.receive_message(QueueUrl=deployment.broadcast_queue).get("Messages"):
        for each in got:
            found.append(broadcasts.read(each["Body"]))
            client.delete_message(
                QueueUrl=deployment.broadcast_queue, ReceiptHandle=each["ReceiptHandle"]
            )
    assert [each.users for each in found] == [(ANA, BEN), ()]
    assert [each.message["text"] for each in found] == ["--hello", "hi"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--id", "no name", "--", "hello"], "id: "),
        (["--id", "", "--", "hello"], "id: "),
        (["--conversation", "no name", "--", "hello"], "conversationId: "),
        (["--", "x" * 64_001], "text: "),
    ],
)
def test_what_would_be_set_aside_is_not_said_to_be_broadcast(
    stack: str, aws: str, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert_refused(main, stack, words, f"broadcast: {said}", capsys)


def test_what_cannot_be_broadcast_is_said_in_one_line(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for words, said in (
        (["--", ""], "there is nothing to say: give a text"),
        (["--users", str(empty), "--", "x"], f"{empty}: it names nobody"),
        (["--users", str(tmp_path / "no"), "--", "x"], "No such file or directory"),
    ):
        assert main(["--stack", stack, *words]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("broadcast: ")
        assert said in line


def test_an_operator_sees_how_far_it_has_come(
    stack: str, aws: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def said() -> tuple[int, str]:
        code = progress(["--stack", stack, "--", "b1"])
        return code, capsys.readouterr().out

    assert said()[0] == 1
    deployment = of_stack(stack)
    log = DynamoBroadcastLog(Table(deployment.dynamodb(), deployment.sessions_table))
    log.note("b1", Done(1, 1_500, START))
    code, line = said()
    assert (code, line) == (
        1,
        "1,500 users handed to the push queue in 1 steps since 2026-03-01T12:00:00.000Z, "
        "not finished\n",
    )
    log.note("b1", Done(2, 3, START, last=True))
    code, line = said()
    assert code == 0
    assert line.startswith("1,503 users")
    assert line.endswith(", finished 2026-03-01T12:00:00.000Z\n")


def test_the_door_needs_nothing_but_the_standard_library() -> None:
    source = Path(broadcaster.__file__).read_text()
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert imports
    assert not any(room in line for line in imports for room in ("bot", "operations", "delivery"))
