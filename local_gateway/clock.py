"""Time as a parameter."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives the present time."""

    def now(self) -> float:
        """Return seconds since the epoch."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()


class ManualClock:
    """A clock that stands still until told to move on; for tests."""

    def __init__(self, start: float = 1_731_324_924.553) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds``."""
        self._now += seconds


def iso8601(seconds: float) -> str:
    """Return the time as the management API writes it: UTC with milliseconds and ``Z``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
