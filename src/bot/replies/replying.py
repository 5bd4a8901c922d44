"""Writing the reply of a pending turn: claimed, said piece by piece, and ended once.

Whoever holds a turn's lease writes it. A worker that dies leaves a lease that runs out, and another
begins anew; one that was paused and comes back finds that it can write nothing any more.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.errors import StoreUnavailable
from bot.models import (
    ConversationKey,
    Failure,
    Message,
    Order,
    Outcome,
    Snapshot,
    Spent,
    Status,
    Turn,
)
from bot.ports import ConversationStore, StreamingBot
from bot.replies.budget import OverBudget
from bot.replies.calls import Reading, Said
from bot.replies.spending import Spending
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from bot.turn_log.tail import Tail

MAX_ATTEMPTS = 3
"""Workers that may die over one reply before it is given up."""

TICK_SECONDS = 0.05
LOOK_SECONDS = 1.0
"""How often a worker looks whether it is to stop, and who listens."""

COMPLETIONS = 5
"""Tries to write the end of a reply."""


class Audience(Protocol):
    """Who is told what a reply says while it is being written."""

    def show(self, text: str) -> None:
        """Tell everyone what is new to them, without waiting for anyone."""
        ...

    def look(self) -> Spent:
        """See who has come since, and who has gone; what the user has used, as the same read
        brings it. Raises StoreUnavailable."""
        ...

    def finish(self, text: str) -> None:
        """Wait a while until everyone was told all of it."""
        ...

    def close(self) -> None:
        """Tell nobody anything more."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """The turn as it has ended. `reason` is for the log; `spoke_at` is when it began to speak."""

    turn: Turn
    reason: str = ""
    spoke_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Replying:
    """Writes replies; one at a time. Without `spending` there is no budget, and no look for it."""

    store: ConversationStore
    log: Log
    cache: TailCache
    bot: StreamingBot
    audience: Callable[[Order, Turn], Audience]
    lease: timedelta
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    pause: Callable[[int], None]
    spending: Spending | None = None

    def write(self, order: Order, until: datetime) -> Written | None:
        """Write the reply that was ordered, until then at the latest.

        None where there is nothing to be written: it is done, it is another's, it is gone.
        Raises StoreUnavailable.
        """
        tail = self._read(order.key)
        turn = self._claimed(order, tail)
        if turn is None:
            return None
        before = Snapshot(turn.epoch, turn.seq - 1, tail.settled().turns)
        unsaid = Outcome(before.state)
        if turn.stopping:
            return self._end(order.key, turn, Said("", unsaid))
        if turn.attempt > MAX_ATTEMPTS:
            return self._end(order.key, turn, Said("", unsaid, Failure.ABANDONED))
        left = partial(self._seconds_until, until)
        reading = Reading(f"{turn.epoch}#{turn.seq}", order.key, left, self.clock)
        message = Message(turn.message_id, turn.text, turn.created_at)
        audience, spent = self.audience(order, turn), Spent()
        try:
            if self.spending:
                spent = self.spending.begin(order.key.user_id, reading.key, audience.look())
            reading.start(lambda: self.bot.stream(before, message, reading))
            held, failure = self._listen(order.key, turn, reading, audience, until)
            reading.stop()
            if held is None:
                return None
            said = reading.said(unsaid, failure)
            # Kept first: what is told has a place, and a lease waits for no device.
            written = self._end(order.key, held, said)
            if written:
                self._remember(order.key, tail, written.turn)
                audience.finish(said.text)
            return written and replace(written, spoke_at=reading.spoke_at)
        except OverBudget as over:
            refused = Said("", unsaid, Failure.OVER_BUDGET, over.limit)
            return self._end(order.key, turn, refused)
        finally:
            reading.stop()
            self._charge(order.key.user_id, turn, reading, spent)
            audience.close()

    def _read(self, key: ConversationKey) -> Tail:
        """The log's end: what a warm function has seen of it need not be read again."""
        kept = self.cache.get(key, self.clock())
        return self.log.catch_up(key, kept) if kept else self.log.read(key)

    def _remember(self, key: ConversationKey, tail: Tail, ended: Turn) -> None:
        self.cache.put(key, tail.settled().advance(ended, self.clock()))

    def _claimed(self, order: Order, tail: Tail) -> Turn | None:
        turn = tail.pending
        if turn is None or (turn.seq, turn.epoch) != (order.seq, order.epoch):
            return None
        now = self.clock().timestamp()
        ordered = turn.owner == order.owner and not turn.attempt
        if not ordered and turn.lease_until > now:
            return None
        owner, lease_until = self.new_id(), now + self.lease.total_seconds()
        if not self.store.claim(order.key, turn, owner, lease_until):
            return None
        return replace(turn, owner=owner, lease_until=lease_until, attempt=turn.attempt + 1)

    def _charge(self, user_id: str, turn: Turn, reading: Reading, spent: Spent) -> None:
        """Count what this attempt has cost, whatever became of it, before anyone is told its end:
        whoever goes on from there finds it counted."""
        if self.spending:
            name = f"{reading.key}.{turn.attempt}"
            self.spending.charge(user_id, name, reading.said(Outcome()).outcome.usage, spent)

    def _listen(
        self,
        key: ConversationKey,
        turn: Turn,
        reading: Reading,
        audience: Audience,
        until: datetime,
    ) -> tuple[Turn | None, Failure | None]:
        """Pass on what is said until it ends: the turn then, None where it is another's by now."""
        # Who asked was there when the message was taken; of a late order that says nothing.
        look_at = turn.created_at.timestamp() + LOOK_SECONDS
        held: Turn | None = turn
        while held and not held.stopping:
            reading.wait(TICK_SECONDS)
            now = self.clock()
            # Before anything is told: whoever was paused may have lost the turn meanwhile.
            if now.timestamp() >= look_at:
                look_at = now.timestamp() + LOOK_SECONDS
                held = self._look(key, held, audience)
                if held is None or held.stopping:
                    break
            ended = reading.ended
            audience.show(reading.text)
            if ended:
                return held, None
            if self.clock() >= until:
                return held, Failure.TIMED_OUT
        return held, None

    def _look(self, key: ConversationKey, turn: Turn, audience: Audience) -> Turn | None:
        with suppress(StoreUnavailable):
            audience.look()
        try:
            return self._held(key, turn)
        except StoreUnavailable:
            # It may pass; but nothing goes on without a lease, and another has to begin anew.
            if self.clock().timestamp() >= turn.lease_until:
                raise
            return turn

    def _held(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """The turn as it is now, its lease lengthened in good time; None where it is lost."""
        found = self.store.turn(key, turn.seq)
        if found is None or not found.is_pending or found.owner != turn.owner:
            return None
        now, lease = self.clock().timestamp(), self.lease.total_seconds()
        if found.lease_until - now > lease / 2:
            return found
        held = self.store.hold(key, found, now + lease)
        return replace(found, lease_until=now + lease) if held else None

    def _end(self, key: ConversationKey, turn: Turn, said: Said) -> Written | None:
        failure = said.failure
        if not said.text and not said.outcome.silent and (said.whole or not turn.stopping):
            failure = failure or Failure.EMPTY
        ended = replace(
            turn,
            reply=said.text,
            state=said.outcome.state,
            status=_status(turn, failure, said),
            completed_at=self.clock(),
            lease_until=0.0,
            stopping=False,
            failure=failure,
            usage=said.outcome.usage,
        )
        return Written(ended, said.reason) if self._complete(key, ended) else None

    def _complete(self, key: ConversationKey, ended: Turn) -> bool:
        for tries in range(1, COMPLETIONS):
            try:
                return self.store.complete(key, ended)
            except StoreUnavailable:
                self.pause(tries)
        return self.store.complete(key, ended)

    def _seconds_until(self, until: datetime) -> float:
        return (until - self.clock()).total_seconds()


def _status(turn: Turn, failure: Failure | None, said: Said) -> Status:
    if failure:
        return Status.FAILED
    return Status.STOPPED if turn.stopping and not said.whole else Status.DONE
