"""An event on its way to a function, and what follows from how its attempts end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from local_gateway.functions.function import AsyncSettings

# Lambda's own: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRY_WAITS = (60.0, 120.0)

RETRIES_EXHAUSTED = "RetriesExhausted"
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
SUCCESS = "Success"


@dataclass(frozen=True)
class QueuedEvent:
    """One delivery of an event: ``body`` is its JSON, the times are seconds since the epoch.

    ``key`` tells deliveries of one request apart; ``failure`` is the answer of the last attempt.
    """

    key: str
    request_id: str
    function: str
    body: str
    accepted: float
    due: float
    attempts: int = 0
    failure: Mapping[str, Any] | None = None

    def failed(
        self, answer: Mapping[str, Any], now: float, waits: Sequence[float] = RETRY_WAITS
    ) -> "QueuedEvent":
        """Return it after an attempt that failed, due again after the wait that Lambda makes."""
        wait = waits[min(self.attempts, len(waits) - 1)]
        return replace(self, attempts=self.attempts + 1, due=now + wait, failure=answer)

    def wakes(self, settings: AsyncSettings) -> float:
        """Return when there is something to do for it: an attempt, or to give it up."""
        if self.attempts > settings.max_retries:
            return 0.0
        return min(self.due, self.accepted + settings.max_age)

    def given_up(self, settings: AsyncSettings, now: float) -> str | None:
        """Return why it is not tried again, in Lambda's words; None where it is."""
        if self.attempts > settings.max_retries:
            return RETRIES_EXHAUSTED
        if now >= self.accepted + settings.max_age:
            return EVENT_AGE_EXCEEDED
        return None
