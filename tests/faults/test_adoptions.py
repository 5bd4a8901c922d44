"""Rows 28, 30 and 31 for `adopt`: lost replies, refusals, and functions that are killed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from auth.guests import guest
from bot.models import ConversationKey
from tests.support import events, hooks
from tests.support.backend import Backend
from tests.support.connections_endpoint import ConnectionsEndpoint
from tests.support.fault_report import Rows
from tests.support.history import table
from tests.support.hooks import Hook
from tests.support.killing import Victim
from tests.support.soak import SOAK, times

CALLS = 30
"""More than an adoption of three turns makes."""

GO_ON = ["adopt", "message", "look"]

REFUSALS = {
    "throttled": hooks.refuse("ProvisionedThroughputExceededException", 400),
    "broken": hooks.refuse("InternalServerError", 500),
    "conflict": hooks.refuse("TransactionConflictException", 400),
    "cancelled": hooks.refuse("TransactionCanceledException", 400),
    "timed out": hooks.never_arrive,
    "lost reply": hooks.lose_the_reply,
}


class Person:
    """Who was a guest, and signs in."""

    def __init__(self) -> None:
        self.guest_id = str(uuid4())
        self.guest = guest(self.guest_id).user_id
        self.user = f"user:id.example:{uuid4()}"
        self.adopt = {"action": "adopt", "guestId": self.guest_id}


@pytest.fixture
def person() -> Person:
    """Someone no other test knows."""
    return Person()


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    """One for all of this module's deaths."""
    endpoint = ConnectionsEndpoint()
    made = Victim(endpoint.url)
    yield made
    made.stop()
    endpoint.stop()


def said(number: int) -> dict[str, Any]:
    """A message."""
    return {
        "action": "message",
        "messageId": f"m{number}",
        "text": f"t{number}",
        "after": number - 1,
    }


def talk(backend: Backend, person: Person, count: int = 3) -> None:
    """The guest says something."""
    for number in range(1, count + 1):
        (frame,) = backend.ask(person.guest, "g=", said(number))
        assert frame["type"] == "turn"


def adopted(backend: Backend, person: Person, function: int = 0) -> dict[str, str]:
    """Ask until there is an answer and all is done, as a client does."""
    moved: dict[str, str] = {}
    cursor: str | None = None
    for _ in range(60):
        asked = {**person.adopt, "cursor": cursor}
        frame = backend.ask(person.user, "u=", asked, function)[0]
        if frame["type"] == "error":
            assert frame["retryable"], frame
            continue
        moved |= {each["was"]: each["conversationId"] for each in frame["conversations"]}
        cursor = frame["cursor"]
        if cursor is None:
            return moved
    raise AssertionError("never done")


def assert_moved(backend: Backend, person: Person, name: str, count: int = 3) -> None:
    """The user has every turn once, in order; the guest has nothing."""
    turns = table(backend.conversations, ConversationKey(person.user, name))
    assert [turn.message_id for turn in turns] == [f"m{n}" for n in range(1, count + 1)]
    assert [turn.state["count"] for turn in turns] == list(range(1, count + 1))
    left = backend.conversations.following(ConversationKey(person.guest, "main"), 0, 1000).turns
    assert {turn.text for turn in left} <= {""}
    (listed,) = backend.ask(person.user, "u=", {"action": "conversations"})
    assert [each["conversationId"] for each in listed["conversations"]] == [name]
    (gone,) = backend.ask(person.guest, "g=", {"action": "resume"})
    assert (gone["turns"], gone["head"]) == ([], 0)


def test_an_adoption_on_the_engine_moves_all(backend: Backend, person: Person) -> None:
    talk(backend, person, 250)
    moved = adopted(backend, person)
    assert_moved(backend, person, moved["main"], 250)
    assert adopted(backend, person, function=1) == moved


@pytest.mark.parametrize("operation", ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize("lost", [1, 3, 4, 9])
@pytest.mark.parametrize("old", [False, True])
def test_a_reply_that_is_lost_changes_nothing(
    row: Rows, backend: Backend, hook: Hook, person: Person, operation: str, lost: int, old: bool
) -> None:
    with row(28) as run:
        talk(backend, person)
        backend.clock.advance(hours=old)
        hook.next(operation, *[hooks.lose_the_reply] * lost)
        moved = adopted(backend, person)
        run.inject(lost - hook.unmet)
        hook.forget()
        assert_moved(backend, person, moved["main"])


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("operation", ["TransactWriteItems", "Query", "*"])
@pytest.mark.parametrize("count", [1, 4, 10])
def test_a_table_that_refuses_is_asked_again_and_then_the_client_is_told(
    row: Rows, backend: Backend, hook: Hook, person: Person, kind: str, operation: str, count: int
) -> None:
    with row(28 if kind == "lost reply" else 30) as run:
        talk(backend, person)
        hook.requests.clear()
        hook.next(operation, *[REFUSALS[kind]] * count)
        moved = adopted(backend, person)
        assert sum(hook.requests.values()) < 100, "retries are bounded"
        run.inject(count - hook.unmet)
        hook.forget()
        assert_moved(backend, person, moved["main"])


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("goes_on", GO_ON)
def test_an_adoption_whose_function_is_killed_is_gone_on_with(
    row: Rows, victim: Victim, backend: Backend, applied: bool, goes_on: str
) -> None:
    lived = 0
    # By default each death is gone on with in one of the ways; in `make soak`, in all of them.
    first, step = (1, 1) if SOAK else (1 + GO_ON.index(goes_on), len(GO_ON))
    for at_call in [*range(first, CALLS + 1, step)] * times(1, 2):
        with row(31, seed=at_call) as run:
            person = Person()
            talk(backend, person)
            event = events.message(person.adopt, "u=", person.user)
            died = victim.answer(event, at_call, applied)
            lived += not died["killed"]
            run.inject(int(died["killed"]))
            go_on(backend, person, goes_on)
    assert 0 < lived < CALLS // step * times(1, 2), "every call was died at, and some lived"


def go_on(backend: Backend, person: Person, goes_on: str) -> None:
    """What comes after an adoption that was cut off, and leads to its end."""
    count = 3
    if goes_on == "message":
        (frame,) = backend.ask(person.guest, "g=", {**said(1), "messageId": "m4"})
        if frame["turn"]["seq"] == 4:
            assert frame["turn"]["reply"] == "4: t1", "nothing was sealed yet"
            count = 4
        else:
            assert frame["turn"]["reply"] == "1: t1"
            backend.ask(person.guest, "g=", {"action": "delete"})
    if goes_on == "look":
        backend.clock.advance(days=300)  # the victim's clock is real, and ahead of this one
        backend.ask(person.guest, "g=", {"action": "resume"})
    moved = adopted(backend, person)
    assert_moved(backend, person, moved["main"], count)


def test_adoptions_at_once_on_many_functions_move_it_once(backend: Backend, person: Person) -> None:
    talk(backend, person, 120)
    backend.functions = [backend.new_function() for _ in range(6)]
    other = Person()
    other.adopt, other.guest, other.guest_id = person.adopt, person.guest, person.guest_id

    def adopting(number: int) -> None:
        one = (person, other)[number % 2]
        backend.send(one.user, f"c{number}=", person.adopt, number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(adopting, range(6)))
    both = {**adopted(backend, person), **adopted(backend, other)}
    assert list(both) == ["main"]
    owner = person if adopted(backend, person) else other
    assert_moved(backend, owner, both["main"], 120)


def test_a_guest_who_writes_all_the_while_loses_no_message(
    backend: Backend, person: Person, new_user: Callable[[], str]
) -> None:
    backend.functions = [backend.new_function() for _ in range(4)]
    talk(backend, person, 20)

    def write(number: int) -> None:
        for _ in range(30):
            frame = {**said(number), "messageId": f"late{number}", "after": 0}
            backend.send(person.guest, f"w{number}=", frame, number)
            if any(each["type"] == "turn" for each in backend.got(f"w{number}=")):
                return
        raise AssertionError("never answered")

    with ThreadPoolExecutor(4) as pool:
        writing = pool.map(write, range(21, 45))
        for _ in range(5):
            adopted(backend, person, 3)
        list(writing)
    adopted(backend, person)
    (listed,) = backend.ask(person.user, "u=", {"action": "conversations"})
    lives = [
        table(backend.conversations, ConversationKey(person.user, each["conversationId"]))
        for each in listed["conversations"]
    ]
    every = sorted(turn.message_id for turns in lives for turn in turns)
    assert every == sorted([f"m{n}" for n in range(1, 21)] + [f"late{n}" for n in range(21, 45)])
    for turns in lives:
        assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
        assert [turn.state["count"] for turn in turns] == list(range(1, len(turns) + 1))
