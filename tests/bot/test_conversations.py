"""Resume, history, the list, titles, cursors and ratings (I4)."""

from datetime import timedelta
from typing import Any

import pytest

from bot.models import Conversation, ConversationKey
from bot.wire.answers import Frame
from store.memory.conversations import MemoryConversationStore
from tests.support.bots import Scripted
from tests.support.clock import FakeClock
from tests.support.stores import Before, Wrapped
from tests.support.turns import ANA, FAR, MAIN, a_turn
from tests.support.workers import Worker

Store = MemoryConversationStore


@pytest.fixture
def worker(store: Store, clock: FakeClock) -> Worker:
    """A warm function."""
    return Worker(store, clock)


def chat(worker: Worker, count: int, **fields: Any) -> str:
    """Say so much; the epoch."""
    for number in range(count):
        frame = worker.say(f"m{number}", **fields)
    epoch: str = frame["epoch"]
    return epoch


def shown(frames: list[Frame]) -> list[int]:
    """The numbers of all turns in snapshots."""
    return [turn["seq"] for frame in frames for turn in frame.get("turns", ())]


@pytest.mark.parametrize("length", [1, 2, 49, 50, 51, 120])
def test_a_resume_brings_exactly_what_is_missing(worker: Worker, length: int) -> None:
    epoch = chat(worker, length)
    for after in range(length + 1):
        for known in ({}, {"epoch": epoch}):
            frames = worker.ask("resume", after=after, **known)
            assert shown(frames) == list(range(after + 1, length + 1))
            assert [frame["reset"] for frame in frames] == [False] * len(frames)
            assert [frame["more"] for frame in frames] == [True] * (len(frames) - 1) + [False]
            assert {(frame["head"], frame["epoch"]) for frame in frames} == {(length, epoch)}


def test_a_first_look_brings_the_newest_that_fit(worker: Worker) -> None:
    chat(worker, 51)
    snapshot = worker.one("resume")
    assert shown([snapshot]) == list(range(2, 52))
    assert (snapshot["more"], snapshot["reset"], snapshot["head"]) == (True, False, 51)


def test_all_of_a_short_conversation_says_that_nothing_is_older(worker: Worker) -> None:
    chat(worker, 50)
    snapshot = worker.one("resume")
    assert shown([snapshot]) == list(range(1, 51))
    assert snapshot["more"] is False


def test_what_does_not_exist_is_an_empty_snapshot(worker: Worker) -> None:
    empty = {
        "type": "snapshot",
        "conversationId": "new",
        "epoch": "",
        "title": "",
        "turns": [],
        "head": 0,
        "read": 0,
        "unread": 0,
        "more": False,
        "reset": False,
    }
    assert worker.one("resume", conversationId="new") == empty
    assert worker.one("resume", conversationId="new", after=0) == empty
    assert worker.one("history", conversationId="new", before=5) == empty
    for known in ({"after": 1}, {"epoch": "gone"}, {"after": 0, "epoch": "gone"}):
        assert worker.one("resume", conversationId="new", **known) == {**empty, "reset": True}


@pytest.mark.parametrize(
    "known",
    [{"after": 6}, {"after": 2, "epoch": "other"}, {"epoch": "other"}, {"after": 9_999_999_999}],
    ids=str,
)
def test_a_gap_that_cannot_be_served_is_declared(worker: Worker, known: dict[str, Any]) -> None:
    chat(worker, 5)
    snapshot = worker.one("resume", **known)
    assert snapshot["reset"] is True
    assert shown([snapshot]) == [1, 2, 3, 4, 5]


def test_a_gap_with_expired_turns_in_it_is_declared(worker: Worker, clock: FakeClock) -> None:
    chat(worker, 3)
    clock.advance(days=200)
    for number in range(3, 6):
        worker.say(f"m{number}")
    clock.advance(days=200)
    for after, reset in ((0, True), (2, True), (3, False), (5, False), (6, False)):
        frame = worker.one("resume", after=after)
        assert frame["reset"] is reset
        assert shown([frame]) == list(range(4 if reset else after + 1, 7))
    assert worker.one("history", before=6)["turns"][0]["seq"] == 4


def test_a_conversation_whose_turns_have_all_expired_shows_none(
    worker: Worker, clock: FakeClock
) -> None:
    chat(worker, 3)
    clock.advance(days=366)
    assert worker.one("resume")["turns"] == []
    assert worker.one("resume", after=1)["reset"] is True
    assert worker.one("conversations")["conversations"] == []
    assert worker.one("rename", title="x")["code"] == "not_found"
    assert worker.one("feedback", seq=2, rating="up")["code"] == "not_found"


@pytest.mark.parametrize("after", [0, 1, 999, 1_500, 2_449, 2_450, 2_499])
def test_a_long_gap_comes_in_answers_of_a_thousand(
    store: Store, clock: FakeClock, after: int
) -> None:
    for seq in range(1, 2_501):
        store.append(MAIN, a_turn(seq))
    worker = Worker(store, clock)
    seen: list[int] = []
    start, asked = after, 0
    while True:
        frames = worker.ask("resume", after=start, epoch="e1")
        asked += 1
        assert len(shown(frames)) <= 1_000
        seen += shown(frames)
        last = frames[-1]
        if not last["more"]:
            assert "next" not in last
            break
        assert last["next"] == seen[-1]
        assert all(frame["more"] and "next" not in frame for frame in frames[:-1])
        start = last["next"]
    assert seen == list(range(after + 1, 2_501))
    assert asked == (2_500 - after - 1) // 1_000 + 1


def test_history_pages_back_to_the_first_turn(worker: Worker) -> None:
    chat(worker, 47)
    before, pages = 48, []
    while True:
        page = worker.one("history", before=before, limit=10)
        pages.append(shown([page]))
        if not page["more"]:
            break
        before = pages[-1][0]
    assert pages == [
        list(range(38, 48)),
        *[list(range(n, n + 10)) for n in (28, 18, 8)],
        [*range(1, 8)],
    ]


def test_history_says_whether_anything_is_older(worker: Worker) -> None:
    chat(worker, 30)
    table = {(31, 20): True, (21, 20): False, (22, 20): True, (1, 20): False, (2, 1): False}
    for (before, limit), more in table.items():
        page = worker.one("history", before=before, limit=limit)
        assert page["more"] is more
        assert shown([page]) == list(range(max(before - limit, 1), before))


def test_of_turns_that_have_expired_but_are_still_there_none_is_older(
    worker: Worker, store: Store, clock: FakeClock
) -> None:
    """Whoever pages on until nothing is older would never be done."""
    soon = int(clock().timestamp()) + 60
    for seq in range(1, 101):
        store.append(MAIN, a_turn(seq, expires_at=soon if seq <= 80 else FAR))
    clock.advance(minutes=2)
    assert shown([worker.one("resume")]) == list(range(81, 101))
    table = {(81, 20): False, (60, 20): False, (91, 20): False, (101, 10): True}
    for (before, limit), more in table.items():
        assert worker.one("history", before=before, limit=limit)["more"] is more


@pytest.mark.parametrize("before", [4, 5, 9, 9_999_999_999])
def test_history_from_behind_the_end_finds_the_newest_past_what_was_deleted(
    worker: Worker, before: int
) -> None:
    chat(worker, 9)
    worker.ask("delete")
    chat(worker, 3)
    page = worker.one("history", before=before, limit=2)
    assert (shown([page]), page["more"]) == ([2, 3], True)


def test_history_that_fills_a_page_of_the_table_says_that_more_is_older(
    store: Store, clock: FakeClock
) -> None:
    """DynamoDB ends a page at one megabyte, which states alone can fill: the frame has room."""

    class Megabyte(Store):
        def preceding(self, key: Any, before: int, limit: int) -> Any:
            return super().preceding(key, before, min(limit, 30))

    heavy = Megabyte()
    for seq in range(1, 101):
        heavy.append(MAIN, a_turn(seq))
    page = Worker(heavy, clock).one("history", before=101, limit=100)
    assert page["turns"][0]["seq"] > 1
    assert page["more"] is True


def test_history_sends_what_fits_and_says_so(worker: Worker, store: Store) -> None:
    for seq in range(1, 21):
        store.append(MAIN, a_turn(seq, reply="r" * 5_000))
    page = worker.one("history", before=21)
    assert shown([page]) == list(range(21 - len(page["turns"]), 21))
    assert 0 < len(page["turns"]) < 20
    assert page["more"] is True


def test_a_rename_is_told_to_all_and_stays(worker: Worker, store: Store, clock: FakeClock) -> None:
    chat(worker, 2)
    assert worker.one("resume")["title"] == "m0"
    answer = worker.handle("rename", title="Ünïcode 🎉")
    (frame,) = answer.to_user
    assert (frame["title"], frame["turns"], frame["reset"], frame["head"]) == (
        "Ünïcode 🎉",
        [],
        False,
        2,
    )
    clock.advance(minutes=2)
    worker.say("later")
    assert Worker(store, clock).one("resume")["title"] == "Ünïcode 🎉"


def test_a_title_is_the_first_words_that_were_said(worker: Worker) -> None:
    worker.say("m1", "  Hello \n\n world,  " + "x" * 100)
    title = worker.one("resume")["title"]
    assert title.startswith("Hello world, x")
    assert len(title) == 60


def test_a_cursor_moves_forward_alone(worker: Worker) -> None:
    chat(worker, 5)
    for seq, then in ((2, 2), (1, 2), (5, 5), (3, 5)):
        (frame,) = worker.handle("read", seq=seq).to_user
        assert (frame["read"], frame["turns"], frame["head"]) == (then, [], 5)
    assert worker.one("resume")["read"] == 5


def test_a_cursor_cannot_pass_the_last_turn(worker: Worker) -> None:
    chat(worker, 5)
    assert worker.one("read", seq=6)["code"] == "bad_request"
    assert worker.one("resume")["read"] == 0


def test_a_cursor_is_kept_as_long_as_the_turns_though_retention_is_shorter_now(
    store: Store, clock: FakeClock
) -> None:
    kept: dict[str, int] = {}

    class Noting(Wrapped):
        """A store of which is known until when it keeps the list's entries."""

        def __getattr__(self, name: str) -> Any:
            method = super().__getattr__(name)
            if name not in ("note_conversation", "rename_conversation", "move_cursor"):
                return method

            def noted(key: ConversationKey, conversation: Conversation, until: int) -> Any:
                kept[name] = until
                return method(key, conversation, until)

            return noted

    noting: Any = Noting(store)
    Worker(store, clock, retention=timedelta(days=365)).say("m1")
    until = store.newest(MAIN, 1).turns[0].expires_at
    worker = Worker(noting, clock, retention=timedelta(days=1))
    worker.one("read", seq=1)
    worker.one("rename", title="Mine")
    clock.advance(minutes=1)
    worker.say("m2")
    assert kept == dict.fromkeys(("note_conversation", "rename_conversation", "move_cursor"), until)


def test_a_cursor_of_an_earlier_epoch_is_void(worker: Worker) -> None:
    chat(worker, 5)
    worker.ask("read", seq=5)
    worker.ask("delete")
    worker.say("new")
    assert worker.one("resume")["read"] == 0
    assert worker.one("conversations")["conversations"][0]["read"] == 0


@pytest.mark.parametrize("action", ["rename", "read"])
def test_what_a_user_does_right_after_the_first_turn_is_not_undone(
    worker: Worker, action: str, store: Store, clock: FakeClock
) -> None:
    """The turn is on the screen before the function has noted it: a client reads, or renames."""
    first = worker.handle("message", messageId="m1", text="hello")
    fields: dict[str, dict[str, Any]] = {"rename": {"title": "Mine"}, "read": {"seq": 1}}
    Worker(store, clock).ask(action, **fields[action])
    assert first.afterwards
    first.afterwards()
    snapshot = worker.one("resume")
    assert {"rename": snapshot["title"], "read": snapshot["read"]}[action] in ("Mine", 1)


def test_a_late_note_of_a_deleted_turn_does_not_touch_the_new_epoch(
    worker: Worker, store: Store, clock: FakeClock
) -> None:
    late = worker.handle("message", messageId="m1", text="deleted words")
    worker.ask("delete")
    worker.say("m2", "new words")
    worker.ask("read", seq=1)
    assert late.afterwards
    late.afterwards()
    entry = worker.one("conversations")["conversations"][0]
    assert (entry["title"], entry["read"]) == ("new words", 1)


def test_a_conversation_whose_first_function_died_is_listed_once_its_client_is_back(
    worker: Worker,
) -> None:
    worker.handle("message", messageId="m1", text="hello")  # dies before it is noted
    worker.ask("resume")
    worker.say("m1", "hello", after=0)
    listed = worker.one("conversations")["conversations"]
    assert [entry["title"] for entry in listed] == ["hello"]


def test_ratings_are_told_to_all_and_withdrawn(worker: Worker) -> None:
    chat(worker, 2)
    for rating in ("up", "down", None):
        (frame,) = worker.handle("feedback", seq=1, rating=rating).to_user
        assert frame["type"] == "turn"
        assert frame["turn"].get("feedback") == rating
        assert worker.turns()[0].get("feedback") == rating
    assert "feedback" not in worker.turns()[0]


def test_a_turn_that_is_done_is_stopped_by_saying_so_to_the_asker(worker: Worker) -> None:
    made = worker.say("m1")
    answer = worker.handle("stop", seq=1)
    assert (answer.to_caller, answer.to_user) == ((made,), ())


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("rename", {"title": "x"}),
        ("read", {"seq": 1}),
        ("stop", {"seq": 1}),
        ("feedback", {"seq": 1, "rating": "up"}),
        ("delete", {}),
    ],
)
def test_what_does_not_exist_is_not_found(
    worker: Worker, action: str, fields: dict[str, Any]
) -> None:
    error = worker.one(action, conversationId="nowhere", **fields)
    assert (error["code"], error["conversationId"]) == ("not_found", "nowhere")
    assert worker.one("conversations")["conversations"] == []


def test_turns_that_do_not_exist_are_not_found(worker: Worker) -> None:
    chat(worker, 1)
    assert worker.one("stop", seq=2)["code"] == "not_found"
    assert worker.one("feedback", seq=2, rating="up")["code"] == "not_found"


def test_the_list_pages_through_all_conversations_once(worker: Worker, clock: FakeClock) -> None:
    for number in range(45):
        worker.say("m", conversationId=f"c{number:02d}")
        clock.advance(seconds=1)
    seen: list[str] = []
    cursor = None
    while True:
        page = worker.one("conversations", cursor=cursor)
        times = [entry["updatedAt"] for entry in page["conversations"]]
        assert times == sorted(times, reverse=True)
        seen += [entry["conversationId"] for entry in page["conversations"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert sorted(seen) == [f"c{number:02d}" for number in range(45)]


def test_an_entry_of_the_list_tells_head_and_cursor(worker: Worker) -> None:
    chat(worker, 3)
    worker.ask("read", seq=2)
    assert worker.one("conversations") == {
        "type": "conversations",
        "conversations": [
            {
                "conversationId": "main",
                "title": "m0",
                "updatedAt": "2026-03-01T12:00:00.000Z",
                "head": 3,
                "read": 2,
                "unread": 1,
            }
        ],
        "cursor": None,
    }


def test_the_list_is_refreshed_at_most_once_a_minute(
    worker: Worker, store: Store, clock: FakeClock
) -> None:
    chat(worker, 1)
    for _ in range(5):
        clock.advance(seconds=30)
        answer = worker.handle("message", messageId=f"n{clock()}", text="x")
        assert answer.afterwards
        answer.afterwards()
    kept = store.conversation(ConversationKey(ANA, "main"))
    assert kept
    assert kept.updated_at.second == 0


def test_a_turn_taken_while_a_device_resumes_is_not_skipped(store: Store, clock: FakeClock) -> None:
    """Between its two reads the log grows: the answer must agree with itself."""
    writing, racing = Worker(store, clock), Before(store)
    for number in range(120):
        writing.say(f"m{number}")
    racing.next("following", lambda: writing.say("meanwhile"))
    frames = Worker(racing, clock).ask("resume", after=5)
    last = frames[-1]
    assert shown(frames) == list(range(6, 6 + len(shown(frames))))
    assert last["more"] or last["head"] == shown(frames)[-1]


def test_a_bot_sees_no_user_but_its_own(store: Store, clock: FakeClock) -> None:
    from bot.models import Reply

    bot = Scripted(lambda snapshot, message: Reply("x", {"by": message.text}))
    for user in ("guest:a", "guest:b"):
        Worker(store, clock, bot=bot, user_id=user).say("m1", user)
    assert [snapshot.turns for snapshot, _ in bot.asked] == [(), ()]
