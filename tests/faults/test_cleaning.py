"""The cleaner among all that goes wrong with connections: late, lost and doubled disconnects, an
index that lags, lost replies, two cleaners at once. No live connection may suffer by it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from bot.connections.cleaning import Cleaned, Cleaning
from bot.connections.ports import ConnectionCensus, Part
from bot.errors import SendFailed
from bot.models import Connection, Sighting
from store.dynamo.census import DynamoConnectionCensus
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.table import Table
from store.memory.census import MemoryConnectionCensus
from tests.support.backend import Backend
from tests.support.clock import START, FakeClock
from tests.support.hooks import Hook, lose_the_reply, never_arrive, refuse
from tests.support.soak import times
from tests.support.turns import ANA

HOURS = timedelta(hours=1)


class Lagging(MemoryConnectionCensus):
    """Its index shows any row as it was at any time since the last look."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self._chance = chance
        self._history: list[list[Sighting]] = [[]]

    def note(self) -> None:
        """Something may have changed."""
        self._history.append([self._sighting(*row) for row in self._rows])

    def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
        """See the port."""
        shown = self._chance.choice(self._history[-12:])
        yield [each for each in shown if each.active == part[0] and each.seen_at < since]


class World:
    """Users come and go, and a cleaner runs now and then."""

    def __init__(self, seed: int, census: type[Lagging] = Lagging) -> None:
        self.chance = Random(seed)
        self.census = census(self.chance)
        self.backend = Backend(connections=self.census)
        self.opened: dict[str, datetime] = {}
        self.late: list[str] = []
        self.suffered: list[str] = []
        self._number = 0

    def is_open(self, connection_id: str) -> bool:
        """See the port: API Gateway closes what is two hours old."""
        if self.chance.random() < 0.1:
            raise SendFailed("LimitExceededException")
        return connection_id in self.opened

    def close(self, connection_id: str) -> None:
        """See the port."""
        if self.opened.pop(connection_id, None):
            self.suffered.append(connection_id)

    def step(self) -> None:
        """Let something happen."""
        event = self.chance.choice([self._connect, self._leave, self._late, self._wait, self.clean])
        event()
        for name, opened in list(self.opened.items()):
            if self.backend.clock() - opened >= 2 * HOURS:
                self._end(name)
        self.census.note()
        rows = {each.connection_id for each in self.census.live(ANA, self.backend.clock())}
        self.suffered += self.opened.keys() - rows

    def clean(self) -> Cleaned:
        """One run of the cleaner, cut off anywhere."""
        clock = self.backend.clock
        cleaning = Cleaning(self.census, self, clock, self.chance.shuffle)
        return cleaning.run(clock() + timedelta(seconds=self.chance.choice([0, 60])))

    def _connect(self) -> None:
        self._number += 1
        name = f"c{self._number}="
        for _ in range(self.chance.choice([1, 1, 2])):
            self.backend.connect(ANA, name)
        self.opened[name] = self.backend.clock()

    def _leave(self) -> None:
        if self.opened:
            self._end(self.chance.choice(sorted(self.opened)))

    def _end(self, name: str) -> None:
        del self.opened[name]
        self.late += [name] * self.chance.choice([0, 1, 1, 2])

    def _late(self) -> None:
        if self.late:
            name = self.late.pop(self.chance.randrange(len(self.late)))
            self.backend.disconnect(self.chance.choice([ANA, None]), name)

    def _wait(self) -> None:
        self.backend.clock.advance(minutes=self.chance.choice([0.1, 1, 5, 20, 45]))


def sufferers(seed: int, census: type[Lagging] = Lagging) -> list[str]:
    """Live connections that were closed, or have no active row, in a run of 150 events."""
    world = World(seed, census)
    for _ in range(150):
        world.step()
    return world.suffered


@pytest.mark.parametrize("seed", range(times(30, 1_000)))
def test_no_live_connection_is_closed_or_loses_its_row_and_no_dead_row_stays(seed: int) -> None:
    world = World(seed)
    for _ in range(150):
        world.step()
    assert world.suffered == []
    world.opened.clear()
    world.backend.clock.advance(hours=3)
    for _ in range(40):
        world.census.note()
        world.clean()
    assert world.census._rows == {}


class Trusting(Lagging):
    """Takes the index for the truth, and any row for one that has ended."""

    def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
        for page in super().unseen((True, 0), since):
            yield [Sighting(each.user_id, each.connection_id, False, each.seen_at) for each in page]

    def remove(self, sighting: Sighting) -> bool:
        return super().remove(
            Sighting(sighting.user_id, sighting.connection_id, True, sighting.seen_at)
        )


def are_detected() -> bool:
    """Whether the seeds that are always run find a mutant out."""
    return any(sufferers(seed) for seed in range(30))


def test_a_mutant_that_trusts_the_index_is_detected() -> None:
    assert any(sufferers(seed, Trusting) for seed in range(30))


def test_a_mutant_that_closes_too_early_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.connections.cleaning.CONNECTION_LIFETIME", HOURS)
    assert are_detected()


def test_a_mutant_that_takes_an_error_for_an_end_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_open = World.is_open

    def guessing(world: World, connection_id: str) -> bool:
        try:
            return is_open(world, connection_id)
        except SendFailed:
            return False

    monkeypatch.setattr(World, "is_open", guessing)
    assert are_detected()


class Nobody:
    """@connections where nobody is open but those that are named."""

    def __init__(self, *there: str) -> None:
        self._there = there

    def is_open(self, connection_id: str) -> bool:
        """See the port."""
        return connection_id in self._there

    def close(self, connection_id: str) -> None:
        """See the port."""
        raise AssertionError(f"{connection_id} is closed")


class Mine:
    """The census of one user in a table that others use too."""

    def __init__(self, census: ConnectionCensus, user: str) -> None:
        self._census = census
        self._user = user

    def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
        """See the port."""
        for page in self._census.unseen(part, since):
            yield [each for each in page if each.user_id == self._user]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._census, name)


@pytest.fixture
def clean(client: Any, user: str) -> Callable[[], Cleaned]:
    """Half an hour after eight connections opened, of which three have ended, clean."""
    store = DynamoConnectionStore(Table(client, "ConnectionsTable"))
    for number in range(8):
        name = f"{user[-12:]}-{number}="
        store.add(Connection(user, name, "example.test", "prod", START))
        if number < 3:
            store.deactivate(user, name, START)
    clock = FakeClock(START + timedelta(minutes=31))
    census = Mine(DynamoConnectionCensus(Table(client, "ConnectionsTable")), user)
    gate = Nobody(f"{user[-12:]}-7=")

    def run() -> Cleaned:
        return Cleaning(census, gate, clock, list[Part].reverse).run(clock() + HOURS)

    return run


def rows(client: Any, user: str) -> list[str]:
    """What there is of the user."""
    found = client.query(
        TableName="ConnectionsTable",
        KeyConditionExpression="userId = :user",
        ExpressionAttributeValues={":user": {"S": user}},
    )
    return [row["connectionId"]["S"].rpartition("-")[2] for row in found["Items"]]


FAULTS = {
    "lost reply": lose_the_reply,
    "lost request": never_arrive,
    "throttled": refuse("ProvisionedThroughputExceededException", 400),
    "broken": refuse("InternalServerError", 500),
}


@pytest.mark.parametrize("operation", ["DeleteItem", "UpdateItem", "GetItem", "Query"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("times_over", [1, 3])
def test_requests_that_fail_or_whose_reply_is_lost_are_made_good(
    clean: Callable[[], Cleaned],
    hook: Hook,
    client: Any,
    user: str,
    operation: str,
    fault: str,
    times_over: int,
) -> None:
    hook.next(operation, *[FAULTS[fault]] * times_over)
    run = clean()
    assert hook.unmet == 0
    assert run.unclear == 0
    assert rows(client, user) == ["7="]


def test_a_table_that_fails_for_longer_leaves_rows_to_the_next_run(
    clean: Callable[[], Cleaned], hook: Hook, client: Any, user: str
) -> None:
    hook.next("DeleteItem", *[refuse("InternalServerError", 500)] * 100)
    assert clean().unclear == 7
    hook.forget()
    assert clean().reaped == 7
    assert rows(client, user) == ["7="]


def test_cleaners_at_once_reap_each_row_once(
    clean: Callable[[], Cleaned], client: Any, user: str
) -> None:
    with ThreadPoolExecutor(3) as pool:
        runs = [future.result() for future in [pool.submit(clean) for _ in range(3)]]
    assert sum(run.reaped for run in runs) == 7
    assert rows(client, user) == ["7="]
