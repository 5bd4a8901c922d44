"""The values a conversation is made of. All are frozen; none does I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

State = Mapping[str, Any]
"""What a bot remembers: a JSON object."""


class Author(StrEnum):
    """Who began a turn."""

    USER = "user"
    BACKEND = "backend"


class Status(StrEnum):
    """How far a turn has come; the last three are marks in a log, and are never shown.

    `DELETED`: it is being deleted, or was. `MOVED`: it is being moved to another user. `FORKED`:
    it begins in another conversation's log.
    """

    PENDING = "pending"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    DELETED = "deleted"
    MOVED = "moved"
    FORKED = "forked"


class Failure(StrEnum):
    """Why a reply ended before its end."""

    BOT = "bot_failed"
    TIMED_OUT = "timed_out"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    ABANDONED = "abandoned"
    OVER_BUDGET = "over_budget"


class Rating(StrEnum):
    """What a user thinks of a reply."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """One conversation of one user. Nothing is ever looked up without the user (invariant I5)."""

    user_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fork has its first turns from: those up to `seq` of another conversation's life."""

    conversation_id: str
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Message:
    """What a user says. `sent_at` is when the backend took it, in UTC."""

    message_id: str
    text: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What a bot answers, and what it wants to find in the snapshot next time.

    `silent`: it says nothing, and means it; `text` is empty then, and nowhere else.
    """

    text: str
    state: State = field(default_factory=dict)
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply cost at a language model."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bot that streams leaves behind, besides what it said.

    `silent`: it has said nothing, and means it; else that is a failure.
    """

    state: State = field(default_factory=dict)
    usage: Usage | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Where a pushed message stands in its source, of which positions only ever grow."""

    source: str
    number: int


Positions = Mapping[str, int]
"""The newest position of each source that a conversation was given, the latest source last."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message and its reply; `state` is the bot's after it, `allowance` the turns still free.

    `owner` names the one writer, so that a retried write is told from a lost race. `moved_to` is
    where the conversation goes that ends here, `origin` where the fork that begins here has its
    first turns from.

    A reply that is still being written is the `owner`'s until `lease_until`, in seconds since 1970;
    `attempt` counts those who have begun it, and `stopping` says that its user wants no more of it.

    Of a pushed one: `content` is JSON text, empty where there is none; `position` is its own, and
    `positions`, which every turn carries on from the one before, all that were seen up to it.
    After `lapses_at`, in seconds since 1970, it shows no more what it said; 0 for never.
    """

    seq: int
    epoch: str
    message_id: str
    author: Author
    text: str
    reply: str
    state: State
    status: Status
    created_at: datetime
    completed_at: datetime | None
    owner: str
    expires_at: int
    allowance: float = 0.0
    feedback: Rating | None = None
    moved_to: ConversationKey | None = None
    origin: Origin | None = None
    lease_until: float = 0.0
    attempt: int = 0
    stopping: bool = False
    failure: Failure | None = None
    usage: Usage | None = None
    content: str = ""
    position: Position | None = None
    positions: Positions = field(default_factory=dict)
    lapses_at: float = 0.0

    @property
    def is_pending(self) -> bool:
        """Whether its reply is still being written."""
        return self.status is Status.PENDING


@dataclass(frozen=True, slots=True)
class Order:
    """Whose reply is to be written: that of turn `seq`, which is pending.

    `owner` is who made the turn. `connection_id` is who asked, and is told first.
    """

    key: ConversationKey
    seq: int
    epoch: str
    owner: str
    connection_id: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation as turn `head` left it.

    `turns` are the newest of the present epoch in ascending `seq`, at most `limits.NEWEST_TURNS`;
    of their states only the newest is at hand, as `state`.
    `head` counts on from turns that have expired but are still there, which are never shown.
    A conversation nobody has written to has `head` 0.
    """

    epoch: str
    head: int
    turns: tuple[Turn, ...]

    @property
    def state(self) -> State:
        """The bot's state after the newest turn; empty before the first."""
        return self.turns[-1].state if self.turns else {}


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a list of conversations shows of one. `read` is the newest `seq` the user has seen.

    A fork names the conversation that it was made from, and the last turn they have in common.
    """

    conversation_id: str
    epoch: str
    title: str
    created_at: datetime
    updated_at: datetime
    read: int = 0
    fork_of: str = ""
    fork_at: int = 0


@dataclass(frozen=True, slots=True)
class Connection:
    """One live WebSocket of a user, as API Gateway names it.

    `authorized_until`: when its credential runs out, in seconds since 1970; None for never.
    """

    user_id: str
    connection_id: str
    domain_name: str
    stage: str
    connected_at: datetime
    authorized_until: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a user has used (bot/replies/budget.py).

    `allowance` turns were left at `counted_at`, in seconds since 1970, where any were counted yet;
    `tokens` were used on `day`, in UTC, as ISO 8601 writes it. `counted` names what was counted
    last, the newest last.
    """

    allowance: float = 0.0
    counted_at: float = 0.0
    day: str = ""
    tokens: int = 0
    counted: tuple[str, ...] = ()

    def tokens_on(self, now: datetime) -> int:
        """The tokens of today."""
        return self.tokens if self.day == now.date().isoformat() else 0


@dataclass(frozen=True, slots=True)
class Present:
    """What one look at a user's row finds: live connections, and what the user has used."""

    connections: tuple["Connection", ...]
    spent: Spent = Spent()


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a connection was last known to be there, or to end, as an index says it: perhaps late.

    `active` as its row says it: whether its end is not known yet. `kept_as` is both as the store
    has them, where it would write them in another way.
    """

    user_id: str
    connection_id: str
    active: bool
    seen_at: datetime
    kept_as: tuple[str, str] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a frame, by the authorizer's word alone (invariant I5), and on which connection.

    `expires_at`: when the credential runs out, in seconds since 1970; None for never. 0 where the
    authorizer's word is not at hand: the connection's row decides then. `signed_in`: no guest.
    """

    user_id: str
    expires_at: float | None = None
    connection_id: str = ""
    signed_in: bool = False
