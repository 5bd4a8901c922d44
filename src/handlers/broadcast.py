"""Takes broadcasts step by step, from a queue: each step pushes to some users and leaves the next.

It may be killed anywhere: the step comes again, and changes nothing for whoever has the message.
"""

import os
from functools import cache
from typing import Any

from bot.errors import Busy, ParleyError, StoreUnavailable
from bot.push import broadcasts
from bot.push.broadcasting import Taken
from delivery.broadcast_queues import GROUP
from handlers.observing import correlation
from handlers.observing.failures import log_failure
from handlers.observing.measures import measure
from handlers.setup import composition
from handlers.setup.apps import BroadcastApp
from handlers.setup.settings import BroadcastSettings

LONGEST_ABSENCE_SECONDS = 30

Record = dict[str, Any]


@cache
def _app() -> BroadcastApp:
    return composition.broadcast(BroadcastSettings.from_environment(os.environ))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entry point. Names the steps that have to come again."""
    return answer(_app(), event, context)


def answer(app: BroadcastApp, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take the steps in their order; where one has to come again, so have those behind it."""
    correlation.begin(app.logger, correlation.of_invocation(context))
    records: list[Record] = event["Records"]
    for number, record in enumerate(records):
        try:
            _take(app, record)
        except (Busy, StoreUnavailable) as error:
            log_failure(app.logger, "step given back", error)
            return _give_back(app, records[number:])
    return {"batchItemFailures": []}


def _take(app: BroadcastApp, record: Record) -> None:
    """Take a step, or put it aside with the reason where that will never be possible."""
    try:
        step = broadcasts.read(record["body"])
        taken = app.broadcasting.take(step)
    except (Busy, StoreUnavailable):
        raise
    except ParleyError as fault:
        _bury(app, record, f"{fault.code}: {fault}", fault.code)
    except Exception as error:
        log_failure(app.logger, "step failed", error)
        _bury(app, record, f"unexpected: {type(error).__name__}", "unexpected")
    else:
        _observe(app, step.number, taken)


def _bury(app: BroadcastApp, record: Record, reason: str, code: str) -> None:
    app.steps.bury(record["body"], GROUP, record["messageId"], reason)
    app.logger.info("step refused", extra={"code": code})
    measure(app.metrics, {"BroadcastStepsRefused": 1})


def _give_back(app: BroadcastApp, records: list[Record]) -> dict[str, Any]:
    measure(app.metrics, {"BroadcastStepsGivenBack": len(records)})
    try:
        app.steps.come_again({record["receiptHandle"]: _absence(records[0]) for record in records})
    except StoreUnavailable as error:
        # They come again all the same, when the queue's own time is over.
        log_failure(app.logger, "given back late", error)
    return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in records]}


def _absence(record: Record) -> int:
    """Seconds until a step comes again: longer the more often it came."""
    received = int(record["attributes"]["ApproximateReceiveCount"])
    seconds: int = 2 ** min(received, 10)
    return min(seconds, LONGEST_ABSENCE_SECONDS)


def _observe(app: BroadcastApp, number: int, taken: Taken) -> None:
    facts = {"step": number, "users": taken.users, "fresh": taken.fresh}
    app.logger.info("step taken", extra={**facts, "finished": taken.finished})
    counts = {
        "BroadcastSteps": int(taken.fresh),
        "BroadcastStepsRepeated": int(not taken.fresh),
        "BroadcastUsers": taken.users,
        "BroadcastsFinished": int(taken.finished),
    }
    measure(app.metrics, counts)


composition.ready_early(_app)
