"""How fast a conversation may go: a token bucket whose level rests in the newest turn.

So the limit holds across all functions and costs no I/O of its own.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.errors import RateLimited
from bot.models import Turn


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` turns at once for a rested conversation, then `per_minute`."""

    per_minute: int
    burst: int

    def spend(self, newest: Turn | None, now: datetime) -> float:
        """The allowance left after one more turn.

        Raises RateLimited with the milliseconds until there is one.
        """
        allowance = self._level(newest, now)
        if allowance < 1:
            wait = (1 - allowance) * 60_000 / self.per_minute
            raise RateLimited("This conversation goes too fast.", retry_after_ms=int(wait) + 1)
        return round(allowance - 1, 3)

    def carried(self, newest: Turn | None, now: datetime) -> float:
        """The allowance after a turn that spends nothing of it."""
        return round(self._level(newest, now), 3)

    def _level(self, newest: Turn | None, now: datetime) -> float:
        if newest is None:
            return self.burst
        minutes = max((now - newest.created_at).total_seconds(), 0) / 60
        return min(self.burst, newest.allowance + minutes * self.per_minute)
