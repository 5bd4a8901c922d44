"""What the functions need of API Gateway's events.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from auth.handshake import Handshake
from auth.principal import is_signed_in
from bot.models import Caller, Connection

Event = Mapping[str, Any]


def handshake(event: Event) -> Handshake:
    """The request that opens a connection. Names of headers come in any case."""
    headers = event.get("headers") or {}
    return Handshake(
        headers={name.lower(): value for name, value in headers.items()},
        query=event.get("queryStringParameters") or {},
    )


def connection_id(event: Event) -> str:
    """The connection that the event is about."""
    return str(event["requestContext"]["connectionId"])


def user_id(event: Event) -> str | None:
    """Who the authorizer said is on it; None where the event does not carry it."""
    found = (event["requestContext"].get("authorizer") or {}).get("userId")
    return str(found) if found else None


def caller(event: Event, user: str) -> Caller:
    """Who sent a frame, and until when it may."""
    expires_at = (event["requestContext"].get("authorizer") or {}).get("expiresAt")
    return Caller(user, float(expires_at) if expires_at else None, is_signed_in(user))


def connection(event: Event, user: str) -> Connection:
    """The connection as its row keeps it."""
    context = event["requestContext"]
    return Connection(
        user_id=user,
        connection_id=connection_id(event),
        domain_name=str(context["domainName"]),
        stage=str(context["stage"]),
        connected_at=datetime.fromtimestamp(context["connectedAt"] / 1000, UTC),
    )
