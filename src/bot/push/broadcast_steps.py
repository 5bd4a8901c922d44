"""What is broadcast: one message to many users, worked off step by step.

A step is one message of a queue, and says all that is needed to go on from it: the users it is for,
or how far the walk over all who are active has come.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

STEP_USERS = 500
"""Users of one step: at the lowest rate they take 20 seconds of the function's time."""

ACTIVE = "active"


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
        return _json(named)

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
        return _json(given)


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


def _json(value: Any) -> str:
    """The value as JSON that any queue takes: SQS refuses the two that are no characters, and a
    step that is refused would come again and again, in front of all others.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""
    written = json.dumps(value, ensure_ascii=False)
    return written.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
