"""A broadcast reaches each user, whatever dies and whoever comes and goes on the way."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import Connection
from bot.push import broadcasting, broadcasts
from bot.push.broadcast_steps import STEP_USERS, Done, Progress, Step, progress
from bot.push.broadcasting import Broadcasting
from store.memory.broadcasts import MemoryBroadcastLog, MemoryRoll
from tests.support.clock import START, FakeClock

TEXT = {"text": "hello"}
SECOND = timedelta(seconds=1)


class Killed(BaseException):
    """The function was killed here."""


@dataclass
class World:
    """A roll, a log and queues; the call after which the function dies may be chosen."""

    roll: MemoryRoll = field(default_factory=MemoryRoll)
    log: MemoryBroadcastLog = field(default_factory=MemoryBroadcastLog)
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    told: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    paused: float = 0
    rate: int = 500
    dies_at: int = 0
    calls: int = 0
    between: Callable[[], object] = lambda: None

    def connect(self, user: str, name: str = "") -> None:
        """Open a connection."""
        name = name or f"{user}="
        self.roll.add(Connection(user, name, "example.test", "prod", self.clock(), None))

    def take(self, step: Step) -> broadcasting.Taken:
        """Take one step."""
        return Broadcasting(self.roll, self, self, self.rate, self.clock, self._pause).take(step)

    def run(self, step: Step) -> int:
        """Take all steps; how many there were. Who dies comes again: the same message."""
        self.waiting.append(step.body())
        steps = 0
        while self.waiting:
            try:
                self.take(broadcasts.read(self.waiting[0]))
            except Killed:
                continue
            del self.waiting[0]
            steps += 1
            self.between()
        return steps

    # The outlet and the log, either of which may be the last that the function did.

    def push(self, pushes: Sequence[tuple[str, str]]) -> None:
        """See the port."""
        for user, body in pushes:
            self.told[user] += 1
            assert self.bodies.setdefault(user, body) == body, "the same push, whenever it is made"
            self._may_die()

    def go_on(self, step: Step) -> None:
        """See the port."""
        self._may_die()
        if step.body() not in self.waiting:  # as SQS drops what was sent twice
            self.waiting.append(step.body())
        self._may_die()

    def is_done(self, broadcast_id: str, number: int) -> bool:
        """See the port."""
        return self.log.is_done(broadcast_id, number)

    def note(self, broadcast_id: str, done: Done) -> None:
        """See the port."""
        self.log.note(broadcast_id, done)
        self._may_die()

    def done(self, broadcast_id: str) -> list[Done]:
        """See the port."""
        return self.log.done(broadcast_id)

    def _may_die(self) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            raise Killed

    def _pause(self, seconds: float) -> None:
        self.paused += seconds
        self.clock.advance(seconds=seconds)


def everyone(**fields: Any) -> Step:
    """A broadcast to all who are active."""
    return Step("b1", TEXT, **fields)


def listed(count: int, number: int = 1, of: int = 1) -> Step:
    """A broadcast to a list."""
    users = tuple(f"user:a:{each}" for each in range(count))
    return Step("b1", TEXT, number=number, of=of, users=users)


def test_everyone_who_is_there_is_told_and_those_who_left_are_not() -> None:
    world = World()
    for number in range(1_700):
        world.connect(f"user:a:{number}")
    world.connect("user:a:gone")
    world.roll.deactivate("user:a:gone", "user:a:gone=", world.clock())
    world.clock.advance(seconds=3600)
    steps = world.run(everyone())
    assert set(world.told) == {f"user:a:{number}" for number in range(1_700)}
    assert set(world.told.values()) == {1}
    assert 4 <= steps <= 6, "up to 500 rows a step"
    found = progress(world.log.done("b1"))
    assert (found.users, found.finished) == (1_700, True)


def test_a_user_with_many_devices_is_told_once_a_step() -> None:
    world = World()
    for number in range(100):
        world.connect("user:a:b", f"c{number}=")
    world.clock.advance(seconds=3600)
    world.run(everyone())
    assert world.told == Counter({"user:a:b": 1})


def test_where_nobody_is_the_walk_ends_in_one_step() -> None:
    world = World()
    assert world.run(everyone()) == 1
    assert progress(world.log.done("b1")).finished


def test_a_list_is_told_step_by_step_and_finished_with_its_last() -> None:
    world = World()
    assert not world.take(listed(3, number=1, of=2)).finished
    assert not progress(world.log.done("b1")).finished
    assert world.take(listed(3, number=2, of=2)).finished
    assert progress(world.log.done("b1")) == Progress(2, 6, True, START, START + 0.006 * SECOND)


def test_a_step_that_is_done_is_not_done_again() -> None:
    world = World()
    assert world.take(listed(3)).fresh
    again = world.take(listed(3))
    assert (again.fresh, again.users) == (False, 0)
    assert set(world.told.values()) == {1}


@pytest.mark.parametrize("dies_at", range(1, 60, 3))
def test_a_function_that_is_killed_anywhere_loses_nobody(
    dies_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "STEP_USERS", 6)
    monkeypatch.setattr(broadcasting, "PAGE", 3)
    world = World(dies_at=dies_at)
    for number in range(20):
        world.connect(f"user:a:{number}")
    world.clock.advance(seconds=3600)
    world.run(everyone())
    assert world.calls >= dies_at or dies_at > 20
    assert set(world.told) == {f"user:a:{number}" for number in range(20)}
    assert progress(world.log.done("b1")).finished
    assert max(world.told.values()) <= 2, "only what one step had done is done again"


@pytest.mark.parametrize("seed", range(10))
def test_who_stays_is_told_however_often_connections_change(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "STEP_USERS", 6)
    monkeypatch.setattr(broadcasting, "PAGE", 3)
    chance, world = Random(seed), World(rate=1_000_000)
    users = [f"user:a:{number}" for number in range(60)]
    connections = {user: f"{user}-0=" for user in users}
    for user in users:
        world.clock.advance(seconds=1)
        world.connect(user, connections[user])

    def change() -> None:
        """Some come back by another connection, a moment after they lost theirs; a row moves."""
        for user in chance.sample(users, 2):
            world.roll.deactivate(user, connections[user], world.clock())
            world.clock.advance(seconds=0.1)
            connections[user] = f"{user}-{chance.random()}="
            world.connect(user, connections[user])
        for part in [(True, 0)]:
            for sighting in next(iter(world.roll.unseen(part, world.clock() - 30 * SECOND)), [])[
                :3
            ]:
                world.roll.see(sighting, world.clock())
        world.clock.advance(seconds=2)

    world.between = change
    world.run(everyone())
    assert set(world.told) == set(users)
    assert progress(world.log.done("b1")).finished


def test_a_walk_ends_though_people_never_cease_to_come() -> None:
    world = World(rate=1_000_000)

    def come() -> None:
        world.clock.advance(seconds=90)
        for number in range(20):
            world.connect(f"user:a:{world.clock()}-{number}")

    world.between = come
    world.connect("user:a:first")
    assert world.run(everyone()) <= 2 * broadcasting.MOST_SWEEPS
    assert progress(world.log.done("b1")).finished


@pytest.mark.parametrize("rate", [25, 500, 5_000])
def test_no_more_users_a_second_are_told_than_the_rate_allows(rate: int) -> None:
    world = World(rate=rate)
    world.take(listed(STEP_USERS))
    assert world.paused == pytest.approx(STEP_USERS / rate)


def test_a_queue_that_does_not_answer_leaves_the_step_undone() -> None:
    world = World()

    def refuse(pushes: object) -> None:
        raise StoreUnavailable("down")

    world.push = refuse  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        world.take(listed(3))
    assert world.log.done("b1") == []


# ---- mutants: the tests above see these


def test_without_a_second_sweep_somebody_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasting, "MOST_SWEEPS", 1)
    missed = 0
    for seed in range(10):
        try:
            test_who_stays_is_told_however_often_connections_change(seed, monkeypatch)
        except AssertionError:
            missed += 1
    assert missed
