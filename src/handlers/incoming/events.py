"""What the functions need of API Gateway's events.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from auth.handshake import Handshake
from auth.principal import Kind, is_signed_in
from bot.models import Caller, Connection

Event = Mapping[str, Any]


def handshake(event: Event) -> Handshake:
    """The request that opens a connection. Names of headers come in any case."""
    single, several = event.get("headers") or {}, event.get("multiValueHeaders") or {}
    headers = {name.lower(): value for name, value in single.items() if isinstance(value, str)}
    for name, values in several.items():
        # One that was sent several times means all of them (RFC 9110, section 5.3). `headers` has
        # the last alone: of two origins the one that is listed would hide the other.
        if isinstance(values, list) and len(values) > 1:
            headers[name.lower()] = ", ".join(map(str, values))
    return Handshake(headers, query=event.get("queryStringParameters") or {})


def connection_id(event: Event) -> str:
    """The connection that the event is about."""
    return str(event["requestContext"]["connectionId"])


def user_id(event: Event) -> str | None:
    """Who the authorizer said is on it; None where the event does not carry it."""
    found = (event["requestContext"].get("authorizer") or {}).get("userId")
    return str(found) if found else None


def received_at(event: Event) -> datetime | None:
    """When API Gateway was given the request; None where the event does not say."""
    return _moment(event["requestContext"].get("requestTimeEpoch"))


def body(event: Event) -> str:
    """What a client sent; empty where the event brings no text."""
    found = event.get("body")
    return found if isinstance(found, str) else ""


def caller(event: Event, user: str) -> Caller:
    """Who sent a frame, and until when they may by the authorizer's word."""
    until = authorized_until(event) if user_id(event) else 0
    return Caller(user, until, connection_id(event), is_signed_in(user))


def authorized_until(event: Event) -> float | None:
    """When the credential runs out, by the authorizer's word: None for a guest's, which never
    does, 0 where the event does not say.
    """
    context = event["requestContext"].get("authorizer") or {}
    said: Any = context.get("expiresAt")
    if said is None and context.get("kind") == Kind.GUEST:
        return None
    try:
        moment = float(said)
    except (TypeError, ValueError, OverflowError):
        return 0
    return moment if isfinite(moment) else 0


def connection(event: Event, user: str, now: datetime) -> Connection:
    """The connection as its row keeps it. Emulators leave out what API Gateway always says: when it
    was made is then when it was asked for, or else `now`.
    """
    context = event["requestContext"]
    return Connection(
        user_id=user,
        connection_id=connection_id(event),
        domain_name=str(context.get("domainName") or ""),
        stage=str(context.get("stage") or ""),
        connected_at=_moment(context.get("connectedAt")) or received_at(event) or now,
        authorized_until=authorized_until(event),
    )


def _moment(milliseconds: Any) -> datetime | None:
    """The moment of an epoch in milliseconds; None where it is none."""
    try:
        return datetime.fromtimestamp(float(milliseconds) / 1000, UTC) if milliseconds else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None
