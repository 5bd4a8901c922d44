"""Clearing away the rows of connections that have ended, whatever became of their `$disconnect`.

Nothing is kept between two runs. What is treated leaves the list of what was not seen lately: it is
removed, or seen. So a run that is cut off anywhere is gone on with by the next, and two at once do
no harm. An index brings the list, late perhaps: a row that says it is active is read before anyone
decides about it, and every write holds only while the row is as it was sighted.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from bot.connections.ports import ConnectionCensus, Gatekeeper, Part
from bot.errors import ConnectionGone, SendFailed, StoreUnavailable
from bot.limits import CONNECTION_LIFETIME
from bot.models import Connection, Sighting

INACTIVE_KEPT = timedelta(minutes=10)
"""So long an ended row stays, for a `$connect` invoked a second time to find: without the row it
would write an active one."""

DOUBTED_AFTER = timedelta(minutes=30)
"""Age of the last sighting at which @connections is asked; few chats are open as long."""

SLACK = timedelta(minutes=5)
"""Beyond an end before it is taken for certain: clocks differ, and API Gateway's timer too."""

FORGOTTEN_AFTER = CONNECTION_LIFETIME + timedelta(hours=1)
"""Age at which a row has expired: it goes, whatever @connections says, if it says anything."""

PARALLEL = 8


class Verdict(StrEnum):
    """What is to be done about a row that says it is active."""

    ASK = "ask"
    CLOSE = "close"
    REMOVE = "remove"


class Fate(StrEnum):
    """What became of a row, or of its connection. `UNTREATED`: the time was up."""

    REMOVED = "removed"
    CLOSED = "closed"
    THERE = "there"
    CHANGED = "changed"
    UNCLEAR = "unclear"
    UNTREATED = "untreated"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a run did: rows removed, connections closed, doubted and found open, left in doubt.

    `finished`: it came to the end of the list.
    """

    reaped: int
    closed: int
    confirmed: int
    unclear: int
    finished: bool


def judge(connection: Connection, now: datetime) -> Verdict:
    """Decide about a connection that has not been seen lately."""
    age = now - connection.connected_at
    if age >= FORGOTTEN_AFTER:
        return Verdict.REMOVE
    until = connection.authorized_until
    has_ended = until is not None and until <= (now - SLACK).timestamp()
    return Verdict.CLOSE if has_ended or age >= CONNECTION_LIFETIME + SLACK else Verdict.ASK


class Cleaning:
    """Goes through what was not seen lately. `shuffle` decides in which order of its parts."""

    def __init__(
        self,
        census: ConnectionCensus,
        gatekeeper: Gatekeeper,
        clock: Callable[[], datetime],
        shuffle: Callable[[list[Part]], None],
    ) -> None:
        self._census = census
        self._gatekeeper = gatekeeper
        self._clock = clock
        self._shuffle = shuffle

    def run(self, until: datetime) -> Cleaned:
        """Treat rows until none is left, or until then. Raises StoreUnavailable where the list
        cannot be read."""
        fates: Counter[Fate] = Counter()
        with ThreadPoolExecutor(PARALLEL) as pool:
            for page in self._pages():
                fates.update(chain(*pool.map(lambda each: self._treat(each, until), page)))
                if self._clock() >= until:
                    fates[Fate.UNTREATED] += 1  # perhaps: whether more follows was not asked
                    break
        return Cleaned(
            reaped=fates[Fate.REMOVED],
            closed=fates[Fate.CLOSED],
            confirmed=fates[Fate.THERE],
            unclear=fates[Fate.UNCLEAR],
            finished=not fates[Fate.UNTREATED],
        )

    def _pages(self) -> Iterator[Sequence[Sighting]]:
        parts = list(self._census.parts())
        # Where there is more than one run can do, no part is always the one that is left.
        self._shuffle(parts)
        for part in parts:
            active, _ = part
            age = DOUBTED_AFTER if active else INACTIVE_KEPT
            yield from self._census.unseen(part, self._clock() - age)

    def _treat(self, sighting: Sighting, until: datetime) -> tuple[Fate, ...]:
        if self._clock() >= until:
            return (Fate.UNTREATED,)
        try:
            return self._settle(sighting) if sighting.active else (self._remove(sighting),)
        except (SendFailed, StoreUnavailable):
            return (Fate.UNCLEAR,)

    def _settle(self, sighting: Sighting) -> tuple[Fate, ...]:
        connection = self._census.row(sighting)
        if connection is None:
            return (Fate.CHANGED,)
        now = self._clock()
        verdict = judge(connection, now)
        if verdict is Verdict.CLOSE and self._close(sighting.connection_id):
            # Its `$disconnect` may be faster: then the row has ended, and goes as such.
            return Fate.CLOSED, self._remove(sighting)
        if verdict is Verdict.ASK and self._gatekeeper.is_open(sighting.connection_id):
            self._census.see(sighting, now)
            return (Fate.THERE,)
        return (self._remove(sighting),)

    def _close(self, connection_id: str) -> bool:
        try:
            self._gatekeeper.close(connection_id)
        except ConnectionGone:
            return False
        return True

    def _remove(self, sighting: Sighting) -> Fate:
        return Fate.REMOVED if self._census.remove(sighting) else Fate.CHANGED
