"""What every ConnectionStore promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from bot.models import Connection
from bot.ports import ConnectionStore
from tests.support.clock import START

Store = ConnectionStore
HOURS = timedelta(hours=1)


def a_connection(user: str, name: str = "") -> Connection:
    """A connection; its id is its user's own, as API Gateway's never recur."""
    return Connection(user, f"{user[-12:]}-{name}=", "example.test", "prod", START)


def test_a_connection_comes_back_as_it_was_added(connections: Store, user: str) -> None:
    phone, laptop = a_connection(user, "a"), a_connection(user, "b")
    connections.add(laptop)
    connections.add(phone)
    assert connections.live(user, START) == (phone, laptop)
    assert connections.live(user + "x", START) == ()


def test_a_disconnect_ends_its_own_row_alone(connections: Store, user: str) -> None:
    phone, laptop = a_connection(user, "a"), a_connection(user, "b")
    connections.add(phone)
    connections.add(laptop)
    for _ in range(2):
        connections.deactivate(user, phone.connection_id, START)
        assert connections.live(user, START) == (laptop,)


def test_a_late_disconnect_leaves_the_newer_connection_alone(connections: Store, user: str) -> None:
    old, new = a_connection(user, "old"), a_connection(user, "new")
    connections.add(old)
    connections.add(new)
    connections.deactivate(user, old.connection_id, START + HOURS)
    assert connections.live(user, START + HOURS) == (new,)


def test_a_disconnect_of_what_never_connected_makes_no_row(connections: Store, user: str) -> None:
    stranger = a_connection(user, "stranger").connection_id
    connections.deactivate(user, stranger, START)
    assert connections.live(user, START) == ()
    assert connections.user_of(stranger) is None


def test_a_user_cannot_end_the_connection_of_another(connections: Store, user: str) -> None:
    mine = a_connection(user)
    connections.add(mine)
    connections.deactivate(user + "x", mine.connection_id, START)
    assert connections.live(user, START) == (mine,)
    assert connections.user_of(mine.connection_id) == user


def test_a_connection_added_twice_is_there_once(connections: Store, user: str) -> None:
    mine = a_connection(user)
    connections.add(mine)
    connections.add(replace(mine, connected_at=START + HOURS))
    assert connections.live(user, START) == (mine,)


def test_adding_again_does_not_revive_what_has_ended(connections: Store, user: str) -> None:
    mine = a_connection(user)
    connections.add(mine)
    connections.deactivate(user, mine.connection_id, START)
    connections.add(mine)
    assert connections.live(user, START) == ()


def test_a_row_outlives_no_connection_for_long(connections: Store, user: str) -> None:
    mine = a_connection(user)
    connections.add(mine)
    assert connections.live(user, START + 2 * HOURS) == (mine,)
    assert connections.live(user, START + 3 * HOURS) == ()
    assert connections.live(user, START + 24 * HOURS) == ()


def test_a_user_is_found_by_connection(connections: Store, user: str) -> None:
    mine = a_connection(user)
    assert connections.user_of(mine.connection_id) is None
    connections.add(mine)
    assert connections.user_of(mine.connection_id) == user
    connections.deactivate(user, mine.connection_id, START)
    assert connections.user_of(mine.connection_id) == user


def test_many_connections_of_one_user_live_side_by_side(connections: Store, user: str) -> None:
    many = [a_connection(user, f"{number:03d}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(connections.add, many))
        list(
            pool.map(
                lambda each: connections.deactivate(user, each.connection_id, START), many[::2]
            )
        )
    assert connections.live(user, START) == tuple(many[1::2])
