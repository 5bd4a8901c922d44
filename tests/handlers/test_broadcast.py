"""The function that takes broadcasts: steps in, pushes out, poison aside, the rest comes again."""

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.errors import StoreUnavailable
from bot.push.broadcast_steps import Step
from bot.push.broadcasting import Broadcasting
from delivery.push_queues import PushQueues
from handlers import broadcast
from handlers.setup.apps import BroadcastApp
from store.memory.broadcasts import MemoryBroadcastLog, MemoryRoll
from tests.support.clock import START, FakeClock
from tests.support.push_events import sqs, sqs_record
from tests.support.turns import ANA, BEN


class Queues(PushQueues):
    """Queues that remember, and may be down."""

    def __init__(self) -> None:
        super().__init__(lambda: None, "", "")
        self.buried: list[tuple[str, str]] = []
        self.absences: dict[str, int] = {}
        self.told: list[str] = []
        self.down = False
        self.broken = False

    def bury(self, body: str, group: str, name: str, reason: str, left_at: str = "") -> None:
        """See delivery."""
        self.buried.append((name, reason))

    def come_again(self, receipts: Mapping[str, int]) -> None:
        """See delivery."""
        if self.down:
            raise StoreUnavailable("down")
        self.absences |= receipts

    def push(self, pushes: Sequence[tuple[str, str]]) -> None:
        """See the port."""
        if self.down:
            raise StoreUnavailable("down")
        if self.broken:
            raise RuntimeError(f"secret of {pushes}")
        self.told += [user for user, _ in pushes]

    def go_on(self, step: Step) -> None:
        """See the port."""


class Invocation:
    """Lambda's context."""

    aws_request_id = "invocation"


class Function:
    """The function, and what it printed."""

    def __init__(self) -> None:
        self.queues = Queues()
        clock = FakeClock(START)
        broadcasting = Broadcasting(
            MemoryRoll(), MemoryBroadcastLog(), self.queues, 500, clock, lambda seconds: None
        )
        self.printed = io.StringIO()
        # A logger keeps the stream that the first of its name was made with.
        logger = Logger(service=f"broadcast-{uuid4()}", stream=self.printed)
        metrics = Metrics(namespace="Parley", service="parley")
        self.app = BroadcastApp(broadcasting, self.queues, logger, metrics)

    def take(self, *messages: Any, received: int = 1) -> list[str]:
        """Give it a batch; who has to come again."""
        records = [
            sqs_record(number, message, "broadcast", received)
            for number, message in enumerate(messages)
        ]
        with redirect_stdout(self.printed):
            answer = broadcast.answer(self.app, sqs(*records), Invocation())
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def measured(self, name: str) -> float:
        """What a metric came to."""
        lines = [json.loads(line) for line in self.printed.getvalue().splitlines()]
        return sum(sum(line.get(name, [0])) for line in lines)


def to(*users: str, **fields: Any) -> dict[str, Any]:
    """A broadcast to these."""
    return {"id": "b1", "message": {"text": "secret"}, "users": list(users), **fields}


@pytest.fixture
def function() -> Function:
    """A warm function."""
    return Function()


def test_a_step_is_taken_and_measured_and_nothing_of_it_is_logged(function: Function) -> None:
    assert function.take(to(ANA, BEN)) == []
    assert function.queues.told == [ANA, BEN]
    assert function.measured("BroadcastUsers") == 2
    assert (function.measured("BroadcastSteps"), function.measured("BroadcastsFinished")) == (1, 1)
    printed = function.printed.getvalue()
    assert "secret" not in printed
    assert ANA not in printed


def test_a_step_that_comes_again_is_counted_as_such(function: Function) -> None:
    function.take(to(ANA))
    function.take(to(ANA))
    assert function.queues.told == [ANA]
    assert function.measured("BroadcastStepsRepeated") == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [("no JSON", "bad_request"), (to(), "bad_request"), (to(ANA, message={}), "bad_request")],
)
def test_poison_is_put_aside_with_its_reason_and_what_follows_is_taken(
    function: Function, message: Any, code: str
) -> None:
    assert function.take(message, to(BEN)) == []
    ((name, reason),) = function.queues.buried
    assert name == "message-0"
    assert reason.startswith(f"{code}: ")
    assert function.queues.told == [BEN]
    assert function.measured("BroadcastStepsRefused") == 1
    assert "secret" not in function.printed.getvalue() + reason


def test_what_nobody_thought_of_is_put_aside_and_says_nothing_of_anyone(function: Function) -> None:
    function.queues.broken = True
    assert function.take(to(ANA)) == []
    assert function.queues.buried == [("message-0", "unexpected: RuntimeError")]
    assert "secret" not in function.printed.getvalue()


@pytest.mark.parametrize(("received", "seconds"), [(1, 2), (3, 8), (9, 30), (50, 30)])
def test_where_the_queue_is_down_all_come_again_later_each_time(
    function: Function, received: int, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    function.queues.down = True
    monkeypatch.setattr(function.queues, "come_again", function.queues.absences.update)
    assert function.take(to(ANA), to(BEN), received=received) == ["message-0", "message-1"]
    assert set(function.queues.absences.values()) == {seconds}
    assert function.queues.buried == []


def test_where_not_even_that_can_be_said_they_come_again_all_the_same(function: Function) -> None:
    function.queues.down = True
    assert function.take(to(ANA)) == ["message-0"]


def test_every_line_carries_lambdas_id_of_the_invocation(function: Function) -> None:
    function.take(to(ANA), "no JSON")
    function.queues.down = True
    function.take(to(BEN, id="b2"))
    lines = [json.loads(line) for line in function.printed.getvalue().splitlines()]
    logged = [line for line in lines if "message" in line]
    said = {"step taken", "step refused", "step given back", "given back late"}
    assert {line["message"] for line in logged} == said
    assert {line.get("correlation_id") for line in logged} == {"invocation"}
