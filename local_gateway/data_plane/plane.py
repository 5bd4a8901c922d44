"""The data plane of one stage of one WebSocket API.

A socket adapter opens connections here, hands over what arrives and offers a Link to send through;
functions are reached through an Invoke. Tests drive this class directly.
"""

import os
from dataclasses import dataclass, field

from local_gateway.assumptions import Assumptions
from local_gateway.clock import Clock, SystemClock
from local_gateway.data_plane.connection import Connection
from local_gateway.data_plane.disconnecting import run_disconnect
from local_gateway.data_plane.invocations import Invocations, Invoke
from local_gateway.data_plane.messages import run_message, send_error
from local_gateway.data_plane.opening import Opened, Refused, open_connection
from local_gateway.data_plane.stage import Stage
from local_gateway.faults import Faults
from local_gateway.websocket import closing, frames
from local_gateway.websocket.api import WebSocketApi
from local_gateway.websocket.closing import Close
from local_gateway.websocket.handshake import Handshake
from local_gateway.websocket.ids import RandomBytes
from local_gateway.websocket.throttle import TokenBucket


@dataclass
class DataPlane:
    """All connections of the stage, from the handshake to ``$disconnect``."""

    api: WebSocketApi
    invoke: Invoke
    clock: Clock = field(default_factory=SystemClock)
    faults: Faults = field(default_factory=Faults)
    assumptions: Assumptions = field(default_factory=Assumptions)
    random_bytes: RandomBytes = os.urandom

    def __post_init__(self) -> None:
        self.connections: dict[str, Connection] = {}
        self.invocations = Invocations(self.invoke)
        self._stage = Stage(
            self.api,
            self.invocations,
            self.clock,
            self.faults,
            self.assumptions,
            self.random_bytes,
        )
        now = self.clock.now()
        self._new_connections = TokenBucket(self.api.connections, now)
        self._messages = TokenBucket(self.api.messages, now)

    # What the sockets tell

    async def open(self, handshake: Handshake) -> Opened | Refused:
        """Decide a handshake; from here on a connection that was opened is there."""
        if not self._new_connections.admit(self.clock.now()):
            return Refused(429)
        outcome = await open_connection(self._stage, handshake)
        if isinstance(outcome, Opened):
            self.connections[outcome.connection.id] = outcome.connection
        return outcome

    def received(self, connection: Connection, text: str) -> None:
        """Take a client's message: it is invoked at once, beside those still running."""
        now = self.clock.now()
        connection.last_active = now
        if not self._messages.admit(now):
            send_error(self._stage, connection, frames.TOO_MANY_REQUESTS, self._stage.new_id())
            return
        plan = self.faults.for_message()
        for copy in range(plan.copies):
            work = run_message(self._stage, connection, text, plan, answers=copy == 0)
            self.invocations.spawn(work)

    def pinged(self, connection: Connection) -> None:
        """Take note of a client's ping."""
        if self.assumptions.pings_reset_idle:
            connection.last_active = self.clock.now()

    def closed(self, connection: Connection, close: Close) -> None:
        """Take note that the socket is gone; ``$disconnect`` follows, best effort.

        ``close`` is what the client sent, or 1006; it yields to the gateway's own reason.
        """
        if self.connections.pop(connection.id, None) is None:
            return
        connection.link = None
        work = run_disconnect(self._stage, connection, connection.closed_as or close)
        self.invocations.spawn(work)

    def unreachable(self, connection: Connection) -> bool:
        """Tell whether the client's network is gone without anybody having noticed (a fault)."""
        return connection.unreachable(self.clock.now())

    # Closing from this side

    def close(self, connection: Connection, close: Close) -> None:
        """Close from this side; the first reason given is the one that ``$disconnect`` hears."""
        connection.closed_as = connection.closed_as or close
        if connection.link is not None:
            connection.link.close(closing.LOST if self.unreachable(connection) else close)

    def sweep(self) -> None:
        """Close what idled or lived too long, and what lost its network; call it now and then."""
        now = self.clock.now()
        for connection in list(self.connections.values()):
            facts = connection.facts
            close = closing.due(facts.connected_at, connection.last_active, now, self.assumptions)
            if close and connection.closed_as is None:
                self.close(connection, close)

    # The management API

    def look_up(self, connection_id: str) -> Connection | None:
        """Return the live connection of that id."""
        connection = self.connections.get(connection_id)
        return connection if connection and connection.closed_as is None else None

    def post(self, connection_id: str, text: str) -> int:
        """Send to a client; return the status: 200, 410 or 429. 200 promises no delivery."""
        connection = self.look_up(connection_id)
        if connection is None or connection.link is None:
            return 410
        if self.unreachable(connection):
            return 200
        if not connection.link.send(text):
            return 429
        connection.last_active = self.clock.now()
        return 200

    def delete(self, connection_id: str) -> int:
        """Close a client's connection; return the status: 204 or 410."""
        connection = self.look_up(connection_id)
        if connection is None:
            return 410
        self.close(connection, closing.DELETED)
        return 204
