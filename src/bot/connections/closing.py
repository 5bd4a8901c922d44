"""Closing the connections that a user has open."""

from dataclasses import dataclass
from datetime import datetime

from bot.errors import ConnectionGone, SendFailed
from bot.limits import HANDSHAKE
from bot.ports import ConnectionStore, FrameSender


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many connections were closed, were gone already, may still be opening, or failed."""

    closed: int = 0
    gone: int = 0
    opening: int = 0
    failed: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether none is left."""
        return not self.opening and not self.failed

    def __str__(self) -> str:
        said = f"{self.closed} closed, {self.gone} gone already"
        if self.opening:
            said += f", {self.opening} perhaps still opening: try again in a minute"
        if self.failed:
            said += f", {len(self.failed)} not closed ({', '.join(sorted(set(self.failed)))})"
        return said


def disconnect(
    user_id: str,
    connections: ConnectionStore,
    sender: FrameSender,
    now: datetime,
    before: datetime | None = None,
) -> Outcome:
    """Close all that a user has open, and mark the rows inactive of what is closed.

    Where `before` is given, only what was opened until then.

    What could not be closed keeps its row, so that a second run finds it. Raises StoreUnavailable.
    """
    closed = gone = opening = 0
    failed: list[str] = []
    for connection in connections.active(user_id):
        if before and connection.connected_at > before:
            continue
        try:
            sender.close(connection.connection_id)
            closed += 1
        except ConnectionGone:
            # A row is written before its handshake ends, and until then API Gateway answers 410.
            if now - connection.connected_at <= HANDSHAKE:
                opening += 1
                continue
            gone += 1
        except SendFailed as error:
            failed.append(str(error))
            continue
        connections.deactivate(user_id, connection.connection_id, now)
    return Outcome(closed, gone, opening, tuple(failed))
