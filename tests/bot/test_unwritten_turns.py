"""A reply that nobody writes ends all the same, and its conversation goes on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Failure, Order, Status, Turn
from bot.replies.ordering import GIVEN_UP_AFTER
from bot.turns.turns import START
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import EVA, GUEST, GUEST_ID
from tests.support.clock import FakeClock
from tests.support.stores import Before, Dying, Killed, Wrapped
from tests.support.streams import LEASE, Talking, Writer, repeating
from tests.support.turns import MAIN
from tests.support.workers import Orders, Worker

Store = MemoryConversationStore
LATE = START + GIVEN_UP_AFTER
STREAMING = Talking(repeating)


class Conversation:
    """One whose first turn is done, and whose second was accepted and is written by nobody."""

    def __init__(self, store: Any, clock: FakeClock, user: str = MAIN.user_id) -> None:
        self.key = ConversationKey(user, "main")
        self.store, self.clock = store, clock
        self.orders = Orders()
        self.user = self.worker(user_id=user)
        self.user.say("m1")
        assert Writer(store, clock).write(self.orders.made.pop())
        self.user.say("m2")
        (self.late,) = self.orders.made
        self.orders.made.clear()

    def worker(self, store: Any = None, **options: Any) -> Worker:
        """A warm function."""
        options.setdefault("user_id", self.key.user_id)
        given = {"bot": STREAMING, "starter": self.orders, **options}
        return Worker(store or self.store, self.clock, **given)

    def begun(self) -> None:
        """Somebody begins to write, and dies."""
        lease = self.clock() + LEASE
        assert self.store.claim(self.key, self.second, "dead", lease.timestamp())

    @property
    def second(self) -> Turn:
        """The turn as it is now."""
        turn = self.store.turn(self.key, 2)
        assert isinstance(turn, Turn)
        return turn


@pytest.fixture
def talk(store: Store, clock: FakeClock) -> Conversation:
    """A conversation."""
    return Conversation(store, clock)


def is_given_up(turn: Turn) -> bool:
    """Whether it failed as nobody's, and left what the next turn needs."""
    assert (turn.reply, turn.state, turn.lease_until, turn.stopping) == ("", {"count": 1}, 0, False)
    return (turn.status, turn.failure) == (Status.FAILED, Failure.ABANDONED)


LOOKING: dict[str, dict[str, Any]] = {
    "resume": {"action": "resume"},
    "resume after": {"action": "resume", "after": 1},
    "resend": {"action": "message", "messageId": "m2", "text": "m2"},
    "another message": {"action": "message", "messageId": "m3", "text": "m3"},
}


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("frame", LOOKING.values(), ids=list(LOOKING))
def test_whoever_comes_by_ends_what_nobody_has_written_for_too_long(
    talk: Conversation, clock: FakeClock, frame: dict[str, Any], begun: bool
) -> None:
    if begun:
        talk.begun()
    late = (LEASE if begun else START) + GIVEN_UP_AFTER
    clock.advance(seconds=late.total_seconds() - 1)
    talk.worker().ask(**{**frame, "action": "resume"})
    assert talk.second.is_pending, "a retry could still come"
    assert len(talk.orders.made) == 1
    clock.advance(seconds=1)
    frames = talk.worker().ask(**frame)
    assert is_given_up(talk.second)
    turns = [frame["turn"] for frame in frames if "turn" in frame]
    turns += [turn for frame in frames for turn in frame.get("turns", ())]
    (shown,) = [turn for turn in turns if turn["seq"] == 2]
    assert (shown["status"], shown["failure"]) == ("failed", "abandoned")


def test_a_conversation_goes_on_with_the_message_that_found_it_stuck(
    talk: Conversation, clock: FakeClock
) -> None:
    clock.advance(seconds=LATE.total_seconds())
    answer = talk.user.handle("message", messageId="m3", text="m3", after=1)
    (accepted,) = answer.to_caller
    assert (accepted["type"], accepted["seq"]) == ("accepted", 3)
    told = [(frame["turn"]["seq"], frame["turn"]["status"]) for frame in answer.to_user]
    assert told == [(2, "failed"), (3, "pending")], "all devices are told of both"
    assert Writer(talk.store, clock).write(talk.orders.made[-1])
    assert talk.store.turn(MAIN, 3).state == {"count": 2}
    assert talk.worker().turns() == talk.user.turns()


def test_an_order_that_comes_later_than_late_has_nothing_to_do(
    talk: Conversation, clock: FakeClock
) -> None:
    clock.advance(seconds=LATE.total_seconds())
    talk.user.ask("resume")
    before = talk.second
    bot = Talking(repeating)
    assert Writer(talk.store, clock, bot).write(talk.late) is None
    assert (talk.second, bot.asked) == (before, [])


def test_a_guest_whose_conversation_is_stuck_is_adopted(store: Store, clock: FakeClock) -> None:
    guest = Conversation(store, clock, GUEST)
    eva = Worker(store, clock, bot=STREAMING, starter=Orders(), user_id=EVA)
    assert eva.one("adopt", guestId=GUEST_ID)["code"] == "busy"
    clock.advance(seconds=LATE.total_seconds())
    (adopted,) = eva.ask("adopt", guestId=GUEST_ID)[0]["conversations"]
    moved = eva.turns(conversationId=adopted["conversationId"])
    assert [turn["status"] for turn in moved] == ["done", "failed"]
    assert guest.user.turns() == []


def test_what_nobody_has_written_is_forked_once_it_is_given_up(
    talk: Conversation, clock: FakeClock
) -> None:
    fork = {"conversationId": "other", "forkOf": "main", "forkAt": 2}
    assert talk.user.ask("fork", **fork)[0]["code"] == "busy"
    clock.advance(seconds=LATE.total_seconds())
    talk.user.ask("fork", **fork)
    assert is_given_up(talk.second)
    shown = talk.user.turns(conversationId="other")
    assert [turn["status"] for turn in shown] == ["done", "failed"]


def test_the_first_turn_of_a_forks_own_leaves_the_state_of_the_last_it_shares(
    talk: Conversation, clock: FakeClock
) -> None:
    talk.user.ask("fork", conversationId="other", forkOf="main", forkAt=1)
    talk.user.say("m2 otherwise", conversationId="other")
    clock.advance(seconds=LATE.total_seconds())
    talk.worker().ask("resume", conversationId="other")
    turn = talk.store.turn(ConversationKey(MAIN.user_id, "other"), 2)
    assert turn
    assert is_given_up(turn)


def test_a_first_turn_that_nobody_wrote_leaves_no_state(store: Store, clock: FakeClock) -> None:
    user = Worker(store, clock, bot=STREAMING, starter=Orders())
    user.say("m1")
    clock.advance(seconds=LATE.total_seconds())
    user.ask("resume")
    turn = store.turn(MAIN, 1)
    assert turn
    assert (turn.status, turn.state) == (Status.FAILED, {})


def test_a_stop_ends_at_once_what_nobody_writes_and_tells_all_devices(
    talk: Conversation, clock: FakeClock
) -> None:
    clock.advance(seconds=START.total_seconds())
    answer = talk.worker().handle("stop", seq=2)
    (shown,) = answer.to_user
    assert (shown["turn"]["status"], shown["turn"]["reply"]) == ("stopped", "")
    assert (answer.to_caller, talk.orders.made) == ((), [])
    turn = talk.second
    assert (turn.status, turn.failure, turn.state) == (Status.STOPPED, None, {"count": 1})
    assert Writer(talk.store, clock).write(talk.late) is None
    assert talk.user.say("m3")["type"] == "accepted"


def test_a_stop_leaves_what_is_being_written_to_its_writer(
    talk: Conversation, clock: FakeClock
) -> None:
    talk.begun()
    answer = talk.worker().handle("stop", seq=2)
    assert [frame["turn"]["status"] for frame in answer.to_caller] == ["pending"]
    assert (answer.to_user, talk.second.stopping) == ((), True)
    clock.advance(seconds=LEASE.total_seconds())
    talk.worker().ask("resume")
    assert (talk.second.status, talk.second.stopping) == (Status.STOPPED, False)
    assert talk.orders.made == [], "nobody wants any more of it"


@pytest.mark.parametrize("frame", ["stop", "resume"])
@pytest.mark.parametrize("name", ["claim", "complete"])
def test_who_begins_to_write_at_that_moment_goes_on(
    talk: Conversation, clock: FakeClock, frame: str, name: str
) -> None:
    clock.advance(seconds=LATE.total_seconds())
    store = Before(talk.store)
    owners: list[str] = []

    def begin() -> None:
        lease = clock().timestamp() + 10
        assert talk.store.claim(MAIN, talk.second, "writer", lease)
        owners.append(talk.second.owner)

    store.next(name, begin)
    frames = talk.worker(store).ask(frame, **({"seq": 2} if frame == "stop" else {}))
    assert owners == [talk.second.owner] == ["writer"]
    assert talk.second.is_pending
    turns = [f["turn"] for f in frames if "turn" in f] or frames[0]["turns"]
    assert turns[-1]["status"] == "pending"
    end = replace(talk.second, status=Status.DONE, reply="late", completed_at=clock())
    assert talk.store.complete(MAIN, end)


@pytest.mark.parametrize("write", [1, 2])
@pytest.mark.parametrize("applied", [True, False])
def test_who_dies_while_ending_it_leaves_it_to_the_next(
    talk: Conversation, clock: FakeClock, write: int, applied: bool
) -> None:
    clock.advance(seconds=LATE.total_seconds())
    with pytest.raises(Killed):
        talk.worker(Dying(talk.store, write, applied=applied)).ask("resume")
    assert talk.worker().say("m3")["type"] == "accepted"
    assert is_given_up(talk.second)


class Failing(Wrapped):
    """A table that takes no such write."""

    def __init__(self, store: Any, name: str) -> None:
        super().__init__(store)
        self._name = name

    def around(self, name: str, call: Any) -> Any:
        """See above."""
        if name == self._name:
            raise StoreUnavailable("down")
        return call()


@pytest.mark.parametrize("name", ["claim", "complete"])
def test_a_table_that_takes_no_end_still_shows_the_conversation(
    talk: Conversation, clock: FakeClock, name: str
) -> None:
    clock.advance(seconds=LATE.total_seconds())
    (frame,) = talk.worker(Failing(talk.store, name)).ask("resume")
    assert [turn["status"] for turn in frame["turns"]] == ["done", "pending"]
    talk.worker().ask("resume")
    assert is_given_up(talk.second)


def test_an_order_that_can_never_be_given_blocks_nothing_for_ever(
    store: Store, clock: FakeClock
) -> None:
    class Down(Orders):
        def start(self, order: Order) -> None:
            raise StoreUnavailable("no permission")

    user = Worker(store, clock, bot=STREAMING, starter=Down())
    user.say("m1", after=0)
    clock.advance(seconds=timedelta(minutes=30).total_seconds())
    assert user.say("m2", after=0)["code"] == "busy"
    clock.advance(seconds=LATE.total_seconds())
    user.say("m2", after=0)
    assert [(turn["text"], turn["status"]) for turn in user.turns()] == [
        ("m1", "failed"),
        ("m2", "pending"),
    ]
