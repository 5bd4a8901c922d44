"""The frames that clients send, field by field. The contract is docs/protocol.md.

Each field carries the schema that pydantic's core checks it by. pydantic's own models would cost
every cold start a third more (docs/adr/0006-cold-start.md).
"""

from dataclasses import MISSING, dataclass, field
from typing import Any, ClassVar

from pydantic_core import CoreSchema, core_schema

from bot import limits
from bot.models import Rating

CONVERSATION_ID = r"^[A-Za-z0-9_-]{1,64}$"
"""Nothing that could be taken for the sort key's delimiter (invariant I5)."""

GUEST_ID = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-4[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$"
"""A UUID v4, as the guest's credential is."""

DEFAULT_CONVERSATION = "main"
MAX_EPOCH_CHARACTERS = 64


def _is(name: str, schema: CoreSchema, default: Any = MISSING) -> Any:
    """A field: its name on the wire, what it must be, and its value where it is left out."""
    return field(default=default, metadata={"name": name, "schema": schema})


def _string(**bounds: Any) -> CoreSchema:
    return core_schema.str_schema(strict=True, **bounds)


def _number(least: int, most: int = limits.MAX_SEQ) -> CoreSchema:
    return core_schema.int_schema(strict=True, ge=least, le=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFrame:
    """A frame as it came in; unknown fields are ignored, `null` is the same as left out."""

    action: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFrame(ClientFrame):
    """A frame about one conversation."""

    conversation_id: str = _is(
        "conversationId", _string(pattern=CONVERSATION_ID), DEFAULT_CONVERSATION
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFrame(ConversationFrame):
    """`after`: the newest `seq` the client had seen when it first sent this.

    With `fork_of` a conversation that is not there begins with that one's turns up to `fork_at`.
    """

    action = "message"
    message_id: str = _is(
        "messageId", _string(min_length=1, max_length=limits.MAX_MESSAGE_ID_CHARACTERS)
    )
    text: str = _is("text", _string(min_length=1))
    after: int | None = _is("after", _number(0), None)
    epoch: str | None = _is("epoch", _string(max_length=MAX_EPOCH_CHARACTERS), None)
    fork_of: str | None = _is("forkOf", _string(pattern=CONVERSATION_ID), None)
    fork_at: int = _is("forkAt", _number(0), 0)
    fork_epoch: str | None = _is("forkEpoch", _string(max_length=MAX_EPOCH_CHARACTERS), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkFrame(ConversationFrame):
    """A conversation that begins with another one's turns."""

    action = "fork"
    fork_of: str = _is("forkOf", _string(pattern=CONVERSATION_ID))
    fork_at: int = _is("forkAt", _number(1))
    fork_epoch: str | None = _is("forkEpoch", _string(max_length=MAX_EPOCH_CHARACTERS), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeFrame(ConversationFrame):
    """Without `after`: the newest turns."""

    action = "resume"
    after: int | None = _is("after", _number(0), None)
    epoch: str | None = _is("epoch", _string(max_length=MAX_EPOCH_CHARACTERS), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFrame(ConversationFrame):
    """The turns before one."""

    action = "history"
    before: int = _is("before", _number(1))
    limit: int = _is("limit", _number(1, limits.MAX_PAGE), limits.HISTORY_TURNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsFrame(ClientFrame):
    """One page of the user's conversations."""

    action = "conversations"
    cursor: str | None = _is("cursor", _string(pattern=CONVERSATION_ID), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameFrame(ConversationFrame):
    """A new title."""

    action = "rename"
    title: str = _is("title", _string(min_length=1, max_length=limits.MAX_TITLE_CHARACTERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFrame(ConversationFrame):
    """Away with the whole conversation."""

    action = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFrame(ConversationFrame):
    """A frame about one turn."""

    seq: int = _is("seq", _number(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFrame(TurnFrame):
    """End a reply that is still being written."""

    action = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFrame(TurnFrame):
    """The cursor: what this user has seen."""

    action = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackFrame(TurnFrame):
    """What the user thinks of a reply; without `rating` it is withdrawn."""

    action = "feedback"
    rating: str | None = _is(
        "rating", core_schema.literal_schema([each.value for each in Rating]), None
    )

    @property
    def verdict(self) -> Rating | None:
        """The rating as the conversation keeps it."""
        return Rating(self.rating) if self.rating else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewFrame(ClientFrame):
    """A fresh token for this very connection."""

    action = "renew"
    token: str = field(
        repr=False,
        metadata={
            "name": "token",
            "schema": _string(min_length=1, max_length=limits.MAX_TOKEN_CHARACTERS),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptFrame(ClientFrame):
    """`guest_id` is the guest's own secret, which proves that the caller was that guest."""

    action = "adopt"
    guest_id: str = field(
        repr=False, metadata={"name": "guestId", "schema": _string(pattern=GUEST_ID)}
    )
    cursor: str | None = _is("cursor", _string(pattern=CONVERSATION_ID), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PingFrame(ClientFrame):
    """A heartbeat."""

    action = "ping"


FRAMES: dict[str, type[ClientFrame]] = {
    frame.action: frame
    for frame in (
        MessageFrame,
        ForkFrame,
        ResumeFrame,
        HistoryFrame,
        ConversationsFrame,
        RenameFrame,
        DeleteFrame,
        StopFrame,
        ReadFrame,
        FeedbackFrame,
        RenewFrame,
        AdoptFrame,
        PingFrame,
    )
}
