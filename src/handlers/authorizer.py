"""`$connect`'s REQUEST authorizer: finds out who is connecting. Never fails: it refuses."""

import os
from functools import cache
from typing import Any

from auth import policy
from auth.principal import Refused, RefusedExpired, RefusedOrigin, RefusedUnchecked
from handlers.incoming import events
from handlers.observing import correlation
from handlers.observing.failures import log_failure
from handlers.observing.measures import measure
from handlers.setup import composition
from handlers.setup.apps import AuthorizerApp
from handlers.setup.settings import AuthorizerSettings

COUNTED_APART = {
    RefusedExpired: "RefusedExpired",
    RefusedOrigin: "RefusedOrigin",
    RefusedUnchecked: "RefusedUnchecked",
}
"""Refusals that are no forgery; all others are alike: what was brought is no credential."""


@cache
def _app() -> AuthorizerApp:
    return composition.authorizer(AuthorizerSettings.from_environment(os.environ))


def handler(event: events.Event, context: object) -> dict[str, Any]:
    """Entry point."""
    return answer(_app(), event)


def answer(app: AuthorizerApp, event: events.Event) -> dict[str, Any]:
    """Allow or deny the connection."""
    correlation.begin(app.logger, correlation.of_request(event))
    method_arn = event["methodArn"]
    counted = {"Refused": 1}
    try:
        principal = app.door.admit(events.handshake(event))
    except Refused as refused:
        app.logger.info("refused", extra={"reason": str(refused)})
        if type(refused) in COUNTED_APART:
            counted[COUNTED_APART[type(refused)]] = 1
        return policy.deny(method_arn)
    except Exception as error:
        # Whatever a stranger sends, the door stays shut rather than broken.
        log_failure(app.logger, "refused", error)
        counted["RefusedInError"] = 1
        return policy.deny(method_arn)
    else:
        app.logger.info("admitted", extra={"kind": principal.kind})
        counted = {"Admitted": 1}
        return policy.allow(principal, method_arn)
    finally:
        measure(app.metrics, counted)


composition.ready_early(_app)
