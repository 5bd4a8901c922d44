"""What every ConnectionStore promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from math import inf
from random import Random

import pytest

from bot.models import Connection
from bot.ports import ConnectionStore
from tests.support import adapters
from tests.support.clock import START
from tests.support.soak import times

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


NOON = START.timestamp()


def a_signed_in(user: str, name: str = "", until: float = NOON + 60) -> Connection:
    """A connection whose credential runs out."""
    return replace(a_connection(user, name), authorized_until=until)


def test_nothing_is_live_whose_credential_has_run_out(connections: Store, user: str) -> None:
    short, long = a_signed_in(user, "a"), a_signed_in(user, "b", NOON + 3600)
    guest = a_connection(user, "c")
    for each in (short, long, guest):
        connections.add(each)
    assert connections.live(user, START + timedelta(seconds=59.999)) == (short, long, guest)
    assert connections.live(user, START + timedelta(seconds=60)) == (long, guest)
    assert connections.live(user, START + timedelta(seconds=3600)) == (guest,)
    assert connections.active(user) == (short, long, guest)


def test_what_is_active_is_told_whatever_its_age(connections: Store, user: str) -> None:
    old, ended = a_connection(user, "a"), a_signed_in(user, "b")
    connections.add(old)
    connections.add(ended)
    connections.deactivate(user, ended.connection_id, START)
    assert connections.live(user, START + 24 * HOURS) == ()
    assert connections.active(user) == (old,)
    assert connections.active(user + "x") == ()


def test_a_row_tells_until_when_its_credential_holds(connections: Store, user: str) -> None:
    mine, guest = a_signed_in(user, "a"), a_connection(user, "b")
    assert connections.authorized_until(user, mine.connection_id) == 0
    connections.add(mine)
    connections.add(guest)
    assert connections.authorized_until(user, mine.connection_id) == NOON + 60
    assert connections.authorized_until(user, guest.connection_id) == inf
    assert connections.authorized_until(user + "x", mine.connection_id) == 0
    for each in (mine, guest):
        connections.deactivate(user, each.connection_id, START)
        assert connections.authorized_until(user, each.connection_id) == 0


def test_a_renewal_moves_its_own_row_forward_alone(connections: Store, user: str) -> None:
    mine, other = a_signed_in(user, "a"), a_signed_in(user, "b")
    connections.add(mine)
    connections.add(other)
    for until, holds in ((100, 100), (100, 100), (70, 100), (200, 200), (0, 200), (-NOON, 200)):
        assert connections.renew(user, mine.connection_id, NOON + until) == NOON + holds
        assert connections.authorized_until(user, mine.connection_id) == NOON + holds
    assert connections.authorized_until(user, other.connection_id) == NOON + 60
    assert connections.live(user, START + timedelta(seconds=150)) == (
        replace(mine, authorized_until=NOON + 200),
    )


def test_a_renewal_makes_no_row_and_revives_none(connections: Store, user: str) -> None:
    mine, absent = a_signed_in(user, "a"), a_signed_in(user, "b")
    connections.add(mine)
    connections.deactivate(user, mine.connection_id, START)
    for each in (mine, absent):
        assert connections.renew(user, each.connection_id, NOON + 3600) == 0
    assert connections.active(user) == ()
    assert connections.user_of(absent.connection_id) is None


def test_what_opened_when_there_were_fewer_shards_is_renewed(
    connections: Store, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = [a_signed_in(user, str(number)) for number in range(4)]
    for each in opened:
        connections.add(each)
    monkeypatch.setattr("store.dynamo.connections.SHARDS", 20)
    for each in opened:
        assert connections.renew(user, each.connection_id, NOON + 3600) == NOON + 3600


def test_a_user_cannot_renew_the_connection_of_another(connections: Store, user: str) -> None:
    mine = a_signed_in(user)
    connections.add(mine)
    assert connections.renew(user + "x", mine.connection_id, NOON + 3600) == 0
    assert connections.live(user, START) == (mine,)
    assert connections.user_of(mine.connection_id) == user


def test_what_never_runs_out_is_given_no_end_by_a_renewal(connections: Store, user: str) -> None:
    guest = a_connection(user)
    connections.add(guest)
    assert connections.renew(user, guest.connection_id, NOON + 3600) == inf
    assert connections.live(user, START + 2 * HOURS) == (guest,)


def test_adding_again_does_not_undo_a_renewal(connections: Store, user: str) -> None:
    mine = a_signed_in(user)
    connections.add(mine)
    connections.renew(user, mine.connection_id, NOON + 3600)
    connections.add(mine)
    assert connections.authorized_until(user, mine.connection_id) == NOON + 3600


@pytest.mark.parametrize("connections", adapters.ATOMIC, indirect=True)
@pytest.mark.parametrize("seed", range(times(2, 20)))
def test_of_renewals_at_once_the_latest_counts(connections: Store, user: str, seed: int) -> None:
    mine = a_signed_in(user)
    connections.add(mine)
    ends = Random(seed).sample(range(61, 1_000), 16)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda s: connections.renew(user, mine.connection_id, NOON + s), ends))
    assert all(
        NOON + end <= holds <= NOON + max(ends) for end, holds in zip(ends, told, strict=True)
    )
    assert connections.authorized_until(user, mine.connection_id) == NOON + max(ends)


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
