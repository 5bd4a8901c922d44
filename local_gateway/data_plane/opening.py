"""The handshake: the authorizer, then ``$connect``."""

from dataclasses import dataclass, replace

from local_gateway.data_plane.connection import Connection
from local_gateway.data_plane.stage import Stage
from local_gateway.errors import FunctionFailed
from local_gateway.websocket.authorizing import Verdict, identity_missing, judge, judge_failure
from local_gateway.websocket.connecting import UNHANDLED, ConnectAnswer, answer_of
from local_gateway.websocket.events import ConnectionFacts, authorizer_event, connect_event
from local_gateway.websocket.handshake import Handshake


@dataclass(frozen=True)
class Refused:
    """The handshake ends with this status."""

    status: int


@dataclass(frozen=True)
class Opened:
    """The handshake may end with 101 and this subprotocol."""

    connection: Connection
    subprotocol: str | None


async def open_connection(stage: Stage, handshake: Handshake) -> Opened | Refused:
    """Authorize and run ``$connect``; the connection exists only once that has returned."""
    opened_at = stage.now()
    facts = ConnectionFacts(stage.new_id(), opened_at, handshake)
    verdict = await _authorize(stage, facts)
    if verdict.status != 200:
        return Refused(verdict.status)
    facts = replace(facts, authorizer=verdict.context)
    answer = await _connect(stage, facts)
    if not answer.accepted:
        return Refused(answer.status)
    after = stage.faults.half_open_after()
    half_open_at = None if after is None else opened_at + after
    connection = Connection(facts, stage.now(), verdict.policy, half_open_at)
    return Opened(connection, answer.subprotocol)


async def _authorize(stage: Stage, facts: ConnectionFacts) -> Verdict:
    authorizer = stage.api.authorizer
    if authorizer is None:
        return Verdict(200, {})
    event = authorizer_event(stage.api, facts, stage.new_id(), stage.now())
    if identity_missing(stage.api, facts.handshake, event):
        return Verdict(401, {})
    try:
        result = await stage.invocations.result(authorizer, event)
    except FunctionFailed as failure:
        return judge_failure(failure.reason)
    except TimeoutError:
        return Verdict(500, {})
    return judge(result, event["methodArn"])


async def _connect(stage: Stage, facts: ConnectionFacts) -> ConnectAnswer:
    route = stage.api.routes.get("$connect")
    if route is None:
        return ConnectAnswer(101)
    event = connect_event(stage.api, facts, stage.new_id(), stage.now())
    try:
        result = await stage.invocations.result(route, event)
    except FunctionFailed:
        return ConnectAnswer(UNHANDLED)
    except TimeoutError:
        return ConnectAnswer(stage.assumptions.connect_timeout_status)
    return answer_of(result, stage.assumptions.missing_connect_status)
