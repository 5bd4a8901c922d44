"""Reading a conversation's log: its tail, a gap, a page of history, one turn."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot import limits
from bot.models import ConversationKey, Turn
from bot.ports import Page, TurnLog
from bot.turn_log.lineage import Lineage
from bot.turn_log.tail import MARKS, Tail, expired, is_tombstone, lapsed, read_tail


class Log:
    """What is live of a log, whatever else the table still holds."""

    def __init__(self, store: TurnLog, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._lineage = Lineage(store)
        self._clock = clock

    def read(self, key: ConversationKey, limit: int = limits.NEWEST_TURNS) -> Tail:
        """Read the newest turns: one request, and one more while it brings tombstones."""
        return self._read(key, limit, least=0)

    def read_deep(self, key: ConversationKey) -> Tail:
        """Read as many turns as a resend without `after` is looked for among: one request for each
        MB of them."""
        tail = self._read(key, limits.RESEND_TURNS, least=limits.RESEND_TURNS)
        return replace(tail, deep=True)

    def _read(self, key: ConversationKey, limit: int, least: int) -> Tail:
        page = self._lineage.newest(key, limit)
        items = list(page.turns)
        while not page.exhausted:
            missing = least - sum(not is_tombstone(turn) for turn in items)
            if any(map(is_tombstone, page.turns)):
                missing = limits.GAP_TURNS  # tombstones are small: many fit into one page
            if missing <= 0:
                break
            page = self._lineage.preceding(key, items[-1].seq, missing)
            items += page.turns
        return read_tail(items, page.exhausted, self._clock())

    def catch_up(self, key: ConversationKey, tail: Tail) -> Tail:
        """The tail with all that was written since it was read."""
        now = self._clock()
        caught_up: Tail | None = tail
        page = Page((), exhausted=False)
        while caught_up and not page.exhausted:
            page = self._store.following(key, caught_up.head, limits.GAP_TURNS)
            for turn in page.turns:
                caught_up = caught_up and caught_up.follow(turn, now)
        return caught_up if caught_up and not caught_up.awaiting else self.read(key)

    def after(self, key: ConversationKey, tail: Tail, seq: int, limit: int) -> tuple[Turn, ...]:
        """The live turns after `seq`, ascending, at most `limit`: none read that `tail` holds."""
        held = tuple(turn for turn in tail.turns if turn.seq > seq)
        if (held and held[0].seq == seq + 1) or seq >= tail.head:
            return held[:limit]
        page = self._lineage.following(key, seq, limit)
        # What was written since the tail was read is another answer's.
        return tuple(turn for turn in self.live(page.turns, tail.epoch) if turn.seq <= tail.head)

    def before(
        self, key: ConversationKey, tail: Tail, seq: int, limit: int
    ) -> tuple[tuple[Turn, ...], bool]:
        """The live turns before `seq`, ascending, at most `limit`, and whether there are older."""
        # What is left behind the end of a longer life would only take their room.
        page = self._lineage.preceding(key, min(seq, tail.head + 1), limit)
        live = self.live(page.turns, tail.epoch)
        # No turn expires before one that it follows: what is older than an expired one is too.
        older = not page.exhausted and len(live) == len(page.turns)
        return live[::-1], older

    def turn(self, key: ConversationKey, epoch: str, seq: int) -> Turn | None:
        """One live turn of that epoch, read now."""
        found = self.find(key, epoch, seq)
        return replace(lapsed(found[1], self._clock()), epoch=epoch) if found else None

    def find(
        self, key: ConversationKey, epoch: str, seq: int
    ) -> tuple[ConversationKey, Turn] | None:
        """One live turn of that epoch, as it is kept, and in whose log: a fork shares turns."""
        found = self._lineage.find(key, epoch, seq)
        return found if found and not expired(found[1], self._clock()) else None

    def following(self, key: ConversationKey, after: int, limit: int) -> Page:
        """All there is after `after`, ascending, live or not."""
        return self._lineage.following(key, after, limit)

    def preceding(self, key: ConversationKey, before: int, limit: int) -> Page:
        """All there is before `before`, descending, live or not."""
        return self._lineage.preceding(key, before, limit)

    def search(
        self, key: ConversationKey, tail: Tail, after: int | None, message_id: str
    ) -> Turn | None:
        """The turn of a message, looked for after `after` as far as `tail` does not know."""
        while after is not None and after < tail.complete_after:
            page = self._lineage.following(key, after, limits.GAP_TURNS)
            for turn in self.live(page.turns, tail.epoch):
                if turn.message_id == message_id:
                    return turn
            if page.exhausted:
                break
            after = page.turns[-1].seq
        return None

    def live(self, turns: tuple[Turn, ...], epoch: str) -> tuple[Turn, ...]:
        """Those of the turns that may be shown, of one epoch."""
        now = self._clock()
        return tuple(
            lapsed(turn, now)
            for turn in turns
            if turn.epoch == epoch and turn.status not in MARKS and not expired(turn, now)
        )
