"""`$connect`: writes the connection's row before the handshake ends, so that no turn misses it."""

import os
from functools import cache
from typing import Any

from bot.errors import StoreUnavailable
from handlers.incoming import events
from handlers.observing import correlation
from handlers.observing.failures import log_failure
from handlers.observing.measures import measure
from handlers.setup import composition
from handlers.setup.apps import ConnectionApp
from handlers.setup.settings import ConnectionSettings


@cache
def _app() -> ConnectionApp:
    return composition.connection(ConnectionSettings.from_environment(os.environ))


def handler(event: events.Event, context: object) -> dict[str, Any]:
    """Entry point."""
    return answer(_app(), event)


def answer(app: ConnectionApp, event: events.Event) -> dict[str, Any]:
    """Accept the connection with one of the subprotocols offered, or refuse it."""
    correlation.begin(app.logger, correlation.of_request(event))
    user_id = events.user_id(event)
    if user_id is None:
        app.logger.error("refused", extra={"reason": "no authorizer in front"})
        return {"statusCode": 401}
    try:
        app.connections.add(events.connection(event, user_id, app.clock()))
    except StoreUnavailable as error:
        log_failure(app.logger, "not connected", error)
        measure(app.metrics, {"ConnectsFailed": 1})
        return {"statusCode": 503}
    app.logger.info("connected", extra={"connection_id": events.connection_id(event)})
    measure(app.metrics, {"Connected": 1, "ConnectsFailed": 0})
    subprotocol = events.handshake(event).answered_subprotocol
    headers = {"Sec-WebSocket-Protocol": subprotocol} if subprotocol else {}
    return {"statusCode": 200, "headers": headers}


composition.ready_early(_app)
