"""The turn engine: one message makes one turn, in one order, by one conditional write.

Ordering (I3), de-duplication (I2) and flat cost (I7) all rest on `ConversationStore.append`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import limits
from bot.deletion import Deletion
from bot.errors import BadRequest, BotFailed, Busy
from bot.log import Log
from bot.memory import TailCache
from bot.models import Author, ConversationKey, Message, Reply, Snapshot, State, Status, Turn
from bot.pace import Pace
from bot.ports import Bot, ConversationStore
from bot.tail import Tail

MAX_ATTEMPTS = 100
"""Races that one message may lose before it is answered `busy`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The turn that a message made; `fresh` when it was made just now, `races` lost on the way."""

    turn: Turn
    fresh: bool
    races: int = 0
    previous: Turn | None = None


class Turns:
    """Takes messages into conversations."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        bot: Bot,
        log: Log,
        deletion: Deletion,
        cache: TailCache,
        pace: Pace,
        retention: timedelta,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        pause: Callable[[int], None],
    ) -> None:
        self._store = store
        self._bot = bot
        self._log = log
        self._deletion = deletion
        self._cache = cache
        self._pace = pace
        self._retention = retention
        self._clock = clock
        self._new_id = new_id
        self._pause = pause

    def take(
        self,
        key: ConversationKey,
        message: Message,
        after: int | None = None,
        epoch: str | None = None,
    ) -> Taken:
        """Find the turn of this message, or make it.

        `after` is the newest `seq` the client had seen when it first sent the message, in `epoch`:
        only the turns behind it are looked through for a resend.

        Raises BadRequest where the id was used for another text; RateLimited; BotFailed; Busy
        while the conversation is being deleted or after too many lost races; StoreUnavailable.
        """
        owner = self._new_id()
        tail = self._cache.get(key, message.sent_at) or self._log.read(key)
        for races in range(MAX_ATTEMPTS):
            if tail.seal:
                tail = self._finish_deletion(key, tail.seal)
            tail, known = self._find(key, tail, message, after, epoch)
            if known:
                self._cache.put(key, tail)
                return Taken(_same(known, message), fresh=False, races=races)
            turn = self._answer(tail, message, owner)
            winner = self._store.append(key, turn)
            if winner is None or winner.owner == owner:
                self._cache.put(key, tail.advance(turn, self._clock()))
                return Taken(turn, fresh=True, races=races, previous=tail.newest)
            self._pause(races)
            tail = self._catch_up(key, tail, winner, races)
        self._cache.forget(key)
        raise Busy("Too many messages at once.")

    def forget(self, key: ConversationKey) -> None:
        """Remember nothing of a conversation that is being deleted."""
        self._cache.forget(key)

    def _find(
        self,
        key: ConversationKey,
        tail: Tail,
        message: Message,
        after: int | None,
        epoch: str | None,
    ) -> tuple[Tail, Turn | None]:
        if after is not None and after > tail.head:
            tail = self._log.read(key)
        if epoch not in (None, tail.epoch) or (after or 0) > tail.head:
            after = None
        if after is None and tail.complete_after and not tail.deep:
            tail = self._log.read_deep(key)
        seq = tail.known.get(message.message_id)
        if seq is None:
            return tail, self._log.search(key, tail, after, message.message_id)
        turn = self._log.turn(key, tail.epoch, seq)
        if turn is None:  # deleted since the tail was read
            return self._find(key, self._log.read(key), message, after, epoch)
        return tail, turn

    def _answer(self, tail: Tail, message: Message, owner: str) -> Turn:
        allowance = self._pace.spend(tail.newest, message.sent_at)
        snapshot = tail.snapshot(new_epoch=owner)
        reply, state = self._ask_bot(snapshot, message)
        return Turn(
            seq=snapshot.head + 1,
            epoch=snapshot.epoch,
            message_id=message.message_id,
            author=Author.USER,
            text=message.text,
            reply=reply,
            state=state,
            status=Status.DONE,
            created_at=message.sent_at,
            completed_at=self._clock(),
            owner=owner,
            expires_at=int((message.sent_at + self._retention).timestamp()),
            allowance=allowance,
        )

    def _ask_bot(self, snapshot: Snapshot, message: Message) -> tuple[str, State]:
        try:
            reply = self._bot.reply(snapshot, message)
        except Exception as error:
            # A bot is a stranger's code: whatever it raises is its failure, not the engine's.
            raise BotFailed(type(error).__name__) from error
        return _checked(reply)

    def _catch_up(self, key: ConversationKey, tail: Tail, winner: Turn, races: int) -> Tail:
        """The tail after a lost race: by the winner alone, or by all that came meanwhile."""
        if races:
            return self._log.catch_up(key, tail)
        # The winner says nothing of what stands behind it, so the tail's age stays.
        return tail.follow(winner, tail.confirmed_at) or self._log.read(key)

    def _finish_deletion(self, key: ConversationKey, seal: Turn) -> Tail:
        if not self._deletion.go_on(key, seal):
            raise Busy("This conversation is being deleted.")
        return self._log.read(key)


def _same(turn: Turn, message: Message) -> Turn:
    if turn.text != message.text:
        raise BadRequest("This messageId was used for another text.")
    return turn


def _checked(reply: Reply) -> tuple[str, State]:
    """The reply's text and state as they will be kept. Raises BotFailed where they cannot be."""
    if not isinstance(reply, Reply) or not isinstance(reply.text, str) or not reply.text:
        raise BotFailed("no reply")
    if len(reply.text) > limits.MAX_REPLY_CHARACTERS:
        raise BotFailed("reply too long")
    try:
        reply.text.encode()
        state = json.dumps(dict(reply.state), allow_nan=False)
        size = len(state.encode())
    except (TypeError, ValueError) as error:
        raise BotFailed("reply or state cannot be kept") from error
    if size > limits.MAX_STATE_BYTES:
        raise BotFailed("state too large")
    # Read back, so that a bot finds the same state whether it was kept in memory or in a table.
    return reply.text, json.loads(state)
