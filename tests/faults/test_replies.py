"""Rows 28, 30 and 31 for replies that stream: their writers die, pause, and meet bad tables."""

import time
from collections.abc import Callable, Generator
from typing import Any
from uuid import uuid4

import pytest

from bot.models import ConversationKey, Message, Order, Outcome, Snapshot, Status, Turn
from bot.ports import Call, ConversationStore
from bot.replies.replying import TICK_SECONDS
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.table import Table
from store.memory.conversations import MemoryConversationStore
from tests.support import engine, hooks
from tests.support.clock import FakeClock
from tests.support.fault_report import Rows
from tests.support.hooks import Hook
from tests.support.soak import times
from tests.support.stores import Dying, Killed, Paused
from tests.support.streams import LEASE, Talking, Writer, repeating
from tests.support.turns import MAIN
from tests.support.workers import Orders, Worker

CALLS = 6
"""At least as many as a writer makes of the store."""


def ordered(store: ConversationStore, clock: FakeClock, key: ConversationKey = MAIN) -> Order:
    """The order of a message that was just accepted, the second of its conversation."""
    orders = Orders()
    user = Worker(store, clock, bot=Talking(repeating), starter=orders, user_id=key.user_id)
    user.say("m1", "first")
    Writer(store, clock).write(orders.made[0])
    user.say("m2", "one two")
    return orders.made[1]


def slow(clock: FakeClock) -> Talking:
    """A bot whose reply takes a while, so that its writer looks and renews its lease."""

    def stream(
        snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome | None]:
        for word in message.text.split():
            clock.advance(seconds=LEASE.total_seconds() * 0.6)
            time.sleep(3 * TICK_SECONDS)
            yield f"{word} "
        return Outcome({"count": int(snapshot.state.get("count", 0)) + 1})

    return Talking(stream)


def whole(turn: Turn | None, attempts: set[int]) -> None:
    """The turn has ended, once and rightly."""
    assert turn
    assert (turn.status, turn.reply, turn.state) == (Status.DONE, "one two ", {"count": 2})
    assert turn.attempt in attempts


@pytest.mark.row(31)
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("at_write", range(1, CALLS))
def test_a_writer_that_dies_at_any_write_is_replaced(applied: bool, at_write: int) -> None:
    store, clock = MemoryConversationStore(), FakeClock()
    order = ordered(store, clock)
    dying = Dying(store, at_write, applied=applied)
    try:
        Writer(dying, clock, slow(clock)).write(order)
    except Killed:
        clock.advance(seconds=LEASE.total_seconds() + 1)
    bot = Talking(repeating)
    ended = store.turn(MAIN, 2)
    was_done = ended is not None and not ended.is_pending
    Writer(store, clock, bot).write(order)
    whole(store.turn(MAIN, 2), {1, 2})
    assert len(bot.asked) == int(not was_done), "no model is called again for what is done"
    assert store.turn(MAIN, 3) is None


@pytest.mark.parametrize("at_call", range(1, CALLS + 3))
def test_a_writer_that_is_paused_anywhere_while_another_ends_it_changes_nothing(
    at_call: int,
) -> None:
    store, clock = MemoryConversationStore(), FakeClock()
    order = ordered(store, clock)
    ends: list[Turn | None] = []

    def meanwhile() -> None:
        clock.advance(seconds=LEASE.total_seconds() + 1)
        Writer(store, clock).write(order)
        ends.append(store.turn(MAIN, 2))

    paused = Paused(store, at_call, meanwhile)
    writer = Writer(paused, clock, slow(clock))
    written = writer.write(order)
    whole(store.turn(MAIN, 2), {1, 2})
    if ends:
        assert written is None
        assert ends == [store.turn(MAIN, 2)]
        assert all(each.finished is None and each.closed for each in writer.audiences)


@pytest.fixture
def user() -> str:
    """A user of this test alone."""
    return f"guest:{uuid4().hex}{uuid4().hex}"


FAULTS: dict[str, Callable[..., Any]] = {
    "lost reply": hooks.lose_the_reply,
    "lost request": hooks.never_arrive,
    "throttled": hooks.refuse("ProvisionedThroughputExceededException", 400),
    "broken": hooks.refuse("InternalServerError", 500),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("operation", ["Query", "GetItem", "UpdateItem"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("seed", range(times(1, 5)))
def test_a_table_that_fails_for_a_moment_costs_no_second_reply(
    row: Rows, user: str, fault: Any, operation: str, count: int, seed: int
) -> None:
    client = engine.running().client("dynamodb", retries={"total_max_attempts": 4})
    store, clock = DynamoConversationStore(Table(client, "SessionsTable")), FakeClock()
    key = ConversationKey(user, "main")
    order = ordered(store, clock, key)
    hook = Hook(client)
    hook.next(operation, *[fault] * count)
    bot = slow(clock)
    with row(28 if fault is hooks.lose_the_reply else 30, seed=seed) as run:
        assert Writer(store, clock, bot).write(order)
        run.inject(count - hook.unmet)
        hook.forget()
        whole(store.turn(key, 2), {1})
        assert Writer(store, clock, bot).write(order) is None
        assert len(bot.asked) == 1
