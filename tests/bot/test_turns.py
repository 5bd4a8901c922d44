"""One message makes one turn, in one order (I1, I2, I3)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from bot import limits
from bot.models import Turn
from bot.turns.pace import Pace
from bot.wire.answers import Frame
from store.memory.conversations import MemoryConversationStore
from tests.support.bots import Parrot
from tests.support.clock import FakeClock
from tests.support.soak import times
from tests.support.stores import Before, Counting, Large
from tests.support.turns import MAIN, a_turn
from tests.support.workers import Worker

Store = MemoryConversationStore


def texts(worker: Worker) -> list[str]:
    """What was said, in order."""
    return [turn["text"] for turn in worker.turns()]


def the_same(frames: list[Frame]) -> bool:
    """Whether all the frames tell of one turn."""
    return all(frame == frames[0] for frame in frames) and frames[0]["type"] == "turn"


def test_a_resend_that_does_not_say_what_was_seen_is_known_among_a_thousand_turns(
    store: Store, clock: FakeClock
) -> None:
    worker = Worker(store, clock)
    for number in range(limits.RESEND_TURNS):
        worker.say(f"m{number}")
    large: Any = Large(store)
    assert Worker(large, clock).say("m0")["turn"]["seq"] == 1
    assert len(worker.turns()) == limits.RESEND_TURNS


def test_what_was_deleted_takes_nothing_of_the_thousand(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RESEND_TURNS", 5)
    monkeypatch.setattr(Large, "PAGE", 2)
    worker = Worker(store, clock)
    for number in range(8):
        worker.say(f"old{number}")
    worker.ask("delete")
    for number in range(5):
        worker.say(f"m{number}")
    large: Any = Large(store)
    assert Worker(large, clock).say("m0")["turn"]["seq"] == 1


def test_a_message_makes_a_turn_with_its_reply(store: Store, clock: FakeClock) -> None:
    frame = Worker(store, clock).say("m1", "hello", after=0)
    assert frame == {
        "type": "turn",
        "conversationId": "main",
        "epoch": frame["epoch"],
        "turn": {
            "seq": 1,
            "messageId": "m1",
            "author": "user",
            "text": "hello",
            "reply": "1: hello",
            "status": "done",
            "createdAt": "2026-03-01T12:00:00.000Z",
            "completedAt": "2026-03-01T12:00:00.000Z",
        },
    }
    assert frame["epoch"]


def test_turns_follow_one_another_and_carry_the_bots_state(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    replies = [worker.say(f"m{number}")["turn"]["reply"] for number in (1, 2, 3)]
    assert replies == ["1: m1", "2: m2", "3: m3"]
    assert worker.seqs() == [1, 2, 3]


def test_a_cold_worker_goes_on_where_another_stopped(store: Store, clock: FakeClock) -> None:
    Worker(store, clock).say("m1")
    assert Worker(store, clock).say("m2")["turn"]["reply"] == "2: m2"


def test_a_warm_turn_is_one_write_and_nothing_else(store: Store, clock: FakeClock) -> None:
    counting = Counting(store)
    worker = Worker(counting, clock)
    worker.say("m1", after=0)
    for number in range(2, 300):
        counting.calls.clear()
        worker.say(f"m{number}", after=number - 1)
        assert counting.calls == {"append": 1}
    cold = Worker(counting, clock)
    counting.calls.clear()
    cold.say("m300", after=299)
    assert counting.calls == {"newest": 1, "append": 1}


@pytest.mark.parametrize("place", [{}, {"after": 0}, {"after": 2}, {"after": 3}, {"after": 99}])
@pytest.mark.parametrize("warm", [True, False])
def test_a_resend_gets_the_same_turn_and_writes_nothing(
    store: Store, clock: FakeClock, place: dict[str, Any], warm: bool
) -> None:
    worker = Worker(store, clock)
    made = [worker.say(f"m{number}") for number in range(1, 6)]
    counting = Counting(store)
    again = worker if warm else Worker(counting, clock)
    assert again.say("m4", **place) == made[3]
    assert counting.calls["append"] == 0
    assert worker.seqs() == [1, 2, 3, 4, 5]


def test_a_resend_is_answered_to_the_asker_alone(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    first = worker.handle("message", messageId="m1", text="a")
    again = worker.handle("message", messageId="m1", text="a")
    assert first.to_user == again.to_caller
    assert first.to_caller == again.to_user == ()
    assert again.afterwards is None


@pytest.mark.parametrize("later", [1, 49, 50, 51, 500, 999])
@pytest.mark.parametrize("told", ["nothing", "after", "after and epoch"])
@pytest.mark.parametrize("warm", [True, False])
def test_a_resend_is_found_however_many_turns_later(
    store: Store, clock: FakeClock, later: int, told: str, warm: bool
) -> None:
    worker = Worker(store, clock)
    worker.say("m0")
    first = worker.say("the message", after=1)
    for number in range(later):
        worker.say(f"n{number}", after=number + 2)
    place = {
        "nothing": {},
        "after": {"after": 1},
        "after and epoch": {"after": 1, "epoch": first["epoch"]},
    }[told]
    again = worker if warm else Worker(store, clock)
    assert again.say("the message", **place) == first
    assert len(worker.seqs()) == later + 2


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("later", [1_500, times(2_100, 5_000)])
def test_a_resend_that_says_where_it_stood_is_found_past_any_memory(
    store: Store, clock: FakeClock, warm: bool, later: int
) -> None:
    worker = Worker(store, clock)
    first = worker.say("the message", after=0)
    for number in range(later):
        worker.say(f"n{number}", after=number + 1)
    again = worker if warm else Worker(store, clock)
    assert again.say("the message", after=0) == first
    assert again.say("the message", after=0, epoch=first["epoch"]) == first
    assert len(worker.seqs()) == later + 1


def test_a_resend_finds_its_turn_behind_a_page_that_ended_early(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GAP_TURNS", 7)  # as where a page holds a megabyte
    worker = Worker(store, clock)
    for number in range(1, 200):
        worker.say(f"m{number}", after=number - 1)
    made = worker.say("m60", after=2)
    assert made["turn"]["seq"] == 60
    assert Worker(store, clock).say("m60", after=2) == made


@pytest.mark.parametrize("place", [{}, {"after": 0}])
@pytest.mark.parametrize("warm", [True, False])
def test_an_id_used_for_another_text_is_refused(
    store: Store, clock: FakeClock, place: dict[str, Any], warm: bool
) -> None:
    worker = Worker(store, clock)
    worker.say("m1", "one")
    error = (worker if warm else Worker(store, clock)).say("m1", "two", **place)
    assert (error["code"], error["retryable"], error["messageId"]) == ("bad_request", False, "m1")
    assert texts(worker) == ["one"]


def test_one_id_may_be_used_in_two_conversations(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    worker.say("m1", conversationId="one")
    worker.say("m1", conversationId="two")
    assert worker.seqs(conversationId="one") == worker.seqs(conversationId="two") == [1]


def test_a_worker_with_an_old_tail_loses_reloads_and_runs_the_bot_again(
    store: Store, clock: FakeClock
) -> None:
    old, busy = Worker(store, clock), Worker(store, clock)
    old.say("m1")
    for number in range(2, 2 + 60):
        busy.say(f"m{number}")
    assert old.say("late", after=1)["turn"] == {
        **old.turns()[-1],
        "seq": 62,
        "reply": "62: late",
    }
    assert old.seqs() == list(range(1, 63))


def test_a_worker_with_an_old_tail_finds_what_another_took(store: Store, clock: FakeClock) -> None:
    old, busy = Worker(store, clock), Worker(store, clock)
    old.say("m1")
    made = [busy.say(f"m{number}", after=1) for number in range(2, 6)]
    for number in (2, 3, 4, 5):
        assert old.say(f"m{number}", after=1) == made[number - 2]
    assert old.seqs() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("losses", [1, 2, 5, 60])
def test_a_message_that_loses_races_is_taken_in_the_end(
    store: Store, clock: FakeClock, losses: int
) -> None:
    other, racing = Worker(store, clock), Before(store)
    worker = Worker(racing, clock)
    worker.say("m0")
    racing.next("append", *[lambda n=n: other.say(f"other{n}") for n in range(losses)])
    answer = worker.handle("message", messageId="mine", text="mine", after=1)
    (frame,) = answer.to_user
    assert frame["turn"]["seq"] == losses + 2
    assert frame["turn"]["reply"] == f"{losses + 2}: mine"
    assert answer.races == losses
    assert worker.seqs() == list(range(1, losses + 3))


@pytest.mark.parametrize("losses", [0, 1, 2, 5])
def test_a_duplicate_that_wins_the_race_is_what_both_get(
    store: Store, clock: FakeClock, losses: int
) -> None:
    other, racing = Worker(store, clock), Before(store)
    worker = Worker(racing, clock)
    won: list[Frame] = []
    racing.next(
        "append",
        *[lambda n=n: other.say(f"other{n}") for n in range(losses)],
        lambda: won.append(other.say("mine")),
    )
    assert worker.say("mine") == won[0]
    assert worker.seqs() == list(range(1, losses + 2))


def test_who_loses_every_race_is_told_to_come_again(store: Store, clock: FakeClock) -> None:
    other, racing = Worker(store, clock), Before(store)
    worker = Worker(racing, clock)
    racing.next("append", *[lambda n=n: other.say(f"other{n}") for n in range(100)])
    error = worker.say("mine")
    assert (error["code"], error["retryable"], error["messageId"]) == ("busy", True, "mine")
    assert worker.say("mine")["turn"]["seq"] == 101


@pytest.mark.parametrize("writers", [2, 10, 50])
def test_messages_at_once_make_one_gapless_order(
    store: Store, clock: FakeClock, writers: int
) -> None:
    together = Barrier(writers)
    workers = [Worker(store, clock) for _ in range(writers)]

    def send(number: int) -> Frame:
        together.wait()
        return workers[number].say(f"m{number}", after=0)

    with ThreadPoolExecutor(writers) as pool:
        frames = list(pool.map(send, range(writers)))
    taken = {frame["turn"]["messageId"]: frame["turn"]["seq"] for frame in frames}
    shown = workers[0].turns()
    assert [turn["seq"] for turn in shown] == list(range(1, writers + 1))
    assert {turn["messageId"]: turn["seq"] for turn in shown} == taken
    # Each reply was made from the very turn before it.
    assert [turn["reply"] for turn in shown] == [
        f"{turn['seq']}: {turn['messageId']}" for turn in shown
    ]


@pytest.mark.parametrize("copies", [2, 10])
@pytest.mark.parametrize("place", [{}, {"after": 1}])
def test_copies_of_one_message_at_once_make_one_turn(
    store: Store, clock: FakeClock, copies: int, place: dict[str, Any]
) -> None:
    together = Barrier(copies)
    workers = [Worker(store, clock) for _ in range(copies)]
    workers[0].say("before")

    def send(worker: Worker) -> Frame:
        together.wait()
        return worker.say("the message", **place)

    with ThreadPoolExecutor(copies) as pool:
        frames = list(pool.map(send, workers))
    assert the_same(frames)
    assert workers[0].seqs() == [1, 2]


def test_a_write_whose_answer_was_lost_is_told_by_its_owner(store: Store, clock: FakeClock) -> None:
    class Ambiguous(Store):
        """Applies the put, then says that its place was taken: by itself."""

        def append(self, key: Any, turn: Any) -> Any:
            super().append(key, turn)
            return super().append(key, turn)

    worker = Worker(Ambiguous(), clock)
    for number in (1, 2, 3):
        answer = worker.handle("message", messageId=f"m{number}", text="x")
        (frame,) = answer.to_user  # a turn made just now: all devices hear of it
        assert frame["turn"]["seq"] == number
        assert answer.turn_made
    assert worker.seqs() == [1, 2, 3]


def test_deduplication_comes_before_the_rate_limit(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock, pace=Pace(per_minute=60, burst=2))
    made = [worker.say("m1"), worker.say("m2")]
    assert worker.say("m3")["code"] == "rate_limited"
    for each in (worker, Worker(store, clock, pace=Pace(per_minute=60, burst=2))):
        assert [each.say("m1"), each.say("m2")] == made


def test_a_seq_that_expired_and_is_given_again_is_of_another_epoch(
    store: Store, clock: FakeClock
) -> None:
    """DynamoDB removes what has expired in any order: here the newest turn first."""
    worker = Worker(store, clock)
    worker.say("m1")
    seen = worker.say("m2")
    clock.advance(days=366)
    removed = store.turn(MAIN, 2)
    assert removed
    store.erase(MAIN, [removed])
    again = worker.say("m3")
    assert again["turn"]["seq"] == seen["turn"]["seq"]
    frame = Worker(store, clock).one("resume", after=2, epoch=seen["epoch"])
    assert (frame["reset"], frame["turns"]) == (True, [again["turn"]])


def test_numbering_goes_on_from_turns_that_expired_but_are_still_there(
    store: Store, clock: FakeClock
) -> None:
    worker = Worker(store, clock)
    worker.say("m1")
    clock.advance(days=366)
    frame = worker.say("m2")
    assert frame["turn"]["seq"] == 2
    assert frame["turn"]["reply"] == "1: m2", "an expired turn's state is gone"
    assert worker.one("resume")["turns"] == [frame["turn"]]


def test_where_nothing_is_left_a_new_epoch_begins(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    first = worker.say("m1")
    clock.advance(days=366)
    kept = store.turn(MAIN, 1)
    assert kept
    store.erase(MAIN, [kept])  # as DynamoDB does, days late
    frame = worker.say("m2")
    assert frame["turn"]["seq"] == 1
    assert frame["epoch"] != first["epoch"]


def test_a_warm_tail_is_not_trusted_where_its_turns_may_be_removed(
    store: Store, clock: FakeClock
) -> None:
    old, other = Worker(store, clock), Worker(store, clock)
    old.say("m1")
    clock.advance(days=365, minutes=-4)
    old.one("resume")
    clock.advance(minutes=5)
    kept = store.turn(MAIN, 1)
    assert kept
    store.erase(MAIN, [kept])
    other.say("m2")
    old.say("m3")
    assert old.seqs() == [1, 2]


def test_a_shorter_retention_does_not_hide_older_turns_from_a_resend(
    store: Store, clock: FakeClock
) -> None:
    for seq in range(1, 101):
        store.append(MAIN, a_turn(seq, "e1"))
    soon = int(clock().timestamp()) + 60
    for seq in range(101, 111):
        store.append(MAIN, a_turn(seq, "e1", expires_at=soon))
    clock.advance(minutes=2)
    frame = Worker(store, clock).say("m30", "text 30", after=29)
    assert frame["turn"]["seq"] == 30


class Picky(Parrot):
    """Fails on what it cannot make sense of yet."""

    def reply(self, snapshot: Any, message: Any) -> Any:
        """Confirm the second turn, or a later one."""
        if message.text == "confirm" and snapshot.head < 2:
            raise LookupError("nothing to confirm yet")
        return super().reply(snapshot, message)


def test_a_stale_worker_finds_the_turn_before_it_lets_the_bot_fail(
    store: Store, clock: FakeClock
) -> None:
    """De-duplication comes before the bot runs (I2): also where the warm tail is behind."""

    stale, busy = (Worker(store, clock, bot=Picky()) for _ in range(2))
    stale.say("m1", after=0)
    busy.say("m2", after=1)
    made = busy.say("m3", "confirm", after=1)  # typed before m2's turn was seen
    assert made["type"] == "turn"
    assert stale.say("m3", "confirm", after=1) == made


def test_a_stale_worker_lets_the_bot_see_all_before_it_fails(
    store: Store, clock: FakeClock
) -> None:
    stale, busy = (Worker(store, clock, bot=Picky()) for _ in range(2))
    stale.say("m1", after=0)
    busy.say("m2", after=1)
    assert stale.say("m3", "confirm", after=1)["type"] == "turn"


def test_text_of_every_length_up_to_the_limit_is_taken(store: Store, clock: FakeClock) -> None:
    worker = Worker(store, clock)
    for text in ("x", "é" * 4000, "🎉" * 4000, " ", "\u0000", '"' * 4000, "\u202eabc", "a\r\nb"):
        assert worker.say(str(len(text)) + text[:1], text)["turn"]["text"] == text


def test_a_shorter_retention_lets_no_turn_expire_before_an_older_one(
    store: MemoryConversationStore, clock: FakeClock
) -> None:
    before = Worker(store, clock, retention=timedelta(days=30))
    assert before.say("m1")["turn"]["seq"] == 1
    after = Worker(store, clock, retention=timedelta(days=1))
    clock.advance(days=1)
    assert after.say("m2")["turn"]["seq"] == 2
    clock.advance(days=10)
    store.erase(MAIN, [turn for turn in store.following(MAIN, 0, 9).turns if _is_over(turn, clock)])
    assert after.say("m3")["turn"]["seq"] == 3
    clock.advance(days=40)
    assert after.say("m4")["turn"]["reply"] == "1: m4", "all of it has expired together"


def _is_over(turn: Turn, clock: FakeClock) -> bool:
    return turn.expires_at <= clock().timestamp()
