"""How fast a conversation may go."""

from datetime import timedelta

import pytest

from bot.errors import RateLimited
from bot.turns.pace import Pace
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import START, FakeClock
from tests.support.turns import a_turn
from tests.support.workers import Worker

SLOW = Pace(per_minute=6, burst=3)


def test_a_rested_conversation_has_its_burst() -> None:
    assert SLOW.spend(None, START) == 2
    rested = a_turn(1, allowance=0.0)
    assert SLOW.spend(rested, START + timedelta(days=1)) == 2


def test_what_is_used_up_comes_back_by_the_minute() -> None:
    used = a_turn(1, allowance=0.0)
    assert SLOW.spend(used, START + timedelta(seconds=10)) == 0
    assert SLOW.spend(used, START + timedelta(seconds=15)) == 0.5


def test_who_is_too_fast_is_told_when_to_come_again() -> None:
    used = a_turn(1, allowance=0.25)
    with pytest.raises(RateLimited) as told:
        SLOW.spend(used, START)
    wait = timedelta(milliseconds=told.value.retry_after_ms)
    assert timedelta(seconds=7) < wait < timedelta(seconds=8)
    assert SLOW.spend(used, START + wait) >= 0


@pytest.mark.parametrize("seconds", [-3_600, -1, 0])
def test_a_clock_behind_gives_nothing_and_takes_nothing(seconds: int) -> None:
    assert SLOW.spend(a_turn(1, allowance=2.5), START + timedelta(seconds=seconds)) == 1.5


def test_the_limit_holds_across_functions_and_costs_nothing() -> None:
    store, clock = MemoryConversationStore(), FakeClock()
    workers = [Worker(store, clock, pace=SLOW) for _ in range(3)]
    taken = [workers[n % 3].say(f"m{n}") for n in range(6)]
    assert [frame["type"] for frame in taken] == ["turn"] * 3 + ["error"] * 3
    error = taken[3]
    assert (error["code"], error["retryable"], error["messageId"]) == ("rate_limited", True, "m3")
    assert 0 < error["retryAfterMs"] <= 10_001
    clock.advance(milliseconds=error["retryAfterMs"])
    assert workers[0].say("m3")["turn"]["seq"] == 4


def test_a_limited_message_waits_as_long_as_it_is_told_and_no_more() -> None:
    store, clock = MemoryConversationStore(), FakeClock()
    worker = Worker(store, clock, pace=Pace(per_minute=7, burst=1))
    assert worker.say("m0")["type"] == "turn"
    for number in range(1, 30):
        refused = worker.say(f"m{number}")
        clock.advance(milliseconds=refused["retryAfterMs"])
        assert worker.say(f"m{number}")["type"] == "turn"


def test_each_conversation_has_its_own_pace() -> None:
    worker = Worker(MemoryConversationStore(), FakeClock(), pace=Pace(per_minute=1, burst=1))
    assert worker.say("m1", conversationId="a")["type"] == "turn"
    assert worker.say("m1", conversationId="b")["type"] == "turn"
