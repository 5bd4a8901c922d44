"""A connection while it is open, and the way to its client."""

from dataclasses import dataclass
from typing import Any, Protocol

from local_gateway.websocket.closing import Close
from local_gateway.websocket.events import ConnectionFacts


class Link(Protocol):
    """The way to one client."""

    def send(self, text: str) -> bool:
        """Queue a text message; False where the client's buffer is full."""

    def close(self, close: Close) -> None:
        """Start the closing handshake; at once where ``close`` is 1006."""


@dataclass(eq=False)
class Connection:
    """An open connection and what changes about it."""

    facts: ConnectionFacts
    last_active: float
    policy: Any = None
    half_open_at: float | None = None
    link: Link | None = None
    closed_as: Close | None = None
    in_flight: int = 0

    @property
    def id(self) -> str:
        return self.facts.connection_id

    def unreachable(self, now: float) -> bool:
        """Tell whether the client's network is gone without anybody having noticed (a fault)."""
        return self.half_open_at is not None and now >= self.half_open_at
