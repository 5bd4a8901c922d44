"""Everything that can go wrong around the functions, at random and counted (row 39)."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from threading import Lock
from typing import Any

from bot.errors import ConnectionGone, SendFailed, StoreUnavailable
from bot.models import Connection
from bot.ports import ConversationStore
from store.memory.connections import MemoryConnectionStore
from tests.support.clock import START
from tests.support.stores import WRITES, Killed, Wrapped

SPEED = 10
"""How much faster time goes than it does: leases run out and functions are retried sooner."""


def fast_clock() -> Callable[[], datetime]:
    """A clock that runs, to the millisecond."""
    began = time.monotonic()

    def now() -> datetime:
        passed = int((time.monotonic() - began) * SPEED * 1_000)
        return START + timedelta(milliseconds=passed)

    return now


class Storm:
    """Says what goes wrong next, and counts it. It is over when `calm`."""

    def __init__(self, seed: int) -> None:
        self.calm = False
        self.faults = 0
        self._chance = Random(seed)
        self._lock = Lock()

    def strikes(self, share: float) -> bool:
        """Whether a fault of that likelihood happens now."""
        with self._lock:
            struck = not self.calm and self._chance.random() < share
            self.faults += struck
            return struck

    def delay(self, seconds: float) -> float:
        """A random while of at most that many seconds of the world's time."""
        with self._lock:
            return 0 if self.calm else self._chance.uniform(0, seconds) / SPEED


class StormyTable(Wrapped):
    """A function's conversations: requests fail before or after they are applied, or are slow, and
    the function may be killed before or after each, with a likelihood of `deadly`. One for each
    function: the dead call nothing."""

    def __init__(self, store: ConversationStore, storm: Storm, deadly: float) -> None:
        super().__init__(store)
        self._storm = storm
        self._deadly = deadly
        self._dead = False

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """See above."""
        self._die()
        if self._storm.strikes(0.02):
            raise StoreUnavailable("throttled")
        if self._storm.strikes(0.05):
            time.sleep(self._storm.delay(0.3))
        found = call()
        self._die()
        if name in WRITES and self._storm.strikes(0.02):
            raise StoreUnavailable("the reply was lost")
        return found

    def _die(self) -> None:
        self._dead = self._dead or self._storm.strikes(self._deadly)
        if self._dead:
            raise Killed


class StormyConnections(MemoryConnectionStore):
    """Rows that cannot be read or written for a moment, and an index that lags."""

    def __init__(self, storm: Storm) -> None:
        super().__init__()
        self._storm = storm

    def add(self, connection: Connection) -> None:
        """See the port."""
        self._fail()
        super().add(connection)
        self._fail()

    def deactivate(self, user_id: str, connection_id: str, at: datetime) -> None:
        """See the port."""
        self._fail()
        super().deactivate(user_id, connection_id, at)

    def live(self, user_id: str, now: datetime) -> tuple[Connection, ...]:
        """See the port."""
        self._fail()
        return super().live(user_id, now)

    def user_of(self, connection_id: str) -> str | None:
        """See the port."""
        return None if self._storm.strikes(0.2) else super().user_of(connection_id)

    def _fail(self) -> None:
        if self._storm.strikes(0.02):
            raise StoreUnavailable("throttled")


class StormySender:
    """@connections: frames arrive, arrive twice, get lost though the answer was 200, or arrive
    though it was not; who is closed is gone, mostly."""

    def __init__(self, storm: Storm, inboxes: dict[str, Callable[[bytes], object]]) -> None:
        self._storm = storm
        self._inboxes = inboxes

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        if self._storm.strikes(0.03):
            time.sleep(self._storm.delay(1))
        inbox = self._inboxes.get(connection_id)
        if inbox is None:
            if self._storm.strikes(0.2):
                return  # the other end is gone, and nobody has noticed yet
            raise ConnectionGone
        if self._storm.strikes(0.02):
            return
        if self._storm.strikes(0.02):
            raise SendFailed("LimitExceededException")
        inbox(frame)
        if self._storm.strikes(0.03):
            inbox(frame)
        if self._storm.strikes(0.02):
            raise SendFailed("InternalServerError")

    def close(self, connection_id: str) -> None:
        """See the port."""
        self._inboxes.pop(connection_id, None)
