"""Warm functions that push: each has its own memory, all share one store and one clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.models import Position
from bot.ports import ConversationStore, ReplyStarter
from bot.push import pushes
from bot.push.pushes import Push
from bot.push.pushing import Pushed, Pushing, assemble
from bot.turns.pace import Pace
from tests.support.clock import Ids
from tests.support.turns import ANA
from tests.support.workers import RETENTION, UNHURRIED, Orders, no_pause

_ids = Ids("pusher")


def a_pushing(
    store: ConversationStore,
    clock: Callable[[], datetime],
    starter: ReplyStarter | None = None,
    pace: Pace = UNHURRIED,
    retention: timedelta = RETENTION,
) -> Pushing:
    """One warm function."""
    return assemble(
        store=store,
        starter=starter or Orders(),
        pace=pace,
        retention=retention,
        clock=clock,
        new_id=_ids,
        pause=no_pause,
    )


def a_push(message_id: str = "", user_id: str = ANA, **fields: Any) -> Push:
    """A push, as it is read from what a backend sends."""
    if not {"text", "content"} & set(fields):
        fields["text"] = f"text of {message_id or fields.get('position')}"
    return pushes.read({"userId": user_id, "id": message_id or None, **fields})


def at(number: int | str, source: str = "orders", **fields: Any) -> Push:
    """A push that is known by its position alone."""
    return a_push(source=source, position=number, **fields)


class Pusher:
    """A backend, and the warm function that takes what it pushes."""

    def __init__(
        self, store: ConversationStore, clock: Callable[[], datetime], **options: Any
    ) -> None:
        self.pushing = a_pushing(store, clock, **options)

    def push(self, push: Push) -> Pushed:
        """Push, and keep the list of conversations up to date."""
        pushed = self.pushing.push(push)
        self.pushing.note(push, pushed)
        return pushed


def position(number: int, source: str = "orders") -> Position:
    """Where a message stands."""
    return Position(source, number)
