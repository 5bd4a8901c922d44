"""Row 31: the function's process is killed after its k-th call to AWS, for every k."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.models import ConversationKey
from tests.support import events
from tests.support.backend import Backend
from tests.support.connections_endpoint import ConnectionsEndpoint
from tests.support.fault_report import Rows
from tests.support.history import History, table
from tests.support.invariants import check
from tests.support.killing import Victim
from tests.support.soak import times

CALLS = 12
"""More than a message makes."""


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    """One for all of this module's deaths."""
    endpoint = ConnectionsEndpoint()
    made = Victim(endpoint.url)
    yield made
    made.stop()
    endpoint.stop()


def said(name: str, after: int) -> dict[str, Any]:
    """A message."""
    return {"action": "message", "messageId": name, "text": f"text of {name}", "after": after}


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
def test_a_message_whose_function_is_killed_is_taken_once_when_sent_again(
    row: Rows, victim: Victim, backend: Backend, new_user: Any, applied: bool
) -> None:
    lived = 0
    for at_call in [*range(1, CALLS + 1)] * times(1, 20):
        with row(31, seed=at_call) as run:
            user, history = new_user(), History()
            connection = f"{user[-12:]}="
            backend.connect(user, connection)
            for name, after in (("m1", 0), ("m2", 1)):
                history.send(user, said(name, after))
            history.got(user, backend.ask(user, connection, said("m1", 0)))
            died = victim.answer(events.message(said("m2", 1), connection, user), at_call, applied)
            lived += not died["killed"]
            run.inject(int(died["killed"]))
            history.got(user, backend.ask(user, connection, said("m2", 1)))
            key = ConversationKey(user, "main")
            turns = table(backend.conversations, key)
            check(history, {key: turns})
            assert [turn.message_id for turn in turns] == ["m1", "m2"]
            (listed,) = backend.ask(user, connection, {"action": "conversations"})
            assert [entry["head"] for entry in listed["conversations"]] == [2]
    assert 0 < lived < CALLS * times(1, 20), "every call was died at, and some lived"


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
def test_a_first_message_whose_function_is_killed_starts_the_conversation_once(
    row: Rows, victim: Victim, backend: Backend, new_user: Any, applied: bool
) -> None:
    for at_call in [*range(1, CALLS + 1)] * times(1, 20):
        with row(31, seed=at_call) as run:
            user, history = new_user(), History()
            history.send(user, said("m1", 0))
            died = victim.answer(events.message(said("m1", 0), "c=", user), at_call, applied)
            run.inject(int(died["killed"]))
            history.got(user, backend.ask(user, "c=", said("m1", 0)))
            key = ConversationKey(user, "main")
            turns = table(backend.conversations, key)
            check(history, {key: turns})
            assert len(turns) == 1


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
def test_a_deletion_whose_function_is_killed_is_all_or_nothing_to_see(
    row: Rows, victim: Victim, backend: Backend, new_user: Any, applied: bool
) -> None:
    lived = 0
    for at_call in [*range(1, CALLS + 3)] * times(1, 20):
        with row(31, seed=at_call) as run:
            user = new_user()
            key = ConversationKey(user, "main")
            for number in (1, 2, 3):
                backend.ask(user, "c=", said(f"m{number}", number - 1))
            event = events.message({"action": "delete"}, "c=", user)
            died = victim.answer(event, at_call, applied)
            lived += not died["killed"]
            run.inject(int(died["killed"]))
            (seen,) = backend.ask(user, "c=", {"action": "resume"})
            assert len(seen["turns"]) in (0, 3)
            (frame,) = backend.ask(user, "c=", said("next", 0))
            turns = table(backend.conversations, key)
            assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
            assert frame["turn"]["seq"] == len(turns) == (1 if not seen["turns"] else 4)
            assert len({turn.epoch for turn in turns}) == 1
    assert 0 < lived < (CALLS + 2) * times(1, 20)
