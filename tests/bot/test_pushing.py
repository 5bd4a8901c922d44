"""A pushed message makes one turn, in its source's order, and the talk goes on around it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import limits
from bot.errors import BadRequest, Busy, StillWriting, TooLarge
from bot.models import ConversationKey, Position
from bot.push.positions import advanced, seen
from bot.turns.pace import Pace
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock
from tests.support.pushers import Pusher, a_push, at, position
from tests.support.soak import times
from tests.support.stores import Before, Counting, Dying, Killed, Large
from tests.support.streams import Talking, Writer, repeating
from tests.support.turns import BEN, MAIN, a_seal
from tests.support.workers import Orders, Worker

Store = MemoryConversationStore


def replies(store: Store, key: ConversationKey = MAIN) -> list[str]:
    """What stands in the log, in order."""
    return [turn.reply for turn in store.following(key, 0, 100_000).turns]


def test_a_push_is_a_turn_with_a_reply_alone(store: Store, clock: FakeClock) -> None:
    pushed = Pusher(store, clock).push(a_push("p1", text="Your order has left."))
    assert pushed.fresh
    (turn,) = Worker(store, clock).turns()
    assert turn == {
        "seq": 1,
        "messageId": "p1",
        "author": "backend",
        "text": "",
        "reply": "Your order has left.",
        "status": "done",
        "createdAt": turn["createdAt"],
        "completedAt": turn["createdAt"],
    }


def test_content_is_shown_as_it_was_pushed(store: Store, clock: FakeClock) -> None:
    content = {"price": 1.5, "of": ["é", None, {"🎉": True}]}
    Pusher(store, clock).push(a_push("p1", content=content))
    Pusher(store, clock).push(a_push("p2", content=False, text="both"))
    first, second = Worker(store, clock).turns()
    assert (first["content"], first["reply"]) == (content, "")
    assert (second["content"], second["reply"]) == (False, "both")


def test_content_may_be_nested_as_deep_as_the_docs_say(store: Store, clock: FakeClock) -> None:
    content: Any = "in the midst"
    for _ in range(limits.MAX_LEVELS):
        content = [content]
    Pusher(store, clock).push(a_push("p1", content=content, state={"a": content[0]}))
    assert Worker(store, clock).turns()[0]["content"] == content


def test_the_bot_goes_on_from_where_it_was_before_the_push(store: Store, clock: FakeClock) -> None:
    user, backend = Worker(store, clock), Pusher(store, clock)
    user.say("m1", "one")
    backend.push(a_push("p1"))
    assert user.say("m2", "two")["turn"]["reply"] == "2: two"
    backend.push(at(7))
    assert user.say("m3", "three")["turn"]["reply"] == "3: three"
    assert user.seqs() == [1, 2, 3, 4, 5]


def test_state_is_merged_into_the_bots(store: Store, clock: FakeClock) -> None:
    user, backend = Worker(store, clock), Pusher(store, clock)
    user.say("m1")
    backend.push(a_push("p1", state={"operator": "Eve", "count": 40}))
    assert user.say("m2", "x")["turn"]["reply"] == "41: x"
    turn = store.turn(MAIN, 2)
    assert turn
    assert turn.state == {"count": 40, "head": 0, "operator": "Eve"}


def test_a_state_that_grows_too_large_is_refused(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    half = "x" * (limits.MAX_STATE_BYTES // 2)
    backend.push(a_push("p1", state={"a": half}))
    with pytest.raises(TooLarge, match="state"):
        backend.push(a_push("p2", state={"b": half}))
    backend.push(a_push("p3", state={"a": half[1:]}))
    assert replies(store) == ["text of p1", "text of p3"]


# ---- exactly once


@pytest.mark.parametrize("push", [a_push("p1"), at(5), a_push("p1", source="s", position=5)])
@pytest.mark.parametrize("is_warm", [True, False])
def test_what_comes_again_makes_no_second_turn(
    store: Store, clock: FakeClock, push: Any, is_warm: bool
) -> None:
    backend = Pusher(store, clock)
    first = backend.push(push)
    again = (backend if is_warm else Pusher(store, clock)).push(push)
    assert (again.fresh, again.turn, again.newest) == (False, first.turn, True)
    assert len(replies(store)) == 1


def test_a_position_is_known_for_as_long_as_the_conversation_lives(
    store: Store, clock: FakeClock
) -> None:
    Pusher(store, clock).push(at(5))
    user = Worker(store, clock)
    for number in range(limits.RESEND_TURNS + 100):
        user.say(f"m{number}")
    counted = Counting(store)
    again = Pusher(counted, clock).push(at(5))
    assert not again.fresh
    assert counted.calls == {"newest": 1}, "the newest turn alone tells"


def test_an_id_is_looked_for_in_the_newest_thousand_turns(store: Store, clock: FakeClock) -> None:
    Pusher(store, clock).push(a_push("p1"))
    user = Worker(store, clock)
    for number in range(limits.RESEND_TURNS - 1):
        user.say(f"m{number}")
    assert not Pusher(store, clock).push(a_push("p1")).fresh
    assert user.seqs()[-1] == limits.RESEND_TURNS


def test_an_id_is_looked_for_so_far_however_few_turns_one_read_brings(
    store: Store, clock: FakeClock
) -> None:
    test_an_id_is_looked_for_in_the_newest_thousand_turns(store, clock)
    counted: Any = Counting(Large(store))
    assert not Pusher(counted, clock).push(a_push("p1")).fresh
    assert counted.calls["newest"] + counted.calls["preceding"] == 28, "and no more than that"


def test_positions_grow_and_may_leave_gaps(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    for number in (3, 9, 8, 3, 10, 10, 2, 11):
        backend.push(at(number, text=str(number)))
    assert replies(store) == ["3", "9", "10", "11"]


def test_positions_are_compared_as_numbers_however_large(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    large = 49590338271490256608559692538361571095921575989136588898
    for number in (9, 10, large, str(large), str(large + 1), str(large - 1)):
        backend.push(at(number, text=str(number)))
    assert replies(store) == ["9", "10", str(large), str(large + 1)]


def test_each_source_counts_for_itself(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    for source in ("a", "b", "a", "b"):
        backend.push(at(1, source, text=source))
    assert replies(store) == ["a", "b"]


def test_where_an_id_and_a_position_are_given_both_count(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)

    def push(message_id: str, number: int) -> bool:
        return backend.push(a_push(message_id, text="x", source="s", position=number)).fresh

    assert push("p1", 1)
    assert not push("p1", 2), "sent twice by the backend"
    assert not push("p2", 1), "a position that was seen"
    assert push("p2", 3)


def test_the_source_that_was_silent_longest_is_forgotten(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    for number in range(limits.MAX_SOURCES):
        backend.push(at(1, f"s{number}"))
    backend.push(at(2, "s0"))
    backend.push(at(1, "new"))
    newest = store.newest(MAIN, 1).turns[0]
    assert list(newest.positions) == [*(f"s{n}" for n in range(2, limits.MAX_SOURCES)), "s0", "new"]
    assert not backend.push(at(2, "s0")).fresh
    assert backend.push(at(1, "s1")).fresh


@settings(max_examples=times(100, 2_000), deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 20))))
def test_positions_know_all_that_went_through_them(steps: list[tuple[str, int]]) -> None:
    known: Any = {}
    highest: dict[str, int] = {}
    for source, number in steps:
        place = Position(source, number)
        assert seen(known, place) == (number <= highest.get(source, -1))
        if not seen(known, place):
            known = advanced(known, place)
            highest[source] = number


def test_the_turn_keeps_its_own_position_and_a_message_carries_the_map_on(
    store: Store, clock: FakeClock
) -> None:
    Pusher(store, clock).push(at(5))
    Worker(store, clock).say("m1")
    pushed, said = store.following(MAIN, 0, 9).turns
    assert (pushed.position, pushed.message_id) == (position(5), "orders:5")
    assert (said.position, said.positions) == (None, {"orders": 5})


def test_a_reply_that_streams_carries_the_map_on(store: Store, clock: FakeClock) -> None:
    orders = Orders()
    Pusher(store, clock).push(at(5))
    Worker(store, clock, bot=Talking(repeating), starter=orders).say("m1")
    assert Writer(store, clock).write(orders.made[0])
    assert not Pusher(store, clock).push(at(5)).fresh
    assert Pusher(store, clock).push(at(6)).fresh


def test_a_new_life_begins_without_positions(store: Store, clock: FakeClock) -> None:
    backend, user = Pusher(store, clock), Worker(store, clock)
    backend.push(at(5))
    user.ask("delete")
    clock.advance(minutes=10)
    assert backend.push(at(5, text="anew")).fresh
    assert [turn["reply"] for turn in user.turns()] == ["anew"]


def test_a_fork_knows_what_was_pushed_before_it_and_goes_its_own_way(
    store: Store, clock: FakeClock
) -> None:
    backend, user = Pusher(store, clock), Worker(store, clock)
    for number in (5, 6):
        backend.push(at(number))
    user.ask("fork", conversationId="other", forkOf="main", forkAt=1)
    assert not backend.push(at(5, conversationId="other")).fresh
    assert backend.push(at(6, conversationId="other", text="its own")).fresh
    told = [turn["reply"] for turn in user.turns(conversationId="other")]
    assert told == ["text of 5", "its own"]
    user.ask("delete")
    assert not Pusher(store, clock).push(at(6, conversationId="other")).fresh


def test_the_same_content_may_be_written_in_another_order(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    first = backend.push(a_push("p1", content={"a": 1, "b": [{"c": 2, "d": 3}]}))
    again = backend.push(a_push("p1", content={"b": [{"d": 3, "c": 2}], "a": 1}))
    assert (again.fresh, again.turn) == (False, first.turn)
    for other in ({"a": 1, "b": [{"c": 2, "d": 4}]}, {"a": True, "b": [{"c": 2, "d": 3}]}):
        with pytest.raises(BadRequest):
            backend.push(a_push("p1", content=other))


def test_an_id_that_was_used_for_something_else_is_refused(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    Worker(store, clock).say("m1")
    backend.push(a_push("p1", text="one"))
    backend.push(a_push("p2", content={"a": 1}))
    for push in (a_push("p1", text="two"), a_push("p2", content={"a": 2}), a_push("m1", text="m1")):
        with pytest.raises(BadRequest, match="id"):
            backend.push(push)
    assert len(replies(store)) == 3


def test_a_write_whose_answer_was_lost_makes_one_turn(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    append = store.append

    def twice(key: Any, turn: Any) -> Any:
        append(key, turn)
        return append(key, turn)

    store.append = twice  # type: ignore[method-assign]
    assert backend.push(at(1)).fresh
    assert len(replies(store)) == 1


# ---- order, races


def test_a_lost_race_puts_it_behind_the_winner(store: Store, clock: FakeClock) -> None:
    before = Before(store)
    backend = Pusher(before, clock)
    backend.push(at(1))
    user = Worker(store, clock)
    before.next("append", lambda: user.say("m1"))
    pushed = backend.push(at(2))
    assert pushed.turn
    assert pushed.turn.seq == 3
    assert [turn.message_id for turn in store.following(MAIN, 0, 9).turns] == [
        "orders:1",
        "m1",
        "orders:2",
    ]


def test_a_lost_race_against_itself_is_told(store: Store, clock: FakeClock) -> None:
    before = Before(store)
    backend, other = Pusher(before, clock), Pusher(store, clock)
    backend.push(at(1))
    before.next("append", lambda: other.push(at(2)))
    assert not backend.push(at(2)).fresh
    assert replies(store) == ["text of 1", "text of 2"]


def test_many_sources_at_once_each_keep_their_order(store: Store, clock: FakeClock) -> None:
    count, sources = 25, [f"s{number}" for number in range(6)]

    def run(source: str) -> None:
        backend = Pusher(store, clock)
        for number in range(count):
            backend.push(at(number, source, text=f"{source} {number}"))
            backend.push(at(max(number - 1, 0), source, text="again"))

    with ThreadPoolExecutor(len(sources)) as pool:
        list(pool.map(run, sources))
    told = replies(store)
    assert len(told) == count * len(sources)
    for source in sources:
        assert [each for each in told if each.startswith(f"{source} ")] == [
            f"{source} {number}" for number in range(count)
        ]
    assert Worker(store, clock).seqs() == list(range(1, len(told) + 1))


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("write", range(1, 4))
def test_a_function_that_dies_anywhere_changes_nothing(
    store: Store, clock: FakeClock, write: int, applied: bool
) -> None:
    source = [at(number, text=str(number)) for number in range(4)]
    dying = Dying(store, write, applied=applied)
    backend = Pusher(dying, clock)

    def push_all() -> None:
        for push in source:
            backend.push(push)

    with pytest.raises(Killed):
        push_all()
    for push in source:
        Pusher(store, clock).push(push)
    assert replies(store) == ["0", "1", "2", "3"]
    assert [c["head"] for c in Worker(store, clock).one("conversations")["conversations"]] == [4]


@pytest.mark.parametrize("seed", range(times(20, 500)))
def test_redelivered_batches_in_any_pattern_make_each_turn_once(
    store: Store, clock: FakeClock, seed: int
) -> None:
    chance = Random(seed)
    functions = [Pusher(store, clock) for _ in range(3)]
    user, done, said = Worker(store, clock), 0, 0
    while done < 60:
        end = min(done + chance.randint(1, 10), 60)
        start = chance.randint(max(0, done - 15), done)
        for number in range(start, end):
            chance.choice(functions).push(at(number, text=str(number)))
            if chance.random() < 0.2:
                user.say(f"m{said}")
                said += 1
        done = end if chance.random() < 0.7 else max(done, start)
    pushed = [turn["reply"] for turn in user.turns() if turn["author"] == "backend"]
    assert pushed == [str(number) for number in range(60)]
    assert user.seqs() == list(range(1, 61 + said))


# ---- who is in the way


def test_while_a_reply_is_being_written_a_push_has_to_wait(store: Store, clock: FakeClock) -> None:
    orders = Orders()
    user = Worker(store, clock, bot=Talking(repeating), starter=orders)
    backend = Pusher(store, clock)
    backend.push(at(1))
    user.say("m1", "hello")
    for _ in range(2):
        with pytest.raises(StillWriting):
            backend.push(at(2))
    backend.push(at(1, conversationId="other"))
    assert Writer(store, clock).write(orders.made[0])
    assert backend.push(at(2)).fresh
    assert replies(store) == ["text of 1", "hello ", "text of 2"]


def test_a_push_in_the_way_of_a_dead_writer_has_its_reply_ordered_again(
    store: Store, clock: FakeClock
) -> None:
    orders = Orders()
    Worker(store, clock, bot=Talking(repeating), starter=Orders()).say("m1")
    backend = Pusher(store, clock, starter=orders)
    with pytest.raises(StillWriting):
        backend.push(at(1))
    assert orders.made == [], "its writer may be on the way"
    clock.advance(seconds=30)
    with pytest.raises(StillWriting):
        backend.push(at(1))
    (order,) = orders.made
    assert Writer(store, clock).write(order)
    assert backend.push(at(1)).fresh


def test_a_push_goes_on_with_a_deletion_that_was_cut_off(store: Store, clock: FakeClock) -> None:
    user, backend = Worker(store, clock), Pusher(store, clock)
    backend.push(at(1, text="old"))
    user.handle("delete")  # what may wait until the answer is sent is left undone
    assert backend.push(at(2, text="new")).fresh
    assert [turn["reply"] for turn in user.turns()] == ["new"]


def test_a_conversation_whose_end_takes_long_is_busy(store: Store, clock: FakeClock) -> None:
    store.append(MAIN, a_seal(1, created_at=clock()))
    backend = Pusher(store, clock)
    going_on = store.following

    def slow(*args: Any) -> Any:
        clock.advance(seconds=11)
        page = going_on(*args)
        return type(page)(page.turns, exhausted=False)

    store.following = slow  # type: ignore[assignment, method-assign]
    with pytest.raises(Busy):
        backend.push(at(1))


# ---- pace


def test_pushes_spend_nothing_of_the_users_pace(store: Store, clock: FakeClock) -> None:
    pace = Pace(per_minute=60, burst=2)
    user, backend = Worker(store, clock, pace=pace), Pusher(store, clock, pace=pace)
    for number in range(20):
        backend.push(at(number))
    user.say("m1")
    user.say("m2")
    backend.push(at(20))
    assert user.say("m3")["code"] == "rate_limited"
    clock.advance(seconds=0.5)
    backend.push(at(21))
    assert user.say("m3")["code"] == "rate_limited"
    clock.advance(seconds=0.5)
    assert user.say("m3")["turn"]["seq"] == 25


# ---- what lapses, what expires


def test_a_push_lapses_in_its_place(store: Store, clock: FakeClock) -> None:
    user, backend = Worker(store, clock), Pusher(store, clock)
    backend.push(at(1))
    backend.push(at(2, text="secret", content={"a": 1}, ttl=60))
    backend.push(at(3))
    assert user.turns()[1]["reply"] == "secret"
    clock.advance(seconds=60)
    first, lapsed, third = user.turns()
    assert (lapsed["seq"], lapsed["reply"], lapsed["lapsed"]) == (2, "", True)
    assert "content" not in lapsed
    assert "lapsed" not in {*first, *third}
    history = user.one("history", before=3)
    assert [turn.get("lapsed") for turn in history["turns"]] == [None, True]
    rated = user.one("feedback", seq=2, rating="up")["turn"]
    assert (rated["reply"], rated["lapsed"], rated["feedback"]) == ("", True, "up")
    assert not backend.push(at(2, text="secret", content={"a": 1}, ttl=60)).fresh


def test_a_push_of_one_second_is_shown_for_one_second(store: Store, clock: FakeClock) -> None:
    user, backend = Worker(store, clock), Pusher(store, clock)
    clock.advance(seconds=0.9)
    backend.push(at(1, text="now", ttl=1))
    clock.advance(seconds=0.9)
    assert user.turns()[0]["reply"] == "now"
    clock.advance(seconds=0.1)
    assert user.turns()[0]["lapsed"] is True


def test_a_push_lapses_though_what_it_follows_is_kept_for_longer(
    store: Store, clock: FakeClock
) -> None:
    Pusher(store, clock, retention=timedelta(days=365)).push(at(1))
    # Retention was lowered since: the turn is kept as long as the one before it.
    Pusher(store, clock, retention=timedelta(days=30)).push(at(2, ttl=40 * 24 * 3600))
    clock.advance(days=41)
    first, lapsed = Worker(store, clock).turns()
    assert (first["reply"], lapsed["reply"], lapsed["lapsed"]) == ("text of 1", "", True)


def test_no_conversation_is_called_by_what_lapses(store: Store, clock: FakeClock) -> None:
    user, backend = Worker(store, clock), Pusher(store, clock)
    backend.push(at(1, text="Your code is 4711", ttl=60))
    backend.push(at(2, text="Welcome"))
    clock.advance(seconds=60)
    (entry,) = user.one("conversations")["conversations"]
    assert (entry["title"], user.one("resume")["title"]) == ("", "")
    assert user.one("rename", title="Codes")["title"] == "Codes"


def test_the_newest_that_has_lapsed_still_counts(store: Store, clock: FakeClock) -> None:
    user, backend = Worker(store, clock), Pusher(store, clock)
    user.say("m1", "x")
    backend.push(at(1, ttl=1))
    clock.advance(minutes=6)
    (gap,) = user.ask("resume", after=1, epoch=user.one("resume")["epoch"])
    assert ([turn["seq"] for turn in gap["turns"]], gap["reset"]) == ([2], False)
    assert Pusher(store, clock).push(at(2)).turn.seq == 3  # type: ignore[union-attr]
    assert user.say("m2", "y")["turn"]["reply"] == "2: y"


def test_what_lapses_later_than_it_is_kept_is_kept_as_all_else(
    store: Store, clock: FakeClock
) -> None:
    backend = Pusher(store, clock, retention=timedelta(days=1))
    backend.push(at(1, ttl=3 * 86_400))
    turn = store.turn(MAIN, 1)
    assert turn
    assert turn.expires_at == int((clock() + timedelta(days=1)).timestamp())
    assert turn.lapses_at == 0


# ---- the cursor, the list


def test_a_user_who_was_never_there_finds_what_was_pushed(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    for number in range(70):
        backend.push(at(number, conversationId="news", text=f"Story {number}"))
    user = Worker(store, clock)
    (entry,) = user.one("conversations")["conversations"]
    assert (entry["conversationId"], entry["title"]) == ("news", "Story 0")
    assert (entry["head"], entry["read"], entry["unread"]) == (70, 0, 70)
    assert user.seqs(conversationId="news") == list(range(1, 71))


def test_the_list_is_kept_up_to_date_once_a_minute(store: Store, clock: FakeClock) -> None:
    counted = Counting(store)
    backend = Pusher(counted, clock)
    for number in range(60):
        backend.push(at(number))
        clock.advance(seconds=2)
    assert counted.calls["note_conversation"] == 2
    assert counted.calls["append"] == 60


def test_reading_alone_moves_the_cursor(store: Store, clock: FakeClock) -> None:
    backend, user = Pusher(store, clock), Worker(store, clock)
    for number in range(5):
        backend.push(at(number))
        user.turns()
    assert user.one("conversations")["conversations"][0]["unread"] == 5
    shown = user.one("read", seq=3)
    assert (shown["read"], shown["head"], shown["unread"]) == (3, 5, 2)
    backend.push(at(9))
    assert user.one("conversations")["conversations"][0]["unread"] == 3
    assert user.one("resume")["unread"] == 3


def test_no_user_sees_what_is_pushed_to_another(store: Store, clock: FakeClock) -> None:
    backend = Pusher(store, clock)
    backend.push(a_push("p1"))
    assert Worker(store, clock, user_id=BEN).turns() == []
    backend.push(a_push("p1", user_id=BEN, text="other"))
    assert replies(store) == ["text of p1"]
    assert replies(store, ConversationKey(BEN, "main")) == ["other"]


# ---- cost


@pytest.mark.parametrize("length", [10, 3_000])
@pytest.mark.parametrize("named", [True, False])
def test_a_push_costs_one_write_and_nothing_else_while_the_function_is_warm(
    store: Store, clock: FakeClock, length: int, named: bool
) -> None:
    counted = Counting(store)
    backend = Pusher(counted, clock)
    push = a_push if named else at
    for number in range(length):
        backend.push(push(f"p{number}") if named else at(number))
    counted.calls.clear()
    backend.push(push("new") if named else at(length))
    assert counted.calls == {"append": 1}
