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

    def look_after(self, key: ConversationKey, turn: Turn | None, connection_id: str = "") -> None:
        """Order a reply again whose writer is late, or died. Where that fails, others will look."""
        if turn is None or not turn.is_pending:
            return
        if turn.attempt and turn.lease_until > self.clock().timestamp():
            return
        with suppress(StoreUnavailable):
            self.begin(key, turn, connection_id)
