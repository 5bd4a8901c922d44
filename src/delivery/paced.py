"""Asking @connections only so often a second: the rate is the account's, and the chats need it."""

from collections.abc import Callable
from threading import Lock

from bot.connections.ports import Gatekeeper


class Paced:
    """`bot.connections.ports.Gatekeeper` that asks another, at most `rate` times a second.

    That is for all threads together. `clock` counts seconds.
    """

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        rate: int,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._gatekeeper = gatekeeper
        self._distance = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._lock = Lock()

    def is_open(self, connection_id: str) -> bool:
        """See the port."""
        self._wait()
        return self._gatekeeper.is_open(connection_id)

    def close(self, connection_id: str) -> None:
        """See the port."""
        self._wait()
        self._gatekeeper.close(connection_id)

    def _wait(self) -> None:
        with self._lock:
            now = self._clock()
            turn = max(self._next, now)
            self._next = turn + self._distance
        if turn > now:
            self._sleep(turn - now)
