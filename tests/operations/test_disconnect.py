"""Closing all that a user has open."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.connections.closing import Outcome, disconnect
from bot.errors import ConnectionGone, SendFailed, StoreUnavailable
from bot.models import Connection
from delivery.memory import MemorySender
from operations.deployment import of_stack
from operations.disconnect import main
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.table import Table
from store.memory.connections import MemoryConnectionStore
from tests.support.clock import START
from tests.support.connections_endpoint import ConnectionsEndpoint
from tests.support.issuer import EVE, UMA

NOW = START + timedelta(minutes=10)


def a_connection(name: str, user: str = EVE, **changes: Any) -> Connection:
    return replace(Connection(user, name, "example.test", "prod", START), **changes)


@pytest.fixture
def connections() -> MemoryConnectionStore:
    """Three of Eve's, of which one has expired and one is over, and one of Uma's."""
    store = MemoryConnectionStore()
    expired = a_connection("c2=", authorized_until=START.timestamp() + 60)
    for each in (a_connection("c1="), expired, a_connection("c3="), a_connection("c4=", UMA)):
        store.add(each)
    store.deactivate(EVE, "c3=", START)
    return store


def test_all_of_a_user_is_closed_and_nothing_of_another(connections: MemoryConnectionStore) -> None:
    sender = MemorySender()
    assert disconnect(EVE, connections, sender, NOW) == Outcome(closed=2)
    assert sender.gone == {"c1=", "c2="}
    assert connections.active(EVE) == ()
    assert [each.connection_id for each in connections.active(UMA)] == ["c4="]
    assert disconnect(EVE, connections, sender, NOW) == Outcome()


def test_what_is_gone_already_is_counted_apart(connections: MemoryConnectionStore) -> None:
    sender = MemorySender()
    sender.gone.add("c1=")
    assert disconnect(EVE, connections, sender, NOW) == Outcome(closed=1, gone=1)
    assert connections.active(EVE) == ()


def test_what_may_still_be_opening_is_left_for_a_second_run(
    connections: MemoryConnectionStore,
) -> None:
    """Its row is written before its handshake ends, and until then it cannot be closed."""
    connections.add(a_connection("c5=", connected_at=NOW - timedelta(seconds=60)))
    sender = MemorySender()
    sender.gone.add("c5=")
    outcome = disconnect(EVE, connections, sender, NOW)
    assert (outcome, outcome.complete) == (Outcome(closed=2, opening=1), False)
    sender.gone.clear()
    assert disconnect(EVE, connections, sender, NOW) == Outcome(closed=1)


def test_what_cannot_be_closed_keeps_its_row_and_the_others_are_closed(
    connections: MemoryConnectionStore,
) -> None:
    class Refusing(MemorySender):
        def close(self, connection_id: str) -> None:
            if connection_id == "c1=":
                raise SendFailed("ForbiddenException")
            super().close(connection_id)

    outcome = disconnect(EVE, connections, Refusing(), NOW)
    assert outcome == Outcome(closed=1, failed=("ForbiddenException",))
    assert not outcome.complete
    assert "ForbiddenException" in str(outcome)
    assert [each.connection_id for each in connections.active(EVE)] == ["c1="]


def test_a_disconnect_of_the_functions_own_in_between_changes_nothing(
    connections: MemoryConnectionStore,
) -> None:
    class Both(MemorySender):
        def close(self, connection_id: str) -> None:
            connections.deactivate(EVE, connection_id, NOW)
            if connection_id == "c2=":
                raise ConnectionGone

    assert disconnect(EVE, connections, Both(), NOW) == Outcome(closed=1, gone=1)


def test_tables_that_do_not_answer_are_not_taken_for_nobody() -> None:
    class Down(MemoryConnectionStore):
        def active(self, user_id: str) -> Any:
            raise StoreUnavailable("down")

    with pytest.raises(StoreUnavailable):
        disconnect(EVE, Down(), MemorySender(), NOW)


# ---- the command


@pytest.fixture
def rows(stack: str) -> DynamoConnectionStore:
    """The stack's table."""
    deployment = of_stack(stack)
    return DynamoConnectionStore(Table(deployment.dynamodb(), deployment.connections_table))


def test_the_command_closes_on_a_stack_that_it_finds_by_name(
    stack: str,
    rows: DynamoConnectionStore,
    endpoint: ConnectionsEndpoint,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for each in ("c1=", "c2="):
        rows.add(a_connection(each))
    rows.add(a_connection("c3=", UMA))
    endpoint.answers = [(204, ""), (410, "GoneException")]
    assert main([EVE, "--stack", stack]) == 0
    assert capsys.readouterr().out == "1 closed, 1 gone already\n"
    assert [(method, path) for method, path, _ in endpoint.requests] == [
        ("DELETE", "/prod/@connections/c1="),
        ("DELETE", "/prod/@connections/c2="),
    ]
    assert rows.active(EVE) == ()
    assert len(rows.active(UMA)) == 1


def test_a_user_who_has_nothing_open_is_no_error(
    stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["user:no one at all", "--stack", stack]) == 0
    assert capsys.readouterr().out == "0 closed, 0 gone already\n"


def test_without_the_right_to_close_it_says_so_and_fails(
    stack: str,
    rows: DynamoConnectionStore,
    endpoint: ConnectionsEndpoint,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows.add(a_connection("c1="))
    endpoint.answers = [(403, "AccessDeniedException")]
    assert main([EVE, "--stack", stack]) == 1
    assert "1 not closed (AccessDeniedException)" in capsys.readouterr().out
    assert len(rows.active(EVE)) == 1


@pytest.mark.parametrize("arguments", [[], [EVE, "--stack", "a", "--local"], [EVE, "b"]])
def test_what_makes_no_sense_is_said_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m operations.disconnect" in capsys.readouterr().err
