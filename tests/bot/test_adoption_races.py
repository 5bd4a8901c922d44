"""Adoptions that are cut off, paused, doubled, and met by who still writes (ADR 9)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest

from bot.errors import Busy
from bot.lifecycle import moving
from bot.models import ConversationKey, Turn
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import EVA, GUEST, GUEST_ID, LEO, MAIN, adopt, seal_alone, what_is_said
from tests.support.clock import FakeClock
from tests.support.stores import Before, Dying, Killed, Paused
from tests.support.workers import Worker

Store = MemoryConversationStore
SAID = ["m0", "m1", "m2", "n0", "n1", "n2"]
CALLS = 24
"""More than an adoption of six turns makes, three batches among them."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two turns: so there is something between them."""
    monkeypatch.setattr(moving, "STEP", 2)


@pytest.fixture
def new_worker(store: Store, clock: FakeClock) -> Callable[..., Worker]:
    """A function without memory; the guest's where no other user is named."""

    def make(user_id: str = GUEST, on: Any = None) -> Worker:
        return Worker(on or store, clock, user_id=user_id)

    return make


New = Callable[..., Worker]


def talk(worker: Worker, clock: FakeClock, age: str = "young") -> None:
    """Six turns."""
    for name in SAID[:3]:
        worker.say(name)
    clock.advance(hours=age != "young")
    for name in SAID[3:]:
        worker.say(name)
    clock.advance(hours=age == "old")


def ids(turns: list[dict[str, Any]]) -> list[str]:
    """What was said."""
    return [turn["messageId"] for turn in turns]


def of_the_user(worker: Worker) -> list[list[str]]:
    """What was said in each of a user's conversations."""
    listed = worker.one("conversations")["conversations"]
    return [ids(what_is_said(worker, each["conversationId"])) for each in listed]


def texts(store: Store, key: ConversationKey = MAIN) -> set[str]:
    """What the table holds of a log."""
    return {turn.text for turn in store.following(key, 0, 10_000).turns}


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("goes_on", ["adopt", "look", "message", "other user"])
@pytest.mark.parametrize("age", ["young", "old", "mixed"])
@pytest.mark.parametrize("at_write", range(1, 16))
def test_whoever_comes_next_finishes_what_a_dead_function_left(
    new_worker: New,
    store: Store,
    clock: FakeClock,
    at_write: int,
    age: str,
    goes_on: str,
    applied: bool,
) -> None:
    """A seal, three batches, the end, six removals, the list's entry and the burial of the seal."""
    talk(new_worker(), clock, age)
    with suppress(Killed):
        new_worker(EVA, Dying(store, at_write, applied=applied)).ask("adopt", guestId=GUEST_ID)
    sealed = at_write > 1 or applied
    said_since: list[str] = []
    clock.advance(minutes=2)
    if goes_on == "look":
        assert bool(what_is_said(new_worker())) is not sealed
        assert new_worker().one("conversations")["conversations"] == [] or not sealed
    if goes_on == "message":
        frame = new_worker().say("next", after=0)
        assert frame["turn"]["seq"] == (1 if sealed else 7)
        said_since = ["next"]
    if goes_on == "other user":
        leo = new_worker(LEO)
        assert len(adopt(leo)) == (not sealed)
        if not sealed:
            assert of_the_user(leo) == [SAID]
            return
    if goes_on != "adopt" and sealed:
        assert of_the_user(new_worker(EVA)) == [SAID], "finished without Eva's asking again"
    moved = adopt(new_worker(EVA))
    every = [SAID, said_since] if sealed and said_since else [[*SAID, *said_since]]
    assert sorted(of_the_user(new_worker(EVA))) == sorted(every)
    assert ids(what_is_said(new_worker(EVA), moved["main"])) == every[-1]
    assert texts(store) <= {""}
    assert new_worker().seqs() == []
    assert new_worker().say("anew")["turn"]["seq"] == 1


@pytest.mark.parametrize("at_write", range(1, 14))
def test_a_second_death_is_survived_too(
    new_worker: New, store: Store, clock: FakeClock, at_write: int
) -> None:
    talk(new_worker(), clock)
    with pytest.raises(Killed):
        new_worker(EVA, Dying(store, 3, applied=True)).ask("adopt", guestId=GUEST_ID)
    with suppress(Killed):
        new_worker(EVA, Dying(store, at_write, applied=True)).ask("adopt", guestId=GUEST_ID)
    moved = adopt(new_worker(EVA))
    assert ids(what_is_said(new_worker(EVA), moved["main"])) == SAID


def leave(worker: Worker, name: str) -> None:
    """Nothing more."""


def delete(worker: Worker, name: str) -> None:
    """The new owner does not want it."""
    worker.ask("delete", conversationId=name)


def go_on(worker: Worker, name: str) -> None:
    """The new owner talks on, rates and renames."""
    worker.say("since", conversationId=name)
    worker.ask("feedback", conversationId=name, seq=2, rating="up")
    worker.ask("rename", conversationId=name, title="Mine")


def begin_anew(worker: Worker, name: str) -> None:
    """The new owner begins it anew."""
    delete(worker, name)
    worker.say("anew", conversationId=name)


@pytest.mark.parametrize("then", [leave, delete, go_on, begin_anew])
@pytest.mark.parametrize("slow_user", [EVA, LEO, GUEST], ids=["eva", "leo", "guest"])
@pytest.mark.parametrize("wait", [0, 3600])
@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
def test_a_paused_function_changes_nothing_once_another_has_done_all(
    new_worker: New,
    store: Store,
    clock: FakeClock,
    at_call: int,
    wait: int,
    slow_user: str,
    then: Callable[[Worker, str], None],
) -> None:
    """Another adopts and goes on with it, while this one stands before any of its calls."""
    talk(new_worker(), clock, "mixed")
    eva = new_worker(EVA)
    seal_alone(store, eva)
    moved: dict[str, str] = {}
    kept: list[Any] = []

    def all_else() -> None:
        moved.update(adopt(eva))
        then(eva, moved["main"])
        clock.advance(seconds=wait)
        kept.extend(everything(store, eva, moved["main"]))

    slow = Paused(store, at_call, all_else)
    if slow_user == GUEST:
        frame = new_worker(GUEST, slow).say("next", after=6)
        assert frame["type"] == "turn" or (wait and frame["code"] == "busy")
    else:
        adopt(new_worker(slow_user, slow))
    if not slow.was_paused:
        return
    assert everything(store, eva, moved["main"]) == kept
    assert texts(store) <= {"", "next"}
    assert new_worker().seqs() == ([1] if "next" in texts(store) else [])


def everything(store: Store, worker: Worker, name: str) -> list[Any]:
    """All that the tables hold of a conversation, and the list."""
    key = ConversationKey(worker.user_id, name)
    return [
        store.following(key, 0, 100),
        store.conversation(key),
        worker.one("conversations"),
        what_is_said(worker, name),
    ]


@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
def test_two_adoptions_at_once_move_it_once(
    new_worker: New, store: Store, clock: FakeClock, at_call: int
) -> None:
    talk(new_worker(), clock)
    other: dict[str, str] = {}
    slow = Paused(store, at_call, lambda: other.update(adopt(new_worker(EVA))))
    moved = adopt(new_worker(EVA, slow))
    # Where the other came before anything was found, there is nothing new to be told.
    assert moved == (other or moved)
    assert of_the_user(new_worker(EVA)) == [SAID]
    assert texts(store) == {""}


@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
def test_two_users_at_once_one_gets_all(
    new_worker: New, store: Store, clock: FakeClock, at_call: int
) -> None:
    talk(new_worker(), clock)
    slow = Paused(store, at_call, lambda: adopt(new_worker(LEO)))
    adopt(new_worker(EVA, slow))
    both = [of_the_user(new_worker(EVA)), of_the_user(new_worker(LEO))]
    assert sorted(both) == [[], [SAID]]


@pytest.mark.parametrize("known", range(1, 8))
@pytest.mark.parametrize("idle", [0, 60, 4 * 60, 5 * 60 - 1, 5 * 60, 7 * 60, 8 * 60, 86_400])
@pytest.mark.parametrize("rounds", [1, 2])
def test_a_worker_with_an_old_tail_never_writes_into_what_was_moved(
    new_worker: New, clock: FakeClock, known: int, idle: int, rounds: int
) -> None:
    """A warm function of the guest's knows the first `known` of 7 turns; then all is moved."""
    stale, other, eva = new_worker(), new_worker(), new_worker(EVA)
    for number in range(7):
        (stale if number == known - 1 else other).say(f"m{number}")
    moved = [adopt(eva)["main"]]
    for _ in range(rounds - 1):
        other.say("in between")
        moved.append(adopt(eva)["main"])
    clock.advance(seconds=idle)
    frame = stale.say("next", after=known)
    assert (frame["turn"]["seq"], frame["turn"]["reply"]) == (1, "1: next")
    assert stale.turns() == other.turns() == [frame["turn"]]
    assert [eva.seqs(conversationId=name) for name in moved] == [list(range(1, 8)), [1]][:rounds]


@pytest.mark.parametrize("at_call", range(1, CALLS + 1))
@pytest.mark.parametrize("writers", [1, 3])
def test_a_guest_who_writes_meanwhile_loses_nothing_and_finds_each_message_once(
    new_worker: New, store: Store, clock: FakeClock, at_call: int, writers: int
) -> None:
    """Several warm functions take messages of the guest while Eva's adoption is under way."""
    warm = [new_worker() for _ in range(writers)]
    for name, number in zip(SAID, range(6), strict=True):
        warm[number % writers].say(name)
    late = [f"late{number}" for number in range(writers)]
    frames: list[Any] = []

    def write() -> None:
        frames.extend(each.say(name) for each, name in zip(warm, late, strict=True))

    adopt(new_worker(EVA, Paused(store, at_call, write)))
    adopt(new_worker(EVA))
    said = of_the_user(new_worker(EVA))
    assert sorted(each for one in said for each in one) == sorted(
        [*SAID, *late] if frames else SAID
    )
    assert all(frame["type"] == "turn" for frame in frames)
    assert max(said, key=len)[:6] == SAID


def test_a_late_writer_loses_against_the_seal_and_begins_anew(
    new_worker: New, store: Store, clock: FakeClock
) -> None:
    talk(new_worker(), clock)
    racing = Before(store)
    guest = new_worker(on=racing)
    guest.seqs()
    racing.next("append", lambda: adopt(new_worker(EVA)))
    frame = guest.say("late", after=6)
    assert frame["turn"]["seq"] == 1
    assert of_the_user(new_worker(EVA)) == [SAID]


def test_a_seal_that_loses_its_race_takes_the_winner_along(
    new_worker: New, store: Store, clock: FakeClock
) -> None:
    talk(new_worker(), clock)
    racing = Before(store)
    racing.next("append", lambda: new_worker().say("won"), lambda: new_worker().say("again"))
    moved = adopt(new_worker(EVA, racing))
    said = ids(what_is_said(new_worker(EVA), moved["main"]))
    assert said == [*SAID, "won", "again"]


def test_a_deletion_that_comes_first_leaves_nothing_to_move(
    new_worker: New, store: Store, clock: FakeClock
) -> None:
    talk(new_worker(), clock)
    racing = Before(store)
    racing.next("append", lambda: new_worker().handle("delete"))
    assert adopt(new_worker(EVA, racing)) == {}
    assert of_the_user(new_worker(EVA)) == []
    assert texts(store) == {""}


def test_a_deletion_that_comes_second_is_told_that_nothing_is_there(
    new_worker: New, store: Store, clock: FakeClock
) -> None:
    talk(new_worker(), clock)
    racing = Before(store)
    racing.next("append", lambda: seal_alone(store, new_worker(EVA)))
    assert new_worker(on=racing).one("delete")["code"] == "not_found"
    assert adopt(new_worker(EVA)).keys() == {"main"}


@pytest.mark.parametrize("races", [1, 5, 19])
@pytest.mark.parametrize("name", ["copy", "hand_over"])
def test_who_is_in_the_way_is_waited_for(
    store: Store, clock: FakeClock, name: str, races: int
) -> None:
    guest, racing, pauses = Worker(store, clock, user_id=GUEST), Before(store), list[int]()
    talk(guest, clock)
    racing.next(name, *[be_in_the_way] * races)
    eva = Worker(racing, clock, user_id=EVA, pause=pauses.append)
    assert ids(what_is_said(eva, adopt(eva)["main"])) == SAID
    assert pauses == list(range(races))


@pytest.mark.parametrize("name", ["copy", "hand_over"])
def test_who_is_in_the_way_all_the_time_is_told_of_and_the_next_frame_goes_on(
    new_worker: New, store: Store, clock: FakeClock, name: str
) -> None:
    talk(new_worker(), clock)
    racing = Before(store)
    racing.next(name, *[be_in_the_way] * 20)
    error = new_worker(EVA, racing).one("adopt", guestId=GUEST_ID)
    assert (error["code"], error["retryable"]) == ("busy", True)
    assert ids(what_is_said(new_worker(EVA), adopt(new_worker(EVA, racing))["main"])) == SAID


def test_many_at_once_in_threads_move_each_conversation_once(
    new_worker: New, store: Store, clock: FakeClock
) -> None:
    for number in range(20):
        for name in SAID:
            new_worker().say(name, conversationId=f"c{number}")
    together = Barrier(8)

    def adopting(number: int) -> dict[str, str]:
        together.wait()
        return adopt(new_worker((EVA, LEO)[number % 2]))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(adopting, range(8)))
    assert [*answers[::2], *answers[1::2]] == [answers[0]] * 4 + [answers[1]] * 4
    assert sorted([*answers[0], *answers[1]]) == sorted(f"c{number}" for number in range(20))
    said = [*of_the_user(new_worker(EVA)), *of_the_user(new_worker(LEO))]
    assert said == [SAID] * 20


class Unfenced(MemoryConversationStore):
    """A mutant: copies whatever became of the seal."""

    def copy(self, key: ConversationKey, seal: Turn, turns: Any) -> bool:
        assert seal.moved_to
        with self._lock:
            self._turns.setdefault(seal.moved_to, {}).update({turn.seq: turn for turn in turns})
        return True


def test_without_the_fence_a_paused_copier_would_revive_what_was_deleted(clock: FakeClock) -> None:
    """The tests above could fail: this mutant does."""
    store = Unfenced()
    guest, eva = Worker(store, clock, user_id=GUEST), Worker(store, clock, user_id=EVA)
    talk(guest, clock)
    clock.advance(hours=1)
    slow = Before(store)
    slow.next("copy", lambda: delete(eva, adopt(eva)["main"]))
    adopt(Worker(slow, clock, user_id=EVA))
    revived = [key for key in store._turns if key.user_id == EVA and texts(store, key) - {""}]
    assert revived


def be_in_the_way() -> None:
    """Another transaction is under way."""
    raise Busy("Another writes to this conversation.")
