"""What every ConversationStore promises: turns whose reply is still being written."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.models import ConversationKey, Failure, Rating, Status, Turn, Usage
from bot.ports import ConversationStore
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.table import Table
from store.memory.conversations import MemoryConversationStore
from tests.support import adapters, engine
from tests.support.clock import START
from tests.support.hooks import Hook, lose_the_reply, retry_at_once
from tests.support.soak import times
from tests.support.turns import FAR, a_seal, a_turn

Store = ConversationStore
NOW = START.timestamp()


def a_pending(seq: int = 1, **changes: Any) -> Turn:
    """A turn that waits for its reply."""
    unwritten: dict[str, Any] = {
        "reply": "",
        "state": {},
        "status": Status.PENDING,
        "completed_at": None,
        "lease_until": NOW + 10.125,
    }
    return a_turn(seq, **{**unwritten, **changes})


def claimed(turn: Turn, owner: str = "writer", until: float = NOW + 20.5) -> Turn:
    """The turn as its next writer knows it."""
    return replace(turn, owner=owner, lease_until=until, attempt=turn.attempt + 1)


def ended(turn: Turn, **changes: Any) -> Turn:
    """The turn with its reply."""
    end = {"reply": "rëply", "state": {"n": [1]}, "status": Status.DONE, "completed_at": START}
    return replace(turn, **{**end, "lease_until": 0.0, "stopping": False, **changes})


def begun(store: Store, key: ConversationKey) -> Turn:
    """A turn that has a writer."""
    turn = a_pending()
    assert store.append(key, turn) is None
    mine = claimed(turn)
    assert store.claim(key, turn, mine.owner, mine.lease_until)
    return mine


def test_a_pending_turn_is_given_back_as_it_was_written(
    conversations: Store, key: ConversationKey
) -> None:
    for seq, text in enumerate(["short", "löng " * 800, "x" * 4_000], 1):
        turn = a_pending(seq, text=text, attempt=seq - 1, stopping=seq == 2)
        conversations.append(key, turn)
        assert conversations.turn(key, seq) == turn


def test_a_claim_makes_it_anothers_and_counts(conversations: Store, key: ConversationKey) -> None:
    mine = begun(conversations, key)
    assert conversations.turn(key, 1) == mine
    assert conversations.claim(key, mine, "next", NOW + 30)
    assert conversations.turn(key, 1) == claimed(mine, "next", NOW + 30)


STALE = {
    "another owner": {"owner": "stranger"},
    "a lease that was lengthened": {"lease_until": NOW + 1},
    "another epoch": {"epoch": "e2"},
}


@pytest.mark.parametrize("known", STALE.values(), ids=list(STALE))
def test_who_does_not_know_it_as_it_is_cannot_claim_it(
    conversations: Store, key: ConversationKey, known: dict[str, Any]
) -> None:
    mine = begun(conversations, key)
    assert not conversations.claim(key, replace(mine, **known), "other", NOW + 60)
    assert conversations.turn(key, 1) == mine


@pytest.mark.parametrize("conversations", adapters.ATOMIC, indirect=True)
def test_of_many_who_claim_it_one_gets_it(conversations: Store, key: ConversationKey) -> None:
    for seq in range(1, times(5, 100) + 1):
        turn = a_pending(seq)
        conversations.append(key, turn)

        def claim(number: int, turn: Turn = turn) -> bool:
            return conversations.claim(key, turn, f"w{number}", NOW + 20)

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(claim, range(8)))
        assert won.count(True) == 1
        assert conversations.turn(key, seq) == claimed(turn, f"w{won.index(True)}", NOW + 20)


def test_the_owner_lengthens_its_lease(conversations: Store, key: ConversationKey) -> None:
    mine = begun(conversations, key)
    assert conversations.hold(key, mine, NOW + 99)
    assert conversations.turn(key, 1) == replace(mine, lease_until=NOW + 99)
    assert conversations.hold(key, mine, NOW + 100), "its own lease it need not know"


def test_a_large_reply_is_kept_whole(
    conversations: Store, key: ConversationKey, incompressible: str
) -> None:
    conversations.append(key, first := a_pending(1, text="x" * 4_000))
    assert conversations.claim(key, first, "w", NOW)
    large = ended(claimed(first, "w", NOW), reply=incompressible, state={"s": "y" * 30_000})
    assert conversations.complete(key, large)
    assert conversations.turn(key, 1) == large


@pytest.mark.parametrize("text", ["short", "long " * 700])
@pytest.mark.parametrize("reply", ["", "short", "long " * 5_000])
@pytest.mark.parametrize("fields", [{}, {"usage": Usage(5, 70)}, {"failure": Failure.EMPTY}])
def test_an_end_is_given_back_as_it_was_written(
    conversations: Store, key: ConversationKey, text: str, reply: str, fields: dict[str, Any]
) -> None:
    turn = a_pending(text=text)
    conversations.append(key, turn)
    conversations.claim(key, turn, "w", NOW)
    conversations.ask_to_stop(key, turn)
    end = ended(claimed(turn, "w", NOW), reply=reply, **fields)
    assert conversations.complete(key, end)
    assert conversations.turn(key, 1) == end
    assert conversations.newest(key, 1).turns == (end,)


LOST: dict[str, Any] = {
    "claimed by another": lambda store, key, turn: store.claim(key, turn, "other", NOW + 50),
    "ended": lambda store, key, turn: store.complete(key, ended(turn, reply="first")),
    "buried": lambda store, key, turn: store.bury(key, [turn], START, FAR),
    "hidden by a seal": lambda store, key, turn: store.bury(key, [turn], None, FAR),
    "erased": lambda store, key, turn: store.erase(key, [turn]),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=list(LOST))
def test_who_has_lost_it_writes_nothing_any_more(
    conversations: Store, key: ConversationKey, lost: Any
) -> None:
    mine = begun(conversations, key)
    lost(conversations, key, mine)
    left = conversations.turn(key, 1)
    assert not conversations.hold(key, mine, NOW + 99)
    assert not conversations.claim(key, mine, "again", NOW + 99)
    assert conversations.turn(key, 1) == left
    if left is None or left.reply != "first":
        assert not conversations.complete(key, ended(mine))
        assert conversations.turn(key, 1) == left


def test_a_later_life_of_the_conversation_is_not_touched(
    conversations: Store, key: ConversationKey
) -> None:
    mine = begun(conversations, key)
    conversations.erase(key, [mine])
    conversations.append(key, later := a_pending(epoch="e2", owner=mine.owner))
    assert not conversations.hold(key, mine, NOW + 99)
    assert not conversations.complete(key, ended(mine))
    assert conversations.ask_to_stop(key, mine) is None
    assert conversations.turn(key, 1) == later


def test_whoever_asks_it_to_stop_is_told_how_it_is(
    conversations: Store, key: ConversationKey
) -> None:
    mine = begun(conversations, key)
    asked = replace(mine, stopping=True)
    assert conversations.ask_to_stop(key, mine) == asked
    assert conversations.ask_to_stop(key, a_pending()) == asked, "whoever writes it by now"
    assert conversations.hold(key, mine, NOW + 40), "and its writer goes on till it looks"
    assert conversations.turn(key, 1) == replace(asked, lease_until=NOW + 40)
    end = ended(asked, status=Status.STOPPED)
    assert conversations.complete(key, end)
    assert conversations.ask_to_stop(key, mine) == end
    assert conversations.turn(key, 1) == end


def test_what_is_being_deleted_is_not_asked_to_stop(
    conversations: Store, key: ConversationKey
) -> None:
    assert conversations.ask_to_stop(key, a_pending()) is None
    mine = begun(conversations, key)
    for at in (None, START):
        conversations.bury(key, [mine], at, FAR)
        assert conversations.ask_to_stop(key, mine) is None
    conversations.append(key, a_seal(2))
    assert conversations.ask_to_stop(key, a_pending(2)) is None


@pytest.mark.parametrize("known", [None, Rating.UP])
@pytest.mark.parametrize("rating", [None, Rating.DOWN])
def test_an_end_leaves_what_the_user_thinks_of_it(
    conversations: Store, key: ConversationKey, known: Rating | None, rating: Rating | None
) -> None:
    """Its writer looked before the user changed their mind."""
    mine = begun(conversations, key)
    conversations.rate(key, mine, known)
    conversations.rate(key, mine, rating)
    assert conversations.complete(key, ended(mine, feedback=known))
    assert conversations.turn(key, 1) == ended(mine, feedback=rating)


WRITES: dict[str, Any] = {
    "claim": lambda store, key, mine: store.claim(key, mine, "next", NOW + 30),
    "hold": lambda store, key, mine: store.hold(key, mine, NOW + 30),
    "complete": lambda store, key, mine: store.complete(key, ended(mine)),
    "ask_to_stop": lambda store, key, mine: store.ask_to_stop(key, mine) is not None,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
@pytest.mark.parametrize("times_lost", [1, 3])
def test_a_write_whose_answer_was_lost_has_succeeded(
    key: ConversationKey, write: Any, times_lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore sends it again, and it meets itself."""
    retry_at_once(monkeypatch)
    client = engine.running().client("dynamodb")
    store = DynamoConversationStore(Table(client, "SessionsTable"))
    mine = begun(store, key)
    hook = Hook(client)
    hook.next("UpdateItem", *[lose_the_reply] * times_lost)
    assert write(store, key, mine)
    assert hook.unmet == 0
    once = MemoryConversationStore()
    begun(once, key)
    write(once, key, mine)
    assert store.turn(key, 1) == once.turn(key, 1)
