"""From guest to signed-in: the guest's conversations are the user's, each turn once (ADR 9)."""

from typing import Any

import pytest

from bot.limits import MAX_FRAME_BYTES
from bot.models import ConversationKey, Reply, Status
from bot.wire.answers import encode
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import (
    EVA,
    GUEST,
    GUEST_ID,
    LEO,
    MAIN,
    STRANGER,
    STRANGER_ID,
    adopt,
    one_adopt,
    seal_alone,
    what_is_said,
)
from tests.support.bots import Scripted
from tests.support.clock import FakeClock
from tests.support.stores import Before
from tests.support.workers import RETENTION, Worker

Store = MemoryConversationStore


@pytest.fixture
def guest(store: Store, clock: FakeClock) -> Worker:
    """Who has not signed in yet."""
    return Worker(store, clock, user_id=GUEST)


@pytest.fixture
def eva(store: Store, clock: FakeClock) -> Worker:
    """Who the guest turns out to be."""
    return Worker(store, clock, user_id=EVA)


def chat(worker: Worker, count: int, prefix: str = "m", conversation_id: str = "main") -> None:
    """Say so much."""
    for number in range(count):
        frame = worker.say(f"{prefix}{number}", conversationId=conversation_id)
        assert frame["type"] == "turn"


def test_an_adopted_conversation_is_the_users_as_it_was_the_guests(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    for number in range(5):
        clock.advance(seconds=30)
        guest.say(f"m{number}")
    guest.ask("rename", title="Printers")
    guest.ask("read", seq=4)
    guest.ask("feedback", seq=2, rating="up")
    before, kept = what_is_said(guest), store.following(MAIN, 0, 100).turns
    seen = guest.one("resume")
    clock.advance(minutes=2)
    moved = adopt(eva)
    assert list(moved) == ["main"]
    now = ConversationKey(EVA, moved["main"])
    assert what_is_said(eva, now.conversation_id) == before
    assert store.following(now, 0, 100).turns == kept
    after = eva.one("resume", conversationId=now.conversation_id)
    assert after == {**seen, "conversationId": now.conversation_id}
    (listed,) = eva.one("conversations")["conversations"]
    assert listed["title"] == "Printers"
    assert (listed["head"], listed["read"]) == (5, 4)


def test_nothing_of_it_is_left_with_the_guest(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    chat(guest, 3)
    clock.advance(hours=1)
    chat(guest, 3, "n")
    adopt(eva)
    for worker in (guest, Worker(store, clock, user_id=GUEST)):
        snapshot = worker.one("resume", after=6, epoch="x")
        assert (snapshot["turns"], snapshot["head"], snapshot["reset"]) == ([], 0, True)
        assert worker.one("conversations")["conversations"] == []
        assert worker.one("delete")["code"] == "not_found"
    left = store.following(MAIN, 0, 100).turns
    assert {(turn.text, turn.reply, turn.message_id) for turn in left} == {("", "", "")}
    assert store.conversation(MAIN) is None


def test_a_device_goes_on_under_the_new_name_where_it_was(guest: Worker, eva: Worker) -> None:
    chat(guest, 5)
    epoch = guest.one("resume")["epoch"]
    name = adopt(eva)["main"]
    gap = eva.one("resume", conversationId=name, after=3, epoch=epoch)
    assert ([turn["seq"] for turn in gap["turns"]], gap["reset"]) == ([4, 5], False)
    frame = eva.say("next", conversationId=name, after=5, epoch=epoch)
    assert (frame["turn"]["seq"], frame["epoch"]) == (6, epoch)
    assert frame["turn"]["reply"] == "6: next", "the bot goes on with its state"


def test_a_message_whose_answer_was_lost_finds_its_turn_under_the_new_name(
    guest: Worker, eva: Worker
) -> None:
    chat(guest, 4)
    made = guest.say("lost", after=4)
    name = adopt(eva)["main"]
    again = eva.say("lost", conversationId=name, after=4)
    assert again == {**made, "conversationId": name}
    assert eva.seqs(conversationId=name) == [1, 2, 3, 4, 5]


def test_all_conversations_go_and_the_users_own_stay(guest: Worker, eva: Worker) -> None:
    eva.say("mine")
    for name in ("main", "a", "a-", "aa", "Z", "_"):
        chat(guest, 2, conversation_id=name)
    moved = adopt(eva)
    assert set(moved) == {"main", "a", "a-", "aa", "Z", "_"}
    assert len({*moved.values(), "main"}) == 7
    for name in moved.values():
        assert eva.seqs(conversationId=name) == [1, 2]
    assert [turn["messageId"] for turn in what_is_said(eva)] == ["mine"]


def test_the_frames_go_to_whom_they_are_for(guest: Worker, eva: Worker) -> None:
    chat(guest, 2)
    answer = eva.handle("adopt", guestId=GUEST_ID.upper())
    (adopted,) = answer.to_caller
    (shown,) = answer.to_user
    (each,) = adopted["conversations"]
    assert adopted == {"type": "adopted", "conversations": [each], "cursor": None}
    assert (shown["type"], shown["conversationId"]) == ("snapshot", each["conversationId"])
    assert (shown["head"], shown["turns"], shown["reset"]) == (2, [], False)
    assert not answer.turn_made


@pytest.mark.parametrize("guest_id", [GUEST_ID, STRANGER_ID])
def test_a_guest_adopts_no_one(guest: Worker, store: Store, guest_id: str, clock: Any) -> None:
    for worker in (guest, Worker(store, clock, user_id=STRANGER)):
        chat(worker, 2)
    for worker in (guest, Worker(store, clock, user_id=STRANGER)):
        error = worker.one("adopt", guestId=guest_id)
        assert error["code"] == "bad_request"
        assert guest_id not in str(error)
        assert worker.seqs() == [1, 2]


def test_another_guests_id_brings_that_ones_alone(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    stranger = Worker(store, clock, user_id=STRANGER)
    chat(guest, 2)
    chat(stranger, 3, "s")
    moved = adopt(eva, STRANGER_ID)
    assert [turn["messageId"] for turn in what_is_said(eva, moved["main"])] == ["s0", "s1", "s2"]
    assert guest.seqs() == [1, 2]
    assert adopt(eva, "9" + GUEST_ID[1:]) == {}


def test_a_second_time_says_the_same_and_changes_nothing(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    for name in ("main", "other"):
        chat(guest, 3, conversation_id=name)
    first = adopt(eva)
    eva.say("since", conversationId=first["main"])
    for _ in range(3):
        clock.advance(hours=1)
        assert adopt(Worker(store, clock, user_id=EVA)) == first
    assert eva.seqs(conversationId=first["main"]) == [1, 2, 3, 4]
    assert len(eva.one("conversations")["conversations"]) == 2


def test_what_the_user_has_deleted_since_stays_deleted(
    guest: Worker, eva: Worker, store: Store
) -> None:
    chat(guest, 3)
    name = adopt(eva)["main"]
    eva.ask("delete", conversationId=name)
    answer = eva.handle("adopt", guestId=GUEST_ID)
    assert answer.to_user == ()
    assert eva.seqs(conversationId=name) == []
    assert eva.one("conversations")["conversations"] == []
    left = store.following(ConversationKey(EVA, name), 0, 100).turns
    assert {turn.text for turn in left} <= {""}


def test_what_a_guest_says_after_it_is_adopted_in_its_turn(guest: Worker, eva: Worker) -> None:
    chat(guest, 5)
    first = adopt(eva)["main"]
    chat(guest, 2, "later")
    assert guest.seqs() == [1, 2]
    second = adopt(eva)["main"]
    assert second != first
    assert eva.seqs(conversationId=first) == [1, 2, 3, 4, 5]
    said = what_is_said(eva, second)
    assert [turn["messageId"] for turn in said] == ["later0", "later1"]
    assert adopt(eva)["main"] == second
    chat(guest, 9, "longest")
    third = adopt(eva)["main"]
    assert len({first, second, third}) == 3
    assert len(what_is_said(eva, third)) == 9
    assert len(eva.one("conversations")["conversations"]) == 3


def test_what_is_empty_deleted_or_expired_is_not_named(
    guest: Worker, eva: Worker, clock: FakeClock
) -> None:
    chat(guest, 2, conversation_id="expired")
    clock.advance(days=RETENTION.days + 1)
    chat(guest, 2, conversation_id="deleted")
    chat(guest, 2, conversation_id="kept")
    guest.ask("delete", conversationId="deleted")
    guest.ask("resume", conversationId="empty")
    assert list(adopt(eva)) == ["kept"]
    assert len(eva.one("conversations")["conversations"]) == 1


def test_a_deletion_that_was_cut_off_is_finished_and_nothing_of_it_moved(
    guest: Worker, eva: Worker, store: Store
) -> None:
    chat(guest, 4)
    guest.handle("delete")  # its function dies before it clears anything away
    assert adopt(eva) == {}
    assert {turn.text for turn in store.following(MAIN, 0, 100).turns} == {""}


def test_turns_that_have_expired_stay_behind(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    chat(guest, 150, "old")
    clock.advance(days=RETENTION.days - 1)
    chat(guest, 150, "new")
    clock.advance(days=2)
    name = adopt(eva)["main"]
    copied = [turn.seq for turn in store.following(ConversationKey(EVA, name), 0, 1000).turns]
    assert copied == list(range(151, 301))
    assert eva.say("next", conversationId=name)["turn"]["seq"] == 301
    assert eva.one("resume", conversationId=name, after=200)["reset"] is False


def test_an_adoption_that_goes_on_when_all_has_expired_moves_nothing(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    chat(guest, 3)
    seal_alone(store, eva)
    clock.advance(days=RETENTION.days + 1)
    adopt(eva)
    assert eva.one("conversations")["conversations"] == []
    assert store.conversations(EVA, None, 10) == ((), None)


def test_a_conversation_that_no_list_names_is_found_and_named_after_its_first_turn(
    guest: Worker, eva: Worker, store: Store
) -> None:
    guest.handle("message", messageId="m1", text="My printer is on fire")  # it was never noted
    guest.handle("message", messageId="m2", text="still")
    assert store.conversation(MAIN) is None
    name = adopt(eva)["main"]
    (listed,) = eva.one("conversations")["conversations"]
    assert (listed["conversationId"], listed["title"]) == (name, "My printer is on fire")


def test_what_the_list_said_of_an_earlier_life_is_not_taken_along(
    guest: Worker, eva: Worker, store: Store
) -> None:
    chat(guest, 3)
    guest.ask("rename", title="Secret")
    old = store.conversation(MAIN)
    assert old
    guest.ask("delete")
    guest.handle("message", messageId="n", text="Hello")
    store.note_conversation(MAIN, old, 10**10)  # a function that was late
    name = adopt(eva)["main"]
    assert eva.one("resume", conversationId=name)["title"] == "Hello"


def test_five_thousand_turns_arrive_in_order_each_once(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    chat(guest, 5_000)
    clock.advance(hours=1)
    name = adopt(eva)["main"]
    said = what_is_said(eva, name)
    assert [turn["seq"] for turn in said] == list(range(1, 5_001))
    assert [turn["messageId"] for turn in said] == [f"m{number}" for number in range(5_000)]


def test_the_bot_is_not_asked(guest: Worker, store: Store, clock: FakeClock) -> None:
    chat(guest, 5)
    bot = Scripted(lambda snapshot, said: Reply("x"))
    adopt(Worker(store, clock, user_id=EVA, bot=bot))
    assert bot.asked == []


def test_an_adoption_that_takes_long_goes_on_where_its_cursor_says(
    guest: Worker, store: Store, clock: FakeClock
) -> None:
    """Each read takes a second here, so that time is up in the middle of a conversation."""
    for name in ("a", "b", "c"):
        chat(guest, 500, conversation_id=name)
    slow = Before(store)
    slow.next("following", *[lambda: clock.advance(seconds=1)] * 1000)
    eva = Worker(slow, clock, user_id=EVA)
    cursor: str | None = None
    cursors: list[str] = []
    moved: dict[str, str] = {}
    while True:
        frame = one_adopt(eva, cursor=cursor)
        moved |= {each["was"]: each["conversationId"] for each in frame["conversations"]}
        cursor = frame["cursor"]
        if cursor is None:
            break
        cursors.append(cursor)
    assert cursors == sorted(cursors)
    assert cursors[0] == "a", "the first alone takes longer than there is time"
    assert len(cursors) > 3
    assert list(moved) == ["a", "b", "c"]
    for name in moved.values():
        assert eva.seqs(conversationId=name) == list(range(1, 501))


def test_one_answer_names_a_hundred_conversations_and_fits_a_frame(
    guest: Worker, eva: Worker
) -> None:
    names = [f"{number:064d}" for number in range(130)]
    for name in names:
        chat(guest, 1, conversation_id=name)
    first = one_adopt(eva)
    assert len(first["conversations"]) == 100
    assert len(encode(first)) < MAX_FRAME_BYTES
    assert first["cursor"] == names[100]
    assert list(adopt(eva)) == names


@pytest.mark.parametrize("cursor", ["nothing", "zzz", "-", "main"])
def test_a_cursor_may_name_what_is_not_there(guest: Worker, eva: Worker, cursor: str) -> None:
    chat(guest, 2)
    frame = one_adopt(eva, cursor=cursor)
    assert frame["cursor"] is None
    assert len(frame["conversations"]) == (cursor != "nothing" and cursor != "zzz")


def test_what_is_being_moved_is_not_there_for_the_guest_at_once(
    guest: Worker, eva: Worker, store: Store
) -> None:
    chat(guest, 3)
    seal_alone(store, eva)
    assert guest.one("resume")["head"] == 0
    assert guest.one("conversations")["conversations"] == []
    assert guest.one("history", before=10)["turns"] == []
    assert guest.one("feedback", seq=1, rating="up")["code"] == "not_found"
    assert guest.one("delete")["code"] == "not_found"
    assert store.newest(MAIN, 1).turns[0].status is Status.MOVED, "a look so soon lets others work"
    assert len(what_is_said(eva, adopt(eva)["main"])) == 3


def test_two_users_who_adopt_one_guest_share_nothing(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    for name in ("a", "b", "c"):
        chat(guest, 3, conversation_id=name)
    racing = Before(store)
    leo = Worker(racing, clock, user_id=LEO)
    racing.next("append", lambda: None, lambda: adopt(eva))  # Leo has "a", then Eva is faster
    assert list(adopt(leo)) == ["a"]
    assert list(adopt(eva)) == ["b", "c"]
    assert len(leo.one("conversations")["conversations"]) == 1
    assert len(eva.one("conversations")["conversations"]) == 2


def test_who_comes_second_finishes_what_the_first_left_and_gets_nothing_of_it(
    guest: Worker, eva: Worker, store: Store, clock: FakeClock
) -> None:
    chat(guest, 3)
    seal_alone(store, eva)
    leo = Worker(store, clock, user_id=LEO)
    assert adopt(leo) == {}
    (listed,) = eva.one("conversations")["conversations"]
    assert len(what_is_said(eva, listed["conversationId"])) == 3
    assert adopt(eva) == {"main": listed["conversationId"]}
