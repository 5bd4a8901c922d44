"""What the conversation asks of the world. Small Protocols; adapters live in store and delivery.

Every method of a store raises StoreUnavailable where the tables do not answer, and reads strongly
consistent. A read may bring expired turns and tombstones: what to make of them is the caller's.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.models import (
    Connection,
    Conversation,
    ConversationKey,
    Message,
    Order,
    Outcome,
    Present,
    Rating,
    Reply,
    Snapshot,
    Spent,
    Turn,
    Usage,
)


class Bot(Protocol):
    """Answers messages. The one class a developer writes (docs/bots.md)."""

    def reply(self, snapshot: Snapshot, message: Message) -> Reply:
        """Answer `message`, given the conversation before it.

        A pure function of its arguments: it may run more than once for one message, when another
        writer was faster, and only one answer is kept. Whatever it must remember goes into
        `Reply.state`, a JSON object of at most `limits.MAX_STATE_BYTES`, and comes back as
        `snapshot.state`. Whatever it raises is logged by its type alone, and the client gets
        `internal_error`.
        """
        ...


class Call(Protocol):
    """One attempt at one reply, as a bot that streams sees it."""

    @property
    def key(self) -> str:
        """The same for every attempt at this turn, and no other's: what makes a tool's call
        idempotent."""
        ...

    @property
    def conversation(self) -> ConversationKey:
        """Whose conversation this is, by the authorizer's word, and which."""
        ...

    def seconds_left(self) -> float:
        """Until the reply is cut off."""
        ...

    def on_stop(self, close: Callable[[], object]) -> None:
        """Have `close` called, from another thread, as soon as nobody wants any more."""
        ...

    def used(self, usage: Usage) -> None:
        """Say what this attempt has cost so far, in all: the latest word counts.

        It is kept however the reply ends; an Outcome with a usage goes before it. Raises BotFailed
        where it is no usage.
        """
        ...


class StreamingBot(Protocol):
    """Answers in pieces, takes its time, or costs money when run twice: a language model."""

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome | None]:
        """Yield the reply piece by piece, and return what is to be kept besides.

        Runs in a thread of its own, once for each attempt; after a crash there may be another.
        What it has yielded stands even when it raises. Closing the generator ends it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What one read brought; `exhausted` where nothing lies beyond it."""

    turns: tuple[Turn, ...]
    exhausted: bool


class TurnLog(Protocol):
    """The turns of every conversation."""

    def newest(self, key: ConversationKey, limit: int) -> Page:
        """Read the newest turns, in descending `seq`: one request."""
        ...

    def preceding(self, key: ConversationKey, before: int, limit: int) -> Page:
        """Read the turns before `before`, in descending `seq`: one request."""
        ...

    def following(self, key: ConversationKey, after: int, limit: int) -> Page:
        """Read the turns after `after`, in ascending `seq`: one request."""
        ...

    def turn(self, key: ConversationKey, seq: int) -> Turn | None:
        """Read one turn."""
        ...

    def append(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """Write `turn` if its `seq` is free, by one conditional write; None when it was.

        Otherwise the turn that holds the `seq`: the winner, or `turn` itself where a retried
        write had been applied before (the same `owner`). A tombstone of an earlier epoch is free.
        """
        ...

    def rate(self, key: ConversationKey, turn: Turn, rating: Rating | None) -> Turn | None:
        """Keep what the user thinks of a turn; the turn as it is now, None if it is gone."""
        ...

    def erase(self, key: ConversationKey, turns: Sequence[Turn]) -> None:
        """Remove turns, each only while it is still of its epoch."""
        ...

    def bury(
        self, key: ConversationKey, turns: Sequence[Turn], at: datetime | None, expires_at: int
    ) -> None:
        """Make tombstones of turns, each only while it is still of its epoch; without `at`, seals.

        Nothing of what was said stays.
        """
        ...


class PendingReplies(Protocol):
    """Turns whose reply is still being written.

    Every write holds only while the turn is pending and as its writer knows it: whoever has lost
    a turn can write nothing to it any more. One request each.
    """

    def claim(self, key: ConversationKey, turn: Turn, owner: str, lease_until: float) -> bool:
        """Make `turn`, as it was read, one's own; whether that succeeded."""
        ...

    def hold(self, key: ConversationKey, turn: Turn, lease_until: float) -> bool:
        """Lengthen the lease of one's own turn; whether it still is."""
        ...

    def complete(self, key: ConversationKey, turn: Turn) -> bool:
        """Write the end of one's own turn; whether it still was."""
        ...

    def ask_to_stop(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """Say that nobody wants any more of it; the turn as it is now, None if it is gone."""
        ...


class ConversationList(Protocol):
    """What a list of conversations shows of each; never needed to know the truth of a turn."""

    def conversation(self, key: ConversationKey) -> Conversation | None:
        """Read what a list of conversations shows of one."""
        ...

    def conversations(
        self, user_id: str, after: str | None, limit: int
    ) -> tuple[tuple[Conversation, ...], str | None]:
        """Read a user's conversations by id, and the id to go on after, None at the end."""
        ...

    def note_conversation(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> None:
        """Note the newest activity; title, cursor and creation stay, where the epoch has any.

        Like the two that follow it, this writes the whole where there is nothing or an earlier
        epoch's, and leaves a later epoch's alone.
        """
        ...

    def rename_conversation(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> Conversation:
        """Set the title of `conversation`; how it is now."""
        ...

    def move_cursor(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> Conversation:
        """Set the cursor to `conversation.read`, never back within an epoch; how it is now."""
        ...

    def forget_conversation(self, key: ConversationKey, epoch: str) -> None:
        """Remove it from the list, if it is still of that epoch."""
        ...


class Moves(Protocol):
    """How a sealed conversation goes to another user: `seal.moved_to`.

    What writes does so all or nothing, and only while the seal that stands is that one and says
    `moved`: False where it does not any more. Raises Busy where another writes the same just now.
    """

    def next_conversation(self, user_id: str, after: str | None) -> str | None:
        """Find the first conversation behind that id of which the log holds anything."""
        ...

    def copy(self, key: ConversationKey, seal: Turn, turns: Sequence[Turn]) -> bool:
        """Write turns of `key`, at most 99, to where the seal says, as they are."""
        ...

    def hand_over(
        self, key: ConversationKey, seal: Turn, conversation: Conversation | None, expires_at: int
    ) -> bool:
        """End the move: the seal becomes a deletion's, and `conversation` is noted in the list."""
        ...


class Forks(Protocol):
    """Conversations that begin in another one's log, of the same user.

    What writes does so all or nothing. Raises Busy where another writes the same just now.
    """

    def fork(
        self, key: ConversationKey, root: Turn, head: int, conversation: Conversation, until: int
    ) -> bool:
        """Begin `key` with `root`, listed as `conversation` until then; whether that succeeded.

        Only while the place of the root is free, as `append` takes it, and while the log that the
        root leads to ends at `head`, and not by a seal either.
        """
        ...

    def forks(self, key: ConversationKey) -> tuple[str, ...]:
        """Name the conversations whose roots may lead to this one's log."""
        ...

    def fill(self, key: ConversationKey, root: Turn, turns: Sequence[Turn], end: int) -> bool:
        """Write turns, at most 98, into a fork, and have its root stand for those up to `end`.

        A turn 1 takes the root's place. Only while the root says what `root` does; whether it did.
        """
        ...

    def forget_fork(self, key: ConversationKey, fork: ConversationKey) -> None:
        """Take `fork` from the forks of `key`."""
        ...


class ConversationStore(TurnLog, PendingReplies, ConversationList, Moves, Forks, Protocol):
    """All that is kept of conversations."""


class ConnectionStore(Protocol):
    """The live WebSockets of every user, one row each; and one more for what the user has used,
    where that is counted."""

    def add(self, connection: Connection) -> None:
        """Write the connection's row: one request. A second time changes nothing."""
        ...

    def deactivate(self, user_id: str, connection_id: str, at: datetime) -> None:
        """Mark that very row inactive, if it is there. A second time changes nothing."""
        ...

    def live(self, user_id: str, now: datetime) -> tuple[Connection, ...]:
        """Read the user's active connections, strongly consistent: one request a page.

        Those whose credential has run out are left out: nothing may be sent there any more.
        """
        ...

    def present(self, user_id: str, now: datetime) -> Present:
        """Read what `live` does, and what the user has used: the same requests."""
        ...

    def spend(self, user_id: str, known: Spent, spent: Spent, expires_at: int) -> Spent | None:
        """Keep `spent` if `known` is what is kept, by one conditional write; None when it was.

        Otherwise what is kept, which is `spent` itself where a retried write had been applied.
        """
        ...

    def active(self, user_id: str) -> tuple[Connection, ...]:
        """Read the same, with those whose credential or lifetime has run out."""
        ...

    def authorized_until(self, user_id: str, connection_id: str) -> float:
        """Read until when a connection's credential holds, in seconds since 1970: one request.

        Infinity where it never runs out, 0 where there is no active row.
        """
        ...

    def renew(self, user_id: str, connection_id: str, until: float) -> float:
        """Let the credential of an active row hold until then, if that is later: one request.

        Until when it holds then, as `authorized_until` says it. Makes no row and revives none.
        """
        ...

    def user_of(self, connection_id: str) -> str | None:
        """Find a user by connection, in an index that may lag behind."""
        ...


class ReplyStarter(Protocol):
    """The way to whoever writes replies."""

    def start(self, order: Order) -> None:
        """Have a reply written, at once, by another function: it may be begun more than once, and
        is written once. Raises StoreUnavailable where that cannot be ordered now."""
        ...


class FrameSender(Protocol):
    """The way out to one connection."""

    def send(self, connection_id: str, frame: bytes) -> None:
        """Hand one frame over.

        Raises ConnectionGone where the connection is closed, SendFailed where it is not known
        whether the frame arrived. Returning is no proof that the client has it (invariant I6).
        """
        ...

    def close(self, connection_id: str) -> None:
        """Close the connection. Raises as `send` does."""
        ...
