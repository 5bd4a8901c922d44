"""`$connect`'s REQUEST authorizer: finds out who is connecting. Never fails: it refuses."""

import os
from functools import cache
from typing import Any

from auth import policy
from auth.principal import Refused
from handlers import composition, events
from handlers.composition import AuthorizerApp
from handlers.failures import log_failure
from handlers.settings import AuthorizerSettings


@cache
def _app() -> AuthorizerApp:
    return composition.authorizer(AuthorizerSettings.from_environment(os.environ))


def handler(event: events.Event, context: object) -> dict[str, Any]:
    """Entry point."""
    return answer(_app(), event)


def answer(app: AuthorizerApp, event: events.Event) -> dict[str, Any]:
    """Allow or deny the connection."""
    method_arn = event["methodArn"]
    try:
        principal = app.door.admit(events.handshake(event))
    except Refused as refused:
        app.logger.info("refused", extra={"reason": str(refused)})
        app.metrics.add_metric("Refused", "Count", 1)
        return policy.deny(method_arn)
    except Exception as error:
        # Whatever a stranger sends, the door stays shut rather than broken.
        log_failure(app.logger, "refused", error)
        app.metrics.add_metric("Refused", "Count", 1)
        return policy.deny(method_arn)
    else:
        app.logger.info("admitted", extra={"kind": principal.kind})
        app.metrics.add_metric("Admitted", "Count", 1)
        return policy.allow(principal, method_arn)
    finally:
        app.metrics.flush_metrics()


composition.ready_early(_app)
