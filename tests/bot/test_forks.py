"""Forks: a conversation that begins with another's turns, at a cost that does not grow (ADR 13)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest

from bot.lifecycle import filling
from bot.models import ConversationKey, Status
from bots.talker import Talker
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import EVA, GUEST, adopt
from tests.support.clock import FakeClock
from tests.support.stores import Before, Counting, Dying, Killed, Paused
from tests.support.turns import ANA, BEN
from tests.support.workers import RETENTION, Orders, Worker

Store = MemoryConversationStore
FORK = {"conversationId": "other", "forkOf": "main"}


@pytest.fixture
def worker(store: Store, clock: FakeClock) -> Worker:
    """A warm function."""
    return Worker(store, clock)


@pytest.fixture
def new_worker(store: Store, clock: FakeClock) -> Callable[..., Worker]:
    """A function without memory."""
    return lambda on=None, **how: Worker(on or store, clock, **how)


New = Callable[..., Worker]


def talk(worker: Worker, count: int, name: str = "main", prefix: str = "m") -> None:
    """Say so much."""
    for number in range(1, count + 1):
        assert worker.say(f"{prefix}{number}", conversationId=name)["type"] == "turn"


def ids(worker: Worker, name: str) -> list[str]:
    """What was said, as a device gets it that has nothing yet."""
    return [turn["messageId"] for turn in worker.turns(conversationId=name)]


def test_a_fork_begins_with_the_turns_as_they_are(worker: Worker, new_worker: New) -> None:
    talk(worker, 5)
    worker.ask("rename", title="Printers")
    worker.ask("feedback", seq=2, rating="up")
    frame = worker.one("fork", **FORK, forkAt=3)
    assert frame == {
        "type": "snapshot",
        "conversationId": "other",
        "epoch": frame["epoch"],
        "title": "Printers",
        "turns": [],
        "head": 3,
        "read": 3,
        "unread": 0,
        "more": False,
        "reset": False,
        "forkOf": "main",
        "forkAt": 3,
    }
    assert frame["epoch"] != worker.one("resume")["epoch"]
    assert new_worker().turns(conversationId="other") == worker.turns()[:3]


def test_the_bot_goes_on_from_the_state_of_that_turn(worker: Worker, new_worker: New) -> None:
    talk(worker, 5)
    worker.ask("fork", **FORK, forkAt=3)
    for function in (worker, new_worker()):
        function.ask("resume", conversationId="other")
    assert worker.say("n", conversationId="other")["turn"]["reply"] == "4: n"
    assert new_worker().say("o", conversationId="other")["turn"]["seq"] == 5
    assert worker.say("m6")["turn"]["reply"] == "6: m6", "and the first as if nothing had been"


def test_a_message_makes_the_fork_it_needs_once(worker: Worker, new_worker: New) -> None:
    talk(worker, 5)
    regenerated = {**FORK, "forkAt": 3, "messageId": "again", "text": "m4"}
    for function in (worker, new_worker(), worker):
        (frame,) = function.ask("message", **regenerated)
        assert (frame["conversationId"], frame["turn"]["seq"]) == ("other", 4)
        assert frame["turn"]["reply"] == "4: m4"
    assert ids(worker, "other") == ["m1", "m2", "m3", "again"]


def test_the_list_names_where_a_fork_is_from(worker: Worker) -> None:
    talk(worker, 3)
    worker.ask("message", **FORK, forkAt=1, messageId="n", text="n")
    entries = {
        each["conversationId"]: each for each in worker.one("conversations")["conversations"]
    }
    assert (entries["other"]["forkOf"], entries["other"]["forkAt"]) == ("main", 1)
    assert entries["other"]["head"] == 2
    assert "forkOf" not in entries["main"]


def test_at_zero_it_is_a_new_conversation(worker: Worker) -> None:
    talk(worker, 3)
    assert worker.say("n", **FORK, forkAt=0)["turn"]["seq"] == 1
    assert worker.ask("fork", **{**FORK, "forkAt": 0})[0]["code"] == "bad_request"


@pytest.mark.parametrize(
    ("fork", "code"),
    [
        ({**FORK, "forkAt": 6}, "not_found"),
        ({**FORK, "forkOf": "nothing", "forkAt": 1}, "not_found"),
        ({**FORK, "forkAt": 2, "forkEpoch": "another"}, "not_found"),
        ({"conversationId": "main", "forkOf": "main", "forkAt": 2}, "bad_request"),
        ({"conversationId": "taken", "forkOf": "main", "forkAt": 2}, "bad_request"),
        ({**FORK, "forkOf": "no#id", "forkAt": 2}, "bad_request"),
        ({**FORK}, "bad_request"),
    ],
)
def test_what_cannot_be_forked_is_refused_and_leaves_nothing(
    worker: Worker, fork: dict[str, Any], code: str
) -> None:
    talk(worker, 5)
    worker.say("t", conversationId="taken")
    assert worker.one("fork", **fork)["code"] == code
    assert worker.one("resume", conversationId="other")["head"] == 0
    assert ids(worker, "taken") == ["t"]
    assert len(worker.one("conversations")["conversations"]) == 2


def test_a_fork_of_another_turn_under_the_same_id_is_refused(worker: Worker) -> None:
    talk(worker, 5)
    worker.ask("fork", **FORK, forkAt=3)
    assert worker.one("fork", **FORK, forkAt=2)["code"] == "bad_request"
    assert worker.one("fork", **FORK, forkAt=3)["head"] == 3


def test_nobody_forks_what_is_anothers(worker: Worker, new_worker: New) -> None:
    talk(worker, 3)
    stranger = new_worker(user_id=BEN)
    assert stranger.one("fork", **FORK, forkAt=2)["code"] == "not_found"
    assert stranger.say("x", **FORK, forkAt=2)["code"] == "not_found"
    assert stranger.one("conversations")["conversations"] == []


def test_a_reply_that_is_being_written_is_not_forked_but_what_is_before_it(
    store: Store, clock: FakeClock
) -> None:
    orders = Orders()
    worker = Worker(store, clock, bot=Talker(), starter=orders)
    talker = Worker(store, clock)
    talk(talker, 2)
    worker.ask("message", messageId="p", text="p")
    assert worker.one("fork", **FORK, forkAt=3)["code"] == "busy"
    assert worker.one("fork", **FORK, forkAt=2)["head"] == 2
    ordered = len(orders.made)
    clock.advance(minutes=2)
    assert worker.one("fork", **{**FORK, "conversationId": "third"}, forkAt=3)["code"] == "busy"
    assert len(orders.made) == ordered + 1, "nobody writes it: it is ordered again"


def test_a_fork_of_a_fork_of_a_fork(worker: Worker, new_worker: New, store: Store) -> None:
    talk(worker, 4)
    for depth in range(1, 6):
        parent, name = f"c{depth - 1}" if depth > 1 else "main", f"c{depth}"
        worker.ask("fork", conversationId=name, forkOf=parent, forkAt=depth + 2)
        talk(worker, 2, name, prefix=f"{name}-")
    said = ["m1", "m2", "m3", "c1-1", "c2-1", "c3-1", "c4-1", "c5-1", "c5-2"]
    assert ids(new_worker(), "c5") == said
    for after in range(len(said)):
        gap = new_worker().one("resume", conversationId="c5", after=after)["turns"]
        assert [turn["messageId"] for turn in gap] == said[after:]
    for before in range(2, len(said) + 1):
        page = new_worker().one("history", conversationId="c5", before=before, limit=3)
        assert [turn["messageId"] for turn in page["turns"]] == said[
            max(0, before - 4) : before - 1
        ]
    # What all have from the first is looked up there, not through the others.
    worker.ask("fork", conversationId="short", forkOf="c5", forkAt=2)
    root = store.turn(ConversationKey(ANA, "short"), 1)
    assert root
    assert root.origin
    assert root.origin.conversation_id == "main"


def test_a_resend_in_a_fork_finds_the_turn_that_is_shared(worker: Worker, new_worker: New) -> None:
    talk(worker, 5)
    worker.ask("fork", **FORK, forkAt=4)
    for function in (worker, new_worker()):
        assert function.say("m2", conversationId="other", after=1)["turn"]["seq"] == 2
        assert function.say("m2", conversationId="other")["turn"]["seq"] == 2
        refused = function.say("m2", "another text", conversationId="other", after=1)
        assert refused["code"] == "bad_request"


def test_a_resend_finds_its_turn_however_far_back_in_the_other_log(
    worker: Worker, new_worker: New
) -> None:
    talk(worker, 300)
    worker.ask("fork", **FORK, forkAt=290)
    talk(worker, 5, "other", "n")
    assert new_worker().say("m7", conversationId="other", after=5)["turn"]["seq"] == 7


def test_what_is_shared_is_rated_in_both(worker: Worker, new_worker: New) -> None:
    talk(worker, 3)
    worker.ask("fork", **FORK, forkAt=2)
    frame = worker.one("feedback", conversationId="other", seq=1, rating="down")
    assert (frame["conversationId"], frame["turn"]["feedback"]) == ("other", "down")
    assert frame["epoch"] == worker.one("resume", conversationId="other")["epoch"]
    assert [turn.get("feedback") for turn in new_worker().turns()] == ["down", None, None]


@pytest.mark.parametrize("hours", [0, 1])
@pytest.mark.parametrize("count", [1, 3, 7, 10])
def test_a_fork_outlives_what_it_is_from(
    worker: Worker,
    new_worker: New,
    clock: FakeClock,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
    count: int,
) -> None:
    monkeypatch.setattr(filling, "STEP", 3)
    talk(worker, 10)
    worker.ask("fork", **FORK, forkAt=count)
    before = worker.turns(conversationId="other")
    clock.advance(hours=hours)
    worker.ask("delete", conversationId="main")
    assert new_worker().turns(conversationId="other") == before
    assert worker.say("n", conversationId="other")["turn"]["reply"] == f"{count + 1}: n"
    assert store.forks(ConversationKey(ANA, "main")) == ()
    assert worker.say("new", conversationId="main")["turn"]["seq"] == 1
    assert [turn["messageId"] for turn in new_worker().turns(conversationId="other")] == [
        *(f"m{seq}" for seq in range(1, count + 1)),
        "n",
    ]


def test_what_a_fork_is_from_outlives_the_fork(
    worker: Worker, new_worker: New, store: Store
) -> None:
    talk(worker, 4)
    worker.ask("fork", **FORK, forkAt=3)
    talk(worker, 2, "other", "n")
    worker.ask("delete", conversationId="other")
    assert ids(new_worker(), "main") == ["m1", "m2", "m3", "m4"]
    assert ids(new_worker(), "other") == []
    assert store.forks(ConversationKey(ANA, "main")) == ()
    assert worker.say("again", **FORK, forkAt=2)["turn"]["seq"] == 3
    assert ids(new_worker(), "other") == ["m1", "m2", "again"]


def test_a_deletion_that_comes_between_is_not_overtaken(
    store: Store, clock: FakeClock, new_worker: New
) -> None:
    talk(new_worker(), 4)
    racing = Before(store)
    racing.next("fork", lambda: new_worker().ask("delete"))
    assert new_worker(racing).one("fork", **FORK, forkAt=3)["code"] == "not_found"
    assert new_worker().one("resume", conversationId="other")["head"] == 0


def test_a_turn_that_comes_between_is_no_hindrance(store: Store, new_worker: New) -> None:
    talk(new_worker(), 4)
    racing = Before(store)
    racing.next("fork", lambda: new_worker().say("m5"))
    assert new_worker(racing).one("fork", **FORK, forkAt=3)["head"] == 3


def test_two_functions_fork_at_once(store: Store, new_worker: New) -> None:
    talk(new_worker(), 4)
    for number in range(20):
        name, start = f"f{number}", Barrier(4)
        seqs: list[int] = []

        def one(who: int, name: str = name, start: Barrier = start, seqs: Any = seqs) -> None:
            worker = new_worker()
            start.wait()
            said = worker.say(f"x{who % 2}", conversationId=name, forkOf="main", forkAt=3)
            seqs.append(said["turn"]["seq"])

        threads = [Thread(target=one, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(seqs) == [4, 4, 5, 5]
        assert ids(new_worker(), name)[:3] == ["m1", "m2", "m3"]


def test_who_takes_the_fork_for_empty_makes_no_second_life_of_it(
    worker: Worker, new_worker: New
) -> None:
    talk(worker, 4)
    late = new_worker()
    assert late.one("resume", conversationId="other")["head"] == 0
    worker.ask("fork", **FORK, forkAt=3)
    assert late.say("late", conversationId="other")["turn"]["seq"] == 4
    assert ids(new_worker(), "other") == ["m1", "m2", "m3", "late"]


READS: list[tuple[str, dict[str, Any]]] = [
    ("resume", {}),
    ("resume", {"after": 0}),
    ("resume", {"after": 5}),
    ("history", {"before": 11, "limit": 10}),
    ("history", {"before": 4, "limit": 2}),
    ("feedback", {"seq": 2, "rating": "up"}),
    ("message", {"messageId": "m3", "text": "m3", "after": 1}),
]


@pytest.mark.parametrize("hours", [0, 1])
@pytest.mark.parametrize("dies_at_write", [0, 3, 5])
@pytest.mark.parametrize(("action", "fields"), READS)
def test_whoever_reads_while_it_is_copied_and_cleared_misses_nothing(
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    fields: Any,
    dies_at_write: int,
    hours: int,
) -> None:
    monkeypatch.setattr(filling, "STEP", 3)

    def delete(store: Store) -> None:
        dying = Dying(store, dies_at_write, applied=True)
        with suppress(Killed):
            Worker(dying, clock).ask("delete")

    paused = 0
    for at_call in range(1, 10):
        store = Store()
        worker = Worker(store, clock)
        talk(worker, 10)
        worker.ask("fork", **FORK, forkAt=8)
        talk(worker, 2, "other", "n")
        clock.advance(hours=hours)
        expected = Worker(store, clock).ask(action, conversationId="other", **fields)
        between = Paused(store, at_call, partial(delete, store))
        frames = Worker(between, clock).ask(action, conversationId="other", **fields)
        assert frames == expected, at_call
        paused += between.was_paused
    assert paused > 2, "else nothing came between"


@pytest.mark.parametrize("removed", [False, True])
def test_shared_turns_expire_in_both(
    worker: Worker, new_worker: New, clock: FakeClock, store: Store, removed: bool
) -> None:
    talk(worker, 3)
    clock.advance(days=300)
    talk(worker, 3, prefix="n")
    worker.ask("fork", **FORK, forkAt=5)
    clock.advance(days=100)
    talk(worker, 1, "other", "late")
    if removed:
        store.erase(
            ConversationKey(ANA, "main"), store.following(ConversationKey(ANA, "main"), 0, 3).turns
        )
    assert ids(new_worker(), "other") == ["n1", "n2", "late1"]
    page = new_worker().one("history", conversationId="other", before=6)
    assert [turn["seq"] for turn in page["turns"]] == [4, 5]
    lost = new_worker().one("resume", conversationId="other", after=1)
    assert (lost["reset"], [turn["seq"] for turn in lost["turns"]]) == (True, [4, 5, 6])


@pytest.mark.parametrize("removed", ["nothing", "the turns", "all"])
def test_a_fork_of_which_all_has_expired_begins_anew(
    worker: Worker, new_worker: New, clock: FakeClock, store: Store, removed: str
) -> None:
    talk(worker, 3)
    worker.ask("fork", **FORK, forkAt=2)
    clock.advance(seconds=RETENTION.total_seconds() + 1_000)
    if removed != "nothing":
        key = ConversationKey(ANA, "main")
        store.erase(key, store.following(key, 0, 100).turns)
    if removed == "all":
        key = ConversationKey(ANA, "other")
        store.erase(key, store.following(key, 0, 100).turns)
    assert new_worker().one("resume", conversationId="other")["turns"] == []
    turn = new_worker().say("new", conversationId="other")["turn"]
    assert (turn["seq"], turn["reply"]) == (1 if removed == "all" else 3, "1: new")
    assert ids(new_worker(), "other") == ["new"]


def test_an_adopted_fork_is_whole(store: Store, clock: FakeClock) -> None:
    guest = Worker(store, clock, user_id=GUEST)
    talk(guest, 5)
    guest.ask("message", **FORK, forkAt=3, messageId="n", text="n")
    moved = adopt(Worker(store, clock, user_id=EVA))
    eva = Worker(store, clock, user_id=EVA)
    assert ids(eva, moved["other"]) == ["m1", "m2", "m3", "n"]
    assert ids(eva, moved["main"]) == ["m1", "m2", "m3", "m4", "m5"]
    assert all("forkOf" not in each for each in eva.one("conversations")["conversations"])
    eva.ask("delete", conversationId=moved["main"])
    assert ids(eva, moved["other"]) == ["m1", "m2", "m3", "n"]
    left = store.following(ConversationKey(GUEST, "other"), 0, 100).turns
    assert {turn.status for turn in left} <= {Status.DELETED}


def test_forking_costs_the_same_however_long_the_conversation_is(
    worker: Worker, new_worker: New, store: Store
) -> None:
    def cost(name: str, at: int) -> dict[str, int]:
        counting = Counting(store)
        forked = new_worker(counting).handle("fork", conversationId=name, forkOf="main", forkAt=at)
        assert forked.fault is None
        return dict(counting.calls)

    talk(worker, 10)
    short = cost("short", 7)
    talk(worker, 1_500, prefix="n")
    assert cost("long", 7) == cost("long2", 1_490) == short


def test_a_warm_turn_of_a_fork_costs_one_write(
    worker: Worker, store: Store, clock: FakeClock
) -> None:
    counting = Counting(store)
    warm = Worker(counting, clock)
    talk(warm, 5)
    warm.ask("message", **FORK, forkAt=3, messageId="n", text="n")
    counting.calls.clear()
    warm.handle("message", conversationId="other", messageId="o", text="o", after=4)
    assert dict(counting.calls) == {"append": 1}


def test_the_root_outlives_what_it_stands_for(worker: Worker, store: Store) -> None:
    talk(worker, 3)
    worker.ask("fork", **FORK, forkAt=3)
    root = store.turn(ConversationKey(ANA, "other"), 1)
    newest = store.turn(ConversationKey(ANA, "main"), 3)
    assert root
    assert newest
    assert root.expires_at >= newest.expires_at
    assert timedelta(seconds=root.expires_at - newest.expires_at) < timedelta(days=1)
