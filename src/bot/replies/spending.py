"""Holding users to a budget while their replies are written, in parallel conversations too.

A turn is counted before the model is asked, its tokens when it has ended: whoever begins meanwhile
finds the turn counted. Each is one write on condition that nobody else has counted since, and both
have names, so that neither is counted twice (docs/adr/0014-budget.md).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import StoreUnavailable
from bot.models import Spent, Usage
from bot.ports import ConnectionStore
from bot.replies.budget import Budget

MAX_RACES = 50
"""Replies of one user that may be counted between a read and a write."""

KEPT = timedelta(days=2)
"""Longer than anything that is counted matters."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Counts what replies cost their users, and lets no reply begin that is too much."""

    budget: Budget
    store: ConnectionStore
    clock: Callable[[], datetime]
    pause: Callable[[int], None]

    def begin(self, user_id: str, name: str, seen: Spent) -> Spent:
        """Count the turn of that name, where that was `seen` just now; what is used then.

        Raises OverBudget, and StoreUnavailable.
        """
        return self._keep(user_id, seen, lambda spent: self.budget.begun(spent, name, self.clock()))

    def charge(self, user_id: str, name: str, usage: Usage | None, known: Spent) -> None:
        """Count what the attempt of that name has cost, best effort: what is said is said."""
        tokens = usage.input_tokens + usage.output_tokens if usage else 0
        with suppress(StoreUnavailable):
            self._keep(
                user_id,
                known,
                lambda spent: self.budget.charged(spent, name, tokens, self.clock()),
            )

    def _keep(self, user_id: str, spent: Spent, counting: Callable[[Spent], Spent]) -> Spent:
        expires_at = int((self.clock() + KEPT).timestamp())
        for races in range(MAX_RACES):
            wanted = counting(spent)
            if wanted == spent:
                return spent
            found = self.store.spend(user_id, spent, wanted, expires_at)
            if found is None:
                return wanted
            if races:
                self.pause(races)
            spent = found
        raise StoreUnavailable("Too many replies at once.")
