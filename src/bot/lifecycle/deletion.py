"""Deleting a conversation, however long, while others may still be writing to it.

The log is sealed by the same conditional write that turns are made by, so a late writer loses. What
is sealed to be moved is copied then (moving.py), and forks get turns of their own (filling.py).
Then the turns go, oldest first. Turns so young that a function may still hold a tail from before
them stay as tombstones for a day: their place is taken, and only a new epoch may use it again
(docs/adr/0003-deletion.md). A young first turn becomes a seal of its own, which is lifted last: a
new epoch begins in its place. Every step may be done twice, by several functions at once.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.errors import NotFound
from bot.lifecycle.filling import Filling
from bot.lifecycle.moving import Moving
from bot.lifecycle.sealing import Sealing
from bot.models import ConversationKey, Status, Turn
from bot.ports import ConversationStore
from bot.turn_log.log import Log
from bot.turn_log.tail import MAX_AGE, Tail, is_root, is_seal, origin_of

PLACE_KEPT = MAX_AGE + timedelta(minutes=2)
"""Age under which a turn's place must stay taken: a tail's, two invocations, and clocks apart."""

TOMBSTONE_KEPT = timedelta(days=1)
STEP = 100
"""Turns read and removed at a time."""

BUDGET = timedelta(seconds=10)
"""How long one invocation goes on with what a seal has begun."""


def untold(turns: Sequence[Turn]) -> None:
    """Tell nobody what is cleared away."""


class Deletion:
    """Seals a log, and clears it away; `cleared` is told of every turn and root that went."""

    def __init__(
        self,
        store: ConversationStore,
        sealing: Sealing,
        moving: Moving,
        filling: Filling,
        clock: Callable[[], datetime],
        cleared: Callable[[Sequence[Turn]], object] = untold,
    ) -> None:
        self._store = store
        self._sealing = sealing
        self._moving = moving
        self._filling = filling
        self._clock = clock
        self._cleared = cleared

    @classmethod
    def on(
        cls,
        *,
        store: ConversationStore,
        log: Log,
        retention: timedelta,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        pause: Callable[[int], None],
        cleared: Callable[[Sequence[Turn]], object] = untold,
    ) -> "Deletion":
        """Put it together from its ports; `pause` waits a while after a lost race."""
        return cls(
            store,
            Sealing(store, log, clock, new_id),
            Moving(store, log, retention, clock, pause),
            Filling(store, log, clock, pause),
            clock,
            cleared,
        )

    def seal(self, key: ConversationKey) -> Turn:
        """End the log: from now on the conversation is not there any more.

        Raises NotFound where there is nothing to delete, Busy where too many others write.
        """
        tail = self.end(key)
        # What was moved away is not there to be deleted: to say so would be a lie.
        if tail.seal is None or tail.seal.moved_to:
            raise NotFound("There is no such conversation.")
        return tail.seal

    def end(self, key: ConversationKey) -> Tail:
        """End the log, if anything lives in it; its tail, with the seal that stands there then.

        Raises Busy where too many others write.
        """
        tail = self._sealing.seal(key)
        if tail.pending:
            # At once, before anyone is told: its writer would tell how it ended.
            self._clear([tail.pending], key)
        return tail

    def go_on(self, key: ConversationKey, seal: Turn, until: datetime | None = None) -> bool:
        """Move or clear away what lies before the seal, for a while; whether it is all done."""
        until = until or self._clock() + BUDGET
        if not self._moving.go_on(key, seal, until) or not self._filling.go_on(key, until):
            return False
        after = 0
        while self._clock() < until:
            page = self._store.following(key, after, STEP)
            if page.turns and is_root(page.turns[0]) and _belongs(page.turns[0], seal):
                self._uproot(key, page.turns[0])
                continue
            self._clear([turn for turn in page.turns if _belongs(turn, seal)], key)
            if page.exhausted or page.turns[-1].seq >= seal.seq:
                self._finish(key, seal)
                return True
            after = page.turns[-1].seq
        return False

    def _uproot(self, key: ConversationKey, root: Turn) -> None:
        """First of all and alone: nobody fills what has no root (filling.py)."""
        home = ConversationKey(key.user_id, origin_of(root).conversation_id)
        self._store.forget_fork(home, key)
        self._clear([root], key)

    def _clear(self, turns: list[Turn], key: ConversationKey) -> None:
        now = self._clock()
        young, old = _split(turns, lambda turn: now - turn.created_at < PLACE_KEPT)
        first, others = _split(young, lambda turn: turn.seq == 1)
        self._store.bury(key, first, None, _tombstone_expiry(now))
        self._store.bury(key, others, now, _tombstone_expiry(now))
        self._store.erase(key, old)
        self._cleared(turns)

    def _finish(self, key: ConversationKey, seal: Turn) -> None:
        now = self._clock()
        self._store.forget_conversation(key, seal.epoch)
        self._store.bury(key, [seal], now, _tombstone_expiry(now))
        first = self._store.turn(key, 1)
        if first and is_seal(first) and first.epoch <= seal.epoch:
            self._store.bury(key, [first], now, _tombstone_expiry(now))


def _belongs(turn: Turn, seal: Turn) -> bool:
    # Of earlier epochs there may be turns that have expired and are still there.
    cleared = turn.status is Status.DELETED
    return turn.epoch <= seal.epoch and turn.seq < seal.seq and not cleared


def _split(turns: list[Turn], wanted: Callable[[Turn], bool]) -> tuple[list[Turn], list[Turn]]:
    return [turn for turn in turns if wanted(turn)], [turn for turn in turns if not wanted(turn)]


def _tombstone_expiry(now: datetime) -> int:
    return int((now + TOMBSTONE_KEPT).timestamp())
