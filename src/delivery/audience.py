"""Showing a reply to a user's devices while it is being written.

Each device has its own place in the reply and at most one frame on its way, so what a slow one has
not been told yet goes into its next frame, however much that is: nothing is kept for it but its
place, and nobody waits for it.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

from bot.errors import ConnectionGone, SendFailed
from bot.limits import HANDSHAKE
from bot.models import Order, Spent, Turn
from bot.ports import ConnectionStore, FrameSender
from bot.wire import answers, splitting
from delivery.fan_out import deactivate

PARALLEL_SENDS = 8
BETWEEN_FRAMES_SECONDS = 0.05
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
PATIENCE_SECONDS = 2.0
"""How long the end of a reply waits for devices that are behind: its `turn` tells them all."""


class LiveAudience:
    """`bot.replies.replying.Audience`: the live connections of the user, who asked the first."""

    def __init__(
        self,
        sender: FrameSender,
        connections: ConnectionStore,
        clock: Callable[[], datetime],
        order: Order,
        turn: Turn,
    ) -> None:
        self._sender = sender
        self._connections = connections
        self._clock = clock
        self._user_id = order.key.user_id
        self._delta = splitting.DeltaCutter(
            order.key.conversation_id, turn.epoch, turn.seq, turn.attempt
        )
        self._pool = ThreadPoolExecutor(PARALLEL_SENDS)
        self._listeners = {order.connection_id: Listener()} if order.connection_id else {}

    def show(self, text: str) -> None:
        """See the port."""
        now = time.monotonic()
        for connection_id, listener in self._listeners.items():
            if listener.is_due(len(text), now):
                frame = self._delta.cut(text, listener.offset)
                listener.sending = self._pool.submit(self._send, connection_id, listener, frame)

    def look(self) -> Spent:
        """See the port."""
        now = self._clock()
        listening: dict[str, Listener] = {}
        present = self._connections.present(self._user_id, now)
        for connection in present.connections:
            known = self._listeners.get(connection.connection_id) or Listener()
            known.settled = now - connection.connected_at > HANDSHAKE
            listening[connection.connection_id] = known
        # Who is not there any more, or whose credential has run out, is told nothing more.
        self._listeners = listening
        return present.spent

    def finish(self, text: str) -> None:
        """See the port."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            self.show(text)
            sending = [each.sending for each in self._listeners.values() if each.is_busy]
            if not sending and all(each.is_told(len(text)) for each in self._listeners.values()):
                break
            wait([each for each in sending if each], timeout=BETWEEN_FRAMES_SECONDS)
            if not sending:
                time.sleep(BETWEEN_FRAMES_SECONDS)

    def close(self) -> None:
        """See the port."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _send(self, connection_id: str, listener: "Listener", frame: splitting.Delta) -> None:
        try:
            self._sender.send(connection_id, answers.encode(frame.frame))
        except ConnectionGone:
            # A row is written before its handshake ends, and until then API Gateway answers 410.
            listener.put_off()
            if listener.settled:
                listener.is_gone = True
                deactivate(self._connections, self._user_id, connection_id, self._clock())
        except SendFailed:
            # Whether it arrived is unknown, and the same again changes nothing.
            listener.put_off()
        else:
            listener.told(frame.end)


class Listener:
    """How far one device has been told."""

    def __init__(self) -> None:
        self.offset = 0
        self.is_gone = False
        self.settled = True
        self.sending: Future[None] | None = None
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether a frame is on its way."""
        return self.sending is not None and not self.sending.done()

    def is_told(self, length: int) -> bool:
        """Whether there is nothing more to tell."""
        return self.is_gone or self.offset >= length

    def is_due(self, length: int, now: float) -> bool:
        """Whether a frame may go out now."""
        return not self.is_told(length) and not self.is_busy and now >= self._not_before

    def told(self, offset: int) -> None:
        """A frame was handed over."""
        self.offset = offset
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = time.monotonic() + BETWEEN_FRAMES_SECONDS

    def put_off(self) -> None:
        """A frame was refused: try again later, and later still the next time."""
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
