"""What a reader makes of a log: expired turns, seals, tombstones, epochs."""

from datetime import timedelta
from typing import Any

import pytest

from bot import limits
from bot.models import ConversationKey, Status
from bot.turn_log.tail import KNOWN_IDS, MAX_AGE, Tail, read_tail
from tests.support.clock import START
from tests.support.turns import a_seal, a_tombstone, a_turn

PAST = int(START.timestamp()) - 1
NOW = int(START.timestamp())

NEW = ConversationKey("user:id.example:eva", "new")
NEWER = ConversationKey("user:id.example:eva", "newer")
MOVED: dict[str, Any] = {"status": Status.MOVED, "moved_to": NEW}

LOGS: dict[str, tuple[list[Any], tuple[str, int, list[int], bool]]] = {
    "nothing": ([], ("", 0, [], False)),
    "turns": ([a_turn(1), a_turn(2)], ("e1", 2, [1, 2], False)),
    "an expired turn before": ([a_turn(1, expires_at=PAST), a_turn(2)], ("e1", 2, [2], False)),
    "one that expires now": ([a_turn(1, expires_at=NOW), a_turn(2)], ("e1", 2, [2], False)),
    "expired turns alone": ([a_turn(1, expires_at=PAST)], ("e1", 1, [], False)),
    "a seal": ([a_turn(1), a_seal(2)], ("", 0, [], True)),
    "a seal of a move": ([a_turn(1), a_seal(2, **MOVED)], ("", 0, [], True)),
    "a seal alone": ([a_seal(2)], ("", 0, [], True)),
    "a seal below tombstones": (
        [a_turn(1, "e2"), a_seal(2, "e2"), a_tombstone(3), a_tombstone(4)],
        ("", 0, [], True),
    ),
    "tombstones alone": ([a_tombstone(1), a_tombstone(2)], ("", 0, [], False)),
    "tombstones above": (
        [a_turn(1, "e2"), a_tombstone(2), a_tombstone(3)],
        ("e2", 1, [1], False),
    ),
    "a seal of old, half cleared": (
        [a_tombstone(1), a_turn(2), a_seal(3)],
        ("", 0, [], True),
    ),
    "turns of an epoch before": ([a_turn(1, "e0"), a_turn(2)], ("e1", 2, [2], False)),
}


@pytest.mark.parametrize(("log", "expected"), LOGS.values(), ids=list(LOGS))
def test_a_log_is_read_for_what_it_is(
    log: list[Any], expected: tuple[str, int, list[int], bool]
) -> None:
    tail = read_tail(reversed(log), True, START)
    epoch, head, seqs, sealed = expected
    assert (tail.epoch, tail.head, bool(tail.seal)) == (epoch, head, sealed)
    assert [turn.seq for turn in tail.turns] == seqs
    assert tail.known == {f"m{seq}": seq for seq in seqs}


def test_a_tail_that_does_not_reach_the_first_turn_says_so() -> None:
    newest = [a_turn(seq) for seq in range(60, 10, -1)]
    assert read_tail(newest, False, START).complete_after == 10
    assert read_tail(newest, True, START).complete_after == 0


def test_a_tail_is_usable_for_its_age_and_not_where_its_turns_may_go() -> None:
    tail = read_tail([a_turn(1)], True, START)
    assert tail.usable(START + MAX_AGE - timedelta(milliseconds=1))
    assert not tail.usable(START + MAX_AGE)
    soon = int((START + MAX_AGE).timestamp())
    assert not read_tail([a_turn(1, expires_at=soon)], True, START).usable(START)
    assert read_tail([a_turn(1, expires_at=soon + 1)], True, START).usable(START)


@pytest.mark.parametrize(
    "turn",
    [a_turn(1), a_turn(3), a_turn(2, "e2"), a_tombstone(2), a_seal(2)],
    ids=["same", "gap", "other epoch", "tombstone", "seal"],
)
def test_only_the_next_live_turn_of_the_same_epoch_follows(turn: Any) -> None:
    tail = read_tail([a_turn(1)], True, START)
    assert tail.follow(turn, START) is None
    followed = tail.follow(a_turn(2), START)
    assert followed
    assert (followed.head, followed.known) == (2, {"m1": 1, "m2": 2})


def test_a_tail_remembers_many_ids_but_not_all() -> None:
    tail = Tail(START)
    for seq in range(1, KNOWN_IDS + 101):
        tail = tail.advance(a_turn(seq), START)
    assert len(tail.known) == KNOWN_IDS
    assert tail.complete_after == 100
    assert len(tail.turns) == limits.NEWEST_TURNS
    assert min(tail.known.values()) == 101


MOVES: dict[str, tuple[list[Any], ConversationKey | None]] = {
    "nothing": ([a_turn(1)], None),
    "a deletion": ([a_turn(1), a_seal(2)], None),
    "a move that goes on": ([a_turn(1), a_seal(2, **MOVED)], NEW),
    "a move that is being cleared away": ([a_turn(1), a_seal(2, moved_to=NEW)], NEW),
    "one that is done": ([a_tombstone(1), a_tombstone(2, moved_to=NEW)], NEW),
    "one below which a new life grows": ([a_turn(1, "e2"), a_tombstone(2, moved_to=NEW)], NEW),
    "one before a deletion": ([a_seal(1, "e2"), a_tombstone(2, moved_to=NEW)], NEW),
    "the later of two, above": (
        [a_tombstone(2, "e1", moved_to=NEW), a_tombstone(3, "e2", moved_to=NEWER)],
        NEWER,
    ),
    "the later of two, below": (
        [a_tombstone(2, "e2", moved_to=NEWER), a_tombstone(3, "e1", moved_to=NEW)],
        NEWER,
    ),
    "one under way above one that is done": (
        [a_tombstone(2, "e0", moved_to=NEWER), a_seal(3, **MOVED)],
        NEW,
    ),
}


@pytest.mark.parametrize(("log", "expected"), MOVES.values(), ids=list(MOVES))
def test_a_tail_says_where_the_latest_life_went(
    log: list[Any], expected: ConversationKey | None
) -> None:
    assert read_tail(reversed(log), exhausted=True, now=START).moved_to == expected


def test_no_tail_goes_on_over_the_seal_of_a_move() -> None:
    tail = read_tail([a_turn(1)], exhausted=True, now=START)
    assert tail.follow(a_seal(2, **MOVED), START) is None
