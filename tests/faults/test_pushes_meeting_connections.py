"""Rows 14, 15, 17, 18, 19 and 26 for pushes: whatever connections do, what was pushed is shown."""

from itertools import permutations
from random import Random
from typing import Any
from zlib import crc32

import pytest
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from delivery.fan_out import FanOut
from delivery.push_queues import PushQueues
from handlers import push
from handlers.setup.apps import PushApp
from store.memory.connections import MemoryConnectionStore
from tests.support.backend import Backend
from tests.support.fault_report import Rows
from tests.support.history import live_rows
from tests.support.push_events import told
from tests.support.pushers import a_pushing
from tests.support.soak import times
from tests.support.turns import ANA, BEN


class Context:
    """Lambda's context, with time enough."""

    def get_remaining_time_in_millis(self) -> int:
        """See Lambda."""
        return 30_000


class Door:
    """A backend that pushes, and the warm function that takes it."""

    def __init__(self, backend: Backend) -> None:
        self.sent: list[str] = []
        self._app = PushApp(
            a_pushing(backend.conversations, backend.clock),
            FanOut(backend.sender, backend.connections, backend.clock),
            PushQueues(lambda: None, "", ""),
            Logger(),
            Metrics(namespace="Parley", service="parley"),
            backend.clock,
        )

    def push(self, user: str = ANA) -> dict[str, Any]:
        """Push one more."""
        self.sent.append(f"p{len(self.sent)}")
        return push.answer(self._app, told(self.sent[-1], user, id=self.sent[-1]), Context())


def come_back(backend: Backend, connection: str, user: str = ANA) -> list[str]:
    """What a device shows that connects and resumes from the beginning."""
    backend.connect(user, connection)
    backend.ask(user, connection, {"action": "resume", "after": 0})
    return [turn["reply"] for turn in backend.devices[connection].shown]


STEPS = ("connect new", "disconnect old", "push", "disconnect old again")


@pytest.mark.row(14)
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_a_push_among_connects_and_disconnects_in_any_order(order: tuple[str, ...]) -> None:
    backend = Backend()
    door = Door(backend)
    backend.connect(ANA, "old=")
    backend.memory.gone.add("old=")
    for step in order:
        if step == "connect new":
            backend.connect(ANA, "new=")
        elif step == "push":
            door.push()
        else:
            backend.disconnect(ANA, "old=")
    assert live_rows(backend.connections, [ANA]) == {(ANA, "new=")}
    assert door.push()["reached"] == 1
    backend.ask(ANA, "new=", {"action": "resume", "after": 0})
    assert [turn["reply"] for turn in backend.devices["new="].shown] == door.sent


class Stale(MemoryConnectionStore):
    """An index that is late, and names nobody or somebody else."""

    def user_of(self, connection_id: str) -> str | None:
        """See the port."""
        return BEN if crc32(connection_id.encode()) % 2 else None


def test_a_stale_index_leads_no_push_astray(row: Rows) -> None:
    for seed in range(times(5, 100)):
        with row(15, seed=seed) as run:
            backend, chance = Backend(connections=Stale()), Random(seed)
            door = Door(backend)
            for number in range(5):
                backend.connect(ANA, f"ana{number}=")
                backend.connect(BEN, f"ben{number}=")
                if chance.random() < 0.5:
                    backend.disconnect(None, f"ana{number}=")
                    run.inject()
                live = {name for user, name in live_rows(backend.connections, [ANA])}
                backend.memory.sent.clear()
                assert door.push()["reached"] == len(live)
                assert not any(backend.got(f"ben{each}=") for each in range(number + 1))
            run.inject()


def test_every_tab_and_device_is_told_though_some_close(row: Rows) -> None:
    for seed in range(times(5, 50)):
        with row(17, seed=seed) as run:
            backend, chance = Backend(), Random(seed)
            door, opened = Door(backend), 3
            there = [f"{number}=" for number in range(opened)]
            for name in there:
                backend.connect(ANA, name)
            for _ in range(10):
                if chance.random() < 0.4:
                    closes = chance.randrange(3)
                    backend.memory.gone.add(there[closes])
                    if chance.random() < 0.7:
                        backend.disconnect(ANA, there[closes])
                    there[closes] = f"{opened}="
                    opened += 1
                    assert come_back(backend, there[closes]) == door.sent
                    run.inject()
                door.push()
                backend.clock.advance(seconds=20)
            run.inject()
            # What ended while it might still have been opening is met by a later push.
            backend.clock.advance(minutes=1)
            door.push()
            assert live_rows(backend.connections, [ANA]) == {(ANA, name) for name in there}
            for name in there:
                backend.ask(ANA, name, {"action": "resume", "after": 0})
                assert [turn["reply"] for turn in backend.devices[name].shown] == door.sent


def test_a_device_that_is_cut_off_at_any_push_has_them_all(row: Rows) -> None:
    for at in range(times(6, 30)):
        with row(18, seed=at) as run:
            backend = Backend()
            door = Door(backend)
            backend.connect(ANA, "c0=")
            for number in range(times(6, 30)):
                if number == at:
                    backend.memory.gone.add("c0=")
                    run.inject()
                backend.clock.advance(seconds=20)
                door.push()
            assert come_back(backend, "c1=") == door.sent
            assert live_rows(backend.connections, [ANA]) == {(ANA, "c1=")}


def test_a_device_that_api_gateway_ended_by_idleness_or_age_has_them_all(row: Rows) -> None:
    for lifetime in ({"minutes": 10}, {"hours": 2}):
        with row(19, seed=str(lifetime)) as run:
            backend = Backend()
            door = Door(backend)
            for number in range(5):
                backend.connect(ANA, f"c{number}=")
                door.push()
                backend.clock.advance(**lifetime)
                backend.memory.gone.add(f"c{number}=")
                door.push()
                run.inject()
            assert come_back(backend, "last=") == door.sent


def test_a_push_during_a_handshake_is_not_lost_and_ends_no_connection(row: Rows) -> None:
    for number in range(times(3, 20)):
        with row(26, seed=number) as run:
            backend = Backend()
            door = Door(backend)
            backend.connect(ANA, "new=")
            # The row is written; the handshake is not over, and until then a post is answered 410.
            backend.memory.gone.add("new=")
            for _ in range(1 + number % 3):
                door.push()
                run.inject()
            assert live_rows(backend.connections, [ANA]) == {(ANA, "new=")}
            backend.memory.gone.discard("new=")
            backend.ask(ANA, "new=", {"action": "resume", "after": 0})
            assert [turn["reply"] for turn in backend.devices["new="].shown] == door.sent
            assert door.push()["reached"] == 1
