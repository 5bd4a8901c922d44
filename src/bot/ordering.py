"""Seeing to it that pending replies are written."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Order, Turn
from bot.ports import ReplyStarter


@dataclass(frozen=True, slots=True)
class Ordering:
    """Orders replies, and orders them again where nobody writes them."""

    starter: ReplyStarter
    clock: Callable[[], datetime]

    def begin(self, key: ConversationKey, turn: Turn, connection_id: str) -> None:
        """Have the reply written. Raises StoreUnavailable: the message is kept all the same."""
        self.starter.start(Order(key, turn.seq, turn.epoch, turn.owner, connection_id))

    def begin_again(self, key: ConversationKey, turn: Turn, connection_id: str) -> None:
        """Have the reply written to a message that came again: perhaps it was never ordered."""
        if turn.attempt:
            self.look_after(key, turn, connection_id)
        else:
            self._try(key, turn, connection_id)

    def look_after(self, key: ConversationKey, turn: Turn | None, connection_id: str = "") -> None:
        """Order a reply again whose writer is late, or died. Where that fails, others will look."""
        if turn and turn.is_pending and turn.lease_until <= self.clock().timestamp():
            self._try(key, turn, connection_id)

    def _try(self, key: ConversationKey, turn: Turn, connection_id: str) -> None:
        with suppress(StoreUnavailable):
            self.begin(key, turn, connection_id)
