"""The function that takes pushes: every source's batches in, turns and frames out, poison aside."""

import io
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot import limits
from bot.errors import BadRequest, Busy, StillWriting, StoreUnavailable, TooLarge
from bot.lifecycle.deletion import STEP
from bot.models import ConversationKey
from delivery.fan_out import FanOut
from delivery.push_queues import PushQueues
from handlers import push
from handlers.incoming.push_lanes import MARGIN, PATIENCE_SECONDS
from handlers.push import BatchGivenBack
from handlers.setup.apps import PushApp
from tests.support.backend import Backend
from tests.support.push_events import (
    SEQUENCE,
    kafka,
    kinesis,
    of_event_bus,
    sqs,
    sqs_record,
    told,
)
from tests.support.pushers import a_pushing
from tests.support.streams import Talking, Writer, repeating
from tests.support.turns import ANA, BEN
from tests.support.workers import Orders, Worker

MAIN = ConversationKey(ANA, "main")


def nested(levels: int) -> Any:
    """Lists and objects in one another, so many."""
    content: Any = "in the midst"
    for level in range(levels):
        content = {"in": content} if level % 2 else [content]
    return content


POISON = [
    ("no JSON", "bad_request"),
    ("[]", "bad_request"),
    ({"userId": ANA}, "bad_request"),
    ({"text": "secret"}, "bad_request"),
    (told("secret", "somebody"), "bad_request"),
    (told("secret", ttl=0), "bad_request"),
    (told("secret", conversationId="a#b"), "bad_request"),
    (told("secret" * 20_000), "too_large"),
    (told("secret", content="x" * limits.MAX_CONTENT_BYTES), "too_large"),
    (told("secret", state={"a": "x" * limits.MAX_STATE_BYTES}), "too_large"),
    (told("x" * 33_000, ephemeral=True), "too_large"),
    (told("secret", content=nested(limits.MAX_LEVELS + 1)), "too_large"),
    (told("secret", content=nested(limits.MAX_LEVELS + 1), ephemeral=True), "too_large"),
    (told("secret", state={"a": nested(limits.MAX_LEVELS)}), "too_large"),
]


class Context:
    """Lambda's context, with so many seconds left."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = list(seconds or [30.0])

    def get_remaining_time_in_millis(self) -> int:
        """See Lambda."""
        left = self._seconds.pop(0) if len(self._seconds) > 1 else self._seconds[0]
        return int(left * 1_000)


class Queues(PushQueues):
    """Queues that remember."""

    def __init__(self) -> None:
        super().__init__(lambda: None, "", "")
        self.buried: list[tuple[str, str, str, str]] = []
        self.left_at: list[str] = []
        self.waiting: list[tuple[str, str, str]] = []
        self.absences: dict[str, int] = {}
        self.down = False

    def bury(self, body: str, group: str, name: str, reason: str, left_at: str = "") -> None:
        """See delivery."""
        if self.down:
            raise StoreUnavailable("down")
        self.buried.append((body, group, name, reason))
        self.left_at.append(left_at)

    def put(self, body: str, group: str, name: str) -> None:
        """See delivery."""
        self.waiting.append((body, group, name))

    def come_again(self, receipts: Mapping[str, int]) -> None:
        """See delivery."""
        if self.down:
            raise StoreUnavailable("down")
        self.absences |= receipts


class Function:
    """The function on a backend's tables; `sleeping` is done instead of waiting."""

    def __init__(self, backend: Backend, sleeping: Callable[[], object] = lambda: None) -> None:
        self.queues = Queues()
        self.slept = 0.0
        self._sleeping = sleeping
        self.app = PushApp(
            a_pushing(backend.conversations, backend.clock),
            FanOut(backend.sender, backend.connections, backend.clock),
            self.queues,
            Logger(),
            Metrics(namespace="Parley", service="parley"),
            backend.clock,
        )

    def take(self, event: dict[str, Any], *seconds: float) -> dict[str, Any]:
        """Invoke it."""
        return push.answer(self.app, event, Context(*seconds), self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._sleeping()


@pytest.fixture
def function(backend: Backend) -> Function:
    """The function."""
    return Function(backend)


def replies(backend: Backend, user: str = ANA, conversation: str = "main") -> list[str]:
    """What a user finds, in order."""
    worker = Worker(backend.conversations, backend.clock, user_id=user)
    return [turn["reply"] for turn in worker.turns(conversationId=conversation)]


def given_back(answer: dict[str, Any]) -> list[str]:
    """What an answer names as not done."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def writing(backend: Backend, user: str = ANA) -> Callable[[], object]:
    """Have a reply being written; what ends it."""
    orders = Orders()
    Worker(
        backend.conversations,
        backend.clock,
        bot=Talking(repeating),
        starter=orders,
        user_id=user,
    ).say("m1", "hello")
    return lambda: Writer(backend.conversations, backend.clock).write(orders.made[0])


EVENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "sqs": lambda *all: sqs(*(sqs_record(n, each) for n, each in enumerate(all))),
    "kinesis": lambda *all: kinesis(all),
    "msk": lambda *all: kafka({0: all}),
    "kafka": lambda *all: kafka({0: all}, cluster=None),
}


@pytest.mark.parametrize("source", EVENTS)
def test_a_batch_becomes_turns_in_its_order_and_reaches_every_device(
    backend: Backend, function: Function, source: str, logged: io.StringIO
) -> None:
    backend.connect(ANA, "phone")
    backend.connect(ANA, "laptop")
    backend.connect(BEN, "other")
    event = EVENTS[source](*(told(f"secret {number}") for number in range(5)))
    assert given_back(function.take(event)) == []
    assert replies(backend) == [f"secret {number}" for number in range(5)]
    for device in ("phone", "laptop"):
        frames = backend.got(device)
        assert [frame["turn"]["seq"] for frame in frames] == [1, 2, 3, 4, 5]
        assert {frame["type"] for frame in frames} == {"turn"}
    assert backend.got("other") == []
    assert "secret" not in logged.getvalue()
    assert ANA not in logged.getvalue()


@pytest.mark.parametrize("source", EVENTS)
def test_a_batch_that_comes_again_changes_nothing(
    backend: Backend, function: Function, source: str
) -> None:
    backend.connect(ANA, "phone")
    event = EVENTS[source](told("one"), told("two"), told("three"))
    function.take(event)
    backend.got("phone")
    Function(backend).take(event)
    assert replies(backend) == ["one", "two", "three"]
    assert [frame["turn"]["seq"] for frame in backend.got("phone")] == [3], (
        "the newest is told again: nothing behind it would show that it was missed"
    )


@pytest.mark.parametrize("source", EVENTS)
@pytest.mark.parametrize(("poison", "code"), POISON, ids=[str(n) for n in range(len(POISON))])
def test_poison_fails_alone(
    backend: Backend,
    function: Function,
    source: str,
    poison: Any,
    code: str,
    logged: io.StringIO,
) -> None:
    answer = function.take(EVENTS[source](told("one"), poison, told("two")))
    assert given_back(answer) == []
    assert replies(backend) == ["one", "two"]
    ((body, _, name, reason),) = function.queues.buried
    assert body == (poison if isinstance(poison, str) else json.dumps(poison))
    assert name
    assert reason.startswith(f"{code}: ")
    assert "secret" not in reason
    assert "secret" not in logged.getvalue()
    assert f'"{code}":1' in logged.getvalue().replace(" ", "")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("sqs", ""),
        ("kinesis", f"shardId-000000000006:{SEQUENCE}"),
        ("msk", "parley.push-0-0"),
        ("kafka", "parley.push-0-0"),
    ],
)
def test_poison_is_said_where_it_can_be_read_again(
    function: Function, source: str, place: str
) -> None:
    function.take(EVENTS[source]("no JSON"))
    assert function.queues.left_at == [place]


def test_what_is_no_text_is_poison(backend: Backend, function: Function) -> None:
    function.take(kafka({0: [b"\xff\xfe", None, told("good")]}))
    assert replies(backend) == ["good"]
    assert [body for body, *_ in function.queues.buried] == ["//4=", ""]


def test_what_nobody_expected_is_poison_too(
    backend: Backend, function: Function, logged: io.StringIO
) -> None:
    append = backend.conversations.append

    def failing(key: Any, turn: Any) -> Any:
        if turn.reply == "secret":
            raise ArithmeticError("secret")
        return append(key, turn)

    backend.conversations.append = failing  # type: ignore[method-assign]
    function.take(EVENTS["sqs"](told("one"), told("secret"), told("two")))
    assert replies(backend) == ["one", "two"]
    assert [reason for *_, reason in function.queues.buried] == ["unexpected: ArithmeticError"]
    assert "secret" not in logged.getvalue()


def test_poison_that_cannot_be_put_aside_comes_again(backend: Backend, function: Function) -> None:
    function.queues.down = True
    event = EVENTS["sqs"](told("one"), "poison", told("two"))
    assert given_back(function.take(event)) == ["message-1", "message-2"]
    function.queues.down = False
    assert given_back(function.take(event)) == []
    assert replies(backend) == ["one", "two"]


# ---- what has to wait


def test_behind_a_reply_that_is_being_written_a_group_is_given_back_and_no_other(
    backend: Backend, function: Function
) -> None:
    finish = writing(backend)
    event = sqs(
        sqs_record(1, told("a1"), received=3),
        sqs_record(2, told("b1", BEN), BEN),
        sqs_record(3, told("a2"), received=1),
        sqs_record(4, told("b2", BEN), BEN),
    )
    assert given_back(function.take(event)) == ["message-1", "message-3"]
    assert replies(backend, BEN) == ["b1", "b2"]
    assert function.slept == pytest.approx(PATIENCE_SECONDS, abs=0.3)
    assert function.queues.absences == {"receipt-1": 8, "receipt-3": 8}, "together, in order"
    finish()
    assert given_back(function.take(event)) == []
    assert replies(backend) == ["hello ", "a1", "a2"]
    assert replies(backend, BEN) == ["b1", "b2"]


def test_a_reply_that_ends_soon_is_waited_for(backend: Backend) -> None:
    finish = writing(backend)
    function = Function(backend, finish)
    assert given_back(function.take(EVENTS["kinesis"](told("a1"), told("a2")))) == []
    assert replies(backend) == ["hello ", "a1", "a2"]


def test_a_stream_is_given_back_from_the_first_that_has_to_wait(
    backend: Backend, function: Function
) -> None:
    finish = writing(backend)
    event = kinesis([told("b1", BEN), told("a1"), told("b2", BEN)])
    numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    assert given_back(function.take(event)) == numbers[1:]
    assert replies(backend, BEN) == ["b1"]
    finish()
    again = {"Records": event["Records"][1:]}
    assert given_back(function.take(again)) == []
    assert (replies(backend), replies(backend, BEN)) == (["hello ", "a1"], ["b1", "b2"])


def test_kafka_gets_the_whole_batch_back_and_nothing_is_doubled(
    backend: Backend, function: Function
) -> None:
    finish = writing(backend)
    event = kafka({0: [told("b1", BEN), told("a1"), told("b2", BEN)], 1: [told("b3", BEN)]})
    with pytest.raises(BatchGivenBack):
        function.take(event)
    assert replies(backend, BEN) == ["b1", "b3"], "the other partition is done"
    finish()
    function.take(event)
    assert replies(backend) == ["hello ", "a1"]
    assert replies(backend, BEN) == ["b1", "b3", "b2"]


def test_what_there_is_no_time_for_is_given_back(backend: Backend, function: Function) -> None:
    event = EVENTS["sqs"](*(told(str(number)) for number in range(4)))
    assert given_back(function.take(event, 60, 60, 60, MARGIN.total_seconds() - 1)) == [
        "message-2",
        "message-3",
    ]
    assert replies(backend) == ["0", "1"]


def test_a_batch_that_comes_with_little_time_gets_somewhere(
    backend: Backend, function: Function
) -> None:
    event = EVENTS["sqs"](*(told(str(number)) for number in range(3)))
    assert given_back(function.take(event, 1, 1, 0.6, 0.4)) == ["message-2"]
    assert replies(backend) == ["0", "1"]


WAYS: dict[str, dict[str, Any]] = {
    "sqs": sqs(sqs_record(1, told("new"))),
    "event": of_event_bus(told("new")),
    "invocation": told("new", id="p1"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_deletion_that_takes_long_outlasts_no_function(
    backend: Backend, function: Function, way: str
) -> None:
    user = Worker(backend.conversations, backend.clock)
    for number in range(3 * STEP):
        user.say(f"m{number}")
    user.handle("delete")  # what may wait until the answer is sent is left undone
    following, until = backend.conversations.following, backend.clock() + timedelta(seconds=30)

    def slow(*of: Any) -> Any:
        backend.clock.advance(seconds=9)
        return following(*of)

    class Lambda:
        def get_remaining_time_in_millis(self) -> int:
            return int((until - backend.clock()).total_seconds() * 1_000)

    backend.conversations.following = slow  # type: ignore[assignment, method-assign]
    with suppress(Busy):
        push.answer(function.app, WAYS[way], Lambda(), function._sleep)
    assert backend.clock() < until, "it was not killed: what else is in its batch need not wait"
    assert len(function.queues.waiting) == (way == "event")
    assert len(function.queues.absences) == (way == "sqs")


def test_while_the_tables_are_down_all_comes_again(backend: Backend, function: Function) -> None:
    event = EVENTS["sqs"](told("one"), told("two"))
    append = backend.conversations.append

    def down(*args: Any) -> Any:
        raise StoreUnavailable("down")

    backend.conversations.append = down  # type: ignore[assignment, method-assign]
    assert given_back(function.take(event)) == ["message-0", "message-1"]
    assert function.slept == 0
    backend.conversations.append = append  # type: ignore[method-assign]
    assert given_back(function.take(event)) == []
    assert function.queues.buried == []


def test_what_cannot_be_told_when_to_come_again_comes_by_itself(
    backend: Backend, function: Function
) -> None:
    writing(backend)
    function.queues.down = True
    assert given_back(function.take(EVENTS["sqs"](told("one")))) == ["message-0"]


def test_a_push_that_often_came_comes_again_later_but_not_too_late(
    backend: Backend, function: Function
) -> None:
    writing(backend)
    for received, seconds in [(1, 2), (2, 4), (4, 16), (5, 30), (49, 30)]:
        function.take(sqs(sqs_record(1, told("one"), received=received)))
        assert function.queues.absences == {"receipt-1": seconds}


# ---- sources


def test_two_groups_of_one_queue_do_not_take_each_others_place(
    backend: Backend, function: Function
) -> None:
    """Only within a group do the numbers of a queue keep its order."""
    function.take(sqs(sqs_record(9, told("late"), "one")))
    function.take(sqs(sqs_record(5, told("early"), "other")))
    assert replies(backend) == ["late", "early"]


def test_shards_partitions_topics_and_clusters_count_for_themselves(
    backend: Backend, function: Function
) -> None:
    events = [
        kinesis([told("1")], 9),
        kinesis([told("2")], 5, "shardId-000000000007"),
        kafka({0: [told("3")]}, 9),
        kafka({1: [told("4")]}, 5),
        kafka({0: [told("5")]}, 5, cluster=None),
        kafka({0: [told("6")]}, 5, cluster="arn:aws:kafka:eu-west-1:1:cluster/other/1"),
    ]
    for event in events * 2:
        function.take(event)
    assert replies(backend) == ["1", "2", "3", "4", "5", "6"]


def test_brokers_may_be_named_in_any_order(backend: Backend, function: Function) -> None:
    event = kafka({0: [told("one")]}, cluster=None)
    function.take(event)
    brokers = event["bootstrapServers"].split(",")
    function.take({**event, "bootstrapServers": ",".join(reversed(brokers))})
    assert replies(backend) == ["one"]


def test_a_position_of_its_own_goes_before_the_queues(backend: Backend, function: Function) -> None:
    for number in (1, 2):
        function.take(sqs(sqs_record(number, told("one", source="orders", position=7))))
    assert replies(backend) == ["one"]


def test_an_id_is_known_again_under_another_position(backend: Backend, function: Function) -> None:
    for number in (1, 2):
        function.take(sqs(sqs_record(number, told("one", id="p1"))))
    assert replies(backend) == ["one"]


# ---- EventBridge


def test_an_event_is_pushed_once_by_its_own_id(backend: Backend, function: Function) -> None:
    for _ in range(3):
        assert function.take(of_event_bus(told("one"))) == {}
    function.take(of_event_bus(told("two"), "another"))
    assert replies(backend) == ["one", "two"]


def test_the_lag_of_an_event_is_known_by_its_time(
    backend: Backend, function: Function, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = backend.clock() - timedelta(minutes=30)
    function.take({**of_event_bus(told("one")), "time": f"{sent:%Y-%m-%dT%H:%M:%SZ}"})
    assert f'"PushLag":[{30 * 60_000}.0]' in capsys.readouterr().out
    event = of_event_bus(told("two"), "another")
    for time in ({}, {"time": None}, {"time": "yesterday"}):
        function.take({name: event[name] for name in event if name != "time"} | time)
    assert "PushLag" not in capsys.readouterr().out


def test_an_event_behind_a_reply_waits_in_the_queue(backend: Backend, function: Function) -> None:
    finish = writing(backend)
    function.take(of_event_bus(told("one"), "event-1"))
    ((body, group, name),) = function.queues.waiting
    assert (group, name) == (ANA, "event-1")
    finish()
    function.take(sqs(sqs_record(1, body)))
    function.take(of_event_bus(told("one"), "event-1"))
    assert replies(backend) == ["hello ", "one"]


def test_an_event_that_is_none_is_put_aside(backend: Backend, function: Function) -> None:
    function.take(of_event_bus({"userId": ANA}))
    function.take(of_event_bus(told("one", source="orders", position=7)))
    assert [reason.partition(":")[0] for *_, reason in function.queues.buried] == [
        "bad_request",
        "bad_request",
    ]
    assert replies(backend) == []


def test_an_event_comes_again_while_the_tables_are_down(
    backend: Backend, function: Function
) -> None:
    def down(*args: Any) -> Any:
        raise StoreUnavailable("down")

    backend.conversations.append = down  # type: ignore[assignment, method-assign]
    with pytest.raises(StoreUnavailable):
        function.take(of_event_bus(told("one")))


# ---- invocation


def test_whoever_invokes_it_is_told_what_became_of_it(backend: Backend, function: Function) -> None:
    backend.connect(ANA, "phone")
    first = function.take(told("one", id="p1"))
    assert first["epoch"]
    assert first == {
        "conversationId": "main",
        "epoch": first["epoch"],
        "seq": 1,
        "fresh": True,
        "reached": 1,
    }
    assert function.take(told("one", id="p1")) == {**first, "fresh": False}
    function.take(told("two", source="s", position=2))
    assert function.take(told("zero", source="s", position=1))["seq"] is None


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, BadRequest),
        (told("one"), BadRequest),
        (told("one", id="p1", conversationId="#"), BadRequest),
        (told("x" * 64_001, id="p1"), TooLarge),
        ([told("one", id="p1")], BadRequest),
        (None, BadRequest),
    ],
    ids=["nothing", "no id", "a wrong name", "too long", "several", "null"],
)
def test_whoever_invokes_it_wrongly_is_told_why(
    function: Function, event: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        function.take(event)
    assert function.queues.buried == []


def test_whoever_invokes_it_while_a_reply_is_written_is_told_so(
    backend: Backend, function: Function
) -> None:
    writing(backend)
    with pytest.raises(StillWriting):
        function.take(told("one", id="p1"))
    assert issubclass(StillWriting, Busy)


# ---- who is there


def test_what_is_ephemeral_reaches_who_is_there_and_is_kept_nowhere(
    backend: Backend, function: Function
) -> None:
    backend.connect(ANA, "phone")
    writing(backend)
    backend.got("phone")
    event = EVENTS["sqs"](
        told("typing", ephemeral=True, id="e1", content={"a": 1}),
        {"userId": ANA, "conversationId": "other", "content": [1], "ephemeral": True},
    )
    assert given_back(function.take(event)) == [], "it waits for no reply"
    first, second = backend.got("phone")
    assert first == {
        "type": "event",
        "conversationId": "main",
        "id": "e1",
        "text": "typing",
        "content": {"a": 1},
    }
    assert second == {
        "type": "event",
        "conversationId": "other",
        "id": second["id"],
        "content": [1],
    }
    assert second["id"].startswith("sqs:")
    assert replies(backend, conversation="other") == []
    assert function.take(told("x", ephemeral=True)) == {"conversationId": "main", "reached": 1}


def test_a_connection_that_is_gone_is_marked_by_its_own_key_and_nothing_is_lost(
    backend: Backend, function: Function
) -> None:
    for device in ("dead", "alive"):
        backend.connect(ANA, device)
    backend.clock.advance(minutes=5)
    backend.connect(ANA, "opening")
    backend.memory.gone |= {"dead", "opening"}
    function.take(EVENTS["sqs"](told("one"), told("two")))
    assert [frame["turn"]["reply"] for frame in backend.got("alive")] == ["one", "two"]
    active = {each.connection_id for each in backend.connections.active(ANA)}
    assert active == {"alive", "opening"}, "the row of a handshake comes before its connection"
    assert replies(backend) == ["one", "two"]


def down(*of: Any) -> Any:
    """A table that does not answer."""
    raise StoreUnavailable("down")


def test_a_push_that_could_not_be_told_comes_again_and_is_told_then(
    backend: Backend, function: Function, logged: io.StringIO
) -> None:
    backend.connect(ANA, "phone")
    live = backend.connections.live
    backend.connections.live = down  # type: ignore[assignment, method-assign]
    event = EVENTS["sqs"](told("secret"), told("two"))
    assert given_back(function.take(event)) == ["message-0", "message-1"]
    assert replies(backend) == ["secret"]
    assert "told in part" in logged.getvalue()
    assert "secret" not in logged.getvalue()
    backend.connections.live = live  # type: ignore[method-assign]
    assert given_back(function.take(event)) == []
    assert [frame["turn"]["reply"] for frame in backend.got("phone")] == ["secret", "two"]


def test_a_conversation_that_could_not_be_noted_is_in_the_list_in_the_end(
    backend: Backend, function: Function
) -> None:
    note = backend.conversations.note_conversation
    backend.conversations.note_conversation = down  # type: ignore[assignment, method-assign]
    event = EVENTS["sqs"](told("one", conversationId="feed"), told("two", conversationId="feed"))
    assert given_back(function.take(event)) == ["message-0", "message-1"]
    backend.conversations.note_conversation = note  # type: ignore[method-assign]
    assert given_back(function.take(event)) == []
    backend.connect(ANA, "phone")
    (listed,) = backend.ask(ANA, "phone", {"action": "conversations"})
    (entry,) = listed["conversations"]
    assert (entry["conversationId"], entry["head"]) == ("feed", 2)


def test_what_nobody_expected_while_telling_does_not_undo_the_turn(
    backend: Backend, function: Function, logged: io.StringIO
) -> None:
    def broken(*of: Any) -> Any:
        raise RuntimeError("secret")

    backend.connections.live = broken  # type: ignore[assignment, method-assign]
    assert given_back(function.take(EVENTS["sqs"](told("secret")))) == []
    assert replies(backend) == ["secret"]
    assert "told in part" in logged.getvalue()
    assert "secret" not in logged.getvalue()


def test_no_post_moves_the_cursor(backend: Backend, function: Function) -> None:
    backend.connect(ANA, "phone")
    function.take(EVENTS["sqs"](told("one"), told("two")))
    assert len(backend.got("phone")) == 2
    (entry,) = backend.ask(ANA, "phone", {"action": "conversations"})[0]["conversations"]
    assert (entry["read"], entry["unread"]) == (0, 2)
    backend.ask(ANA, "phone", {"action": "read", "seq": 2})
    function.take(told("three", id="p3"))
    (entry,) = backend.ask(ANA, "phone", {"action": "conversations"})[-1]["conversations"]
    assert (entry["read"], entry["unread"]) == (2, 1)


def test_every_line_carries_lambdas_id_of_the_invocation(
    function: Function, logged: io.StringIO
) -> None:
    context: Any = Context()
    context.aws_request_id = "invocation"
    push.answer(function.app, told("hello", id="p1"), context)
    (line,) = map(json.loads, logged.getvalue().splitlines())
    assert line["correlation_id"] == "invocation"


def test_a_push_that_came_by_no_source_has_no_lag(
    function: Function, capsys: pytest.CaptureFixture[str]
) -> None:
    function.take(told("hello", id="p1"))
    assert '"Pushes"' in (measured := capsys.readouterr().out)
    assert "PushLag" not in measured
