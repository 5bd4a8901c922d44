"""A reply that is stopped, takes too long, is deleted, or cannot be kept: how it ends (I2, I6)."""

from collections.abc import Generator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import Failure, Outcome, Spent, Status, Usage
from bot.ports import ConversationStore
from bot.replies.replying import COMPLETIONS
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock
from tests.support.stores import Wrapped
from tests.support.streams import (
    LEASE,
    PATIENCE_SECONDS,
    Heard,
    Talking,
    Writer,
    kept,
    ordered,
    repeating,
)
from tests.support.workers import Worker

Store = MemoryConversationStore
Stream = Generator[str, None, Outcome | None]


@pytest.mark.parametrize("stopped", [True, False])
def test_what_a_stopped_reply_and_one_that_took_too_long_have_cost_is_kept(
    store: Store, clock: FakeClock, stopped: bool
) -> None:
    order = ordered(store, clock)
    closed = Event()

    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        call.on_stop(closed.set)
        call.used(Usage(10, 7))
        yield "said "
        if stopped:
            Worker(store, clock, bot=Talking(repeating)).ask("stop", seq=1)
        while not closed.wait(0.01):
            clock.advance(seconds=1)
            yield ""
        return Outcome({}, Usage(99, 99))

    Writer(store, clock, Talking(stream)).write(order, clock() + timedelta(seconds=30))
    assert kept(store).status is (Status.STOPPED if stopped else Status.FAILED)
    assert kept(store).usage == Usage(10, 7)


def talking_until_stopped(clock: FakeClock, closed: Event, then: Any = None) -> Talking:
    """A bot that says something, does something, and goes on for as long as it is let."""

    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        call.on_stop(closed.set)
        yield "said "
        if then:
            then()
        while not closed.wait(0.01):
            clock.advance(seconds=1)
            yield ""
        yield "unheard"
        return Outcome({"count": 99})

    return Talking(stream)


def test_a_stop_ends_the_reply_and_keeps_what_was_said(store: Store, clock: FakeClock) -> None:
    Writer(store, clock).write(ordered(store, clock))
    order = ordered(store, clock)
    closed = Event()
    user = Worker(store, clock, bot=Talking(repeating))
    bot = talking_until_stopped(clock, closed, lambda: user.ask("stop", seq=2))
    written = Writer(store, clock, bot).write(order)
    assert written
    turn = kept(store, 2)
    assert written.turn == turn
    assert (turn.status, turn.reply, turn.failure) == (Status.STOPPED, "said ", None)
    assert turn.state == {"count": 1}, "the state before it"
    assert not turn.stopping
    assert closed.is_set()


def test_a_stop_before_the_reply_was_begun_calls_no_model(store: Store, clock: FakeClock) -> None:
    order = ordered(store, clock)
    Worker(store, clock, bot=Talking(repeating)).ask("stop", seq=1)
    bot = Talking(repeating)
    written = Writer(store, clock, bot).write(order)
    assert written
    assert (written.turn.status, written.turn.reply) == (Status.STOPPED, "")
    assert bot.asked == []


def test_a_stop_after_the_end_changes_nothing(store: Store, clock: FakeClock) -> None:
    Writer(store, clock).write(ordered(store, clock))
    before = kept(store)
    frame = Worker(store, clock, bot=Talking(repeating)).one("stop", seq=1)
    assert frame["turn"]["status"] == "done"
    assert kept(store) == before


def test_a_reply_that_takes_too_long_is_cut_off_and_kept(store: Store, clock: FakeClock) -> None:
    order = ordered(store, clock)
    closed = Event()
    bot = talking_until_stopped(clock, closed)
    writer = Writer(store, clock, bot)
    written = writer.write(order, until=clock() + timedelta(seconds=30))
    assert written
    turn = kept(store)
    assert (turn.status, turn.failure, turn.reply) == (Status.FAILED, Failure.TIMED_OUT, "said ")
    assert turn.state == {}
    assert writer.heard.looks > 1
    assert bot.asked[0][2].seconds_left() <= 0
    assert closed.is_set()


@pytest.mark.parametrize("end", ["stop", "deadline"])
def test_a_bot_that_hangs_is_ended_all_the_same(store: Store, clock: FakeClock, end: str) -> None:
    """Without another word, and with a closer that hangs as well."""
    order = ordered(store, clock)
    released, begun = Event(), Event()

    def hang(snapshot: Any, message: Any, call: Any) -> Stream:
        call.on_stop(lambda: 1 / 0)
        call.on_stop(begun.set)
        call.on_stop(lambda: released.wait(PATIENCE_SECONDS))
        if end == "stop":
            Worker(store, clock, bot=Talking(repeating)).ask("stop", seq=1)
            clock.advance(seconds=1)
        else:
            clock.advance(seconds=31)
        released.wait(PATIENCE_SECONDS)
        yield "unheard"
        return None

    try:
        written = Writer(store, clock, Talking(hang)).write(order, clock() + timedelta(seconds=30))
    finally:
        released.set()
    assert written
    assert begun.is_set()
    wanted = {
        "stop": (Status.STOPPED, None, ""),
        "deadline": (Status.FAILED, Failure.TIMED_OUT, ""),
    }
    assert (written.turn.status, written.turn.failure, written.turn.reply) == wanted[end]


def test_a_deleted_conversation_takes_no_reply(store: Store, clock: FakeClock) -> None:
    order = ordered(store, clock)
    closed = Event()
    user = Worker(store, clock, bot=Talking(repeating))
    bot = talking_until_stopped(clock, closed, lambda: user.ask("delete"))
    writer = Writer(store, clock, bot)
    assert writer.write(order) is None
    assert writer.heard.finished is None
    assert user.turns() == []


def test_a_deleted_conversation_takes_no_reply_from_the_moment_it_is_told(
    store: Store, clock: FakeClock
) -> None:
    """Not only when it is cleared away, which may take its time."""
    Writer(store, clock).write(ordered(store, clock))
    order = ordered(store, clock)
    user = Worker(store, clock, bot=Talking(repeating))

    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        yield "said "
        user.handle("delete")
        return None

    assert Writer(store, clock, Talking(stream)).write(order) is None
    assert kept(store, 2).status is Status.DELETED


class Failing(Wrapped):
    """A table of which some operation does not answer for a while."""

    def __init__(self, store: ConversationStore, name: str, count: int) -> None:
        super().__init__(store)
        self._name = name
        self.left = count

    def __getattr__(self, name: str) -> Any:
        if name == self._name and self.left > 0:
            return self._fail
        return super().__getattr__(name)

    def _fail(self, *args: Any) -> Any:
        self.left -= 1
        raise StoreUnavailable("down")


@pytest.mark.parametrize("name", ["newest", "claim"])
def test_a_table_that_does_not_answer_at_first_leaves_the_order_to_a_retry(
    store: Store, clock: FakeClock, name: str
) -> None:
    order = ordered(store, clock)
    bot = Talking(repeating)
    writer = Writer(Failing(store, name, 1), clock, bot)
    with pytest.raises(StoreUnavailable):
        writer.write(order)
    assert bot.asked == []
    assert writer.write(order)


def test_a_table_that_does_not_answer_at_the_end_is_asked_again(
    store: Store, clock: FakeClock
) -> None:
    pauses: list[int] = []
    order = ordered(store, clock)
    failing = Failing(store, "complete", COMPLETIONS - 1)
    assert Writer(failing, clock, pause=pauses.append).write(order)
    assert pauses == list(range(1, COMPLETIONS))
    assert kept(store).status is Status.DONE


def test_a_reply_that_cannot_be_kept_is_left_to_a_retry(store: Store, clock: FakeClock) -> None:
    order = ordered(store, clock)
    writer = Writer(Failing(store, "complete", COMPLETIONS), clock)
    with pytest.raises(StoreUnavailable):
        writer.write(order)
    assert writer.heard.finished is None
    assert writer.heard.closed
    clock.advance(seconds=LEASE.total_seconds())
    written = writer.write(order)
    assert written
    assert written.turn.attempt == 2


def looking(clock: FakeClock, looks: Any, seconds: int) -> Talking:
    """A bot that speaks for as many seconds, each of which is looked at."""

    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        gone = Event()
        call.on_stop(gone.set)
        for _ in range(seconds):
            before = looks()
            clock.advance(seconds=1)
            while looks() == before and not gone.wait(0.001):
                pass
            if gone.is_set():
                return None
            yield "x"
        return None

    return Talking(stream)


def test_a_table_that_does_not_answer_for_a_while_ends_nothing(
    store: Store, clock: FakeClock
) -> None:
    order = ordered(store, clock)
    failing = Failing(store, "turn", 4)
    writer = Writer(failing, clock)
    writer = Writer(failing, clock, looking(clock, lambda: writer.heard.looks, 8))
    written = writer.write(order)
    assert written
    assert written.turn.reply == "x" * 8
    assert failing.left == 0


def test_who_can_renew_no_lease_gives_up_and_leaves_it_to_a_retry(
    store: Store, clock: FakeClock
) -> None:
    order = ordered(store, clock)
    failing = Failing(store, "turn", 10_000)
    writer = Writer(failing, clock)
    writer = Writer(failing, clock, looking(clock, lambda: writer.heard.looks, 10_000))
    with pytest.raises(StoreUnavailable):
        writer.write(order)
    assert writer.heard.closed
    assert kept(store).is_pending
    assert Writer(store, clock).write(order)


def test_an_audience_that_cannot_look_costs_no_lease(store: Store, clock: FakeClock) -> None:
    class Blind(Heard):
        def look(self) -> Spent:
            super().look()
            raise StoreUnavailable("down")

    order = ordered(store, clock)
    writer = Writer(store, clock, heard=Blind)
    writer = Writer(store, clock, looking(clock, lambda: writer.heard.looks, 30), Blind)
    written = writer.write(order)
    assert written
    assert (written.turn.reply, written.turn.status) == ("x" * 30, Status.DONE)
