"""What every ConversationStore promises: the log."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from bot.models import Author, ConversationKey, Position, Rating, Status, Turn
from bot.ports import ConversationStore
from tests.support import adapters
from tests.support.clock import START
from tests.support.turns import FAR, a_seal, a_tombstone, a_turn

Store = ConversationStore


def fill(store: Store, key: ConversationKey, count: int, epoch: str = "e1") -> list[Turn]:
    """Append turns 1 to `count`."""
    turns = [a_turn(seq, epoch) for seq in range(1, count + 1)]
    for turn in turns:
        assert store.append(key, turn) is None
    return turns


def all_of(store: Store, key: ConversationKey) -> list[Turn]:
    """All items of a log, ascending."""
    return list(store.following(key, 0, 1000).turns)


def test_a_turn_comes_back_as_it_was_written(conversations: Store, key: ConversationKey) -> None:
    turn = a_turn(1, allowance=12.345, feedback=Rating.DOWN, state={"a": [1, {"b": None}], "é": 2})
    conversations.append(key, turn)
    assert conversations.turn(key, 1) == turn


def test_times_are_kept_to_the_millisecond(conversations: Store, key: ConversationKey) -> None:
    moment = START + timedelta(milliseconds=7)
    conversations.append(key, a_turn(1, created_at=moment, completed_at=None))
    kept = conversations.turn(key, 1)
    assert kept
    assert (kept.created_at, kept.completed_at) == (moment, None)


def test_what_is_not_there_is_none(conversations: Store, key: ConversationKey) -> None:
    assert conversations.turn(key, 1) is None
    assert conversations.conversation(key) is None
    assert conversations.newest(key, 5) == conversations.following(key, 0, 5)
    assert conversations.newest(key, 5).turns == ()
    assert conversations.newest(key, 5).exhausted


def test_a_taken_seq_is_not_written_and_the_winner_is_told(
    conversations: Store, key: ConversationKey
) -> None:
    (winner,) = fill(conversations, key, 1)
    assert conversations.append(key, a_turn(1, owner="late", text="late")) == winner
    assert conversations.turn(key, 1) == winner


def test_a_packed_winner_is_told_whole(conversations: Store, key: ConversationKey) -> None:
    winner = a_turn(1, reply="long " * 5_000)
    conversations.append(key, winner)
    assert conversations.append(key, a_turn(1, owner="late")) == winner


@pytest.mark.parametrize("writers", [2, 16])
@pytest.mark.parametrize("conversations", adapters.ATOMIC, indirect=True)
def test_of_many_writers_of_one_seq_exactly_one_wins(
    conversations: Store, key: ConversationKey, writers: int
) -> None:
    together = Barrier(writers)

    def write(number: int) -> Turn | None:
        together.wait()
        return conversations.append(key, a_turn(1, owner=f"writer{number}"))

    with ThreadPoolExecutor(writers) as pool:
        answers = list(pool.map(write, range(writers)))
    kept = conversations.turn(key, 1)
    assert kept
    assert answers.count(None) == 1
    assert kept.owner == f"writer{answers.index(None)}"
    assert [answer for answer in answers if answer] == [kept] * (writers - 1)


def test_a_tombstone_gives_way_to_no_earlier_epoch(
    conversations: Store, key: ConversationKey
) -> None:
    """A writer that slept through two deletions believes in an epoch before either."""
    tombstone = a_tombstone(1, "e2")
    conversations.append(key, tombstone)
    assert conversations.append(key, a_turn(1, "e1")) == tombstone
    assert conversations.turn(key, 1) == tombstone


def test_a_tombstone_gives_way_to_a_later_epoch_alone(
    conversations: Store, key: ConversationKey
) -> None:
    tombstone = a_tombstone(1, "e1")
    conversations.append(key, tombstone)
    assert conversations.append(key, a_turn(1, "e1", owner="stale")) == tombstone
    assert conversations.append(key, a_turn(1, "e2")) is None
    assert conversations.append(key, a_turn(1, "e3")) == a_turn(1, "e2")


def test_a_seal_gives_way_to_no_one(conversations: Store, key: ConversationKey) -> None:
    """A seal is not a tombstone: what it ends is still being cleared away."""
    conversations.append(key, a_seal(1, "e1"))
    for epoch in ("e1", "e2"):
        assert conversations.append(key, a_turn(1, epoch)) == a_seal(1, "e1")


def test_a_buried_turn_keeps_its_place_and_nothing_it_said(
    conversations: Store, key: ConversationKey
) -> None:
    (turn, _) = fill(conversations, key, 2)
    conversations.rate(key, turn, Rating.UP)
    later = START + timedelta(minutes=1)
    conversations.bury(key, [turn], later, FAR - 1)
    assert conversations.turn(key, 1) == replace(
        turn,
        status=Status.DELETED,
        message_id="",
        text="",
        reply="",
        state={},
        feedback=None,
        completed_at=later,
        expires_at=FAR - 1,
    )
    assert conversations.turn(key, 2) == a_turn(2)


def test_a_packed_turn_is_buried_whole(conversations: Store, key: ConversationKey) -> None:
    turn = a_turn(1, reply="secret " * 2_000)
    conversations.append(key, turn)
    conversations.bury(key, [turn], START, FAR)
    kept = conversations.turn(key, 1)
    assert kept
    assert (kept.text, kept.reply, kept.state) == ("", "", {})


def test_what_was_pushed_comes_back_as_it_was_written(
    conversations: Store, key: ConversationKey
) -> None:
    for seq, content in enumerate(['{"a":[1,null]}', json.dumps("é" * 9_000)], start=1):
        turn = a_turn(
            seq,
            author=Author.BACKEND,
            content=content,
            position=Position("kinesis:0123456789ab", 10**55),
            positions={"orders": 3, "kinesis:0123456789ab": 10**55},
            lapses_at=FAR - 6.875,
        )
        conversations.append(key, turn)
        assert conversations.turn(key, seq) == turn


def test_nothing_of_what_was_pushed_is_left_in_its_place(
    conversations: Store, key: ConversationKey
) -> None:
    position = Position("orders", 3)
    for seq, content in enumerate(['"secret"', json.dumps("secret" * 1_000)], start=1):
        turn = a_turn(
            seq, content=content, position=position, positions={"orders": 3}, lapses_at=FAR
        )
        conversations.append(key, turn)
        conversations.bury(key, [turn], START, FAR)
        kept = conversations.turn(key, seq)
        assert kept
        assert (kept.content, kept.position, kept.positions) == ("", None, {})
        assert kept.lapses_at == 0


def test_a_seal_becomes_a_tombstone_when_buried(conversations: Store, key: ConversationKey) -> None:
    seal = a_seal(1)
    conversations.append(key, seal)
    assert conversations.turn(key, 1) == seal
    conversations.bury(key, [seal], START, FAR)
    kept = conversations.turn(key, 1)
    assert kept
    assert kept.completed_at == START


def test_a_turn_buried_without_a_time_is_a_seal_that_a_later_epoch_must_wait_for(
    conversations: Store, key: ConversationKey
) -> None:
    (turn,) = fill(conversations, key, 1)
    conversations.bury(key, [turn], None, FAR)
    sealed = conversations.turn(key, 1)
    assert sealed
    assert (sealed.status, sealed.completed_at, sealed.text) == (Status.DELETED, None, "")
    assert conversations.append(key, a_turn(1, "e2")) == sealed
    conversations.bury(key, [turn], START, FAR)
    assert conversations.append(key, a_turn(1, "e2")) is None


@pytest.mark.parametrize("count", [1, 9])
def test_erasing_and_burying_touch_their_own_epoch_alone(
    conversations: Store, key: ConversationKey, count: int
) -> None:
    fill(conversations, key, count, "e2")
    old = [a_turn(seq, "e1") for seq in range(1, count + 1)]
    conversations.erase(key, old)
    conversations.bury(key, old, START, FAR)
    assert all_of(conversations, key) == [a_turn(seq, "e2") for seq in range(1, count + 1)]


def test_erasing_and_burying_twice_is_as_good_as_once(
    conversations: Store, key: ConversationKey
) -> None:
    turns = fill(conversations, key, 9)
    for _ in range(2):
        conversations.erase(key, turns[:4])
        conversations.bury(key, turns[4:], START, FAR)
    assert [turn.seq for turn in all_of(conversations, key)] == [5, 6, 7, 8, 9]
    conversations.erase(key, [])
    conversations.bury(key, [], START, FAR)


def test_burying_makes_no_item_where_there_is_none(
    conversations: Store, key: ConversationKey
) -> None:
    conversations.bury(key, [a_turn(1)], START, FAR)
    conversations.erase(key, [a_turn(1)])
    assert all_of(conversations, key) == []


def test_a_rating_is_set_changed_and_withdrawn(conversations: Store, key: ConversationKey) -> None:
    (turn,) = fill(conversations, key, 1)
    for rating in (Rating.UP, Rating.DOWN, None, None):
        assert conversations.rate(key, turn, rating) == replace(turn, feedback=rating)
        assert conversations.turn(key, 1) == replace(turn, feedback=rating)


def test_what_is_gone_cannot_be_rated(conversations: Store, key: ConversationKey) -> None:
    assert conversations.rate(key, a_turn(1), Rating.UP) is None
    fill(conversations, key, 2, "e2")
    assert conversations.rate(key, a_turn(1, "e1"), Rating.UP) is None
    conversations.bury(key, [a_turn(2, "e2")], START, FAR)
    assert conversations.rate(key, a_turn(2, "e2"), Rating.UP) is None
    assert [turn.feedback for turn in all_of(conversations, key)] == [None, None]


def test_reads_bring_their_side_of_the_log_in_order(
    conversations: Store, key: ConversationKey
) -> None:
    fill(conversations, key, 12)  # two digits: the order is of numbers, not of their names
    table = [
        (conversations.newest(key, 3), [12, 11, 10]),
        (conversations.preceding(key, 11, 3), [10, 9, 8]),
        (conversations.preceding(key, 1, 3), []),
        (conversations.following(key, 0, 3), [1, 2, 3]),
        (conversations.following(key, 8, 3), [9, 10, 11]),
        (conversations.following(key, 12, 3), []),
        (conversations.preceding(key, 9_999_999_999, 1), [12]),
    ]
    for page, expected in table:
        assert [turn.seq for turn in page.turns] == expected


def test_a_page_is_never_called_the_last_while_more_lies_beyond(
    conversations: Store, key: ConversationKey
) -> None:
    fill(conversations, key, 5)
    assert not conversations.newest(key, 4).exhausted
    assert not conversations.following(key, 0, 4).exhausted
    assert not conversations.preceding(key, 5, 3).exhausted
    assert conversations.newest(key, 6).exhausted
    assert conversations.following(key, 2, 4).exhausted
    assert conversations.preceding(key, 3, 3).exhausted


def test_paging_brings_every_turn_once(conversations: Store, key: ConversationKey) -> None:
    fill(conversations, key, 10)
    seen: list[int] = []
    page = conversations.following(key, 0, 3)
    while True:
        seen += [turn.seq for turn in page.turns]
        if page.exhausted:
            break
        page = conversations.following(key, seen[-1], 3)
    assert seen == list(range(1, 11))


def test_a_page_of_more_than_a_megabyte_says_that_there_is_more(
    conversations: Store, key: ConversationKey, incompressible: str
) -> None:
    count = 10
    for seq in range(1, count + 1):
        conversations.append(key, a_turn(seq, reply=incompressible))
    seen: list[int] = []
    page = conversations.newest(key, 50)
    while True:
        seen += [turn.seq for turn in page.turns]
        assert all(turn.reply == incompressible for turn in page.turns)
        if page.exhausted:
            break
        page = conversations.preceding(key, seen[-1], 50)
    assert seen == list(range(count, 0, -1))


def test_no_conversation_sees_another(conversations: Store, user: str) -> None:
    ids = ("a", "a-", "a_b", "A", "aa", "a0", "0000000001", "turn", "conversation")
    keys = [ConversationKey(user, each) for each in ids]
    keys.append(ConversationKey(user + "x", "a"))
    for number, key in enumerate(keys):
        conversations.append(key, a_turn(1, text=f"of {number}"))
    for number, key in enumerate(keys):
        texts = [turn.text for turn in conversations.newest(key, 50).turns]
        assert texts == [turn.text for turn in conversations.following(key, 0, 50).turns]
        assert texts == [f"of {number}"]
