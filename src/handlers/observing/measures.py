"""Everything that is measured, each with its unit; docs/operations.md says what each means.

Metrics go out as lines of the log (CloudWatch's embedded metric format), by one dimension: the
service, which is the stack's name. Each name costs by the month, so a new one must be worth it.
"""

from collections.abc import Mapping
from datetime import datetime

from aws_lambda_powertools.metrics import Metrics

COUNT, MILLISECONDS = "Count", "Milliseconds"

UNITS = {
    # Who comes and goes.
    "Admitted": COUNT,
    "Refused": COUNT,
    "RefusedExpired": COUNT,
    "RefusedOrigin": COUNT,
    "RefusedUnchecked": COUNT,
    "RefusedInError": COUNT,
    "Connected": COUNT,
    "ConnectsFailed": COUNT,
    "Disconnected": COUNT,
    # What is said.
    "Frames": COUNT,
    "Errors": COUNT,
    "FramesFailed": COUNT,
    "Turns": COUNT,
    "TurnTime": MILLISECONDS,
    "RacesLost": COUNT,
    "Forks": COUNT,
    "ConversationsAdopted": COUNT,
    "ConversationsDeleted": COUNT,
    # What is replied by a bot that streams.
    "Replies": COUNT,
    "RepliesDone": COUNT,
    "RepliesStopped": COUNT,
    "RepliesFailed": COUNT,
    "RepliesOverBudget": COUNT,
    "FirstWordTime": MILLISECONDS,
    "InputTokens": COUNT,
    "OutputTokens": COUNT,
    # What leaves.
    "ConnectionsReached": COUNT,
    "ConnectionsGone": COUNT,
    "SendsFailed": COUNT,
    # What is pushed.
    "Pushes": COUNT,
    "PushesRepeated": COUNT,
    "PushesEphemeral": COUNT,
    "PushesRefused": COUNT,
    "PushesGivenBack": COUNT,
    "PushLag": MILLISECONDS,
    # What goes to many.
    "BroadcastSteps": COUNT,
    "BroadcastStepsRepeated": COUNT,
    "BroadcastStepsRefused": COUNT,
    "BroadcastStepsGivenBack": COUNT,
    "BroadcastUsers": COUNT,
    "BroadcastsFinished": COUNT,
    # What is cleared away.
    "ConnectionsReaped": COUNT,
    "ConnectionsClosed": COUNT,
    "ConnectionsConfirmed": COUNT,
    "ConnectionsUnclear": COUNT,
    "CleaningsUnfinished": COUNT,
}


def measure(metrics: Metrics, values: Mapping[str, float]) -> None:
    """Give out what an invocation measured. Raises KeyError for what has no unit."""
    for name, value in values.items():
        metrics.add_metric(name, UNITS[name], value)
    if values:
        metrics.flush_metrics()


def milliseconds_between(earlier: datetime, later: datetime) -> float:
    """How long something took; the clocks of two functions may differ, so nothing at least."""
    return max(0.0, (later - earlier).total_seconds() * 1000)
