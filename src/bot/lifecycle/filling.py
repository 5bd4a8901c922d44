"""Giving forks turns of their own, before the conversation is deleted that they have them from.

The newest first, batch by batch: each batch is one transaction with a change of the fork's root,
which says of fewer turns then. So a fork is whole at every moment, whoever dies; and whatever
becomes of the fork meanwhile, nothing is written to it any more once its root is gone.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.errors import Busy
from bot.models import ConversationKey, Turn
from bot.ports import ConversationStore
from bot.turn_log.log import Log
from bot.turn_log.tail import is_root, origin_of

STEP = 98
"""Turns read and written at a time: with the root, within the 100 items of one transaction.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"""

MAX_RACES = 20
"""Times that others may get in one write's way."""


class Filling:
    """Fills forks."""

    def __init__(
        self,
        store: ConversationStore,
        log: Log,
        clock: Callable[[], datetime],
        pause: Callable[[int], None],
    ) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._pause = pause

    def go_on(self, key: ConversationKey, until: datetime) -> bool:
        """Fill all forks of a sealed log, until then; whether none needs it any more.

        Raises Busy where others are at the same all the time.
        """
        for conversation_id in self._store.forks(key):
            fork = ConversationKey(key.user_id, conversation_id)
            if not self._fill(key, fork, until):
                return False
            self._store.forget_fork(key, fork)
        return True

    def _fill(self, key: ConversationKey, fork: ConversationKey, until: datetime) -> bool:
        races = 0
        while root := self._root(key, fork):
            if self._clock() >= until:
                return False
            if not self._fill_on(key, fork, root):
                races += 1
                if races == MAX_RACES:
                    raise Busy("This conversation is being deleted or moved.")
                self._pause(races)
        return True

    def _root(self, key: ConversationKey, fork: ConversationKey) -> Turn | None:
        """The fork's root, if it still stands for turns of this log."""
        first = self._store.turn(fork, 1)
        if first is None or not is_root(first):
            return None
        origin = origin_of(first)
        return first if origin.seq and origin.conversation_id == key.conversation_id else None

    def _fill_on(self, key: ConversationKey, fork: ConversationKey, root: Turn) -> bool:
        origin = origin_of(root)
        page = self._log.preceding(key, origin.seq + 1, STEP)
        turns = [
            replace(turn, epoch=root.epoch) for turn in self._log.live(page.turns, origin.epoch)
        ]
        end = 0 if page.exhausted or not turns else turns[-1].seq - 1
        try:
            return self._store.fill(fork, root, turns, end)
        except Busy:
            return False
