"""API Gateway's WebSocket events, in the shapes that were captured from AWS."""

import json
from datetime import datetime
from typing import Any

from auth.principal import is_signed_in
from tests.support.clock import START

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/$connect"
EVER = "253402300799"
"""When a signed-in user's token runs out, unless a test says otherwise."""

GUEST = "7f1c0d52-8a3e-4b6f-9c1d-0123456789ab"


def _context(route: str, kind: str, connection: str, user: str | None) -> dict[str, Any]:
    now = int(START.timestamp() * 1000)
    context: dict[str, Any] = {
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": "BGwD1EHAIAMFUnA=",
        "requestTime": "01/Mar/2026:12:00:00 +0000",
        "messageDirection": "IN",
        "stage": "prod",
        "connectedAt": now,
        "requestTimeEpoch": now,
        "identity": {"sourceIp": "192.0.2.1", "userAgent": "Mozilla/5.0"},
        "requestId": "BGwD1EHAIAMFUnA=",
        "domainName": "abcdef1234.execute-api.us-east-1.amazonaws.com",
        "connectionId": connection,
        "apiId": "abcdef1234",
    }
    if user is not None:
        said = {"principalId": user, "userId": user, "kind": user.partition(":")[0]}
        context["authorizer"] = {**said, "expiresAt": EVER} if is_signed_in(user) else said
    return context


def _request(headers: dict[str, str], query: dict[str, str] | None) -> dict[str, Any]:
    request: dict[str, Any] = {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }
    if query is not None:
        request["queryStringParameters"] = query
        request["multiValueQueryStringParameters"] = {k: [v] for k, v in query.items()}
    return request


def authorizer(
    headers: dict[str, str] | None = None, query: dict[str, str] | None = None
) -> dict[str, Any]:
    """What the REQUEST authorizer is given."""
    return {
        "type": "REQUEST",
        "methodArn": ARN,
        **_request(
            {"Host": "example.test", "Upgrade": "websocket", **(headers or {})}, query or {}
        ),
        "stageVariables": {},
        "requestContext": _context("$connect", "CONNECT", "c1=", None),
    }


def connect(
    connection: str = "c1=",
    user: str | None = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    at: datetime = START,
    **context: Any,
) -> dict[str, Any]:
    """What `$connect` is given. Without a query there is no map of it."""
    about = _context("$connect", "CONNECT", connection, user)
    about.get("authorizer", {}).update(context)
    about["connectedAt"] = int(at.timestamp() * 1000)
    return {
        **_request({"Host": "example.test", **(headers or {})}, query),
        "requestContext": about,
        "isBase64Encoded": False,
    }


def message(
    body: str | dict[str, Any], connection: str = "c1=", user: str | None = None, **context: Any
) -> dict[str, Any]:
    """What a frame's route is given: no headers, no query."""
    text = body if isinstance(body, str) else json.dumps(body)
    about = _context("$default", "MESSAGE", connection, user)
    about["messageId"] = "BGwD1cSqIAMCKTQ="
    about.get("authorizer", {}).update(context)
    return {"requestContext": about, "body": text, "isBase64Encoded": False}


def disconnect(connection: str = "c1=", user: str | None = None) -> dict[str, Any]:
    """What `$disconnect` is given."""
    about = _context("$disconnect", "DISCONNECT", connection, user)
    about |= {
        "disconnectStatusCode": 1005,
        "disconnectReason": "Client-side close frame status not set",
    }
    headers = {"Host": "example.test", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    return {**_request(headers, None), "requestContext": about, "isBase64Encoded": False}
