"""What broadcasts ask of the world."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.connections.ports import Part
from bot.push.broadcast_steps import Done, Step


class Roll(Protocol):
    """Users by their connections, whosever they are: whom a broadcast to all goes to."""

    def parts(self) -> Sequence[Part]:
        """Tell the parts that together are all rows."""
        ...

    def seen(
        self, part: Part, since: datetime | None, start: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        """Read whose rows of a part were seen since then, the oldest first, from `start` on; and
        where to go on, None at the end. One request, of an index that may lag behind."""
        ...


class BroadcastLog(Protocol):
    """What is done of each broadcast."""

    def is_done(self, broadcast_id: str, number: int) -> bool:
        """Tell whether a step is noted: one request."""
        ...

    def note(self, broadcast_id: str, done: Done) -> None:
        """Note a step: one request. A second time changes nothing."""
        ...

    def done(self, broadcast_id: str) -> list[Done]:
        """Read all that is noted of a broadcast."""
        ...


class BroadcastOutlet(Protocol):
    """Where a step's outcome goes. Raises StoreUnavailable."""

    def push(self, pushes: Sequence[tuple[str, str]]) -> None:
        """Hand over pushes, a user and a body each: all of them, or it raises."""
        ...

    def go_on(self, step: Step) -> None:
        """Have a step wait for its turn."""
        ...
