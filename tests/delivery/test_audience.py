"""A reply while it is written, as each device is told it: every character once, in order."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from threading import Event, Lock
from typing import Any

import pytest

from bot.errors import ConnectionGone, SendFailed, StoreUnavailable
from bot.models import Connection, Order, Status
from delivery.audience import (
    BETWEEN_FRAMES_SECONDS,
    PARALLEL_SENDS,
    PATIENCE_SECONDS,
    LiveAudience,
)
from store.memory.connections import MemoryConnectionStore
from tests.support.clock import START, FakeClock
from tests.support.screen import Screen
from tests.support.turns import ANA, BEN, MAIN, a_turn

API_GATEWAY_BYTES = 32 * 1024
TURN = a_turn(4, status=Status.PENDING, attempt=2)
BLOCKED_SECONDS = 20
"""How long a device that never answers would hold up who waits for it."""


class Devices:
    """What reaches each connection, and how each of them may fail."""

    def __init__(self) -> None:
        self.frames: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.screens: dict[str, Screen] = defaultdict(Screen)
        self.spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.sizes: list[int] = []
        self.faults: dict[str, list[Exception]] = defaultdict(list)
        self.blocked: dict[str, Event] = {}
        self.in_flight: dict[str, int] = defaultdict(int)
        self._lock = Lock()

    def send(self, connection_id: str, frame: bytes) -> None:
        """See `bot.ports.FrameSender`."""
        begun = time.monotonic()
        with self._lock:
            self.in_flight[connection_id] += 1
            assert self.in_flight[connection_id] == 1, "two on their way"
        try:
            if connection_id in self.blocked:
                self.blocked[connection_id].wait(BLOCKED_SECONDS)
            if self.faults[connection_id]:
                raise self.faults[connection_id].pop(0)
            self.sizes.append(len(frame))
            told = json.loads(frame)
            self.frames[connection_id].append(told)
            self.screens[connection_id].take(told)
        finally:
            with self._lock:
                self.in_flight[connection_id] -= 1
            self.spans[connection_id].append((begun, time.monotonic()))

    def close(self, connection_id: str) -> None:
        """See `bot.ports.FrameSender`."""

    def shown(self, connection_id: str) -> str:
        """What a device shows."""
        screen = self.screens[connection_id]
        assert screen.gaps == 0
        return screen.text(4)

    def offsets(self, connection_id: str) -> list[int]:
        """Where its frames began."""
        return [frame["offset"] for frame in self.frames[connection_id]]


@pytest.fixture
def clock() -> FakeClock:
    """Long after those connected who are there."""
    clock = FakeClock()
    clock.advance(minutes=10)
    return clock


@pytest.fixture
def connections() -> MemoryConnectionStore:
    """The asking device, two more of its user, and a stranger's."""
    store = MemoryConnectionStore()
    for user, name in ((ANA, "asker"), (ANA, "a2"), (ANA, "a3"), (BEN, "b1")):
        store.add(Connection(user, name, "example.test", "prod", START))
    return store


@pytest.fixture
def devices() -> Iterator[Devices]:
    """All connections there are; at the end none stays blocked."""
    devices = Devices()
    yield devices
    for each in devices.blocked.values():
        each.set()


def audience(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock, asking: str = "asker"
) -> LiveAudience:
    """Those who hear the reply of turn 4."""
    order = Order(MAIN, 4, "e1", "owner", asking)
    return LiveAudience(devices, connections, clock, order, TURN)


def tell(told: LiveAudience, text: str, step: int = 7) -> None:
    """Tell a reply as it grows."""
    for end in range(0, len(text) + step, step):
        told.show(text[:end])
        time.sleep(0.002)


TEXT = 'é🎉 \u0000\u2028<b>"quoted"</b> ' * 50


def test_each_device_is_told_every_character_once_and_in_order(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    told = audience(devices, connections, clock)
    told.look()
    tell(told, TEXT)
    told.finish(TEXT)
    told.close()
    assert set(devices.frames) == {"asker", "a2", "a3"}
    for name, frames in devices.frames.items():
        assert "".join(frame["text"] for frame in frames) == TEXT
        assert devices.shown(name) == TEXT
        first = frames[0]
        assert (first["seq"], first["attempt"], first["epoch"]) == (4, 2, "e1")
        assert first["conversationId"] == "main"


def test_frames_to_one_device_keep_their_distance(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    told = audience(devices, connections, clock)
    tell(told, TEXT * 4, 5)
    told.finish(TEXT * 4)
    told.close()
    spans = devices.spans["asker"]
    assert len(spans) > 5
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(spans)]
    assert min(gaps) >= BETWEEN_FRAMES_SECONDS


@pytest.mark.parametrize("character", ["a", "é", "漢", "🎉", "\u0000", '"'])
def test_no_frame_is_larger_than_api_gateway_takes(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock, character: str
) -> None:
    """As after a pause: much to tell at once."""
    text = character * 40_000
    told = audience(devices, connections, clock)
    told.look()
    told.finish(text)
    told.close()
    assert devices.shown("a2") == devices.shown("asker") == text
    assert max(devices.sizes) < API_GATEWAY_BYTES


def test_who_joins_is_told_all_of_it_from_the_beginning(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    told = audience(devices, connections, clock)
    told.look()
    tell(told, TEXT[:300])
    connections.add(Connection(ANA, "new", "example.test", "prod", clock()))
    told.look()
    tell(told, TEXT)
    told.finish(TEXT)
    told.close()
    assert devices.offsets("new")[0] == 0
    assert devices.shown("new") == devices.shown("a2") == TEXT
    assert "".join(frame["text"] for frame in devices.frames["a2"]) == TEXT


def test_an_order_without_a_connection_is_told_to_all_there_are(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    told = audience(devices, connections, clock, asking="")
    told.show("x")
    told.look()
    told.finish("xy")
    told.close()
    assert set(devices.frames) == {"asker", "a2", "a3"}


def test_who_is_gone_is_deactivated_and_told_nothing_more(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    devices.faults["a2"] = [ConnectionGone()]
    told = audience(devices, connections, clock)
    told.look()
    tell(told, TEXT)
    told.finish(TEXT)
    told.close()
    assert len(devices.spans["a2"]) == 1
    assert [each.connection_id for each in connections.live(ANA, clock())] == ["a3", "asker"]
    assert devices.shown("asker") == TEXT


def test_who_is_still_connecting_is_tried_again(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    """Its row is written, but until `$connect` has returned API Gateway answers 410 for it."""
    connections.add(Connection(ANA, "new", "example.test", "prod", clock()))
    devices.faults["new"] = [ConnectionGone(), ConnectionGone()]
    told = audience(devices, connections, clock)
    told.look()
    told.finish(TEXT)
    told.close()
    assert devices.shown("new") == TEXT
    assert "new" in {each.connection_id for each in connections.live(ANA, clock())}


@pytest.mark.parametrize("fault", [SendFailed(), ConnectionGone()], ids=repr)
def test_what_may_not_have_arrived_is_told_again_later_and_later(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock, fault: Exception
) -> None:
    connections.add(Connection(ANA, "new", "example.test", "prod", clock()))
    devices.faults["new"] = [fault] * 3
    told = audience(devices, connections, clock)
    told.look()
    told.finish(TEXT)
    told.close()
    assert devices.shown("new") == TEXT
    assert devices.offsets("new")[0] == 0
    spans = devices.spans["new"]
    pauses = [later[0] - earlier[1] for earlier, later in pairwise(spans)]
    assert [pause > wait for pause, wait in zip(pauses, (0.2, 0.4, 0.8), strict=True)] == [True] * 3


def test_who_has_no_right_to_it_any_more_is_told_nothing_more(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    """A token that has run out (docs/adr/0010-renewal.md), or a row that was deactivated."""
    until = clock().timestamp() + 5
    connections.add(Connection(ANA, "expiring", "example.test", "prod", START, until))
    told = audience(devices, connections, clock)
    told.look()
    told.show("before")
    while not (devices.shown("expiring") and devices.shown("a2")):
        time.sleep(0.001)
    clock.advance(seconds=5)
    connections.deactivate(ANA, "a2", clock())
    told.look()
    told.finish("before and after")
    told.close()
    assert devices.shown("expiring") == devices.shown("a2") == "before"
    assert devices.shown("asker") == "before and after"


def test_a_table_that_does_not_answer_takes_nobody_away(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    told = audience(devices, connections, clock)
    told.look()

    def down(*args: Any) -> Any:
        raise StoreUnavailable("down")

    connections.live = down  # type: ignore[assignment, method-assign]
    with pytest.raises(StoreUnavailable):
        told.look()
    told.finish(TEXT)
    told.close()
    assert devices.shown("a2") == devices.shown("a3") == TEXT


@pytest.mark.parametrize("blocked", [("a2",), ("asker",), ("a2", "a3")], ids=str)
def test_who_never_answers_holds_up_neither_the_others_nor_the_end(
    devices: Devices,
    connections: MemoryConnectionStore,
    clock: FakeClock,
    blocked: tuple[str, ...],
) -> None:
    for name in blocked:
        devices.blocked[name] = Event()
    told = audience(devices, connections, clock)
    told.look()
    begun = time.monotonic()
    tell(told, TEXT)
    assert time.monotonic() - begun < BLOCKED_SECONDS / 2, "nobody waits while it is told"
    begun = time.monotonic()
    told.finish(TEXT)
    told.close()
    assert time.monotonic() - begun < PATIENCE_SECONDS + BLOCKED_SECONDS / 2
    for name in {"asker", "a2", "a3"} - set(blocked):
        assert devices.shown(name) == TEXT


def test_who_was_slow_is_told_what_it_missed_in_one_frame(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    """Nothing is kept for it but its place."""
    devices.blocked["a2"] = Event()
    told = audience(devices, connections, clock)
    told.look()
    tell(told, TEXT)
    devices.blocked["a2"].set()
    told.finish(TEXT)
    told.close()
    assert devices.shown("a2") == TEXT
    assert len(devices.frames["a2"]) == 2
    assert len(devices.frames["a3"]) > 2


def test_nothing_is_told_once_it_is_closed(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    """A writer that has lost the turn: what waits in its queue goes nowhere."""
    told = audience(devices, connections, clock)
    for number in range(20):
        name = f"slow{number:02}"
        connections.add(Connection(ANA, name, "example.test", "prod", START))
        devices.blocked[name] = Event()
    told.look()
    told.show(TEXT)
    told.close()
    for each in devices.blocked.values():
        each.set()
    until(lambda: not threads())
    told_slow = [name for name in devices.frames if name.startswith("slow")]
    assert len(told_slow) <= PARALLEL_SENDS, "what was on its way"


def threads() -> list[threading.Thread]:
    """The threads of pools."""
    return [each for each in threading.enumerate() if each.name.startswith("ThreadPoolExecutor")]


def until(holds: Callable[[], bool]) -> None:
    """Wait until it does."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_no_thread_is_left_behind(
    devices: Devices, connections: MemoryConnectionStore, clock: FakeClock
) -> None:
    until(lambda: not threads())
    for _ in range(20):
        told = audience(devices, connections, clock)
        told.look()
        told.finish("x")
        told.close()
    until(lambda: not threads())
