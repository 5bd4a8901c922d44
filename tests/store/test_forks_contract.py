"""What every ConversationStore promises: conversations that begin in another one's log."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.lifecycle.filling import STEP
from bot.models import Conversation, ConversationKey, Origin, Rating, Status, Turn
from bot.ports import ConversationStore
from tests.support import adapters
from tests.support.clock import START
from tests.support.turns import FAR, a_seal, a_tombstone, a_turn

Store = ConversationStore


@pytest.fixture
def fork(user: str) -> ConversationKey:
    """The conversation that is to begin."""
    return ConversationKey(user, "fork")


def a_root(seq: int = 3, **changes: Any) -> Turn:
    """The root of a fork of `main`, which is in its life `e1`."""
    nothing = {"message_id": "", "text": "", "reply": "", "state": {}, "status": Status.FORKED}
    return a_turn(1, "e9", origin=Origin("main", "e1", seq), **nothing, **changes)


def entry(fork: ConversationKey) -> Conversation:
    """What the list is to say of it."""
    return Conversation(fork.conversation_id, "e9", "Tïtle", START, START, 3, "main", 3)


def talked(store: Store, key: ConversationKey, count: int = 4) -> None:
    """A conversation."""
    for seq in range(1, count + 1):
        assert store.append(key, a_turn(seq)) is None


def make(store: Store, fork: ConversationKey, head: int = 4, **changes: Any) -> bool:
    """Begin the fork."""
    return store.fork(fork, a_root(**changes), head, entry(fork), FAR)


def of(store: Store, key: ConversationKey) -> tuple[Turn, ...]:
    """All items of a log, ascending."""
    return store.following(key, 0, 10_000).turns


def test_a_fork_is_its_root_its_entry_and_a_note(
    conversations: Store, key: ConversationKey, fork: ConversationKey
) -> None:
    talked(conversations, key)
    assert make(conversations, fork) is True
    assert of(conversations, fork) == (a_root(),)
    assert conversations.conversation(fork) == entry(fork)
    assert conversations.forks(key) == ("fork",)
    assert conversations.forks(fork) == ()
    assert [turn.seq for turn in of(conversations, key)] == [1, 2, 3, 4], "nothing is copied"


def test_it_is_made_once(conversations: Store, key: ConversationKey, fork: ConversationKey) -> None:
    talked(conversations, key)
    assert make(conversations, fork) is True
    assert make(conversations, fork, owner="another") is False
    assert of(conversations, fork) == (a_root(),)


@pytest.mark.parametrize(
    ("holder", "made"),
    [
        (a_turn(1, "e0"), False),
        (a_seal(1, "e0"), False),
        (a_tombstone(1, "e0"), True),
        (a_tombstone(1, "e9later"), False),
    ],
)
def test_its_root_takes_only_a_place_that_is_free(
    conversations: Store, key: ConversationKey, fork: ConversationKey, holder: Turn, made: bool
) -> None:
    talked(conversations, key)
    conversations.append(fork, holder)
    assert make(conversations, fork) is made
    if not made:
        assert of(conversations, fork) == (holder,)
        assert conversations.forks(key) == ()
        assert conversations.conversation(fork) is None


@pytest.mark.parametrize(
    ("behind", "made"),
    [
        (a_turn(5), False),
        (a_seal(5), False),
        (a_seal(5, status=Status.MOVED), False),
        (a_tombstone(5, "e1"), False),
        (a_tombstone(5, "e0"), True),
    ],
)
def test_it_is_made_only_while_the_other_log_ends_where_it_was_read_to_end(
    conversations: Store, key: ConversationKey, fork: ConversationKey, behind: Turn, made: bool
) -> None:
    talked(conversations, key)
    conversations.append(key, behind)
    assert make(conversations, fork) is made
    assert bool(of(conversations, fork)) is made


def test_many_who_fork_at_once_make_one(key: ConversationKey, fork: ConversationKey) -> None:
    for adapter in adapters.ATOMIC:
        with adapters.conversation_store(adapter) as store:
            name = ConversationKey(key.user_id, adapter)
            home = ConversationKey(key.user_id, "main")
            if not of(store, home):
                talked(store, home)

            def one(number: int, store: Store = store, name: ConversationKey = name) -> bool:
                root = a_root(owner=f"owner{number}")
                for _ in range(100):
                    try:
                        return store.fork(name, root, 4, entry(name), FAR)
                    except Exception as error:  # one of them at a time
                        if type(error).__name__ != "Busy":
                            raise
                return False

            with ThreadPoolExecutor(8) as pool:
                assert sum(pool.map(one, range(8))) <= 1
            assert len(of(store, name)) == 1


def test_forks_are_noted_each_for_itself(
    conversations: Store, key: ConversationKey, user: str
) -> None:
    talked(conversations, key)
    names = [f"f{number}" for number in range(30)]
    for name in names:
        assert make(conversations, ConversationKey(user, name)) is True
    assert conversations.forks(key) == tuple(sorted(names))
    conversations.forget_fork(key, ConversationKey(user, "f7"))
    conversations.forget_fork(key, ConversationKey(user, "f7"))
    assert conversations.forks(key) == tuple(sorted(set(names) - {"f7"}))
    assert conversations.forks(ConversationKey(user, "mai")) == ()
    assert conversations.forks(ConversationKey(user + "x", "main")) == ()


def test_filling_writes_turns_and_shortens_the_root(
    conversations: Store, key: ConversationKey, fork: ConversationKey
) -> None:
    talked(conversations, key)
    make(conversations, fork)
    copied = [a_turn(3, "e9", feedback=Rating.UP), a_turn(2, "e9", reply="long " * 5_000)]
    assert conversations.fill(fork, a_root(), copied, 1) is True
    assert of(conversations, fork) == (a_root(1), copied[1], copied[0])
    assert conversations.fill(fork, a_root(), copied, 1) is False, "the root says of fewer now"
    assert conversations.fill(fork, a_root(1), [a_turn(1, "e9")], 0) is True
    assert of(conversations, fork)[0] == a_turn(1, "e9"), "the first takes the root's place"
    assert conversations.fill(fork, a_root(1), [a_turn(1, "e9")], 0) is False


def test_filling_with_nothing_shortens_the_root(
    conversations: Store, key: ConversationKey, fork: ConversationKey
) -> None:
    talked(conversations, key)
    make(conversations, fork)
    assert conversations.fill(fork, a_root(), [], 0) is True
    assert of(conversations, fork) == (a_root(0),)


@pytest.mark.parametrize("how", ["buried", "sealed", "erased", "begun anew"])
def test_what_has_lost_its_root_is_not_filled(
    conversations: Store, key: ConversationKey, fork: ConversationKey, how: str
) -> None:
    talked(conversations, key)
    make(conversations, fork)
    if how == "erased":
        conversations.erase(fork, [a_root()])
    else:
        conversations.bury(fork, [a_root()], None if how == "sealed" else START, FAR)
    if how == "begun anew":
        assert conversations.append(fork, a_turn(1, "f" * 8)) is None
    left = of(conversations, fork)
    assert conversations.fill(fork, a_root(), [a_turn(2, "e9")], 1) is False
    assert conversations.fill(fork, a_root(), [a_turn(1, "e9")], 0) is False
    assert of(conversations, fork) == left


def test_as_many_as_one_step_takes(
    conversations: Store, key: ConversationKey, fork: ConversationKey
) -> None:
    talked(conversations, key)
    make(conversations, fork)
    turns = [a_turn(seq, "e9") for seq in range(STEP + 1, 1, -1)]
    assert len(turns) == STEP
    assert conversations.fill(fork, a_root(), turns, 1) is True
    assert len(of(conversations, fork)) == STEP + 1


def test_a_root_that_is_buried_says_no_more_whose_it_was(
    conversations: Store, key: ConversationKey, fork: ConversationKey
) -> None:
    talked(conversations, key)
    make(conversations, fork)
    conversations.bury(fork, [a_root()], START, FAR)
    (left,) = of(conversations, fork)
    assert (left.status, left.origin) == (Status.DELETED, None)


def test_the_list_keeps_where_a_fork_is_from(
    conversations: Store, key: ConversationKey, fork: ConversationKey
) -> None:
    talked(conversations, key)
    make(conversations, fork)
    noted = replace(entry(fork), fork_of="", fork_at=0)
    conversations.note_conversation(fork, noted, FAR)
    conversations.rename_conversation(fork, replace(noted, title="another"), FAR)
    conversations.move_cursor(fork, replace(noted, read=9), FAR)
    assert conversations.conversation(fork) == replace(entry(fork), title="another", read=9)
