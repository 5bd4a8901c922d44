"""A client's message: its route, its function, and the error frame where either fails."""

import asyncio
from collections.abc import Mapping
from typing import Any

from local_gateway.data_plane.connection import Connection
from local_gateway.data_plane.stage import Stage
from local_gateway.errors import FunctionFailed
from local_gateway.faults import MessagePlan
from local_gateway.websocket import frames, routing
from local_gateway.websocket.events import message_event
from local_gateway.websocket.policy import MalformedPolicy, allows


async def run_message(
    stage: Stage, connection: Connection, text: str, plan: MessagePlan, *, answers: bool = True
) -> None:
    """Run a message's function; send the client what went wrong, where this copy ``answers``."""
    connection.in_flight += 1
    try:
        if plan.delay:
            await asyncio.sleep(plan.delay)
        request_id = stage.new_id()
        problem = await _problem(stage, connection, text, request_id, plan)
        if problem and answers:
            send_error(stage, connection, problem, request_id)
    finally:
        connection.in_flight -= 1


def send_error(stage: Stage, connection: Connection, message: str, request_id: str) -> None:
    """Send API Gateway's own error frame, if the client can still be reached."""
    if connection.link is not None and not connection.unreachable(stage.now()):
        connection.link.send(frames.error_frame(message, connection.id, request_id))


async def _problem(
    stage: Stage, connection: Connection, text: str, request_id: str, plan: MessagePlan
) -> str | None:
    key = routing.select(stage.api.route_selection, text, stage.api.routes)
    if key is None or not _policy_allows(stage, connection, key):
        return frames.FORBIDDEN
    if plan.fail:
        return frames.INTERNAL_SERVER_ERROR
    event = message_event(
        stage.api,
        connection.facts,
        request_id,
        stage.now(),
        route_key=key,
        message_id=stage.new_id(),
        body=text,
        authorizer=stage.assumptions.authorizer_on_message,
    )
    try:
        result = await stage.invocations.result(stage.api.routes[key], event)
    except FunctionFailed:
        return frames.INTERNAL_SERVER_ERROR
    except TimeoutError:
        return frames.TIMED_OUT
    return frames.INTERNAL_SERVER_ERROR if plan.fail_after or _unusable(stage, result) else None


def _policy_allows(stage: Stage, connection: Connection, route_key: str) -> bool:
    if not stage.assumptions.policy_per_message or connection.policy is None:
        return True
    try:
        return allows(connection.policy, stage.api.arn(route_key))
    except MalformedPolicy:
        return False


def _unusable(stage: Stage, result: Any) -> bool:
    status = result.get("statusCode") if isinstance(result, Mapping) else None
    if not isinstance(status, int):
        return True
    return stage.assumptions.message_status_matters and not 200 <= status <= 299
