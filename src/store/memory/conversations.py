"""Conversations in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from bot.models import (
    Conversation,
    ConversationKey,
    Rating,
    Status,
    Turn,
)
from bot.ports import Page
from bot.turn_log.epochs import birth
from bot.turn_log.tail import ENDED, is_root, is_tombstone, origin_of

ROW_LIFETIME = timedelta(hours=3)


class MemoryConversationStore:
    """`bot.ports.ConversationStore` without a table."""

    def __init__(self) -> None:
        self._turns: dict[ConversationKey, dict[int, Turn]] = {}
        self._conversations: dict[ConversationKey, Conversation] = {}
        self._forks: dict[ConversationKey, set[str]] = {}
        self._lock = Lock()

    def newest(self, key: ConversationKey, limit: int) -> Page:
        """See the port."""
        return _page(self._log(key)[::-1], limit)

    def preceding(self, key: ConversationKey, before: int, limit: int) -> Page:
        """See the port."""
        return _page([turn for turn in self._log(key)[::-1] if turn.seq < before], limit)

    def following(self, key: ConversationKey, after: int, limit: int) -> Page:
        """See the port."""
        return _page([turn for turn in self._log(key) if turn.seq > after], limit)

    def turn(self, key: ConversationKey, seq: int) -> Turn | None:
        """See the port."""
        with self._lock:
            return self._turns.get(key, {}).get(seq)

    def append(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """See the port."""
        with self._lock:
            log = self._turns.setdefault(key, {})
            holder = log.get(turn.seq)
            if holder and not _is_free(holder, turn.epoch):
                return holder
            log[turn.seq] = turn
            return None

    def rate(self, key: ConversationKey, turn: Turn, rating: Rating | None) -> Turn | None:
        """See the port."""
        with self._lock:
            kept = self._same_epoch(key, turn)
            if kept is None or kept.status in ENDED:
                return None
            rated = self._turns[key][turn.seq] = replace(kept, feedback=rating)
            return rated

    def erase(self, key: ConversationKey, turns: Sequence[Turn]) -> None:
        """See the port."""
        with self._lock:
            for turn in turns:
                if self._same_epoch(key, turn):
                    del self._turns[key][turn.seq]

    def bury(
        self, key: ConversationKey, turns: Sequence[Turn], at: datetime | None, expires_at: int
    ) -> None:
        """See the port."""
        with self._lock:
            for turn in turns:
                kept = self._same_epoch(key, turn)
                if kept:
                    self._turns[key][turn.seq] = replace(
                        kept,
                        status=Status.DELETED,
                        completed_at=at,
                        expires_at=expires_at,
                        message_id="",
                        text="",
                        reply="",
                        state={},
                        feedback=None,
                        origin=None,
                        content="",
                        position=None,
                        positions={},
                        lapses_at=0.0,
                    )

    def conversation(self, key: ConversationKey) -> Conversation | None:
        """See the port."""
        with self._lock:
            return self._conversations.get(key)

    def conversations(
        self, user_id: str, after: str | None, limit: int
    ) -> tuple[tuple[Conversation, ...], str | None]:
        """See the port."""
        with self._lock:
            ids = sorted(
                key.conversation_id
                for key in self._conversations
                if key.user_id == user_id and (after is None or key.conversation_id > after)
            )
            page = tuple(
                self._conversations[ConversationKey(user_id, each)] for each in ids[:limit]
            )
        return page, ids[limit - 1] if len(ids) > limit else None

    def note_conversation(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> None:
        """See the port."""
        self._describe(key, conversation, updated_at=conversation.updated_at)

    def rename_conversation(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> Conversation:
        """See the port."""
        return self._describe(key, conversation, title=conversation.title)

    def move_cursor(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> Conversation:
        """See the port."""
        kept = self.conversation(key) or conversation
        return self._describe(key, conversation, read=max(kept.read, conversation.read))

    def _describe(
        self, key: ConversationKey, conversation: Conversation, **change: Any
    ) -> Conversation:
        with self._lock:
            kept = self._conversations.get(key)
            if kept is None or kept.epoch < birth(conversation.epoch):
                kept = conversation
            elif kept.epoch == conversation.epoch:
                kept = replace(kept, **change)
            self._conversations[key] = kept
            return kept

    def forget_conversation(self, key: ConversationKey, epoch: str) -> None:
        """See the port."""
        with self._lock:
            kept = self._conversations.get(key)
            if kept and kept.epoch == epoch:
                del self._conversations[key]

    def claim(self, key: ConversationKey, turn: Turn, owner: str, lease_until: float) -> bool:
        """See the port."""
        with self._lock:
            kept = self._mine(key, turn)
            if kept is None or kept.lease_until != turn.lease_until:
                return False
            attempt = turn.attempt + 1
            claimed = replace(kept, owner=owner, lease_until=lease_until, attempt=attempt)
            self._turns[key][turn.seq] = claimed
            return True

    def hold(self, key: ConversationKey, turn: Turn, lease_until: float) -> bool:
        """See the port."""
        with self._lock:
            kept = self._mine(key, turn)
            if kept is not None:
                self._turns[key][turn.seq] = replace(kept, lease_until=lease_until)
            return kept is not None

    def complete(self, key: ConversationKey, turn: Turn) -> bool:
        """See the port."""
        with self._lock:
            kept = self._mine(key, turn)
            if kept is not None:
                ended = replace(turn, lease_until=0.0, feedback=kept.feedback)
                self._turns[key][turn.seq] = ended
            return kept is not None

    def ask_to_stop(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """See the port."""
        with self._lock:
            kept = self._same_epoch(key, turn)
            if kept is None or kept.status in ENDED:
                return None
            if kept.is_pending:
                kept = self._turns[key][turn.seq] = replace(kept, stopping=True)
            return kept

    def _mine(self, key: ConversationKey, turn: Turn) -> Turn | None:
        kept = self._same_epoch(key, turn)
        return kept if kept and kept.is_pending and kept.owner == turn.owner else None

    def next_conversation(self, user_id: str, after: str | None) -> str | None:
        """See the port."""
        with self._lock:
            ids = (
                key.conversation_id
                for key, log in self._turns.items()
                if log and key.user_id == user_id
            )
            return min((each for each in ids if after is None or each > after), default=None)

    def copy(self, key: ConversationKey, seal: Turn, turns: Sequence[Turn]) -> bool:
        """See the port."""
        with self._lock:
            target = self._target(key, seal)
            if target:
                self._turns.setdefault(target, {}).update({turn.seq: turn for turn in turns})
            return target is not None

    def hand_over(
        self, key: ConversationKey, seal: Turn, conversation: Conversation | None, expires_at: int
    ) -> bool:
        """See the port."""
        with self._lock:
            target = self._target(key, seal)
            if target:
                kept = self._turns[key][seal.seq]
                self._turns[key][seal.seq] = replace(kept, status=Status.DELETED)
                if conversation:
                    self._conversations[target] = conversation
            return target is not None

    def fork(
        self, key: ConversationKey, root: Turn, head: int, conversation: Conversation, until: int
    ) -> bool:
        """See the port."""
        origin = origin_of(root)
        home = ConversationKey(key.user_id, origin.conversation_id)
        with self._lock:
            holder = self._turns.get(key, {}).get(root.seq)
            behind = self._turns.get(home, {}).get(head + 1)
            if not (_is_free(holder, root.epoch) and _is_free(behind, origin.epoch)):
                return False
            self._turns.setdefault(key, {})[root.seq] = root
            self._forks.setdefault(home, set()).add(key.conversation_id)
            self._conversations[key] = conversation
            return True

    def forks(self, key: ConversationKey) -> tuple[str, ...]:
        """See the port."""
        with self._lock:
            return tuple(sorted(self._forks.get(key, ())))

    def fill(self, key: ConversationKey, root: Turn, turns: Sequence[Turn], end: int) -> bool:
        """See the port."""
        with self._lock:
            kept = self._same_epoch(key, root)
            if kept is None or not is_root(kept) or kept.origin != root.origin:
                return False
            log = self._turns[key]
            log[root.seq] = replace(kept, origin=replace(origin_of(root), seq=end))
            log.update({turn.seq: turn for turn in turns})
            return True

    def forget_fork(self, key: ConversationKey, fork: ConversationKey) -> None:
        """See the port."""
        with self._lock:
            self._forks.get(key, set()).discard(fork.conversation_id)

    def _target(self, key: ConversationKey, seal: Turn) -> ConversationKey | None:
        kept = self._same_epoch(key, seal)
        return kept.moved_to if kept and kept.status is Status.MOVED else None

    def _log(self, key: ConversationKey) -> list[Turn]:
        with self._lock:
            log = self._turns.get(key, {})
            return [log[seq] for seq in sorted(log)]

    def _same_epoch(self, key: ConversationKey, turn: Turn) -> Turn | None:
        kept = self._turns.get(key, {}).get(turn.seq)
        return kept if kept and kept.epoch == turn.epoch else None


def _is_free(holder: Turn | None, epoch: str) -> bool:
    return holder is None or (is_tombstone(holder) and holder.epoch < birth(epoch))


def _page(turns: list[Turn], limit: int) -> Page:
    return Page(tuple(turns[:limit]), exhausted=len(turns) <= limit)
