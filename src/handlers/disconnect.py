"""`$disconnect`: marks that very connection inactive. It may come late, twice, or never."""

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
    """Deactivate the connection's own row."""
    correlation.begin(app.logger, correlation.of_request(event))
    connection_id = events.connection_id(event)
    code = event["requestContext"].get("disconnectStatusCode")
    try:
        user_id = events.user_id(event) or app.connections.user_of(connection_id)
        if user_id:
            app.connections.deactivate(user_id, connection_id, app.clock())
    except StoreUnavailable as error:
        # Harmless: the next frame sent there finds the connection gone, and the row expires.
        log_failure(app.logger, "row left active", error)
    app.logger.info("disconnected", extra={"connection_id": connection_id, "code": code})
    measure(app.metrics, {"Disconnected": 1})
    return {"statusCode": 200}


composition.ready_early(_app)
