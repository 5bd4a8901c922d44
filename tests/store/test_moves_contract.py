"""What every ConversationStore promises: moving a sealed conversation to another user."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from bot.lifecycle.moving import STEP
from bot.models import Conversation, ConversationKey, Rating, Status, Turn
from bot.ports import ConversationStore
from store.dynamo.keys import turns_after
from tests.support import adapters
from tests.support.clock import START
from tests.support.turns import FAR, a_seal, a_tombstone, a_turn

Store = ConversationStore


@pytest.fixture
def target() -> ConversationKey:
    """Where it goes to."""
    return ConversationKey(f"user:id.example:{uuid4()}", "new")


def sealed(store: Store, key: ConversationKey, target: ConversationKey, turns: int = 3) -> Turn:
    """Turns, and a seal that says where they go."""
    for seq in range(1, turns + 1):
        store.append(key, a_turn(seq))
    seal = a_seal(turns + 1, status=Status.MOVED, moved_to=target)
    assert store.append(key, seal) is None
    return seal


def of(store: Store, key: ConversationKey) -> tuple[Turn, ...]:
    """All items of a log, ascending."""
    return store.following(key, 0, 10_000).turns


def entry(target: ConversationKey) -> Conversation:
    """What the list is to say."""
    return Conversation(target.conversation_id, "e1", "Tïtle", START, START, 3)


def test_a_seal_says_where_to_as_it_was_written(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target)
    assert conversations.turn(key, 4) == seal
    assert conversations.append(key, a_turn(4, "e2")) == seal, "it gives way to no one"


def test_turns_are_copied_as_they_are(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target, 5)
    small = a_turn(1, feedback=Rating.UP, allowance=7.125, expires_at=FAR + 5, state={"é": [1]})
    packed = a_turn(2, reply="long " * 5_000, created_at=START + timedelta(hours=1))
    pending = a_turn(3, status=Status.PENDING, completed_at=None)
    assert conversations.copy(key, seal, [small, packed, pending]) is True
    assert of(conversations, target) == (small, packed, pending)
    assert of(conversations, key)[0] == a_turn(1), "and stay where they are"


def test_copying_twice_is_as_good_as_once(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target)
    for turns in ([1, 2], [1, 2], [2, 3], []):
        assert conversations.copy(key, seal, [a_turn(seq) for seq in turns]) is True
    assert of(conversations, target) == tuple(a_turn(seq) for seq in (1, 2, 3))


def test_handing_over_ends_it_and_notes_it_in_the_list(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target)
    assert conversations.hand_over(key, seal, entry(target), FAR) is True
    assert conversations.turn(key, 4) == replace(seal, status=Status.DELETED)
    assert conversations.conversation(target) == entry(target)
    assert of(conversations, key)[:3] == tuple(a_turn(seq) for seq in (1, 2, 3))


def test_what_has_all_expired_is_not_noted(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target)
    assert conversations.hand_over(key, seal, None, FAR) is True
    assert conversations.conversation(target) is None


def hand_over(store: Store, key: ConversationKey, seal: Turn) -> None:
    """The move is over."""
    assert store.hand_over(key, seal, None, FAR)


def bury(store: Store, key: ConversationKey, seal: Turn) -> None:
    """And all is cleared away."""
    store.bury(key, [seal], START, FAR)


def erase(store: Store, key: ConversationKey, seal: Turn) -> None:
    """The tombstone has expired."""
    store.erase(key, [seal])


def begin_anew(store: Store, key: ConversationKey, seal: Turn) -> None:
    """A new life has taken its place."""
    bury(store, key, seal)
    assert store.append(key, a_turn(seal.seq, "e2")) is None


def seal_anew(store: Store, key: ConversationKey, seal: Turn) -> None:
    """A new life is being moved itself."""
    bury(store, key, seal)
    moved = ConversationKey("user:id.example:another", str(uuid4()))
    assert store.append(key, replace(seal, epoch="e2", moved_to=moved)) is None


@pytest.mark.parametrize("over", [hand_over, bury, erase, begin_anew, seal_anew])
def test_once_it_is_over_a_paused_copier_writes_nothing(
    conversations: Store, key: ConversationKey, target: ConversationKey, over: Any
) -> None:
    seal = sealed(conversations, key, target)
    over(conversations, key, seal)
    left = of(conversations, key)
    assert conversations.copy(key, seal, [a_turn(1), a_turn(2)]) is False
    assert conversations.hand_over(key, seal, entry(target), FAR) is False
    assert of(conversations, target) == ()
    assert conversations.conversation(target) is None
    assert of(conversations, key) == left


def test_a_deletions_seal_lets_nothing_be_copied(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    conversations.append(key, a_seal(1))
    claimed = a_seal(1, status=Status.MOVED, moved_to=target)
    assert conversations.copy(key, claimed, [a_turn(1)]) is False
    assert conversations.hand_over(key, claimed, entry(target), FAR) is False
    assert of(conversations, target) == ()


def test_a_buried_seal_still_says_where_to(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target)
    conversations.hand_over(key, seal, None, FAR)
    conversations.bury(key, [seal], START, FAR)
    kept = conversations.turn(key, 4)
    assert kept
    assert (kept.moved_to, kept.status, kept.completed_at) == (target, Status.DELETED, START)


def test_a_seal_is_not_rated(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target)
    assert conversations.rate(key, seal, Rating.UP) is None
    assert conversations.turn(key, 4) == seal


def test_as_many_as_one_step_takes_and_as_large_as_a_read_brings(
    conversations: Store, key: ConversationKey, target: ConversationKey, incompressible: str
) -> None:
    """DynamoDB takes 100 items and 4 MB a transaction, and 400 KB an item."""
    seal = sealed(conversations, key, target, STEP)
    assert conversations.copy(key, seal, [a_turn(seq) for seq in range(1, STEP + 1)])
    for seq in range(STEP + 2, STEP + 12):
        conversations.append(key, a_turn(seq, reply=incompressible))
    page = conversations.following(key, STEP + 1, STEP)
    assert conversations.copy(key, seal, page.turns)
    assert len(of(conversations, target)) >= STEP + len(page.turns) // 2
    assert conversations.newest(target, 1).turns[0] == page.turns[-1]


def test_conversations_are_found_one_after_the_other_each_once(
    conversations: Store, user: str
) -> None:
    names = ["-", "A", "Z-", "_", "a", "a-", "a-b", "a0", "aa", "main", "turn", "z" * 64]
    for name in reversed(names):
        for seq in (1, 2, 10):
            conversations.append(ConversationKey(user, name), a_turn(seq))
    conversations.append(ConversationKey(user + "x", "b"), a_turn(1))
    conversations.note_conversation(
        ConversationKey(user, "noted"), replace(entry(ConversationKey(user, "noted"))), FAR
    )
    found: list[str] = []
    following = conversations.next_conversation(user, None)
    while following is not None:
        found.append(following)
        following = conversations.next_conversation(user, following)
    assert found == sorted(names)
    assert conversations.next_conversation(user, "b") == "main"
    assert conversations.next_conversation(user + "y", None) is None


def test_a_conversation_of_tombstones_alone_is_found(
    conversations: Store, key: ConversationKey
) -> None:
    conversations.append(key, a_tombstone(7))
    assert conversations.next_conversation(key.user_id, None) == "main"


def test_no_turn_of_a_conversation_lies_behind_it() -> None:
    first, last = turns_after("a")
    assert "turn#a#9999999999" < first < "turn#a-#0000000000" < last
    assert "conversation#" < turns_after(None)[0] < "turn#-#0000000000"


@pytest.mark.parametrize("conversations", adapters.ATOMIC, indirect=True)
def test_of_many_who_end_it_at_once_one_does(
    conversations: Store, key: ConversationKey, target: ConversationKey
) -> None:
    seal = sealed(conversations, key, target)

    def end(number: int) -> bool:
        conversations.copy(key, seal, [a_turn(1)])
        noted = replace(entry(target), title=f"of {number}")
        return conversations.hand_over(key, seal, noted, FAR)

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(end, range(8)))
    assert ended.count(True) == 1
    kept = conversations.conversation(target)
    assert kept
    assert kept.title == f"of {ended.index(True)}"
    assert of(conversations, target) == (a_turn(1),)
