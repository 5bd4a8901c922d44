"""Making a conversation that begins with the turns of another, at a cost that does not grow.

Nothing is copied: the fork's log begins with a root, which says whose turns come first
(bot/turn_log/lineage.py). Root, list entry and a note for the other conversation are written all or
nothing, and only while the other log is not sealed: whoever deletes it finds the note, and sees to
it that the fork keeps its turns (docs/adr/0013-forks.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.errors import BadRequest, Busy, NotFound, StillWriting
from bot.lifecycle.deletion import Deletion
from bot.models import Author, Conversation, ConversationKey, Origin, Status, Turn
from bot.ports import ConversationStore
from bot.titles import describe
from bot.turn_log.epochs import new_epoch
from bot.turn_log.log import Log
from bot.turn_log.tail import MAX_AGE, Tail

MAX_RACES = 20
"""Times that others may write to the conversation that is forked, in the very moment."""

ROOT_KEPT = 2 * MAX_AGE
"""How long a root holds its place at least: whoever takes the fork for empty must find it taken."""


@dataclass(frozen=True, slots=True)
class Fork:
    """What to begin with: the turns up to `seq` of a conversation, in `epoch` if that is known."""

    conversation_id: str
    seq: int
    epoch: str | None = None


class Forking:
    """Makes forks."""

    def __init__(
        self,
        store: ConversationStore,
        log: Log,
        deletion: Deletion,
        retention: timedelta,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        pause: Callable[[int], None],
    ) -> None:
        self._store = store
        self._log = log
        self._deletion = deletion
        self._retention = retention
        self._clock = clock
        self._new_id = new_id
        self._pause = pause

    def make(self, key: ConversationKey, fork: Fork) -> bool:
        """Begin `key` as that fork; False where it was before: a second time changes nothing.

        Raises BadRequest where `key` is another conversation, NotFound where there is nothing to
        begin with, StillWriting while the last of it is being written, Busy where others write all
        the time.
        """
        begun = self.begin(key, fork)
        if not begun and not self._is_made(key, fork):
            raise BadRequest("conversationId: this is another conversation.")
        return begun

    def begin(self, key: ConversationKey, fork: Fork) -> bool:
        """Begin `key` as that fork where nothing is there; whether it was. Raises as `make`."""
        for races in range(MAX_RACES):
            tail = self._log.read(key, 1)
            if tail.seal:
                self._finish(key, tail.seal)
            elif tail.head:
                return False
            elif self._fork(key, tail, fork):
                return True
            self._pause(races)
        raise Busy("Too many messages at once.")

    def _fork(self, key: ConversationKey, tail: Tail, fork: Fork) -> bool:
        parent = ConversationKey(key.user_id, fork.conversation_id)
        end = self._log.read(parent, 1)
        found = self._log.find(parent, fork.epoch or end.epoch, fork.seq) if end.turns else None
        if found is None or fork.epoch not in (None, end.epoch):
            raise NotFound("There is no such turn.")
        home, turn = found
        if turn.is_pending:
            raise StillWriting(turn)
        if home != parent:
            # A fork of a fork, of a turn that both have from elsewhere.
            end = self._log.read(home, 1)
        if end.seal:
            # What the fork begins with is being copied to where it was looked for.
            self._finish(home, end.seal)
            return False
        root = self._root(home, turn, tail)
        entry = self._entry(key, root, fork, parent)
        until = int((self._clock() + self._retention).timestamp())
        try:
            return self._store.fork(key, root, end.head, entry, until)
        except Busy:
            return False

    def _finish(self, key: ConversationKey, seal: Turn) -> None:
        if not self._deletion.go_on(key, seal):
            raise Busy("This conversation is being deleted or moved.")

    def _root(self, home: ConversationKey, turn: Turn, tail: Tail) -> Turn:
        now = self._clock()
        owner = self._new_id()
        return Turn(
            seq=1,
            epoch=new_epoch(now, tail.buried, owner),
            message_id="",
            author=Author.USER,
            text="",
            reply="",
            state={},
            status=Status.FORKED,
            created_at=now,
            completed_at=now,
            owner=owner,
            expires_at=max(turn.expires_at, int((now + ROOT_KEPT).timestamp())),
            origin=Origin(home.conversation_id, turn.epoch, turn.seq),
        )

    def _entry(
        self, key: ConversationKey, root: Turn, fork: Fork, parent: ConversationKey
    ) -> Conversation:
        kept = self._store.conversation(parent)
        return replace(
            describe(key, root),
            title=kept.title if kept else "",
            read=fork.seq,
            fork_of=fork.conversation_id,
            fork_at=fork.seq,
        )

    def _is_made(self, key: ConversationKey, fork: Fork) -> bool:
        kept = self._store.conversation(key)
        return kept is not None and (kept.fork_of, kept.fork_at) == (
            fork.conversation_id,
            fork.seq,
        )
