"""Rows 13, 14 and 17: late, lost and doubled disconnects, races with connects, several tabs."""

from collections.abc import Callable
from itertools import permutations
from random import Random
from typing import Any

import pytest

from bot.models import ConversationKey
from tests.support.backend import Backend
from tests.support.fault_report import Rows
from tests.support.history import History, live_rows, table
from tests.support.hooks import Hook, doing_after, doing_before
from tests.support.invariants import check
from tests.support.phone import Phone
from tests.support.soak import times
from tests.support.turns import ANA

MAIN = ConversationKey(ANA, "main")


def judge(backend: Backend, history: History) -> None:
    """Hold the run against the invariants."""
    history.active = live_rows(backend.connections, [ANA])
    check(history, {MAIN: table(backend.conversations, MAIN)})


def test_a_late_lost_or_doubled_disconnect_touches_no_newer_connection(row: Rows) -> None:
    injected = 0
    for seed in range(times(10, 120)):
        with row(13, seed=seed) as run:
            chance, backend, history = Random(seed), Backend(), History()
            phone = Phone(backend, history, ANA, "c")
            to_come: list[tuple[str, int]] = []
            for number in range(12):
                phone.say(f"m{number}")
                if chance.random() < 0.6:  # $disconnect comes up to 60 s late, twice, or never
                    backend.memory.gone.add(phone.connection)
                    late = [chance.randrange(61) for _ in range(chance.choice([0, 1, 1, 2]))]
                    to_come += [(phone.connection, number + seconds // 10) for seconds in late]
                    run.inject()
                    phone.connect()
                for gone, when in list(to_come):
                    if when <= number:
                        to_come.remove((gone, when))
                        backend.disconnect(chance.choice([ANA, None]), gone)
                backend.clock.advance(seconds=10)
            judge(backend, history)
            injected += run.injected
    assert injected > 60, "the run is about something"


def test_rows_that_no_disconnect_ever_ended_are_not_served_for_ever(row: Rows) -> None:
    for seed in range(times(2, 20)):
        with row(13, seed=seed) as run:
            backend, chance = Backend(), Random(seed)
            for number in range(3):
                backend.connect(ANA, f"lost{number}=")
                run.inject()
            backend.clock.advance(hours=3, seconds=chance.randrange(10_000))
            said = {"action": "message", "messageId": "m1", "text": "x"}
            backend.send(ANA, "other=", said)
            assert [backend.got(f"lost{number}=") for number in range(3)] == [[], [], []]


STEPS = ("connect new", "disconnect old", "turn", "disconnect old again")


@pytest.mark.row(14)
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_a_connect_between_disconnects_in_any_order_is_not_undone(order: tuple[str, ...]) -> None:
    backend = Backend()
    backend.connect(ANA, "old=")
    backend.memory.gone.add("old=")
    for number, step in enumerate(order):
        said = {"action": "message", "messageId": f"m{number}", "text": "x"}
        if step == "connect new":
            backend.connect(ANA, "new=")
        elif step == "turn":
            backend.send(ANA, "other=", said)
        else:
            backend.disconnect(ANA, "old=")
    assert live_rows(backend.connections, [ANA]) == {(ANA, "new=")}
    backend.memory.sent.clear()
    backend.send(ANA, "other=", {"action": "message", "messageId": "last", "text": "x"})
    assert [frame["type"] for frame in backend.got("new=")] == ["turn"]


WITH_CONTEXT = [("UpdateItem", doing_before), ("UpdateItem", doing_after)]
BY_INDEX = [("Query", doing_before), ("Query", doing_after), *WITH_CONTEXT]
POINTS = [*[(True, *point) for point in WITH_CONTEXT], *[(False, *point) for point in BY_INDEX]]


def test_a_connect_between_any_two_steps_of_a_disconnect_is_not_undone(
    row: Rows, backend: Backend, hook: Hook, new_user: Callable[[], str]
) -> None:
    """Each request of the function, on the engine: something is done right before and after it."""
    for number in range(times(2, 45)):
        for named, operation, doing in POINTS:
            with row(14, seed=number) as run:
                chance, user = Random(number), new_user()
                names = [f"{user[-12:]}{each}=" for each in range(1 + chance.randrange(3))]
                backend.connect(user, "old=" + user[-8:])

                def connect(user: str = user, names: list[str] = names, run: Any = run) -> None:
                    for name in names:
                        backend.connect(user, name)
                        run.inject()

                hook.next(operation, doing(connect))
                backend.disconnect(user if named else None, "old=" + user[-8:])
                assert hook.unmet == 0
                assert live_rows(backend.connections, [user]) == {(user, name) for name in names}


def test_two_tabs_a_phone_and_a_laptop_see_the_same_though_some_close(row: Rows) -> None:
    for seed in range(times(5, 50)):
        with row(17, seed=seed) as run:
            chance, backend, history = Random(seed), Backend(), History()
            phones = [Phone(backend, history, ANA, name) for name in ("tab", "two", "phone")]
            for number in range(10):
                speaks = chance.choice(phones)
                speaks.say(f"m{number}")
                if chance.random() < 0.3:
                    closes = chance.choice(phones)
                    backend.memory.gone.add(closes.connection)
                    if chance.random() < 0.8:
                        backend.disconnect(ANA, closes.connection)
                    closes.connect()
                    run.inject()
            for phone in phones:
                phone.catch_up(10)
            judge(backend, history)
            run.inject()
