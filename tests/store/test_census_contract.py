"""What every ConnectionCensus promises."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from bot.connections.ports import ConnectionCensus
from bot.models import Connection, Sighting
from bot.ports import ConnectionStore
from store.dynamo.attributes import Item, string
from store.dynamo.census import DynamoConnectionCensus
from store.dynamo.connections import DynamoConnectionStore, activity_of, row_key
from store.memory.census import MemoryConnectionCensus
from tests.support import adapters
from tests.support.clock import START

MINUTES = timedelta(minutes=1)
LATER = START + 60 * MINUTES


@dataclass
class Rows:
    """One table by its two ports. Others may have rows in it."""

    store: ConnectionStore
    census: ConnectionCensus
    user: str

    def add(self, name: str, at: datetime = START) -> Connection:
        """A connection of this test's user."""
        connection = Connection(
            self.user, f"{self.user[-12:]}-{name}=", "example.test", "prod", at, at.timestamp() + 60
        )
        self.store.add(connection)
        return connection

    def unseen(self, active: bool, since: datetime = LATER) -> list[Sighting]:
        """This user's, of all parts."""
        parts = [part for part in self.census.parts() if part[0] is active]
        pages = [page for part in parts for page in self.census.unseen(part, since)]
        return [each for page in pages for each in page if each.user_id == self.user]

    def only(self, active: bool) -> Sighting:
        """The one there is."""
        (sighting,) = self.unseen(active)
        return sighting


@pytest.fixture(params=adapters.ADAPTERS)
def rows(request: pytest.FixtureRequest, user: str) -> Iterator[Rows]:
    """Each adapter in turn."""
    if request.param == "memory":
        memory = MemoryConnectionCensus()
        yield Rows(memory, memory, user)
        return
    with adapters.table(request.param, "ConnectionsTable") as table:
        yield Rows(DynamoConnectionStore(table), DynamoConnectionCensus(table), user)


def test_a_connection_is_sighted_as_it_opened_and_as_it_ended(rows: Rows) -> None:
    mine = rows.add("a")
    opened = Sighting(mine.user_id, mine.connection_id, True, START)
    assert (rows.unseen(True), rows.unseen(False)) == ([opened], [])
    rows.store.deactivate(mine.user_id, mine.connection_id, START + MINUTES)
    ended = replace(opened, active=False, seen_at=START + MINUTES)
    assert (rows.unseen(True), rows.unseen(False)) == ([], [ended])


def test_what_was_seen_since_is_not_listed(rows: Rows) -> None:
    mine = rows.add("a")
    assert rows.unseen(True, START) == []
    rows.store.deactivate(mine.user_id, mine.connection_id, START + MINUTES)
    assert rows.unseen(False, START + MINUTES) == []
    assert len(rows.unseen(False, START + 2 * MINUTES)) == 1


def test_a_row_is_read_as_it_is(rows: Rows) -> None:
    mine = rows.add("a")
    sighting = rows.only(True)
    assert rows.census.row(sighting) == mine
    rows.store.renew(mine.user_id, mine.connection_id, LATER.timestamp())
    assert rows.census.row(sighting) == replace(mine, authorized_until=LATER.timestamp())
    for changed in (
        replace(sighting, seen_at=LATER),
        replace(sighting, active=False),
        replace(sighting, user_id=sighting.user_id + "x"),
    ):
        assert rows.census.row(changed) is None


def test_a_connection_that_was_there_is_listed_by_that(rows: Rows) -> None:
    mine = rows.add("a")
    sighting = rows.only(True)
    assert rows.census.see(sighting, START + MINUTES)
    assert rows.unseen(True, START + MINUTES) == []
    assert rows.only(True) == replace(sighting, seen_at=START + MINUTES)
    assert rows.store.live(mine.user_id, START) == (mine,)
    assert not rows.census.see(sighting, LATER)
    assert rows.only(True).seen_at == START + MINUTES


@pytest.mark.parametrize("active", [True, False])
def test_a_row_is_removed_once(rows: Rows, active: bool) -> None:
    mine, other = rows.add("a"), rows.add("b")
    if not active:
        rows.store.deactivate(mine.user_id, mine.connection_id, START + MINUTES)
    sighting = next(
        each for each in rows.unseen(active) if each.connection_id == mine.connection_id
    )
    assert rows.census.remove(sighting)
    assert not rows.census.remove(sighting)
    assert not rows.census.see(sighting, LATER)
    assert rows.census.row(sighting) is None
    assert rows.unseen(False) == []
    assert rows.store.active(mine.user_id) == (other,)


def test_a_row_that_has_changed_since_it_was_sighted_is_left_alone(rows: Rows) -> None:
    mine = rows.add("a")
    opened = rows.only(True)
    rows.census.see(opened, START + MINUTES)
    assert not rows.census.remove(opened)
    seen = rows.only(True)
    rows.store.deactivate(mine.user_id, mine.connection_id, START + 2 * MINUTES)
    assert not rows.census.remove(seen)
    assert not rows.census.see(seen, LATER)
    assert rows.only(False).seen_at == START + 2 * MINUTES


def test_a_late_disconnect_makes_no_row_of_one_that_was_removed(rows: Rows) -> None:
    mine = rows.add("a")
    assert rows.census.remove(rows.only(True))
    rows.store.deactivate(mine.user_id, mine.connection_id, LATER)
    assert rows.unseen(True) + rows.unseen(False) == []


def test_the_oldest_are_the_first_of_a_part_and_no_page_is_left_out(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.dynamo.census.PAGE", 5)
    parts = len([part for part in rows.census.parts() if part[0]])
    number = 12 * parts
    for minute in range(number):
        rows.add(f"{minute:04d}", START + (minute * 37 % number) * timedelta(seconds=1))
    found: list[Sighting] = []
    for part in rows.census.parts():
        of_part = [
            each
            for page in rows.census.unseen(part, LATER)
            for each in page
            if each.user_id == rows.user
        ]
        assert [each.seen_at for each in of_part] == sorted(each.seen_at for each in of_part)
        found += of_part
    assert len({each.connection_id for each in found}) == len(found) == number


def test_rows_are_spread_evenly_over_the_parts(rows: Rows) -> None:
    """One hot key of the index would slow the table's own writes."""
    parts = [part for part in rows.census.parts() if part[0]]
    for number in range(20 * len(parts)):
        rows.add(str(number))
    counts = [
        sum(each.user_id == rows.user for page in rows.census.unseen(part, LATER) for each in page)
        for part in parts
    ]
    assert min(counts) >= 5


ODD_ROWS: dict[str, Item] = {
    "a shard of other days": {"active": string("true#12"), "lastSeen": string("2026")},
    "seconds alone": {"lastSeen": string("2026-01-01T12:00:00Z")},
    "no zone": {
        "lastSeen": string("2026-01-01T12:00:00.000"),
        "connectedAt": string("2026-01-01T12:00:00.000"),
    },
    "no time": {"lastSeen": string("0yesterday"), "connectedAt": string("yesterday")},
    "nothing but its keys": {},
}


@pytest.mark.parametrize("name", ODD_ROWS)
def test_a_row_that_is_like_none_is_told_and_removed_as_it_is(
    user: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It would else keep the cleaner, run after run, from all rows behind it."""
    monkeypatch.setattr("store.dynamo.census.SHARDS", 20)
    connection_id = f"{user[-12:]}-odd="
    keys = {
        **row_key(user, connection_id),
        "active": activity_of(connection_id, active=True),
        "lastSeen": string("2026-01-01T12:00:00.000Z"),
    }
    with adapters.table("engine", "ConnectionsTable") as table:
        table.put({**keys, **ODD_ROWS[name]})
        rows = Rows(DynamoConnectionStore(table), DynamoConnectionCensus(table), user)
        sighting = rows.only(True)
        found = rows.census.row(sighting)
        assert found
        assert found.connected_at <= LATER
        assert rows.census.see(sighting, LATER - MINUTES)
        assert not rows.census.remove(sighting), "it has been seen since"
        assert rows.census.remove(rows.only(True))
        assert rows.unseen(True) == []
