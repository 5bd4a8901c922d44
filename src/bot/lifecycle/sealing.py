"""Ending a log: a last turn, put by the same conditional write as all others, hides it.

Whoever writes at the same time either comes first, and the seal goes behind it, or finds the seal
in its place. What it hides is then deleted (deletion.py), or moved first (moving.py). A reply that
is still being written can be deleted, but is not moved before it has ended.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import Busy, StillWriting
from bot.models import Author, ConversationKey, Status, Turn
from bot.ports import TurnLog
from bot.turn_log.log import Log
from bot.turn_log.tail import Tail

SEAL_ATTEMPTS = 100

KEPT = timedelta(days=36_500)
"""Never sooner gone than what it hides: the seal goes last."""


class Sealing:
    """Ends conversations."""

    def __init__(
        self,
        store: TurnLog,
        log: Log,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._new_id = new_id

    def seal(self, key: ConversationKey, moved_to: ConversationKey | None = None) -> Tail:
        """End the log, to be deleted or moved; its tail then, with the seal.

        The tail has none where nothing is there to be ended; where the log has been ended by
        another, it has that one's. `turns` are what lies right before the seal, if this one is it.
        Raises Busy where too many others write, StillWriting where a reply is not to be moved yet.
        """
        tail = self._log.read(key)
        for _ in range(SEAL_ATTEMPTS):
            if tail.seal or not tail.turns:
                return tail
            if moved_to and tail.pending:
                # Copied now, its reply would be written twice: there and here.
                raise StillWriting(tail.pending)
            seal = self._new_seal(tail.epoch, tail.head + 1, moved_to)
            winner = self._store.append(key, seal)
            if winner is None or winner.owner == seal.owner:
                return replace(tail, seal=seal, moved_to=moved_to or tail.moved_to)
            # Right behind the winner: who looks again first is overtaken again by a busy writer.
            tail = tail.follow(winner, self._clock()) or self._log.read(key)
        raise Busy("Too many messages at once.")

    def _new_seal(self, epoch: str, seq: int, moved_to: ConversationKey | None) -> Turn:
        now = self._clock()
        return Turn(
            seq=seq,
            epoch=epoch,
            message_id="",
            author=Author.USER,
            text="",
            reply="",
            state={},
            status=Status.MOVED if moved_to else Status.DELETED,
            created_at=now,
            completed_at=None,
            owner=self._new_id(),
            expires_at=int((now + KEPT).timestamp()),
            moved_to=moved_to,
        )
