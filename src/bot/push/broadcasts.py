"""Reading what a backend broadcasts: JSON text in, one validated step out (docs/push.md)."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from pydantic_core import SchemaValidator, ValidationError, core_schema

from bot import limits
from bot.errors import BadRequest, TooLarge
from bot.push import pushes
from bot.push.broadcast_steps import ACTIVE, STEP_USERS, Cursor, Step
from bot.wire import answers, reading

BROADCAST_ID = r"^[A-Za-z0-9_.-]{1,64}$"
OWN = frozenset({"userId", "id", "source", "position"})
"""What a broadcast gives to each push by itself."""


def _is(name: str, schema: core_schema.CoreSchema) -> dict[str, Any]:
    return {"name": name, "schema": schema}


def _natural(most: int = limits.MAX_SEQ) -> core_schema.CoreSchema:
    return core_schema.int_schema(strict=True, ge=1, le=most)


def _users() -> core_schema.CoreSchema:
    user = core_schema.str_schema(strict=True, max_length=limits.MAX_USER_ID_CHARACTERS)
    return core_schema.list_schema(user, strict=True, min_length=1, max_length=STEP_USERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """A step as it comes in; unknown fields are ignored, `null` is the same as left out."""

    broadcast_id: str = field(
        metadata=_is("id", core_schema.str_schema(strict=True, pattern=BROADCAST_ID))
    )
    message: dict[str, Any] = field(
        metadata=_is("message", core_schema.dict_schema(core_schema.str_schema(), strict=True))
    )
    users: list[str] | None = field(default=None, metadata=_is("users", _users()))
    to: str | None = field(default=None, metadata=_is("to", core_schema.literal_schema([ACTIVE])))
    step: int = field(default=1, metadata=_is("step", _natural()))
    steps: int | None = field(default=None, metadata=_is("steps", _natural()))
    cursor: dict[str, Any] | None = field(
        default=None, metadata=_is("cursor", core_schema.dict_schema(strict=True))
    )


FIELDS = ("id", "message", "users", "to", "step", "steps", "cursor")


def read(body: str) -> Step:
    """Check a step, and the message that everyone would be pushed.

    Raises BadRequest (naming the field, never its value) or TooLarge.
    """
    given = _decoded(body)
    try:
        found = cast("_Fields", _validator().validate_python(given))
    except ValidationError as error:
        raise BadRequest(reading.explain(error)) from None
    if (found.users is None) == (found.to is None):
        raise BadRequest(f"users: either users, or to: {ACTIVE}.")
    step = Step(
        broadcast_id=found.broadcast_id,
        message=found.message,
        number=found.step,
        of=(found.steps or 1) if found.users else None,
        users=tuple(dict.fromkeys(found.users or ())),
        cursor=_cursor(found.cursor) if found.cursor else None,
    )
    _check(step)
    return step


def _decoded(body: str) -> dict[str, Any]:
    try:
        return reading.decode(body)
    except BadRequest:
        raise BadRequest("A broadcast is one JSON object.") from None


@cache
def _validator() -> SchemaValidator:
    return reading.validator(_Fields)


def _check(step: Step) -> None:
    """What no push could be made of is refused once, and not once for each user."""
    if OWN & set(step.message):
        raise BadRequest(f"message: a broadcast sets {', '.join(sorted(OWN))} by itself.")
    push = pushes.read(json.loads(step.push("user:everyone")))
    if not push.ephemeral:
        return
    frame = answers.event(push.key.conversation_id, push.message_id, push.text, push.content)
    if len(answers.encode(frame)) > limits.MAX_FRAME_BYTES:
        raise TooLarge(f"A push that is not kept takes {limits.MAX_FRAME_BYTES} bytes at most.")


def _cursor(given: dict[str, Any]) -> Cursor:
    try:
        since = given.get("since")
        return Cursor(
            sweep=int(given["sweep"]),
            began=datetime.fromisoformat(given["began"]),
            since=datetime.fromisoformat(since) if since else None,
            part=int(given["part"]),
            start=given.get("start"),
        )
    except (KeyError, TypeError, ValueError):
        raise BadRequest("cursor: it is none that a step was given.") from None
