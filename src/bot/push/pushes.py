"""What a backend pushes: one documented shape, whichever way it comes (docs/push.md)."""

import json
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from functools import cache
from typing import Any, cast

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from bot import limits
from bot.errors import BadRequest, TooLarge
from bot.models import ConversationKey, Position, State
from bot.wire import reading
from bot.wire.frames import CONVERSATION_ID, DEFAULT_CONVERSATION

USER_ID = r"^(user|guest):[^\x00-\x1f]+$"
SOURCE = r"^[A-Za-z0-9_.-]{1,64}$"
"""Nothing with a colon: the names that Parley gives to its own sources have one."""


@dataclass(frozen=True, slots=True)
class Push:
    """A message of a backend to a user: `text`, or `content` as JSON text, or both.

    `message_id` is the backend's own, and `position` where it stands in a source that keeps its
    order; one of them is there unless the push is `ephemeral`. `state` is merged into the bot's.
    """

    key: ConversationKey
    text: str = ""
    content: str = ""
    message_id: str = ""
    position: Position | None = None
    ttl: timedelta | None = None
    ephemeral: bool = False
    state: State | None = None


NO_OBJECT = "A push is one JSON object."

MAX_TTL_SECONDS = 3650 * 24 * 3600
"""As long as anything is kept."""


def _is(name: str, schema: CoreSchema, default: Any = MISSING) -> Any:
    """A field: its name on the wire, what it must be, and its value where it is left out."""
    return field(default=default, metadata={"name": name, "schema": schema})


def _string(**bounds: Any) -> CoreSchema:
    return core_schema.str_schema(strict=True, **bounds)


def _position() -> CoreSchema:
    digits = _string(pattern=rf"^[0-9]{{1,{limits.MAX_POSITION_DIGITS}}}$")
    return core_schema.union_schema([core_schema.int_schema(strict=True, ge=0), digits])


def _seconds() -> CoreSchema:
    return core_schema.int_schema(strict=True, ge=1, le=MAX_TTL_SECONDS)


def _object() -> CoreSchema:
    return core_schema.dict_schema(strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """A push as it comes in; unknown fields are ignored, `null` is the same as left out."""

    user_id: str = _is("userId", _string(pattern=USER_ID, max_length=limits.MAX_USER_ID_CHARACTERS))
    conversation_id: str = _is(
        "conversationId", _string(pattern=CONVERSATION_ID), DEFAULT_CONVERSATION
    )
    message_id: str = _is(
        "id", _string(min_length=1, max_length=limits.MAX_MESSAGE_ID_CHARACTERS), ""
    )
    text: str = _is("text", _string(min_length=1), "")
    content: Any = field(
        default=None, metadata={"name": "content", "schema": core_schema.any_schema()}
    )
    source: str | None = _is("source", _string(pattern=SOURCE), None)
    position: int | str | None = _is("position", _position(), None)
    ttl: int | None = _is("ttl", _seconds(), None)
    ephemeral: bool = _is("ephemeral", core_schema.bool_schema(strict=True), False)
    state: dict[str, Any] | None = field(
        default=None, metadata={"name": "state", "schema": _object()}
    )


FIELDS = tuple(str(each.metadata["name"]) for each in fields(_Fields))


def decode(body: str) -> dict[str, Any]:
    """Read the JSON object of a push. Raises BadRequest for anything else."""
    try:
        return reading.decode(body)
    except BadRequest:
        raise BadRequest(NO_OBJECT) from None


def read(message: dict[str, Any], position: Position | None = None, message_id: str = "") -> Push:
    """Check a message. `position` and `message_id` are what the way it came gives it; its own, if
    it has any, go before them.

    Raises BadRequest (naming the field, never its value) or TooLarge.
    """
    given = {name: value for name, value in message.items() if value is not None}
    try:
        found = cast("_Fields", _validator().validate_python(given))
    except ValidationError as error:
        raise BadRequest(reading.explain(error)) from None
    push = Push(
        key=ConversationKey(found.user_id, found.conversation_id),
        text=_text(found.text),
        content=_json("content", found.content, limits.MAX_CONTENT_BYTES),
        message_id=found.message_id or message_id,
        position=_own_position(found) or position,
        ttl=timedelta(seconds=found.ttl) if found.ttl else None,
        ephemeral=found.ephemeral,
        state=found.state,
    )
    _check(push)
    return push


@cache
def _validator() -> SchemaValidator:
    return reading.validator(_Fields)


def _own_position(found: _Fields) -> Position | None:
    if (found.source is None) != (found.position is None):
        raise BadRequest("position: it goes with source, and source with it.")
    if found.source is None or found.position is None:
        return None
    place = int(found.position)
    if place >= 10**limits.MAX_POSITION_DIGITS:
        raise BadRequest(f"position: it has at most {limits.MAX_POSITION_DIGITS} digits.")
    return Position(found.source, place)


def _text(text: str) -> str:
    if len(text) > limits.MAX_REPLY_CHARACTERS:
        raise TooLarge(f"text: it has at most {limits.MAX_REPLY_CHARACTERS} characters.")
    return text


def _json(name: str, value: Any, bound: int) -> str:
    """The value as JSON text; empty where there is none."""
    if value is None:
        return ""
    if _is_deeper(value, limits.MAX_LEVELS):
        raise TooLarge(f"{name}: it is nested {limits.MAX_LEVELS} levels deep at most.")
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(written.encode())
    except (ValueError, TypeError, RecursionError):
        raise BadRequest(f"{name}: it is no JSON.") from None
    if size > bound:
        raise TooLarge(f"{name}: it takes at most {bound} bytes as JSON.")
    return written


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects stand in one another more often than that."""
    nested = [value]
    for _ in range(levels + 1):
        held = [each for each in nested if isinstance(each, (dict, list))]
        if not held:
            return False
        nested = [
            inner for each in held for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return True


def _check(push: Push) -> None:
    if not push.text and not push.content:
        raise BadRequest("A push has text or content.")
    _json("state", push.state, limits.MAX_STATE_BYTES)
    if push.ephemeral:
        if push.state is not None or push.ttl:
            raise BadRequest("ephemeral: what is not kept has neither state nor ttl.")
    elif not push.message_id and push.position is None:
        raise BadRequest("id: a push that is kept has an id, or a source and a position.")
    if push.state is not None and push.ttl:
        raise BadRequest("state: what lapses does not change it.")
