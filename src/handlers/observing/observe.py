"""What is logged and measured of a client's frame: facts, never a token or a user's text."""

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.chat import Answer
from bot.errors import InternalError, TokenRefused
from bot.wire.frames import DeleteFrame
from delivery.fan_out import Delivery
from handlers.observing.failures import log_failure
from handlers.observing.measures import measure


def frame_answered(
    logger: Logger,
    metrics: Metrics,
    connection_id: str,
    reply: Answer,
    delivery: Delivery,
    milliseconds: float | None,
) -> None:
    """Log and measure the outcome of one client frame, and how long it took if that is known."""
    fault = reply.fault
    logger.info(
        "answered",
        extra={
            "action": reply.action,
            "code": fault.code if fault else "ok",
            "connection_id": connection_id,
            "races": reply.races,
            "reached": delivery.reached,
            "gone": delivery.gone,
            "failed": delivery.failed,
            **({"reason": fault.reason} if isinstance(fault, TokenRefused) else {}),
        },
    )
    if isinstance(fault, InternalError):
        log_failure(logger, "frame failed", fault)
    measure(metrics, {**_counts(reply, delivery), **_rare(reply, milliseconds)})


def _counts(reply: Answer, delivery: Delivery) -> dict[str, float]:
    """What is measured of every frame, zeros too: so the average of a count is a rate."""
    return {
        "Frames": 1,
        "Errors": int(reply.fault is not None),
        "FramesFailed": int(isinstance(reply.fault, InternalError)),
        "Turns": int(reply.turn_made),
        "RacesLost": reply.races,
        "ConnectionsReached": delivery.reached,
        "ConnectionsGone": delivery.gone,
        "SendsFailed": delivery.failed,
    }


def _rare(reply: Answer, milliseconds: float | None) -> dict[str, float]:
    measured: dict[str, float] = {}
    # A reply that is written elsewhere is measured there, when it has ended.
    if milliseconds is not None and reply.turn_made and not reply.ordered:
        measured["TurnTime"] = milliseconds
    if reply.forked:
        measured["Forks"] = 1
    if reply.adopted:
        measured["ConversationsAdopted"] = reply.adopted
    if reply.action == DeleteFrame.action and not reply.fault:
        measured["ConversationsDeleted"] = 1
    return measured
