"""Clears away the rows of connections that have ended. A schedule invokes it, asynchronously.

It may be killed, or invoked twice at once: the next run goes on with what is left.
"""

import os
from datetime import timedelta
from functools import cache
from typing import Any

from handlers.incoming.time_left import Context, time_to_use
from handlers.observing import correlation
from handlers.observing.measures import measure
from handlers.setup import composition
from handlers.setup.apps import CleanerApp
from handlers.setup.settings import CleanerSettings

MARGIN = timedelta(seconds=30)
"""Kept of the function's time for what is under way when the time is up, retries included."""


@cache
def _app() -> CleanerApp:
    return composition.cleaner(CleanerSettings.from_environment(os.environ))


def handler(event: dict[str, Any], context: Context) -> None:
    """Entry point. Raises where the list of rows cannot be read: the run counts as failed."""
    answer(_app(), context)


def answer(app: CleanerApp, context: Context) -> None:
    """Clean for as long as there is time."""
    correlation.begin(app.logger, correlation.of_invocation(context))
    cleaned = app.cleaning.run(app.clock() + time_to_use(context, MARGIN))
    app.logger.info(
        "cleaned",
        extra={
            "reaped": cleaned.reaped,
            "closed": cleaned.closed,
            "confirmed": cleaned.confirmed,
            "unclear": cleaned.unclear,
            "finished": cleaned.finished,
        },
    )
    counts = {
        "ConnectionsReaped": cleaned.reaped,
        "ConnectionsClosed": cleaned.closed,
        "ConnectionsConfirmed": cleaned.confirmed,
        "ConnectionsUnclear": cleaned.unclear,
        "CleaningsUnfinished": int(not cleaned.finished),
    }
    measure(app.metrics, counts)


composition.ready_early(_app)
