"""Erasing everything that is kept of a user, while the user may still be there, and others write.

Connections are closed. Every conversation is deleted as its user would delete it
(bot/lifecycle/deletion.py), so a late writer meets the seal and its tombstones. What is left then,
whatever it is, goes by its place (sweeping.py). Nothing is kept of what has been done: what is
there says what is to be done, so a run that was cut off anywhere is gone on with by the next, and
two at once do no harm. Whoever writes after `since` begins anew, and that is left alone.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.connections.closing import disconnect
from bot.errors import Busy
from bot.lifecycle.deletion import STEP, Deletion
from bot.models import ConversationKey, Turn
from bot.ports import ConnectionStore, ConversationStore, FrameSender
from bot.turn_log.log import Log
from bot.turn_log.tail import expired, is_root, is_tombstone
from bot.user_data.holdings import Kind
from bot.user_data.ports import Holdings
from bot.user_data.sweeping import Remains, Sweeping

MOST_FORKS = 1_000
"""Forks that are looked for at a time, so that those are deleted first: it only saves work."""


END = "~"
"""Behind all conversations: no id holds it, and all sort before it."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one run did: how much of each kind it removed, how many connections it closed, and how
    many conversations it handed over that a sign-in had promised to another user.

    `remains` is what is there still; None where the run did not come so far as to look. `finished`:
    nothing is left but what must stay for a while, or began after the erasure did. `cursor` is for
    the next run, so that it need not look again at what is done; None where that is to begin anew.
    """

    removed: Counter[Kind]
    closed: int
    handed_over: int
    remains: Remains | None
    finished: bool
    cursor: str | None


class Erasure:
    """Erases users."""

    def __init__(
        self,
        store: ConversationStore,
        connections: ConnectionStore,
        holdings: Holdings,
        sender: FrameSender,
        clock: Callable[[], datetime],
        deletion_of: Callable[[Callable[[Sequence[Turn]], object]], Deletion],
    ) -> None:
        self._store = store
        self._connections = connections
        self._sender = sender
        self._clock = clock
        self._log = Log(store, clock)
        self._deletion_of = deletion_of
        self._sweeping = Sweeping(store, holdings, self._log, clock)

    def run(
        self, user_id: str, since: datetime, until: datetime, cursor: str | None = None
    ) -> Erased:
        """Erase what was there at `since`, until then; `cursor` is what the run before gave.

        Raises StoreUnavailable: run it again.
        """
        closed = disconnect(user_id, self._connections, self._sender, self._clock(), since)
        removed: Counter[Kind] = Counter()
        ending = _Ending(self._store, self._log, self._deletion_of, self._clock, since, removed)
        cursor = ending.go_on(user_id, cursor, until)
        remains = None
        if cursor == END:
            remains = self._sweeping.run(user_id, since, until, removed)
        if remains is not None:
            cursor = None
        finished = remains is not None and remains.lasting and closed.complete
        return Erased(removed, closed.closed, ending.handed_over, remains, finished, cursor)


class _Ending:
    """The conversations of one run."""

    def __init__(
        self,
        store: ConversationStore,
        log: Log,
        deletion_of: Callable[[Callable[[Sequence[Turn]], object]], Deletion],
        clock: Callable[[], datetime],
        since: datetime,
        removed: Counter[Kind],
    ) -> None:
        self._store = store
        self._log = log
        self._deletion = deletion_of(self._count)
        self._clock = clock
        self._since = since
        self._removed = removed
        self.handed_over = 0

    def go_on(self, user_id: str, after: str | None, until: datetime) -> str | None:
        """Delete the conversations behind `after` that the log knows; behind which to go on."""
        while (conversation_id := self._store.next_conversation(user_id, after)) is not None:
            for key in self._forks_first(ConversationKey(user_id, conversation_id)):
                if self._clock() >= until or not self._end(key, until):
                    return after
            after = conversation_id
        return END

    def _forks_first(self, key: ConversationKey) -> list[ConversationKey]:
        """The conversation behind all that begin in its log: nobody fills what is gone."""
        found = [key]
        known = {key}
        for each in found:  # it grows meanwhile
            for conversation_id in self._store.forks(each) if len(found) < MOST_FORKS else ():
                fork = ConversationKey(key.user_id, conversation_id)
                if fork not in known:
                    known.add(fork)
                    found.append(fork)
        return found[::-1]

    def _end(self, key: ConversationKey, until: datetime) -> bool:
        """Delete one; False where the time is up."""
        try:
            if self._is_new(key):
                return self._clear_what_is_over(key, until)
            tail = self._deletion.end(key)
            if tail.seal is None:
                return self._clear_what_is_over(key, until)
            done = self._deletion.go_on(key, tail.seal, until)
        except Busy:
            return True  # it is found again, by what is left of it
        if done:
            self._removed[Kind.CONVERSATION] += 1
            self.handed_over += tail.seal.moved_to is not None
        return done

    def _is_new(self, key: ConversationKey) -> bool:
        """Whether all that lives in the log was written after the erasure began."""
        tail = self._log.read(key, 1)
        if not tail.turns:
            return False
        oldest = self._log.live(self._log.following(key, 0, STEP).turns, tail.epoch)
        return bool(oldest) and oldest[0].created_at >= self._since

    def _clear_what_is_over(self, key: ConversationKey, until: datetime) -> bool:
        """Remove what DynamoDB would some day: of what has expired there is nothing to be sealed,
        and it is what a reader takes for absent."""
        after = 0
        while self._clock() < until:
            page = self._store.following(key, after, STEP)
            over = [turn for turn in page.turns if self._is_over(turn)]
            self._store.erase(key, over)
            self._count(over)
            if page.exhausted:
                return True
            after = page.turns[-1].seq
        return False

    def _is_over(self, turn: Turn) -> bool:
        if is_tombstone(turn):
            return False
        return expired(turn, self._clock()) or (is_root(turn) and turn.created_at < self._since)

    def _count(self, turns: Sequence[Turn]) -> None:
        self._removed.update(Kind.ROOT if is_root(turn) else Kind.TURN for turn in turns)


def assemble(
    *,
    store: ConversationStore,
    connections: ConnectionStore,
    holdings: Holdings,
    sender: FrameSender,
    retention: timedelta,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    pause: Callable[[int], None],
) -> Erasure:
    """Put it together from its ports; `pause` waits a while after a lost race."""
    log = Log(store, clock)

    def deletion_of(cleared: Callable[[Sequence[Turn]], object]) -> Deletion:
        return Deletion.on(
            store=store,
            log=log,
            retention=retention,
            clock=clock,
            new_id=new_id,
            pause=pause,
            cleared=cleared,
        )

    return Erasure(store, connections, holdings, sender, clock, deletion_of)
