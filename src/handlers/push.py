"""Takes what backends push: from queues, streams and topics in batches, from EventBridge, and by
invocation. Each becomes a turn, once and in its source's order, and is told to whoever is there.
"""

import json
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from bot.errors import BadRequest, Busy, ParleyError, StoreUnavailable
from bot.push import pushes
from handlers.incoming import push_events
from handlers.incoming.push_events import Batch, Event, GivenBack, Record
from handlers.incoming.push_lanes import (
    MARGIN,
    PATIENCE_SECONDS,
    HasTime,
    Sleep,
    absences,
    patiently,
    work_off,
)
from handlers.incoming.push_telling import keep_and_tell
from handlers.incoming.time_left import Context, time_check
from handlers.observing import correlation
from handlers.observing.failures import log_failure
from handlers.observing.push_observe import Outcomes
from handlers.setup import composition
from handlers.setup.apps import PushApp
from handlers.setup.settings import PushSettings

UNEXPECTED = "unexpected"


class BatchGivenBack(Exception):
    """The whole batch has to come again: its source knows no other way to say so."""


@cache
def _app() -> PushApp:
    return composition.push(PushSettings.from_environment(os.environ))


def handler(event: Event, context: Context) -> dict[str, Any]:
    """Entry point. Raises where it was invoked directly and cannot push, and where all of a batch
    has to come again."""
    return answer(_app(), event, context)


def answer(
    app: PushApp, event: Event, context: Context, sleep: Sleep = time.sleep
) -> dict[str, Any]:
    """Take what an event brings, whichever source it is of."""
    correlation.begin(app.logger, correlation.of_invocation(context))
    outcomes = Outcomes()
    has_time = time_check(context, MARGIN)
    try:
        if not isinstance(event, dict):
            raise BadRequest(pushes.NO_OBJECT)
        batch = push_events.batch_of(event)
        if batch:
            return _take_batch(app, batch, outcomes, has_time, sleep)
        if push_events.is_of_event_bus(event):
            return _take_event(app, event, outcomes, has_time, sleep)
        return _take_invocation(app, event, outcomes, has_time, sleep)
    finally:
        outcomes.observe(app.logger, app.metrics)


def _take_batch(
    app: PushApp,
    batch: Batch,
    outcomes: Outcomes,
    has_time: HasTime,
    sleep: Sleep,
) -> dict[str, Any]:
    def push(record: Record) -> None:
        keep_and_tell(app, pushes.read(pushes.decode(record.body), record.position), outcomes)

    def take(record: Record) -> None:
        _or_bury(
            app,
            outcomes,
            lambda: push(record),
            lambda why: app.queues.bury(
                record.shown, record.group, record.unique_name, why, record.left_at
            ),
        )
        outcomes.lag(_since(app, record.sent_at))

    given_back = work_off(batch.records, take, has_time, sleep)
    outcomes.given_back(len(given_back))
    if given_back and batch.given_back is GivenBack.ALL:
        raise BatchGivenBack
    if given_back and batch.given_back is GivenBack.EACH:
        _let_come_again(app, given_back)
    return {"batchItemFailures": [{"itemIdentifier": record.name} for record in given_back]}


def _take_event(
    app: PushApp, event: Event, outcomes: Outcomes, has_time: HasTime, sleep: Sleep
) -> dict[str, Any]:
    detail: dict[str, Any] = event["detail"]

    def take() -> None:
        if detail.get("position") is not None:
            raise BadRequest("position: EventBridge keeps no order; an id tells one from another.")
        push = pushes.read(detail, message_id=event["id"])
        try:
            patiently(lambda: keep_and_tell(app, push, outcomes), PATIENCE_SECONDS, has_time, sleep)
        except Busy:
            # Lambda would come again three times at most; the queue waits for as long as it takes.
            waiting = json.dumps({**detail, "id": push.message_id})
            app.queues.put(waiting, push.key.user_id, event["id"])
            outcomes.given_back(1)

    _or_bury(
        app,
        outcomes,
        take,
        lambda reason: app.queues.bury(json.dumps(detail), "EventBridge", event["id"], reason),
    )
    sent_at = push_events.sent_at(event)
    if sent_at is not None:
        outcomes.lag(_since(app, sent_at))
    return {}


def _take_invocation(
    app: PushApp, event: Event, outcomes: Outcomes, has_time: HasTime, sleep: Sleep
) -> dict[str, Any]:
    push = pushes.read(event)
    told: dict[str, Any] = {}
    patiently(
        lambda: told.update(keep_and_tell(app, push, outcomes)),
        PATIENCE_SECONDS,
        has_time,
        sleep,
    )
    return told


def _or_bury(
    app: PushApp,
    outcomes: Outcomes,
    take: Callable[[], object],
    bury: Callable[[str], None],
) -> None:
    """Take it, or put it aside with the reason where that will never be possible."""
    try:
        take()
    except (Busy, StoreUnavailable):
        raise
    except ParleyError as fault:
        bury(f"{fault.code}: {fault}")
        outcomes.refused(fault.code)
    except Exception as error:
        log_failure(app.logger, "push failed", error)
        bury(f"{UNEXPECTED}: {type(error).__name__}")
        outcomes.refused(UNEXPECTED)


def _since(app: PushApp, milliseconds: float) -> float:
    return app.clock().timestamp() * 1000 - milliseconds


def _let_come_again(app: PushApp, given_back: list[Record]) -> None:
    try:
        app.queues.come_again(absences(given_back))
    except StoreUnavailable as error:
        # They come again all the same, when the queue's own time is over.
        log_failure(app.logger, "given back late", error)


composition.ready_early(_app)
