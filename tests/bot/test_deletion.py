"""Deleting while functions die, and while others still believe in what was deleted (ADR 3)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from bot.lifecycle import deletion
from bot.models import Status, Turn
from bot.turn_log.tail import MAX_AGE
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock
from tests.support.stores import Before, Counting, Dying, Killed, Wrapped
from tests.support.template import template
from tests.support.turns import MAIN
from tests.support.workers import Worker

Store = MemoryConversationStore
LONGEST_INVOCATION = template()["Globals"]["Function"]["Timeout"]
"""Seconds."""


def items(store: Store) -> list[Turn]:
    """All that the table holds of the log."""
    return list(store.following(MAIN, 0, 10_000).turns)


def chat(worker: Worker, count: int, prefix: str = "m") -> None:
    """Say so much."""
    for number in range(count):
        assert worker.say(f"{prefix}{number}")["type"] == "turn"


def assert_gone(worker: Worker) -> None:
    """A device that asks finds nothing there."""
    snapshot = worker.one("resume")
    assert (snapshot["turns"], snapshot["head"], snapshot["epoch"]) == ([], 0, "")
    assert worker.one("conversations")["conversations"] == []
    assert worker.one("history", before=1000)["turns"] == []
    assert worker.one("rename", title="x")["code"] == "not_found"


def test_a_deleted_conversation_is_gone_for_every_device(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    chat(worker, 5)
    epoch = worker.one("resume")["epoch"]
    answer = worker.handle("delete")
    (frame,) = answer.to_user
    assert frame == {
        "type": "snapshot",
        "conversationId": "main",
        "epoch": "",
        "title": "",
        "turns": [],
        "head": 0,
        "read": 0,
        "unread": 0,
        "more": False,
        "reset": True,
    }
    assert_gone(worker)  # already before it is cleared away
    assert answer.afterwards
    assert answer.afterwards() is True
    for each in (worker, Worker(store, clock)):
        assert_gone(each)
        assert each.one("resume", after=5, epoch=epoch)["reset"] is True


def test_what_was_said_is_not_kept(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    chat(worker, 5)
    clock.advance(hours=1)
    chat(worker, 5, "n")
    worker.ask("delete")
    assert [turn.seq for turn in items(store)] == [6, 7, 8, 9, 10, 11]
    assert {(turn.text, turn.reply, turn.message_id) for turn in items(store)} == {("", "", "")}
    assert store.conversation(MAIN) is None


def test_the_next_message_begins_a_new_epoch_at_one(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    chat(worker, 5)
    epoch = worker.one("resume")["epoch"]
    worker.ask("delete")
    frame = worker.say("m0", after=5, epoch=epoch)
    assert frame["turn"]["seq"] == 1
    assert frame["epoch"] != epoch
    assert frame["turn"]["reply"] == "1: m0", "the bot starts afresh"
    chat(worker, 10, "n")
    for each in (worker, Worker(store, clock)):
        assert each.seqs() == list(range(1, 12))


def test_what_does_not_exist_cannot_be_deleted(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    assert worker.one("delete")["code"] == "not_found"
    chat(worker, 1)
    worker.ask("delete")
    assert worker.one("delete")["code"] == "not_found"
    assert worker.one("delete", conversationId="other")["code"] == "not_found"


def test_deleting_again_while_it_lasts_goes_on_with_it(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    chat(worker, 5)
    worker.handle("delete")
    assert Worker(store, clock).one("delete")["reset"] is True
    assert_gone(worker)
    assert worker.say("m1")["turn"]["seq"] == 1


def test_a_conversation_can_be_deleted_again_and_again(store: Store, clock: FakeClock) -> None:
    workers = [Worker(store, clock), Worker(store, clock)]
    epochs = set()
    for life in range(6):
        for number in range(7 - life):
            frame = workers[(life + number) % 2].say(f"m{number}")
            assert frame["turn"]["seq"] == number + 1
        epochs.add(frame["epoch"])
        workers[life % 2].ask("delete")
        clock.advance(minutes=3)
        assert_gone(workers[1])
    assert len(epochs) == 6


def test_only_that_conversation_of_that_user_goes(store: Store, clock: FakeClock) -> None:
    worker, stranger = Worker(store, clock), Worker(store, clock, user_id="guest:stranger")
    for conversation_id in ("main", "main-", "mai"):
        worker.say("m1", conversationId=conversation_id)
    stranger.say("m1")
    worker.ask("delete")
    assert worker.seqs(conversationId="main-") == worker.seqs(conversationId="mai") == [1]
    assert stranger.seqs() == [1]


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("goes_on", ["message", "delete"])
@pytest.mark.parametrize("age", ["young", "old", "mixed"])
@pytest.mark.parametrize("at_write", range(1, 12))
def test_whoever_comes_next_finishes_what_a_dead_function_left(
    store: Store, clock: FakeClock, at_write: int, age: str, goes_on: str, applied: bool
) -> None:
    """Six turns: a seal, six removals, the list's item and the seal's burial are nine writes."""
    witness = Worker(store, clock)
    chat(witness, 3)
    clock.advance(hours=age != "young")
    chat(witness, 3, "n")
    clock.advance(hours=age == "old")
    dying = Dying(store, at_write, applied=applied)
    try:
        Worker(dying, clock).ask("delete")
    except Killed:
        assert dying.died
    if not (at_write == 1 and not applied):
        assert_gone(witness)
    elif goes_on == "message":
        assert witness.seqs() == [1, 2, 3, 4, 5, 6]
        return
    if goes_on == "delete":
        Worker(store, clock).ask("delete")
        assert_gone(witness)
    assert Worker(store, clock).say("next")["turn"]["seq"] == 1
    assert witness.say("and next")["turn"]["seq"] == 2
    assert witness.seqs() == Worker(store, clock).seqs() == [1, 2]
    assert len({turn.epoch for turn in items(store) if turn.status is not Status.DELETED}) == 1


@pytest.mark.parametrize("at_write", range(1, 10))
def test_a_second_death_is_survived_too(store: Store, clock: FakeClock, at_write: int) -> None:
    worker = Worker(store, clock)
    chat(worker, 6)
    with pytest.raises(Killed):
        Worker(Dying(store, 3, applied=True), clock).ask("delete")
    clock.advance(minutes=10)
    with suppress(Killed):
        Worker(Dying(store, at_write, applied=True), clock).say("next")
    assert worker.say("next")["turn"]["seq"] == 1
    assert worker.seqs() == [1]


def test_a_late_writer_loses_against_the_seal(store: Store, clock: FakeClock) -> None:
    deleting, racing = Worker(store, clock), Before(store)
    writing = Worker(racing, clock)
    chat(writing, 3)
    racing.next("append", lambda: deleting.handle("delete"))
    frame = writing.say("late", after=3)
    assert frame["turn"]["seq"] == 1
    assert writing.turns() == Worker(store, clock).turns() == [frame["turn"]]


def test_a_seal_that_loses_its_race_goes_behind_the_winner(store: Store, clock: FakeClock) -> None:
    writing, racing = Worker(store, clock), Before(store)
    chat(writing, 3)
    racing.next("append", lambda: writing.say("won"), lambda: writing.say("again"))
    Worker(racing, clock).ask("delete")
    assert_gone(writing)
    assert writing.say("next")["turn"]["seq"] == 1


def test_a_seal_is_not_kept_waiting_by_whoever_writes_between_any_two_looks(
    store: Store, clock: FakeClock
) -> None:
    writing = Worker(store, clock)
    chat(writing, 3)

    class Busy(Wrapped):
        """A log to which another is always faster than who has read it."""

        def around(self, name: str, call: Callable[[], Any]) -> Any:
            found = call()
            if name == "newest":
                writing.say(f"faster {uuid4()}")
            return found

    frame = Worker(Busy(store), clock).one("delete")
    assert frame["type"] == "snapshot", frame
    assert items(store)[-1].status is Status.DELETED


def test_a_deletion_that_takes_long_goes_on_in_steps(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read takes a second here, so that a deletion's time is up before it is done."""
    monkeypatch.setattr(deletion, "STEP", 2)
    worker = Worker(store, clock)
    chat(worker, 60)
    clock.advance(hours=1)
    slow = Before(store)
    slow.next("following", *[lambda: clock.advance(seconds=1)] * 1000)
    deleting = Worker(slow, clock)
    deleting.ask("delete")
    assert_gone(worker)
    assert len(items(store)) == 41
    busy = deleting.say("next")
    assert (busy["code"], busy["retryable"]) == ("busy", True)
    assert worker.say("next")["turn"]["seq"] == 1


@pytest.mark.parametrize("known", range(1, 8))
@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize(
    "idle", [0, 60, 4 * 60, 5 * 60 - 1, 5 * 60, 6 * 60, 7 * 60, 8 * 60, 86_400]
)
def test_a_worker_with_an_old_tail_never_writes_into_what_was_deleted(
    store: Store, clock: FakeClock, known: int, rounds: int, idle: int
) -> None:
    """A warm worker knows the first `known` of 7 turns; then all is deleted, once or twice."""
    stale, other = Worker(store, clock), Worker(store, clock)
    chat(other, known - 1, "a")
    stale.say("stale")
    chat(other, 7 - known, "b")
    for life in range(rounds):
        other.ask("delete")
        if life < rounds - 1:
            chat(other, 3, f"again{life}")
    clock.advance(seconds=idle)
    frame = stale.say("next", after=known)
    assert frame["turn"]["seq"] == 1
    assert frame["turn"]["reply"] == "1: next"
    assert stale.turns() == other.turns() == [frame["turn"]]
    assert other.say("more")["turn"]["seq"] == 2


@pytest.mark.parametrize("wait", range(0, 16))
@pytest.mark.parametrize("new_turns", [0, 1, 5, 12])
def test_an_old_tail_finds_every_place_taken_however_late_the_deletion(
    store: Store, clock: FakeClock, wait: int, new_turns: int
) -> None:
    """The deletion falls anywhere in the stale tail's life, and a new epoch grows meanwhile."""
    stale, other = Worker(store, clock), Worker(store, clock)
    stale.say("stale")
    for number in range(8):
        clock.advance(seconds=7)
        other.say(f"b{number}")
    clock.advance(seconds=30 * wait)
    other.ask("delete")
    chat(other, new_turns, "new")
    frame = stale.say("next", after=0)
    assert frame["turn"]["seq"] == new_turns + 1
    assert other.seqs() == stale.seqs() == list(range(1, new_turns + 2))


def test_slow_functions_do_not_outlast_the_places_kept(store: Store, clock: FakeClock) -> None:
    """The worst that the functions' timeout allows, three times over.

    A function takes a message as old as an invocation may be and writes it behind m2; the one that
    wrote m2 hears so only at the end of its own invocation, and its tail counts as fresh from then
    on; and its last append with that tail comes at the end of an invocation again.
    """
    delay = timedelta(0)
    hearing_late, racing = Before(store), Before(store)
    stale = Worker(hearing_late, lambda: clock() + delay)
    slow, third = Worker(racing, clock), Worker(store, clock)

    def write_m2() -> None:
        nonlocal delay
        clock.advance(seconds=LONGEST_INVOCATION)
        stale.say("m1", after=0)
        hearing_late.next("append", hear_late)
        stale.say("m2", after=1)
        delay = timedelta(0)

    def hear_late() -> None:
        nonlocal delay
        delay = timedelta(seconds=LONGEST_INVOCATION)

    def delete() -> None:
        clock.advance(seconds=LONGEST_INVOCATION)
        third.ask("delete")
        third.say("new epoch")

    begun = clock()
    racing.next("append", write_m2)
    assert slow.say("m3", after=0)["turn"]["seq"] == 3
    kept = store.turn(MAIN, 3)
    assert kept
    assert kept.created_at == begun
    clock.advance(seconds=LONGEST_INVOCATION)  # only now the stale one has heard
    clock.advance(seconds=(MAX_AGE - timedelta(milliseconds=1)).total_seconds())
    hearing_late.next("append", delete)
    assert stale.say("m4", after=2)["turn"]["seq"] == 2
    assert third.seqs() == [1, 2]


def test_a_conversation_half_deleted_takes_no_turn_for_a_stale_worker(
    store: Store, clock: FakeClock
) -> None:
    """The stale worker learns of the deletion while it looks for the message, not before."""
    stale, other = Worker(store, clock), Worker(store, clock)
    stale.say("m1")
    chat(other, 5, "n")
    clock.advance(minutes=4)
    with pytest.raises(Killed):
        Worker(Dying(store, 3, applied=True), clock).ask("delete")
    frame = stale.say("next", after=6)  # it knows of one turn: so it looks again, and sees the seal
    assert frame["turn"]["seq"] == 1
    assert other.turns() == Worker(store, clock).turns() == [frame["turn"]]


def test_a_slow_deletion_spares_what_was_said_since_another_finished_it(
    store: Store, clock: FakeClock
) -> None:
    other, racing = Worker(store, clock), Before(store)
    chat(other, 5)

    def finish_and_begin_anew() -> None:
        other.ask("delete")
        chat(other, 3, "new")

    racing.next("following", finish_and_begin_anew)
    Worker(racing, clock).ask("delete")
    assert other.seqs() == Worker(store, clock).seqs() == [1, 2, 3]
    assert other.one("conversations")["conversations"][0]["head"] == 3


def test_a_conversation_that_is_deleted_again_meanwhile_takes_no_hidden_turn(
    store: Store, clock: FakeClock
) -> None:
    other, racing = Worker(store, clock), Before(store)
    chat(other, 3)
    other.handle("delete")

    def begin_anew_and_seal() -> None:
        chat(other, 2, "new")
        other.handle("delete")
        # Its first turn is cleared away, its seal stands.
        turn = store.turn(MAIN, 1)
        assert turn
        store.bury(MAIN, [turn], clock(), turn.expires_at)

    racing.next("newest", lambda: None, begin_anew_and_seal)
    frame = Worker(racing, clock).say("next", after=3)
    assert frame["turn"]["seq"] == 1
    assert other.turns() == Worker(store, clock).turns() == [frame["turn"]]


def test_a_resend_into_a_half_deleted_conversation_takes_no_hidden_turn(
    store: Store, clock: FakeClock
) -> None:
    stale, other = Worker(store, clock), Worker(store, clock)
    stale.say("m1")
    chat(other, 5, "n")
    with pytest.raises(Killed):
        Worker(Dying(store, 3, applied=True), clock).ask("delete")
    frame = stale.say("m1", after=0)  # its tail knows the id, and looks where the turn was
    assert frame["turn"]["seq"] == 1
    assert other.turns() == Worker(store, clock).turns() == [frame["turn"]]


@pytest.mark.parametrize("place", [{}, {"after": 0}])
def test_a_resend_is_not_answered_with_what_was_deleted(
    store: Store, clock: FakeClock, place: dict[str, Any]
) -> None:
    """The log is sealed and not cleared yet: for everyone else the conversation is gone."""
    stale = Worker(store, clock)
    made = stale.say("m1", after=0)
    Worker(store, clock).handle("delete")
    frame = stale.say("m1", **place)
    assert frame["epoch"] != made["epoch"]
    assert Worker(store, clock).turns() == [frame["turn"]]


def test_what_was_deleted_long_ago_but_not_to_the_end_stays_hidden(
    store: Store, clock: FakeClock
) -> None:
    worker = Worker(store, clock)
    chat(worker, 5)
    worker.handle("delete")
    clock.advance(days=364)
    assert_gone(Worker(store, clock))
    assert worker.say("m1")["turn"]["seq"] == 1
    assert worker.seqs() == [1]


def test_whoever_looks_finishes_a_deletion_that_was_cut_off(store: Store, clock: FakeClock) -> None:
    """What a user deleted must not stay in the table for want of another message to it."""
    worker = Worker(store, clock)
    chat(worker, 5)
    worker.handle("delete")  # the function dies before it clears anything away
    clock.advance(hours=1)
    again = Worker(store, clock)
    again.ask("conversations")
    again.ask("resume")
    assert [turn.text for turn in items(store) if turn.text] == []


def test_tombstones_cost_few_reads(store: Store, clock: FakeClock) -> None:
    """A short look (list, rename, read) must not fetch one tombstone a request."""
    worker = Worker(store, clock)
    chat(worker, 200)
    worker.ask("delete")
    worker.say("new")
    counting = Counting(store)
    looking = Worker(counting, clock)
    for action, fields in (("read", {"seq": 1}), ("rename", {"title": "x"}), ("conversations", {})):
        counting.calls.clear()
        looking.ask(action, **fields)
        assert counting.reads <= 10, action


def is_listed_anywhere(store: Store) -> bool:
    """Whether the list holds any entry, shown or not."""
    return bool(store.conversations(MAIN.user_id, None, 10)[0])


@pytest.mark.parametrize("moment", ["conversation", "note_conversation"])
@pytest.mark.parametrize("frame", [{"action": "resume"}, {"action": "history", "before": 9}])
def test_a_resume_that_a_deletion_overtakes_leaves_nothing_in_the_list(
    store: Store, clock: FakeClock, moment: str, frame: dict[str, Any]
) -> None:
    """It takes the missing entry for one whose writer died."""
    user = Worker(store, clock)
    user.handle("message", messageId="m1", text="secret")  # the entry is not written yet
    racing = Before(store)
    racing.next(moment, lambda: user.ask("delete"))
    Worker(racing, clock).ask(**frame)
    assert not is_listed_anywhere(store)


def test_a_resume_that_a_new_beginning_overtakes_leaves_that_ones_entry(
    store: Store, clock: FakeClock
) -> None:
    user = Worker(store, clock)
    user.handle("message", messageId="m1", text="secret")
    racing = Before(store)

    def begin_anew() -> None:
        user.ask("delete")
        clock.advance(seconds=1)
        user.say("m2", "new")

    racing.next("note_conversation", begin_anew)
    Worker(racing, clock).ask("resume")
    (listed,) = user.one("conversations")["conversations"]
    assert listed["title"] == "new"


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("rename_conversation", {"action": "rename", "title": "secret"}),
        ("move_cursor", {"action": "read", "seq": 1}),
        ("note_conversation", {"action": "message", "messageId": "m2", "text": "secret"}),
    ],
)
def test_whatever_else_a_deletion_overtakes_is_gone_once_anyone_looks_at_the_list(
    store: Store, clock: FakeClock, name: str, frame: dict[str, Any]
) -> None:
    user = Worker(store, clock)
    user.say("m1")
    clock.advance(minutes=1)
    racing = Before(store)
    racing.next(name, lambda: user.ask("delete"))
    Worker(racing, clock).ask(**frame)
    assert is_listed_anywhere(store)
    assert user.one("conversations")["conversations"] == []
    assert not is_listed_anywhere(store)


def test_a_list_leaves_the_entry_of_what_is_still_being_moved_or_deleted(
    store: Store, clock: FakeClock
) -> None:
    """A move takes title and cursor from there."""
    user = Worker(store, clock)
    user.say("m1")
    user.handle("delete")
    assert user.one("conversations")["conversations"] == []
    assert is_listed_anywhere(store)
