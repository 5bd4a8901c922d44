"""Whoever holds a turn's lease writes its reply: once, and nobody else does (I2, I6)."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from bot.models import Failure, Outcome, Spent, Status, Turn
from bot.replies.replying import MAX_ATTEMPTS
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock
from tests.support.soak import times
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
from tests.support.turns import MAIN, a_seal, a_turn

Store = MemoryConversationStore
Stream = Generator[str, None, Outcome | None]


def test_a_reply_is_written_told_and_kept(store: Store, clock: FakeClock) -> None:
    writer = Writer(store, clock)
    written = writer.write(ordered(store, clock))
    assert written
    assert written.turn == kept(store)
    turn = kept(store)
    assert (turn.reply, turn.status, turn.state) == ("one two ", Status.DONE, {"count": 1})
    assert (turn.attempt, turn.lease_until, turn.completed_at) == (1, 0.0, clock())
    assert writer.heard.finished == "one two "
    assert writer.heard.closed


def test_the_next_reply_goes_on_from_the_state_before_it(store: Store, clock: FakeClock) -> None:
    bot = Talking(repeating)
    writer = Writer(store, clock, bot)
    for seq in (1, 2, 3):
        writer.write(ordered(store, clock))
        assert kept(store, seq).state == {"count": seq}
    snapshot, message, _ = bot.asked[2]
    assert ([turn.seq for turn in snapshot.turns], snapshot.head) == ([1, 2], 2)
    assert (snapshot.epoch, message.message_id) == (kept(store, 3).epoch, "m3")
    assert len({call.key for _, _, call in bot.asked}) == 3


@pytest.mark.parametrize("late", [0, 9, 11, 10_000])
def test_an_order_is_taken_however_late_it_comes(
    store: Store, clock: FakeClock, late: float
) -> None:
    order = ordered(store, clock)
    clock.advance(seconds=late)
    assert Writer(store, clock).write(order)


def test_an_order_that_is_done_calls_no_model_again(store: Store, clock: FakeClock) -> None:
    bot = Talking(repeating)
    writer = Writer(store, clock, bot)
    order = ordered(store, clock)
    writer.write(order)
    clock.advance(hours=1)
    assert writer.write(order) is None
    assert Writer(store, clock, bot).write(order) is None
    assert len(bot.asked) == len(writer.audiences) == 1


def others(turn: Turn, clock: FakeClock) -> dict[str, Turn | None]:
    """What a writer may find in the place of the turn it was to write."""
    now = clock().timestamp()
    return {
        "held by another": replace(turn, owner="other", attempt=1, lease_until=now + 1),
        "of another epoch": replace(turn, epoch="zzz"),
        "done": replace(turn, status=Status.DONE),
        "stopped": replace(turn, status=Status.STOPPED),
        "failed": replace(turn, status=Status.FAILED),
        "expired": replace(turn, expires_at=int(now)),
        "a seal": a_seal(1, turn.epoch),
        "gone": None,
    }


@pytest.mark.parametrize("other", list(others(a_turn(), FakeClock())))
def test_what_is_not_there_to_be_written_is_left_alone(
    store: Store, clock: FakeClock, other: str
) -> None:
    order = ordered(store, clock)
    found = others(kept(store), clock)[other]
    store.erase(MAIN, [kept(store)])
    if found:
        store.append(MAIN, found)
    bot = Talking(repeating)
    assert Writer(store, clock, bot).write(order) is None
    assert store.turn(MAIN, 1) == found
    assert bot.asked == []


def test_a_turn_with_another_behind_it_is_not_written(store: Store, clock: FakeClock) -> None:
    order = ordered(store, clock)
    store.append(MAIN, a_seal(2, order.epoch))
    assert Writer(store, clock).write(order) is None


def test_a_dead_writers_turn_is_taken_over_when_its_lease_has_run_out(
    store: Store, clock: FakeClock
) -> None:
    order = ordered(store, clock)
    now = clock().timestamp()
    assert store.claim(MAIN, kept(store), "dead", now + LEASE.total_seconds())
    for owner in (order.owner, "dead"):
        assert Writer(store, clock).write(replace(order, owner=owner)) is None
    clock.advance(seconds=LEASE.total_seconds())
    written = Writer(store, clock).write(order)
    assert written
    assert (written.turn.attempt, written.turn.reply) == (2, "one two ")


def test_a_reply_that_nobody_survives_is_given_up(store: Store, clock: FakeClock) -> None:
    Writer(store, clock).write(ordered(store, clock))
    order = ordered(store, clock)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert store.claim(MAIN, kept(store, 2), f"dead{attempt}", clock().timestamp() + 1)
        clock.advance(seconds=1)
    bot = Talking(repeating)
    written = Writer(store, clock, bot).write(order)
    assert written
    assert written.turn == kept(store, 2)
    assert (written.turn.status, written.turn.failure) == (Status.FAILED, Failure.ABANDONED)
    assert written.turn.state == {"count": 1}, "the state before it"
    assert bot.asked == []


def test_of_many_who_are_given_one_order_one_writes_it(store: Store, clock: FakeClock) -> None:
    bot = Talking(repeating)
    for seq in range(1, times(10, 200) + 1):
        order = ordered(store, clock)
        with ThreadPoolExecutor(8) as pool:
            writers = [Writer(store, clock, bot) for _ in range(8)]
            written = list(pool.map(Writer.write, writers, [order] * 8))
        assert sum(each is not None for each in written) == 1
        assert len(bot.asked) == seq


def test_who_was_paused_and_has_lost_the_turn_writes_and_tells_nothing_more(
    store: Store, clock: FakeClock
) -> None:
    closed = Event()
    order = ordered(store, clock)
    successor = Writer(store, clock)

    def paused(snapshot: Any, message: Any, call: Any) -> Stream:
        call.on_stop(closed.set)
        yield "old "
        clock.advance(seconds=LEASE.total_seconds() + 1)
        assert successor.write(order)
        yield "more "
        assert closed.wait(PATIENCE_SECONDS)
        yield "and more"
        return None

    writer = Writer(store, clock, Talking(paused))
    assert writer.write(order) is None
    assert (kept(store).reply, kept(store).attempt) == ("one two ", 2)
    assert set(writer.heard.shown) <= {"", "old "}
    assert writer.heard.finished is None
    assert writer.heard.closed
    assert closed.is_set()


def test_who_was_paused_while_another_is_still_writing_leaves_it_to_that_one(
    store: Store, clock: FakeClock
) -> None:
    order = ordered(store, clock)

    def paused(snapshot: Any, message: Any, call: Any) -> Stream:
        clock.advance(seconds=LEASE.total_seconds() + 1)
        assert store.claim(MAIN, kept(store), "other", clock().timestamp() + 10)
        yield "more "
        return None

    writer = Writer(store, clock, Talking(paused))
    assert writer.write(order) is None
    assert (kept(store).owner, kept(store).is_pending) == ("other", True)
    assert writer.heard.finished is None
    assert "more " not in writer.heard.shown


def test_who_lost_the_turn_at_its_very_end_tells_nothing(store: Store, clock: FakeClock) -> None:
    """Between the last look and the last write there is a moment in which it can be lost."""
    order = ordered(store, clock)

    class Late(Wrapped):
        def __getattr__(self, name: str) -> Any:
            if name == "complete":
                now = clock().timestamp()
                assert store.claim(MAIN, kept(store), "other", now + 5)
            return super().__getattr__(name)

    writer = Writer(Late(store), clock)
    assert writer.write(order) is None
    assert writer.heard.finished is None
    assert (kept(store).owner, kept(store).reply) == ("other", "")


def test_a_lease_is_renewed_for_as_long_as_the_reply_takes(store: Store, clock: FakeClock) -> None:
    order = ordered(store, clock)
    held: list[bool] = []

    class Watching(Heard):
        def look(self) -> Spent:
            held.append(kept(store).lease_until > clock().timestamp())
            return super().look()

    def slow(snapshot: Any, message: Any, call: Any) -> Stream:
        for _ in range(60):
            looks = len(held)
            clock.advance(seconds=1)
            while len(held) == looks:
                Event().wait(0.001)
            yield "x"
        return None

    written = Writer(store, clock, Talking(slow), Watching).write(order)
    assert written
    assert (written.turn.reply, written.turn.attempt) == ("x" * 60, 1)
    assert all(held)
    assert len(held) >= 60
