"""The function that writes replies: an order in, the end of a turn out, to all devices."""

import io
import json
from collections.abc import Generator
from functools import partial
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.errors import BotFailed, StoreUnavailable
from bot.models import ConversationKey, Order, Outcome, Usage
from bot.replies.answering import in_pieces
from bot.replies.budget import Budget
from bot.replies.replying import Replying
from bot.replies.spending import Spending
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from delivery.audience import LiveAudience
from delivery.fan_out import FanOut
from delivery.starting import event_of, order_of
from handlers import reply
from handlers.setup.apps import ReplyApp
from tests.support.backend import Backend
from tests.support.clock import Ids
from tests.support.stores import Wrapped
from tests.support.streams import LEASE, Talking, repeating
from tests.support.turns import ANA, BEN, MAIN
from tests.support.workers import Orders, Worker, no_pause

API_GATEWAY_BYTES = 32 * 1024
_ids = Ids("writer")


class Context:
    """Lambda's context, with so many seconds left."""

    def __init__(self, seconds: float = 300) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """See Lambda."""
        return int(self._seconds * 1_000)


def app(
    backend: Backend, bot: Any = None, store: Any = None, budget: Budget | None = None
) -> ReplyApp:
    """The function on a backend's stores and sender."""
    store = store or backend.conversations
    replying = Replying(
        store=store,
        log=Log(store, backend.clock),
        cache=TailCache(),
        bot=in_pieces(bot or Talking(repeating)),
        audience=partial(LiveAudience, backend.sender, backend.connections, backend.clock),
        lease=LEASE,
        clock=backend.clock,
        new_id=_ids,
        pause=no_pause,
        spending=(
            Spending(budget, backend.connections, backend.clock, no_pause) if budget else None
        ),
    )
    fan_out = FanOut(backend.sender, backend.connections, backend.clock)
    metrics = Metrics(namespace="Parley", service="parley")
    return ReplyApp(replying, fan_out, Logger(), metrics, backend.clock)


def accepted(backend: Backend, text: str = "secret words", devices: int = 2) -> dict[str, Any]:
    """The event of a message that was just accepted from the first of Ana's devices."""
    for number in range(devices):
        backend.connect(ANA, f"a{number}")
    backend.connect(BEN, "b0")
    orders = Orders()
    user = Worker(backend.conversations, backend.clock, bot=Talking(repeating), starter=orders)
    seq = user.seqs()[-1] + 1 if user.seqs() else 1
    user.say(f"m{seq}", text)
    (order,) = orders.made
    return event_of(Order(order.key, order.seq, order.epoch, order.owner, "a0" if devices else ""))


def test_the_end_of_a_reply_reaches_all_of_the_users_devices(
    backend: Backend, logged: io.StringIO
) -> None:
    event = accepted(backend)
    reply.answer(app(backend), event, Context())
    ends = [
        [frame for frame in backend.got(each) if frame["type"] == "turn"] for each in ["a0", "a1"]
    ]
    assert ends[0] == ends[1]
    (end,) = ends[0]
    assert (end["turn"]["reply"], end["turn"]["status"]) == ("secret words ", "done")
    assert backend.got("b0") == []
    assert '"status":"done"' in logged.getvalue().replace(" ", "")
    assert "secret" not in logged.getvalue()


def test_an_order_that_comes_again_is_no_ones_business(
    backend: Backend, logged: io.StringIO
) -> None:
    event = accepted(backend)
    reply.answer(app(backend), event, Context())
    backend.got("a0")
    reply.answer(app(backend), event, Context())
    assert backend.got("a0") == []
    assert "nothing to write" in logged.getvalue()


def expiring(backend: Backend) -> dict[str, Any]:
    """An order of one whose credential runs out in 5 seconds, and who has another device."""
    event = accepted(backend)
    backend.connect(ANA, "expiring", backend.clock().timestamp() + 5)
    return {**event, "connectionId": "expiring"}


def test_who_asked_is_not_told_the_end_after_the_credential_has_run_out(backend: Backend) -> None:
    def long(snapshot: Any, message: Any, call: Any) -> Generator[str, None, None]:
        yield "secret "
        backend.clock.advance(seconds=5)
        yield "words"

    event = expiring(backend)
    reply.answer(app(backend, Talking(long)), event, Context())
    assert [frame for frame in backend.got("expiring") if frame["type"] == "turn"] == []
    assert backend.got("a1")[-1]["turn"]["reply"] == "secret words"


def test_who_asked_is_told_nothing_of_a_later_attempt_once_the_credential_has_run_out(
    backend: Backend,
) -> None:
    event = expiring(backend)
    turn = backend.conversations.turn(MAIN, 1)
    assert turn
    backend.conversations.claim(MAIN, turn, "dead", backend.clock().timestamp() + 1)
    backend.clock.advance(seconds=60)
    reply.answer(app(backend), event, Context())
    assert backend.got("expiring") == []
    assert backend.got("a1")[-1]["turn"]["reply"] == "secret words "


def metrics_in(output: str) -> dict[str, float]:
    """The metrics that a function has printed."""
    found: dict[str, float] = {}
    for line in output.splitlines():
        if '"_aws"' in line:
            said = json.loads(line)
            names = [m["Name"] for m in said["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
            found |= {name: said[name][0] for name in names}
    return found


def test_over_budget_all_devices_are_told_and_no_failure_is_counted(
    backend: Backend, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    bot = Talking(repeating)
    function = app(backend, bot, budget=Budget(turns_per_minute=1))
    reply.answer(function, accepted(backend), Context())
    backend.got("a0"), backend.got("a1")
    capsys.readouterr()
    reply.answer(function, accepted(backend), Context())
    for device in ("a0", "a1"):
        (end,) = [frame for frame in backend.got(device) if frame["type"] == "turn"]
        assert (end["turn"]["status"], end["turn"]["failure"]) == ("failed", "over_budget")
    assert len(bot.asked) == 1
    assert "turns a minute" in logged.getvalue()
    counted = metrics_in(capsys.readouterr().out)
    assert (counted["RepliesOverBudget"], counted["RepliesFailed"]) == (1, 0)


def test_what_a_failed_reply_has_cost_is_measured_and_why_is_logged(
    backend: Backend, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(snapshot: Any, message: Any, call: Any) -> Generator[str, None, Outcome]:
        call.used(Usage(11, 22))
        yield "x"
        raise BotFailed("503 SomeCode")

    reply.answer(app(backend, Talking(failing)), accepted(backend), Context())
    counted = metrics_in(capsys.readouterr().out)
    assert (counted["InputTokens"], counted["OutputTokens"]) == (11, 22)
    assert counted["RepliesFailed"] == 1
    assert "BotFailed: 503 SomeCode" in logged.getvalue()


def test_a_large_reply_goes_in_frames_that_api_gateway_takes(backend: Backend) -> None:
    def stream(snapshot: Any, message: Any, call: Any) -> Generator[str, None, Outcome]:
        yield "🎉" * 60_000
        return Outcome({}, Usage(1, 2))

    event = accepted(backend)
    turn = backend.conversations.turn(MAIN, 1)
    assert turn
    backend.conversations.claim(MAIN, turn, "dead", 0.0)
    sizes: list[int] = []
    send = backend.memory.send

    def measured(connection_id: str, frame: bytes) -> None:
        sizes.append(len(frame))
        send(connection_id, frame)

    backend.memory.send = measured  # type: ignore[method-assign]
    reply.answer(app(backend, Talking(stream)), event, Context())
    frames = backend.got("a1")
    first = next(n for n, frame in enumerate(frames) if frame["type"] == "turn")
    shown = frames[first]["turn"]
    rest = frames[first + 1 :]
    assert shown["replyLength"] == 60_000
    assert shown["reply"] + "".join(frame["text"] for frame in rest) == "🎉" * 60_000
    assert {frame["attempt"] for frame in rest} == {2}, "no device drops it as an earlier one's"
    assert max(sizes) < API_GATEWAY_BYTES


def test_who_cannot_be_told_does_not_undo_the_turn(backend: Backend, logged: io.StringIO) -> None:
    event = accepted(backend)

    def down(*args: Any) -> Any:
        raise StoreUnavailable("down")

    backend.connections.live = down  # type: ignore[assignment, method-assign]
    reply.answer(app(backend), event, Context())
    turn = backend.conversations.turn(MAIN, 1)
    assert turn
    assert turn.reply == "secret words "
    assert "told in part" in logged.getvalue()
    assert "secret" not in logged.getvalue()


def test_a_reply_that_cannot_be_kept_is_lambdas_to_try_again(backend: Backend) -> None:
    class Down(Wrapped):
        def __getattr__(self, name: str) -> Any:
            if name == "complete":
                raise StoreUnavailable("down")
            return super().__getattr__(name)

    event = accepted(backend)
    with pytest.raises(StoreUnavailable):
        reply.answer(app(backend, store=Down(backend.conversations)), event, Context())
    assert not [frame for frame in backend.got("a1") if frame["type"] == "turn"]
    backend.clock.advance(seconds=LEASE.total_seconds())
    reply.answer(app(backend), event, Context())
    assert [f["turn"]["status"] for f in backend.got("a1") if f["type"] == "turn"] == ["done"]


def test_a_reply_ends_while_there_is_still_time_to_tell(backend: Backend) -> None:
    asked: list[float] = []

    def stream(snapshot: Any, message: Any, call: Any) -> Generator[str, None, Outcome]:
        asked.append(call.seconds_left())
        yield "x"
        return Outcome()

    reply.answer(app(backend, Talking(stream)), accepted(backend), Context(300))
    assert asked == [300 - reply.MARGIN.total_seconds()]


def test_a_reply_whose_user_has_left_is_kept_all_the_same(backend: Backend) -> None:
    event = accepted(backend, devices=0)
    reply.answer(app(backend), event, Context())
    turn = backend.conversations.turn(MAIN, 1)
    assert turn
    assert turn.reply == "secret words "


def test_an_order_survives_its_way() -> None:
    order = Order(ConversationKey(ANA, "é-main"), 9_999_999_999, "e1", "owner", "c1=")
    assert order_of(event_of(order)) == order


@pytest.mark.parametrize("event", [{}, {"userId": ANA}, {"seq": 1}], ids=str)
def test_what_is_no_order_is_refused(backend: Backend, event: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        reply.answer(app(backend), event, Context())


@pytest.mark.parametrize(("ordered_by", "known_as"), [("request=", "request="), ("", "invocation")])
def test_every_line_carries_the_id_of_the_request_that_ordered_the_reply(
    backend: Backend, logged: io.StringIO, ordered_by: str, known_as: str
) -> None:
    context: Any = Context()
    context.aws_request_id = "invocation"
    event = {**accepted(backend), "correlationId": ordered_by}
    logged.truncate(0)
    logged.seek(0)
    for _ in range(2):  # the second finds nothing to write
        reply.answer(app(backend), event, context)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["replied", "nothing to write"]
    assert {line["correlation_id"] for line in lines} == {known_as}


def test_how_long_a_reply_took_and_how_it_ended_is_measured(
    backend: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(snapshot: Any, message: Any, call: Any) -> Generator[str, None, Outcome]:
        backend.clock.advance(seconds=2)
        yield "one "
        backend.clock.advance(seconds=3)
        yield "two"
        return Outcome()

    event = accepted(backend)
    backend.clock.advance(seconds=1)
    reply.answer(app(backend, Talking(slow)), event, Context())
    measured = metrics_in(capsys.readouterr().out)
    assert (measured["FirstWordTime"], measured["TurnTime"]) == (3_000, 6_000)
    ends = ("RepliesDone", "RepliesStopped", "RepliesFailed", "RepliesOverBudget")
    assert [measured[name] for name in ends] == [1, 0, 0, 0]
    assert (measured["ConnectionsReached"], measured["SendsFailed"]) == (2, 0)
