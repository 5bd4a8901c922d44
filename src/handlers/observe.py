"""What is logged and measured of a client's frame: facts, never a token or a user's text."""

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.chat import Answer
from bot.errors import InternalError, TokenRefused
from delivery.fan_out import Delivery
from handlers.failures import log_failure


def frame_answered(
    logger: Logger, metrics: Metrics, connection_id: str, reply: Answer, delivery: Delivery
) -> None:
    """Log and measure the outcome of one client frame."""
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
    counts = {
        "Frames": 1,
        "Turns": int(reply.turn_made),
        "RacesLost": reply.races,
        "Errors": int(fault is not None),
        "ConnectionsGone": delivery.gone,
        "SendsFailed": delivery.failed,
    }
    for name, count in counts.items():
        metrics.add_metric(name, "Count", count)
    metrics.flush_metrics()
