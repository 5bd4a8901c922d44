"""Moving a conversation to another user, however long, while others may still try to write to it.

Its log is sealed first, and the seal says where to: decided once, under an id that nobody knows
before it is told. Then the turns are copied, with all that they are. Every batch is written on
condition that the seal still says `moved`, so that whoever was paused on the way can write nothing
once the move is over, and revives nothing that its new owner has deleted since. One more such
write ends the move: it turns the seal into a deletion's and notes the conversation in the new
owner's list (docs/adr/0009-adopting-a-guest.md). Every step may be done twice, by several functions
at once.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import Busy
from bot.models import Conversation, ConversationKey, Status, Turn
from bot.ports import ConversationStore
from bot.titles import describe
from bot.turn_log.log import Log
from bot.turn_log.tail import MARKS

STEP = 99
"""Turns read and written at a time: with the condition on the seal, as many items as one
transaction takes. What one read brings (1 MB) stays far below a transaction's 4 MB.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"""

MAX_RACES = 20
"""Times that others may get in one write's way."""


class Moving:
    """Carries sealed logs to where their seals say."""

    def __init__(
        self,
        store: ConversationStore,
        log: Log,
        retention: timedelta,
        clock: Callable[[], datetime],
        pause: Callable[[int], None],
    ) -> None:
        self._store = store
        self._log = log
        self._retention = retention
        self._clock = clock
        self._pause = pause

    def go_on(self, key: ConversationKey, seal: Turn, until: datetime) -> bool:
        """Copy what lies before the seal, until then; whether nothing is left to be moved.

        Raises Busy where others are at the same all the time.
        """
        to = seal.moved_to
        if seal.status is not Status.MOVED or to is None:
            return True
        page = self._store.newest(to, 1)
        # A mark says that the new owner was erased meanwhile: what had been copied is gone.
        after = page.turns[0].seq if page.turns and page.turns[0].status not in MARKS else 0
        while self._clock() < until:
            page = self._log.following(key, after, STEP)
            turns = [turn for turn in self._log.live(page.turns, seal.epoch) if turn.seq < seal.seq]
            if turns and not self._copy(key, seal, turns):
                return True
            if page.exhausted or page.turns[-1].seq >= seal.seq:
                self._hand_over(key, seal, to)
                return True
            after = page.turns[-1].seq
        return False

    def _copy(self, key: ConversationKey, seal: Turn, turns: list[Turn]) -> bool:
        return self._insist(lambda: self._store.copy(key, seal, turns))

    def _hand_over(self, key: ConversationKey, seal: Turn, to: ConversationKey) -> None:
        conversation = self._describe(key, seal, to)
        expires_at = int((self._clock() + self._retention).timestamp())
        self._insist(lambda: self._store.hand_over(key, seal, conversation, expires_at))

    def _describe(
        self, key: ConversationKey, seal: Turn, to: ConversationKey
    ) -> Conversation | None:
        """What the list will say of it: what it said, or would have; None where all has expired."""
        first = self._store.following(to, 0, 1).turns
        if not first:
            return None
        kept = self._store.conversation(key)
        if kept and kept.epoch == seal.epoch:
            # What was a fork is whole now: its first turns were copied with the others.
            return replace(kept, conversation_id=to.conversation_id, fork_of="", fork_at=0)
        return describe(to, first[0])

    def _insist(self, write: Callable[[], bool]) -> bool:
        for races in range(MAX_RACES):
            try:
                return write()
            except Busy:
                self._pause(races)
        raise Busy("This conversation is being moved.")
