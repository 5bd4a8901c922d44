"""Rows 28 and 30: writes applied though their reply is lost; throttling, errors, time-outs."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from bot.models import ConversationKey
from tests.support import hooks
from tests.support.backend import Backend
from tests.support.fault_report import Rows
from tests.support.history import History, table
from tests.support.hooks import Hook
from tests.support.invariants import check
from tests.support.soak import times

THROTTLE = hooks.refuse("ProvisionedThroughputExceededException", 400)
REFUSALS = {
    "throttled": THROTTLE,
    "limited": hooks.refuse("RequestLimitExceeded", 400),
    "broken": hooks.refuse("InternalServerError", 500),
    "conflict": hooks.refuse("TransactionConflictException", 400),
    "unavailable": hooks.refuse("ServiceUnavailable", 503),
    "timed out": hooks.never_arrive,
}


def said(number: int, after: int = 0) -> dict[str, Any]:
    """A message."""
    return {"action": "message", "messageId": f"m{number}", "text": f"t{number}", "after": after}


FRAMES: list[dict[str, Any]] = [
    said(1),
    said(2, 1),
    {"action": "rename", "title": "Mine"},
    {"action": "read", "seq": 2},
    {"action": "feedback", "seq": 1, "rating": "up"},
    {"action": "feedback", "seq": 2, "rating": None},
    said(3, 2),
]


@pytest.mark.parametrize("operation", hooks.WRITES)
@pytest.mark.parametrize("lost", [1, 2, 3])
@pytest.mark.parametrize("seed", range(times(1, 6)))
def test_a_reply_that_is_lost_changes_nothing(
    row: Rows, backend: Backend, hook: Hook, user: str, operation: str, lost: int, seed: int
) -> None:
    with row(28, seed=seed) as run:
        history = History()
        frames: list[Any] = []
        for number, frame in enumerate(FRAMES):
            hook.next(operation, *[hooks.lose_the_reply] * lost)
            connection = f"{user[-12:]}{number}="
            backend.connect(user, connection)
            history.send(user, frame)
            got = backend.ask(user, connection, frame, function=seed)
            backend.disconnect(user, connection)
            run.inject(lost - hook.unmet)
            hook.forget()
            history.got(user, got)
            frames += got
        _all_was_done(backend, user, history, frames)


def _all_was_done(backend: Backend, user: str, history: History, frames: list[Any]) -> None:
    assert [frame["type"] for frame in frames].count("error") == 0
    key = ConversationKey(user, "main")
    turns = table(backend.conversations, key)
    check(history, {ConversationKey(user, "main"): turns})
    assert [turn.message_id for turn in turns] == ["m1", "m2", "m3"]
    assert [turn.feedback for turn in turns] == ["up", None, None]
    snapshot = backend.ask(user, "c=", {"action": "resume"})[0]
    assert (snapshot["title"], snapshot["read"], snapshot["head"]) == ("Mine", 2, 3)


@pytest.mark.parametrize("operation", ["UpdateItem", "DeleteItem", "PutItem"])
@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("seed", range(times(1, 9)))
def test_a_deletion_whose_replies_are_lost_ends_all_the_same(
    row: Rows, backend: Backend, hook: Hook, user: str, operation: str, old: bool, seed: int
) -> None:
    with row(28, seed=seed) as run:
        for number in range(1, 6):
            backend.ask(user, "c=", said(number, number - 1))
        backend.clock.advance(hours=old)
        hook.next(operation, *[hooks.lose_the_reply] * 3)
        (gone,) = backend.ask(user, "c=", {"action": "delete"})
        run.inject(3 - hook.unmet)
        assert gone["reset"] is True
        hook.forget()
        key = ConversationKey(user, "main")
        assert table(backend.conversations, key) == []
        assert backend.conversations.conversation(key) is None
        (frame,) = backend.ask(user, "c=", said(9))
        assert frame["turn"]["seq"] == 1


@pytest.mark.row(28, 4)
def test_a_connection_whose_replies_are_lost_is_opened_and_closed_once(
    backend: Backend, hook: Hook, user: str
) -> None:
    connection = f"{user[-12:]}="
    hook.next("PutItem", hooks.lose_the_reply, hooks.lose_the_reply)
    assert backend.connect(user, connection)["statusCode"] == 200
    assert len(backend.connections.live(user, backend.clock())) == 1
    hook.next("UpdateItem", hooks.lose_the_reply, hooks.lose_the_reply)
    assert backend.disconnect(user, connection)["statusCode"] == 200
    assert backend.connections.live(user, backend.clock()) == ()
    assert hook.unmet == 0


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("operation", ["PutItem", "Query", "*"])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 10])
def test_a_table_that_refuses_is_asked_again_and_then_the_client_is_told(
    row: Rows, backend: Backend, hook: Hook, user: str, kind: str, operation: str, count: int
) -> None:
    with row(30) as run:
        history = History()
        connection = f"{user[-12:]}="
        backend.connect(user, connection)
        hook.requests.clear()
        hook.next(operation, *[REFUSALS[kind]] * count)
        frames = []
        for _ in range(12):  # the client's outbox
            history.send(user, said(1))
            frames = backend.ask(user, connection, said(1))
            history.got(user, frames)
            if [frame["type"] for frame in frames] == ["turn"]:
                break
            assert [(frame["code"], frame["retryable"]) for frame in frames] == [
                ("internal_error", True)
            ]
        run.inject(count - hook.unmet)
        hook.forget()
        assert frames[0]["turn"]["seq"] == 1
        assert sum(hook.requests.values()) < 40, "retries are bounded"
        key = ConversationKey(user, "main")
        check(history, {key: table(backend.conversations, key)})


def test_any_faults_in_any_order_lose_and_double_nothing(
    row: Rows, backend: Backend, hook: Hook, new_user: Callable[[], str]
) -> None:
    faults = [*REFUSALS.values(), hooks.lose_the_reply, hooks.lose_the_reply]
    for seed in range(times(6, 60)):
        with row(30, seed=seed) as run:
            chance, user, history = Random(seed), new_user(), History()
            connection = f"{user[-12:]}="
            backend.connect(user, connection)
            for number in range(1, 9):
                frame = said(number, chance.randrange(number))
                planned = 0
                for operation in ("PutItem", "Query", "UpdateItem", "GetItem"):
                    to_come = chance.choices(faults, k=chance.randrange(6))
                    planned += len(to_come)
                    hook.next(operation, *to_come)
                for _ in range(20):
                    history.send(user, frame)
                    got = backend.ask(user, connection, frame, function=chance.randrange(2))
                    history.got(user, got)
                    if any(each["type"] == "turn" for each in got):
                        break
                run.inject(planned - hook.unmet)
                hook.forget()
            key = ConversationKey(user, "main")
            turns = table(backend.conversations, key)
            check(history, {key: turns})
            assert len(turns) == 8
