"""Moving all the conversations of a guest to the user who has signed in, and was that guest.

The guest's conversations are found by the log: the list is only written best effort.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.errors import StillWriting
from bot.lifecycle.deletion import BUDGET, Deletion
from bot.lifecycle.sealing import Sealing
from bot.limits import MAX_PAGE
from bot.models import ConversationKey
from bot.ports import ConversationStore
from bot.replies.ordering import Ordering
from bot.turn_log.tail import Tail


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a guest's conversations: (what it was called, what it is now called) each.

    `cursor` is the conversation to go on with; None where all is done.
    """

    moved: tuple[tuple[str, str], ...]
    cursor: str | None


class Adoption:
    """Gives a user what a guest had."""

    def __init__(
        self,
        store: ConversationStore,
        sealing: Sealing,
        deletion: Deletion,
        ordering: Ordering,
        clock: Callable[[], datetime],
        new_conversation_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._sealing = sealing
        self._deletion = deletion
        self._ordering = ordering
        self._clock = clock
        self._new_conversation_id = new_conversation_id

    def adopt(self, guest_id: str, user_id: str, cursor: str | None) -> Adopted:
        """Move conversations, for a while, `cursor` the first. A second time says the same.

        Raises Busy where others are at the same all the time, or a reply is still being written.
        """
        until = self._clock() + BUDGET
        moved: list[tuple[str, str]] = []
        conversation_id = cursor or self._store.next_conversation(guest_id, None)
        for _ in range(MAX_PAGE):
            if conversation_id is None or self._clock() >= until:
                break
            key = ConversationKey(guest_id, conversation_id)
            tail = self._sealed(key, ConversationKey(user_id, self._new_conversation_id()))
            if tail.seal and not self._deletion.go_on(key, tail.seal, until):
                break
            if tail.moved_to and tail.moved_to.user_id == user_id:
                moved.append((conversation_id, tail.moved_to.conversation_id))
            conversation_id = self._store.next_conversation(guest_id, conversation_id)
        return Adopted(tuple(moved), conversation_id)

    def _sealed(self, key: ConversationKey, target: ConversationKey) -> Tail:
        try:
            return self._sealing.seal(key, target)
        except StillWriting as busy:
            if not self._ordering.look_after(key, busy.turn):
                raise
            return self._sealing.seal(key, target)
