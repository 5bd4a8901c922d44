"""A turn whose reply is still being written: what every frame makes of it (I2, I3, I4, I7)."""

from datetime import timedelta
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Order, Status
from bot.replies.answering import in_pieces
from bot.turns.pace import Pace
from bot.turns.turns import START
from bot.wire.answers import Frame
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import EVA, GUEST, GUEST_ID
from tests.support.bots import Parrot
from tests.support.clock import FakeClock
from tests.support.stores import Counting
from tests.support.streams import Talking, Writer, repeating
from tests.support.turns import BEN, MAIN
from tests.support.workers import UNHURRIED, Orders, Worker

Store = MemoryConversationStore
STREAMING = Talking(repeating)


class Talk:
    """A user's conversation with a bot that streams; replies are written when told."""

    def __init__(
        self, store: Any, clock: FakeClock, user: str = MAIN.user_id, **options: Any
    ) -> None:
        self.orders = Orders()
        self.clock = clock
        self.store = store
        self.user = self.worker(user_id=user, **options)
        self.writer = Writer(store, clock)

    def worker(self, **options: Any) -> Worker:
        """A warm function."""
        return Worker(self.store, self.clock, bot=STREAMING, starter=self.orders, **options)

    def write(self) -> None:
        """Write all that was ordered."""
        while self.orders.made:
            self.writer.write(self.orders.made.pop(0))


@pytest.fixture
def talk(store: Store, clock: FakeClock) -> Talk:
    """A conversation."""
    return Talk(store, clock)


def test_a_message_is_accepted_once_it_is_kept_and_then_shown_to_all(
    talk: Talk, store: Store
) -> None:
    answer = talk.user.handle("message", messageId="m1", text="hello")
    assert answer.to_caller == (
        {"type": "accepted", "conversationId": "main", "messageId": "m1", "seq": 1},
    )
    (shown,) = answer.to_user
    assert (shown["type"], shown["turn"]["status"], shown["turn"]["reply"]) == (
        "turn",
        "pending",
        "",
    )
    turn = store.turn(MAIN, 1)
    assert turn
    assert talk.orders.made == [Order(MAIN, 1, turn.epoch, turn.owner, "")]


@pytest.mark.parametrize("place", [{}, {"after": 0}, {"after": 9}])
@pytest.mark.parametrize("warm", [True, False])
def test_a_resend_is_accepted_again_and_makes_no_second_turn(
    talk: Talk, place: dict[str, Any], warm: bool
) -> None:
    first = talk.user.say("m1", **place)
    again = talk.user if warm else talk.worker()
    answer = again.handle("message", messageId="m1", text="m1", **place)
    assert (answer.to_caller, answer.to_user, answer.turn_made) == ((first,), (), False)
    talk.write()
    done = again.one("message", messageId="m1", text="m1", **place)
    assert (done["type"], done["turn"]["status"]) == ("turn", "done")
    assert talk.user.seqs() == [1]


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("written", [True, False])
def test_another_text_under_the_same_id_is_refused(talk: Talk, warm: bool, written: bool) -> None:
    talk.user.say("m1", "one")
    if written:
        talk.write()
    again = talk.user if warm else talk.worker()
    assert again.say("m1", "two")["code"] == "bad_request"
    assert [turn["text"] for turn in talk.user.turns()] == ["one"]


@pytest.mark.parametrize("warm", [True, False])
def test_a_second_message_waits_for_the_first_ones_reply(talk: Talk, warm: bool) -> None:
    talk.user.say("m1", after=0)
    other = talk.user if warm else talk.worker()
    refused = other.say("m2", after=0)
    assert (refused["code"], refused["retryable"], refused["messageId"]) == ("busy", True, "m2")
    talk.write()
    assert other.say("m2", after=0)["type"] == "accepted"
    talk.write()
    assert [turn["reply"] for turn in talk.user.turns()] == ["m1 ", "m2 "]


def test_a_resend_is_never_limited(store: Store, clock: FakeClock) -> None:
    talk = Talk(store, clock, pace=Pace(per_minute=1, burst=1))
    talk.user.say("m1")
    assert talk.user.say("m1")["type"] == "accepted"
    talk.write()
    assert talk.user.say("m1")["type"] == "turn"
    assert talk.user.say("m2")["code"] == "rate_limited"


def test_a_warm_function_reads_one_turn_a_turn(store: Store, clock: FakeClock) -> None:
    """Not the fifty newest each time: the head it remembers, and what came behind it."""
    counting = Counting(store)
    talk = Talk(store, clock)
    warm = Worker(counting, clock, bot=STREAMING, starter=talk.orders)
    warm.say("m1", after=0)
    talk.write()
    for number in range(2, 120):
        counting.calls.clear()
        warm.say(f"m{number}", after=number - 1)
        assert counting.calls == {"following": 1, "append": 1}
        talk.write()
    counting.calls.clear()
    assert warm.say("m119", after=118)["turn"]["status"] == "done"
    assert counting.calls == {"following": 1, "turn": 1}
    assert warm.seqs() == list(range(1, 120))
    assert [turn["reply"] for turn in warm.turns()] == [f"m{n} " for n in range(1, 120)]


def test_a_function_that_came_late_to_a_long_conversation_reads_one_turn_a_turn_too(
    store: Store, clock: FakeClock
) -> None:
    talk = Talk(store, clock)
    for number in range(1, 120):
        talk.user.say(f"m{number}", after=number - 1)
        talk.write()
    counting = Counting(store)
    late = Worker(counting, clock, bot=STREAMING, starter=talk.orders)
    late.ask("resume", after=119)
    for number in range(120, 130):
        late.say(f"m{number}", after=number - 1)
        talk.write()
        # What it remembers has been caught up with at most once by now.
        assert counting.calls["newest"] == 1
    assert [turn["reply"] for turn in late.turns()][-10:] == [f"m{n} " for n in range(120, 130)]


def test_a_warm_writer_reads_one_turn_a_reply(store: Store, clock: FakeClock) -> None:
    counting = Counting(store)
    talk = Talk(store, clock)
    talk.writer = Writer(counting, clock)
    for number in range(1, 60):
        talk.user.say(f"m{number}", after=number - 1)
        counting.calls.clear()
        talk.write()
        assert counting.reads == 1
    assert counting.calls["newest"] == 0


def test_a_warm_writer_sees_what_others_wrote_and_what_was_deleted(
    store: Store, clock: FakeClock
) -> None:
    talk, other = Talk(store, clock), Writer(store, clock)
    for number in range(1, 8):
        talk.user.say(f"m{number}", after=number - 1)
        order = talk.orders.made.pop()
        (talk.writer, other)[number % 2].write(order)
    assert [turn["reply"] for turn in talk.user.turns()] == [f"m{n} " for n in range(1, 8)]
    talk.user.ask("delete")
    talk.user.say("m1 again")
    talk.write()
    assert [turn["reply"] for turn in talk.user.turns()] == ["m1 again "]


def test_a_streamed_turn_costs_its_writer_two_writes(store: Store, clock: FakeClock) -> None:
    for number in range(1, 101):
        counting = Counting(store)
        talk = Talk(store, clock)
        talk.user.say(f"m{number}", after=number - 1)
        Writer(counting, clock).write(talk.orders.made[0])
        assert counting.calls == {"newest": 1, "claim": 1, "complete": 1}
    assert store.newest(MAIN, 1).turns[0].state == {"count": 100}


@pytest.mark.parametrize("stopped", [True, False])
def test_what_a_warm_function_remembers_is_what_was_settled(talk: Talk, stopped: bool) -> None:
    """Two functions, each of which saw some turns pending and some done."""
    one, other = talk.user, talk.worker()
    for number in range(1, 20):
        taker, looker = (one, other) if number % 2 else (other, one)
        taker.say(f"m{number}", after=number - 1)
        assert looker.ask("resume", after=number - 1)[0]["turns"][0]["status"] == "pending"
        if stopped:
            looker.ask("stop", seq=number)
        talk.write()
    shown = talk.worker().turns()
    assert shown == one.turns() == other.turns()
    assert [turn["status"] for turn in shown] == ["stopped" if stopped else "done"] * 19


def ordered(talk: Talk) -> list[int]:
    """The turns whose replies were ordered since this was last asked."""
    found = [order.seq for order in talk.orders.made]
    talk.orders.made.clear()
    return found


LOOKING: dict[str, dict[str, Any]] = {
    "resume": {"action": "resume"},
    "resend": {"action": "message", "messageId": "m1", "text": "m1"},
    "another message": {"action": "message", "messageId": "m2", "text": "m2"},
}


@pytest.mark.parametrize("frame", LOOKING.values(), ids=list(LOOKING))
def test_a_reply_that_was_just_ordered_is_ordered_again_by_its_resend_alone(
    talk: Talk, clock: FakeClock, frame: dict[str, Any]
) -> None:
    """Perhaps the order failed: only who sent the message can know, and sends it again."""
    talk.user.say("m1")
    ordered(talk)
    talk.worker().ask(**frame)
    assert ordered(talk) == ([1] if frame.get("messageId") == "m1" else [])
    clock.advance(seconds=START.total_seconds())
    talk.worker().ask(**frame)
    assert ordered(talk) == [1], "nobody began it in time"


@pytest.mark.parametrize("frame", LOOKING.values(), ids=list(LOOKING))
def test_whoever_comes_by_has_a_dead_writer_replaced(
    talk: Talk, store: Store, clock: FakeClock, frame: dict[str, Any]
) -> None:
    talk.user.say("m1")
    (order,) = talk.orders.made
    talk.orders.made.clear()
    turn = store.turn(MAIN, 1)
    assert turn
    store.claim(MAIN, turn, "writer", clock().timestamp() + 10)
    talk.worker().ask(**frame)
    assert ordered(talk) == [], "its writer lives"
    clock.advance(seconds=11)
    talk.worker().ask(**frame)
    assert ordered(talk) == [1]
    assert talk.writer.write(order)
    talk.worker().ask(**{**frame, "messageId": "m1", "text": "m1"})
    assert ordered(talk) == [], "it is done"


def test_a_message_whose_reply_could_not_be_ordered_is_kept_and_ordered_by_its_resend(
    store: Store, clock: FakeClock
) -> None:
    class Down(Orders):
        def start(self, order: Order) -> None:
            raise StoreUnavailable("The reply cannot be begun now.")

    user = Worker(store, clock, bot=STREAMING, starter=Down())
    refused = user.say("m1")
    assert (refused["code"], refused["retryable"], refused["messageId"]) == (
        "internal_error",
        True,
        "m1",
    )
    assert user.say("m1")["type"] == "accepted", "it is kept, and others will look"
    assert user.ask("resume")[0]["turns"][0]["status"] == "pending"
    talk = Talk(store, clock)
    assert talk.user.say("m1")["type"] == "accepted"
    talk.write()
    assert [turn["reply"] for turn in talk.user.turns()] == ["m1 "]


def of(frames: list[Frame]) -> list[tuple[int, str]]:
    """The turns that snapshots bring, and how far they have come."""
    return [
        (turn["seq"], turn["status"])
        for frame in frames
        if frame["type"] == "snapshot"
        for turn in frame["turns"]
    ]


def test_a_resume_and_a_page_of_history_show_what_is_pending(talk: Talk) -> None:
    talk.user.say("m1")
    talk.write()
    talk.user.say("m2")
    for after, found in ((None, [1, 2]), (0, [1, 2]), (1, [2]), (2, [])):
        frames = talk.user.ask("resume", **({} if after is None else {"after": after}))
        assert [seq for seq, _ in of(frames)] == found
        assert frames[0]["head"] == 2
    assert of(talk.user.ask("history", before=3)) == [(1, "done"), (2, "pending")]
    assert of(talk.user.ask("history", before=2)) == [(1, "done")]
    listed = talk.user.one("conversations")["conversations"][0]
    assert listed["head"] == 2


def test_whoever_asks_for_what_follows_the_last_settled_turn_gets_its_end(talk: Talk) -> None:
    talk.user.say("m1")
    talk.write()
    talk.user.say("m2")
    talk.write()
    assert of(talk.user.ask("resume", after=1)) == [(2, "done")]


def test_a_pending_turn_is_rated_read_and_its_conversation_renamed(
    talk: Talk, store: Store
) -> None:
    talk.user.say("m1")
    assert talk.user.one("feedback", seq=1, rating="up")["turn"]["status"] == "pending"
    assert talk.user.one("read", seq=1)["read"] == 1
    assert talk.user.one("rename", title="Mine")["title"] == "Mine"
    talk.write()
    (turn,) = talk.user.turns()
    assert (turn["reply"], turn["status"], turn["feedback"]) == ("m1 ", "done", "up")


@pytest.mark.parametrize("place", [{"seq": 1}, {"seq": 2}, {"conversationId": "x", "seq": 1}])
def test_nobody_stops_anothers_reply(
    talk: Talk, store: Store, clock: FakeClock, place: dict[str, Any]
) -> None:
    talk.user.say("m1")
    stranger = Worker(store, clock, bot=STREAMING, user_id=BEN)
    assert stranger.one("stop", **place)["code"] == "not_found"
    turn = store.turn(MAIN, 1)
    assert turn
    assert not turn.stopping


def test_an_expired_turn_is_pending_no_more(store: Store, clock: FakeClock) -> None:
    talk = Talk(store, clock, retention=timedelta(hours=1))
    talk.user.say("m1", after=0)
    clock.advance(hours=1)
    assert of(talk.user.ask("resume")) == []
    assert talk.user.say("m2", after=0)["type"] == "accepted"
    talk.write()
    assert [turn["text"] for turn in talk.user.turns()] == ["m2"]


@pytest.mark.parametrize("warm", [True, False])
def test_a_conversation_that_is_deleted_while_a_reply_is_written_begins_anew(
    talk: Talk, warm: bool
) -> None:
    talk.user.say("m1")
    talk.write()
    talk.user.say("m2")
    late = talk.orders.made.pop()
    talk.worker().ask("delete")
    assert talk.writer.write(late) is None
    user = talk.user if warm else talk.worker()
    assert of(user.ask("resume")) == []
    assert user.say("m2", after=1)["type"] == "accepted"
    talk.write()
    assert [(turn["seq"], turn["reply"]) for turn in user.turns()] == [(1, "m2 ")]
    assert talk.writer.write(late) is None


def test_a_reply_is_written_before_its_conversation_is_adopted(
    store: Store, clock: FakeClock
) -> None:
    guest = Talk(store, clock, GUEST)
    guest.user.say("m1")
    (order,) = guest.orders.made
    eva = Worker(store, clock, bot=STREAMING, starter=guest.orders, user_id=EVA)
    key = ConversationKey(GUEST, "main")
    turn = store.turn(key, 1)
    assert turn
    store.claim(key, turn, "writer", clock().timestamp() + 10)
    assert eva.one("adopt", guestId=GUEST_ID)["code"] == "busy"
    assert len(guest.orders.made) == 1, "its writer lives"
    clock.advance(seconds=11)
    assert eva.one("adopt", guestId=GUEST_ID)["code"] == "busy"
    assert len(guest.orders.made) == 2, "its writer died, and is replaced"
    assert guest.user.seqs() == [1], "nothing was begun"
    assert guest.writer.write(order)
    (adopted,) = eva.ask("adopt", guestId=GUEST_ID)[0]["conversations"]
    (moved,) = eva.turns(conversationId=adopted["conversationId"])
    assert (moved["reply"], moved["status"]) == ("m1 ", "done")
    assert guest.writer.write(guest.orders.made[-1]) is None
    assert eva.say("m1", conversationId=adopted["conversationId"])["turn"] == moved


def test_what_a_bot_that_streams_left_is_answered_by_one_that_does_not(
    talk: Talk, store: Store, clock: FakeClock
) -> None:
    """A deployment changes the bot while a reply is pending: nothing waits for ever."""
    talk.user.say("m1")
    talk.orders.made.clear()
    instant = Worker(store, clock, starter=talk.orders, pace=UNHURRIED)
    clock.advance(seconds=START.total_seconds())
    assert instant.say("m2")["code"] == "busy"
    writer = Writer(store, clock, in_pieces(Parrot()))
    assert writer.write(talk.orders.made.pop())
    assert instant.say("m2")["turn"]["reply"] == "2: m2"
    assert {turn.status for turn in store.newest(MAIN, 9).turns} == {Status.DONE}
