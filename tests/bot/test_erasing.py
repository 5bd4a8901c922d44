"""Erasing a user: all of it, in whatever state, however often it is cut off."""

from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from bot.errors import SendFailed
from bot.models import Connection, ConversationKey, Spent, Status
from bot.user_data import erasing
from bot.user_data.holdings import Kind, Place, Shelf, Shown
from bots.talker import Talker
from delivery.memory import MemorySender
from store.dynamo.attributes import string
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import EVA, GUEST, GUEST_ID, adopt, seal_alone
from tests.support.clock import START, FakeClock
from tests.support.erasing import House
from tests.support.stores import Before, Dying, Killed, Wrapped
from tests.support.turns import ANA, BEN, a_turn
from tests.support.workers import Worker

Store = MemoryConversationStore
FORK = {"forkOf": "main"}


@pytest.fixture
def house(store: Store, clock: FakeClock) -> House:
    """Where users' data is."""
    return House(store, clock)


@pytest.fixture
def worker(store: Store, clock: FakeClock) -> Worker:
    """A warm function."""
    return Worker(store, clock)


def talk(worker: Worker, count: int, name: str = "main") -> None:
    """Say so much."""
    for number in range(1, count + 1):
        assert worker.say(f"{name}-m{number}", conversationId=name)["type"] == "turn"


def live_in(house: House, worker: Worker, clock: FakeClock) -> None:
    """Everything that a user can have: old and young turns, forks, a title, a usage, connections,
    an expired conversation, and a thing of a kind that nobody knows."""
    talk(worker, 3)
    clock.advance(hours=1)
    talk(worker, 3, "second")
    worker.ask("rename", title="Secret", conversationId="second")
    assert worker.one("fork", conversationId="afork", forkOf="main", forkAt=2)["forkAt"] == 2
    talk(worker, 2, "afork")
    assert worker.one("fork", conversationId="deeper", forkOf="afork", forkAt=3)["forkAt"] == 3
    gone = ConversationKey(ANA, "expired")
    house.store.append(gone, a_turn(1, expires_at=int(START.timestamp()) + 60))
    house.connections.add(Connection(ANA, "c1=", "example.test", "prod", START))
    house.connections.add(Connection(ANA, "c2=", "example.test", "prod", START))
    house.connections.deactivate(ANA, "c2=", START)
    house.connections.spend(ANA, Spent(), Spent(counted=("one",)), 10**10)
    for shelf in Shelf:
        place = Place(shelf, "#memory#1")
        house.holdings.others[ANA, place] = {"note": string("what nobody knows")}
    clock.advance(minutes=1)


def assert_gone(house: House, user: str = ANA) -> None:
    """Nothing is left but tombstones, which say nothing."""
    assert {each.kind for each in house.things(user)} <= {Kind.TOMBSTONE}
    for each in house.things(user):
        assert {"text", "reply", "state", "messageId"}.isdisjoint(each.contents)


def test_nothing_is_left_but_tombstones_for_a_day(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    live_in(house, worker, clock)
    other = Worker(house.store, clock, user_id=BEN)
    talk(other, 2)
    before = house.things(BEN)
    erased = house.erase()
    assert_gone(house)
    assert erased.finished
    assert erased.closed == 1
    assert house.sender.gone == {"c1="}
    assert erased.removed == {
        Kind.TURN: 3 + 3 + 2 + 1,
        Kind.ROOT: 2,
        Kind.CONVERSATION: 4,
        Kind.CONNECTION: 2,
        Kind.USAGE: 1,
        Kind.OTHER: 2,
    }
    assert erased.remains
    count, until = erased.remains.staying[Kind.TOMBSTONE]
    assert count == len(house.things())
    assert until == int((clock() + timedelta(days=1)).timestamp())
    assert house.things(BEN) == before


def test_a_second_run_finds_nothing_to_remove(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    live_in(house, worker, clock)
    first, second = house.erase(), house.erase()
    assert second.finished
    assert sum(second.removed.values()) == second.closed == 0
    assert second.remains == first.remains


def test_of_a_user_who_is_not_there_nothing_is_removed(house: House) -> None:
    erased = house.erase("user:no one")
    assert (erased.finished, erased.removed.total()) == (True, 0)


def test_forks_go_first_so_that_nobody_fills_them(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    live_in(house, worker, clock)
    filled: list[int] = []
    before: Any = Before(house.store)
    before.next("fill", *[lambda: filled.append(1)] * 99)
    assert house.erase(store=before).finished
    assert filled == []


@pytest.mark.parametrize("most", [0, 1, 2])
def test_forks_that_were_not_looked_for_go_too(
    house: House,
    worker: Worker,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    monkeypatch.setattr(erasing, "MOST_FORKS", most)
    live_in(house, worker, clock)
    house.erase_all()
    assert_gone(house)


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
def test_who_is_killed_at_any_write_is_gone_on_with(applied: bool) -> None:
    at_write, lived = 0, False
    while not lived:
        at_write += 1
        clock, store = FakeClock(), MemoryConversationStore()
        house = House(store, clock)
        live_in(house, Worker(store, clock), clock)
        since = clock()
        dying: Any = Dying(store, at_write, applied=applied)
        try:
            house.erase(since=since, store=dying)
            lived = True
        except Killed:
            house.erase_all(since=since)
        assert_gone(house)
    assert at_write > 15, "it writes more often"


@pytest.mark.parametrize("at_write", range(1, 26))
def test_an_erasure_that_never_goes_on_leaves_a_user_who_can_talk(
    house: House, worker: Worker, clock: FakeClock, at_write: int
) -> None:
    live_in(house, worker, clock)
    dying: Any = Dying(house.store, at_write, applied=True)
    with suppress(Killed):
        house.erase(store=dying)
    clock.advance(minutes=2)
    talker = Worker(house.store, clock)
    for name in ("main", "afork", "second", "deeper"):
        frames = [talker.say(f"{name}-new{n}", conversationId=name) for n in range(3)]
        assert frames[-1]["type"] == "turn"
        seqs = talker.seqs(conversationId=name)
        assert seqs == list(range(1, len(seqs) + 1))


def test_one_that_is_out_of_time_says_so_and_is_gone_on_with(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    live_in(house, worker, clock)
    since = clock()
    erased = house.erasure().run(ANA, since, since)
    assert (erased.finished, erased.remains, erased.cursor) == (False, None, None)
    house.erase_all(since=since)
    assert_gone(house)


def test_runs_that_are_short_of_time_get_on_all_the_same(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    """Every request takes a second here, and a run ten: less than it takes to look at all that is
    done already."""
    for number in range(30):
        talk(worker, 1, f"c{number}")
    clock.advance(minutes=1)
    since = clock()

    class Slow(Wrapped):
        def around(self, name: str, call: Any) -> Any:
            clock.advance(seconds=1)
            return super().around(name, call)

    cursor, runs = None, 0
    while True:
        slow: Any = Slow(house.store)
        erasure = house.erasure(slow)
        erased = erasure.run(ANA, since, clock() + timedelta(seconds=15), cursor)
        cursor, runs = erased.cursor, runs + 1
        if erased.finished:
            break
        assert runs < 200, "it gets on"
    assert runs > 10
    assert_gone(house)


def test_two_at_once_leave_nothing(clock: FakeClock) -> None:
    for _ in range(20):
        store = MemoryConversationStore()
        house = House(store, clock)
        live_in(house, Worker(store, clock), clock)
        since = clock()
        threads = [Thread(target=house.erase_all, args=(ANA, since)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert_gone(house)


def test_a_reply_that_is_being_written_is_cut_off(house: House, clock: FakeClock) -> None:
    worker = Worker(house.store, clock, bot=Talker())
    worker.say("m1")
    key = ConversationKey(ANA, "main")
    assert house.store.turn(key, 1).status is Status.PENDING
    clock.advance(seconds=1)
    house.erase_all()
    assert_gone(house)


def test_a_late_writer_meets_the_seal_and_begins_anew(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    live_in(house, worker, clock)
    late = Worker(house.store, clock)
    assert len(late.turns()) == 3  # it remembers
    since = clock()
    house.erase(since=since)
    clock.advance(seconds=1)
    assert late.say("after")["turn"]["seq"] == 1
    erased = house.erase(since=since)
    assert erased.finished
    assert erased.remains
    assert erased.remains.newer == {Kind.TURN: 1, Kind.CONVERSATION: 1}
    assert [turn["text"] for turn in Worker(house.store, clock).turns()] == ["after"]


@pytest.mark.parametrize("at_write", range(1, 40))
def test_a_user_who_writes_meanwhile_keeps_that_and_nothing_from_before(
    house: House, worker: Worker, clock: FakeClock, at_write: int
) -> None:
    live_in(house, worker, clock)
    since = clock()
    clock.advance(seconds=1)
    dying: Any = Dying(house.store, at_write, applied=True)
    with suppress(Killed):
        house.erase(since=since, store=dying)
    answer = Worker(house.store, clock).say("new", conversationId="second")
    house.erase_all(since=since)
    kept = [each.contents["messageId"] for each in house.things() if each.kind is Kind.TURN]
    # Where the erasure had not come so far yet, it was a word in the old conversation.
    assert kept == (["new"] if answer["turn"]["seq"] == 1 else [])
    assert Worker(house.store, clock).seqs(conversationId="second") == [1] * len(kept)


def test_a_fork_that_is_made_meanwhile_takes_nothing_out(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    live_in(house, worker, clock)
    since = clock()
    clock.advance(seconds=1)
    before: Any = Before(house.store)
    forks: list[Any] = []

    def fork() -> None:
        made = Worker(house.store, clock).ask("fork", conversationId="a0", forkAt=2, **FORK)
        forks.append(made)

    before.next("append", lambda: None, fork)
    house.erase(since=since, store=before)
    assert forks
    house.erase_all(since=since)
    assert_gone(house)


def test_what_a_sign_in_has_begun_to_take_over_goes_to_its_new_owner(
    house: House, clock: FakeClock
) -> None:
    guest = Worker(house.store, clock, user_id=GUEST)
    talk(guest, 3)
    eva = Worker(house.store, clock, user_id=EVA)
    seal_alone(house.store, eva)
    clock.advance(seconds=1)
    erased = house.erase(GUEST)
    assert (erased.finished, erased.handed_over) == (True, 1)
    assert_gone(house, GUEST)
    (moved,) = adopt(eva).values()
    assert eva.seqs(conversationId=moved) == [1, 2, 3]


@pytest.mark.parametrize(("count", "at_write"), [(1, 2), (99, 2), (150, 2), (150, 3), (250, 3)])
def test_a_move_into_an_erased_user_leaves_no_hole(
    house: House, clock: FakeClock, count: int, at_write: int
) -> None:
    """Its mover died in the middle; who goes on with it later copies all of it."""
    guest = Worker(house.store, clock, user_id=GUEST)
    talk(guest, count)
    dying: Any = Dying(house.store, at_write, applied=True)
    with pytest.raises(Killed):
        Worker(dying, clock, user_id=EVA).handle("adopt", guestId=GUEST_ID)
    clock.advance(seconds=1)
    assert house.erase_all(EVA)[Kind.TURN] == min(count, (at_write - 1) * 99)
    assert_gone(house, EVA)
    eva = Worker(house.store, clock, user_id=EVA)
    (moved,) = adopt(eva).values()
    assert eva.seqs(conversationId=moved) == list(range(1, count + 1))


def test_who_cannot_be_closed_keeps_the_row_and_is_told(house: House, clock: FakeClock) -> None:
    class Refusing(MemorySender):
        def close(self, connection_id: str) -> None:
            raise SendFailed("ForbiddenException")

    house.sender = Refusing()
    house.connections.add(Connection(ANA, "c1=", "example.test", "prod", START))
    clock.advance(minutes=5)
    erased = house.erase()
    assert not erased.finished
    assert erased.remains
    assert erased.remains.open == {Kind.CONNECTION: 1}
    house.sender = MemorySender()
    assert house.erase_all() == {Kind.CONNECTION: 1}


def test_who_connects_again_is_left_alone(house: House, clock: FakeClock) -> None:
    since = clock()
    house.connections.add(
        Connection(ANA, "c1=", "example.test", "prod", clock() + timedelta(seconds=1))
    )
    clock.advance(seconds=5)
    erased = house.erase(since=since)
    assert erased.finished
    assert erased.remains
    assert erased.remains.newer == {Kind.CONNECTION: 1}
    assert house.sender.gone == set()


def test_what_expired_and_lies_before_what_is_new_goes(house: House, clock: FakeClock) -> None:
    """DynamoDB removes it days late, and numbering goes on from it."""
    key = ConversationKey(ANA, "main")
    for seq in (1, 2):
        house.store.append(key, a_turn(seq, expires_at=int(START.timestamp()) + 60))
    clock.advance(minutes=2)
    since = clock()
    clock.advance(seconds=1)
    worker = Worker(house.store, clock)
    assert worker.say("new")["turn"]["seq"] == 3
    assert house.erase_all(since=since) == {Kind.TURN: 2}
    assert [each.contents["seq"] for each in house.things() if each.kind is Kind.TURN] == [3]


def test_an_entry_of_an_earlier_life_goes_and_that_of_the_present_stays(
    house: House, worker: Worker, clock: FakeClock
) -> None:
    talk(worker, 1)
    entry = house.store.conversation(ConversationKey(ANA, "main"))
    assert entry
    clock.advance(seconds=1)
    house.erase()
    house.store._conversations[ConversationKey(ANA, "late")] = entry
    clock.advance(seconds=1)
    since = clock()
    talk(worker, 1)
    talk(worker, 1, "late")
    house.store._conversations[ConversationKey(ANA, "late")] = entry
    assert house.erase_all(since=since) == {Kind.CONVERSATION: 1}
    listed = {
        each.contents["conversationId"] for each in house.things() if each.kind is Kind.CONVERSATION
    }
    assert listed == {"main"}


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at_removal", range(1, 6))
def test_who_is_killed_while_sweeping_is_gone_on_with(
    house: House, worker: Worker, clock: FakeClock, at_removal: int, applied: bool
) -> None:
    """Two rows, the usage, and two things that nobody knows."""
    live_in(house, worker, clock)
    since = clock()

    class DyingHoldings:
        left = at_removal

        def behind(self, *where: Any) -> Shown:
            return house.holdings.behind(*where)

        def remove(self, user_id: str, place: Place) -> None:
            self.left -= 1
            if self.left or applied:
                house.holdings.remove(user_id, place)
            if not self.left:
                raise Killed

    with pytest.raises(Killed):
        house.erase(since=since, holdings=DyingHoldings())
    removed = house.erase_all(since=since)
    assert sum(removed.values()) == 5 - at_removal + (not applied)
    assert_gone(house)
