"""What every `Holdings` promises: all that lies in a user's partitions is told, and can go."""

import json
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from bot.models import (
    Author,
    Connection,
    Conversation,
    ConversationKey,
    Failure,
    Origin,
    Position,
    Rating,
    Spent,
    Status,
    Turn,
    Usage,
)
from bot.ports import ConnectionStore, ConversationStore
from bot.user_data import exporting
from bot.user_data.erasing import Erasure, assemble
from bot.user_data.exporting import sheet
from bot.user_data.holdings import START, Held, Kind, Place, Shelf
from bot.user_data.ports import Holdings
from delivery.memory import MemorySender
from store.dynamo.attributes import Item, string
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.holdings import DynamoHoldings
from store.dynamo.table import Table
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from store.memory.holdings import MemoryHoldings
from tests.support import adapters, engine
from tests.support.clock import START as NOON
from tests.support.clock import FakeClock, Ids
from tests.support.erasing import all_things
from tests.support.template import create_tables
from tests.support.turns import FAR, a_seal, a_turn
from tests.support.workers import RETENTION, Worker, no_pause


class Kept:
    """Both stores, and what they hold; `put` adds an item of any kind."""

    def __init__(self, adapter: str, client: Any = None) -> None:
        self.conversations: ConversationStore
        self.connections: ConnectionStore
        self.holdings: Holdings
        if client is None:
            rows, turns = MemoryConnectionStore(), MemoryConversationStore()
            self.connections, self.conversations = rows, turns
            self._memory = MemoryHoldings(rows, turns)
            self.holdings = self._memory
        else:
            self._rows, self._turns = (
                Table(client, "ConnectionsTable"),
                Table(client, "SessionsTable"),
            )
            self.connections = DynamoConnectionStore(self._rows)
            self.conversations = DynamoConversationStore(self._turns)
            self.holdings = DynamoHoldings(self._rows, self._turns)
        self._client = client

    def put(self, user: str, place: Place, item: Item) -> None:
        """Keep something that no room knows."""
        is_row = place.shelf is Shelf.CONNECTIONS
        item = {**item, "connectionId" if is_row else "itemId": string(place.name)}
        if self._client is None:
            self._memory.others[user, place] = item
        else:
            (self._rows if is_row else self._turns).put({**item, "userId": string(user)})

    def one(self, user: str, kind: Kind) -> Held:
        """The only thing of a kind."""
        (only,) = (each for each in all_things(self.holdings, user) if each.kind is kind)
        return only


@pytest.fixture(params=adapters.ADAPTERS)
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    """Each adapter in turn."""
    if request.param == "engine":
        yield Kept("engine", engine.running().dynamodb)
    elif request.param == "memory":
        yield Kept("memory")
    else:
        with mock_aws():
            client = engine.new_client("dynamodb")
            create_tables(client)
            yield Kept("moto", client)


def whole_turn(**changes: Any) -> Turn:
    """A turn with all that a turn can have."""
    return a_turn(
        7,
        status=Status.FAILED,
        failure=Failure.TIMED_OUT,
        feedback=Rating.UP,
        usage=Usage(3, 4),
        attempt=2,
        content='{"price":[1.5,"€"]}',
        position=Position("feed", 10**55),
        positions={"feed": 10**55},
        lapses_at=FAR,
        author=Author.BACKEND,
        **changes,
    )


@pytest.mark.parametrize("text", ["short", "long and compressed " * 200])
def test_a_turn_is_told_whole_and_as_it_was_said(kept: Kept, user: str, text: str) -> None:
    key = ConversationKey(user, "main")
    kept.conversations.append(key, whole_turn(text=text, state={"slots": {"name": "Ana"}}))
    held = kept.one(user, Kind.TURN)
    assert held.expires_at == FAR
    assert held.place == Place(Shelf.SESSIONS, "turn#main#0000000007")
    told = json.loads(json.dumps(held.contents))
    assert told == {
        "conversationId": "main",
        "seq": 7,
        "epoch": "e1",
        "messageId": "m7",
        "author": "backend",
        "text": text,
        "reply": "reply 7",
        "state": {"slots": {"name": "Ana"}},
        "status": "failed",
        "failure": "timed_out",
        "createdAt": "2026-03-01T12:00:00.000Z",
        "completedAt": "2026-03-01T12:00:00.000Z",
        "feedback": "up",
        "inputTokens": 3,
        "outputTokens": 4,
        "attempt": 2,
        "content": {"price": [1.5, "€"]},
        "position": f"feed#{10**55}",
        "positions": {"feed": 10**55},
        "lapsesAt": FAR,
        "owner": "owner-e1-7",
        "allowance": 0,
        "expiresAt": FAR,
    }


def test_connections_usage_the_list_and_forks_are_told(kept: Kept, user: str) -> None:
    kept.connections.add(Connection(user, "c1=", "example.test", "prod", NOON, 1234.0))
    kept.connections.add(Connection(user, "c2=", "example.test", "prod", NOON))
    kept.connections.deactivate(user, "c2=", NOON)
    kept.connections.spend(user, Spent(), Spent(2.5, 1.0, "2026-03-01", 77, ("a",)), FAR)
    key, fork = ConversationKey(user, "main"), ConversationKey(user, "other")
    kept.conversations.append(key, a_turn(1))
    entry = Conversation("other", "e2", "Title", NOON, NOON, 1, "main", 1)
    root = a_turn(1, "e2", status=Status.FORKED, text="", reply="", origin=Origin("main", "e1", 1))
    assert kept.conversations.fork(fork, root, 1, entry, FAR)
    rows = [each for each in all_things(kept.holdings, user) if each.kind is Kind.CONNECTION]
    assert [each.contents["active"] for each in rows] == [True, False]
    assert rows[0].contents["authorizedUntil"] == 1234
    assert rows[0].contents["domainName"] == "example.test"
    assert kept.one(user, Kind.USAGE).contents["tokens"] == 77
    listed = kept.one(user, Kind.CONVERSATION).contents
    assert (
        listed.items()
        >= {
            "conversationId": "other",
            "title": "Title",
            "read": 1,
            "epoch": "e2",
            "forkOf": "main",
            "forkAt": 1,
        }.items()
    )
    assert (
        kept.one(user, Kind.FORK).contents.items()
        >= {
            "conversationId": "main",
            "fork": "other",
        }.items()
    )
    assert (
        kept.one(user, Kind.ROOT).contents.items()
        >= {
            "conversationId": "other",
            "originConversationId": "main",
            "originEpoch": "e1",
            "originSeq": 1,
        }.items()
    )


def test_marks_are_named_as_what_they_are_and_say_nothing(kept: Kept, user: str) -> None:
    key = ConversationKey(user, "main")
    kept.conversations.append(key, a_turn(1))
    kept.conversations.append(key, a_turn(2))
    kept.conversations.append(key, a_seal(3))
    page = kept.conversations.following(key, 0, 9)
    kept.conversations.bury(key, page.turns[:2], NOON, FAR)
    things = all_things(kept.holdings, user)
    assert [each.kind for each in things] == [Kind.TOMBSTONE, Kind.TOMBSTONE, Kind.SEAL]
    for each in things:
        assert {"text", "reply", "state", "messageId", "content", "packed"}.isdisjoint(
            each.contents
        )
        assert each.expires_at == FAR


@pytest.mark.parametrize(
    "place",
    [
        Place(Shelf.CONNECTIONS, "#devices#1"),
        Place(Shelf.SESSIONS, "memory#main"),
        Place(Shelf.SESSIONS, "turn#odd"),
        Place(Shelf.SESSIONS, "zzz"),
    ],
    ids=lambda place: place.name,
)
def test_what_nobody_knows_is_told_raw_and_can_go(kept: Kept, user: str, place: Place) -> None:
    item: Item = {
        "note": string("words"),
        "count": {"N": "12"},
        "share": {"N": "0.5"},
        "raw": {"B": b"\x00\xff"},
        "tags": {"SS": ["a", "b"]},
        "deep": {"M": {"list": {"L": [{"BOOL": True}, {"NULL": True}]}}},
    }
    kept.put(user, place, item)
    held = kept.one(user, Kind.OTHER)
    assert held.place == place
    told = json.loads(json.dumps(held.contents))
    assert b64decode(told.pop("raw")) == b"\x00\xff"
    assert sorted(told.pop("tags")) == ["a", "b"]
    assert told.items() >= {"note": "words", "count": 12, "share": 0.5}.items()
    assert told["deep"] == {"list": [True, None]}
    assert place.name in told.values()
    kept.holdings.remove(user, place)
    kept.holdings.remove(user, place)
    assert all_things(kept.holdings, user) == []


def test_what_cannot_be_read_is_told_as_it_is(kept: Kept, user: str) -> None:
    """A turn that was compressed in a way that is not known here."""
    strange: Item = {
        "packed": {"B": b"strange"},
        "status": string("done"),
        "createdAt": string("then"),
    }
    kept.put(user, Place(Shelf.SESSIONS, "turn#main#0000000001"), {**strange, "epoch": string("e")})
    assert b64decode(kept.one(user, Kind.OTHER).contents["packed"]) == b"strange"


def test_all_is_told_once_and_in_order_however_few_at_a_time(kept: Kept, user: str) -> None:
    for number in range(3):
        kept.connections.add(Connection(user, f"c{number}=", "example.test", "prod", NOON))
        for seq in (1, 2, 3):
            kept.conversations.append(ConversationKey(user, f"a{number}"), a_turn(seq))
    kept.conversations.append(ConversationKey(user + "x", "main"), a_turn(1))
    whole = all_things(kept.holdings, user, 1000)
    assert len(whole) == 12
    for limit in (1, 2, 3, 11, 12, 13):
        assert all_things(kept.holdings, user, limit) == whole


def test_reading_goes_on_where_what_was_read_last_is_gone(kept: Kept, user: str) -> None:
    key = ConversationKey(user, "main")
    for seq in (1, 2, 3):
        kept.conversations.append(key, a_turn(seq))
    shown = kept.holdings.behind(user, Place(Shelf.SESSIONS), 2)
    assert shown.following
    kept.conversations.erase(key, [a_turn(2)])
    rest = kept.holdings.behind(user, shown.following, 9)
    assert [each.contents["seq"] for each in rest.things] == [3]


def test_an_export_goes_on_sheet_by_sheet_and_each_fits_into_an_answer(
    kept: Kept, user: str, incompressible: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ConversationKey(user, "main")
    for seq in range(1, 9):
        kept.conversations.append(key, replace(a_turn(seq), reply="\x00" * 64_000))
    kept.conversations.append(key, replace(a_turn(9), reply=incompressible))
    monkeypatch.setattr(exporting, "SHEET_BYTES", 1_000_000)
    seen: list[int] = []
    cursor: Place | None = START
    sheets = 0
    while cursor:
        told = sheet(kept.holdings, user, cursor)
        seen += [item["seq"] for item in told.items]
        assert len(json.dumps(told.items)) < 1_100_000
        cursor = told.cursor
        sheets += 1
    assert seen == list(range(1, 10))
    assert sheets == 5


# ---- erasing, on every store


def live_in(kept: Kept, user: str, clock: FakeClock) -> None:
    """Turns old and young, a fork, a title, connections, usage."""
    worker = Worker(kept.conversations, clock, connections=kept.connections, user_id=user)
    for number in range(12):
        worker.say(f"m{number}")
    clock.advance(minutes=10)
    worker.say("m12")
    worker.ask("rename", title="Secret")
    assert worker.one("fork", conversationId="afork", forkOf="main", forkAt=5)["forkAt"] == 5
    worker.say("f1", conversationId="afork")
    kept.connections.add(Connection(user, "c1=", "example.test", "prod", NOON))
    kept.connections.spend(user, Spent(), Spent(counted=("a",)), FAR)
    kept.put(user, Place(Shelf.SESSIONS, "novelty#1"), {"note": string("x")})
    clock.advance(minutes=1)


def an_erasure(kept: Kept, clock: FakeClock) -> Erasure:
    """An operator's function."""
    return assemble(
        store=kept.conversations,
        connections=kept.connections,
        holdings=kept.holdings,
        sender=MemorySender(),
        retention=RETENTION,
        clock=clock,
        new_id=Ids("eraser"),
        pause=no_pause,
    )


def test_an_erasure_leaves_tombstones_alone(kept: Kept, user: str) -> None:
    clock = FakeClock()
    live_in(kept, user, clock)
    since, until = clock(), clock() + timedelta(minutes=5)
    erased = an_erasure(kept, clock).run(user, since, until)
    assert erased.finished
    assert erased.removed == {
        Kind.TURN: 14,
        Kind.ROOT: 1,
        Kind.CONVERSATION: 2,
        Kind.CONNECTION: 1,
        Kind.USAGE: 1,
        Kind.OTHER: 1,
    }
    left = all_things(kept.holdings, user)
    assert {each.kind for each in left} == {Kind.TOMBSTONE}
    assert erased.remains
    assert erased.remains.staying[Kind.TOMBSTONE][0] == len(left)
    again = an_erasure(kept, clock).run(user, since, until)
    assert (again.finished, again.removed.total()) == (True, 0)


def test_two_erasures_at_once_leave_tombstones_alone(kept: Kept, user: str) -> None:
    clock = FakeClock()
    live_in(kept, user, clock)
    since, until = clock(), clock() + timedelta(minutes=5)

    def erase(_: int) -> bool:
        cursor = None
        for _ in range(20):
            erased = an_erasure(kept, clock).run(user, since, until, cursor)
            if erased.finished:
                return True
            cursor = erased.cursor
        return False

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(erase, range(2)))
    assert {each.kind for each in all_things(kept.holdings, user)} == {Kind.TOMBSTONE}
