"""Every route but `$connect` and `$disconnect`: one frame of a client in, its answer out.

The answer goes out by @connections alone. What the function returns reaches no one, and anything
but 200 may be shown to the client as API Gateway's own error.
"""

import os
from functools import cache
from typing import Any

from bot.chat import Answer
from bot.errors import ParleyError, StoreUnavailable
from delivery.fan_out import Delivery
from handlers.incoming import events
from handlers.observing import correlation, observe
from handlers.observing.failures import log_failure
from handlers.observing.measures import milliseconds_between
from handlers.setup import composition
from handlers.setup.apps import MessageApp
from handlers.setup.settings import MessageSettings


@cache
def _app() -> MessageApp:
    return composition.message(MessageSettings.from_environment(os.environ))


def handler(event: events.Event, context: object) -> dict[str, Any]:
    """Entry point."""
    return answer(_app(), event)


def answer(app: MessageApp, event: events.Event) -> dict[str, Any]:
    """Answer one frame, whatever happens."""
    correlation_id = correlation.of_request(event)
    correlation.begin(app.logger, correlation_id)
    connection_id = events.connection_id(event)
    body = events.body(event)
    user_id = ""
    try:
        user_id = _user_id(app, event)
        reply = app.chat.handle(events.caller(event, user_id), body)
    except ParleyError as fault:
        reply = Answer.of_fault(fault)
    except Exception as error:
        log_failure(app.logger, "failed", error)
        reply = app.chat.apologize(body)
    delivery = _deliver(app, user_id, connection_id, reply.traced(correlation_id))
    since = events.received_at(event)
    took = milliseconds_between(since, app.chat.clock()) if since else None
    observe.frame_answered(app.logger, app.metrics, connection_id, reply, delivery, took)
    return {"statusCode": 200}


def _user_id(app: MessageApp, event: events.Event) -> str:
    user_id = events.user_id(event) or app.connections.user_of(events.connection_id(event))
    if user_id is None:
        raise StoreUnavailable("This connection is not known yet.")
    return user_id


def _deliver(app: MessageApp, user_id: str, connection_id: str, reply: Answer) -> Delivery:
    """Send the answer; what fails on the way is not the client's error: the turn stands."""
    delivery = Delivery()
    try:
        delivery += app.fan_out.to_connection(user_id, connection_id, reply.to_caller)
        delivery += app.fan_out.to_user(user_id, connection_id, reply.to_user)
        if reply.afterwards:
            reply.afterwards()
        if reply.close:
            app.fan_out.close(connection_id)
    except Exception as error:
        log_failure(app.logger, "answered in part", error)
    return delivery


composition.ready_early(_app)
