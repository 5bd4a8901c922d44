"""Writes one reply of a bot that streams: invoked asynchronously, so free of API Gateway's limits.

Lambda invokes it again when it fails, and may invoke it twice for no reason: whoever holds the
turn's lease writes, and the others find nothing to do.
"""

import os
from datetime import timedelta
from functools import cache
from typing import Any

from bot.models import Failure, Status
from bot.replies.replying import Written
from bot.wire import splitting
from delivery.fan_out import Delivery
from delivery.starting import correlation_of, order_of
from handlers.incoming.time_left import Context, time_to_use
from handlers.observing import correlation
from handlers.observing.failures import log_failure
from handlers.observing.measures import measure, milliseconds_between
from handlers.setup import composition
from handlers.setup.apps import ReplyApp
from handlers.setup.settings import ReplySettings

MARGIN = timedelta(seconds=8)
"""Kept of the function's time to write the end of a reply and to tell it."""


@cache
def _app() -> ReplyApp:
    return composition.reply(ReplySettings.from_environment(os.environ))


def handler(event: dict[str, Any], context: Context) -> None:
    """Entry point. Raises where the reply could not be ended: Lambda invokes it again."""
    answer(_app(), event, context)


def answer(app: ReplyApp, event: dict[str, Any], context: Context) -> None:
    """Write the reply that the event orders."""
    correlation.begin(app.logger, correlation_of(event) or correlation.of_invocation(context))
    order = order_of(event)
    written = app.replying.write(order, app.clock() + time_to_use(context, MARGIN))
    if not written:
        app.logger.info("nothing to write")
        return
    delivery = Delivery()
    try:
        frames = splitting.turn_frames(order.key.conversation_id, written.turn)
        # Who asked too only if it may still be told: its credential may have run out meanwhile.
        delivery = app.fan_out.to_user(order.key.user_id, "", frames)
    except Exception as error:
        # The turn stands; whoever was not told finds it by `resume`.
        log_failure(app.logger, "told in part", error)
    _observe(app, written, delivery)


def _observe(app: ReplyApp, written: Written, delivery: Delivery) -> None:
    turn = written.turn
    app.logger.info(
        "replied",
        extra={
            "status": turn.status,
            "failure": turn.failure or "none",
            "reason": written.reason,
            "attempt": turn.attempt,
            "reached": delivery.reached,
            "gone": delivery.gone,
            "failed": delivery.failed,
        },
    )
    measure(app.metrics, _measured(written, delivery))


def _measured(written: Written, delivery: Delivery) -> dict[str, float]:
    turn = written.turn
    over_budget = turn.failure is Failure.OVER_BUDGET
    measured: dict[str, float] = {
        "Replies": 1,
        "RepliesDone": int(turn.status is Status.DONE),
        "RepliesStopped": int(turn.status is Status.STOPPED),
        "RepliesFailed": int(turn.status is Status.FAILED and not over_budget),
        "RepliesOverBudget": int(over_budget),
        "ConnectionsReached": delivery.reached,
        "ConnectionsGone": delivery.gone,
        "SendsFailed": delivery.failed,
    }
    if turn.completed_at:
        measured["TurnTime"] = milliseconds_between(turn.created_at, turn.completed_at)
    if written.spoke_at:
        measured["FirstWordTime"] = milliseconds_between(turn.created_at, written.spoke_at)
    if turn.usage:
        measured["InputTokens"] = turn.usage.input_tokens
        measured["OutputTokens"] = turn.usage.output_tokens
    return measured


composition.ready_early(_app)
