"""What a user may cost: turns a minute and tokens a day, in all conversations together.

Values in, values out. A token bucket of turns, and the tokens of the day, in UTC. What has begun is
finished: a budget says who may begin.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.models import Spent

NAMES_KEPT = 16
"""What was counted last, by name: as much of it as a write that comes again could be behind."""


class OverBudget(Exception):
    """The user has used up what they may; `limit` says of what."""

    def __init__(self, limit: str) -> None:
        super().__init__("this user's budget is used up")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Budget:
    """What each user may use; 0 is no limit."""

    turns_per_minute: int = 0
    tokens_per_day: int = 0

    @property
    def limits(self) -> bool:
        """Whether there is any limit at all."""
        return self.turns_per_minute > 0 or self.tokens_per_day > 0

    def begun(self, spent: Spent, name: str, now: datetime) -> Spent:
        """What is used once the turn of that name has begun; the same where it had already.

        Raises OverBudget.
        """
        if name in spent.counted:
            return spent
        if 0 < self.tokens_per_day <= spent.tokens_on(now):
            raise OverBudget("tokens a day")
        if not self.turns_per_minute:
            return spent
        level = self._level(spent, now)
        if level < 1:
            raise OverBudget("turns a minute")
        return replace(
            spent,
            allowance=round(level - 1, 3),
            # Clocks differ: what another function's has given is not given again.
            counted_at=max(now.timestamp(), spent.counted_at),
            counted=_with(spent, name),
        )

    def charged(self, spent: Spent, name: str, tokens: int, now: datetime) -> Spent:
        """What is used with so many tokens more; the same where they were counted already."""
        if not self.tokens_per_day or not tokens or name in spent.counted:
            return spent
        return replace(
            spent,
            day=now.date().isoformat(),
            tokens=spent.tokens_on(now) + tokens,
            counted=_with(spent, name),
        )

    def _level(self, spent: Spent, now: datetime) -> float:
        minutes = max(now.timestamp() - spent.counted_at, 0) / 60
        return min(self.turns_per_minute, spent.allowance + minutes * self.turns_per_minute)


def _with(spent: Spent, name: str) -> tuple[str, ...]:
    return (*spent.counted, name)[-NAMES_KEPT:]
