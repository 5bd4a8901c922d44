"""Close codes and reasons: on the wire, and as ``$disconnect`` is told them."""

from dataclasses import dataclass

from local_gateway.assumptions import Assumptions
from local_gateway.websocket.frames import IDLE_SECONDS, LIFETIME_SECONDS


@dataclass(frozen=True)
class Close:
    """A close code with its reason."""

    code: int
    reason: str = ""


GOING_AWAY = Close(1001, "Going away")
UNSUPPORTED = Close(1003, "")
BAD_TEXT = Close(1007, "")
DELETED = Close(1000, "Connection Closed Normally")
LOST = Close(1006, "")
NO_STATUS = Close(1005, "Client-side close frame status not set")


def told(close: Close) -> Close:
    """Return how ``$disconnect`` hears of a close that the client sent."""
    if close.code == NO_STATUS.code:
        return NO_STATUS
    # Captured: a client's own 1001 arrives without its reason.
    return Close(close.code, "") if close.code == GOING_AWAY.code else close


def due(
    connected_at: float, last_active: float, now: float, assumptions: Assumptions
) -> Close | None:
    """Return the close that age or idleness demands by ``now``, if any."""
    if now - connected_at >= LIFETIME_SECONDS:
        return Close(assumptions.lifetime_code, GOING_AWAY.reason)
    if now - last_active >= IDLE_SECONDS:
        return GOING_AWAY
    return None
