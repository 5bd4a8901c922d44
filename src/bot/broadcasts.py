"""What a backend broadcasts: one message to many users, worked off step by step (docs/push.md).

A step is one message of a queue, and says all that is needed to go on from it: the users it is for,
or how far the walk over all who are active has come.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from pydantic_core import SchemaValidator, ValidationError, core_schema

from bot import answers, limits, pushes, reading
from bot.errors import BadRequest, TooLarge

STEP_USERS = 500
"""Users of one step: at the lowest rate they take 20 seconds of the function's time."""

BROADCAST_ID = r"^[A-Za-z0-9_.-]{1,64}$"
ACTIVE = "active"
OWN = frozenset({"userId", "id", "source", "position"})
"""What a broadcast gives to each push by itself."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the walk has come: in which sweep, when that began, whom it is after (seen since
    then; None for everyone), in which part of the rows, and where in it (None at its start)."""

    sweep: int
    began: datetime
    since: datetime | None = None
    part: int = 0
    start: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a broadcast. `users`, or a walk over all who are active, from `cursor` on.

    `of` is how many steps a list has; a walk does not know.
    """

    broadcast_id: str
    message: Mapping[str, Any]
    number: int = 1
    of: int | None = None
    users: tuple[str, ...] = ()
    cursor: Cursor | None = None

    def push(self, user_id: str) -> str:
        """The push to one of the users: the same id however often a step is taken."""
        named = {**self.message, "userId": user_id, "id": f"broadcast:{self.broadcast_id}"}
        return json.dumps(named, ensure_ascii=False)

    def body(self) -> str:
        """The step as it waits in the queue."""
        cursor = asdict(self.cursor) if self.cursor else None
        fields = {
            "id": self.broadcast_id,
            "message": dict(self.message),
            "step": self.number,
            "steps": self.of,
            "users": list(self.users) or None,
            "to": None if self.users else ACTIVE,
            "cursor": cursor and {name: _written(value) for name, value in cursor.items()},
        }
        given = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(given, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What is kept of a step that is done. `last`: a walk has come to its end."""

    number: int
    users: int
    at: datetime
    of: int | None = None
    last: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a broadcast has come. Users who were met twice count twice."""

    steps: int
    users: int
    finished: bool
    began: datetime | None
    latest: datetime | None


def progress(done: list[Done]) -> Progress:
    """Reckon it up."""
    whole = any(each.last or each.of == len(done) for each in done)
    times = sorted(each.at for each in done)
    return Progress(
        steps=len(done),
        users=sum(each.users for each in done),
        finished=whole,
        began=times[0] if times else None,
        latest=times[-1] if times else None,
    )


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


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
