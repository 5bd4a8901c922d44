"""The turn engine: one message makes one turn, in one order, by one conditional write.

Ordering (I3), de-duplication (I2) and flat cost (I7) all rest on `ConversationStore.append`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from bot.errors import BadRequest, BotFailed, Busy, RateLimited, StillWriting
from bot.lifecycle.deletion import Deletion
from bot.models import Author, ConversationKey, Message, Status, Turn
from bot.ports import Bot, StreamingBot, TurnLog
from bot.replies.answering import ask, streaming
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from bot.turn_log.tail import Tail
from bot.turns.pace import Pace

MAX_ATTEMPTS = 100
"""Races that one message may lose before it is answered `busy`."""


START = timedelta(seconds=10)
"""How long a reply that was ordered may take to be begun before it is ordered again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The turn that a message made; `fresh` when it was made just now, `races` lost on the way."""

    turn: Turn
    fresh: bool
    races: int = 0
    previous: Turn | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A message, and where a turn that it made earlier could stand.

    `after` is the newest `seq` the client had seen when it first sent the message, in `epoch`.
    """

    key: ConversationKey
    message: Message
    owner: str
    after: int | None
    epoch: str | None

    def looked_for_after(self, tail: Tail) -> int | None:
        """The `seq` behind which alone it can stand; None where the client's word says nothing."""
        if self.after is None or self.after > tail.head or self.epoch not in (None, tail.epoch):
            return None
        return self.after

    def is_covered(self, tail: Tail) -> bool:
        """Whether `tail` knows every turn that it could be."""
        after = self.looked_for_after(tail)
        if after is None:
            return tail.deep or not tail.complete_after
        return tail.complete_after <= after

    def will_be_covered(self, tail: Tail) -> bool:
        """Whether `tail` does once it has caught up: what the client has seen may lie ahead."""
        ahead = self.after is not None and self.after > tail.head
        return self.is_covered(tail) or (ahead and self.epoch in (None, tail.epoch))


@dataclass(frozen=True, slots=True)
class Turns:
    """Takes messages into conversations."""

    store: TurnLog
    bot: Bot | StreamingBot
    log: Log
    deletion: Deletion
    cache: TailCache
    pace: Pace
    retention: timedelta
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    pause: Callable[[int], None]

    def take(
        self,
        key: ConversationKey,
        message: Message,
        after: int | None = None,
        epoch: str | None = None,
    ) -> Taken:
        """Find the turn of this message, or make it.

        Raises BadRequest where the id was used for another text; RateLimited; BotFailed; Busy
        while the conversation is being deleted or moved, or after too many lost races, StillWriting
        while another reply is being written; StoreUnavailable.
        """
        request = Request(key, message, self.new_id(), after, epoch)
        remembered = self.cache.get(key, message.sent_at)
        turn = self._answer_by_heart(request, remembered) if remembered else None
        if remembered and turn:
            taken = self._append(request, remembered, turn, races=0)
            if taken:
                return taken
        return self._take(request, self._read(request, remembered), lost=int(turn is not None))

    def _answer_by_heart(self, request: Request, tail: Tail) -> Turn | None:
        """The turn as it is made from what is remembered, without a look.

        None where memory does not do, or may be behind. What it has to say against the message
        (a resend, a bot that fails, a limit) is not said before it is certain.
        """
        behind = request.after is not None and request.after > tail.head
        if behind or tail.awaiting or not request.is_covered(tail):
            return None
        if request.message.message_id in tail.known:
            return None
        try:
            return self._answer(request, tail)
        except (BotFailed, RateLimited):
            return None

    def _take(self, request: Request, tail: Tail, lost: int) -> Taken:
        """Find the turn or make it, however many others write at once; `tail` was just read."""
        key = request.key
        for races in range(lost, MAX_ATTEMPTS):
            if tail.seal:
                self._finish(key, tail.seal)
                tail = self.log.read(key)
            if not request.is_covered(tail) and request.looked_for_after(tail) is None:
                tail = self.log.read_deep(key)
            if tail.seal:
                continue
            known = self._find(request, tail)
            if known:
                self.cache.put(key, tail)
                return Taken(_same(known, request.message), fresh=False, races=races)
            if tail.pending:
                self.cache.put(key, tail)
                raise StillWriting(tail.pending)
            taken = self._append(request, tail, self._answer(request, tail), races)
            if taken:
                return taken
            self.pause(races)
            tail = self.log.catch_up(key, tail)
        self.cache.forget(key)
        raise Busy("Too many messages at once.")

    def _read(self, request: Request, remembered: Tail | None) -> Tail:
        if remembered and request.will_be_covered(remembered):
            return self.log.catch_up(request.key, remembered)
        # Without `after` a resend is looked for that deep: then let it be this look.
        deep = request.after is None
        return self.log.read_deep(request.key) if deep else self.log.read(request.key)

    def _find(self, request: Request, tail: Tail) -> Turn | None:
        seq = tail.known.get(request.message.message_id)
        if seq is not None:
            return self.log.turn(request.key, tail.epoch, seq)
        after = request.looked_for_after(tail)
        return self.log.search(request.key, tail, after, request.message.message_id)

    def _answer(self, request: Request, tail: Tail) -> Turn:
        message = request.message
        allowance = self.pace.spend(tail.newest, message.sent_at)
        snapshot = tail.snapshot(message.sent_at, suffix=request.owner)
        turn = Turn(
            seq=snapshot.head + 1,
            epoch=snapshot.epoch,
            message_id=message.message_id,
            author=Author.USER,
            text=message.text,
            reply="",
            state={},
            status=Status.PENDING,
            created_at=message.sent_at,
            completed_at=None,
            owner=request.owner,
            expires_at=tail.expiry(message.sent_at, self.retention),
            allowance=allowance,
            lease_until=(message.sent_at + START).timestamp(),
            positions=tail.positions,
        )
        if streaming(self.bot):
            return turn
        reply, state = ask(cast("Bot", self.bot), snapshot, message)
        return replace(
            turn, reply=reply, state=state, status=Status.DONE, completed_at=self.clock()
        )

    def _append(self, request: Request, tail: Tail, turn: Turn, races: int) -> Taken | None:
        """Write the turn; None where another writer was first."""
        winner = self.store.append(request.key, turn)
        # A retried write that had been applied meets itself.
        if winner and winner.owner != request.owner:
            return None
        self.cache.put(request.key, tail.advance(turn, self.clock()))
        return Taken(turn, fresh=True, races=races, previous=tail.newest)

    def _finish(self, key: ConversationKey, seal: Turn) -> None:
        if not self.deletion.go_on(key, seal):
            raise Busy("This conversation is being deleted or moved.")


def _same(turn: Turn, message: Message) -> Turn:
    if turn.text != message.text:
        raise BadRequest("This messageId was used for another text.")
    return turn
