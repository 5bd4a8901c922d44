"""The events that functions receive: one builder for each kind.

Key for key what was captured from API Gateway; a key that is absent here is absent there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_gateway.websocket.api import WebSocketApi
from local_gateway.websocket.handshake import (
    Handshake,
    all_values,
    last_values,
    without_hop_by_hop,
)

Event = dict[str, Any]


@dataclass(frozen=True)
class ConnectionFacts:
    """What stays the same for as long as a connection lives."""

    connection_id: str
    connected_at: float
    handshake: Handshake
    authorizer: Mapping[str, str] = field(default_factory=dict)


def authorizer_event(
    api: WebSocketApi, facts: ConnectionFacts, request_id: str, now: float
) -> Event:
    """Build the REQUEST authorizer's event; every map is there, empty or not."""
    handshake = facts.handshake
    return {
        "type": "REQUEST",
        "methodArn": api.arn("$connect"),
        "headers": last_values(handshake.headers),
        "multiValueHeaders": all_values(handshake.headers),
        "queryStringParameters": last_values(handshake.query),
        "multiValueQueryStringParameters": all_values(handshake.query),
        "stageVariables": dict(api.stage_variables),
        "requestContext": _context(api, facts, request_id, now, "$connect", "CONNECT"),
    }


def connect_event(api: WebSocketApi, facts: ConnectionFacts, request_id: str, now: float) -> Event:
    """Build the CONNECT event; the query maps are there only where there is a query."""
    handshake = facts.handshake
    headers = without_hop_by_hop(handshake.headers)
    event: Event = {
        "headers": last_values(headers),
        "multiValueHeaders": all_values(headers),
        "requestContext": _context(api, facts, request_id, now, "$connect", "CONNECT"),
        "isBase64Encoded": False,
    }
    if handshake.query:
        event["queryStringParameters"] = last_values(handshake.query)
        event["multiValueQueryStringParameters"] = all_values(handshake.query)
    return _with_authorizer(_with_stage_variables(event, api), facts)


def message_event(
    api: WebSocketApi,
    facts: ConnectionFacts,
    request_id: str,
    now: float,
    *,
    route_key: str,
    message_id: str,
    body: str,
    authorizer: bool = True,
) -> Event:
    """Build the MESSAGE event: no headers and no query, whatever the handshake had."""
    context = _context(api, facts, request_id, now, route_key, "MESSAGE")
    context["messageId"] = message_id
    event = {"requestContext": context, "body": body, "isBase64Encoded": False}
    event = _with_stage_variables(event, api)
    return _with_authorizer(event, facts) if authorizer else event


def disconnect_event(
    api: WebSocketApi,
    facts: ConnectionFacts,
    request_id: str,
    now: float,
    *,
    code: int,
    reason: str,
    authorizer: bool = True,
) -> Event:
    """Build the DISCONNECT event with its four fixed headers."""
    context = _context(api, facts, request_id, now, "$disconnect", "DISCONNECT")
    context["disconnectStatusCode"] = code
    context["disconnectReason"] = reason
    headers = {
        "Host": api.domain_name,
        "x-api-key": "",
        "X-Forwarded-For": "",
        "x-restapi": "",
    }
    event: Event = {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": context,
        "isBase64Encoded": False,
    }
    event = _with_stage_variables(event, api)
    return _with_authorizer(event, facts) if authorizer else event


def _context(
    api: WebSocketApi,
    facts: ConnectionFacts,
    request_id: str,
    now: float,
    route_key: str,
    event_type: str,
) -> dict[str, Any]:
    identity = {"sourceIp": facts.handshake.source_ip}
    if facts.handshake.user_agent is not None:
        identity["userAgent"] = facts.handshake.user_agent
    return {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "messageDirection": "IN",
        "stage": api.stage,
        "connectedAt": _milliseconds(facts.connected_at),
        "requestTimeEpoch": _milliseconds(now),
        "identity": identity,
        "requestId": request_id,
        "domainName": api.domain_name,
        "connectionId": facts.connection_id,
        "apiId": api.api_id,
    }


def _with_authorizer(event: Event, facts: ConnectionFacts) -> Event:
    if facts.authorizer:
        event["requestContext"]["authorizer"] = dict(facts.authorizer)
    return event


def _with_stage_variables(event: Event, api: WebSocketApi) -> Event:
    if api.stage_variables:
        event["stageVariables"] = dict(api.stage_variables)
    return event


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
