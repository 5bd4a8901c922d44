"""Erasures, as an operator runs them: again and again, until nothing is left to be done."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.user_data.erasing import Erased, Erasure, assemble
from bot.user_data.holdings import START, Held, Kind, Place
from bot.user_data.ports import Holdings
from delivery.memory import MemorySender
from store.memory.connections import MemoryConnectionStore
from store.memory.holdings import MemoryHoldings
from tests.support.clock import Ids
from tests.support.turns import ANA
from tests.support.workers import RETENTION, no_pause

AT_EASE = timedelta(hours=1)
MOST_RUNS = 50
_ids = Ids("eraser")


class House:
    """What is kept of users in memory, and who erases it. `store` may be any wrapper of its own."""

    def __init__(self, store: Any, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.clock = clock
        self.connections = MemoryConnectionStore()
        self.sender = MemorySender()
        self.holdings = MemoryHoldings(self.connections, store)

    def erasure(self, store: Any = None, holdings: Holdings | None = None) -> Erasure:
        """An operator's function."""
        return assemble(
            store=store or self.store,
            connections=self.connections,
            holdings=holdings or self.holdings,
            sender=self.sender,
            retention=RETENTION,
            clock=self.clock,
            new_id=_ids,
            pause=no_pause,
        )

    def erase(
        self,
        user: str = ANA,
        since: datetime | None = None,
        cursor: str | None = None,
        **how: Any,
    ) -> Erased:
        """Run once."""
        now = self.clock()
        return self.erasure(**how).run(user, since or now, now + AT_EASE, cursor)

    def erase_all(self, user: str = ANA, since: datetime | None = None) -> Counter[Kind]:
        """Run until it is done; what was removed."""
        since = since or self.clock()
        removed: Counter[Kind] = Counter()
        cursor = None
        for _ in range(MOST_RUNS):
            erased = self.erase(user, since, cursor)
            cursor = erased.cursor
            removed += erased.removed
            if erased.finished:
                return removed
        raise AssertionError("it never ends")

    def things(self, user: str = ANA) -> list[Held]:
        """All that is kept."""
        return all_things(self.holdings, user)

    def kinds(self, user: str = ANA) -> Counter[Kind]:
        """How much of each kind."""
        return Counter(each.kind for each in self.things(user))


def all_things(holdings: Holdings, user: str, limit: int = 7) -> list[Held]:
    """All that is kept, in several reads."""
    things: list[Held] = []
    place: Place | None = START
    while place:
        shown = holdings.behind(user, place, limit)
        things += shown.things
        place = shown.following
    return things
