"""What a warm function remembers is bounded."""

import json
from datetime import timedelta
from typing import Any

from bot import limits
from bot.models import ConversationKey
from bot.turn_log.memory import TailCache
from bot.turn_log.tail import KNOWN_IDS, MAX_AGE, Tail
from tests.support.clock import START
from tests.support.turns import ANA, a_turn


def key(number: int) -> ConversationKey:
    """One of many conversations."""
    return ConversationKey(ANA, f"c{number}")


def a_tail(turns: int = 1, **fields: Any) -> Tail:
    """A tail as a conversation of so many turns leaves it."""
    tail = Tail(START)
    for seq in range(1, turns + 1):
        tail = tail.advance(a_turn(seq, **fields), START)
    return tail


def kept(cache: TailCache, count: int) -> list[int]:
    """Which of so many conversations are remembered."""
    return [number for number in range(count) if cache.get(key(number), START)]


def test_a_tail_is_remembered_until_it_is_too_old() -> None:
    cache = TailCache()
    tail = a_tail()
    cache.put(key(1), tail)
    assert cache.get(key(1), START) == tail
    assert cache.get(key(1), START + MAX_AGE - timedelta(milliseconds=1)) == tail
    assert cache.get(key(1), START + MAX_AGE) is None
    assert cache.get(key(2), START) is None


def test_the_least_recently_used_goes_first() -> None:
    cache = TailCache(capacity=3)
    for number in range(3):
        cache.put(key(number), a_tail())
    cache.get(key(0), START)
    cache.put(key(3), a_tail())
    assert kept(cache, 4) == [0, 2, 3]


def test_what_is_forgotten_is_gone() -> None:
    cache = TailCache()
    cache.put(key(1), a_tail())
    cache.forget(key(1))
    cache.forget(key(2))
    assert kept(cache, 3) == []


def test_long_conversations_are_fewer() -> None:
    cache = TailCache(capacity=1_000, capacity_characters=10_000)
    for number in range(20):
        cache.put(key(number), a_tail(text="x" * 500, reply="y" * 500))
    assert kept(cache, 20) == list(range(10, 20)) or len(kept(cache, 20)) == 9


def test_a_tail_in_the_place_of_another_counts_once() -> None:
    cache = TailCache(capacity=1_000, capacity_characters=10_000)
    for _ in range(100):
        cache.put(key(1), a_tail(text="x" * 1_000))
    cache.put(key(2), a_tail(text="x" * 1_000))
    assert kept(cache, 3) == [1, 2]


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    cache = TailCache(capacity_characters=1_000)
    cache.put(key(1), a_tail(text="x" * 2_000))
    assert kept(cache, 2) == []


def test_large_states_count() -> None:
    """A bot may keep 32 KB: what is remembered of it must not outgrow the function's memory."""
    room = 200_000
    cache = TailCache(capacity_characters=room)
    state = {"a": "x" * (limits.MAX_STATE_BYTES - 20)}
    for number in range(100):
        cache.put(key(number), a_tail(50, state=state))
    held = [cache.get(key(number), START) for number in kept(cache, 100)]
    states = sum(len(json.dumps(turn.state)) for tail in held if tail for turn in tail.turns)
    assert states <= 2 * room


def test_remembered_ids_count() -> None:
    """Two thousand ids of 128 characters are a quarter of a megabyte a conversation."""
    room = 1_000_000
    cache = TailCache(capacity_characters=room)
    tail = Tail(START)
    for seq in range(1, KNOWN_IDS + 1):
        tail = tail.advance(a_turn(seq, message_id=f"{seq:0128d}"), START)
    for number in range(100):
        cache.put(key(number), tail)
    held = [cache.get(key(number), START) for number in kept(cache, 100)]
    assert sum(len(known) for tail in held if tail for known in tail.known) <= 2 * room
