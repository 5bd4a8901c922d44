"""The data plane: connections, invocations and answers, without a socket in sight.

A socket adapter opens connections here, hands over what arrives and offers a Link to send through;
functions are reached through an Invoke. Tests drive this class directly.
"""

import asyncio
import logging
import os
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from local_gateway.api import MAX_INTEGRATION_SECONDS, WebSocketApi
from local_gateway.assumptions import Assumptions
from local_gateway.clock import Clock, SystemClock
from local_gateway.errors import FunctionFailed
from local_gateway.faults import Faults, MessagePlan
from local_gateway.websocket import closing, events, frames, routing
from local_gateway.websocket.authorizing import Verdict, identity_missing, judge, judge_failure
from local_gateway.websocket.closing import Close
from local_gateway.websocket.connecting import UNHANDLED, ConnectAnswer, answer_of
from local_gateway.websocket.events import ConnectionFacts, Event
from local_gateway.websocket.handshake import Handshake
from local_gateway.websocket.ids import RandomBytes, new_id
from local_gateway.websocket.policy import MalformedPolicy, allows
from local_gateway.websocket.throttle import TokenBucket

log = logging.getLogger("local_gateway")


class Invoke(Protocol):
    """Runs functions; owned by the data plane, served by the function pools."""

    async def __call__(self, function: str, event: Event) -> Any:
        """Return what the function returned; raise FunctionFailed where it gave no result."""


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


@dataclass(frozen=True)
class Refused:
    """The handshake ends with this status."""

    status: int


@dataclass(frozen=True)
class Opened:
    """The handshake may end with 101 and this subprotocol."""

    connection: Connection
    subprotocol: str | None


@dataclass
class DataPlane:
    """One stage of one WebSocket API."""

    api: WebSocketApi
    invoke: Invoke
    clock: Clock = field(default_factory=SystemClock)
    faults: Faults = field(default_factory=Faults)
    assumptions: Assumptions = field(default_factory=Assumptions)
    random_bytes: RandomBytes = os.urandom

    def __post_init__(self) -> None:
        self.connections: dict[str, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        now = self.clock.now()
        self._new_connections = TokenBucket(self.api.connections, now)
        self._messages = TokenBucket(self.api.messages, now)

    # The handshake

    async def open(self, handshake: Handshake) -> Opened | Refused:
        """Authorize and run ``$connect``; the connection exists only once that has returned."""
        now = self.clock.now()
        if not self._new_connections.admit(now):
            return Refused(429)
        facts = ConnectionFacts(self._new_id(), now, handshake)
        verdict = await self._authorize(facts)
        if verdict.status != 200:
            return Refused(verdict.status)
        facts = ConnectionFacts(facts.connection_id, now, handshake, verdict.context)
        answer = await self._connect(facts)
        if not answer.accepted:
            return Refused(answer.status)
        connection = Connection(facts, self.clock.now(), verdict.policy)
        after = self.faults.half_open_after()
        connection.half_open_at = None if after is None else now + after
        self.connections[connection.id] = connection
        return Opened(connection, answer.subprotocol)

    async def _authorize(self, facts: ConnectionFacts) -> Verdict:
        authorizer = self.api.authorizer
        if authorizer is None:
            return Verdict(200, {})
        event = events.authorizer_event(self.api, facts, self._new_id(), self.clock.now())
        if identity_missing(self.api, facts.handshake, event):
            return Verdict(401, {})
        try:
            result = await self._integration(authorizer.function, event, authorizer.timeout)
        except FunctionFailed as failure:
            return judge_failure(failure.reason)
        except TimeoutError:
            return Verdict(500, {})
        return judge(result, event["methodArn"])

    async def _connect(self, facts: ConnectionFacts) -> ConnectAnswer:
        route = self.api.routes.get("$connect")
        if route is None:
            return ConnectAnswer(101)
        event = events.connect_event(self.api, facts, self._new_id(), self.clock.now())
        try:
            result = await self._integration(route.function, event, route.timeout)
        except FunctionFailed:
            return ConnectAnswer(UNHANDLED)
        except TimeoutError:
            return ConnectAnswer(self.assumptions.connect_timeout_status)
        return answer_of(result, self.assumptions.missing_connect_status)

    # Messages

    def unreachable(self, connection: Connection) -> bool:
        """Tell whether the client's network is gone without anybody having noticed (a fault)."""
        return connection.half_open_at is not None and self.clock.now() >= connection.half_open_at

    def received(self, connection: Connection, text: str) -> None:
        """Take a client's message: it is invoked at once, beside those still running."""
        now = self.clock.now()
        connection.last_active = now
        if not self._messages.admit(now):
            self._send_error(connection, frames.TOO_MANY_REQUESTS, self._new_id())
            return
        plan = self.faults.for_message()
        for copy in range(plan.copies):
            self._spawn(self._message(connection, text, plan, answers=copy == 0))

    async def _message(
        self, connection: Connection, text: str, plan: MessagePlan, *, answers: bool
    ) -> None:
        connection.in_flight += 1
        try:
            if plan.delay:
                await asyncio.sleep(plan.delay)
            request_id = self._new_id()
            problem = await self._run_message(connection, text, request_id, plan)
            if problem and answers:
                self._send_error(connection, problem, request_id)
        finally:
            connection.in_flight -= 1

    async def _run_message(
        self, connection: Connection, text: str, request_id: str, plan: MessagePlan
    ) -> str | None:
        key = routing.select(self.api.route_selection, text, self.api.routes)
        if key is None or not self._policy_allows(connection, key):
            return frames.FORBIDDEN
        if plan.fail:
            return frames.INTERNAL_SERVER_ERROR
        route = self.api.routes[key]
        event = events.message_event(
            self.api,
            connection.facts,
            request_id,
            self.clock.now(),
            route_key=key,
            message_id=self._new_id(),
            body=text,
            authorizer=self.assumptions.authorizer_on_message,
        )
        try:
            result = await self._integration(route.function, event, route.timeout)
        except FunctionFailed:
            return frames.INTERNAL_SERVER_ERROR
        except TimeoutError:
            return frames.TIMED_OUT
        return frames.INTERNAL_SERVER_ERROR if plan.fail_after or self._bad(result) else None

    def _bad(self, result: Any) -> bool:
        status = result.get("statusCode") if isinstance(result, Mapping) else None
        if not isinstance(status, int):
            return True
        return self.assumptions.message_status_matters and not 200 <= status <= 299

    def _policy_allows(self, connection: Connection, route_key: str) -> bool:
        if not self.assumptions.policy_per_message or connection.policy is None:
            return True
        try:
            return allows(connection.policy, self.api.arn(route_key))
        except MalformedPolicy:
            return False

    def pinged(self, connection: Connection) -> None:
        """Take note of a client's ping."""
        if self.assumptions.pings_reset_idle:
            connection.last_active = self.clock.now()

    # The end of a connection

    def closed(self, connection: Connection, close: Close) -> None:
        """Take note that the socket is gone; ``$disconnect`` follows, best effort.

        ``close`` is what the client sent, or 1006; it yields to the gateway's own reason.
        """
        if self.connections.pop(connection.id, None) is None:
            return
        connection.link = None
        self._spawn(self._disconnect(connection, connection.closed_as or close))

    async def _disconnect(self, connection: Connection, close: Close) -> None:
        route = self.api.routes.get("$disconnect")
        plan = self.faults.for_disconnect()
        if route is None:
            return
        if plan.delay:
            await asyncio.sleep(plan.delay)
        event = events.disconnect_event(
            self.api,
            connection.facts,
            self._new_id(),
            self.clock.now(),
            code=self.assumptions.lost_code if close.code == 1006 else close.code,
            reason=close.reason,
            authorizer=self.assumptions.authorizer_on_disconnect,
        )
        runs = [self._integration(route.function, event, route.timeout) for _ in range(plan.copies)]
        await asyncio.gather(*runs, return_exceptions=True)

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

    def post(self, connection_id: str, text: str) -> int:
        """Send to a client; return the status: 200, 410 or 429. 200 promises no delivery."""
        connection = self._live(connection_id)
        if connection is None or connection.link is None:
            return 410
        if self.unreachable(connection):
            return 200
        if not connection.link.send(text):
            return 429
        connection.last_active = self.clock.now()
        return 200

    def look_up(self, connection_id: str) -> Connection | None:
        """Return the live connection of that id."""
        return self._live(connection_id)

    def delete(self, connection_id: str) -> int:
        """Close a client's connection; return the status: 204 or 410."""
        connection = self._live(connection_id)
        if connection is None:
            return 410
        self.close(connection, closing.DELETED)
        return 204

    def _live(self, connection_id: str) -> Connection | None:
        connection = self.connections.get(connection_id)
        return connection if connection and connection.closed_as is None else None

    # Shared

    async def _integration(self, function: str, event: Event, timeout: float) -> Any:
        """Invoke and wait at most ``timeout``; the function goes on running past that."""
        task = asyncio.ensure_future(self.invoke(function, event))
        self._keep(task)
        done, _ = await asyncio.wait({task}, timeout=min(timeout, MAX_INTEGRATION_SECONDS))
        if not done:
            raise TimeoutError
        return task.result()

    def _send_error(self, connection: Connection, message: str, request_id: str) -> None:
        if connection.link is not None and not self.unreachable(connection):
            connection.link.send(frames.error_frame(message, connection.id, request_id))

    def _new_id(self) -> str:
        return new_id(self.random_bytes)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(asyncio.ensure_future(work))

    def _keep(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is not None and not isinstance(failure, FunctionFailed):
            log.error("unexpected %s: %s", type(failure).__name__, failure)

    @property
    def busy(self) -> bool:
        """Whether any invocation is running or waiting to."""
        return bool(self._tasks)

    async def settle(self, seconds: float) -> None:
        """Wait up to ``seconds`` for running invocations, then give the rest up."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
