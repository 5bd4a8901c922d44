"""Taking a broadcast one step further: some users more are pushed to, and the next step waits.

A step may be taken again, wholly or in part, after a crash at any point: each user's push has the
broadcast's id and makes one turn. What is done is noted last of all, so that a step that is noted
needs nothing more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.push.broadcast_steps import STEP_USERS, Cursor, Done, Step
from bot.push.ports import BroadcastLog, BroadcastOutlet, Roll

PAGE = STEP_USERS // 2
"""Rows of a read: a step ends when one more page might be too many."""

MOST_PAGES = 40
"""Reads of a step, where the pages are full of users it has met."""

OVERLAP = timedelta(seconds=30)
"""How far a sweep reaches back before the one before it began: clocks differ, and an index lags."""

SHORT = timedelta(minutes=1)
"""A sweep that took less is the last: whoever came and went meanwhile stands among the ended rows,
which stay for ten minutes."""

MOST_SWEEPS = 10


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step did. `fresh` is false where it had been done before."""

    users: int
    fresh: bool
    finished: bool


class Broadcasting:
    """Takes steps. `users_per_second` is how fast; `pause` waits for so many seconds."""

    def __init__(
        self,
        roll: Roll,
        log: BroadcastLog,
        outlet: BroadcastOutlet,
        users_per_second: int,
        clock: Callable[[], datetime],
        pause: Callable[[float], None],
    ) -> None:
        self._roll = roll
        self._log = log
        self._outlet = outlet
        self._rate = users_per_second
        self._clock = clock
        self._pause = pause

    def take(self, step: Step) -> Taken:
        """Push to the users of a step, and have the next one wait. Raises StoreUnavailable: the
        step may be taken again."""
        if self._log.is_done(step.broadcast_id, step.number):
            return Taken(0, fresh=False, finished=False)
        began = self._clock()
        users, cursor = (step.users, None) if step.users else self._walk(step.cursor)
        self._outlet.push([(user, step.push(user)) for user in users])
        if cursor:
            self._outlet.go_on(replace(step, number=step.number + 1, cursor=cursor))
        last = cursor is None and not step.users
        done = Done(step.number, len(users), self._clock(), step.of, last)
        self._log.note(step.broadcast_id, done)
        self._keep_pace(len(users), began)
        return Taken(len(users), fresh=True, finished=last or step.number == step.of)

    def _walk(self, cursor: Cursor | None) -> tuple[Sequence[str], Cursor | None]:
        """The next users, each once, and where to go on; None at the end."""
        cursor = cursor or Cursor(sweep=1, began=self._clock())
        found: dict[str, None] = {}
        for _ in range(MOST_PAGES):
            users, start = self._roll.seen(
                self._parts(cursor)[cursor.part], cursor.since, cursor.start, PAGE
            )
            found |= dict.fromkeys(users)
            following = self._after(cursor, start)
            if following is None or len(found) + PAGE > STEP_USERS:
                return tuple(found), following
            cursor = following
        return tuple(found), cursor

    def _parts(self, cursor: Cursor) -> Sequence[tuple[bool, int]]:
        """Who is there; and from the second sweep on, who has left since, for they may have come
        back where the sweep had been already."""
        parts = sorted(self._roll.parts(), reverse=True)
        return [part for part in parts if part[0] or cursor.sweep > 1]

    def _after(self, cursor: Cursor, start: str | None) -> Cursor | None:
        if start:
            return replace(cursor, start=start)
        if cursor.part + 1 < len(self._parts(cursor)):
            return replace(cursor, part=cursor.part + 1, start=None)
        now = self._clock()
        if cursor.sweep == MOST_SWEEPS or _was_last(cursor, now - cursor.began):
            return None
        return Cursor(cursor.sweep + 1, began=now, since=cursor.began - OVERLAP)

    def _keep_pace(self, users: int, began: datetime) -> None:
        left = users / self._rate - (self._clock() - began).total_seconds()
        if left > 0:
            self._pause(left)


def _was_last(cursor: Cursor, took: timedelta) -> bool:
    """Whether a sweep was short enough. One that is no shorter than the one before it is the last
    too: more come and go than the rate allows to be told, and it would never end."""
    if cursor.since is None:
        return False
    return took < SHORT or took >= cursor.began - OVERLAP - cursor.since
