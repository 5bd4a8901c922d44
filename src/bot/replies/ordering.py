"""Seeing to it that pending replies are written, and that what nobody writes ends."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Failure, Order, Status, Turn
from bot.ports import PendingReplies, ReplyStarter
from bot.turn_log.log import Log

GIVEN_UP_AFTER = timedelta(hours=1)
"""How long nobody may have written a reply before it is given up: as long as Lambda may keep an
order, and so the last of its retries, waiting (`MaximumEventAgeInSeconds` in template.yaml)."""


@dataclass(frozen=True, slots=True)
class Ordering:
    """Orders replies, orders them again where nobody writes them, and ends them where nobody will.

    Who ends a turn claims it first: whoever still writes it then can write nothing any more, and
    whoever has claimed it meanwhile goes on (docs/adr/0012-streaming.md).
    """

    starter: ReplyStarter
    store: PendingReplies
    log: Log
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def begin(self, key: ConversationKey, turn: Turn, connection_id: str) -> None:
        """Have the reply written. Raises StoreUnavailable: the message is kept all the same."""
        self.starter.start(Order(key, turn.seq, turn.epoch, turn.owner, connection_id))

    def begin_again(self, key: ConversationKey, turn: Turn, connection_id: str) -> Turn:
        """Have the reply written to a message that came again: perhaps it was never ordered.

        The turn, as it has ended where it is ended instead.
        """
        if turn.attempt or self._silent_for(turn) >= timedelta(0):
            return self.look_after(key, turn, connection_id) or turn
        self._try(key, turn, connection_id)
        return turn

    def look_after(
        self, key: ConversationKey, turn: Turn | None, connection_id: str = ""
    ) -> Turn | None:
        """Order a reply again whose writer is late, or died; where that fails, others will look.

        Where its user wants no more of it, or nobody has written it for too long, it is ended: the
        turn then, None otherwise.
        """
        if not turn or not turn.is_pending or self._silent_for(turn) < timedelta(0):
            return None
        if turn.stopping:
            return self._end(key, turn, Status.STOPPED, None)
        if self._silent_for(turn) >= GIVEN_UP_AFTER:
            return self._end(key, turn, Status.FAILED, Failure.ABANDONED)
        self._try(key, turn, connection_id)
        return None

    def _silent_for(self, turn: Turn) -> timedelta:
        """How long ago its lease ran out; less than nothing while it is held."""
        return timedelta(seconds=self.clock().timestamp() - turn.lease_until)

    def _try(self, key: ConversationKey, turn: Turn, connection_id: str) -> None:
        with suppress(StoreUnavailable):
            self.begin(key, turn, connection_id)

    def _end(
        self, key: ConversationKey, turn: Turn, status: Status, failure: Failure | None
    ) -> Turn | None:
        with suppress(StoreUnavailable):
            owner = self.new_id()
            # The lease stays as it is: whoever dies here leaves the turn to the next who looks.
            if not self.store.claim(key, turn, owner, turn.lease_until):
                return None
            before = self.log.turn(key, turn.epoch, turn.seq - 1) if turn.seq > 1 else None
            ended = replace(
                turn,
                owner=owner,
                attempt=turn.attempt + 1,
                state=before.state if before else {},
                status=status,
                failure=failure,
                completed_at=self.clock(),
                lease_until=0.0,
                stopping=False,
            )
            if self.store.complete(key, ended):
                return ended
        return None
