"""Which connections a frame reaches, and what becomes of those that are gone (I6)."""

from contextlib import suppress
from threading import Event

import pytest

from bot.errors import ConnectionGone, SendFailed, StoreUnavailable
from bot.models import Connection
from delivery.fan_out import Delivery, FanOut
from delivery.memory import MemorySender
from store.memory.connections import MemoryConnectionStore
from tests.support.clock import START, FakeClock
from tests.support.turns import ANA, BEN

FRAMES = [{"type": "turn", "n": 1}, {"type": "turn", "n": 2}]


class Fussy(MemorySender):
    """Fails to send to some."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: set[str] = set()

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        if connection_id in self.failing:
            raise SendFailed("LimitExceededException")
        super().send(connection_id, frame)


@pytest.fixture
def connections() -> MemoryConnectionStore:
    """Three devices of one user, one of another."""
    store = MemoryConnectionStore()
    for user, name in ((ANA, "a1"), (ANA, "a2"), (ANA, "a3"), (BEN, "b1")):
        store.add(Connection(user, name, "example.test", "prod", START))
    return store


@pytest.fixture
def clock() -> FakeClock:
    """Some time after they connected."""
    clock = FakeClock()
    clock.advance(minutes=10)
    return clock


def live(store: MemoryConnectionStore) -> list[str]:
    """Whose rows are active."""
    return [each.connection_id for each in store.live(ANA, START)]


def test_all_of_a_users_devices_get_all_frames_in_order(
    connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    sender = Fussy()
    delivery = FanOut(sender, connections, clock).to_user(ANA, "a2", FRAMES)
    assert delivery == Delivery(reached=3)
    assert dict(sender.sent) == {"a1": FRAMES, "a2": FRAMES, "a3": FRAMES}
    assert next(iter(sender.sent)) == "a2"


def test_the_asking_device_gets_its_frames_though_its_row_is_not_there(
    connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    sender = Fussy()
    FanOut(sender, connections, clock).to_user(ANA, "unlisted", FRAMES)
    assert set(sender.sent) == {"unlisted", "a1", "a2", "a3"}


@pytest.mark.parametrize("gone", ["a1", "a2", "a3"])
def test_who_is_gone_is_deactivated_and_holds_up_no_one(
    connections: MemoryConnectionStore, clock: FakeClock, gone: str
) -> None:
    sender = Fussy()
    sender.gone.add(gone)
    delivery = FanOut(sender, connections, clock).to_user(ANA, "a1", FRAMES)
    assert delivery == Delivery(reached=2, gone=1)
    rest = [each for each in ("a1", "a2", "a3") if each != gone]
    assert sorted(sender.sent) == live(connections) == rest


@pytest.mark.parametrize("failing", ["a1", "a2", "a3"])
def test_who_cannot_be_reached_now_stays_connected(
    connections: MemoryConnectionStore, clock: FakeClock, failing: str
) -> None:
    sender = Fussy()
    sender.failing.add(failing)
    delivery = FanOut(sender, connections, clock).to_user(ANA, "a1", FRAMES)
    assert delivery == Delivery(reached=2, failed=1)
    assert live(connections) == ["a1", "a2", "a3"]


def test_a_slow_device_does_not_hold_up_another(
    connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    class Slow(MemorySender):
        """One waits until another has been served."""

        def __init__(self) -> None:
            super().__init__()
            self.served = Event()

        def send(self, connection_id: str, frame: bytes) -> None:
            if connection_id == "a2":
                assert self.served.wait(30)
            super().send(connection_id, frame)
            if connection_id == "a3":
                self.served.set()

    assert FanOut(Slow(), connections, clock).to_user(ANA, "a1", FRAMES).reached == 3


def test_nothing_to_say_asks_for_nothing(clock: FakeClock) -> None:
    class Down(MemoryConnectionStore):
        def live(self, user_id: str, now: object) -> tuple[Connection, ...]:
            raise StoreUnavailable("down")

    fan_out = FanOut(MemorySender(), Down(), clock)
    assert fan_out.to_user(ANA, "a1", []) == fan_out.to_connection(ANA, "a1", []) == Delivery()


def test_the_asking_device_is_served_before_the_table_is_asked(clock: FakeClock) -> None:
    class Down(MemoryConnectionStore):
        def live(self, user_id: str, now: object) -> tuple[Connection, ...]:
            raise StoreUnavailable("down")

    sender = MemorySender()
    with pytest.raises(StoreUnavailable):
        FanOut(sender, Down(), clock).to_user(ANA, "a1", FRAMES)
    assert sender.sent["a1"] == FRAMES


def test_a_device_whose_handshake_is_under_way_is_not_given_up(
    connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    """Its row is written, but until `$connect` has returned API Gateway answers 410 for it."""
    connections.add(Connection(ANA, "new", "example.test", "prod", clock()))
    sender = MemorySender()
    sender.gone.add("new")
    fan_out = FanOut(sender, connections, clock)
    fan_out.to_user(ANA, "a1", FRAMES)
    sender.gone.clear()  # the handshake has ended
    clock.advance(seconds=1)
    fan_out.to_user(ANA, "a1", FRAMES)
    assert sender.sent["new"] == FRAMES


def test_a_frame_that_cannot_deactivate_the_asker_still_reaches_the_others(
    clock: FakeClock,
) -> None:
    class Stuck(MemoryConnectionStore):
        def deactivate(self, user_id: str, connection_id: str, at: object) -> None:
            raise StoreUnavailable("down")

    store = Stuck()
    for name in ("a1", "a2"):
        store.add(Connection(ANA, name, "example.test", "prod", START))
    sender = MemorySender()
    sender.gone.add("a1")
    with suppress(StoreUnavailable):
        FanOut(sender, store, clock).to_user(ANA, "a1", FRAMES)
    assert sender.sent["a2"] == FRAMES


def test_closing_what_is_closed_is_no_error(
    connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    sender = MemorySender()
    fan_out = FanOut(sender, connections, clock)
    fan_out.close("a1")
    fan_out.close("a1")
    with pytest.raises(ConnectionGone):
        sender.close("a1")
