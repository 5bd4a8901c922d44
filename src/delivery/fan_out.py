"""Which connections a frame goes to, and what becomes of those that are gone."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.errors import ConnectionGone, SendFailed, StoreUnavailable
from bot.limits import HANDSHAKE
from bot.models import Connection
from bot.ports import ConnectionStore, FrameSender
from bot.wire import answers
from bot.wire.answers import Frame

PARALLEL_SENDS = 8


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many connections took all their frames, were gone, or failed."""

    reached: int = 0
    gone: int = 0
    failed: int = 0

    def __add__(self, other: "Delivery") -> "Delivery":
        return Delivery(
            self.reached + other.reached, self.gone + other.gone, self.failed + other.failed
        )


@dataclass(frozen=True, slots=True)
class FanOut:
    """Sends frames to one connection, or to all that a user has."""

    sender: FrameSender
    connections: ConnectionStore
    clock: Callable[[], datetime]

    def to_connection(self, user_id: str, connection_id: str, frames: Sequence[Frame]) -> Delivery:
        """Send frames in order to one connection, which is deactivated if it is gone."""
        if not frames:
            return Delivery()
        return self._send(user_id, connection_id, [answers.encode(frame) for frame in frames])

    def to_user(self, user_id: str, first: str, frames: Sequence[Frame]) -> Delivery:
        """Send frames to all the user's live connections, to `first` before the others are read,
        where there is one.

        A slow connection does not hold up another.
        """
        if not frames:
            return Delivery()
        encoded = [answers.encode(frame) for frame in frames]
        delivery = self._send(user_id, first, encoded) if first else Delivery()
        now = self.clock()
        live = self.connections.live(user_id, now)
        others = [each for each in live if each.connection_id != first]
        if not others:
            return delivery

        def send(other: Connection) -> Delivery:
            # A row is written before its handshake ends, and until then API Gateway answers 410.
            settled = now - other.connected_at > HANDSHAKE
            return self._send(user_id, other.connection_id, encoded, may_be_gone=settled)

        with ThreadPoolExecutor(min(len(others), PARALLEL_SENDS)) as pool:
            return sum(pool.map(send, others), delivery)

    def close(self, connection_id: str) -> None:
        """Close a connection, if it is still there."""
        with suppress(ConnectionGone, SendFailed):
            self.sender.close(connection_id)

    def _send(
        self, user_id: str, connection_id: str, frames: Sequence[bytes], may_be_gone: bool = True
    ) -> Delivery:
        try:
            for frame in frames:
                self.sender.send(connection_id, frame)
        except ConnectionGone:
            if may_be_gone:
                deactivate(self.connections, user_id, connection_id, self.clock())
            return Delivery(gone=1)
        except SendFailed:
            # The client finds the gap by itself: the next turn, or its resume, shows it.
            return Delivery(failed=1)
        return Delivery(reached=1)


def deactivate(
    connections: ConnectionStore, user_id: str, connection_id: str, at: datetime
) -> None:
    """Mark a connection that is gone: best effort, for the next frame sent there finds it gone
    again, and its row expires."""
    with suppress(StoreUnavailable):
        connections.deactivate(user_id, connection_id, at)
