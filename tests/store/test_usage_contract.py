"""What every ConnectionStore promises of what a user has used."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models import Connection, Present, Spent
from bot.ports import ConnectionStore
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.table import Table
from tests.support import adapters, engine
from tests.support.clock import START
from tests.support.hooks import Hook, lose_the_reply
from tests.support.soak import times

Store = ConnectionStore
FAR = int(START.timestamp()) + 10**6
FIRST = Spent(2.125, START.timestamp() + 0.125, "2026-03-02", 10**12, ("1abcdefXYZ-_x#12",))
SECOND = replace(FIRST, allowance=0.0, tokens=0, counted=(*FIRST.counted, "1abcdefXYZ-_x#12.1"))


def spent(store: Store, user: str) -> Spent:
    """What is kept."""
    return store.present(user, START).spent


def test_what_was_used_comes_back_as_it_was_kept(connections: Store, user: str) -> None:
    assert connections.present(user, START) == Present((), Spent())
    assert connections.spend(user, Spent(), FIRST, FAR) is None
    assert spent(connections, user) == FIRST
    assert connections.spend(user, FIRST, SECOND, FAR) is None
    assert spent(connections, user) == SECOND
    assert spent(connections, user + "x") == Spent()


def test_who_does_not_know_what_is_kept_is_told_it_and_keeps_nothing(
    connections: Store, user: str
) -> None:
    assert connections.spend(user, FIRST, SECOND, FAR) == Spent()
    assert spent(connections, user) == Spent()
    connections.spend(user, Spent(), FIRST, FAR)
    assert connections.spend(user, Spent(), SECOND, FAR) == FIRST
    assert connections.spend(user, SECOND, FIRST, FAR) == FIRST
    assert spent(connections, user) == FIRST


def test_what_was_used_is_no_connection(connections: Store, user: str) -> None:
    connections.spend(user, Spent(), FIRST, FAR)
    assert connections.live(user, START) == connections.active(user) == ()
    mine = Connection(user, f"{user[-12:]}-a=", "example.test", "prod", START)
    connections.add(mine)
    assert connections.present(user, START) == Present((mine,), FIRST)
    assert connections.live(user, START) == connections.active(user) == (mine,)
    connections.deactivate(user, mine.connection_id, START)
    assert connections.present(user, START + timedelta(hours=9)) == Present((), FIRST)
    assert connections.user_of(mine.connection_id) == user


@pytest.mark.parametrize("connections", adapters.ATOMIC, indirect=True)
def test_of_many_who_count_at_once_nobody_is_lost(connections: Store, user: str) -> None:
    count = times(24, 200)

    def add(number: int) -> None:
        known = Spent()
        while True:
            names = (*known.counted, f"n{number}")[-16:]
            wanted = replace(known, day="d", tokens=known.tokens + 1, counted=names)
            found = connections.spend(user, known, wanted, FAR)
            if found is None:
                return
            known = found

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(count)))
    assert spent(connections, user).tokens == count


def test_the_row_is_in_no_list_of_connections_to_be_cleaned_and_goes_by_itself(user: str) -> None:
    client = engine.running().client("dynamodb")
    DynamoConnectionStore(Table(client, "ConnectionsTable")).spend(user, Spent(), FIRST, FAR)
    (row,) = client.query(
        TableName="ConnectionsTable",
        KeyConditionExpression="userId = :user",
        ExpressionAttributeValues={":user": {"S": user}},
    )["Items"]
    assert row["expiresAt"] == {"N": str(FAR)}
    assert not {"active", "lastSeen"} & set(row), "the keys of lastSeen-index"
    assert not row["connectionId"]["S"].endswith("="), "as every connection's id does"


def test_a_write_whose_answer_was_lost_is_told_by_what_is_kept(user: str) -> None:
    client = engine.running().client("dynamodb")
    store = DynamoConnectionStore(Table(client, "ConnectionsTable"))
    hook = Hook(client)
    hook.next("UpdateItem", lose_the_reply)
    assert store.spend(user, Spent(), FIRST, FAR) == FIRST
    assert hook.unmet == 0
