"""What clients send: JSON text in, one validated frame out. The contract is docs/protocol.md.

Frames are checked by pydantic's core, by itself: BaseModel would cost every cold start a third more
(docs/adr/0006-cold-start.md).
"""

import json
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, NoReturn

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from bot import limits
from bot.errors import BadRequest, TooLarge, UnknownAction
from bot.models import Rating

CONVERSATION_ID = r"^[A-Za-z0-9_-]{1,64}$"
"""Nothing that could be taken for the sort key's delimiter (invariant I5)."""

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
    """`after`: the newest `seq` the client had seen when it first sent this."""

    action = "message"
    message_id: str = _is(
        "messageId", _string(min_length=1, max_length=limits.MAX_MESSAGE_ID_CHARACTERS)
    )
    text: str = _is("text", _string(min_length=1))
    after: int | None = _is("after", _number(0), None)
    epoch: str | None = _is("epoch", _string(max_length=MAX_EPOCH_CHARACTERS), None)


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
class PingFrame(ClientFrame):
    """A heartbeat."""

    action = "ping"


FRAMES: dict[str, type[ClientFrame]] = {
    frame.action: frame
    for frame in (
        MessageFrame,
        ResumeFrame,
        HistoryFrame,
        ConversationsFrame,
        RenameFrame,
        DeleteFrame,
        StopFrame,
        ReadFrame,
        FeedbackFrame,
        PingFrame,
    )
}


def decode(body: str) -> dict[str, Any]:
    """Read the JSON object of a frame.

    Raises BadRequest for anything else: broken or too deep JSON, NaN, numbers past Python's bound.
    """
    try:
        frame = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest("A frame is one JSON object.") from None
    if not isinstance(frame, dict):
        raise BadRequest("A frame is one JSON object.")
    return {name: value for name, value in frame.items() if value is not None}


def validate(frame: dict[str, Any]) -> ClientFrame:
    """Check a decoded frame against its action.

    Raises UnknownAction, BadRequest (naming the field, never its value) or TooLarge.
    """
    action = frame.get("action")
    model = FRAMES.get(action) if isinstance(action, str) else None
    if model is None:
        raise UnknownAction(f"Known actions: {', '.join(sorted(FRAMES))}.")
    try:
        valid: ClientFrame = _validator(model.action).validate_python(frame)
    except ValidationError as error:
        raise BadRequest(_explain(error)) from None
    if isinstance(valid, MessageFrame):
        _check_text(valid.text)
    return valid


def reference(frame: dict[str, Any]) -> dict[str, str]:
    """The ids that an `error` frame gives back, so far as they are fit to be shown."""
    bounds = {
        "messageId": limits.MAX_MESSAGE_ID_CHARACTERS,
        "conversationId": limits.MAX_MESSAGE_ID_CHARACTERS,
    }
    return {
        name: value
        for name, bound in bounds.items()
        if isinstance(value := frame.get(name), str) and len(value) <= bound and _is_unicode(value)
    }


@cache
def _validator(action: str) -> SchemaValidator:
    # Built at an action's first use: a cold start needs one of them, not all.
    frame = FRAMES[action]
    checked = [_checked(each) for each in fields(frame)]
    arguments = core_schema.dataclass_args_schema(frame.__name__, checked)
    names = [each.name for each in fields(frame)]
    return SchemaValidator(core_schema.dataclass_schema(frame, arguments, names, slots=True))


def _checked(each: Field[Any]) -> core_schema.DataclassField:
    schema: CoreSchema = each.metadata["schema"]
    if each.default is not MISSING:
        schema = core_schema.with_default_schema(schema, default=each.default)
    return core_schema.dataclass_field(
        each.name, schema, kw_only=True, validation_alias=each.metadata["name"]
    )


def _check_text(text: str) -> None:
    if len(text) > limits.MAX_TEXT_CHARACTERS:
        raise TooLarge(f"A text has at most {limits.MAX_TEXT_CHARACTERS} characters.")
    if len(json.dumps(text, ensure_ascii=False).encode()) > limits.MAX_TEXT_BYTES:
        raise TooLarge(f"A text takes at most {limits.MAX_TEXT_BYTES} bytes as JSON.")


def _explain(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)
