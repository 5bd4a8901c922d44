"""All that a user may do with conversations besides talking: resume, page, list, rename, rate."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import limits
from bot.errors import BadRequest, NotFound
from bot.lifecycle.deletion import Deletion
from bot.models import Conversation, ConversationKey, Rating, Turn
from bot.ports import ConversationStore
from bot.replies.ordering import Ordering
from bot.titles import describe
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from bot.turn_log.tail import Tail, lapsed
from bot.turns.turns import Taken
from bot.wire import answers, splitting
from bot.wire.answers import Frame, Header

REFRESHED_EVERY_SECONDS = 60

ABANDONED_AFTER = timedelta(minutes=1)
"""Longer than any function runs: what a seal began and is not done by then was abandoned."""


@dataclass(frozen=True, slots=True)
class Conversations:
    """Reads and changes conversations; every method answers with frames."""

    store: ConversationStore
    log: Log
    deletion: Deletion
    ordering: Ordering
    cache: TailCache
    retention: timedelta
    clock: Callable[[], datetime]

    def resume(self, key: ConversationKey, after: int | None, epoch: str | None) -> list[Frame]:
        """Exactly the turns after `after`; the newest where it is left out.

        Where the gap cannot be served, a fresh snapshot that says so (`reset`).
        """
        tail = self._read(key)
        if self.ordering.look_after(key, tail.pending):
            tail = self._read(key)
        self._remember(key, tail)
        header = self._header(key, tail)
        if after is None:
            reset = epoch is not None and epoch != tail.epoch
            return self._newest(header, tail, reset=reset)
        if epoch in (None, tail.epoch) and after <= tail.head:
            gap = self.log.after(key, tail, after, limits.GAP_TURNS)
            if _is_gapless(gap, after, tail.head):
                return _gap_frames(header, gap, tail.head)
        return self._newest(header, tail, reset=True)

    def history(self, key: ConversationKey, before: int, limit: int) -> list[Frame]:
        """One page of the turns before `before`."""
        tail = self._read(key)
        header = self._header(key, tail)
        turns, older = self.log.before(key, tail, before, limit)
        shown = splitting.newest_that_fit(header, turns)
        return splitting.snapshot_frames(header, shown, more=older or len(shown) < len(turns))

    def page(self, user_id: str, cursor: str | None) -> Frame:
        """One page of the list of conversations. The head of each is read from its log."""
        found, following = self.store.conversations(user_id, cursor, limits.CONVERSATIONS_PAGE)
        entries = []
        for conversation in found:
            key = ConversationKey(user_id, conversation.conversation_id)
            tail = self._read(key, 1)
            if tail.turns:
                entries.append((_of_epoch(conversation, tail.epoch), tail.head))
            elif not tail.seal and not tail.head:
                # Nothing is there: its write came after a deletion, or all has expired.
                self.store.forget_conversation(key, conversation.epoch)
        return answers.conversations(entries, following)

    def show(self, key: ConversationKey) -> list[Frame]:
        """What it is now, without turns; nothing where it is not there, or in no list."""
        tail = self._read(key, 1)
        kept = self.store.conversation(key)
        if kept is None or not tail.turns:
            return []
        return self._bare(key, tail, _of_epoch(kept, tail.epoch))

    def rename(self, key: ConversationKey, title: str) -> list[Frame]:
        """Call it something else. Raises NotFound."""
        tail = self._existing(key)
        conversation = replace(describe(key, tail.turns[-1]), title=title)
        until = self._expiry(tail.turns[-1])
        renamed = self.store.rename_conversation(key, conversation, until)
        return self._bare(key, tail, renamed)

    def read(self, key: ConversationKey, seq: int) -> list[Frame]:
        """Move the user's cursor forward. Raises NotFound, or BadRequest past the last turn."""
        tail = self._existing(key)
        if seq > tail.head:
            raise BadRequest(f"seq: this conversation ends at {tail.head}.")
        conversation = replace(describe(key, tail.turns[-1]), read=seq)
        moved = self.store.move_cursor(key, conversation, self._expiry(tail.turns[-1]))
        return self._bare(key, tail, moved)

    def rate(self, key: ConversationKey, seq: int, rating: Rating | None) -> list[Frame]:
        """Keep what the user thinks of a reply. Raises NotFound."""
        epoch = self._existing(key).epoch
        # What a fork shares is rated where it is kept, for both; it may be copied just now.
        rated = self._rate(key, epoch, seq, rating) or self._rate(key, epoch, seq, rating)
        if rated is None:
            raise NotFound("There is no such turn.")
        shown = lapsed(replace(rated, epoch=epoch), self.clock())
        return splitting.turn_frames(key.conversation_id, shown)

    def stop(self, key: ConversationKey, seq: int) -> tuple[list[Frame], bool]:
        """The turn as it is, and whether this has ended it: nobody was writing its reply.

        Who does ends it within a second or so; an instant bot's has ended before it is seen.
        Raises NotFound.
        """
        turn = self._turn(key, seq)
        asked = self.store.ask_to_stop(key, turn) if turn.is_pending else turn
        if asked is None:
            raise NotFound("There is no such turn.")
        ended = self.ordering.look_after(key, asked)
        return splitting.turn_frames(key.conversation_id, ended or asked), ended is not None

    def note(self, key: ConversationKey, taken: Taken) -> None:
        """Keep the list of conversations up to date: at the first turn, then once a minute."""
        if taken.previous is None or _minute(taken.previous) != _minute(taken.turn):
            self._note(key, taken.turn, taken.turn)

    def _read(self, key: ConversationKey, limit: int = limits.NEWEST_TURNS) -> Tail:
        """The tail; and where what its seal began was cut off, whoever looks goes on with it."""
        tail = self.log.read(key, limit)
        if tail.seal and self.clock() - tail.seal.created_at > ABANDONED_AFTER:
            self.deletion.go_on(key, tail.seal)
        return tail

    def _remember(self, key: ConversationKey, tail: Tail) -> None:
        """A message follows most resumes: what has just been read need not be read again."""
        kept = self.cache.get(key, tail.confirmed_at)
        if not tail.seal and (kept is None or (kept.epoch, kept.head) != (tail.epoch, tail.head)):
            self.cache.put(key, tail)

    def _newest(self, header: Header, tail: Tail, *, reset: bool) -> list[Frame]:
        shown = splitting.newest_that_fit(header, tail.turns)
        older = tail.complete_after > 0 or len(shown) < len(tail.turns)
        return splitting.snapshot_frames(header, shown, more=older, reset=reset)

    def _bare(self, key: ConversationKey, tail: Tail, now: Conversation) -> list[Frame]:
        return splitting.snapshot_frames(_header(key, tail, now), [])

    def _header(self, key: ConversationKey, tail: Tail) -> Header:
        if not tail.turns:
            return Header(key.conversation_id, tail.epoch, "", tail.head, 0)
        return _header(key, tail, self._described(key, tail))

    def _described(self, key: ConversationKey, tail: Tail) -> Conversation:
        """What the list says of it, or would say: it is written best effort."""
        kept = self.store.conversation(key)
        if kept:
            return _of_epoch(kept, tail.epoch)
        # Whoever wrote the first turn died before it was noted, or it is being deleted just now.
        described = self._note(key, tail.turns[0], tail.turns[-1])
        after = self.log.read(key, 1)
        if after.seal or after.epoch != tail.epoch:
            self.store.forget_conversation(key, tail.epoch)
        return described

    def _rate(
        self, key: ConversationKey, epoch: str, seq: int, rating: Rating | None
    ) -> Turn | None:
        found = self.log.find(key, epoch, seq)
        return self.store.rate(*found, rating) if found else None

    def _note(self, key: ConversationKey, turn: Turn, newest: Turn) -> Conversation:
        conversation = describe(key, turn)
        self.store.note_conversation(key, conversation, self._expiry(newest))
        return conversation

    def _existing(self, key: ConversationKey) -> Tail:
        tail = self._read(key, 1)
        if not tail.turns:
            raise NotFound("There is no such conversation.")
        return tail

    def _turn(self, key: ConversationKey, seq: int) -> Turn:
        turn = self.log.turn(key, self._existing(key).epoch, seq)
        if turn is None:
            raise NotFound("There is no such turn.")
        return turn

    def _expiry(self, newest: Turn) -> int:
        """When its entry in the list expires, and the cursor with it: not before the turns, which
        are kept for longer where retention was longer once."""
        return max(int((self.clock() + self.retention).timestamp()), newest.expires_at)


def _header(key: ConversationKey, tail: Tail, described: Conversation) -> Header:
    return Header(
        key.conversation_id,
        tail.epoch,
        described.title,
        tail.head,
        min(described.read, tail.head),
        described.fork_of,
        described.fork_at,
    )


def _gap_frames(header: Header, gap: tuple[Turn, ...], head: int) -> list[Frame]:
    end = gap[-1].seq if gap else head
    frames = splitting.snapshot_frames(header, gap, more=end < head)
    if end < head:
        splitting.last_snapshot(frames)["next"] = end
    return frames


def _is_gapless(gap: tuple[Turn, ...], after: int, head: int) -> bool:
    """Whether these are the turns right after `after`, none missing between."""
    if not gap:
        return after == head
    return gap[0].seq == after + 1 and gap[-1].seq == after + len(gap)


def _of_epoch(conversation: Conversation, epoch: str) -> Conversation:
    """A cursor into an earlier epoch says nothing about this one."""
    if conversation.epoch == epoch:
        return conversation
    return replace(conversation, epoch=epoch, read=0)


def _minute(turn: Turn) -> int:
    return int(turn.created_at.timestamp()) // REFRESHED_EVERY_SECONDS
