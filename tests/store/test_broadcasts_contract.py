"""What every Roll and every BroadcastLog promises."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from bot.models import Connection
from bot.ports import ConnectionStore
from bot.push.broadcast_steps import Done
from bot.push.ports import BroadcastLog, Roll
from store.dynamo.broadcasts import DynamoBroadcastLog
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.roll import DynamoRoll
from store.memory.broadcasts import MemoryBroadcastLog, MemoryRoll
from tests.support import adapters
from tests.support.clock import START

SECONDS = timedelta(seconds=1)


@dataclass
class Rows:
    """One table by its two ports. Others may have rows in it."""

    store: ConnectionStore
    roll: Roll
    user: str

    def add(self, number: int, at: datetime = START) -> str:
        """A connection of one of this test's users."""
        user = f"{self.user}{number}"
        name = f"{self.user[-12:]}-{number}="
        self.store.add(Connection(user, name, "example.test", "prod", at, None))
        return name

    def walk(self, active: bool = True, since: datetime | None = None, limit: int = 3) -> list[int]:
        """The numbers of this test's users, as pages of all parts bring them."""
        found = []
        for part in self.roll.parts():
            start: str | None = None
            while part[0] is active:
                users, start = self.roll.seen(part, since, start, limit)
                assert len(users) <= limit
                found += [user for user in users if user.startswith(self.user)]
                if start is None:
                    break
        return sorted(int(user.removeprefix(self.user)) for user in found)


@pytest.fixture(params=adapters.ADAPTERS)
def rows(request: pytest.FixtureRequest, user: str) -> Iterator[Rows]:
    """Each adapter in turn."""
    if request.param == "memory":
        memory = MemoryRoll()
        yield Rows(memory, memory, user)
        return
    with adapters.table(request.param, "ConnectionsTable") as table:
        yield Rows(DynamoConnectionStore(table), DynamoRoll(table), user)


@pytest.fixture(params=adapters.ADAPTERS)
def log(request: pytest.FixtureRequest) -> Iterator[BroadcastLog]:
    """Each adapter in turn."""
    if request.param == "memory":
        yield MemoryBroadcastLog()
        return
    with adapters.table(request.param, "SessionsTable") as table:
        yield DynamoBroadcastLog(table)


def test_a_walk_meets_every_row_once(rows: Rows) -> None:
    for number in range(40):
        rows.add(number, START + (number % 7) * SECONDS)
    assert rows.walk() == list(range(40))
    assert rows.walk(limit=100) == list(range(40))
    assert rows.walk(active=False) == []


def test_a_walk_meets_who_was_seen_since_and_nobody_else(rows: Rows) -> None:
    for number in range(10):
        rows.add(number, START + number * SECONDS)
    assert rows.walk(since=START + 6 * SECONDS) == [6, 7, 8, 9]


def test_who_has_ended_stands_among_the_ended_by_when_that_was(rows: Rows) -> None:
    for number in range(4):
        name = rows.add(number)
        if number % 2:
            rows.store.deactivate(f"{rows.user}{number}", name, START + number * SECONDS)
    assert rows.walk() == [0, 2]
    assert rows.walk(active=False) == [1, 3]
    assert rows.walk(active=False, since=START + 2 * SECONDS) == [3]


def test_a_walk_goes_on_where_the_row_it_stopped_at_is_gone(rows: Rows) -> None:
    names = [rows.add(number, START + number * SECONDS) for number in range(30)]
    (part, *_) = (part for part in rows.roll.parts() if part[0])
    users, start = rows.roll.seen(part, None, None, 1)
    if start is None or not users[0].startswith(rows.user):
        pytest.skip("another test's row, or the part has one alone")
    number = int(users[0].removeprefix(rows.user))
    rows.store.deactivate(users[0], names[number], START + 99 * SECONDS)
    rest: list[str] = []
    while start is not None:
        more, start = rows.roll.seen(part, None, start, 1)
        rest += more
    assert users[0] not in rest
    assert rest


def test_a_step_is_noted_once_and_read_back(log: BroadcastLog) -> None:
    name = uuid4().hex
    assert not log.is_done(name, 1)
    assert log.done(name) == []
    first = Done(1, 500, START, of=12)
    last = Done(12, 7, START + SECONDS, of=12, last=False)
    for done in (last, first, first):
        log.note(name, done)
    assert log.is_done(name, 1)
    assert not log.is_done(name, 2)
    assert sorted(log.done(name), key=lambda each: each.number) == [first, last]
    log.note(name, Done(2, 0, START, last=True))
    assert [each.last for each in log.done(name) if each.number == 2] == [True]


def test_broadcasts_know_nothing_of_one_another(log: BroadcastLog) -> None:
    name = uuid4().hex
    log.note(name, Done(1, 5, START))
    assert not log.is_done(f"{name}x", 1)
    assert log.done(name[:-1]) == []
